"""``backup FILE``: everything in the database, as one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.dumps import run_client


class Command(BaseCommand):
    help = "Write the whole database into one compressed file, while all runs."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_options: Any) -> None:
        if file.exists():
            message = f"{file} exists already"
            raise CommandError(message)
        # Under its final name only when it is whole, and for nobody else to read.
        part = file.with_name(f"{file.name}.part")
        part.touch(mode=0o600)
        try:
            run_client("pg_dump", "--format=custom", f"--file={part}")
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)
        size = file.stat().st_size / 2**20
        self.stdout.write(f"Written to {file}, {size:,.1f} MB.")
        self.stdout.write("The secrets are not in it: keep a copy of them apart.")
