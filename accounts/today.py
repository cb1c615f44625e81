"""What makes an account worth working on today: four parts that sum to 100.

Fit says how good a customer it would be, stage how far it has come, activity how warm
it is, and recency how lately something changed. Numbers in, numbers and words out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from accounts.models.fit import Fit
from accounts.models.score import Trend
from accounts.scoring import Bands, apportion, band_of
from accounts.trends import (
    CHANGE_DAYS,
    COOL_FROM,
    DORMANT_DAYS,
    SURGE_FROM,
    change_of,
)

FIT, STAGE, ACTIVITY, RECENCY = 20.0, 25.0, 25.0, 30.0
# A change counts whole on its day and nothing this many days later.
FADE_DAYS = 14
# Days of scores that `latest_change` looks at, today's included.
HISTORY_DAYS = FADE_DAYS + CHANGE_DAYS + 1


class Part(StrEnum):
    """One of the four."""

    FIT = "fit"
    STAGE = "stage"
    ACTIVITY = "activity"
    RECENCY = "recency"


MOST = {
    Part.FIT: FIT,
    Part.STAGE: STAGE,
    Part.ACTIVITY: ACTIVITY,
    Part.RECENCY: RECENCY,
}
LABELS = {
    Part.FIT: "Fit",
    Part.STAGE: "Stage",
    Part.ACTIVITY: "Activity",
    Part.RECENCY: "Recent change",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What changed last: a stage, a band or a trend."""

    on: date
    # When exactly, as far as that is known; the day's beginning otherwise.
    at: datetime
    # As in "Surging since 3 days ago", without the time.
    words: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an account on one day."""

    fit: str
    fit_points: float | None
    # Place of its stage in the order, from 1, of how many; 0 is no stage.
    stage: str
    stage_place: int
    stages: int
    score: float
    change: Change | None


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One part of the sum: what it gives, of how much, and what it rests on."""

    part: Part
    label: str
    points: Decimal
    most: int
    words: str

    @property
    def percent(self) -> int:
        """How much of the part there is, for a bar."""
        return round(100 * self.points / self.most)


def shares(standing: Standing, *, today: date) -> dict[Part, float]:
    """Return how much of each part an account has, 0 to 1."""
    place = min(max(standing.stage_place, 0), standing.stages)
    return {
        Part.FIT: min(max(standing.fit_points or 0.0, 0.0), 1.0),
        Part.STAGE: place / standing.stages if standing.stages else 0.0,
        Part.ACTIVITY: min(max(standing.score / 100.0, 0.0), 1.0),
        Part.RECENCY: freshness(standing.change, today=today),
    }


def freshness(change: Change | None, *, today: date) -> float:
    """Return 1 for a change of today, falling evenly to 0 after `FADE_DAYS`."""
    if change is None:
        return 0.0
    days = max((today - change.on).days, 0)
    return max(1.0 - days / FADE_DAYS, 0.0)


def worth_today(standing: Standing, *, today: date) -> float:
    """Return the sum of the parts, 0 to 100: what accounts are ranked by."""
    return sum(
        MOST[part] * share for part, share in shares(standing, today=today).items()
    )


def parts(standing: Standing, bands: Bands, *, today: date) -> tuple[ShownPart, ...]:
    """Return the parts in words, whose points add up exactly to the shown sum."""
    found = shares(standing, today=today)
    points = apportion([MOST[part] * share for part, share in found.items()], digits=1)
    words = {
        Part.FIT: _fit_words(standing),
        Part.STAGE: _stage_words(standing),
        Part.ACTIVITY: f"Score {standing.score:.1f}, "
        f"{band_of(standing.score, bands).label}",
        Part.RECENCY: _change_words(standing.change, today=today),
    }
    return tuple(
        ShownPart(part, LABELS[part], gained, int(MOST[part]), words[part])
        for part, gained in zip(found, points, strict=True)
    )


def latest_change(
    scores: Sequence[float],
    bands: Bands,
    *,
    today: date,
    trend: str = Trend.STEADY,
    first_seen_on: date | None = None,
    last_active_on: date | None = None,
    stage: str = "",
    entered_at: datetime | None = None,
) -> Change | None:
    """Return what changed last within `FADE_DAYS`; of one day, the stage first.

    Args:
        scores: at the end of each of the last `HISTORY_DAYS` days, today's last.
        bands: the score model.
        today: the UTC day.
        trend: as `accounts.trends` calls it today.
        first_seen_on: UTC day; None where nothing was ever seen.
        last_active_on: UTC day of the last use.
        stage: name of the stage it is in.
        entered_at: when it entered that stage.
    """
    found = []
    if entered_at is not None and stage:
        on = entered_at.astimezone(UTC).date()
        found.append(Change(on, entered_at, f"Entered {stage}"))
    found.extend(
        Change(day, datetime.combine(day, time.min, UTC), words)
        for day, words in (
            _band_change(scores, bands, today),
            _trend_change(scores, trend, today, first_seen_on, last_active_on),
        )
        if day is not None
    )
    recent = [one for one in found if today - one.on < timedelta(days=FADE_DAYS)]
    # The first of the best: stage before band before trend.
    return max(recent, key=lambda one: one.on, default=None)


def _band_change(
    scores: Sequence[float], bands: Bands, today: date
) -> tuple[date | None, str]:
    for back in range(min(FADE_DAYS, len(scores) - 1)):
        now, before = scores[-1 - back], scores[-2 - back]
        after_band, before_band = band_of(now, bands), band_of(before, bands)
        if after_band != before_band:
            words = f"From {before_band.label} to {after_band.label}"
            return today - timedelta(days=back), words
    return None, ""


def _trend_change(
    scores: Sequence[float],
    trend: str,
    today: date,
    first_seen_on: date | None,
    last_active_on: date | None,
) -> tuple[date | None, str]:
    """Return since when a trend holds; none for a steady one."""
    if trend == Trend.NEW and first_seen_on is not None:
        return first_seen_on, "First seen"
    if trend == Trend.DORMANT and last_active_on is not None:
        since = last_active_on + timedelta(days=DORMANT_DAYS)
        return since, f"Dormant: nothing used for {DORMANT_DAYS} days"
    if trend not in {Trend.SURGING, Trend.COOLING}:
        return None, ""
    moved = [
        change_of(scores[place], scores[place - CHANGE_DAYS])
        for place in range(CHANGE_DAYS, len(scores))
    ]
    since = today
    for back, change in enumerate(reversed(moved)):
        holds = change >= SURGE_FROM if trend == Trend.SURGING else change <= -COOL_FROM
        if not holds:
            break
        since = today - timedelta(days=back)
    change = moved[-1] if moved else 0.0
    text = f"{change:+.1f}".replace("-", "−")
    return since, f"{Trend(trend).label}: {text} in {CHANGE_DAYS} days"


def _fit_words(standing: Standing) -> str:
    if not standing.fit:
        return "Fit not known"
    return (
        f"{Fit(standing.fit).label}: {round(100 * (standing.fit_points or 0))} of 100"
    )


def _stage_words(standing: Standing) -> str:
    if not standing.stage_place:
        return "In no stage"
    return f"{standing.stage}, step {standing.stage_place} of {standing.stages}"


def _change_words(change: Change | None, *, today: date) -> str:
    if change is None:
        return f"Nothing changed in {FADE_DAYS} days"
    days = (today - change.on).days
    if days <= 0:
        return f"{change.words}, today"
    return f"{change.words}, {'yesterday' if days == 1 else f'{days} days ago'}"
