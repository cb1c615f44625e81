"""Looks at everybody anew for all segments, as the schedule does every hour."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Workspace
from accounts.segments.membership import refresh_all


class Command(BaseCommand):
    help = "Bring the members of all segments in step with their rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="Only this workspace.")

    def handle(self, *_args: Any, **options: Any) -> None:
        workspace = None
        if options["workspace"]:
            workspace = Workspace.objects.filter(slug=options["workspace"]).first()
            if workspace is None:
                raise CommandError("There is no such workspace.")
        found = refresh_all(workspace)
        for moves in found:
            if moves.segment.problem:
                self.stderr.write(f"{moves.segment}: {moves.segment.problem}")
        entered = sum(moves.entered for moves in found)
        left = sum(moves.left for moves in found)
        self.stdout.write(
            f"{len(found)} segments refreshed: {entered:,} entered, {left:,} left."
        )
        if any(moves.segment.problem for moves in found):
            raise CommandError("Some rules cannot be used.")
