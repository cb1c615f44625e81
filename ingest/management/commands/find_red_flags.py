"""``find_red_flags``: look for red flags anew over a period."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import RedFlag
from ingest.management.commands.check_usage import chosen_workspace
from ingest.red_flags import find_red_flags


class Command(BaseCommand):
    help = "Look for red flags of what arrived in the last days; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace")
        parser.add_argument("--days", type=int, default=90, help="90 by default")

    def handle(self, *_: Any, workspace: str | None, days: int, **__: Any) -> None:
        if not 1 <= days <= 10_000:  # noqa: PLR2004
            raise CommandError("--days must be a number from 1 to 10000.")
        found = find_red_flags(
            chosen_workspace(workspace), since=datetime.now(UTC) - timedelta(days=days)
        )
        for kind, number in found.items():
            self.stdout.write(f"{RedFlag.Kind(kind).label}: {number}")
        self.stdout.write(f"{sum(found.values())} red flags, known ones included.")
