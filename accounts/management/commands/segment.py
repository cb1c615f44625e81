"""Tries a rule, or shows a segment, without a browser."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.clock import today_utc
from accounts.models import Segment, Subject, Workspace
from accounts.segments.schema import RuleError, parse
from accounts.segments.selection import selected
from accounts.segments.words import in_words


class Command(BaseCommand):
    help = "Say in words what a segment or a rule selects, count it, or show who."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", metavar="SLUG")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--id", type=int, help="Number of a saved segment.")
        what.add_argument(
            "--rule", metavar="FILE", help="A rule as JSON; - is standard input."
        )
        parser.add_argument(
            "--subject", choices=Subject.values, default=Subject.ACCOUNT
        )
        parser.add_argument("--count", action="store_true", help="Count them.")
        parser.add_argument("--show", type=int, metavar="N", help="Show the first N.")

    def handle(self, *_args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError("There is no such workspace.")
        subject, data = self._rule(workspace, options)
        try:
            rule = parse(data, subject=subject, workspace=workspace)
        except RuleError as error:
            raise CommandError("\n".join(str(one) for one in error.problems)) from None
        self.stdout.write(in_words(rule, workspace))
        rows = selected(rule, workspace, today=today_utc())
        if options["count"]:
            self.stdout.write(f"{rows.count():,} match.")
        if options["show"]:
            for row in rows.order_by("pk")[: options["show"]]:
                self.stdout.write(f"{row.pk}\t{row}")

    def _rule(self, workspace: Workspace, options: dict[str, Any]) -> tuple[str, Any]:
        if options["id"] is not None:
            found = Segment.objects.in_workspace(workspace).filter(pk=options["id"])
            segment = found.first()
            if segment is None:
                raise CommandError("There is no such segment.")
            return segment.subject, segment.rule
        try:
            if options["rule"] == "-":
                text = sys.stdin.read()
            else:
                text = Path(options["rule"]).read_text("utf-8")
            return options["subject"], json.loads(text)
        except (OSError, ValueError) as error:
            raise CommandError(f"The rule cannot be read: {error}") from None
