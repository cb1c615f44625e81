"""The arithmetic of scores: numbers in, numbers out.

Nothing here reads the database. `accounts/sql/score_use_points.sql` says the same in
SQL; a test holds the two together.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from accounts.models.score import Damp

# Uses older than this many half-lives before the landmark count nothing. 2^-200 of
# any weight is far below what a page can show, and its square is still a double.
OLDEST_HALF_LIVES = 200.0
# exp() of anything smaller underflows, which PostgreSQL reports as an error.
LARGEST_EXPONENT = 700.0
# Half of the last digit that pages show of a score.
HALF_SHOWN = 0.05


class Band(StrEnum):
    """How warm an account or a developer is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def label(self) -> str:
        """The word on pages."""
        return self.value.title()


def shown_score(score: float) -> Decimal:
    """Return a score as it is written everywhere: with one decimal."""
    return Decimal(f"{score:.1f}")


class Bands(Protocol):
    """What `band_of` needs of a score model."""

    @property
    def high_from(self) -> float:
        """Score from which it is High."""

    @property
    def medium_from(self) -> float:
        """Score from which it is Medium."""


def damp(uses: float, by: str = Damp.LOG2) -> float:
    """Return what a number of uses on one day is worth, in uses.

    With the logarithm: 1, 1.6, 2, … for 1, 2, 3, …; nothing for none, by any.
    """
    match by:
        case Damp.LINEAR:
            return uses
        case Damp.SQRT:
            return math.sqrt(uses)
        case Damp.ONCE:
            return min(uses, 1.0)
    return math.log2(1.0 + uses)


def decay(days: float, half_life_days: float) -> float:
    """Return the factor left of something after a number of days: ½ at the half-life.

    Negative days (usage of a day that has only begun elsewhere) give more than 1.
    """
    half_lives = days / half_life_days
    if half_lives > OLDEST_HALF_LIVES:
        return 0.0
    return math.pow(2.0, -max(half_lives, -OLDEST_HALF_LIVES))


def decay_from_landmark(*, landmark: date, today: date, half_life_days: float) -> float:
    """Return what stored points are multiplied with to have those of a day.

    Never 0: stored points are bounded below by `OLDEST_HALF_LIVES`, so that their
    product stays a double for 400 half-lives.
    """
    half_lives = (today - landmark).days / half_life_days
    bounded = min(max(half_lives, -OLDEST_HALF_LIVES), OLDEST_HALF_LIVES)
    return math.pow(2.0, -bounded)


def score_from_points(points: float, scale: float) -> float:
    """Return the score, 0 to 100, of points; ``scale`` points score 63."""
    return -100.0 * math.expm1(-min(points / scale, LARGEST_EXPONENT))


def points_at_score(score: float, scale: float) -> float:
    """Return the points that a score needs; the reverse of `score_from_points`."""
    return -scale * math.log1p(-score / 100.0)


def scale_for_median(points: float) -> float:
    """Return the scale at which this many points score 50."""
    return points / math.log(2.0)


def band_of(score: float, model: Bands) -> Band:
    """Return the band of a score as pages show it, with one decimal.

    59.96 reads 60.0, and a High that reads 60.0 must not be called Medium.
    """
    if score >= model.high_from - HALF_SHOWN:
        return Band.HIGH
    if score >= model.medium_from - HALF_SHOWN:
        return Band.MEDIUM
    return Band.LOW


def effective_developers(total: float, squares: float) -> float:
    """Return (Σp)² / Σp²: how many equally active people would look like these.

    ``total`` and ``squares`` are Σp and Σp² over the developers' points. At least 1;
    multiplying all points with one factor changes nothing.
    """
    return max(total * total / squares, 1.0) if squares > 0.0 else 1.0


def breadth_points(points: float, effective: float, bonus: float) -> float:
    """Return the points added for use by several people: ``bonus`` per doubling."""
    return bonus * points * math.log2(effective)


def running_points(
    uses: Iterable[tuple[date, float]], days: Sequence[date], half_life_days: float
) -> list[float]:
    """Return the points at the end of each of some days, from points by day of use.

    ``uses`` and ``days`` ascend; use before the first day belongs to it decayed.
    """
    pending = list(reversed(list(uses)))
    points, at, result = 0.0, None, []
    for day in days:
        while pending and pending[-1][0] <= day:
            used_on, gained = pending.pop()
            if at is not None:
                points *= decay((used_on - at).days, half_life_days)
            points, at = points + gained, used_on
        if at is not None:
            points *= decay((day - at).days, half_life_days)
            at = day
        result.append(points)
    return result


def apportion(
    parts: Sequence[float], *, digits: int = 2, total: Decimal | None = None
) -> list[Decimal]:
    """Round parts so that they add up exactly to their rounded sum.

    Largest remainder: each is rounded down, and the units still missing go to those
    that lost most. No part is off by a whole unit of the last digit. ``total`` is the
    rounded sum where it was rounded elsewhere.
    """
    unit = 10**digits
    scaled = [part * unit for part in parts]
    whole = [math.floor(value) for value in scaled]
    wanted = round(math.fsum(scaled)) if total is None else int(total.scaleb(digits))
    by_loss = sorted(range(len(parts)), key=lambda i: (whole[i] - scaled[i], i))
    for i in by_loss[: wanted - sum(whole)]:
        whole[i] += 1
    return [Decimal(value).scaleb(-digits) for value in whole]
