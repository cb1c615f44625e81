"""What became of the events that were not stored, and how many of each there were."""

from collections import Counter
from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from accounts.models.catalogue import fold_metric_key
from ingest.copying import bytea, copy_rows, int8, text, timestamptz
from ingest.digest.entries import Entry
from ingest.events import StoredEvent, encode_events
from ingest.models import QuarantinedEvent
from ingest.statements import statement

SECONDS_PER_HOUR = 3600
MICROSECONDS_PER_HOUR = SECONDS_PER_HOUR * 1_000_000
LONGEST_SUBJECT = 200
LONGEST_DETAIL = 2000
_TARGET = (
    "ingest_quarantinedevent (workspace_id, api_key_id, dialect, reason, detail,"
    " subject, received_at, payload)"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an event goes to quarantine, and what about it."""

    reason: str
    subject: str = ""
    detail: str = ""


class Quarantine:
    """Events of one batch that cannot be used yet."""

    def __init__(self) -> None:
        self._rows: list[bytes] = []

    def add_event(self, entry: Entry, event: StoredEvent, verdict: Verdict) -> None:
        """Set one event aside."""
        self.add_payload(entry, encode_events([event]), verdict, events=1)

    def add_payload(
        self, entry: Entry, payload: bytes, verdict: Verdict, *, events: int
    ) -> None:
        """Set aside what could not even be unpacked into events."""
        entry.quarantined += events
        self._rows.append(
            b"".join(
                (
                    b"\x00\x08",
                    int8(entry.workspace_id or None),
                    int8(entry.api_key_id),
                    text(entry.dialect),
                    text(verdict.reason),
                    text(storable(verdict.detail)[:LONGEST_DETAIL]),
                    text(storable(verdict.subject)[:LONGEST_SUBJECT]),
                    timestamptz(entry.received),
                    bytea(payload),
                )
            )
        )

    def store(self, cursor: CursorWrapper) -> None:
        """Write what was set aside."""
        if self._rows:
            copy_rows(cursor, _TARGET, self._rows)


def metric_not_configured(key: str) -> Verdict:
    """Return the verdict on an event whose metric nobody has set up."""
    reason = QuarantinedEvent.Reason.METRIC_NOT_CONFIGURED
    return Verdict(reason.value, subject=fold_metric_key(key), detail=key)


def poison(error: str) -> Verdict:
    """Return the verdict on an event that makes every digest of it fail."""
    return Verdict(QuarantinedEvent.Reason.POISON.value, detail=error)


def add_counters(cursor: CursorWrapper, entries: list[Entry]) -> None:
    """Count accepted, duplicate and quarantined events by key, hour and dialect.

    And those that were left out, of people who opted out or were erased.

    An event counts when it arrived. A replay counts as ``replayed`` when it becomes an
    event and not at all when it returns to quarantine, so that the other outcomes add
    up to what was sent.
    """
    counts: Counter[tuple[int, int, str, int, str]] = Counter()
    for entry in entries:
        hour = entry.received // MICROSECONDS_PER_HOUR * SECONDS_PER_HOUR
        origin = (entry.workspace_id, entry.api_key_id or 0, entry.dialect, hour)
        counts[*origin, "opted_out"] += entry.opted_out
        counts[*origin, "erased"] += entry.erased
        if entry.is_replay:
            counts[*origin, "replayed"] += entry.stored
        else:
            counts[*origin, "accepted"] += entry.stored
            counts[*origin, "duplicate"] += entry.duplicates
            counts[*origin, "quarantined"] += entry.quarantined
    rows = sorted((*key, count) for key, count in counts.items() if count)
    if rows:
        workspaces, api_keys, dialects, hours, outcomes, numbers = zip(
            *rows, strict=True
        )
        cursor.execute(
            statement("counters_add"),
            {
                "workspaces": [workspace or None for workspace in workspaces],
                "api_keys": [api_key or None for api_key in api_keys],
                "dialects": list(dialects),
                "hours": list(hours),
                "outcomes": list(outcomes),
                "counts": list(numbers),
            },
        )


def storable(value: str) -> str:
    """Replace what PostgreSQL's text cannot hold: NUL and lone surrogates."""
    return value.replace("\x00", "�").encode(errors="replace").decode()
