"""Leaves out events of people who opted out, or were erased while the events waited.

The net behind the door (`ingest.opt_outs`). Whoever changes the register, or erases
somebody, is alone on the workspace's usage meanwhile: a digest either ended before, or
sees here what was written.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from django.db.backends.utils import CursorWrapper

from accounts.opt_outs import digest_of
from ingest.digest.entries import Entry
from ingest.statements import statement

FOR_EVER = float("inf")

_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


def leave_out(cursor: CursorWrapper, entries: Sequence[Entry]) -> None:
    """Take these events out of unpacked entries, and note how many on each entry."""
    if not entries:
        return
    oldest = datetime.fromtimestamp(min(entry.received for entry in entries) / 1e6, UTC)
    cursor.execute(
        statement("left_out_candidates"),
        {
            "workspaces": sorted({entry.workspace_id for entry in entries}),
            "oldest": oldest,
        },
    )
    for (workspace_id,) in cursor.fetchall():
        theirs = [entry for entry in entries if entry.workspace_id == workspace_id]
        _leave_out(cursor, workspace_id, theirs, oldest)


def _leave_out(
    cursor: CursorWrapper,
    workspace_id: int,
    entries: Sequence[Entry],
    oldest: datetime,
) -> None:
    people = {bytes(event.identities) for entry in entries for event in entry.events}
    digests = {
        identities: [digest_of(workspace_id, *pair) for pair in _pairs(identities)]
        for identities in people
    }
    until = _until(cursor, workspace_id, digests, oldest)
    if not until:
        return
    for entry in entries:
        kept = []
        for event in entry.events:
            end = until.get(bytes(event.identities))
            if end is None or entry.received > end:
                kept.append(event)
            elif end == FOR_EVER:
                entry.opted_out += 1
            else:
                entry.erased += 1
        entry.events = kept


def _until(
    cursor: CursorWrapper,
    workspace_id: int,
    digests: dict[bytes, list[UUID]],
    oldest: datetime,
) -> dict[bytes, float]:
    """Return until when what arrived of these people is left out, in microseconds."""
    wanted = sorted({digest for group in digests.values() for digest in group})
    cursor.execute(
        statement("left_out"),
        {"workspace": workspace_id, "digests": wanted, "oldest": oldest},
    )
    ends: dict[UUID, float] = {}
    for digest, end in cursor.fetchall():
        ends[digest] = max(ends.get(digest, 0.0), end)
    return {
        identities: max(known)
        for identities, group in digests.items()
        if (known := [ends[digest] for digest in group if digest in ends])
    }
