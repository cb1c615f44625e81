"""``import_accounts FILE --workspace SLUG [--create] [--dry-run] …``."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.account_import import read_accounts, write_accounts
from accounts.commanding import workspace_named
from accounts.csv_files import error_report


class Command(BaseCommand):
    help = "Fill fields of accounts from a CSV file, matched by domain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV with a heading; - reads standard input.")
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument(
            "--create",
            action="store_true",
            help="Make an account of a domain that none has.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Judge the file, and write nothing."
        )
        parser.add_argument(
            "--all-or-nothing",
            action="store_true",
            help="Write nothing when a line is wrong.",
        )
        parser.add_argument(
            "--errors", metavar="PATH", help="Write the error report there, as CSV."
        )

    def handle(
        self,
        *,
        file: str,
        workspace: str,
        create: bool,
        dry_run: bool,
        all_or_nothing: bool,
        errors: str | None,
        **_: Any,
    ) -> None:
        found = workspace_named(workspace)
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{file} is not UTF-8.") from None
        preview = read_accounts(text, found, create=create)
        for problem in preview.problems:
            self.stderr.write(f"line {problem.line}: {problem.message}")
        if preview.passed_over:
            self.stderr.write(
                f"Columns that are no field: {', '.join(preview.passed_over)}."
            )
        if errors:
            report = error_report(preview.problems, text)
            Path(errors).write_text(report, "utf-8")
        summary = (
            f"{preview.added} added, {preview.changed} changed, {preview.unchanged} as "
            f"they were, {len(preview.problems)} problems"
        )
        if all_or_nothing and preview.problems:
            raise CommandError(f"Nothing written: {len(preview.problems)} problems.")
        if dry_run:
            self.stdout.write(f"Would be: {summary}.")
            return
        if preview.rows:
            name = "" if file == "-" else Path(file).name
            write_accounts(preview, found, file_name=name)
        self.stdout.write(f"{summary[0].upper()}{summary[1:]}.")
