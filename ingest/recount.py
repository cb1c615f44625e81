"""Counts usage anew from raw events: to prove that it is right, and to mend it.

Usage is increments that commit with their events, so it should never differ; a bug, a
restored backup or an operator's SQL may still make it so, and a split of a developer
needs a part of it counted again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.locks import own_usage
from accounts.models import Workspace
from ingest.statements import statement


@dataclass(frozen=True)
class Difference:
    """Usage that is not what the events add up to; None where one side has no row.

    Without a developer it is the workspace's usage, against its developers'.
    """

    workspace_id: int
    developer_id: int | None
    day: date
    metric_id: int
    product_id: int
    counted: int | None
    counted_sum: float | None
    kept: int | None
    kept_sum: float | None

    def __str__(self) -> str:
        who = "all" if self.developer_id is None else f"developer {self.developer_id}"
        return (
            f"workspace {self.workspace_id}, {who}, {self.day}, metric"
            f" {self.metric_id}, product {self.product_id}:"
            f" {self.kept or 0} kept, {self.counted or 0} counted"
        )


def check_usage(workspace: Workspace | None = None) -> list[Difference]:
    """Compare usage with raw events, of one or all workspaces; empty means equal.

    Takes no lock and may run while events are digested.
    """
    found: list[Difference] = []
    with connection.cursor() as cursor:
        for workspace_id in _ids(workspace):
            cursor.execute(statement("usage_differences"), _whole(workspace_id))
            found += [Difference(*row) for row in cursor.fetchall()]
            cursor.execute(
                statement("workspace_usage_differences"), {"workspace": workspace_id}
            )
            found += [Difference(*row) for row in cursor.fetchall()]
    return found


def rebuild_usage(workspace: Workspace | None = None) -> int:
    """Make usage what the raw events add up to; return how many rows were wrong.

    One transaction per workspace, alone on its usage: events go on being accepted, and
    are digested as soon as it is done. Developers whose usage changes are scored anew.
    Usage from before the event horizon stays as it is.
    """
    return sum(_rebuild(workspace_id) for workspace_id in _ids(workspace))


def recount_developers(cursor: CursorWrapper, developer_ids: Iterable[int]) -> int:
    """Count the usage of these developers anew; return how many rows changed.

    In the caller's transaction, which is alone on the workspace's usage
    (`accounts.locks.own_usage`).
    """
    ids = list(developer_ids)
    return _correct_people(cursor, {"workspace": None, "developers": ids}) if ids else 0


def _rebuild(workspace_id: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, workspace_id)
        wrong = _correct_people(cursor, _whole(workspace_id))
        cursor.execute(
            "CREATE TEMPORARY TABLE workspace_usage_difference ON COMMIT DROP AS "
            + statement("workspace_usage_differences"),
            {"workspace": workspace_id},
        )
        wrong += int(cursor.rowcount)
        cursor.execute(statement("workspace_usage_correct"))
        cursor.execute("DROP TABLE workspace_usage_difference")
    return wrong


def _correct_people(cursor: CursorWrapper, scope: dict[str, Any]) -> int:
    cursor.execute(
        "CREATE TEMPORARY TABLE usage_difference ON COMMIT DROP AS "
        + statement("usage_differences"),
        scope,
    )
    wrong = cursor.rowcount
    if wrong:
        cursor.execute(statement("usage_correct"))
    cursor.execute("DROP TABLE usage_difference")
    return int(wrong)


def _whole(workspace_id: int) -> dict[str, Any]:
    return {"workspace": workspace_id, "developers": None}


def _ids(workspace: Workspace | None) -> list[int]:
    if workspace is not None:
        return [workspace.pk]
    return list(Workspace.objects.order_by("pk").values_list("pk", flat=True))
