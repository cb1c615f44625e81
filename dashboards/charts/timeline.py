"""The time axis: slots of equal width, and few, tidy labels below them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from dashboards.charts.words import Bucket

T = TypeVar("T")

# A label this near an edge (percent) is anchored to it, so that it is not cut off.
EDGE = 6.0
WEEK_OF_DAYS, SIX_WEEKS, FOUR_MONTHS, A_YEAR = 8, 45, 130, 365
A_DAY_OF_HOURS, THREE_DAYS_OF_HOURS = 25, 73
MAX_LABELS = 8


@dataclass(frozen=True, slots=True)
class XTick:
    """A label below the plot. Minor ones are hidden where the chart is narrow."""

    x: float
    label: str
    anchor: str
    minor: bool


def slot_centre(index: int, count: int) -> float:
    """Return the middle of slot `index` of `count`, in percent of the width."""
    return round((index + 0.5) / count * 100, 3)


def time_ticks(buckets: Sequence[Bucket]) -> tuple[XTick, ...]:
    """Return tidy labels: hours, days, Mondays, half months or months.

    Buckets are consecutive days or hours; at most eight labels come back.
    """
    labelled = _label_hours(buckets) or _label_days(buckets)
    ticks = []
    for index, label, minor in labelled:
        x = slot_centre(index, len(buckets))
        anchor = "middle"
        if len(buckets) > 1 and x < EDGE:
            anchor = "start"
        elif len(buckets) > 1 and x > 100 - EDGE:
            anchor = "end"
        ticks.append(XTick(x, label, anchor, minor))
    return tuple(ticks)


def _label_hours(buckets: Sequence[Bucket]) -> list[tuple[int, str, bool]]:
    hours = [bucket for bucket in buckets if isinstance(bucket, datetime)]
    if not hours:
        return []
    if len(hours) <= A_DAY_OF_HOURS:
        return [
            (index, f"{hour:%H:%M}", hour.hour % 6 != 0)
            for index, hour in enumerate(hours)
            if hour.hour % 3 == 0
        ][-MAX_LABELS:]
    every = 12 if len(hours) <= THREE_DAYS_OF_HOURS else 24
    chosen = [(i, hour) for i, hour in enumerate(hours) if hour.hour % every == 0]
    return [
        (
            index,
            f"{hour:%a} {hour.day}" if hour.hour == 0 else f"{hour:%H:%M}",
            hour.hour != 0 or (every > 12 and nth % 2 == 1),  # noqa: PLR2004
        )
        for nth, (index, hour) in enumerate(_thin(chosen))
    ]


def _label_days(buckets: Sequence[date]) -> list[tuple[int, str, bool]]:
    days = list(enumerate(buckets))
    if len(days) <= WEEK_OF_DAYS:
        return [(i, f"{day:%a} {day.day}", i % 2 == 1) for i, day in days]
    if len(days) <= SIX_WEEKS:
        mondays = [(i, day) for i, day in days if day.weekday() == 0]
        return [
            (i, f"{day.day} {day:%b}", nth % 2 == 1)
            for nth, (i, day) in enumerate(mondays)
        ]
    if len(days) <= FOUR_MONTHS:
        halves = [(i, day) for i, day in days if day.day in {1, 15}]
        return [(i, f"{day.day} {day:%b}", day.day != 1) for i, day in halves]
    # The same month twice must not read the same.
    years = len(days) > A_YEAR
    months = _thin([(i, day) for i, day in days if day.day == 1])
    return [
        (i, f"{day:%b %Y}" if years or day.month == 1 else f"{day:%b}", nth % 2 == 1)
        for nth, (i, day) in enumerate(months)
    ]


def _thin(items: list[T]) -> list[T]:
    every = math.ceil(len(items) / MAX_LABELS) or 1
    return items[::every]


def next_bucket(bucket: Bucket) -> Bucket:
    """Return the bucket after this one: the next hour or the next day."""
    if isinstance(bucket, datetime):
        return bucket + timedelta(hours=1)
    return bucket + timedelta(days=1)


def check_series(buckets: Sequence[Bucket], *series: Sequence[object]) -> None:
    """Refuse series of another length than their buckets, and gaps in time."""
    for values in series:
        if len(values) != len(buckets):
            message = f"{len(values)} values for {len(buckets)} buckets."
            raise ValueError(message)
    for before, after in pairwise(buckets):
        if next_bucket(before) != after:
            message = f"A gap in time between {before} and {after}: fill it first."
            raise ValueError(message)
