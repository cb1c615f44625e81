"""Segments that every workspace has from the start, each saying what it is for.

They ask about no metric of their own, so they work with whatever is measured.
"""

from dataclasses import dataclass
from typing import Any

from accounts.models import Segment, Subject, Workspace


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """One of them: its key never changes, everything else may."""

    key: str
    subject: Subject
    name: str
    description: str
    rule: dict[str, Any]


READY_MADE = (
    ReadyMade(
        "surging",
        Subject.ACCOUNT,
        "Surging accounts",
        "Companies whose score has jumped within a week. Talk to them while they are "
        "at it.",
        {"field": "trend", "is": "one_of", "value": ["surging"]},
    ),
    ReadyMade(
        "evaluating",
        Subject.ACCOUNT,
        "Evaluating now",
        "Companies that appeared in the last two months, come back, and have no "
        "licence in force: they are making up their minds.",
        {
            "all": [
                {"field": "first_seen", "is": "within", "value": 60},
                {"usage": {"count": "days", "at_least": 2, "days": 14}},
                {"field": "licence", "is": "none_of", "value": ["active"]},
            ]
        },
    ),
    ReadyMade(
        "new",
        Subject.ACCOUNT,
        "New companies this week",
        "Companies seen for the first time within the last seven days.",
        {"field": "first_seen", "is": "within", "value": 7},
    ),
    ReadyMade(
        "power_users",
        Subject.DEVELOPER,
        "Power users",
        "People with a High score who were active on ten days or more of the last "
        "thirty. Good people to ask, and to thank.",
        {
            "all": [
                {"field": "band", "is": "one_of", "value": ["high"]},
                {"usage": {"count": "days", "at_least": 10, "days": 30}},
            ]
        },
    ),
    ReadyMade(
        "cooling",
        Subject.ACCOUNT,
        "Cooling customers",
        "Companies that hold a licence or have spent something, and use less than they "
        "did, or nothing for a month.",
        {
            "all": [
                {"field": "trend", "is": "one_of", "value": ["cooling", "dormant"]},
                {
                    "any": [
                        {"field": "licence", "is": "known"},
                        {"field": "lifetime_value", "is": "above", "value": 0},
                    ]
                },
            ]
        },
    ),
    ReadyMade(
        "free_mail",
        Subject.DEVELOPER,
        "Free-mail explorers",
        "People with a private address whom no rule could find a company for, active "
        "within the last thirty days. Some work for one that you know.",
        {
            "all": [
                {"field": "free_mail", "is": "yes"},
                {"field": "has_account", "is": "no"},
                {"usage": {"at_least": 1, "days": 30}},
            ]
        },
    ),
    ReadyMade(
        "unused_seats",
        Subject.ACCOUNT,
        "Unused seats",
        "Companies that pay for more than they use: a licence with fewer activations "
        "than seats, or a seat whose holder never came.",
        {"field": "unused_seat", "is": "yes"},
    ),
    ReadyMade(
        "tampered",
        Subject.DEVELOPER,
        "Tampered copies",
        "People and machines with a copy that should not run: under a revoked or "
        "unknown licence, on an installation that was never activated, or of a version "
        "that was never released. Most name no company.",
        {
            "field": "red_flag",
            "is": "one_of",
            "value": [
                *("revoked_license", "unknown_license", "unknown_activation"),
                *("unknown_product", "unknown_version", "incorrect_format"),
            ],
        },
    ),
)


def add_ready_made(workspace: Workspace) -> None:
    """Give a workspace those that it does not have yet."""
    Segment.objects.bulk_create(
        (
            Segment(
                workspace=workspace,
                ready_made=one.key,
                subject=one.subject,
                name=one.name,
                description=one.description,
                rule=one.rule,
                is_shared=True,
            )
            for one in READY_MADE
        ),
        ignore_conflicts=True,
    )
