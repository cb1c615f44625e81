"""What follows from new scores, within seconds: stages, tags, segments.

Whoever wants to look at accounts and developers after their use changed is a line of
JUDGES. Each gets the same ones; the nightly run makes up for what one of them failed.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import QueryCanceled

from accounts import stages, tag_rules
from accounts.clock import now_utc
from accounts.models import Subject, Workspace
from accounts.segments import membership
from accounts.statements import statement

logger = logging.getLogger(__name__)

# Taken at once. The more the better: where big accounts are among them, the usage that
# their rules ask about is most of all there is, and judging a few takes as long.
BATCH = 50_000
# Who waits to be judged waits at least so many times as long as judging took last. So
# a worker spends a third of its time with it at most, and for small workspaces, where
# judging takes no time, nobody waits.
REST = 3.0
LONGEST_REST = timedelta(seconds=60)
# Of one statement. Where tables filled within seconds and nobody looked at them yet, a
# rule of milliseconds may be planned to run for hours, and all judging with it. The
# longest at a million developers takes seconds.
LONGEST_STATEMENT = timedelta(minutes=10)

_TRY_TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('uptick.judge', 0))"

# Until the end of the transaction.
_LONGEST = "SELECT set_config('statement_timeout', %s, true)"

Judge = Callable[[Workspace, Subject, list[int] | None], object]

# In order. Each looks at some accounts or developers, or at all for None.
JUDGES: tuple[Judge, ...] = (stages.judge, tag_rules.apply_rules, membership.judge)


# How long judging a workspace took last in this process, in seconds.
_lasted: dict[int, float] = {}


def judge_rescored(*, batch: int = BATCH, rest: float = 0.0) -> int:
    """Judge all whose scores changed since; return how many groups there were.

    With ``rest`` those of a workspace wait, from when they were queued, for so many
    times as long as judging it took last.

    One worker at a time: another has nothing to do here, and is free to digest and to
    score. Repeatable: a crash leaves them in the queue.
    """
    done = 0
    while number := _judge_batch(batch, rest):
        done += number
    return done


def judge_all() -> None:
    """Judge everybody: windows move on by themselves while nothing happens."""
    for workspace in Workspace.objects.order_by("pk"):
        for subject in Subject:
            _judge(workspace, subject, None)


def _judge_batch(limit: int, rest: float) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TRY_TURN)
        if cursor.fetchone() == (False,):
            return 0
        resting = _resting(cursor, rest) if rest else []
        cursor.execute(
            statement("rescored_claim"), {"limit": limit, "resting": resting}
        )
        claimed = cursor.fetchall()
        workspaces = Workspace.objects.in_bulk({row[0] for row in claimed})
        lasted = dict.fromkeys(workspaces, 0.0)
        for workspace_id, subject, subjects in claimed:
            # It may be gone: the queue refers to nothing.
            if workspace_id in workspaces:
                began = time.monotonic()
                _judge(workspaces[workspace_id], Subject(subject), subjects)
                lasted[workspace_id] += time.monotonic() - began
        _lasted.update(lasted)
    return len(claimed)


def _resting(cursor: CursorWrapper, rest: float) -> list[int]:
    """Return the workspaces of whom nobody has waited long enough."""
    cursor.execute(statement("rescored_oldest"))
    now = now_utc()
    return [
        workspace
        for workspace, oldest in cursor.fetchall()
        if now - oldest
        < min(timedelta(seconds=rest * _lasted.get(workspace, 0.0)), LONGEST_REST)
    ]


def _judge(workspace: Workspace, subject: Subject, subjects: list[int] | None) -> None:
    for judge in JUDGES:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_LONGEST, [f"{LONGEST_STATEMENT.total_seconds()}s"])
                judge(workspace, subject, subjects)
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                # A deadlock, or a database that goes away: the queue keeps them.
                raise
            logger.exception("Judging the %ss of %s takes too long", subject, workspace)
        except Exception:
            # One that fails must not keep the others, nor scores, from theirs.
            logger.exception("Judging the %ss of %s failed", subject, workspace)
