"""When licences' activations were seen: told by the licence telemetry of a batch."""

from collections.abc import Iterable

import msgspec
from django.db.backends.utils import CursorWrapper

from ingest.digest.entries import Entry
from ingest.events import StoredEvent
from ingest.statements import statement

LONGEST_HWID = 200


class _Stated(msgspec.Struct):
    """The part of a record's properties that is about the installation."""

    activation_identifier: str = ""
    hwid: object = ""


class _Seen(msgspec.Struct):
    first: int
    last: int
    hwid: str


_stated = msgspec.json.Decoder(_Stated).decode


def note_activations(
    cursor: CursorWrapper, events: Iterable[tuple[Entry, StoredEvent, int]]
) -> None:
    """Move first and last seen of known activations.

    Of events of the dialect `license`; times are microseconds since 1970.
    """
    found: dict[tuple[int, str, str], _Seen] = {}
    for entry, event, at in events:
        if not event.license_key:
            continue
        stated = _stated(event.properties)
        if not stated.activation_identifier:
            continue
        key = (entry.workspace_id, event.license_key, stated.activation_identifier)
        seen = found.setdefault(key, _Seen(at, at, ""))
        seen.first, seen.last = min(seen.first, at), max(seen.last, at)
        if isinstance(stated.hwid, str):
            seen.hwid = stated.hwid[:LONGEST_HWID] or seen.hwid
    if not found:
        return
    workspaces, licenses, identifiers = zip(*found, strict=True)
    cursor.execute(
        statement("activations_seen"),
        {
            "workspaces": list(workspaces),
            "licenses": list(licenses),
            "identifiers": list(identifiers),
            "firsts": [seen.first / 1e6 for seen in found.values()],
            "lasts": [seen.last / 1e6 for seen in found.values()],
            "hwids": [seen.hwid for seen in found.values()],
        },
    )
