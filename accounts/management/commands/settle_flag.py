"""``settle_flag --workspace SLUG NUMBER (--resolve | --dismiss)``, or ``--list``."""

from typing import Any

from django.core.management.base import CommandParser

from accounts import flags
from accounts.commanding import WorkspaceCommand
from accounts.errors import AccountsError
from accounts.models import FlaggedRecord, Workspace

Status = FlaggedRecord.Status


class Command(WorkspaceCommand):
    help = (
        "Resolve or dismiss a record that was flagged as wrong, or list the open ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", type=int, nargs="?", help="Of the flag.")
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--list", action="store_true", help="Show what is open.")
        how.add_argument("--resolve", action="store_true")
        how.add_argument("--dismiss", action="store_true")
        parser.add_argument("--note", default="")

    def run(self, workspace: Workspace, **options: Any) -> None:
        rows = FlaggedRecord.objects.filter(workspace=workspace)
        if options["list"]:
            for one in rows.filter(status=Status.OPEN).order_by("pk"):
                owner = f"developer {one.developer_id}"
                if one.account_id:
                    owner = f"account {one.account_id}"
                self.stdout.write(f"{one.pk}: {one}, {owner}. {one.text}".rstrip())
            self.stdout.write(f"{flags.open_flags(workspace)} open.")
            return
        number = options["number"]
        flagged = rows.filter(pk=number).first()
        if flagged is None:
            raise AccountsError(f"There is no flag {number} in {workspace.slug}.")
        status = Status.RESOLVED if options["resolve"] else Status.DISMISSED
        flags.settle(flagged, status, note=options["note"], actor=None)
        self.stdout.write(f"Flag {number} is {flagged.get_status_display().lower()}.")
