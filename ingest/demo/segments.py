"""Segments in the demo: some of the team's own, with the weeks that they have had."""

from datetime import timedelta
from typing import Any, NamedTuple

from accounts.clock import now_utc
from accounts.models import Segment, Subject, Workspace
from accounts.segments.membership import refresh, refresh_all
from accounts.segments.store import change_segment, make_segment, mark
from ingest.demo.members import somebody
from ingest.demo.world import Size

DAYS, EVERY = 60, 4


class Own(NamedTuple):
    """A segment of the team: who, what for, and its rule."""

    subject: Subject
    name: str
    description: str
    notes: str
    rule: dict[str, Any]


OWN = (
    Own(
        Subject.ACCOUNT,
        "Used by a team",
        "At least three people, every week of the last four.",
        "Good companies for a case study. Ask the account's owner first.",
        {
            "all": [
                {"usage": {"count": "developers", "at_least": 3, "days": 28}},
                {"usage": {"count": "weeks", "at_least": 4, "days": 28}},
            ]
        },
    ),
    Own(
        Subject.ACCOUNT,
        "Went quiet",
        "Used a lot in the last three months, and nothing for ten days.",
        "",
        {
            "all": [
                {"usage": {"at_least": 50, "days": 90}},
                {"usage": {"never": True, "days": 10}},
            ]
        },
    ),
    Own(
        Subject.DEVELOPER,
        "Most days",
        "People who used something on twelve days or more of the last thirty.",
        "Invite them to the preview programme.",
        {"usage": {"count": "days", "at_least": 12, "days": 30}},
    ),
)
# The rule of the last one as it was first thought of.
FIRST_THOUGHT = {"usage": {"count": "days", "at_least": 20, "days": 30}}


def add_segments(workspace: Workspace, size: Size) -> None:
    """Make the team's segments, and refresh all as of days gone by, then of now."""
    Segment.objects.in_workspace(workspace).filter(ready_made="").delete()
    actor = somebody(workspace)
    made = [
        make_segment(
            workspace,
            subject=one.subject,
            name=one.name,
            description=one.description,
            notes=one.notes,
            rule=FIRST_THOUGHT if one is OWN[-1] else one.rule,
            actor=actor,
            is_shared=True,
            editors=Segment.Editors.MEMBERS,
        )
        for one in OWN
    ]
    made[-1] = change_segment(made[-1], actor=actor, rule=OWN[-1].rule)
    # Those whose rules look at usage alone can be asked what they would have said.
    evaluating = Segment.objects.filter(workspace=workspace, ready_made="evaluating")
    now = now_utc()
    for segment in (*made, *evaluating):
        for days in range(min(DAYS, size.days - 1), 0, -EVERY):
            refresh(segment, at=now - timedelta(days=days))
    refresh_all(workspace)
    if actor is not None:
        mark(made[0], actor, is_favourite=True, is_default=True)
