"""``prune_licence_telemetry [--workspace SLUG] [--days N] [--dry-run]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commanding import workspaces_named
from ingest.license_retention import prune_all, prune_license_telemetry


class Command(BaseCommand):
    help = "Delete licence telemetry that is older than its workspace keeps it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, help="Keep these; without it each workspace's setting."
        )
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one.")
        parser.add_argument("--dry-run", action="store_true", help="Only count.")

    def handle(
        self,
        *,
        days: int | None,
        workspace: str | None,
        dry_run: bool,
        **_options: Any,
    ) -> None:
        if days is not None and days < 1:
            raise CommandError("--days must be 1 or more.")
        chosen = workspaces_named(workspace)
        if days is None and not workspace:
            counts = prune_all(dry_run=dry_run)
        else:
            counts = {}
            for each in chosen:
                keep = days if days is not None else each.license_days
                if keep is not None:
                    counts[each.slug] = prune_license_telemetry(
                        each, days=keep, dry_run=dry_run
                    )
        verb = "would be deleted" if dry_run else "deleted"
        for slug, number in counts.items():
            self.stdout.write(f"{slug}: {number} records {verb}.")
        self.stdout.write(f"{sum(counts.values())} records {verb} in all.")
