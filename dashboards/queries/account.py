"""One account: how warm it is and why, what it uses, who its developers are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Avg, Count, F, Max, Q, Sum

from accounts.models import (
    Account,
    AccountDomain,
    AccountNetwork,
    DailyUsage,
    Developer,
)
from accounts.models.developer import AttributionRule
from accounts.score_history import account_trends
from accounts.score_lists import score_of, with_score
from dashboards import charts
from dashboards.periods import Period, start_of
from dashboards.queries.account_facts import AccountFacts
from dashboards.queries.account_facts import build as build_facts
from dashboards.queries.lists import trends, worth_of
from dashboards.queries.movement import Movement, movement_of
from dashboards.queries.receipts import ReceiptCard, receipt_card
from dashboards.queries.red_flags import FlagsOf, flags_of
from dashboards.queries.scores import Move, ScoreReader, Shown, moves, reader_for
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
    people = Developer.objects.filter(account=account, is_aggregate=False)
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
        usage=_usage(account, period),
        metrics=_metrics(account, period),
        developers=_people(account, reader, today=today),
        developer_count=people.count(),
        rules=_rules(account),
        facts=build_facts(account),
        red_flags=flags_of(account),
        versions=in_use(account, now=start_of(today)),
    )


def _usage(account: Account, period: Period) -> charts.StackedChart:
    """Stack the uses of each day by product: the largest, then the rest as one."""
    rows = (
        DailyUsage.objects.filter(
            developer__account=account, day__range=(period.first, period.last)
        )
        .values_list("product", "product__name", "day")
        .annotate(Sum("count"))
    )
    by_product: dict[int, dict[date, float]] = defaultdict(dict)
    names: dict[int, str] = {}
    for product, name, day, count in rows:
        by_product[product][day] = float(count)
        names[product] = name
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


def _metrics(account: Account, period: Period) -> tuple[MetricRow, ...]:
    rows = (
        DailyUsage.objects.filter(
            developer__account=account, day__range=(period.first, period.last)
        )
        .values("metric", "metric__label", "metric__level", "product", "product__name")
        .annotate(
            uses=Sum("count"),
            days=Count("day", distinct=True),
            developers=Count(
                "developer", distinct=True, filter=Q(developer__is_aggregate=False)
            ),
        )
        .order_by("-uses", "metric__label", "product__name")
    )
    return tuple(
        MetricRow(
            metric=row["metric__label"],
            level=row["metric__level"],
            product=row["product__name"],
            count=row["uses"],
            days=row["days"],
            developers=row["developers"],
        )
        for row in rows
    )


def _people(
    account: Account, reader: ScoreReader, *, today: date
) -> tuple[PersonRow, ...]:
    people = with_score(
        Developer.objects.filter(account=account, is_aggregate=False),
        reader.model,
        today,
        # As scores are, without working one out for each of many thousands.
    ).order_by(F("score__points").desc(nulls_last=True), "pk")[:MOST_DEVELOPERS]
    rows = list(people)
    spark = trends("developer_id", (row.pk for row in rows), today=today)
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


def _rules(account: Account) -> tuple[RuleRow, ...]:
    rows = (
        Developer.objects.filter(account=account)
        .values_list("rule")
        .annotate(
            people=Count("pk"), sure=Avg("confidence"), example=Max("rule_detail")
        )
        .order_by("-people", "rule")
    )
    return tuple(
        RuleRow(AttributionRule(rule).label, count, round(confidence * 100), detail)
        for rule, count, confidence, detail in rows
    )
