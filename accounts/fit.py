"""How well an account fits what a workspace is looking for: numbers in, words out.

Each criterion names a field, the values liked best and second best, and how much it
matters. Nothing here reads the database; `accounts.fit_store` keeps the results.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from accounts import account_fields
from accounts.account_fields import COUNTRY, EMPLOYEES, FieldSpec, Value
from accounts.models.account_field import FieldKind
from accounts.models.fit import Fit
from accounts.scoring import apportion

LEAST_IMPORTANT, MOST_IMPORTANT = 1, 5
MOST_CRITERIA = 20
MOST_VALUES = 100
# Share of a criterion's points by what matched.
FIRST_SHARE, SECOND_SHARE = 1.0, 0.5
_COMMA = re.compile(r",(?!\d{3}(?:\D|$))|(?<!\d),")
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|–|—|to|\.\.)\s*{_NUMBER}")
_FROM = re.compile(rf"(?:{_NUMBER}\s*\+|>=\s*{_NUMBER}|≥\s*{_NUMBER})")
_ABOVE = re.compile(rf">\s*{_NUMBER}")
_BELOW = re.compile(rf"<\s*{_NUMBER}")
_UP_TO = re.compile(rf"(?:<=|≤)\s*{_NUMBER}")
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)?\s*(?:\.\.|to)\s*(\d{4}-\d\d-\d\d)?")

Test = Callable[[Value], bool]


class Match(StrEnum):
    """What an account's value of one field is to the criterion."""

    FIRST = "first"
    SECOND = "second"
    NEITHER = "neither"
    UNKNOWN = "unknown"


SHARES = {
    Match.FIRST: FIRST_SHARE,
    Match.SECOND: SECOND_SHARE,
    Match.NEITHER: 0.0,
    Match.UNKNOWN: 0.0,
}


@dataclass(frozen=True, slots=True)
class Preference:
    """One value or range that is liked, as typed and as a test."""

    text: str
    matches: Test


@dataclass(frozen=True, slots=True)
class Criterion:
    """One field, what is liked best and second best of it, and how much it matters."""

    spec: FieldSpec
    first: tuple[Preference, ...]
    second: tuple[Preference, ...]
    importance: int

    def judge(self, value: Value | None) -> tuple[Match, str]:
        """Return what a value is to the criterion, and which preference it met."""
        if value is None:
            return Match.UNKNOWN, ""
        for match, preferences in (
            (Match.FIRST, self.first),
            (Match.SECOND, self.second),
        ):
            for preference in preferences:
                if preference.matches(value):
                    return match, preference.text
        return Match.NEITHER, ""

    def as_json(self) -> dict[str, Any]:
        """Write it as `FitModel.criteria` holds it."""
        return {
            "field": self.spec.key,
            "first": [one.text for one in self.first],
            "second": [one.text for one in self.second],
            "importance": self.importance,
        }


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shares of the points from which on a fit is Strong, or Moderate."""

    strong_from: float
    moderate_from: float


@dataclass(frozen=True, slots=True)
class FitLine:
    """One line of the explanation; the points of all lines add up to the sum."""

    label: str
    # The account's value in words; "" when it is not known.
    value: str
    match: Match
    preference: str
    importance: int
    points: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an account fits as it does; points out of 100."""

    fit: str
    lines: tuple[FitLine, ...]
    points: Decimal
    # How many of the values were not known.
    unknown: int

    @property
    def label(self) -> str:
        """The word on pages."""
        return Fit(self.fit).label if self.fit else "Not known"


def rate(
    criteria: Sequence[Criterion], values: Sequence[Value | None], bounds: Bounds
) -> tuple[str, float | None]:
    """Return the fit and the share of the points reached, of one account.

    A value that is not known counts as one that is not liked: not knowing never makes
    a fit stronger. Where no value is known at all, there is no fit ("" and None).
    """
    most = sum(criterion.importance for criterion in criteria)
    if not most or all(value is None for value in values):
        return "", None
    reached = sum(
        criterion.importance * SHARES[criterion.judge(value)[0]]
        for criterion, value in zip(criteria, values, strict=True)
    )
    share = reached / most
    # Thirds and tenths do not add up exactly in doubles; a millionth decides nothing.
    if share >= bounds.strong_from - 1e-6:
        return Fit.STRONG.value, share
    if share >= bounds.moderate_from - 1e-6:
        return Fit.MODERATE.value, share
    return Fit.WEAK.value, share


def explain(
    criteria: Sequence[Criterion], values: Sequence[Value | None], bounds: Bounds
) -> Explanation:
    """Return the lines behind `rate`, whose points add up exactly."""
    fit, _ = rate(criteria, values, bounds)
    most = sum(criterion.importance for criterion in criteria) or 1
    judged = [
        criterion.judge(value)
        for criterion, value in zip(criteria, values, strict=True)
    ]
    weights = [100.0 * criterion.importance / most for criterion in criteria]
    points = apportion(
        [
            weight * SHARES[match]
            for weight, (match, _) in zip(weights, judged, strict=True)
        ],
        digits=1,
    )
    lines = tuple(
        FitLine(
            label=criterion.spec.label,
            value=account_fields.show(criterion.spec, value),
            match=match,
            preference=preference,
            importance=criterion.importance,
            points=gained,
            most=whole,
        )
        for criterion, value, (match, preference), gained, whole in zip(
            criteria, values, judged, points, apportion(weights, digits=1), strict=True
        )
    )
    return Explanation(
        fit=fit,
        lines=lines,
        points=sum((line.points for line in lines), Decimal(0)),
        unknown=sum(match == Match.UNKNOWN for match, _ in judged),
    )


# ---- Reading criteria


def read_criteria(
    data: Iterable[Mapping[str, Any]], specs: Mapping[str, FieldSpec]
) -> list[Criterion]:
    """Read what `FitModel.criteria` holds; a field that is gone has no criterion."""
    return [
        read_criterion(
            specs[entry["field"]],
            first=entry["first"],
            second=entry["second"],
            importance=entry["importance"],
        )
        for entry in data
        if entry["field"] in specs
    ]


def read_criterion(
    spec: FieldSpec,
    *,
    first: Sequence[str],
    second: Sequence[str],
    importance: int,
) -> Criterion:
    """Read one criterion.

    Raises:
        ValueError: a value is none of the field, or the importance is out of range.
    """
    if not LEAST_IMPORTANT <= importance <= MOST_IMPORTANT:
        raise ValueError("The importance goes from 1 to 5.")
    if not first:
        raise ValueError(f"{spec.label}: say which values are liked best.")
    if len(first) + len(second) > MOST_VALUES:
        raise ValueError(f"{spec.label}: {MOST_VALUES} values at most.")
    return Criterion(
        spec=spec,
        first=tuple(_preference(spec, text) for text in first),
        second=tuple(_preference(spec, text) for text in second),
        importance=importance,
    )


def split_values(text: str) -> list[str]:
    """Divide typed values: at line ends or semicolons, else at commas.

    A comma between thousands divides nothing.
    """
    if "\n" in text.strip() or ";" in text:
        parts: Iterable[str] = re.split(r"[\n;]+", text)
    else:
        parts = _COMMA.split(text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def join_values(values: Sequence[str]) -> str:
    """Write values as `split_values` reads them back."""
    if any("," in value for value in values):
        return "\n".join(values) + ("\n;" if len(values) == 1 else "")
    return ", ".join(values)


def _preference(spec: FieldSpec, text: str) -> Preference:
    try:
        if spec.kind in {FieldKind.NUMBER, EMPLOYEES}:
            return Preference(text, _number_test(text))
        if spec.kind == FieldKind.DATE:
            return Preference(text, _date_test(spec, text))
        wanted = account_fields.read(spec, text)
    except ValueError as error:
        raise ValueError(f"{spec.label}: {error}") from None
    if wanted is None:
        raise ValueError(f"{spec.label}: a value is missing.")
    if isinstance(wanted, bool):
        return Preference("Yes" if wanted else "No", lambda value: value is wanted)
    folded = str(wanted).casefold()
    written = str(wanted) if spec.kind in {COUNTRY, FieldKind.CHOICE} else text
    return Preference(written, lambda value: str(value).casefold() == folded)


def _number_test(text: str) -> Test:
    plain = account_fields.without_thousands(text.strip())
    if found := _BETWEEN.fullmatch(plain):
        low, high = float(found[1]), float(found[2])
        if low > high:
            raise ValueError(f"“{text}” ends before it begins.")
        return lambda value: low <= float(value) <= high
    if found := _FROM.fullmatch(plain):
        low = float(next(one for one in found.groups() if one))
        return lambda value: float(value) >= low
    if found := _ABOVE.fullmatch(plain):
        low = float(found[1])
        return lambda value: float(value) > low
    if found := _UP_TO.fullmatch(plain):
        high = float(found[1])
        return lambda value: float(value) <= high
    if found := _BELOW.fullmatch(plain):
        high = float(found[1])
        return lambda value: float(value) < high
    try:
        exact = float(plain)
    except ValueError:
        raise ValueError(f"“{text}” is no range such as 50-200, 200+ or <50.") from None
    return lambda value: float(value) == exact


def _date_test(spec: FieldSpec, text: str) -> Test:
    found = _DAYS.fullmatch(text.strip())
    if found is None:
        day = account_fields.read(spec, text)
        return lambda value: value == day
    first, last = (account_fields.read(spec, one or "") for one in found.groups())
    if first is None and last is None:
        raise ValueError("A range of days begins or ends somewhere.")
    low, high = str(first or ""), str(last or "9999-12-31")
    # ISO dates are ordered as their text is.
    return lambda value: low <= str(value) <= high
