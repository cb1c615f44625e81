"""What management commands about one workspace share."""

from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountsError
from accounts.models import Workspace


class WorkspaceCommand(BaseCommand):
    """A command for one workspace; what `accounts` refuses ends it with a sentence."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the workspace first."""
        parser.add_argument("--workspace", required=True, metavar="SLUG")

    def handle(self, *_: Any, workspace: str, **options: Any) -> None:
        """Find the workspace and run."""
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            raise CommandError(f"There is no workspace {workspace}.")
        try:
            self.run(found, **options)
        except AccountsError as error:
            self.refuse(error)

    def run(self, workspace: Workspace, **options: Any) -> None:
        """Do it; options are the command's own and Django's."""
        raise NotImplementedError

    def refuse(self, error: Exception) -> NoReturn:
        """End the command with what is wrong."""
        raise CommandError(str(error)) from None
