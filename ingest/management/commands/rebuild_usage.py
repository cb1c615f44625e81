"""``rebuild_usage``: make usage what the raw events add up to."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest.management.commands.check_usage import chosen_workspace
from ingest.recount import check_usage, rebuild_usage


class Command(BaseCommand):
    help = "Count usage anew from raw events and mend what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *_: Any, workspace: str | None, dry_run: bool, **__: Any) -> None:
        chosen = chosen_workspace(workspace)
        if dry_run:
            number = len(check_usage(chosen))
            self.stdout.write(f"{number} rows of usage would change.")
        else:
            self.stdout.write(f"{rebuild_usage(chosen)} rows of usage changed.")
