"""What management commands about one workspace share."""

from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountsError
from accounts.models import Workspace


def workspace_named(slug: str) -> Workspace:
    """Return the workspace that a command was given.

    Raises:
        CommandError: there is none.
    """
    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no workspace {slug}.")
    return found


def workspaces_named(slug: str | None) -> list[Workspace]:
    """Return the workspace that a command was given, or all of them for none."""
    return [workspace_named(slug)] if slug else list(Workspace.objects.order_by("slug"))


class WorkspaceCommand(BaseCommand):
    """A command for one workspace; what `accounts` refuses ends it with a sentence."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the workspace first."""
        parser.add_argument("--workspace", required=True, metavar="SLUG")

    def handle(self, *_: Any, workspace: str, **options: Any) -> None:
        """Find the workspace and run."""
        found = workspace_named(workspace)
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
