"""What conditions need besides themselves: whose data, which day, which scale."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from accounts.models import ScoreModel, Workspace
from accounts.score_models import current_model
from accounts.scoring import decay_from_landmark, points_at_score
from accounts.segments.names import Names
from accounts.segments.operators import Operator, Value


class Context:
    """One evaluation of a rule.

    ``only`` limits it to some accounts or developers of the rule's subject, so that
    usage is not summed up for everybody.
    """

    def __init__(
        self,
        workspace: Workspace,
        today: date,
        *,
        only: Collection[int] | None = None,
        names: Names | None = None,
    ) -> None:
        self.workspace = workspace
        self.today = today
        self.only = None if only is None else sorted(only)
        self.names = names or Names(workspace)

    @cached_property
    def model(self) -> ScoreModel:
        """The score model in force."""
        return current_model(self.workspace)

    def stored_points(self, score: float, scale: float) -> float:
        """Return the stored points at which a score is reached; 100 never is."""
        if score >= 100.0:  # noqa: PLR2004 the top of the scale
            return float("inf")
        factor = decay_from_landmark(
            landmark=self.model.landmark,
            today=self.today,
            half_life_days=self.model.half_life_days,
        )
        return points_at_score(score, scale) / factor

    def first_day(self, days: int) -> date:
        """Return the first of the last days, today being the last."""
        return self.today - timedelta(days=days - 1)

    def beginning_of(self, day: date) -> datetime:
        """Return the first moment of a UTC day."""
        return datetime.combine(day, time.min, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a field is asked."""

    operator: Operator
    value: Value
    key: tuple[str, ...]
    context: Context
