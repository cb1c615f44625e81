"""``erase_developer --workspace SLUG WHO [--opt-out] [--dry-run]``."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser

from accounts import opt_outs
from accounts.commanding import WorkspaceCommand
from accounts.errors import AccountsError
from accounts.finding import find_developer
from accounts.models import Erasure, Workspace
from ingest.erasure import Line, erase_developer, preview, receipt_lines, receipts_of


class Command(WorkspaceCommand):
    help = "Erase everything that is held about a developer, and print the receipt."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("who", help="An identity, kind:identity, or #number.")
        parser.add_argument("--reason", default="", help="Such as a ticket's number.")
        parser.add_argument(
            "--opt-out", action="store_true", help="Keep nothing of them from now on."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def run(self, workspace: Workspace, **options: Any) -> None:
        try:
            developer = find_developer(workspace, options["who"])
        except AccountsError:
            self._say_that_they_are_gone(workspace, options["who"])
            return
        if options["dry_run"]:
            seen = preview(developer, with_texts=True)
            self._print(seen.lines)
            self.stdout.write(f"{seen.rows} rows would go.")
            return
        receipt = erase_developer(
            developer,
            actor=None,
            reason=options["reason"],
            opt_out=options["opt_out"],
        )
        self._print(receipt_lines(receipt))
        self.stdout.write(f"{receipt.rows} rows are gone: {_named(receipt)}.")

    def _print(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.stdout.write(f"{line.rows:>10}  {line.label}")

    def _say_that_they_are_gone(self, workspace: Workspace, who: str) -> None:
        """Succeed a second time: what was asked for is so."""
        kind, _, value = who.partition(":")
        typed = [(kind, value), *((one, who) for one, _ in opt_outs.TYPED_KINDS)]
        for one in typed:
            try:
                identity = opt_outs.understood(*one)
            except AccountsError:
                continue
            for receipt in receipts_of(workspace, identity):
                self.stdout.write(f"Erased before: {_named(receipt)}.")
                return
        raise AccountsError("There is nobody of that kind, and nobody was erased.")


def _named(receipt: Erasure) -> str:
    return f"{receipt}, {receipt.at:%Y-%m-%d %H:%M} UTC"
