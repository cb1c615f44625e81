"""``export_developer --workspace SLUG WHO [--out FILE]``."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.commanding import WorkspaceCommand
from accounts.errors import AccountsError
from accounts.finding import find_developer
from accounts.models import Workspace
from ingest.person_export import export_developer, file_name


class Command(WorkspaceCommand):
    help = "Write everything that is held about a developer into a ZIP file."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("who", help="An identity, kind:identity, or #number.")
        parser.add_argument("--out", metavar="FILE", help="Here by default.")

    def run(self, workspace: Workspace, **options: Any) -> None:
        developer = find_developer(workspace, options["who"])
        path = Path(options["out"] or file_name(developer))
        try:
            with path.open("xb") as file:
                size = sum(
                    file.write(part) for part in export_developer(developer, actor=None)
                )
        except OSError as error:
            raise AccountsError(f"Cannot write {path}: {error.strerror}.") from None
        self.stdout.write(f"Wrote {path}, {size} bytes.")
