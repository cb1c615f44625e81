"""Keeps scores in step with usage.

Lock order, which makes several workers safe side by side: workspace (shared, or
exclusive while it is scored as a whole), developers' scores by id, accounts' scores by
id. What is locked is computed in a *later* statement, which sees what others committed
before they let go.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.clock import today_utc
from accounts.models import (
    Account,
    AccountScore,
    Developer,
    DeveloperScore,
    Metric,
    ScoreModel,
    TouchedDeveloper,
    Workspace,
)
from accounts.rescored import queue_rescored, queue_workspace
from accounts.score_models import (
    add_new_metrics,
    current_model,
    pending_model,
    pending_workspaces,
)
from accounts.score_progress import Progress
from accounts.score_sql import run, run_on_uses
from accounts.trends import parameters

# Developers scored in one transaction: about a second of work.
BATCH = 5000
# Developers scored by one statement while a workspace is scored as a whole; after each
# the progress is told.
RANGE = 50_000


@dataclass(frozen=True, slots=True)
class Scored:
    """How much one run of scoring wrote."""

    developers: int = 0
    accounts: int = 0


def score_touched(*, batch: int = BATCH, in_turns: bool = False) -> int:
    """Score all developers whose usage changed, and their accounts; return how many.

    Pending score models are applied first. Safe beside other workers, and repeatable:
    what a crash undoes is still in the queue. ``in_turns`` leaves a workspace to the
    worker that is at it: another would wait for it at the accounts that both have,
    and could digest instead.
    """
    for workspace in Workspace.objects.filter(pk__in=pending_workspaces()):
        score_workspace(workspace, only_pending=True)
    scored = 0
    while number := _score_batch(batch, in_turns=in_turns):
        scored += number
    return scored


def score_workspace(workspace: Workspace, *, only_pending: bool = False) -> Scored:
    """Score every developer and account anew, with the newest score model.

    All scores change in one transaction, so no list ever mixes two models; how far a
    new version has come stands in its `ScoreRun`. With
    ``only_pending`` it does nothing while another worker is at it or was faster.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not _lock_workspace(cursor, workspace, wait=not only_pending):
            return Scored()
        model = pending_model(workspace)
        if model is None:
            if only_pending:
                return Scored()
            model = current_model(workspace)
        add_new_metrics([model.pk])
        TouchedDeveloper.objects.filter(workspace=workspace).delete()
        now, today = timezone.now(), today_utc()
        models, workspaces = [model.pk], [workspace.pk]
        developers = 0
        with ExitStack() as stack:
            progress = None
            if model.applied_at is None:
                progress = stack.enter_context(Progress(model))
                progress.begin(Developer.objects.filter(workspace=workspace).count())
            for above, upto, number in _ranges(cursor, workspace):
                run_on_uses(
                    cursor,
                    "developers",
                    models=models,
                    workspaces=workspaces,
                    developers=None,
                    above=above,
                    upto=upto,
                    now=now,
                    **parameters(today),
                )
                developers += cursor.rowcount
                if progress:
                    progress.reach(number)
        run(
            cursor,
            "accounts",
            accounts=None,
            models=models,
            workspaces=workspaces,
            now=now,
            **parameters(today),
        )
        accounts = cursor.rowcount
        for table in (DeveloperScore, AccountScore):
            table.objects.filter(workspace=workspace, scored_at__lt=now).delete()
        ScoreModel.objects.filter(pk=model.pk).update(
            applied_at=model.applied_at or now, trends_on=today
        )
        queue_workspace(workspace.pk)
    return Scored(developers, accounts)


def _ranges(
    cursor: CursorWrapper, workspace: Workspace
) -> Iterator[tuple[int | None, int | None, int]]:
    """Yield ids that bound some developers, and how many there are up to the second."""
    run(cursor, "ranges", workspace=workspace.pk, size=RANGE)
    above: int | None = None
    number = 0
    for upto, number in cursor.fetchall():
        yield above, upto, number
        above = upto
    yield above, None, number + RANGE


def touch_users_of(metric: Metric) -> None:
    """Have everybody scored again who ever used a metric.

    For a change of what its values mean; one of its weight makes a new score model.
    """
    with connection.cursor() as cursor:
        run(cursor, "touch_metric", workspace=metric.workspace_id, metric=metric.pk)


def rescore_accounts(accounts: Collection[int]) -> None:
    """Sum up accounts again from their developers' points, in the caller's transaction.

    For corrections: call it after the developers were moved or deleted, with the
    accounts on both sides. An account that has no scored developer left loses its
    score. Developers whose usage changed belong into TouchedDeveloper instead.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        workspaces = list(
            Account.objects.filter(pk__in=accounts)
            .values_list("workspace_id", flat=True)
            .distinct()
            .order_by()
        )
        _lock_accounts(cursor, accounts)
        _sum_up(cursor, accounts, workspaces, models_in_force(workspaces))


def _score_batch(limit: int, *, in_turns: bool) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        run(cursor, "claim", limit=limit, in_turns=in_turns)
        claimed = cursor.fetchall()
        if not claimed:
            return 0
        workspaces = sorted({workspace for workspace, _ in claimed})
        developers = sorted({developer for _, developer in claimed})
        models = models_in_force(workspaces)
        add_new_metrics(models)
        run(cursor, "lock_developers", developers=developers)
        before = lock_rows(
            DeveloperScore.objects.filter(pk__in=developers), "counted_in"
        )
        now = timezone.now()
        run_on_uses(
            cursor,
            "developers",
            models=models,
            workspaces=workspaces,
            developers=developers,
            now=now,
            **parameters(today_utc()),
        )
        after = DeveloperScore.objects.filter(pk__in=developers, scored_at__gte=now)
        both = [*before, *after.values_list("counted_in", flat=True)]
        accounts = {account for account in both if account is not None}
        DeveloperScore.objects.filter(pk__in=developers, scored_at__lt=now).delete()
        if accounts:
            _lock_accounts(cursor, accounts)
            _sum_up(cursor, accounts, workspaces, models)
        queue_rescored(cursor, developers=developers)
    return len(developers)


def _lock_accounts(cursor: CursorWrapper, accounts: Collection[int]) -> None:
    run(cursor, "lock_accounts", accounts=sorted(accounts))
    lock_rows(AccountScore.objects.filter(pk__in=accounts), "pk")


def lock_rows(scores: QuerySet[Any], column: str) -> list[int | None]:
    """Lock rows in the order of their ids and return a column of them."""
    return list(
        scores.order_by("pk").select_for_update().values_list(column, flat=True)
    )


def _sum_up(
    cursor: CursorWrapper,
    accounts: Collection[int],
    workspaces: Sequence[int],
    models: Sequence[int],
) -> None:
    now = timezone.now()
    run(
        cursor,
        "accounts",
        accounts=list(accounts),
        workspaces=list(workspaces),
        models=list(models),
        now=now,
        **parameters(today_utc()),
    )
    AccountScore.objects.filter(pk__in=accounts, scored_at__lt=now).delete()
    queue_rescored(cursor, accounts=accounts)


def models_in_force(workspaces: Sequence[int] | None = None) -> list[int]:
    """Return the id of each workspace's current model, in one query; None is all."""
    models = ScoreModel.objects.filter(Q(applied_at__isnull=False) | Q(version=1))
    if workspaces is not None:
        models = models.filter(workspace_id__in=workspaces)
    return list(
        models.order_by("workspace_id", "-version")
        .distinct("workspace_id")
        .values_list("pk", flat=True)
    )


def share_workspace(workspace: int) -> None:
    """Hold off, until the transaction ends, that a workspace is scored as a whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('uptick.score', %s))",
            [workspace],
        )


def _lock_workspace(cursor: CursorWrapper, workspace: Workspace, *, wait: bool) -> bool:
    run(cursor, "lock_workspace", workspace=workspace.pk, wait=wait)
    return bool(cursor.fetchone()[0])
