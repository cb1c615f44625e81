"""A request that is only rehearsed: the real code answers it, and nothing is kept.

Whoever explains a request (`ingest.doctor`) runs the dialect's own view inside a
transaction that is rolled back. The few things beside the database that a request
touches ask here first: counters, rate limits, hints and the list of refused requests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.db import transaction

from ingest.events import NormalizedEvent


class Objection(NamedTuple):
    """A wrong field, as the dialect's own reader put it."""

    field: str
    message: str


class Rehearsal:
    """What was seen while the real code dealt with a request."""

    def __init__(self) -> None:
        # What would have been stored.
        self.events: list[NormalizedEvent] = []
        self.objections: list[Objection] = []
        # Word of `Reason` and sentence, where it was turned away.
        self.reason = ""
        self.message = ""


_current: ContextVar[Rehearsal | None] = ContextVar("rehearsal", default=None)


def is_on() -> bool:
    """Say whether the request of this moment is only rehearsed."""
    return _current.get() is not None


def note_events(events: Sequence[NormalizedEvent]) -> None:
    """Note what would be stored; nothing where the request is a real one."""
    rehearsal = _current.get()
    if rehearsal is not None:
        rehearsal.events += events


def note_objection(field: str, message: str) -> None:
    """Note a wrong field; nothing where the request is a real one."""
    rehearsal = _current.get()
    if rehearsal is not None:
        rehearsal.objections.append(Objection(field, message))


def note_refusal(reason: str, message: str) -> None:
    """Note why it was turned away; nothing where the request is a real one."""
    rehearsal = _current.get()
    if rehearsal is not None:
        rehearsal.reason, rehearsal.message = reason, message


@contextmanager
def rehearse() -> Iterator[Rehearsal]:
    """Let whatever is called inside keep nothing, and see what it did."""
    rehearsal = Rehearsal()
    with transaction.atomic():
        token = _current.set(rehearsal)
        try:
            yield rehearsal
        finally:
            _current.reset(token)
            transaction.set_rollback(True)
