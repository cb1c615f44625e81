"""``explain_request FILE``: what a dialect makes of a request, storing nothing."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commanding import workspace_named
from accounts.models import ApiKey, Workspace
from ingest.dialects import DIALECTS
from ingest.doctor import Explanation, NotOurs, explain
from ingest.pasted import NotReadable


class Command(BaseCommand):
    help = "Explain a request: HTTP as text, a curl line or a body. Nothing is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="The request; - reads standard input.")
        parser.add_argument(
            "--dialect", choices=sorted(DIALECTS), default="", help="of a bare body"
        )
        parser.add_argument("--workspace", metavar="SLUG", help="whose it would be")
        parser.add_argument(
            "--key", metavar="PREFIX", help="the key that {API_KEY} stands for"
        )
        parser.add_argument(
            "--address", default="127.0.0.1", help="where it would come from"
        )

    def handle(
        self,
        *_: Any,
        file: str,
        dialect: str,
        workspace: str | None,
        key: str | None,
        address: str,
        **__: Any,
    ) -> None:
        found = self._workspace(workspace)
        try:
            explained = explain(
                self._text(file),
                workspace=found,
                dialect=dialect,
                key=self._key(found, key),
                peer=address,
            )
        except (NotReadable, NotOurs) as error:
            raise CommandError(str(error)) from None
        self._show(explained)

    def _text(self, file: str) -> str:
        if file == "-":
            return sys.stdin.read()
        try:
            return Path(file).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from None

    def _workspace(self, slug: str | None) -> Workspace | None:
        if slug is None:
            return None
        return workspace_named(slug)

    def _key(self, workspace: Workspace | None, prefix: str | None) -> ApiKey | None:
        if prefix is None:
            return None
        keys = ApiKey.objects.filter(prefix=prefix)
        if workspace is not None:
            keys = keys.filter(workspace=workspace)
        found = keys.first()
        if found is None:
            raise CommandError(f"There is no key {prefix}.")
        return found

    def _show(self, explained: Explanation) -> None:
        write = self.stdout.write
        write(f"{explained.label}: {explained.line} ({explained.why})")
        for text in explained.assumptions:
            write(f"  {text}")
        if explained.reason:
            write(f"\nRefused ({explained.reason}): {explained.message}")
        self._show_fields(explained)
        self._show_events(explained)
        write(f"\nAnswer: {explained.status}")
        for name, value in explained.headers:
            write(f"  {name}: {value}")
        write(f"\n{explained.body}")

    def _show_fields(self, explained: Explanation) -> None:
        write = self.stdout.write
        if explained.fields or explained.missing:
            write("\nFields")
        for field in explained.fields:
            mark = "✗" if field.is_wrong else "✓"
            write(f"  {mark} {field.path} = {field.value}: {field.verdict}")
        for missing in explained.missing:
            write(f"  ✗ {missing.field}: {missing.message}")

    def _show_events(self, explained: Explanation) -> None:
        write = self.stdout.write
        for number, event in enumerate(explained.events, start=1):
            write(f"\nWould be stored, {number}")
            for name, value in event.fields:
                write(f"  {name} = {value}")
            if event.note:
                write(f"  {event.note}")
        if explained.more_events:
            write(f"\nand {explained.more_events} more")
