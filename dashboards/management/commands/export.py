"""``export WHAT --workspace SLUG [--format F] [--out FILE] [--filter NAME=VALUE]``."""

import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict

from accounts.clock import today_utc
from accounts.commanding import workspace_named
from dashboards.api.problems import InvalidParameters
from dashboards.api.resource import Resource
from dashboards.export_sources import COMMANDS, parts_of
from dashboards.exports import CONTENT_TYPES, CSV

# How often the line of progress moves.
EVERY_SECONDS = 0.5


class Command(BaseCommand):
    help = "Write a list into a file, or to the standard output, as CSV or NDJSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=sorted(COMMANDS))
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=sorted(CONTENT_TYPES), default=CSV)
        parser.add_argument(
            "--out", type=Path, metavar="FILE", help="Instead of the standard output."
        )
        parser.add_argument(
            "--filter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="A filter, order or fields as in the read API (band=high, "
            "order=-score); repeatable.",
        )

    def handle(
        self, *, what: str, workspace: str, out: Path | None, **options: Any
    ) -> None:
        found = workspace_named(workspace)
        if out is not None and out.exists():
            raise CommandError(f"{out} exists already.")
        try:
            source = COMMANDS[what](
                found, _params(options["filter"]), today=today_utc()
            )
        except InvalidParameters as error:
            raise CommandError(str(error.detail)) from None
        part = out.with_name(f"{out.name}.part") if out else None
        target: AbstractContextManager[IO[str]] = (
            part.open("w", encoding="utf-8", newline="")
            if part
            else nullcontext(sys.stdout)
        )
        with target as file:
            rows = self._write(source, options["format"], file)
        if part and out:
            part.rename(out)
            self.stderr.write(f"Written to {out}: {rows:,} rows.")

    def _write(self, source: Resource, form: str, file: IO[str]) -> int:
        """Write all rows, with a line of progress where somebody looks."""
        total = source.count()
        shown_at, done, began = 0.0, 0, time.monotonic()
        for rows, text in parts_of(source, form):
            file.write(text)
            done += rows
            if time.monotonic() - shown_at > EVERY_SECONDS:
                shown_at = time.monotonic()
                self._show(done, total, shown_at - began)
        self._show(done, total, time.monotonic() - began, ending="\n")
        return done

    def _show(
        self, done: int, total: int | None, seconds: float, *, ending: str = ""
    ) -> None:
        """Overwrite the line of progress."""
        if not self.stderr.isatty() and not ending:
            return
        share = f" of {total:,} ({done * 100 // max(total, 1)} %)" if total else ""
        speed = f"{done / max(seconds, 0.001):,.0f} rows/s"
        self.stderr.write(f"\r{done:,}{share} rows, {speed}   ", ending=ending)
        self.stderr.flush()


def _params(pairs: Sequence[str]) -> QueryDict:
    params = QueryDict(mutable=True)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in {"limit", "after", "before", "format"}:
            message = f"“{pair}” is no filter such as band=high."
            raise CommandError(message)
        params[name] = value
    return params
