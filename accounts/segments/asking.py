"""Ways to ask columns: numbers, text, choices, moments, flags, rows of other tables.

Each makes a `Where`: a filter out of a positive question. The opposites (``none_of``,
``not_equals``, …) are made of them by `accounts.segments.compile`.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Lower
from django.db.models.lookups import In

from accounts.segments.context import Asked, Context
from accounts.segments.operators import Operator
from accounts.segments.sql import InSet

Where = Callable[[Asked], Q]

LOOKUPS = {
    Operator.AT_LEAST: "gte",
    Operator.AT_MOST: "lte",
    Operator.ABOVE: "gt",
    Operator.BELOW: "lt",
    Operator.EQUALS: "exact",
}
TEXT_LOOKUPS = {
    Operator.EQUALS: "iexact",
    Operator.CONTAINS: "icontains",
    Operator.STARTS_WITH: "istartswith",
}


def column(name: str, *, absent: float | None = None) -> Where:
    """Ask a number. Where there is none it counts as ``absent``, or fails."""

    def where(asked: Asked) -> Q:
        if asked.operator == Operator.KNOWN:
            return Q(**{f"{name}__isnull": False})
        value: Any = asked.value
        found = Q(**{f"{name}__{LOOKUPS[asked.operator]}": value})
        if absent is not None and _holds(absent, asked.operator, value):
            found |= Q(**{f"{name}__isnull": True})
        return found

    return where


def _holds(number: float, operator: Operator, bound: float) -> bool:
    match operator:
        case Operator.AT_LEAST:
            return number >= bound
        case Operator.AT_MOST:
            return number <= bound
        case Operator.ABOVE:
            return number > bound
        case Operator.BELOW:
            return number < bound
        case _:
            return number == bound


def text(name: str) -> Where:
    """Ask a text column that is empty where nothing is known."""

    def where(asked: Asked) -> Q:
        value: Any = asked.value
        if asked.operator == Operator.KNOWN:
            return ~Q(**{name: ""})
        if asked.operator == Operator.ONE_OF:
            return Q(In(Lower(F(name)), [str(one).lower() for one in value]))
        return Q(**{f"{name}__{TEXT_LOOKUPS[asked.operator]}": value})

    return where


def choice(name: str, *, absent: str | None = None) -> Where:
    """Ask a column that holds one of several values; ``absent`` where no row is."""

    def where(asked: Asked) -> Q:
        if asked.operator == Operator.KNOWN:
            return ~Q(**{name: ""})
        values: Any = asked.value
        found = Q(**{f"{name}__in": list(values)})
        if absent is not None and absent in values:
            found |= Q(**{f"{name}__isnull": True})
        return found

    return where


def moment(name: str) -> Where:
    """Ask a point in time, by UTC days."""

    def where(asked: Asked) -> Q:
        context, value = asked.context, asked.value
        match asked.operator:
            case Operator.KNOWN:
                return Q(**{f"{name}__isnull": False})
            case Operator.WITHIN | Operator.ON_OR_AFTER:
                lookup = "gte"
            case _:
                lookup = "lt"
        if isinstance(value, int):
            first = context.first_day(value)
        else:
            first = date.fromisoformat(str(value))
        return Q(**{f"{name}__{lookup}": context.beginning_of(first)})

    return where


def flag(condition: Callable[[Context], Q]) -> Where:
    """Ask something that is or is not so."""

    def where(asked: Asked) -> Q:
        found = condition(asked.context)
        return found if asked.operator == Operator.YES else ~found

    return where


def related(rows: Callable[[Asked], Any], name: str) -> Where:
    """Ask which of several another table holds for it.

    ``rows`` is a query of ids of the subject; ``name`` its column with the values.
    """

    def where(asked: Asked) -> Q:
        chosen = rows(asked)
        if asked.operator == Operator.ONE_OF:
            values: Any = asked.value
            chosen = chosen.filter(**{f"{name}__in": list(values)})
        return Q(InSet("pk", chosen))

    return where
