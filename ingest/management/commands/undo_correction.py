"""``undo_correction --workspace SLUG NUMBER``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.commanding import WorkspaceCommand
from accounts.errors import AccountsError
from accounts.models import Correction, Workspace
from ingest.split import undo_correction


class Command(WorkspaceCommand):
    help = "Take a merge, a split or a move back."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", type=int, help="Of the correction.")

    def run(self, workspace: Workspace, **options: Any) -> None:
        number = options["number"]
        correction = Correction.objects.filter(workspace=workspace, pk=number).first()
        if correction is None:
            raise AccountsError(f"There is no correction {number} in {workspace.slug}.")
        undone = undo_correction(correction, actor=None)
        self.stdout.write(f"Undone: {correction.get_kind_display().lower()}.")
        for sentence in undone.left:
            self.stdout.write(sentence)
