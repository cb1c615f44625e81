"""``flag_record --workspace SLUG --problem P (--developer WHO | --account A | …)``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts import flags
from accounts.commanding import WorkspaceCommand
from accounts.finding import find_account, find_developer, find_identity
from accounts.models import FlaggedRecord, Workspace


class Command(WorkspaceCommand):
    help = "Say that a record is wrong; an admin looks into it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--developer", metavar="WHO", help="An identity, kind:identity, or #number."
        )
        what.add_argument("--identity", help="Its value, kind:value, or #number.")
        what.add_argument("--account", help="Domain, name or #number.")
        parser.add_argument(
            "--problem", required=True, choices=FlaggedRecord.Problem.values
        )
        parser.add_argument("--text", default="", help="In words.")

    def run(self, workspace: Workspace, **options: Any) -> None:
        if options["account"]:
            target = flags.of_account(find_account(workspace, options["account"]))
        elif options["identity"]:
            target = flags.of_identity(find_identity(workspace, options["identity"]))
        else:
            target = flags.of_developer(find_developer(workspace, options["developer"]))
        flagged = flags.flag(
            target, problem=options["problem"], text=options["text"], actor=None
        )
        self.stdout.write(f"Flagged: number {flagged.pk}.")
