"""Scores as pages write them, and their history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from accounts.models import ScoreModel, Workspace
from accounts.score_models import current_model
from accounts.scoring import (
    HALF_SHOWN,
    band_of,
    decay_from_landmark,
    points_at_score,
)
from dashboards import charts, periods

TREND_DAYS = 90
POINTS = charts.Noun("point", "points")


@dataclass(frozen=True, slots=True)
class Shown:
    """A score as it is written: its number, its text, its band."""

    value: float
    text: str
    band: str
    slug: str


class ScoreReader:
    """What one score model makes of stored points on one day."""

    def __init__(self, model: ScoreModel, today: date) -> None:
        self.model = model
        self.today = today
        self.factor = decay_from_landmark(
            landmark=model.landmark, today=today, half_life_days=model.half_life_days
        )
        self.thresholds = charts.Thresholds(
            medium_from=model.medium_from, high_from=model.high_from
        )

    def show(self, score: float) -> Shown:
        """Return a score as pages write it."""
        band = band_of(score, self.model)
        return Shown(score, charts.shown_score(score), band.label, band.value)

    def account_points(self, score: float) -> float:
        """Return the stored points from which on an account shows this score."""
        needed = points_at_score(score - HALF_SHOWN, self.model.account_scale)
        return needed / self.factor

    def meter(self, score: float) -> charts.BandMeter:
        """Draw a score on its bands."""
        return charts.band_meter(
            key="score-now",
            title="Activity score",
            score=min(max(score, 0.0), 100.0),
            thresholds=self.thresholds,
        )

    def trend(
        self, snapshots: Iterable[tuple[date, float]], *, now: float
    ) -> charts.LineChart:
        """Draw the score at the end of each of the last 90 days, and of now.

        Scores under half a point are not kept, so a day without one is zero; before
        the first that was kept nothing is known.
        """
        period = periods.last_days(TREND_DAYS, today=self.today)
        known = dict(snapshots)
        values: list[float | None] = list(period.fill_gaps(known))
        first = next((n for n, value in enumerate(values) if value is not None), None)
        if first is not None:
            values[first:] = [value or 0.0 for value in values[first:]]
        values[-1] = now
        return charts.line(
            key="score-trend",
            title="Score over 90 days",
            buckets=period.days,
            values=[None if value is None else round(value, 1) for value in values],
            noun=POINTS,
            finding=_trend_sentence(values),
            levels=(
                (self.model.high_from, f"High from {self.model.high_from:g}"),
                (self.model.medium_from, f"Medium from {self.model.medium_from:g}"),
            ),
            top=100.0,
        )


def reader_for(workspace: Workspace, today: date) -> ScoreReader:
    """Return a reader for the score model in force in a workspace."""
    return ScoreReader(current_model(workspace), today)


def _trend_sentence(values: list[float | None]) -> str:
    known = [(day, value) for day, value in enumerate(values) if value is not None]
    (first_day, first), (last_day, last) = known[0], known[-1]
    days = last_day - first_day
    then, now = charts.shown_score(first), charts.shown_score(last)
    if days == 0:
        return f"The score is {now}; its history begins today."
    span = f"{days} day{'' if days == 1 else 's'}"
    if then == now:
        return f"The score is {now}, as it was {span} ago."
    verb = "rose" if last > first else "fell"
    return f"The score {verb} from {then} to {now} in {span}."
