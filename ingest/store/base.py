"""What an event store must do: take batches of events and answer raw-event questions.

Everything else is asked of entities, daily usage and scores, which stay in PostgreSQL
whatever keeps the events.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from ingest.events import StoredEvent


class Origin(NamedTuple):
    """What the events of one request have in common; ``received`` as in `Resolved`."""

    workspace_id: int
    api_key_id: int | None
    dialect: str
    received: int


# One event with every reference resolved, as the digest hands it over: the event, its
# origin, when it occurred (microseconds since 1970, UTC), identity, product and metric
# ids, flags, and its properties as JSON if the digest had something to add to them.
# A bare tuple, because a batch has tens of thousands.
Resolved = tuple[StoredEvent, Origin, int, int, int, int, int, bytes | None]


@dataclass(frozen=True)
class EventRow:
    """One event as a page shows it."""

    id: int
    occurred_at: datetime
    received_at: datetime
    identity_id: int
    product_id: int
    metric_id: int
    count: int
    value: float | None
    flags: int
    is_test: bool
    dialect: str
    source: str
    event_id: str
    environment: str
    session_id: str
    user_agent: str
    ip: str | None
    properties: dict[str, Any]


class Place(NamedTuple):
    """Where a page of a timeline ended: pass it on to get the next one."""

    occurred_at: datetime
    id: int


class Arrival(NamedTuple):
    """Where a page of arrived events ended: pass it on to get the next one."""

    received_at: datetime
    id: int


@dataclass(frozen=True)
class Whose:
    """Whose events, as identities are assigned now: None leaves a question open."""

    identity_id: int | None = None
    developer_id: int | None = None
    account_id: int | None = None


@dataclass(frozen=True)
class EventChoice:
    """Which events: None leaves a question open."""

    product_id: int | None = None
    metric_id: int | None = None
    is_test: bool | None = None


@dataclass(frozen=True)
class Share:
    """One value of a property and how often it occurred; None where it is absent."""

    value: str | None
    events: int
    identities: int


@dataclass(frozen=True)
class TrendPoint:
    """Events of one UTC day."""

    day: date
    events: int
    count: int


class EventStore(Protocol):
    """A place for raw events. Every question is about one workspace."""

    def append(self, events: Iterable[Resolved]) -> None:
        """Keep the events if, and only if, the caller's transaction commits.

        The iterable may work out each event as it is asked for.
        """

    def timeline(
        self,
        *,
        workspace_id: int,
        identity_ids: Sequence[int],
        before: Place | None = None,
        since: datetime | None = None,
        choice: EventChoice | None = None,
        limit: int = 50,
    ) -> list[EventRow]:
        """Return the events of these identities, latest first, before a place."""

    def arrived(
        self,
        *,
        workspace_id: int,
        after: Arrival,
        until: datetime,
        whose: Whose | None = None,
        choice: EventChoice | None = None,
        limit: int = 50,
    ) -> list[EventRow]:
        """Return what arrived after a place and before a moment, earliest first.

        ``whose`` None is everybody's.
        """

    def latest(self, *, workspace_id: int, limit: int = 50) -> list[EventRow]:
        """Return what arrived last, newest first, of the last 30 days."""

    def breakdown(
        self,
        *,
        workspace_id: int,
        name: str,
        since: datetime,
        until: datetime,
        metric_id: int | None = None,
        product_id: int | None = None,
        limit: int = 20,
    ) -> list[Share]:
        """Count events by the value of one top-level property, most frequent first."""

    def trend(
        self,
        *,
        workspace_id: int,
        since: datetime,
        until: datetime,
        metric_id: int | None = None,
        product_id: int | None = None,
    ) -> list[TrendPoint]:
        """Count events by UTC day; days without events are left out."""
