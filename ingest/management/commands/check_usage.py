"""``check_usage``: prove that usage is what the raw events add up to."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commanding import workspace_named
from accounts.models import Workspace
from ingest.recount import check_usage

MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Compare usage with raw events; fails and lists what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace")

    def handle(self, *_: Any, workspace: str | None, **__: Any) -> None:
        differences = check_usage(chosen_workspace(workspace))
        for difference in differences[:MOST_SHOWN]:
            self.stdout.write(str(difference))
        if len(differences) > MOST_SHOWN:
            self.stdout.write(f"… and {len(differences) - MOST_SHOWN} more.")
        if differences:
            raise CommandError(
                f"{len(differences)} rows of usage differ from the events;"
                " rebuild_usage mends them."
            )
        self.stdout.write("Usage is what the events add up to.")


def chosen_workspace(slug: str | None) -> Workspace | None:
    """Return the workspace of this slug; None, which means all, when none is given."""
    if slug is None:
        return None
    return workspace_named(slug)
