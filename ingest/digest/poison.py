"""Gives up on an entry that keeps failing: halves it, or quarantines its event."""

import msgspec
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from accounts.locks import share_usage
from accounts.models import Workspace
from ingest.digest.entries import Entry, delete_entries
from ingest.digest.faults import is_fault
from ingest.digest.outcome import Quarantine, add_counters, poison
from ingest.digest.transaction import digest_entries
from ingest.events import encode_events
from ingest.statements import statement


def give_up_on(cursor: CursorWrapper, entry: Entry, error: str) -> bool:
    """Halve an entry of several events; quarantine what is alone, payload and all.

    In the caller's transaction. The halves are due at once and have as many tries
    behind them, so that the search for the bad event goes on without a pause. Returns
    False when the entry was only halved.
    """
    try:
        entry.decode()
    except msgspec.MsgspecError:
        _quarantine_whole(cursor, entry, error)
        return True
    events = entry.events
    if len(events) > 1:
        middle = len(events) // 2
        for half in (events[:middle], events[middle:]):
            cursor.execute(
                statement("split_entry"),
                {"id": entry.id, "events": len(half), "payload": encode_events(half)},
            )
        delete_entries(cursor, [entry])
        return False
    if entry.workspace_id:
        share_usage(cursor, [entry.workspace_id])
    try:
        with transaction.atomic():
            digest_entries(cursor, [entry], verdict=poison(error))
    except Exception as worse:
        if not is_fault(worse):
            raise
        _quarantine_whole(cursor, entry, error)
    return True


def _quarantine_whole(cursor: CursorWrapper, entry: Entry, error: str) -> None:
    """Quarantine a payload that is no list of events, or not even has a usable key."""
    entry.events, entry.duplicates, entry.quarantined = (), 0, 0
    # A request that nobody had a place for belongs to no workspace from the start.
    is_homeless = not entry.workspace_id
    if is_homeless or Workspace.objects.filter(pk=entry.workspace_id).exists():
        quarantine = Quarantine()
        verdict = poison(error)
        quarantine.add_payload(entry, entry.payload, verdict, events=entry.event_count)
        quarantine.store(cursor)
        add_counters(cursor, [entry])
    delete_entries(cursor, [entry])
