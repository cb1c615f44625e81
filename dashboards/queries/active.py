"""How many different developers and accounts were active: per day, and in all.

Different people cannot be added up, so every question reads each developer's days. That
takes milliseconds in most workspaces and stays live there. Where it takes long, the
answer is kept, shown with its time, and counted anew in the background: a workspace of
a million developers would make every visit wait for seconds.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from time import monotonic
from typing import NamedTuple

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from kombu.exceptions import OperationalError

from accounts.clock import now_utc, today_utc
from accounts.models import Workspace
from dashboards.models import ActiveFigures
from dashboards.periods import CHOICES, CUSTOM, Period, last_days
from dashboards.queries.sql import fetch

# A kept answer is counted anew once it is this many times older than counting took: a
# sixtieth of one process at most goes into it.
REST = 60
OLDEST = timedelta(hours=1)
# Whoever counts is done by then, or gone.
COUNTING = timedelta(minutes=10)
# Periods that were looked at lately are counted for the new day before anybody asks.
AHEAD = timedelta(days=3)


class ActiveDay(NamedTuple):
    """Different developers and accounts that were active on one day."""

    day: date
    developers: int
    accounts: int


class ActiveTotals(NamedTuple):
    """Different developers and accounts of a period and the one before it."""

    developers_now: int
    developers_before: int
    accounts_now: int
    accounts_before: int


@dataclass(frozen=True, slots=True)
class Active:
    """The figures of one period; `days` begin with those it is compared with."""

    days: tuple[ActiveDay, ...]
    totals: ActiveTotals
    # None: just now.
    counted_at: datetime | None = None


def active(workspace: Workspace, period: Period) -> Active:
    """Return the figures of a period; kept ones if counting them takes long."""
    kept = _kept(workspace, period).first()
    age = None if kept is None else now_utc() - kept.counted_at
    if kept is None or age is None or age > OLDEST:
        return count_anew(workspace, period, kept)
    if age > timedelta(seconds=REST * kept.seconds):
        _ask_for(kept)
    return Active(
        days=tuple(
            ActiveDay(date.fromisoformat(day), *counts) for day, *counts in kept.days
        ),
        totals=ActiveTotals(*kept.totals),
        counted_at=kept.counted_at,
    )


def count_anew(
    workspace: Workspace, period: Period, kept: ActiveFigures | None = None
) -> Active:
    """Count the figures of a period; keep them if that took long, and only then.

    `kept` are those known so far.
    """
    begun = monotonic()
    found = _count(workspace, period)
    seconds = monotonic() - begun
    if seconds >= settings.ACTIVE_KEPT_FROM_SECONDS:
        keep(workspace, period, found, seconds=seconds)
    elif kept is not None:
        kept.delete()
    return found


def keep(
    workspace: Workspace, period: Period, found: Active, *, seconds: float
) -> ActiveFigures:
    """Keep figures that took so many seconds to count."""
    kept, _ = ActiveFigures.objects.update_or_create(
        workspace=workspace,
        first=period.first,
        last=period.last,
        defaults={
            "days": [(row.day.isoformat(), *row[1:]) for row in found.days],
            "totals": list(found.totals),
            "counted_at": now_utc(),
            "claimed_at": None,
            "seconds": seconds,
        },
    )
    return kept


def count_kept(pk: int) -> None:
    """Count kept figures anew."""
    kept = ActiveFigures.objects.select_related("workspace").filter(pk=pk).first()
    if kept is not None:
        period = Period(first=kept.first, last=kept.last, key=CUSTOM)
        count_anew(kept.workspace, period, kept)


def count_ahead() -> None:
    """Count the usual periods for a day that has begun; forget what nobody needs."""
    today, now = today_utc(), now_utc()
    # A query for each, and seconds of work: there is one where the last had taken long.
    for kept in ActiveFigures.objects.filter(
        last=today - timedelta(days=1), seen_at__gt=now - AHEAD
    ).select_related("workspace"):
        period = last_days((kept.last - kept.first).days + 1, today=today)
        wanted = _kept(kept.workspace, period)
        if period.length in CHOICES and not wanted.exists():
            count_anew(kept.workspace, period)
            wanted.update(seen_at=kept.seen_at)
    ActiveFigures.objects.filter(counted_at__lt=now - AHEAD).delete()


def _kept(workspace: Workspace, period: Period) -> QuerySet[ActiveFigures]:
    return ActiveFigures.objects.filter(
        workspace=workspace, first=period.first, last=period.last
    )


def _count(workspace: Workspace, period: Period) -> Active:
    days = fetch(
        "active_by_day",
        ActiveDay,
        {
            "workspace": workspace.pk,
            "first": period.same_weekdays_before().first,
            "last": period.last,
        },
    )
    (totals,) = fetch(
        "active_totals",
        ActiveTotals,
        {
            "workspace": workspace.pk,
            "before": period.previous().first,
            "first": period.first,
            "last": period.last,
        },
    )
    return Active(days=tuple(days), totals=totals)


def _ask_for(kept: ActiveFigures) -> None:
    """Have a worker count these figures anew, unless one is at it."""
    now = now_utc()
    claimed = ActiveFigures.objects.filter(
        Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - COUNTING), pk=kept.pk
    ).update(claimed_at=now, seen_at=now)
    if claimed:
        transaction.on_commit(partial(_hint, kept.pk), robust=True)


def _hint(pk: int) -> None:
    # Without a broker the next visit after an hour counts by itself.
    with suppress(OperationalError):
        current_app.send_task(
            "dashboards.tasks.count_active",
            args=[pk],
            expires=COUNTING.total_seconds(),
        )
