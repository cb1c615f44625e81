"""Counts refused requests by reason, and what was left out of accepted events.

What was accepted is counted by the digest, in the transaction that makes events of
it. What is counted here is only a number: it is kept in memory for about a second, and
a process that is killed takes that second's count with it.
"""

import threading
from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection

from ingest import background, refused_requests, rehearsal
from ingest.refusals import Reason
from ingest.statements import statement
from ingest.verified_key import VerifiedKey

PAUSE_SECONDS = 1.0
OPTED_OUT = "opted_out"


class Slot(NamedTuple):
    """What one counter counts."""

    workspace_id: int | None
    key_id: int | None
    dialect: str
    hour: datetime
    outcome: str


_waiting: Counter[Slot] = Counter()
_guard = threading.Lock()


def count_refusal(
    dialect: str,
    reason: Reason,
    key: VerifiedKey | None = None,
    *,
    workspace_id: int | None = None,
    count: int = 1,
) -> None:
    """Count a refused request, or ``count`` refused events of one.

    ``workspace_id`` says whose it was where there is no key.
    """
    _count(
        Slot(
            workspace_id=key.workspace_id if key else workspace_id,
            key_id=key.id if key else None,
            dialect=dialect,
            hour=_this_hour(),
            outcome=f"refused:{reason}",
        ),
        count,
    )


def count_dropped(
    dialect: str, what: str, *, workspace_id: int | None, count: int
) -> None:
    """Count parts of accepted events that a contract has us leave out."""
    _count(Slot(workspace_id, None, dialect, _this_hour(), f"dropped:{what}"), count)


def count_opted_out(
    dialect: str,
    count: int,
    *,
    key: VerifiedKey | None = None,
    workspace_id: int | None = None,
) -> None:
    """Count events of people who opted out: answered like others, and not kept."""
    home = key.workspace_id if key else workspace_id
    key_id = key.id if key else None
    _count(Slot(home, key_id, dialect, _this_hour(), OPTED_OUT), count)


def _count(slot: Slot, count: int) -> None:
    if rehearsal.is_on():
        return
    with _guard:
        _waiting[slot] += count
    _loop.wake()


def _this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def write() -> None:
    """Write what was counted; when that fails it stays for the next time."""
    with _guard:
        taken = dict(_waiting)
        _waiting.clear()
    if not taken:
        return
    columns = [list(column) for column in zip(*taken, strict=True)]
    values = dict(
        zip(
            ("workspace_ids", "key_ids", "dialects", "hours", "outcomes"),
            columns,
            strict=True,
        )
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                statement("count_outcomes"), {**values, "counts": list(taken.values())}
            )
    except Exception:
        with _guard:
            _waiting.update(taken)
        _loop.wake()
        # Of the loop's own thread, so nobody else has a use for it.
        connection.close_if_unusable_or_obsolete()
        raise
    refused_requests.write()


_loop = background.loop("counters", write, pause=PAUSE_SECONDS)


def flush() -> None:
    """Write what was counted now."""
    _loop.flush()


def forget() -> None:
    """Drop what was counted and not yet written; for tests."""
    with _guard:
        _waiting.clear()
    refused_requests.forget()
