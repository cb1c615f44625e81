"""The account list: searched, filtered, sorted, one page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts.models import Account, Developer, Workspace
from accounts.score_lists import in_band, with_score, with_worth
from accounts.scoring import Band
from dashboards import charts
from dashboards.forms import ListForm
from dashboards.paging import Order, paginate
from dashboards.queries.lists import Total, total_of, trends, uses_product
from dashboards.queries.scores import Shown, reader_for

NEVER = datetime(1, 1, 1, tzinfo=UTC)
# Accounts are few enough to sort those without a score or a visit last by a value
# put in their place, although that leaves the index of the list unused.
ORDERS = {
    "score": Order("sort_points", "pk", True, lambda row: row.sort_points, float),
    "worth": Order("worth", "pk", True, lambda row: row.worth, float),
    "seen": Order("sort_seen", "pk", True, lambda row: row.sort_seen, datetime),
    "name": Order("name", "pk", False, lambda row: row.name, str),
}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the list."""

    pk: int
    name: str
    domain: str
    country: str
    score: Shown
    is_stale: bool
    trend: charts.Sparkline
    developers: int
    worth: str
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountList:
    """One page of the list, and how long the list is."""

    rows: tuple[AccountRow, ...]
    total: Total
    # Whether the workspace adds up lifetime values.
    has_worth: bool
    next_cursor: str
    previous_cursor: str


def build(
    workspace: Workspace, form: ListForm, params: Mapping[str, str], *, today: date
) -> AccountList:
    """Answer the list in four queries, whatever its length."""
    reader = reader_for(workspace, today)
    accounts = _filtered(workspace, form, today=today)
    if band := form.value("band"):
        accounts = in_band(accounts, Band(band), reader.model, today)
    order = ORDERS[form.value("sort") or "score"]
    listed = with_score(
        with_worth(accounts.select_related("score")), reader.model, today
    )
    page = paginate(listed, order=order, params=params)
    spark = trends("developer__account_id", (row.pk for row in page.rows), today=today)
    return AccountList(
        rows=tuple(
            AccountRow(
                pk=row.pk,
                name=row.name,
                domain=row.domain,
                country=row.country,
                score=reader.show(row.score_now),
                is_stale=row.is_stale,
                trend=spark[row.pk],
                developers=row.score.active_developers if has_score(row) else 0,
                worth=charts.full(row.worth),
                last_seen_at=row.last_seen_at,
            )
            for row in page.rows
        ),
        total=total_of(accounts),
        has_worth=any(row.has_worth for row in page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def has_score(row: Any) -> bool:
    """Say whether a row was scored at all; newcomers wait a few seconds for it."""
    return hasattr(row, "score")


def _filtered(
    workspace: Workspace, form: ListForm, *, today: date
) -> QuerySet[Account]:
    accounts = Account.objects.in_workspace(workspace).annotate(
        sort_points=Coalesce("score__points", Value(0.0)),
        sort_seen=Coalesce("last_seen_at", Value(NEVER)),
    )
    if text := form.value("q"):
        accounts = accounts.filter(
            Q(name__icontains=text)
            | Q(domain__icontains=text)
            | Q(pk__in=_by_further_domain(workspace, text))
        )
    if product := form.value("product"):
        used = uses_product(product, owner="developer__account_id", today=today)
        accounts = accounts.filter(used)
    if rule := form.value("rule"):
        matching = Developer.objects.filter(account_id=OuterRef("pk"), rule=rule)
        accounts = accounts.filter(Exists(matching))
    return accounts


def _by_further_domain(workspace: Workspace, text: str) -> QuerySet[Any, Any]:
    return (
        Account.objects.in_workspace(workspace)
        .filter(domains__domain__icontains=text)
        .values("pk")
    )
