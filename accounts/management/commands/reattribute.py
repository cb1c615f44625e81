"""``reattribute --workspace SLUG [--dry-run]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.attribution import reattribute
from accounts.commanding import workspace_named


class Command(BaseCommand):
    help = (
        "Apply the account rules to known developers again, after IP ranges, further "
        "domains, mail lists or the IP database changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument(
            "--dry-run", action="store_true", help="Count, and change nothing."
        )

    def handle(self, *, workspace: str, dry_run: bool, **_: Any) -> None:
        found = workspace_named(workspace)
        count = reattribute(found, dry_run=dry_run)
        verb = "would change" if dry_run else "changed"
        people = "developer" if count == 1 else "developers"
        self.stdout.write(f"{count} {people} {verb} company.")
