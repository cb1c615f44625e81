"""The account list: searched, filtered, sorted, one page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import FitModel, Subject
from accounts.score_lists import with_score, with_worth
from dashboards import charts
from dashboards.filters import AccountFilter
from dashboards.paging import paginate
from dashboards.queries.lists import Total, scores_of_days, total_of
from dashboards.queries.movement import Movement, movement_of
from dashboards.queries.scores import ScoreReader, Shown
from dashboards.queries.stages import Badge, badges


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the list."""

    pk: int
    name: str
    domain: str
    country: str
    fit: str
    score: Shown
    is_stale: bool
    # None in no stage.
    stage: Badge | None
    movement: Movement
    trend: charts.Sparkline
    developers: int
    worth: str
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountList:
    """One page of the list, and how long the list is."""

    rows: tuple[AccountRow, ...]
    total: Total
    # Whether the workspace has criteria for fit.
    has_fit: bool
    # Whether the workspace adds up lifetime values.
    has_worth: bool
    next_cursor: str
    previous_cursor: str


def build(filters: AccountFilter, params: Mapping[str, str]) -> AccountList:
    """Answer the list in five queries, its last page in six, whatever its length."""
    today = filters.today
    reader = ScoreReader(filters.score_model, today)
    accounts = filters.qs
    listed = with_score(
        with_worth(accounts.select_related("score")), reader.model, today
    ).annotate(
        has_fit=Exists(FitModel.objects.filter(workspace_id=OuterRef("workspace_id")))
    )
    page = paginate(listed, order=filters.order, params=params)
    spark = scores_of_days(page.rows, today=today)
    in_stage = badges(Subject.ACCOUNT, (row.pk for row in page.rows))
    return AccountList(
        rows=tuple(
            AccountRow(
                pk=row.pk,
                name=row.name,
                domain=row.domain,
                country=row.country,
                fit=row.fit,
                score=reader.show(row.score_now),
                is_stale=row.is_stale,
                stage=in_stage.get(row.pk),
                movement=movement_of(getattr(row, "score", None)),
                trend=spark[row.pk],
                developers=row.score.active_developers if has_score(row) else 0,
                worth=charts.full(row.worth),
                last_seen_at=row.last_seen_at,
            )
            for row in page.rows
        ),
        total=total_of(accounts),
        has_fit=any(row.has_fit for row in page.rows),
        has_worth=any(row.has_worth for row in page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def has_score(row: Any) -> bool:
    """Say whether a row was scored at all; newcomers wait a few seconds for it."""
    return hasattr(row, "score")
