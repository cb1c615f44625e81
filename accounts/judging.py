"""What follows from new scores, within seconds: stages, tags, segments.

Whoever wants to look at accounts and developers after their use changed is a line of
JUDGES. Each gets the same ones; the nightly run makes up for what one of them failed.
"""

import logging
from collections.abc import Callable

from django.db import OperationalError, connection, transaction

from accounts import stages, tag_rules
from accounts.models import Subject, Workspace
from accounts.segments import membership
from accounts.statements import statement

logger = logging.getLogger(__name__)

# Taken at once; a second of work.
BATCH = 20_000

_TRY_TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('uptick.judge', 0))"

Judge = Callable[[Workspace, Subject, list[int] | None], object]

# In order. Each looks at some accounts or developers, or at all for None.
JUDGES: tuple[Judge, ...] = (stages.judge, tag_rules.apply_rules, membership.judge)


def judge_rescored(*, batch: int = BATCH) -> int:
    """Judge all whose scores changed since; return how many groups there were.

    One worker at a time: another has nothing to do here, and is free to digest and to
    score. Repeatable: a crash leaves them in the queue.
    """
    done = 0
    while number := _judge_batch(batch):
        done += number
    return done


def judge_all() -> None:
    """Judge everybody: windows move on by themselves while nothing happens."""
    for workspace in Workspace.objects.order_by("pk"):
        for subject in Subject:
            _judge(workspace, subject, None)


def _judge_batch(limit: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TRY_TURN)
        if cursor.fetchone() == (False,):
            return 0
        cursor.execute(statement("rescored_claim"), {"limit": limit})
        claimed = cursor.fetchall()
        workspaces = Workspace.objects.in_bulk({row[0] for row in claimed})
        for workspace_id, subject, subjects in claimed:
            # It may be gone: the queue refers to nothing.
            if workspace_id in workspaces:
                _judge(workspaces[workspace_id], Subject(subject), subjects)
    return len(claimed)


def _judge(workspace: Workspace, subject: Subject, subjects: list[int] | None) -> None:
    for judge in JUDGES:
        try:
            with transaction.atomic():
                judge(workspace, subject, subjects)
        except OperationalError:
            # A deadlock, or a database that goes away: the queue keeps them.
            raise
        except Exception:
            # One that fails must not keep the others, nor scores, from theirs.
            logger.exception("Judging the %ss of %s failed", subject, workspace)
