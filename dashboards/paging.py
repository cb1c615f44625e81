"""Keyset paging: the next page starts after the last row, wherever it has moved.

Offsets would read and throw away every row before the page, and would skip rows
that arrive in between. A cursor is the sort value and the key of a page's edge.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)
PAGE_SIZE = 25
LARGEST_KEY = 2**63 - 1

SortValue = str | float | datetime | date
# What a page ends or begins at: the sort value, None where a row has none, and the key.
Edge = tuple[SortValue | None, int]


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list: a column, and the primary key among equals.

    `value` reads the column from a row of the list; `kind` is the type it holds.
    `present` keeps the rows that have a value: none is needed for a column without
    nulls. `absent` keeps the others, which then come last, by their key; without it
    they are left out. Two conditions, because no index serves "nulls last" and a
    cursor at once.
    """

    column: str
    key: str
    descending: bool
    value: Callable[[Any], SortValue | None]
    kind: type[SortValue]
    present: Q | None = None
    absent: Q | None = None

    def reversed(self) -> "Order":
        """Return the same order the other way round; rows without a value stay last."""
        return replace(self, descending=not self.descending)


# Rows have their numbers in the order of their making.
BY_ID = Order("pk", "pk", False, lambda row: float(row.pk), float)
NEWEST_FIRST = BY_ID.reversed()
BY_NAME = Order("name", "pk", False, lambda row: row.name, str)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page and the cursors of its neighbours, empty at the ends."""

    rows: tuple[Row, ...]
    next_cursor: str
    previous_cursor: str


def paginate(
    queryset: models.QuerySet[Row],
    *,
    order: Order,
    params: Mapping[str, str],
    size: int = PAGE_SIZE,
) -> Page[Row]:
    """Return the page that `after=` or `before=` in the parameters asks for.

    A cursor that is not one of ours, or of another sort order, shows the first page.
    """
    backwards = "before" in params
    edge = edge_of(params.get("before" if backwards else "after", ""), order)
    found = _read(queryset, order, edge, size=size + 1, backwards=backwards)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page((), "", "")
    has_next = more if not backwards else edge is not None
    has_previous = more if backwards else edge is not None
    return Page(
        rows=tuple(found),
        next_cursor=cursor_at(found[-1], order) if has_next else "",
        previous_cursor=cursor_at(found[0], order) if has_previous else "",
    )


def edge_of(cursor: str, order: Order) -> Edge | None:
    """Read a cursor; None unless it is one of ours and of this order."""
    edge = decode(cursor)
    if edge is None:
        return None
    if edge[0] is None:
        return edge if order.absent is not None else None
    # A moment is a day to Python, and none to a column of days.
    return edge if type(edge[0]) is order.kind else None


def cursor_at(row: Any, order: Order) -> str:
    """Return the cursor of a row of a list."""
    # A row of those that lack the value may lack what would hold it, too.
    value = None
    with suppress(ObjectDoesNotExist):
        value = order.value(row)
    return encode(value, row.pk)


def _read(
    queryset: models.QuerySet[Row],
    order: Order,
    edge: Edge | None,
    *,
    size: int,
    backwards: bool,
) -> list[Row]:
    """Return the rows beyond an edge, nearest first: those with a value, the others.

    The second part is asked for only where the first does not fill the page.
    """
    parts = [order.present or Q(), *([order.absent] if order.absent else [])]
    if backwards:
        parts.reverse()
    if edge is not None and (edge[0] is None) != backwards and len(parts) > 1:
        # The edge lies in the part that comes last in this direction.
        parts = parts[1:]
    found: list[Row] = []
    forwards = order.descending != backwards
    sign = "-" if forwards else ""
    for part in parts:
        is_valued = part is not order.absent
        rows = queryset.filter(part)
        if edge is not None and (edge[0] is not None) == is_valued:
            rows = rows.filter(_beyond(order, edge, smaller=forwards))
        columns = [order.column, order.key] if is_valued else [order.key]
        rows = rows.order_by(*(f"{sign}{column}" for column in columns))
        found += rows[: size - len(found)]
        if len(found) == size:
            break
    return found


def _beyond(order: Order, edge: Edge, *, smaller: bool) -> Q:
    """Keep the rows after an edge, written so that an index on both columns helps."""
    value, key = edge
    comparison, inclusive = ("lt", "lte") if smaller else ("gt", "gte")
    by_key = Q(**{f"{order.key}__{comparison}": key})
    if value is None or order.column == order.key:
        return by_key
    return Q(**{f"{order.column}__{inclusive}": value}) & (
        Q(**{f"{order.column}__{comparison}": value}) | by_key
    )


def encode(value: SortValue | None, key: int) -> str:
    """Write a cursor that fits into an address."""
    kind, text = "n" if value is None else "v", value
    if isinstance(value, datetime):
        kind, text = "t", value.astimezone(UTC).isoformat()
    elif isinstance(value, date):
        kind, text = "d", value.isoformat()
    packed = json.dumps([kind, text, key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(cursor: str) -> Edge | None:
    """Read a cursor; None for anything that `encode` did not write."""
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        kind, value, key = json.loads(packed)
        if type(key) is not int or not 0 < key <= LARGEST_KEY:
            return None
        if kind == "n":
            return None, key
        if kind == "d":
            return date.fromisoformat(value), key
        return (_moment(value) if kind == "t" else _plain(value)), key
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment.astimezone(UTC)


def _plain(value: object) -> str | float:
    """Return text or a number that a database can compare; raises ValueError."""
    if type(value) is str:
        if "\0" in value:
            raise ValueError(value)
        # A lone surrogate raises here and not in the database's driver.
        value.encode()
        return value
    if type(value) not in {int, float}:
        raise TypeError(value)
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(value)
    return number
