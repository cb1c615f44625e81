"""Scores as pages write them, and their history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import ScoreModel, Workspace
from accounts.score_history import TrendPoint
from accounts.score_models import current_model
from accounts.scoring import (
    HALF_SHOWN,
    band_of,
    decay_from_landmark,
    points_at_score,
)
from dashboards import charts

# That of a week is kept with the score.
MOVE_DAYS = (30,)
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

    def trend(self, points: Sequence[TrendPoint], *, now: float) -> charts.LineChart:
        """Draw the score at the end of each of some days; of the last, that of now."""
        values = [*(point.score for point in points[:-1]), now]
        links = [f"?on={point.day.isoformat()}#receipt" for point in points]
        return charts.line(
            key="score-trend",
            title=f"Score over {len(points)} days",
            buckets=[point.day for point in points],
            values=[round(value, 1) for value in values],
            noun=POINTS,
            links=links,
            finding=f"{_trend_sentence(values)} {_model_sentence(points)}".strip(),
            levels=(
                (self.model.high_from, f"High from {self.model.high_from:g}"),
                (self.model.medium_from, f"Medium from {self.model.medium_from:g}"),
            ),
            top=100.0,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """How far a score moved over some days, with its sign and as a direction."""

    days: int
    text: str
    direction: str


def moves(points: Sequence[TrendPoint], *, now: float) -> tuple[Move, ...]:
    """Return how far a score moved, over days that one score model judges.

    A move across a change of the model would tell of the model.
    """
    found = []
    for days in MOVE_DAYS:
        then = points[-1 - days]
        if then.version != points[-1].version:
            continue
        change = round(now - then.score, 1)
        direction = "up" if change > 0 else "down" if change < 0 else "flat"
        found.append(Move(days, signed(change), direction))
    return tuple(found)


def signed(change: float) -> str:
    """Write a change of a score: `+4.2`, `−3.0`, `0.0`."""
    text = f"{change:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", "−")


def reader_for(workspace: Workspace, today: date) -> ScoreReader:
    """Return a reader for the score model in force in a workspace."""
    return ScoreReader(current_model(workspace), today)


def _trend_sentence(values: Sequence[float]) -> str:
    then, now = charts.shown_score(values[0]), charts.shown_score(values[-1])
    peak = charts.shown_score(max(values))
    span = f"{len(values) - 1} days"
    if then == now:
        return f"The score is {now}, as it was {span} ago; its peak was {peak}."
    verb = "rose" if values[-1] > values[0] else "fell"
    return f"The score {verb} from {then} to {now} in {span}; its peak was {peak}."


def _model_sentence(points: Sequence[TrendPoint]) -> str:
    """Say since when the present score model judges, if it is not all the time."""
    present = [point.day for point in points if point.version == points[-1].version]
    if len(present) == len(points):
        return ""
    since, version = charts.bucket_label(present[0]), points[-1].version
    return (
        f"Since {since} it is by version {version} of the score model, before by the "
        "one of its day."
    )
