"""``prune``: remove what is older than its window, as every night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest.partitions import ensure_partitions
from ingest.prune import prune


class Command(BaseCommand):
    help = "Remove keys, answers, counters and events older than their window."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *_: Any, dry_run: bool, **__: Any) -> None:
        if not dry_run:
            for name in ensure_partitions():
                self.stdout.write(f"Created {name}.")
        pruned = prune(dry_run=dry_run)
        for name in pruned.months:
            self.stdout.write(f"Events: {name}.")
        verb = "would go" if dry_run else "removed"
        self.stdout.write(
            f"{pruned.event_keys} event keys, {pruned.idempotency_keys} answers,"
            f" {pruned.counters} counters and {pruned.settled} settled quarantine rows"
            f" {verb}, with {pruned.access_tokens} access tokens, {pruned.refused}"
            f" refused requests and {pruned.unowned} signals of apps nobody has."
        )
