"""``check_ip_database [--file PATH] [ADDRESS …]``."""

from datetime import UTC, datetime
from typing import Any

import maxminddb
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.attribution.ip_owner import (
    clean_address,
    find_owner,
    open_database,
    owner_in,
)

# Looked at to learn whether the database names owners at all.
SAMPLE = 2000
# A database much older than this places networks that have changed hands since.
STALE_DAYS = 180


class Command(BaseCommand):
    help = "Say what the IP database of this server can tell, and what it cannot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--file", metavar="PATH", help="This file instead of IP_DATABASE."
        )
        parser.add_argument(
            "addresses", nargs="*", metavar="ADDRESS", help="Look these up."
        )

    def handle(self, *, file: str | None, addresses: list[str], **_: Any) -> None:
        path = file or settings.IP_DATABASE
        if not path:
            raise CommandError(
                "No IP database: set IP_DATABASE to an MMDB file that names "
                "organisations. Without one, only IP ranges entered by hand count."
            )
        try:
            with open_database(path) as reader:
                self._describe(path, reader)
                for address in addresses:
                    self._look_up(reader, address)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise CommandError(f"{path}: {error}") from None

    def _describe(self, path: str, reader: maxminddb.Reader) -> None:
        facts = reader.metadata()
        built = datetime.fromtimestamp(facts.build_epoch, tz=UTC)
        age = (datetime.now(tz=UTC) - built).days
        named = seen = 0
        for network, record in reader:
            seen += 1
            named += owner_in(record, str(network)) is not None
            if seen == SAMPLE:
                break
        self.stdout.write(
            f"{path}: {facts.database_type}, built {built:%Y-%m-%d} ({age} days ago), "
            f"IPv{facts.ip_version}. Of {seen} networks looked at, {named} name a "
            "company."
        )
        if not named:
            raise CommandError(
                "It names no organisation that could be a company: no attribution "
                "will come from it. Country databases do not, for one."
            )
        if age > STALE_DAYS:
            self.stderr.write(f"It is {age} days old: many networks have moved since.")

    def _look_up(self, reader: maxminddb.Reader, text: str) -> None:
        address = clean_address(text)
        if not address:
            raise CommandError(f"{text} is no IP address.")
        owner = find_owner(reader, address)
        if owner is None:
            self.stdout.write(f"{address}: no company.")
        else:
            domain = f", {owner.domain}" if owner.domain else ""
            self.stdout.write(
                f"{address}: {owner.organisation}{domain} ({owner.network})."
            )
