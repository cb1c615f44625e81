"""``restore FILE``: bring back what ``backup`` wrote, into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts.models import Workspace
from config import startup
from config.dumps import run_client


class Command(BaseCommand):
    help = "Fill an empty database from a file that `backup` wrote."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_options: Any) -> None:
        if not file.is_file():
            message = f"There is no file {file}"
            raise CommandError(message)
        with startup.only_one("restore"):
            startup.wait_for_database()
            tables = connection.introspection.table_names()
            if "accounts_workspace" in tables and Workspace.objects.exists():
                message = "This database is in use: restore into an empty one"
                raise CommandError(message)
            run_client(
                "pg_restore",
                # Or nothing at all; and whoever connects shall own it.
                *("--single-transaction", "--exit-on-error", "--no-owner"),
                *("--clean", "--if-exists"),
                f"--dbname={connection.settings_dict['NAME']}",
                str(file),
            )
            # The file may be of an older version.
            call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"Restored from {file}.")
