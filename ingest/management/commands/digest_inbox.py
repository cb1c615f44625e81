"""``digest_inbox [--once]``: turn accepted requests into events."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from ingest.digest import DigestResult, digest_until_empty


class Command(BaseCommand):
    help = "Digest the inbox, and go on doing so until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="stop when the inbox is empty"
        )

    def handle(self, *_: Any, once: bool, **__: Any) -> None:
        if once:
            self._report(digest_until_empty())
            return
        try:
            while True:
                close_old_connections()
                result = digest_until_empty()
                if result.entries or result.failed_entries:
                    self._report(result)
                time.sleep(settings.DIGEST_EVERY_SECONDS)
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")

    def _report(self, result: DigestResult) -> None:
        self.stdout.write(
            f"{result.entries} requests digested: {result.events} events stored,"
            f" {result.duplicates} repeats, {result.quarantined} in quarantine;"
            f" {result.failed_entries} requests failed and wait for another try."
        )
