"""How long each workspace keeps what: applied every night, or shown as a dry run.

Usage, scores and people stay: what goes is raw. Where all workspaces let go of a month
whole, its partition is dropped; else its rows are deleted, some pages at a time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.audit import record
from accounts.clock import today_utc
from accounts.locks import own_usage
from accounts.models import AuditEntry, User, Workspace
from ingest.models import EventHorizon
from ingest.partitions import DEFAULT, Month, drop_months_before, existing_months
from ingest.statements import statement

# Settings of a workspace, and what each is about. The first three are raw events.
LABELS: dict[str, str] = {
    "event_days": "Raw events",
    "signal_days": "Signals",
    "license_days": "Licence telemetry",
    "quarantine_days": "Quarantined events",
    "audit_days": "Audit log",
}
OF_EVENTS = ("event_days", "signal_days", "license_days")
TABLES = {"quarantine_days": "retention_quarantine", "audit_days": "retention_audit"}
# One transaction deletes from this many pages of 8 kB, or this many rows.
PAGES_AT_ONCE = 2000
ROWS_AT_ONCE = 50_000
# Before anything happened: what is kept for ever.
NEVER = datetime(1, 1, 1, tzinfo=UTC)

Days = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Due:
    """What of one kind goes from one workspace, or went."""

    workspace: str
    kind: str
    label: str
    # Kept from here on, at midnight UTC.
    before: date
    rows: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What one run did, or would do."""

    due: tuple[Due, ...]
    # Partitions that were dropped whole, for all workspaces.
    dropped: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return how many rows were deleted one by one."""
        return sum(one.rows for one in self.due)


def days_of(workspace: Workspace) -> dict[str, int | None]:
    """Return a workspace's settings."""
    return {kind: getattr(workspace, kind) for kind in LABELS}


def plan(workspace: Workspace, days: Days | None = None) -> list[Due]:
    """Return what would go from a workspace now; with ``days`` under other settings.

    Counts; nothing is changed.
    """
    ends = _ends(days_of(workspace) if days is None else days)
    found = {}
    of_events = {kind: ends[kind] for kind in OF_EVENTS if kind in ends}
    with connection.cursor() as cursor:
        if of_events:
            cursor.execute(
                statement("retention_events_count"),
                {**_event_values(workspace, ends), "latest": max(of_events.values())},
            )
            found = {kind: (rows, oldest) for kind, rows, oldest in cursor.fetchall()}
        for kind, name in TABLES.items():
            if kind in ends:
                cursor.execute(
                    statement(f"{name}_count"),
                    {"workspace": workspace.pk, "before": ends[kind]},
                )
                found[kind] = cursor.fetchone()
    return [
        Due(
            workspace.slug,
            kind,
            LABELS[kind],
            end.date(),
            *found.get(kind, (0, None)),
        )
        for kind, end in ends.items()
    ]


def droppable() -> Month | None:
    """Return the month before which no workspace keeps an event; None without end."""
    ends = [_ends(days_of(workspace)) for workspace in Workspace.objects.all()]
    if not ends or any(kind not in each for each in ends for kind in OF_EVENTS):
        return None
    return Month.of(min(each[kind] for each in ends for kind in OF_EVENTS).date())


def apply_retention(
    workspace: Workspace, *, actor: User | None = None, ip: str | None = None
) -> list[Due]:
    """Delete what a workspace does not keep any longer; return what went.

    Usage of those days can no longer be counted anew, so the workspace's event horizon
    moves in the transaction of the first rows. Safe to stop and to repeat.
    """
    due = plan(workspace)
    ends = _ends(days_of(workspace))
    went = []
    of_events = [one for one in due if one.kind in OF_EVENTS and one.rows]
    if of_events:
        _delete_events(workspace, ends)
        went += of_events
    for one in due:
        if one.kind in TABLES and one.rows:
            _delete_rows(TABLES[one.kind], workspace, ends[one.kind])
            went.append(one)
    if went:
        record(
            workspace=workspace,
            action=AuditEntry.Action.RETENTION_APPLIED,
            subject=f"{sum(one.rows for one in went):,} rows",
            actor=actor,
            ip=ip,
            detail={one.kind: one.rows for one in went},
        )
    return went


def apply_everywhere(*, dry_run: bool = False) -> Applied:
    """Apply every workspace's settings, or count; whole months are dropped first."""
    first = droppable()
    dropped = drop_months_before(first, dry_run=dry_run) if first else []
    due: list[Due] = []
    for workspace in Workspace.objects.order_by("slug"):
        if dry_run:
            due += [one for one in plan(workspace) if one.rows]
        else:
            due += apply_retention(workspace)
    return Applied(tuple(due), tuple(dropped))


def _ends(days: Days) -> dict[str, datetime]:
    """Return from when on each kind is kept; kinds without an end are left out."""
    today = today_utc()
    return {
        kind: datetime.combine(
            today - timedelta(days=many), datetime.min.time(), tzinfo=UTC
        )
        for kind in LABELS
        if (many := days.get(kind)) is not None
    }


def _event_values(workspace: Workspace, ends: Mapping[str, datetime]) -> dict[str, Any]:
    return {
        "workspace": workspace.pk,
        **{kind: ends.get(kind, NEVER) for kind in OF_EVENTS},
    }


def _delete_events(workspace: Workspace, ends: Mapping[str, datetime]) -> None:
    latest = max(ends[kind] for kind in OF_EVENTS if kind in ends)
    has_moved = False
    for partition, pages in _partitions(latest.date()):
        for first_page in range(0, pages, PAGES_AT_ONCE):
            with transaction.atomic(), connection.cursor() as cursor:
                own_usage(cursor, workspace.pk)
                cursor.execute(
                    statement("retention_events_delete").format(partition=partition),
                    {
                        **_event_values(workspace, ends),
                        "first_page": first_page,
                        "end_page": first_page + PAGES_AT_ONCE,
                    },
                )
                if cursor.rowcount and not has_moved:
                    has_moved = True
                    EventHorizon.objects.create(workspace=workspace, day=latest.date())


def _partitions(latest: date) -> Iterator[tuple[str, int]]:
    """Yield the months that begin before a day, with their pages as they are now."""
    months = [month for month in existing_months() if month.first_day < latest]
    with connection.cursor() as cursor:
        for name in (*(month.partition for month in months), DEFAULT):
            cursor.execute(
                "SELECT pg_relation_size(%s::regclass)"
                " / current_setting('block_size')::int",
                [name],
            )
            yield name, int(cursor.fetchone()[0])


def _delete_rows(name: str, workspace: Workspace, before: datetime) -> None:
    values: dict[str, Any] = {"workspace": workspace.pk, "before": before}
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement(name), {**values, "most": ROWS_AT_ONCE})
            if cursor.rowcount < ROWS_AT_ONCE:
                return
