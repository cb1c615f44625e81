"""Which days a page shows, and the days before them to compare with.

Days are UTC days. This is the only module that turns a choice of days into
moments and back; anything else handing it local time is a bug and is refused.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

CHOICES = (7, 30, 90)
DEFAULT_DAYS = 30
LONGEST_DAYS = 400
CUSTOM = "custom"
# Room for the periods that a page compares with.
EARLIEST = date(1900, 1, 1)


class PeriodError(ValueError):
    """The days asked for make no period; the message can be shown to a person."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole UTC days from `first` to `last`, both included."""

    first: date
    last: date
    key: str

    def __post_init__(self) -> None:
        """Refuse moments where days are meant, and days in the wrong order."""
        for day in (self.first, self.last):
            assert_day(day)
        if self.last < self.first:
            message = "The last day lies before the first."
            raise PeriodError(message)

    @property
    def length(self) -> int:
        """Return the number of days."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """Return the first moment of the period."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """Return the first moment after the period."""
        return start_of(self.last + timedelta(days=1))

    @property
    def days(self) -> tuple[date, ...]:
        """Return every day, in order."""
        return tuple(self.first + timedelta(days=nth) for nth in range(self.length))

    @property
    def label(self) -> str:
        """Name the period: `Last 30 days` or `3 Nov 2025 to 9 Nov 2025`."""
        if self.key != CUSTOM:
            return f"Last {self.length} days"
        if self.first == self.last:
            return _written(self.first)
        return f"{_written(self.first)} to {_written(self.last)}"

    @property
    def name_within(self) -> str:
        """Name the period within a sentence: `the last 30 days`, `these days`."""
        return f"the last {self.length} days" if self.key != CUSTOM else "these days"

    @property
    def previous_name(self) -> str:
        """Name the period before this one within a sentence."""
        return (
            "the previous day"
            if self.length == 1
            else f"the previous {self.length} days"
        )

    def previous(self) -> "Period":
        """Return as many days just before the first."""
        return Period(
            first=self.first - timedelta(days=self.length),
            last=self.first - timedelta(days=1),
            key=CUSTOM,
        )

    def same_weekdays_before(self) -> "Period":
        """Return as many days, whole weeks earlier, that begin on the same weekday.

        A day by day comparison with the period just before would lay weekends over
        working days.
        """
        back = timedelta(days=math.ceil(self.length / 7) * 7)
        return Period(first=self.first - back, last=self.last - back, key=CUSTOM)

    def fill(self, known: Mapping[date, float]) -> tuple[float, ...]:
        """Return one value for every day, zero where nothing is known."""
        for day in known:
            assert_day(day)
        return tuple(known.get(day, 0.0) for day in self.days)

    def fill_gaps(self, known: Mapping[date, float]) -> tuple[float | None, ...]:
        """Return one value for every day, None where nothing was measured."""
        for day in known:
            assert_day(day)
        return tuple(known.get(day) for day in self.days)


def last_days(count: int, *, today: date) -> Period:
    """Return the period of `count` days ending today."""
    return Period(first=today - timedelta(days=count - 1), last=today, key=f"{count}d")


def custom(first: date, last: date, *, today: date) -> Period:
    """Return the days from `first` to `last`, cut at today.

    Raises PeriodError when nothing is left, more than LONGEST_DAYS are, or the first
    lies before EARLIEST.
    """
    if first < EARLIEST:
        message = f"Days before {EARLIEST.year} cannot be shown."
        raise PeriodError(message)
    if first > today:
        message = "The first day lies in the future."
        raise PeriodError(message)
    period = Period(first=first, last=min(last, today), key=CUSTOM)
    if period.length > LONGEST_DAYS:
        message = f"At most {LONGEST_DAYS} days can be shown at once."
        raise PeriodError(message)
    return period


def today_utc(now: datetime) -> date:
    """Return the UTC day of an aware moment."""
    assert_utc(now)
    return now.date()


def start_of(day: date) -> datetime:
    """Return the first moment of a UTC day."""
    assert_day(day)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def hours_until(now: datetime, *, count: int) -> tuple[datetime, ...]:
    """Return the `count` whole hours ending with the hour of `now`."""
    assert_utc(now)
    last = now.replace(minute=0, second=0, microsecond=0)
    return tuple(last - timedelta(hours=back) for back in range(count - 1, -1, -1))


def fill_hours(
    hours: tuple[datetime, ...], known: Mapping[datetime, float]
) -> tuple[float, ...]:
    """Return one value for every hour, zero where nothing is known."""
    for hour in known:
        assert_utc(hour)
    return tuple(known.get(hour, 0.0) for hour in hours)


def assert_utc(moment: datetime) -> None:
    """Trip over naive or local moments where buckets are computed."""
    if moment.tzinfo is None or moment.utcoffset() != timedelta(0):
        message = f"{moment!r} is not in UTC."
        raise ValueError(message)


def assert_day(day: date) -> None:
    """Trip over a moment where a day is meant: a datetime is also a date."""
    if isinstance(day, datetime):
        message = f"{day!r} is a moment, not a day."
        raise TypeError(message)


def _written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
