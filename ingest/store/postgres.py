"""The event store in PostgreSQL: `ingest_event`, partitioned by month.

It writes on the caller's connection, so events commit together with the usage made
of them and the inbox rows they came from.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

from django.db import connection
from django.utils import timezone

from ingest.copying import (
    FALSE,
    NULL,
    POSTGRES_EPOCH,
    TRUE,
    copy_rows,
    float8,
    inet,
    int8,
    text,
    timestamptz,
)
from ingest.statements import statement
from ingest.store.base import (
    Arrival,
    EventChoice,
    EventRow,
    Origin,
    Place,
    Resolved,
    Share,
    TrendPoint,
    Whose,
)

# Fields that are the same for all events of a request come first, then the numbers of
# fixed size in one struct, then what repeats from event to event.
TARGET = (
    "ingest_event (workspace_id, api_key_id, received_at, dialect,"
    " identity_id, product_id, metric_id, occurred_at, count, flags,"
    " value, is_test, source, environment, user_agent,"
    " event_id, session_id, ip, properties)"
)
_COLUMNS = b"\x00\x13"
_numbers = Struct(">iqiqiqiqiiih").pack
_length = Struct(">i").pack
_json = Struct(">ib").pack
_EMPTY_TEXT = text("")
_END_OF_TIME = Place(datetime.max.replace(tzinfo=UTC), 0)
# How far back "latest" looks, widening until there is enough.
LATEST_STEPS = (timedelta(minutes=10), timedelta(days=1), timedelta(days=30))

# The first look for what arrived after a moment.
FIRST_STRETCH = timedelta(minutes=10)


class PostgresStore:
    """Implements `EventStore` with set-based SQL on one partitioned table."""

    def append(self, events: Iterable[Resolved]) -> None:
        """Keep the events, with COPY, in the transaction that is open."""
        with connection.cursor() as cursor:
            copy_rows(cursor, TARGET, encode_rows(events))

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
        before = before or _END_OF_TIME
        rows = _ask(
            "store_timeline",
            workspace=workspace_id,
            identities=list(identity_ids),
            before_at=before.occurred_at,
            before_id=before.id,
            since=since,
            most=limit,
            **_chosen(choice),
        )
        return [_event_row(row) for row in rows]

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

        A little time after another, twice as much each: a page stands early in it.
        """
        rows: list[tuple[Any, ...]] = []
        step = FIRST_STRETCH
        who = whose or Whose()
        while after.received_at < until and len(rows) < limit:
            end = min(after.received_at + step, until)
            rows += _ask(
                "store_arrived",
                workspace=workspace_id,
                of_somebody=who != Whose(),
                identity=who.identity_id,
                developer=who.developer_id,
                account=who.account_id,
                after_at=after.received_at,
                after_id=after.id,
                until=end,
                most=limit - len(rows),
                **_chosen(choice),
            )
            after, step = Arrival(end, 0), step * 2
        return [_event_row(row) for row in rows]

    def latest(self, *, workspace_id: int, limit: int = 50) -> list[EventRow]:
        """Return what arrived last, newest first, of the last 30 days."""
        rows: list[tuple[Any, ...]] = []
        for step in LATEST_STEPS:
            rows = _ask(
                "store_latest",
                workspace=workspace_id,
                since=timezone.now() - step,
                most=limit,
            )
            if len(rows) >= limit:
                break
        return [_event_row(row) for row in rows]

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
        rows = _ask(
            "store_breakdown",
            workspace=workspace_id,
            name=name,
            since=since,
            until=until,
            metric=metric_id,
            product=product_id,
            most=limit,
        )
        return [Share(*row) for row in rows]

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
        rows = _ask(
            "store_trend",
            workspace=workspace_id,
            since=since,
            until=until,
            metric=metric_id,
            product=product_id,
        )
        return [TrendPoint(*row) for row in rows]


def encode_rows(events: Iterable[Resolved]) -> Iterator[bytes]:
    """Encode events as binary COPY rows for `TARGET`.

    Raises struct.error or ValueError for a value that its column cannot hold.
    """
    last_origin, head = None, b""
    repeated: dict[tuple[str, str, str], bytes] = {}
    addresses: dict[str, bytes] = {"": NULL}
    for event, origin, occurred, identity, product, metric, flags, document in events:
        if origin is not last_origin:
            last_origin, head = origin, _head(origin)
        labels = (event.source, event.environment, event.user_agent)
        middle = repeated.get(labels)
        if middle is None:
            middle = repeated[labels] = b"".join([text(label) for label in labels])
        address = addresses.get(event.ip)
        if address is None:
            address = addresses[event.ip] = inet(event.ip)
        event_id = event.event_id.encode()
        properties = document or bytes(event.properties)
        yield b"".join(
            (
                head,
                _numbers(
                    *(8, identity, 8, product, 8, metric),
                    *(8, occurred - POSTGRES_EPOCH, 4, event.count, 2, flags),
                ),
                NULL if event.value is None else float8(event.value),
                TRUE if event.is_test else FALSE,
                middle,
                _length(len(event_id)),
                event_id,
                text(event.session_id) if event.session_id else _EMPTY_TEXT,
                address,
                # jsonb: its length with, and then, the version of the format.
                _json(len(properties) + 1, 1),
                properties,
            )
        )


def _head(origin: Origin) -> bytes:
    return b"".join(
        (
            _COLUMNS,
            int8(origin.workspace_id),
            int8(origin.api_key_id),
            timestamptz(origin.received),
            text(origin.dialect),
        )
    )


def _chosen(choice: EventChoice | None) -> dict[str, Any]:
    choice = choice or EventChoice()
    return {
        "product": choice.product_id,
        "metric": choice.metric_id,
        "test": choice.is_test,
    }


def _ask(name: str, /, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return list(cursor.fetchall())


def _event_row(row: tuple[Any, ...]) -> EventRow:
    # Django turns the driver's own JSON decoding off.
    return EventRow(*(*row[:-1], json.loads(row[-1])))
