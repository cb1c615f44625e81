"""Today: the accounts most worth a member's work, ranked, with their reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from accounts.models import Account, Stage, Subject, TodayMark, User, Workspace
from accounts.models.score import Trend
from accounts.scoring import score_from_points
from accounts.today import (
    FADE_DAYS,
    HISTORY_DAYS,
    Change,
    ShownPart,
    Standing,
    latest_change,
    parts,
    worth_today,
)
from dashboards.queries.scores import ScoreReader, Shown, reader_for
from dashboards.queries.sql import fetch

# Accounts that a day's work is made of, and more when asked for.
GOAL, MORE = 10, 30
# Candidates of each kind.
EACH = 30
# A product filter asks who used it this recently.
PRODUCT_DAYS = 30
MOST_ASIDE = 20
TRENDS = [trend.value for trend in Trend if trend != Trend.STEADY]


class Candidate(NamedTuple):
    """A row of `today_candidates.sql`."""

    pk: int
    name: str
    domain: str
    fit: str
    fit_points: float | None
    first_seen_at: datetime | None
    points: float
    trend: str
    last_active_on: date | None
    stage_id: int | None
    stage: str | None
    entered_at: datetime | None
    done_at: datetime | None
    days: Sequence[date] | None
    scores: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One account to work on, and why."""

    pk: int
    name: str
    domain: str
    fit: str
    score: Shown
    parts: tuple[ShownPart, ...]
    total: Decimal


@dataclass(frozen=True, slots=True)
class Aside:
    """One account that the member put aside."""

    account: Account
    kind: str
    label: str
    made_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class TodayPage:
    """What the member could do today, what is done, and what was put aside."""

    suggestions: tuple[Suggestion, ...]
    # How many wait below what is shown.
    waiting: int
    done: int
    goal: int
    aside: tuple[Aside, ...]
    # What would make the page better, and is not there yet.
    has_accounts: bool
    has_fit: bool
    has_stages: bool

    @property
    def percent(self) -> int:
        """How much of the day's work is done."""
        return min(100, round(100 * self.done / self.goal)) if self.goal else 0

    @property
    def is_finished(self) -> bool:
        """Say whether the day's work is done."""
        return self.done >= self.goal


def build(
    workspace: Workspace,
    user: User,
    *,
    product: int | None,
    more: bool,
    now: datetime,
) -> TodayPage:
    """Answer in five queries, whatever the size of the workspace."""
    today = now.date()
    reader = reader_for(workspace, today)
    order = list(
        Stage.objects.in_workspace(workspace)
        .filter(subject=Subject.ACCOUNT, removed_at__isnull=True)
        .order_by("position", "pk")
        .values_list("pk", flat=True)
    )
    marks = TodayMark.objects.in_workspace(workspace).filter(user=user)
    done = marks.filter(
        kind=TodayMark.Kind.DONE, made_at__gte=datetime.combine(today, time.min, UTC)
    ).count()
    rows = fetch(
        "today_candidates",
        Candidate,
        {
            "workspace": workspace.pk,
            "user": user.pk,
            "now": now,
            "each": EACH,
            "trends": TRENDS,
            "since": now - timedelta(days=FADE_DAYS),
            "first": today - timedelta(days=HISTORY_DAYS - 1),
            "product": product,
            "used_since": today - timedelta(days=PRODUCT_DAYS),
        },
    )
    ranked = _ranked(rows, order, reader, today=today)
    shown = MORE if more else max(GOAL - done, 0)
    return TodayPage(
        suggestions=tuple(
            _suggestion(row, standing, reader, today=today)
            for row, standing in ranked[:shown]
        ),
        waiting=max(len(ranked) - shown, 0),
        done=done,
        goal=min(GOAL, done + len(ranked)),
        aside=_aside(marks, now),
        has_accounts=bool(rows) or Account.objects.in_workspace(workspace).exists(),
        has_fit=any(row.fit for row in rows),
        has_stages=bool(order),
    )


def _ranked(
    rows: Sequence[Candidate],
    order: Sequence[int],
    reader: ScoreReader,
    *,
    today: date,
) -> list[tuple[Candidate, Standing]]:
    """Return the candidates that are not done, the most worth first."""
    places = {pk: place for place, pk in enumerate(order, start=1)}
    found = []
    for row in rows:
        standing = _standing(row, places, reader, today=today)
        if row.done_at is None or _is_newer(standing.change, row.done_at):
            found.append((worth_today(standing, today=today), row, standing))
    found.sort(key=lambda one: (-one[0], one[1].name, one[1].pk))
    return [(row, standing) for _, row, standing in found]


def _is_newer(change: Change | None, done_at: datetime) -> bool:
    return change is not None and change.at > done_at


def _standing(
    row: Candidate, places: Mapping[int, int], reader: ScoreReader, *, today: date
) -> Standing:
    score = score_from_points(row.points * reader.factor, reader.model.account_scale)
    kept = dict(zip(row.days or (), row.scores or (), strict=True))
    history = [
        kept.get(today - timedelta(days=back), 0.0)
        for back in range(HISTORY_DAYS - 1, 0, -1)
    ]
    place = places.get(row.stage_id or 0, 0)
    return Standing(
        fit=row.fit,
        fit_points=row.fit_points,
        stage=row.stage or "",
        stage_place=place,
        stages=len(places),
        score=score,
        change=latest_change(
            [*history, score],
            reader.model,
            today=today,
            trend=row.trend,
            first_seen_on=row.first_seen_at.astimezone(UTC).date()
            if row.first_seen_at
            else None,
            last_active_on=row.last_active_on,
            stage=row.stage or "" if place else "",
            entered_at=row.entered_at,
        ),
    )


def _suggestion(
    row: Candidate, standing: Standing, reader: ScoreReader, *, today: date
) -> Suggestion:
    shown = parts(standing, reader.model, today=today)
    return Suggestion(
        pk=row.pk,
        name=row.name,
        domain=row.domain,
        fit=row.fit,
        score=reader.show(standing.score),
        parts=shown,
        total=sum((part.points for part in shown), Decimal(0)),
    )


def _aside(marks: QuerySet[TodayMark], now: datetime) -> tuple[Aside, ...]:
    """Return what was put aside lately and still is, for all that the marks tell."""
    rows = (
        marks.exclude(kind=TodayMark.Kind.SNOOZED, until__lte=now)
        .select_related("account")
        .order_by("-made_at", "-pk")[:MOST_ASIDE]
    )
    return tuple(
        Aside(
            account=mark.account,
            kind=mark.kind,
            label=mark.get_kind_display(),
            made_at=mark.made_at,
            until=mark.until,
        )
        for mark in rows
    )
