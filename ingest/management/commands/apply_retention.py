"""``apply_retention [--workspace SLUG] [--dry-run]``, as every night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.commanding import workspace_named
from ingest.retention import Applied, apply_everywhere, apply_retention, plan


class Command(BaseCommand):
    help = "Delete raw data that is older than its workspace keeps it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one.")
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(self, *_: Any, workspace: str | None, dry_run: bool, **__: Any) -> None:
        applied = self._apply(workspace, dry_run=dry_run)
        verb = "would go" if dry_run else "went"
        for name in applied.dropped:
            self.stdout.write(f"every workspace: {name} {verb} whole.")
        for one in applied.due:
            self.stdout.write(
                f"{one.workspace}: {one.label}, {one.rows} rows from before"
                f" {one.before} {verb}."
            )
        self.stdout.write(f"{applied.rows} rows {verb} in all.")

    def _apply(self, workspace: str | None, *, dry_run: bool) -> Applied:
        if workspace is None:
            return apply_everywhere(dry_run=dry_run)
        found = workspace_named(workspace)
        if dry_run:
            return Applied(tuple(one for one in plan(found) if one.rows))
        return Applied(tuple(apply_retention(found)))
