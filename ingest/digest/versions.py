"""Versions that the events of a batch name, and events from before their release."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import msgspec
from django.db.backends.utils import CursorWrapper

from accounts.version_store import SeenKey, note_versions
from accounts.versions import clean_version
from ingest.events import StoredEvent
from ingest.statements import statement

# No software of today reported anything before the year 2000.
EARLIEST = 946_684_800_000_000
# Builds are tried out before they are released, but not longer than this.
RELEASE_LEAD = timedelta(days=30)
# A sender that makes up versions fills no table with them.
MOST_VERSIONS = 20
# Properties that are remembered with the version they name; a stream whose properties
# never repeat shall not fill the memory.
MOST_REMEMBERED = 2_000


class _Stated(msgspec.Struct):
    """Where senders put the version of their product; the first one counts."""

    product_version: object = None
    app_version: object = None
    app_version_camel: object = msgspec.field(default=None, name="appVersion")
    app_info: object = msgspec.field(default=None, name="TelemetryDeck.AppInfo.version")
    version: object = None
    sdk_version: object = None
    sdk_version_camel: object = msgspec.field(default=None, name="sdkVersion")


_stated = msgspec.json.Decoder(_Stated).decode


def version_in(properties: bytes) -> str:
    """Return the product's version out of an event's properties (JSON), or ""."""
    if b"ersion" not in properties:
        return ""
    stated = _stated(properties)
    for value in (
        *(stated.product_version, stated.app_version, stated.app_version_camel),
        *(stated.app_info, stated.version),
        *(stated.sdk_version, stated.sdk_version_camel),
    ):
        if value is not None and (version := clean_version(value)):
            return version
    return ""


class VersionSums:
    """First and last time of each version, by identity and product, in one batch."""

    def __init__(self, cursor: CursorWrapper, products: Iterable[int]) -> None:
        cursor.execute(statement("releases"), {"products": sorted(products)})
        self._earliest = {
            (product, version): _lead(released)
            for product, version, released in cursor.fetchall()
        }
        self._remembered: dict[bytes, str] = {}
        # First, last, and the earliest that can be; by workspace, identity, …
        self._seen: dict[SeenKey, list[int]] = {}

    def note(
        self,
        event: StoredEvent,
        at: int,
        workspace_id: int,
        identity_id: int,
        product_id: int,
    ) -> bool:
        """Note the version of an event; say whether it occurred too early to be true.

        Times are microseconds since 1970. What is too early notes nothing.
        """
        properties = bytes(event.properties)
        version = self._remembered.get(properties)
        if version is None:
            version = version_in(properties)
            if len(self._remembered) < MOST_REMEMBERED:
                self._remembered[properties] = version
        if not version:
            return at < EARLIEST
        key = (workspace_id, identity_id, product_id, version)
        times = self._seen.get(key)
        if times is None:
            earliest = self._earliest.get((product_id, version), EARLIEST)
            if at < earliest:
                return True
            self._seen[key] = [at, at, earliest]
        elif at > times[1]:
            times[1] = at
        elif at < times[0]:
            if at < times[2]:
                return True
            times[0] = at
        return False

    def release_of(self, event: StoredEvent, product_id: int) -> tuple[str, str]:
        """Return the version an event names and its day of release; "" if unknown."""
        version = version_in(bytes(event.properties))
        earliest = self._earliest.get((product_id, version))
        if earliest is None:
            return "", ""
        released = datetime.fromtimestamp(earliest / 1e6, UTC) + RELEASE_LEAD
        return version, released.date().isoformat()

    def store(self, cursor: CursorWrapper) -> None:
        """Write what moved."""
        found = self._seen
        if len(found) > MOST_VERSIONS:
            many: Counter[tuple[int, int]] = Counter()
            for key in list(found):
                many[key[1], key[2]] += 1
                if many[key[1], key[2]] > MOST_VERSIONS:
                    del found[key]
        note_versions(
            cursor, {key: (first, last) for key, (first, last, _) in found.items()}
        )


def _lead(released: date) -> int:
    at = datetime.combine(released, datetime.min.time(), UTC) - RELEASE_LEAD
    return max(int(at.timestamp() * 1e6), EARLIEST)
