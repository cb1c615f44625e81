"""The inbox: where an accepted request waits, on disk, before anybody looks into it.

What is here has been acknowledged, and nothing is acknowledged that is not here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from accounts.models import ApiKey, Workspace
from ingest import commit, hints, opt_outs, rehearsal
from ingest.answer import Answer
from ingest.commit import Entry, OpenRow, StoreUnavailable, open_values
from ingest.counters import count_opted_out
from ingest.events import NormalizedEvent, encode_events
from ingest.prepared import Prepared
from ingest.statements import statement
from ingest.verified_key import VerifiedKey

ACCEPT_ONCE = Prepared("accept_once")
ACCEPT_OPEN_ONCE = Prepared("accept_open_once")
ANSWER_GIVEN = Prepared("answer_given")
# Events of one row that no request brought, and such rows in one statement.
EVENTS_PER_ENTRY = 1000
ENTRIES_PER_STATEMENT = 20

__all__ = [
    "Accepted",
    "Answer",
    "Idempotency",
    "IdempotencyConflict",
    "KeyNoLongerValid",
    "StoreUnavailable",
    "accept",
    "accept_open",
    "accept_without_request",
]


class KeyNoLongerValid(Exception):  # noqa: N818 (an outcome, named like one)
    """The API key was changed, revoked or expired since it was looked up."""


class IdempotencyConflict(Exception):  # noqa: N818 (an outcome, named like one)
    """The Idempotency-Key was used before, with another body."""


class Idempotency(msgspec.Struct, frozen=True):
    """A request's Idempotency-Key, and its body, as 16-byte hashes."""

    digest: UUID
    body_digest: UUID


class Accepted(NamedTuple):
    """What to answer now, and whether it is the answer to an earlier request."""

    answer: Answer
    is_repeat: bool = False


def accept(
    *,
    key: VerifiedKey,
    dialect: str,
    events: list[NormalizedEvent],
    idempotency: Idempotency | None = None,
    answer: Answer,
) -> Accepted:
    """Keep the events of one request in one INSERT, committed when this returns.

    Inside a transaction of the caller the row belongs to that transaction instead.
    A repeat under the same Idempotency-Key stores nothing and returns what was
    answered then. Events of people who opted out are answered and never kept.

    Raises:
        StoreUnavailable: they are not known to be stored.
        KeyNoLongerValid: nothing was stored; look the key up again.
        IdempotencyConflict: nothing was stored.
    """
    # All of them may go. The row without events still asks whether the key is good.
    wanted = opt_outs.without(key.workspace_id, events)
    entry = Entry(
        key_id=key.id,
        version=key.version,
        dialect=dialect,
        event_count=len(wanted),
        payload=encode_events(wanted),
    )
    rehearsal.note_events(wanted)
    accepted = Accepted(answer)
    if idempotency is not None:
        accepted = _accept_once(key, entry, idempotency, answer)
    elif not commit.keep(entry):
        raise KeyNoLongerValid
    if not accepted.is_repeat:
        if len(wanted) < len(events):
            count_opted_out(dialect, len(events) - len(wanted), key=key)
        if not rehearsal.is_on():
            hints.hint_digest()
    return accepted


def accept_open(
    *,
    dialect: str,
    rows: Sequence[tuple[int | None, Sequence[NormalizedEvent]]],
    idempotency: Idempotency | None = None,
    answer: Answer,
) -> Accepted:
    """Keep the events of one keyless request, by workspace, as `accept` does.

    ``rows`` pairs a workspace's id, None where nobody has the app, with its events.

    Raises:
        StoreUnavailable: they are not known to be stored.
        IdempotencyConflict: nothing was stored.
    """
    wanted = [
        (
            workspace_id,
            # What has no workspace yet is looked at when the digest finds it one.
            events if workspace_id is None else opt_outs.without(workspace_id, events),
        )
        for workspace_id, events in rows
    ]
    entries = [
        OpenRow(workspace_id, dialect, len(events), encode_events(events))
        for workspace_id, events in wanted
        if events
    ]
    for _, events in wanted:
        rehearsal.note_events(events)
    accepted = Accepted(answer)
    if idempotency is not None:
        accepted = _accept_open_once(entries, idempotency, answer)
    elif entries:
        commit.keep_open(entries)
    if not accepted.is_repeat:
        for (workspace_id, events), (_, kept) in zip(rows, wanted, strict=True):
            if len(kept) < len(events):
                count_opted_out(
                    dialect, len(events) - len(kept), workspace_id=workspace_id
                )
    if entries and not accepted.is_repeat and not rehearsal.is_on():
        hints.hint_digest()
    return accepted


def accept_without_request(
    workspace: Workspace,
    dialect: str,
    events: Sequence[NormalizedEvent],
    received_at: datetime | None = None,
    *,
    api_key: ApiKey | None = None,
) -> int:
    """Keep events that no request brought: imports, demo data; return how many.

    Any number of them, without those of people who opted out; they become rows of at
    most EVENTS_PER_ENTRY events. Commits like any statement of the caller's connection.
    ``received_at`` is now by default; an ``api_key`` only says whose counters they add
    to.

    Raises:
        django.db.Error: not all of them are stored.
    """
    wanted = opt_outs.without(workspace.pk, events)
    if len(wanted) < len(events):
        count_opted_out(dialect, len(events) - len(wanted), workspace_id=workspace.pk)
    rows = [
        list(wanted[start : start + EVENTS_PER_ENTRY])
        for start in range(0, len(wanted), EVENTS_PER_ENTRY)
    ]
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ENTRIES_PER_STATEMENT):
            some = rows[start : start + ENTRIES_PER_STATEMENT]
            cursor.execute(
                statement("keep_many"),
                {
                    "workspace_id": workspace.pk,
                    "api_key_id": api_key.pk if api_key else None,
                    "dialect": dialect,
                    "received_at": received_at,
                    "event_counts": [len(row) for row in some],
                    "payloads": [encode_events(row) for row in some],
                },
            )
    return len(wanted)


def _accept_once(
    key: VerifiedKey, entry: Entry, idempotency: Idempotency, answer: Answer
) -> Accepted:
    """Keep an entry unless its Idempotency-Key is known; not fit for a group."""
    values = {
        "key_id": entry.key_id,
        "version": entry.version,
        "dialect": entry.dialect,
        "event_count": entry.event_count,
        "payload": entry.payload,
        "digest": idempotency.digest,
        "body_digest": idempotency.body_digest,
        "status": answer.status,
        "answer": answer.body,
        "workspace_id": key.workspace_id,
    }
    ((is_valid, is_new),) = commit.ask(ACCEPT_ONCE, values)
    if not is_valid:
        raise KeyNoLongerValid
    return Accepted(answer) if is_new else _given(values)


def _accept_open_once(
    entries: Sequence[OpenRow], idempotency: Idempotency, answer: Answer
) -> Accepted:
    """As `_accept_once`; the key is filed under no workspace, as it may be several."""
    values = {
        **open_values(entries),
        "digest": idempotency.digest,
        "body_digest": idempotency.body_digest,
        "status": answer.status,
        "answer": answer.body,
        "workspace_id": 0,
    }
    ((is_new,),) = commit.ask(ACCEPT_OPEN_ONCE, values)
    return Accepted(answer) if is_new else _given(values)


def _given(values: Mapping[str, Any]) -> Accepted:
    """Return what was answered to the earlier request under an Idempotency-Key."""
    earlier = commit.ask(ANSWER_GIVEN, values)
    if not earlier:
        raise StoreUnavailable("the Idempotency-Key was pruned this very moment")
    body_digest, status, body = earlier[0]
    if body_digest != values["body_digest"]:
        raise IdempotencyConflict
    return Accepted(Answer(status, bytes(body)), is_repeat=True)
