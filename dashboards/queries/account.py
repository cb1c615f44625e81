"""One account: how warm it is and why, what it uses, who its developers are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Avg, Count, Max, OrderBy, OuterRef, Q, Subquery

from accounts.models import (
    Account,
    AccountDomain,
    AccountNetwork,
    Developer,
    DeveloperScore,
)
from accounts.models.developer import AttributionRule
from accounts.score_history import account_trends
from accounts.score_lists import score_of, with_score
from dashboards import charts
from dashboards.periods import Period, start_of
from dashboards.queries.account_facts import AccountFacts
from dashboards.queries.account_facts import build as build_facts
from dashboards.queries.lists import uses_of_days, worth_of
from dashboards.queries.movement import Movement, movement_of
from dashboards.queries.receipts import ReceiptCard, receipt_card
from dashboards.queries.red_flags import FlagsOf, flags_of
from dashboards.queries.scores import Move, ScoreReader, Shown, moves, reader_for
from dashboards.queries.sql import fetch
from dashboards.queries.versions import InUse, in_use

MOST_DEVELOPERS = 10


@dataclass(frozen=True, slots=True)
class MetricRow:
    """Uses of one metric of one product by the account in the period."""

    metric: str
    level: str
    product: str
    count: int
    days: int
    developers: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One developer of the account."""

    pk: int
    name: str
    score: Shown
    trend: charts.Sparkline
    rule: str
    confidence: int
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """How many developers one rule attributed to the account, and how surely."""

    rule: str
    developers: int
    confidence: int
    example: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Everything on the page."""

    account: Account
    domains: tuple[str, ...]
    networks: tuple[str, ...]
    score: Shown
    meter: charts.BandMeter
    trend: charts.LineChart
    moves: tuple[Move, ...]
    movement: Movement
    # "" where the workspace adds up no values.
    worth: str
    receipt: ReceiptCard
    usage: charts.StackedChart
    metrics: tuple[MetricRow, ...]
    developers: tuple[PersonRow, ...]
    developer_count: int
    rules: tuple[RuleRow, ...]
    facts: AccountFacts
    red_flags: FlagsOf
    versions: tuple[InUse, ...]


def build(
    account: Account, period: Period, *, lines: int, on: date | None, today: date
) -> AccountPage:
    """Answer the page of one account; the queries are as many for any account.

    `lines` bounds the receipt; what is beyond comes as one line. `on` is the day of the
    receipt; everything else is of now.
    """
    reader = reader_for(account.workspace, today)
    card = receipt_card(account, model=reader.model, on=on, lines=lines, today=today)
    now = score_of(account, reader.model, today) if card.on else card.receipt.score
    history = account_trends([account], reader.model, today=today)[account.pk]
    trend = reader.trend(history, now=now)
    used = fetch(
        "account_use",
        _Used,
        {"account": account.pk, "first": period.first, "last": period.last},
    )
    rules, people = _rules(account)
    return AccountPage(
        account=account,
        domains=tuple(
            AccountDomain.objects.filter(account=account).values_list(
                "domain", flat=True
            )
        ),
        networks=tuple(
            AccountNetwork.objects.filter(account=account).values_list(
                "network", flat=True
            )
        ),
        score=reader.show(now),
        meter=reader.meter(now),
        trend=trend,
        moves=moves(history, now=now),
        movement=movement_of(getattr(account, "score", None)),
        worth=worth_of(account),
        receipt=card,
        usage=_usage(used, period),
        metrics=_metrics(used),
        developers=_people(account, reader, today=today),
        developer_count=people,
        rules=rules,
        facts=build_facts(account),
        red_flags=flags_of(account),
        versions=in_use(account, now=start_of(today)),
    )


class _Used(NamedTuple):
    """Uses of one metric of one product on one day; a row of account_use.sql."""

    metric: str
    level: str
    product: str
    metric_id: int
    product_id: int
    day: date
    uses: int
    # Developers for whom it was the first day in the period.
    newcomers: int


def _usage(used: Sequence[_Used], period: Period) -> charts.StackedChart:
    """Stack the uses of each day by product: the largest, then the rest as one."""
    by_product: dict[int, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    names: dict[int, str] = {}
    for row in used:
        by_product[row.product_id][row.day] += row.uses
        names[row.product_id] = row.product
    order = sorted(
        by_product, key=lambda pk: (-sum(by_product[pk].values()), names[pk])
    )
    kept = len(order) if len(order) <= charts.MAX_SERIES else charts.MAX_SERIES - 1
    shown, rest = order[:kept], order[kept:]
    series = [charts.Series(names[pk], period.fill(by_product[pk])) for pk in shown]
    if rest:
        others = [period.fill(by_product[pk]) for pk in rest]
        total = tuple(sum(column) for column in zip(*others, strict=True))
        series.append(charts.Series(f"{len(rest)} more products", total))
    return charts.stacked(
        key="usage",
        title="Uses per day by product",
        noun=charts.USES,
        buckets=period.days,
        series=series or [charts.Series("All products", period.fill({}))],
    )


def _metrics(used: Sequence[_Used]) -> tuple[MetricRow, ...]:
    by_metric: dict[tuple[int, int], list[_Used]] = defaultdict(list)
    for row in used:
        by_metric[row.metric_id, row.product_id].append(row)
    rows = (
        MetricRow(
            metric=days[0].metric,
            level=days[0].level,
            product=days[0].product,
            count=sum(row.uses for row in days),
            days=len(days),
            developers=sum(row.newcomers for row in days),
        )
        for days in by_metric.values()
    )
    return tuple(sorted(rows, key=lambda row: (-row.count, row.metric, row.product)))


def _people(
    account: Account, reader: ScoreReader, *, today: date
) -> tuple[PersonRow, ...]:
    # As scores are, without working one out for each of many thousands. Points are
    # looked up one by one: joined, the planner may read those of the whole workspace.
    points = DeveloperScore.objects.filter(pk=OuterRef("pk")).values("points")
    best = (
        Developer.objects.filter(account=account, is_aggregate=False)
        .order_by(OrderBy(Subquery(points), descending=True, nulls_last=True), "pk")
        .values_list("pk", flat=True)[:MOST_DEVELOPERS]
    )
    order = list(best)
    found = with_score(
        Developer.objects.filter(pk__in=order), reader.model, today
    ).in_bulk()
    rows = [found[pk] for pk in order if pk in found]
    spark = uses_of_days((row.pk for row in rows), today=today)
    return tuple(
        PersonRow(
            pk=row.pk,
            name=str(row),
            score=reader.show(row.score_now),
            trend=spark[row.pk],
            rule=row.get_rule_display(),
            confidence=round(row.confidence * 100),
            last_seen_at=row.last_seen_at,
        )
        for row in rows
    )


def _rules(account: Account) -> tuple[tuple[RuleRow, ...], int]:
    """Return how developers came to the account, and how many of them are people."""
    rows = list(
        Developer.objects.filter(account=account)
        .values_list("rule")
        .annotate(
            people=Count("pk"),
            sure=Avg("confidence"),
            example=Max("rule_detail"),
            known=Count("pk", filter=Q(is_aggregate=False)),
        )
        .order_by("-people", "rule")
    )
    rules = tuple(
        RuleRow(AttributionRule(rule).label, count, round(confidence * 100), detail)
        for rule, count, confidence, detail, _ in rows
    )
    return rules, sum(known for *_, known in rows)
