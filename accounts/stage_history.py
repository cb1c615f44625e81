"""Writes the history of stages from usage, as if the rules had always been there."""

from datetime import UTC, datetime, time, timedelta

from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import StageEntry, Subject, Workspace
from accounts.stages import judge, stages_of

MOST_DAYS = 400


def backfill(
    workspace: Workspace, subject: Subject, *, days: int, every: int = 1
) -> int:
    """Judge as of the end of each of the last days, oldest first; return the moves.

    `every` skips days between two judgements, where weeks are all that matters. Only
    what usage tells can be asked of a past day: a rule about anything else is answered
    as of now.

    Raises:
        AccountsError: somebody was in a stage before, or the days make no sense.
    """
    if not 0 < days <= MOST_DAYS:
        raise AccountsError(f"Between 1 and {MOST_DAYS} days can be written.")
    stages = stages_of(workspace, subject)
    if StageEntry.objects.filter(stage__in=stages).exists():
        raise AccountsError(f"The stages of {subject.label.lower()} have a history.")
    today = today_utc()
    written = 0
    for ago in range(days, 0, -every):
        day = today - timedelta(days=ago)
        end = datetime.combine(day, time.max, UTC)
        written += judge(workspace, subject, at=end).count
    return written
