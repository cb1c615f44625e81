"""When things happen: how an account's use rises and falls, and the hours of a day.

All pure: an account's course is a number per day, relative to the others.
"""

import math
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

# Share of the accounts that take each course.
COURSES = {
    "steady": 0.34,
    "warming": 0.15,
    "cooling": 0.14,
    "new": 0.11,
    "dormant": 0.12,
    "surging": 0.06,
    "sporadic": 0.08,
}
WEEKEND = 0.16
FRIDAY = 0.85
# Days without the usual work: the whole vendor's customers are quieter.
QUIET_SHARE = 0.35
FRIDAY_NUMBER = 4
NINE_TO_SIX = [
    *[0.15] * 6,
    *[0.5, 2.0, 6.0, 9.0, 10.0, 9.0, 5.0, 7.0, 9.5, 10.0, 8.5, 6.0],
    *[3.0, 2.0, 1.6, 1.2, 0.8, 0.4],
]


def course(kind: str, days: int, rng: random.Random) -> list[float]:
    """Return the relative activity of an account on each day, oldest first.

    Drawn with the account's own chances, so two warming accounts differ.
    """
    shape = _SHAPES[kind](days, rng)
    wobble = rng.uniform(0, math.tau)
    return [
        max(level, 0.0) * (1 + 0.15 * math.sin(wobble + day / 4))
        for day, level in enumerate(shape)
    ]


def weekly(level: Sequence[float], first: date, quiet: set[date]) -> list[float]:
    """Return a course with weekends, Fridays and quiet days in it."""
    result = []
    for offset, value in enumerate(level):
        day = first + timedelta(days=offset)
        factor = 1.0
        if day.weekday() > FRIDAY_NUMBER:
            factor = WEEKEND
        elif day.weekday() == FRIDAY_NUMBER:
            factor = FRIDAY
        result.append(value * factor * (QUIET_SHARE if day in quiet else 1.0))
    return result


def quiet_days(first: date, days: int, rng: random.Random) -> set[date]:
    """Return about one working day in forty on which everybody is quieter."""
    return {first + timedelta(days=n) for n in range(days) if rng.random() < 1 / 40}


def hours(ahead: float, working: float) -> list[float]:
    """Return the weight of each UTC hour for people ``ahead`` hours of UTC.

    ``working`` is the share of people; machines work around the clock.
    """
    people = sum(NINE_TO_SIX)
    shift = math.floor(ahead)
    return [
        working * NINE_TO_SIX[(hour + shift) % 24] / people + (1 - working) / 24
        for hour in range(24)
    ]


def _steady(days: int, rng: random.Random) -> list[float]:
    drift = rng.uniform(-0.25, 0.25)
    return [1 + drift * day / days for day in range(days)]


def _warming(days: int, rng: random.Random) -> list[float]:
    turn = days - rng.uniform(0.15, 0.45) * days
    return [0.25 + 1.75 / (1 + math.exp(-(day - turn) / 6)) for day in range(days)]


def _cooling(days: int, rng: random.Random) -> list[float]:
    turn = days - rng.uniform(0.12, 0.4) * days
    return [0.08 + 1.5 / (1 + math.exp((day - turn) / 5)) for day in range(days)]


def _new(days: int, rng: random.Random) -> list[float]:
    start = days - rng.randint(1, max(days // 5, 2))
    return [0.0 if day < start else 0.6 + 0.05 * (day - start) for day in range(days)]


def _dormant(days: int, rng: random.Random) -> list[float]:
    end = days - rng.uniform(0.25, 0.75) * days
    return [1.1 if day < end else 0.0 for day in range(days)]


def _surging(days: int, rng: random.Random) -> list[float]:
    start = days - rng.randint(2, max(days // 12, 3))
    height = rng.uniform(2, 4)
    return [0.6 if day < start else height for day in range(days)]


def _sporadic(days: int, rng: random.Random) -> list[float]:
    level, result = 0.0, []
    for _ in range(days):
        level = rng.uniform(1, 4) if rng.random() < 1 / 12 else level * 0.45
        result.append(level)
    return result


_SHAPES: dict[str, Callable[[int, random.Random], list[float]]] = {
    "steady": _steady,
    "warming": _warming,
    "cooling": _cooling,
    "new": _new,
    "dormant": _dormant,
    "surging": _surging,
    "sporadic": _sporadic,
}
