"""``rate_fit [--workspace SLUG]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.commanding import workspace_named
from accounts.fit_store import rate_all, rate_workspace


class Command(BaseCommand):
    help = "Rate how well all accounts fit the criteria in force, as the beat does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one.")

    def handle(self, *, workspace: str | None, **_: Any) -> None:
        if workspace is None:
            changed = rate_all()
        else:
            found = workspace_named(workspace)
            changed = rate_workspace(found)
        accounts = "account" if changed == 1 else "accounts"
        self.stdout.write(f"{changed} {accounts} changed.")
