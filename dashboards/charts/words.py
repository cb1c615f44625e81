"""How charts write numbers and say what they found, in plain sentences.

Responsible for wording only; which numbers to compare is the caller's choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

Bucket = date | datetime

_SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_LARGEST_PLAIN = 1e15


@dataclass(frozen=True, slots=True)
class Noun:
    """What is being counted, in both numbers: `Noun("event", "events")`."""

    one: str
    many: str

    def count(self, value: float) -> str:
        """Return the count with its noun, `1 event` or `1,204 events`."""
        return f"{full(value)} {self.one if value == 1 else self.many}"


EVENTS = Noun("event", "events")
# What usage counts: one event may stand for many uses.
USES = Noun("use", "uses")


def full(value: float) -> str:
    """Write a number for a table: thousands separated, at most two decimals."""
    if abs(value) >= _LARGEST_PLAIN:
        return f"{value:.3g}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def short(value: float) -> str:
    """Write a number for an axis in about four characters: `940`, `1.2k`, `3M`."""
    size = abs(value)
    if size >= _LARGEST_PLAIN:
        return f"{value:.2g}"
    for unit, suffix in _SUFFIXES:
        # 999,950 would print as "1,000k"; the next unit up reads better.
        if size >= unit * 0.99995:
            scaled = value / unit
            digits = 0 if abs(scaled) >= 100 else 1  # noqa: PLR2004
            text = f"{scaled:.{digits}f}"
            return (text.rstrip("0").rstrip(".") if digits else text) + suffix
    return full(round(value, 2))


def bucket_label(bucket: Bucket) -> str:
    """Name a day or an hour in full, as a table row says it."""
    if isinstance(bucket, datetime):
        return f"{bucket:%a} {bucket.day} {bucket:%b %Y, %H:%M}"
    return f"{bucket:%a} {bucket.day} {bucket:%b %Y}"


def percent_change(now: float, before: float) -> float | None:
    """Return the change in percent, or None when there was nothing before."""
    if before == 0:
        return None
    return (now - before) / abs(before) * 100


def change_sentence(what: str, *, now: float, before: float, period: str) -> str:
    """Say how a total moved against the period before it.

    `what` opens the sentence ("Events"); `period` names the comparison
    ("the previous 30 days").
    """
    if now == before:
        if now == 0:
            return f"{what}: none, and none in {period} either."
        return f"{what} stayed at {full(now)}, the same as {period}."
    change = percent_change(now, before)
    if change is None:
        return f"{what} reached {full(now)} after none in {period}."
    if now == 0:
        return f"{what} fell to none after {full(before)} in {period}."
    verb = "rose" if now > before else "fell"
    size = abs(change)
    amount = "less than 1 %" if size < 1 else f"{full(round(size))} %"
    return f"{what} {verb} {amount} on {period}: {full(now)} after {full(before)}."


def peak_sentence(
    buckets: Sequence[Bucket], values: Sequence[float], noun: Noun
) -> str:
    """Say the total and the busiest bucket of a non-empty series."""
    total = sum(values)
    unit = "hour" if isinstance(buckets[0], datetime) else "day"
    span = f"{len(buckets)} {unit}s" if len(buckets) > 1 else f"one {unit}"
    if not any(values):
        return f"No {noun.many} in {span}."
    top = max(range(len(values)), key=lambda index: values[index])
    if len(buckets) == 1:
        return f"{noun.count(total)} on {bucket_label(buckets[0])}."
    return (
        f"{noun.count(total)} in {span}; "
        f"the busiest was {bucket_label(buckets[top])} with {full(values[top])}."
    )
