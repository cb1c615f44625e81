"""How long licence telemetry is kept: records go, what they added to usage stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.locks import own_usage
from accounts.models import Workspace
from ingest.models import EventHorizon
from ingest.statements import statement

ROWS_AT_ONCE = 50_000


def prune_license_telemetry(
    workspace: Workspace, *, days: int, dry_run: bool = False
) -> int:
    """Delete licence records from before that many UTC days; return how many.

    With ``dry_run`` only count them. Usage of those days can no longer be recounted,
    so the workspace's event horizon moves in the same transaction as the first row.
    """
    first = datetime.now(UTC).date() - timedelta(days=days)
    before = datetime.combine(first, datetime.min.time(), UTC)
    old: dict[str, Any] = {"workspace": workspace.pk, "before": before}
    if dry_run:
        return _count(old)
    removed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            own_usage(cursor, workspace.pk)
            cursor.execute(statement("prune_licences"), {**old, "most": ROWS_AT_ONCE})
            number = int(cursor.rowcount)
            if number and not removed:
                EventHorizon.objects.create(workspace=workspace, day=first)
        removed += number
        if number < ROWS_AT_ONCE:
            return removed


def prune_all(*, dry_run: bool = False) -> dict[str, int]:
    """Apply every workspace's own setting; return deleted records by workspace."""
    chosen = Workspace.objects.filter(license_days__isnull=False).order_by("slug")
    return {
        workspace.slug: prune_license_telemetry(
            workspace, days=workspace.license_days, dry_run=dry_run
        )
        for workspace in chosen
        if workspace.license_days is not None
    }


def _count(old: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement("prune_licences_count"), old)
        return int(cursor.fetchone()[0])
