"""Single events for people to look at: one developer's, and the latest to arrive.

The events come from the event store; who and what they name, from here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from accounts.models import Identity, Metric, Product, RedFlag, Workspace
from dashboards.charts import full
from dashboards.paging import decode, encode
from ingest.models import Event
from ingest.store import EventRow, Place, event_store

# Bits of an event that its line names; the future has words of its own.
ODD = tuple(flag for flag in Event.Flag if flag != Event.Flag.CLOCK_IN_FUTURE)
BURST = RedFlag.Kind.BURST
TIMELINE_PAGE = 40
TAIL = 20


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as a line of text is made of it."""

    pk: int
    identity_id: int
    at: datetime
    received_at: datetime
    metric: str
    product: str
    count: int
    # What it adds to the lifetime value, or "".
    worth: str
    environment: str
    dialect: str
    known_as: str
    is_test: bool
    clock_in_future: bool
    # What else is odd about it, in words.
    red_flags: tuple[str, ...]
    developer_id: int | None
    developer: str
    account_id: int | None
    account: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a developer's events, newest first, by UTC day."""

    days: tuple[tuple[date, tuple[Happening, ...]], ...]
    next_cursor: str


def timeline(
    workspace: Workspace, identity_ids: Iterable[int], params: Mapping[str, str]
) -> Timeline:
    """Return a page of the events of some identities; `after=` asks for older ones."""
    edge = decode(params.get("after", ""))
    place = None
    if edge is not None and isinstance(edge[0], datetime):
        place = Place(edge[0], edge[1])
    rows = event_store().timeline(
        workspace_id=workspace.pk,
        identity_ids=list(identity_ids),
        before=place,
        limit=TIMELINE_PAGE + 1,
    )
    shown = _happenings(workspace, rows[:TIMELINE_PAGE])
    last = rows[TIMELINE_PAGE - 1] if len(rows) > TIMELINE_PAGE else None
    return Timeline(
        days=tuple(
            (day, tuple(happenings))
            for day, happenings in groupby(shown, key=lambda one: one.at.date())
        ),
        next_cursor=encode(last.occurred_at, last.id) if last else "",
    )


def latest(workspace: Workspace) -> tuple[Happening, ...]:
    """Return the events that arrived last."""
    rows = event_store().latest(workspace_id=workspace.pk, limit=TAIL)
    return tuple(_happenings(workspace, rows))


def _happenings(workspace: Workspace, rows: Sequence[EventRow]) -> list[Happening]:
    """Name what the events refer to, and what is odd, in four queries."""
    metrics = Metric.objects.in_workspace(workspace).in_bulk(
        {row.metric_id for row in rows}
    )
    products = Product.objects.in_workspace(workspace).in_bulk(
        {row.product_id for row in rows}
    )
    identities = (
        Identity.objects.in_workspace(workspace)
        .select_related("developer__account")
        .in_bulk({row.identity_id for row in rows})
    )
    bursts = _bursts(workspace, {row.identity_id for row in rows})
    return [
        _happening(
            row,
            metric=metrics.get(row.metric_id),
            product=products.get(row.product_id),
            identity=identities.get(row.identity_id),
            is_burst=(row.identity_id, row.event_id) in bursts,
        )
        for row in rows
    ]


def _bursts(workspace: Workspace, identities: set[int]) -> set[tuple[int, str]]:
    """Return the (identity, event id) that came again and again: flagged, not marked.

    The event was stored before it became a burst, and a stored event is never edited.
    """
    found = (
        RedFlag.objects.in_workspace(workspace)
        .open()
        .filter(kind=BURST, identity__in=identities)
        .values_list("identity", "evidence__event_id")
    )
    return {(identity, event) for identity, event in found if identity and event}


def _happening(
    row: EventRow,
    *,
    metric: Metric | None,
    product: Product | None,
    identity: Identity | None,
    is_burst: bool,
) -> Happening:
    # An event outlives what it names only for as long as an erasure takes.
    developer = identity.developer if identity else None
    account = developer.account if developer else None
    return Happening(
        pk=row.id,
        identity_id=row.identity_id,
        at=row.occurred_at,
        received_at=row.received_at,
        metric=str(metric) if metric else "a removed metric",
        product=product.name if product else "a removed product",
        count=row.count,
        worth=(
            full(row.value)
            if row.value and metric and metric.adds_to_lifetime_value
            else ""
        ),
        environment=row.environment,
        dialect=row.dialect,
        known_as=str(identity) if identity else "",
        is_test=row.is_test,
        clock_in_future=bool(row.flags & Event.Flag.CLOCK_IN_FUTURE),
        red_flags=(
            *(flag.label for flag in ODD if row.flags & flag),
            *([BURST.label] if is_burst else []),
        ),
        developer_id=developer.pk if developer else None,
        developer=str(developer) if developer else "removed",
        account_id=account.pk if account else None,
        account=account.name if account else "",
    )
