"""Removes what ingestion keeps only for a while: keys, answers, old counters."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection

from ingest.partitions import Month, drop_months_before
from ingest.refused_requests import DAYS
from ingest.statements import statement

# Hours of counters that the ingestion page can look back.
COUNTER_DAYS = 400
# Signals of apps that no workspace has: anybody may send them.
UNOWNED_DAYS = 30
# Settled quarantine rows are kept so that people can look up what became of them.
SETTLED_DAYS = 90
# Access tokens that have ended are listed for a while.
TOKEN_DAYS = 7
# One statement never holds locks and WAL for longer than this many rows take.
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Pruned:
    """How many rows went, and which months of events."""

    event_keys: int
    idempotency_keys: int
    counters: int
    settled: int
    months: tuple[str, ...]
    access_tokens: int = 0
    refused: int = 0
    unowned: int = 0


def prune(*, dry_run: bool = False) -> Pruned:
    """Remove what is older than its window; with ``dry_run`` only count it.

    Raw events go only when ``EVENT_RETENTION_MONTHS`` is set.
    """
    now = datetime.now(UTC)
    return Pruned(
        event_keys=_prune(
            "event_keys",
            (now - timedelta(days=settings.EVENT_KEY_DAYS)).date(),
            dry_run=dry_run,
        ),
        idempotency_keys=_prune(
            "idempotency_keys",
            now - timedelta(hours=settings.IDEMPOTENCY_KEY_HOURS),
            dry_run=dry_run,
        ),
        counters=_prune(
            "counters", now - timedelta(days=COUNTER_DAYS), dry_run=dry_run
        ),
        settled=_prune("settled", now - timedelta(days=SETTLED_DAYS), dry_run=dry_run),
        months=tuple(_drop_events(now, dry_run=dry_run)),
        access_tokens=_prune(
            "access_tokens", now - timedelta(days=TOKEN_DAYS), dry_run=dry_run
        ),
        refused=_prune("refused", now - timedelta(days=DAYS), dry_run=dry_run),
        unowned=_prune("unowned", now - timedelta(days=UNOWNED_DAYS), dry_run=dry_run),
    )


def _prune(what: str, before: date, *, dry_run: bool) -> int:
    with connection.cursor() as cursor:
        if dry_run:
            cursor.execute(statement("prune_count"), {"before": before, "what": what})
            return int(cursor.fetchone()[0])
        removed = 0
        # Not a query per row: bounded statements, as few as the rows allow.
        while True:
            cursor.execute(
                statement(f"prune_{what}"), {"before": before, "most": ROWS_AT_ONCE}
            )
            removed += int(cursor.rowcount)
            if cursor.rowcount < ROWS_AT_ONCE:
                return removed


def _drop_events(now: datetime, *, dry_run: bool) -> list[str]:
    months = settings.EVENT_RETENTION_MONTHS
    if not months:
        return []
    first = Month.of(now.date()).shifted(-months)
    return drop_months_before(first, dry_run=dry_run)
