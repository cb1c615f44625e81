"""``evaluate_stages [--workspace SLUG] [--backfill DAYS]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commanding import workspaces_named
from accounts.errors import AccountsError
from accounts.models import Subject
from accounts.stage_history import MOST_DAYS, backfill
from accounts.stages import judge


class Command(BaseCommand):
    help = (
        "Move every account and developer to the stage that the rules want them in; "
        "who was put somewhere by hand stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this workspace")
        parser.add_argument(
            "--backfill",
            type=int,
            metavar="DAYS",
            help="first write the history of the last days from usage, as if the rules "
            f"had always been there; at most {MOST_DAYS}, and only while there is none",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        workspaces = workspaces_named(options["workspace"])
        for workspace in workspaces:
            for subject in Subject:
                written = 0
                if options["backfill"]:
                    try:
                        written = backfill(workspace, subject, days=options["backfill"])
                    except AccountsError as error:
                        raise CommandError(f"{workspace.slug}: {error}") from None
                moved = written + judge(workspace, subject).count
                self.stdout.write(
                    f"{workspace.slug}: {moved} moves of {subject.label.lower()}."
                )
