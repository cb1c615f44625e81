"""Events of a batch that came again: counted by key, so that a burst is noticed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from typing import Any

import msgspec
from django.db.backends.utils import CursorWrapper

from accounts.models import RedFlag
from accounts.red_flags import Raised
from ingest.digest.entries import Entry
from ingest.digest.outcome import storable
from ingest.events import StoredEvent
from ingest.statements import statement

# Repeats of one event within a day that are a red flag.
BURST = 100
# Repeats after a longer pause are counted anew.
PAUSE = timedelta(days=1)
# Keys of one batch that are written: a whole stream sent again has a repeat of each.
MOST_KEYS = 200

_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


@dataclass(slots=True)
class _Repeat:
    event: StoredEvent
    dialect: str
    first: int
    last: int
    count: int = 1


class Repeats:
    """How often each event of a batch came again."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], _Repeat] = {}

    def add(self, entry: Entry, event: StoredEvent, key: str) -> None:
        """Count one repeat."""
        known = self._found.get((entry.workspace_id, key))
        if known is None:
            at = entry.received
            known = _Repeat(event, entry.dialect, at, at)
            self._found[entry.workspace_id, key] = known
            return
        known.count += 1
        known.first = min(known.first, entry.received)
        known.last = max(known.last, entry.received)

    def store(self, cursor: CursorWrapper) -> list[Raised]:
        """Add to the counts of these keys; return flags for those that are bursts."""
        if not self._found:
            return []
        chosen = sorted(
            nlargest(MOST_KEYS, self._found.items(), key=lambda item: item[1].count),
            key=lambda item: item[0],
        )
        who = [_who(repeat.event) for _, repeat in chosen]
        cursor.execute(
            statement("repeated_add"),
            {
                "workspaces": [workspace for (workspace, _), _ in chosen],
                "keys": [key for (_, key), _ in chosen],
                "kinds": [kind for kind, _ in who],
                "values": [value for _, value in who],
                "products": [repeat.event.product[:200] for _, repeat in chosen],
                "event_ids": [storable(repeat.event.event_id) for _, repeat in chosen],
                "dialects": [repeat.dialect for _, repeat in chosen],
                "counts": [repeat.count for _, repeat in chosen],
                "firsts": [repeat.first / 1e6 for _, repeat in chosen],
                "lasts": [repeat.last / 1e6 for _, repeat in chosen],
                "pause": f"{PAUSE.total_seconds()} seconds",
                "burst": BURST,
            },
        )
        return [burst_flag(*row) for row in cursor.fetchall()]


def burst_flag(
    workspace_id: int, key: Any, identity_id: int | None, *rest: Any
) -> Raised:
    """Return the flag of a row: then product, event id, dialect, count and times."""
    product, event_id, dialect, count, first_at, last_at = rest
    return Raised(
        workspace_id,
        RedFlag.Kind.BURST.value,
        identity_id,
        f"event:{key}",
        {"event_id": event_id, "product": product, "dialect": dialect},
        first_at.astimezone(UTC) if isinstance(first_at, datetime) else first_at,
        last_at,
        count,
    )


def _who(event: StoredEvent) -> tuple[str, str]:
    pairs = _pairs(event.identities)
    return pairs[0] if pairs else ("", "")
