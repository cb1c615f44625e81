"""Where scores are going: the rules of "new", "surging", "cooling" and "dormant".

Pure arithmetic and words. `accounts/sql/score_trend.sql` says the same in SQL, with
the numbers of this file; a test holds the two together.
"""

from datetime import date, timedelta
from typing import Any

from accounts.models.score import Trend
from accounts.scoring import HALF_SHOWN

# How far back the change of a score looks.
CHANGE_DAYS = 7
# First seen this recently, today included, is new.
NEW_DAYS = 14
# Not used for so long is dormant, if it was worth something when last used.
DORMANT_DAYS = 30
# Points of the score won in CHANGE_DAYS.
SURGE_FROM = 10.0
# Points lost: half of a surge, since a score falls slower than it can rise. With a
# half-life of 14 days the most that a week without any use can take is 13.
COOL_FROM = 5.0

RULES: dict[str, str] = {
    Trend.NEW: f"first seen within the last {NEW_DAYS} days",
    Trend.DORMANT: f"nothing used for {DORMANT_DAYS} days or more, and Medium or High "
    "on the day of the last use",
    Trend.SURGING: f"{SURGE_FROM:g} points or more won in {CHANGE_DAYS} days, and "
    "Medium or High now",
    Trend.COOLING: f"{COOL_FROM:g} points or more lost in {CHANGE_DAYS} days, and "
    f"Medium or High {CHANGE_DAYS} days ago",
    Trend.STEADY: "none of the others",
}


def change_of(now: float, before: float) -> float:
    """Return the change of a score, in points with one decimal as pages show it."""
    return round((now - before) * 10.0) / 10.0 + 0.0


def trend_of(
    *,
    now: float,
    before: float,
    at_last_use: float,
    first_seen_on: date | None,
    last_active_on: date,
    medium_from: float,
    today: date,
) -> Trend:
    """Return the first rule that holds, in the order of `RULES`.

    Args:
        now: the score of today.
        before: the score `CHANGE_DAYS` ago, by the same score model.
        at_last_use: the score on the day of the last use.
        first_seen_on: the UTC day; None where nothing was ever seen.
        last_active_on: the day of the last use.
        medium_from: the score from which the model says Medium.
        today: the UTC day.
    """
    if first_seen_on is not None and first_seen_on > today - timedelta(days=NEW_DAYS):
        return Trend.NEW
    warm = medium_from - HALF_SHOWN
    if last_active_on <= today - timedelta(days=DORMANT_DAYS):
        return Trend.DORMANT if at_last_use >= warm else Trend.STEADY
    change = change_of(now, before)
    if change >= SURGE_FROM and now >= warm:
        return Trend.SURGING
    if change <= -COOL_FROM and before >= warm:
        return Trend.COOLING
    return Trend.STEADY


def parameters(today: date) -> dict[str, Any]:
    """Return what the statements with `score_trend.sql` in them need of the rules."""
    return {
        "today": today,
        "week_ago": today - timedelta(days=CHANGE_DAYS),
        "new_after": today - timedelta(days=NEW_DAYS),
        "dormant_until": today - timedelta(days=DORMANT_DAYS),
        "surge_from": SURGE_FROM,
        "cool_from": COOL_FROM,
        "half_shown": HALF_SHOWN,
    }
