"""What can be asked of a value, and which answers a condition may be given.

Pure reading of JSON values; nothing here knows a field or asks the database.
"""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

LONGEST_TEXT = 200
MOST_VALUES = 100
MOST_DAYS = 3650
LARGEST = 1e15


class Kind(StrEnum):
    """What the values of a field are."""

    NUMBER = "number"
    WHOLE = "whole"
    TEXT = "text"
    # One or several out of a list.
    CHOICE = "choice"
    MOMENT = "moment"
    FLAG = "flag"
    # Whatever JSON somebody sent; the type of the answer says what it is compared as.
    VALUE = "value"


class Operator(StrEnum):
    """What is asked of a value. Their names are part of the JSON form."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    WITHIN = "within"
    LONGER_AGO = "longer_ago"
    ON_OR_AFTER = "on_or_after"
    BEFORE = "before"
    YES = "yes"
    NO = "no"
    KNOWN = "known"
    UNKNOWN = "unknown"


COMPARISONS = (Operator.AT_LEAST, Operator.AT_MOST, Operator.ABOVE, Operator.BELOW)
EXISTENCE = (Operator.KNOWN, Operator.UNKNOWN)
# Operators that need no value.
BARE = frozenset({Operator.YES, Operator.NO, *EXISTENCE})
LISTS = frozenset({Operator.ONE_OF, Operator.NONE_OF})
DAYS = frozenset({Operator.WITHIN, Operator.LONGER_AGO})
DATES = frozenset({Operator.ON_OR_AFTER, Operator.BEFORE})
# The opposite of another operator: whoever has no value at all is among them.
OPPOSITES = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.UNKNOWN: Operator.KNOWN,
}

_TEXT = (
    Operator.EQUALS,
    Operator.NOT_EQUALS,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.ONE_OF,
    Operator.NONE_OF,
)
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.NUMBER: COMPARISONS,
    Kind.WHOLE: (*COMPARISONS, Operator.EQUALS, Operator.NOT_EQUALS),
    Kind.TEXT: (*_TEXT, *EXISTENCE),
    Kind.CHOICE: (Operator.ONE_OF, Operator.NONE_OF),
    Kind.MOMENT: (
        Operator.WITHIN,
        Operator.LONGER_AGO,
        Operator.ON_OR_AFTER,
        Operator.BEFORE,
        *EXISTENCE,
    ),
    Kind.FLAG: (Operator.YES, Operator.NO),
    Kind.VALUE: (
        *_TEXT,
        *COMPARISONS,
        Operator.ON_OR_AFTER,
        Operator.BEFORE,
        Operator.YES,
        Operator.NO,
        *EXISTENCE,
    ),
}

Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Which numbers make sense for a field."""

    low: float = -LARGEST
    high: float = LARGEST


def read_value(  # noqa: C901, PLR0911 a table of operators
    value: object, *, kind: Kind, operator: Operator, limits: Limits
) -> Value:
    """Return a value as a condition keeps it.

    Choices are read elsewhere, since they depend on the workspace.

    Raises:
        ValueError: the operator takes no such value; the message is a sentence.
    """
    if operator in BARE:
        if value is not None:
            raise ValueError(f"“{operator}” takes no value.")
        return None
    if value is None or value == "":
        raise ValueError("A value is missing.")
    if operator in LISTS:
        return read_list(value, kind=kind)
    if operator in DAYS:
        return read_whole(value, Limits(1, MOST_DAYS), unit="number of days")
    if operator in DATES:
        return read_date(value)
    if operator in COMPARISONS or kind in {Kind.NUMBER, Kind.WHOLE}:
        if kind == Kind.WHOLE:
            return read_whole(value, limits)
        return read_number(value, limits)
    if kind == Kind.VALUE and operator in {Operator.EQUALS, Operator.NOT_EQUALS}:
        return read_scalar(value)
    if kind == Kind.VALUE and not isinstance(value, str):
        raise ValueError("The value must be text.")
    return read_text(value)


def read_list(value: object, *, kind: Kind) -> tuple[Scalar, ...]:
    """Return the different values of a list, in order; one alone counts as a list."""
    given = value if isinstance(value, list | tuple) else [value]
    reader = read_scalar if kind == Kind.VALUE else read_text
    values = tuple(dict.fromkeys(reader(one) for one in given if one != ""))
    if not values:
        raise ValueError("A value is missing.")
    if len(values) > MOST_VALUES:
        raise ValueError(f"More than {MOST_VALUES} values.")
    return values


def read_text(value: object) -> str:
    """Return trimmed text."""
    if not isinstance(value, str):
        raise ValueError("The value must be text.")  # noqa: TRY004 a message for people
    text = value.strip()
    if not text:
        raise ValueError("A value is missing.")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"The value has more than {LONGEST_TEXT} characters.")
    if not text.isprintable():
        raise ValueError("The value holds characters that nobody can type.")
    return text


def read_scalar(value: object) -> Scalar:
    """Return text, a number or a truth."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return read_number(value, Limits())
    return read_text(value)


def read_number(value: object, limits: Limits) -> int | float:
    """Return a number within its limits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("The value must be a number.")  # noqa: TRY004
    try:
        is_finite = math.isfinite(value)
    except OverflowError:
        # A whole number of hundreds of digits.
        is_finite = False
    if not is_finite:
        raise ValueError("The value must be a number.")
    if not limits.low <= value <= limits.high:
        raise ValueError(
            f"The number must be between {limits.low:g} and {limits.high:g}."
        )
    return value


def read_whole(value: object, limits: Limits, unit: str = "number") -> int:
    """Return a whole number within its limits."""
    number = read_number(value, Limits())
    if number != int(number):
        raise ValueError(f"The {unit} must be whole.")
    if not limits.low <= number <= limits.high:
        raise ValueError(
            f"The {unit} must be between {limits.low:g} and {limits.high:g}."
        )
    return int(number)


def read_date(value: object) -> str:
    """Return a day as ISO 8601 text."""
    try:
        return date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise ValueError("The value must be a date such as 2026-05-31.") from None


def as_json(value: Value) -> Any:
    """Return a value as JSON holds it."""
    return list(value) if isinstance(value, tuple) else value
