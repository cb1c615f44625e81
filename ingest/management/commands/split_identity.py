"""``split_identity --workspace SLUG IDENTITY``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.commanding import WorkspaceCommand
from accounts.finding import find_identity
from accounts.models import Workspace
from ingest.split import split_identity


class Command(WorkspaceCommand):
    help = "Make an identity a developer of its own; undo_correction takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("identity", help="Its value, kind:value, or #number.")
        parser.add_argument("--reason", default="")

    def run(self, workspace: Workspace, **options: Any) -> None:
        identity = find_identity(workspace, options["identity"])
        correction = split_identity(identity, actor=None, reason=options["reason"])
        identity.refresh_from_db()
        self.stdout.write(
            f"It is developer {identity.developer_id} now: correction {correction.pk}."
        )
