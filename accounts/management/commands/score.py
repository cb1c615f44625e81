"""``score``: make all scores of one or all workspaces anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.commanding import workspaces_named
from accounts.score_models import calibrate, current_model
from accounts.score_store import score_workspace


class Command(BaseCommand):
    help = "Compute all scores from daily usage; a pending score model takes effect."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace")
        parser.add_argument(
            "--calibrate",
            action="store_true",
            help="first choose scales that put the median active one at 50",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        workspaces = workspaces_named(options["workspace"])
        for workspace in workspaces:
            scored = score_workspace(workspace)
            if options["calibrate"]:
                if calibrate(workspace) is None:
                    self.stderr.write(f"{workspace.slug}: too few active to calibrate.")
                else:
                    scored = score_workspace(workspace)
            version = current_model(workspace).version
            self.stdout.write(
                f"{workspace.slug}: {scored.developers} developers and "
                f"{scored.accounts} accounts scored with model {version}."
            )
