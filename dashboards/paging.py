"""Keyset paging: the next page starts after the last row, wherever it has moved.

Offsets would read and throw away every row before the page, and would skip rows
that arrive in between. A cursor is the sort value and the key of a page's edge.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)
PAGE_SIZE = 25
LARGEST_KEY = 2**63 - 1

SortValue = str | float | datetime


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list: a column without nulls, and the primary key.

    `value` reads the column from a row of the list; `kind` is the type it holds.
    """

    column: str
    key: str
    descending: bool
    value: Callable[[Any], SortValue]
    kind: type[SortValue]


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
    edge = decode(params.get("before" if backwards else "after", ""))
    if edge is not None and not isinstance(edge[0], order.kind):
        edge = None
    forwards = order.descending != backwards
    sign = "-" if forwards else ""
    if edge is not None:
        queryset = queryset.filter(_beyond(order, edge, smaller=forwards))
    found = list(
        queryset.order_by(f"{sign}{order.column}", f"{sign}{order.key}")[: size + 1]
    )
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page((), "", "")
    has_next = more if not backwards else edge is not None
    has_previous = more if backwards else edge is not None
    return Page(
        rows=tuple(found),
        next_cursor=encode(order.value(found[-1]), found[-1].pk) if has_next else "",
        previous_cursor=encode(order.value(found[0]), found[0].pk)
        if has_previous
        else "",
    )


def _beyond(order: Order, edge: tuple[SortValue, int], *, smaller: bool) -> Q:
    """Keep the rows after an edge, written so that an index on both columns helps."""
    value, key = edge
    comparison, inclusive = ("lt", "lte") if smaller else ("gt", "gte")
    return Q(**{f"{order.column}__{inclusive}": value}) & (
        Q(**{f"{order.column}__{comparison}": value})
        | Q(**{f"{order.key}__{comparison}": key})
    )


def encode(value: SortValue, key: int) -> str:
    """Write a cursor that fits into an address."""
    kind, text = "v", value
    if isinstance(value, datetime):
        kind, text = "t", value.astimezone(UTC).isoformat()
    packed = json.dumps([kind, text, key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(cursor: str) -> tuple[SortValue, int] | None:
    """Read a cursor; None for anything that `encode` did not write."""
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        kind, value, key = json.loads(packed)
        if type(key) is not int or not 0 < key <= LARGEST_KEY:
            return None
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
