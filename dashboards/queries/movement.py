"""How far a score moved in a week, and what that is called."""

from dataclasses import dataclass

from accounts.models import AccountScore, DeveloperScore
from accounts.models.score import Trend
from accounts.trends import RULES
from dashboards.queries.scores import signed

ARROWS = {"up": "↑", "down": "↓", "flat": "→"}


@dataclass(frozen=True, slots=True)
class Movement:
    """The change of a score in seven days, with its sign, and the trend's name."""

    text: str
    direction: str
    arrow: str
    slug: str
    label: str
    # The rule in words, as the end of a sentence.
    rule: str


def movement_of(score: AccountScore | DeveloperScore | None) -> Movement:
    """Return the movement of a score; who has none yet stands still."""
    change = score.change_7d if score else 0.0
    trend = Trend(score.trend if score else Trend.STEADY)
    direction = "up" if change > 0 else "down" if change < 0 else "flat"
    return Movement(
        text=signed(change),
        direction=direction,
        arrow=ARROWS[direction],
        slug=trend.value,
        label=trend.label,
        rule=RULES[trend],
    )
