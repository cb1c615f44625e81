"""Brings the change of seven days, and its name, up to a new day for everybody.

Who has new usage gets theirs as they are scored. Everybody else's changes too, with
time alone; only rows whose values change are written, some thousand a transaction.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.clock import today_utc
from accounts.models import AccountScore, DeveloperScore, ScoreModel
from accounts.score_sql import run, run_on_uses
from accounts.score_store import lock_rows, models_in_force, share_workspace
from accounts.trends import parameters

# Scores looked at in one transaction; an account's stands for many developers'.
DEVELOPERS = 5000
ACCOUNTS = 500


def refresh_trends(*, today: date | None = None) -> int:
    """Work out the trends of every workspace where it was not done today yet.

    Safe beside scoring, and repeatable. Returns how many scores were changed.
    """
    today = today or today_utc()
    late = ScoreModel.objects.filter(pk__in=models_in_force()).filter(
        Q(trends_on__isnull=True) | Q(trends_on__lt=today)
    )
    changed = 0
    for model in late:
        for table, size, write in (
            (DeveloperScore, DEVELOPERS, _developers),
            (AccountScore, ACCOUNTS, _accounts),
        ):
            scores = table.objects.filter(workspace=model.workspace_id)
            for ids in _batches(scores, size):
                with transaction.atomic():
                    share_workspace(model.workspace_id)
                    lock_rows(scores.filter(pk__in=ids), "pk")
                    changed += write(model.workspace_id, ids, today)
        # A version that came into force meanwhile brought its own trends.
        ScoreModel.objects.filter(pk=model.pk).update(trends_on=today)
    return changed


def _batches(scores: QuerySet[Any], size: int) -> Iterator[list[int]]:
    """Yield the ids of scores in their order, some at a time."""
    last = 0
    while ids := list(
        scores.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]
    ):
        yield ids
        last = ids[-1]


def _developers(workspace: int, ids: Sequence[int], today: date) -> int:
    rules = parameters(today)
    with connection.cursor() as cursor:
        run_on_uses(
            cursor,
            "developer_trends",
            models=models_in_force([workspace]),
            workspaces=[workspace],
            developers=ids,
            since=rules["week_ago"],
            **rules,
        )
        return int(cursor.rowcount)


def _accounts(workspace: int, ids: Sequence[int], today: date) -> int:
    with connection.cursor() as cursor:
        run(
            cursor,
            "account_trends",
            accounts=list(ids),
            models=models_in_force([workspace]),
            workspaces=[workspace],
            **parameters(today),
        )
        return int(cursor.rowcount)
