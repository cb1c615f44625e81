"""The funnel: how many are in each stage, go on, fall back, and how long it takes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Sum
from django.urls import reverse
from psycopg import sql

from accounts.models import (
    Stage,
    StageDay,
    StageEntry,
    StageRule,
    Subject,
    Workspace,
)
from accounts.stages import RELEASED, stages_of
from dashboards import charts
from dashboards.periods import Period
from dashboards.queries.sql import statement
from dashboards.queries.stages import Badge, badge_of, direction_of, reason_of

# Followed for each stage, the latest; of more, the page says so.
MOST_FOLLOWED = 5_000
MOST_MOVES = 25
NOUNS = {
    Subject.ACCOUNT: charts.Noun("account", "accounts"),
    Subject.DEVELOPER: charts.Noun("developer", "developers"),
}
PAGES = {Subject.ACCOUNT: "accounts", Subject.DEVELOPER: "developers"}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage in numbers."""

    stage: Stage
    words: str
    drawn: charts.FunnelStep


@dataclass(frozen=True, slots=True)
class MoveRow:
    """Somebody changed stage."""

    pk: int
    name: str
    page: str
    at: datetime
    to: Badge
    came_from: Badge | None
    direction: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class FunnelPage:
    """Everything on the page."""

    subject: str
    noun: charts.Noun
    chart: charts.FunnelChart
    steps: tuple[Step, ...]
    moves: tuple[MoveRow, ...]
    # Whether some stage was reached by more than are followed.
    is_sampled: bool
    most_followed: int = MOST_FOLLOWED


def build(workspace: Workspace, subject: Subject, period: Period) -> FunnelPage:
    """Answer the page in seven queries, however many people went through."""
    stages = list(stages_of(workspace, subject))
    noun = NOUNS[subject]
    list_page = reverse(f"dashboards:{PAGES[subject]}", args=[workspace.slug])
    days, followed = _by_day(stages, period), _followed(stages, subject, period)
    words = _words(stages)
    steps = [
        Step(
            stage,
            words.get(stage.pk, ""),
            charts.FunnelStep(
                label=stage.name,
                hue=stage.colour,
                now=days[stage.pk][0],
                reached=days[stage.pk][1],
                fell_back=days[stage.pk][2],
                followed=followed.get(stage.pk, _NOTHING)[0],
                went_on=followed.get(stage.pk, _NOTHING)[1],
                median=followed.get(stage.pk, _NOTHING)[2],
                href=f"{list_page}?stage={stage.pk}",
            ),
        )
        for stage in stages
    ]
    return FunnelPage(
        subject=subject.value,
        noun=noun,
        chart=charts.funnel(
            key="funnel",
            title=f"{noun.many.capitalize()} by stage",
            noun=noun,
            steps=[step.drawn for step in steps],
            period=period.name_within,
        ),
        steps=tuple(steps),
        moves=_moves(stages, subject, period),
        is_sampled=any(step.drawn.followed >= MOST_FOLLOWED for step in steps),
    )


_NOTHING: tuple[int, int, float | None] = (0, 0, None)


def _by_day(stages: list[Stage], period: Period) -> dict[int, tuple[int, int, int]]:
    """Return for each stage: in it now, reached it and came back in the period."""
    days = StageDay.objects.filter(stage__in=stages)
    now = dict(days.values_list("stage").annotate(number=Sum(F("entered") - F("left"))))
    within = {
        stage: (advanced, back)
        for stage, advanced, back in days.filter(day__range=(period.first, period.last))
        .values_list("stage")
        .annotate(Sum("advanced"), back=Sum(F("entered") - F("advanced")))
    }
    return {
        stage.pk: (now.get(stage.pk, 0), *within.get(stage.pk, (0, 0)))
        for stage in stages
    }


def _words(stages: list[Stage]) -> dict[int, str]:
    """Return what the rule of each stage says."""
    newest = (
        StageRule.objects.filter(stage__in=stages)
        .order_by("stage_id", "-pk")
        .distinct("stage_id")
    )
    return dict(newest.values_list("stage", "words"))


def _followed(
    stages: list[Stage], subject: Subject, period: Period
) -> dict[int, tuple[int, int, float | None]]:
    rows = _ask(
        "funnel_steps",
        subject,
        stages=[stage.pk for stage in stages],
        first=period.start,
        until=period.end,
        most=MOST_FOLLOWED,
    )
    return {
        stage: (reached, went_on, median) for stage, reached, went_on, median in rows
    }


def _moves(
    stages: list[Stage], subject: Subject, period: Period
) -> tuple[MoveRow, ...]:
    found = _ask(
        "funnel_moves",
        subject,
        stages=[stage.pk for stage in stages],
        first=period.start,
        until=period.end,
        most=MOST_MOVES,
    )
    entries = (
        StageEntry.objects.filter(pk__in=[pk for (pk,) in found])
        .select_related("stage", "came_from", "actor", "matched", subject.value)
        .order_by("-entered_at", "-pk")
    )
    return tuple(_move(entry, subject) for entry in entries)


def _move(entry: StageEntry, subject: Subject) -> MoveRow:
    who, why = reason_of(entry)
    if not entry.by_hand:
        # What the rules say stands beside the funnel.
        why = "" if entry.reason == RELEASED else entry.reason
    one: Any = getattr(entry, subject.value)
    came_from = entry.came_from
    return MoveRow(
        pk=one.pk,
        name=str(one),
        page=f"dashboards:{subject.value}",
        at=entry.entered_at,
        to=badge_of(entry),
        came_from=Badge(came_from.name, came_from.colour) if came_from else None,
        direction=direction_of(entry),
        who=who,
        why=why,
    )


def _ask(name: str, subject: Subject, **values: Any) -> list[tuple[Any, ...]]:
    query = sql.SQL(statement(name)).format(column=sql.Identifier(subject.column))
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
