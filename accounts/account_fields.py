"""The fields of accounts, built-in and a workspace's own: what values they take.

Text in, value out, and back again; nothing here writes. The page, the admin, files
and plug-ins all come through `read`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.countries import country_code, country_names
from accounts.models import Account, AccountField, Workspace
from accounts.models.account_field import FieldKind

# As JSON and as columns hold them; a date is ISO 8601 text.
Value = str | int | float | bool

NAME = "name"
# Kinds that only built-in fields have.
COUNTRY, EMPLOYEES = "country", "employees"
LONGEST_TEXT = 200
MOST_EMPLOYEES = 2**31 - 1
LARGEST_NUMBER = 1e15
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_WHOLE = re.compile(r"\d+")
# 50-200, 50 – 200, 50 to 200, 1000+, >1000.
_RANGE = re.compile(r">?\s*(\d+)\s*(?:\+|(?:-|–|—|to|\.\.)\s*\d+)?")
_YES = frozenset({"1", "on", "t", "true", "y", "yes"})
_NO = frozenset({"0", "f", "false", "n", "no", "off"})


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an account: what it is called and which values it takes."""

    key: str
    label: str
    # A `FieldKind`, or COUNTRY or EMPLOYEES.
    kind: str
    choices: tuple[str, ...] = ()
    is_built_in: bool = False
    longest: int = LONGEST_TEXT


NAME_SPEC = FieldSpec(NAME, "Name", FieldKind.TEXT, is_built_in=True)
BUILT_IN = (
    FieldSpec("country", "Country", COUNTRY, is_built_in=True),
    FieldSpec("industry", "Industry", FieldKind.TEXT, is_built_in=True, longest=100),
    FieldSpec("employees", "Employees", EMPLOYEES, is_built_in=True),
)


def field_specs(workspace: Workspace) -> tuple[FieldSpec, ...]:
    """Return the built-in fields and the workspace's own, in order; one query."""
    own = AccountField.objects.in_workspace(workspace)
    return (*BUILT_IN, *(spec_of(field) for field in own))


def spec_of(field: AccountField) -> FieldSpec:
    """Return what a field of a workspace's own takes."""
    choices = tuple(str(choice) for choice in field.choices or ())
    return FieldSpec(field.key, field.label, field.kind, choices)


def value_of(account: Account, spec: FieldSpec) -> Value | None:
    """Return an account's value of a field, None where it has none."""
    return pick(spec, vars(account), account.fields)


def pick(
    spec: FieldSpec, columns: Mapping[str, Any], own: Mapping[str, Any]
) -> Value | None:
    """Return the value of a field out of an account's columns and own fields."""
    value = columns.get(spec.key) if spec.is_built_in else own.get(spec.key)
    return None if value is None or value == "" else value


def read(spec: FieldSpec, text: str) -> Value | None:
    """Read what somebody typed; None for nothing.

    Numbers may have commas between thousands. Employees may be a range, of which the
    lower end is kept: 50 for ``50-200``, 1000 for ``1,000+``. A country is a code or
    an English name.

    Raises:
        ValueError: it is no value of the field; the message says why, for people.
    """
    text = text.replace("\0", "").strip()
    if not text:
        return None
    if spec.kind == FieldKind.CHOICE:
        return _choice(text, spec.choices)
    if reader := READERS.get(spec.kind):
        return reader(text)
    if len(text) > spec.longest:
        raise ValueError(f"has more than {spec.longest} characters.")
    return text


def read_any(spec: FieldSpec, value: object) -> Value | None:
    """Read a value that a program offers: as typed, or of the right type already.

    Raises:
        ValueError: it is no value of the field.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return read(spec, "yes" if value else "no")
    if isinstance(value, date):
        return read(spec, value.isoformat()[:10])
    if isinstance(value, str | int | float):
        return read(spec, str(value))
    raise ValueError(f"is a {type(value).__name__}, which no field takes.")


def show(spec: FieldSpec, value: Value | None) -> str:
    """Write a value for people, "" for none."""
    if value is None:
        return ""
    if spec.kind == COUNTRY:
        name = country_names().get(str(value))
        return f"{name} ({value})" if name else str(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return f"{value:,}"
    return str(value)


def as_typed(value: Value | None) -> str:
    """Write a value as `read` reads it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def without_thousands(text: str) -> str:
    """Take out the commas between thousands."""
    return _THOUSANDS.sub("", text)


def _number(text: str) -> int | float:
    plain = without_thousands(text)
    try:
        number = float(plain)
    except ValueError:
        raise ValueError(f"“{text}” is no number such as 1200 or 0.5.") from None
    if not math.isfinite(number) or abs(number) > LARGEST_NUMBER:
        raise ValueError(f"“{text}” is no number that can be kept.")
    return int(number) if number.is_integer() else number


def _employees(text: str) -> int:
    found = _RANGE.fullmatch(without_thousands(text))
    if found is None or int(found[1]) > MOST_EMPLOYEES:
        raise ValueError(f"“{text}” is no number of people such as 120 or 50-200.")
    return int(found[1])


def is_range(text: str) -> bool:
    """Say whether a number of employees is written as a range."""
    return not _WHOLE.fullmatch(without_thousands(text.strip()))


def _country(text: str) -> str:
    code = country_code(text)
    if not code:
        raise ValueError(f"“{text}” is no country; write DE or Germany.")
    return code


def _yes_no(text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise ValueError(f"“{text}” is neither yes nor no.")
    return word in _YES


def _choice(text: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise ValueError(f"“{text}” is none of {', '.join(choices)}.")


def _date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is no date such as 2027-01-31.") from None
    return day.isoformat()


READERS: dict[str, Callable[[str], Value]] = {
    FieldKind.NUMBER: _number,
    FieldKind.YES_NO: _yes_no,
    FieldKind.DATE: _date,
    COUNTRY: _country,
    EMPLOYEES: _employees,
}
