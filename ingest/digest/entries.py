"""Claims inbox entries: locked by one worker, skipped by the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from ingest.events import StoredEvent, decode_stored
from ingest.statements import statement

# What one digest may hold in memory, whatever the number of events.
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
FIRST_FETCH = 16


@dataclass(slots=True)
class Entry:
    """One claimed inbox row and what becomes of its events."""

    id: int
    # 0 where nobody had the app that sent it.
    workspace_id: int
    api_key_id: int | None
    dialect: str
    # Microseconds since 1970, as everything in a digest.
    received: int
    event_count: int
    payload: bytes
    tries: int
    is_replay: bool
    events: Sequence[StoredEvent] = field(init=False, default=())
    duplicates: int = 0
    quarantined: int = 0
    # Taken out of ``events`` before anything else: they are counted and gone.
    opted_out: int = 0
    erased: int = 0

    @property
    def stored(self) -> int:
        """How many of its events were stored."""
        return max(len(self.events) - self.duplicates - self.quarantined, 0)

    def decode(self) -> None:
        """Unpack the payload; raises msgspec.DecodeError when it is none of ours."""
        self.events = decode_stored(self.payload)


def claim_new(max_events: int) -> list[Entry]:
    """Claim untried entries, oldest first, of about ``max_events`` events in all.

    At least one entry, and no more than an entry's worth above the bound. A cursor
    locks rows as it fetches them; a plain LIMIT would need to know beforehand how
    many entries make a batch, and lock too many or too few.
    """
    entries: list[Entry] = []
    events = size = 0
    wanted = FIRST_FETCH
    with _cursor() as cursor:
        cursor.execute(statement("claim_new"))
        while wanted:
            rows = cursor.execute(f"FETCH {wanted:d} FROM claimed").fetchall()
            fetched = [Entry(*row) for row in rows]
            entries += fetched
            events += sum(entry.event_count for entry in fetched)
            size += sum(len(entry.payload) for entry in fetched)
            if len(rows) < wanted:
                break
            # As many entries again as the room left holds of the average one.
            room = min(
                (max_events - events) * len(entries) // max(events, 1),
                (MAX_PAYLOAD_BYTES - size) * len(entries) // max(size, 1),
            )
            wanted = max(room, 0)
        cursor.execute("CLOSE claimed")
    return entries


def claim_these(ids: Sequence[int]) -> list[Entry]:
    """Claim these entries, without those that another worker holds or has done."""
    with _cursor() as cursor:
        cursor.execute(statement("claim_these"), {"ids": list(ids)})
        return [Entry(*row) for row in cursor.fetchall()]


def claim_due() -> list[Entry]:
    """Claim one entry that failed before and is due again, if there is one."""
    with _cursor() as cursor:
        cursor.execute(statement("claim_due"))
        return [Entry(*row) for row in cursor.fetchall()]


def delete_entries(cursor: CursorWrapper, entries: Sequence[Entry]) -> None:
    """Take entries out of the inbox: the last write of the digest that used them."""
    cursor.execute(
        "DELETE FROM ingest_inboxentry WHERE id = ANY (%s)",
        [[entry.id for entry in entries]],
    )


def _cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    # Django's cursors ask for text, in which a payload is twice as long.
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.format = psycopg.pq.Format.BINARY
    return cursor
