"""The stages that a workspace begins with, for accounts and for developers.

They name no metric and no product, so they fit whatever is measured; docs/stages.md
says why they are as they are.
"""

from dataclasses import dataclass
from typing import Any

from accounts.models import Hue, Subject


@dataclass(frozen=True, slots=True)
class DefaultStage:
    """One of them."""

    name: str
    colour: Hue
    description: str
    rule: dict[str, Any]


# Whoever was seen: the stages judge nobody else.
SEEN: dict[str, Any] = {"all": []}
# Came back: on two days, or looked at more than one thing.
CAME_BACK: dict[str, Any] = {
    "any": [
        {"usage": {"count": "days", "at_least": 2, "days": 30}},
        {"usage": {"count": "metrics", "at_least": 2, "days": 30}},
    ]
}
# Works with it: often, and not in one go.
WORKS: dict[str, Any] = {
    "all": [
        {"usage": {"at_least": 10, "days": 30}},
        {"usage": {"count": "days", "at_least": 5, "days": 30}},
    ]
}
STEADY: dict[str, Any] = {"usage": {"count": "weeks", "at_least": 3, "days": 28}}

DEFAULTS: dict[Subject, tuple[DefaultStage, ...]] = {
    Subject.ACCOUNT: (
        DefaultStage(
            "Discover",
            Hue.GREY,
            "Somebody of the company was seen.",
            SEEN,
        ),
        DefaultStage(
            "Evaluate",
            Hue.BLUE,
            "They came back, or looked at several things.",
            CAME_BACK,
        ),
        DefaultStage(
            "Build",
            Hue.VIOLET,
            "They work with it, on many days.",
            WORKS,
        ),
        DefaultStage(
            "Deploy",
            Hue.TEAL,
            "Used week after week, by several people or under a licence.",
            {
                "all": [
                    STEADY,
                    {
                        "any": [
                            {
                                "usage": {
                                    "count": "developers",
                                    "at_least": 3,
                                    "days": 28,
                                }
                            },
                            {"field": "licence", "is": "one_of", "value": ["active"]},
                        ]
                    },
                ]
            },
        ),
    ),
    Subject.DEVELOPER: (
        DefaultStage(
            "Discover",
            Hue.GREY,
            "They were seen.",
            SEEN,
        ),
        DefaultStage(
            "Evaluate",
            Hue.BLUE,
            "They came back, or tried several things.",
            CAME_BACK,
        ),
        DefaultStage(
            "Build",
            Hue.VIOLET,
            "They work with it, on many days.",
            WORKS,
        ),
        DefaultStage(
            "Deploy",
            Hue.TEAL,
            "They use it week after week, on most working days.",
            {
                "all": [
                    STEADY,
                    {"usage": {"count": "days", "at_least": 8, "days": 28}},
                ]
            },
        ),
    ),
}
