"""``merge_developers --workspace SLUG KEEP OTHER``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.commanding import WorkspaceCommand
from accounts.corrections import merge_developers
from accounts.finding import find_developer
from accounts.models import Workspace


class Command(WorkspaceCommand):
    help = "Make one developer of two; undo_correction takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("keep", help="An identity, kind:identity, or #number.")
        parser.add_argument("other", help="Who becomes part of the first.")
        parser.add_argument("--reason", default="")

    def run(self, workspace: Workspace, **options: Any) -> None:
        keep = find_developer(workspace, options["keep"])
        other = find_developer(workspace, options["other"])
        correction = merge_developers(keep, other, actor=None, reason=options["reason"])
        self.stdout.write(
            f"Merged developer {other.pk} into {keep.pk}: correction {correction.pk}."
        )
