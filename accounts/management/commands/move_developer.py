"""``move_developer --workspace SLUG WHO (--account ACCOUNT | --nowhere)``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.commanding import WorkspaceCommand
from accounts.corrections import move_developer
from accounts.finding import find_account, find_developer
from accounts.models import Workspace


class Command(WorkspaceCommand):
    help = "Say which account a developer belongs to; no rule changes it again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("who", help="An identity, kind:identity, or #number.")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--account", help="Domain, name or #number.")
        where.add_argument("--nowhere", action="store_true", help="To no account.")
        parser.add_argument("--reason", default="")

    def run(self, workspace: Workspace, **options: Any) -> None:
        developer = find_developer(workspace, options["who"])
        account = (
            None if options["nowhere"] else find_account(workspace, options["account"])
        )
        correction = move_developer(
            developer, account, actor=None, reason=options["reason"]
        )
        where = f"to {account}" if account else "out of every account"
        self.stdout.write(
            f"Moved developer {developer.pk} {where}: correction {correction.pk}."
        )
