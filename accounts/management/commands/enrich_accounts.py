"""``enrich_accounts [--workspace SLUG] [--plug-in NAME] [--everything]``."""

import math
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.enrichment.registry import load_plug_ins
from accounts.enrichment.run import enrich
from accounts.models import Workspace


class Command(BaseCommand):
    help = "Let enrichment plug-ins fill fields of accounts, as the beat does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="Only this one.")
        parser.add_argument("--plug-in", metavar="NAME", help="Only this one.")
        parser.add_argument(
            "--everything",
            action="store_true",
            help="Accounts that were looked at lately too.",
        )

    def handle(
        self,
        *,
        workspace: str | None,
        plug_in: str | None,
        everything: bool,
        **_: Any,
    ) -> None:
        workspaces = None
        if workspace is not None:
            workspaces = list(Workspace.objects.filter(slug=workspace))
            if not workspaces:
                raise CommandError(f"There is no workspace {workspace}.")
        names = [one.name for one in load_plug_ins()]
        if plug_in is not None and plug_in not in names:
            raise CommandError(
                f"There is no plug-in {plug_in} among {', '.join(names) or 'none'}."
            )
        outcomes = enrich(
            workspaces=workspaces, only=plug_in, everything=everything, budget=math.inf
        )
        for outcome in outcomes:
            said = f"{outcome.accounts} accounts looked at, {outcome.values} values"
            more = f"; {outcome.error}" if outcome.error else ""
            self.stdout.write(
                f"{outcome.workspace.slug}, {outcome.plug_in}: {said}{more}"
            )
        if not outcomes:
            self.stdout.write("No account is new to a plug-in, or stale.")
        # Who has no database for the shipped plug-in, and asks for all, has no fault.
        if any(
            outcome.failed and (plug_in or not outcome.unavailable)
            for outcome in outcomes
        ):
            raise CommandError("A plug-in could not do its work.")
