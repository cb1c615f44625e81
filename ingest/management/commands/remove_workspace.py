"""``remove_workspace SLUG [--dry-run | --yes] [--reason TEXT]``."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountsError
from accounts.models import RemovedWorkspace, Workspace
from ingest.removal import Line, begin, go_on, preview, receipt_lines


class Command(BaseCommand):
    help = "Remove a workspace with everything in it, and print the receipt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Which workspace.")
        parser.add_argument("--reason", default="", help="Such as a ticket's number.")
        parser.add_argument("--dry-run", action="store_true", help="Only count.")
        parser.add_argument(
            "--yes", action="store_true", help="Really: there is no way back."
        )

    def handle(
        self, *_: Any, slug: str, reason: str, dry_run: bool, yes: bool, **__: Any
    ) -> None:
        workspace = Workspace.objects.filter(slug=slug).first()
        if workspace is None:
            self._say_that_it_is_gone(slug)
            return
        if dry_run:
            lines = preview(workspace)
            self._print(lines)
            self.stdout.write(f"{sum(line.rows for line in lines)} rows would go.")
            return
        if not yes:
            raise CommandError(
                f"{workspace} goes with everything in it, and there is no way back:"
                " say --dry-run to see what, or --yes."
            )
        try:
            receipt = begin(workspace, actor=None, reason=reason)
            go_on(receipt)
        except AccountsError as error:
            raise CommandError(str(error)) from None
        self._print(receipt_lines(receipt))
        self.stdout.write(f"{receipt.rows} rows are gone, and {slug} with them.")

    def _print(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.stdout.write(f"{line.rows:>10}  {line.label}")

    def _say_that_it_is_gone(self, slug: str) -> None:
        """Succeed a second time: what was asked for is so."""
        receipt = RemovedWorkspace.objects.filter(slug=slug).first()
        if receipt is None or receipt.finished_at is None:
            raise CommandError(f"There is no workspace {slug}.")
        self.stdout.write(f"Removed before, {receipt.finished_at:%Y-%m-%d %H:%M} UTC.")
