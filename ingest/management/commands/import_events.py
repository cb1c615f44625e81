"""``import_events FILE --workspace SLUG --dialect NAME``."""

import sys
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from tqdm import tqdm

from accounts.commanding import workspace_named
from accounts.models import Workspace
from ingest import hints
from ingest.background import flush_all
from ingest.commit import StoreUnavailable
from ingest.dialects import DIALECTS
from ingest.importing import ImportResult, import_lines

MOST_REPORTED = 50


class Command(BaseCommand):
    help = "Import events from a file of request bodies, one JSON body a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="NDJSON; - reads standard input.")
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--dialect", required=True, choices=sorted(DIALECTS))

    def handle(self, *, file: str, workspace: str, dialect: str, **_: Any) -> None:
        found = workspace_named(workspace)
        if file == "-":
            result = self._read(sys.stdin.buffer, None, found, dialect)
        else:
            path = Path(file)
            try:
                with path.open("rb") as lines:
                    result = self._read(lines, path.stat().st_size, found, dialect)
            except OSError as error:
                raise CommandError(f"Cannot read {file}: {error.strerror}.") from None
        hints.hint_digest()
        flush_all()
        self.stdout.write(
            f"Imported {result.events} events from {result.lines} lines;"
            f" {result.errors} errors."
        )
        if result.errors:
            raise CommandError("Not everything could be imported.")

    def _read(
        self, lines: BinaryIO, size: int | None, workspace: Workspace, dialect: str
    ) -> ImportResult:
        reported = 0
        with tqdm(total=size, unit="B", unit_scale=True, disable=None) as bar:

            def report(number: int, message: str) -> None:
                nonlocal reported
                reported += 1
                bar.clear()
                if reported <= MOST_REPORTED:
                    self.stderr.write(f"line {number}: {message}")
                elif reported == MOST_REPORTED + 1:
                    self.stderr.write("Further errors are only counted.")

            try:
                return import_lines(
                    lines,
                    workspace=workspace,
                    dialect=DIALECTS[dialect],
                    report=report,
                    advance=bar.update,
                )
            except (DatabaseError, StoreUnavailable) as error:
                raise CommandError(f"The database failed: {error}") from error
