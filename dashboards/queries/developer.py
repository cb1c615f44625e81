"""One developer: who they are, what they did, how warm they are and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from accounts.models import (
    Correction,
    DailyUsage,
    Developer,
    Identity,
)
from accounts.score_history import developer_trends
from accounts.score_lists import score_of
from dashboards import charts
from dashboards.periods import Period, start_of
from dashboards.queries.developers import identity_rank
from dashboards.queries.events import Timeline, timeline
from dashboards.queries.lists import worth_of
from dashboards.queries.movement import Movement, movement_of
from dashboards.queries.profile import Picture, Trait, picture_of, profile_of
from dashboards.queries.receipts import ReceiptCard, receipt_card
from dashboards.queries.red_flags import FlagsOf, flags_of
from dashboards.queries.scores import Move, Shown, moves, reader_for
from dashboards.queries.versions import InUse, in_use

MOST_IDENTITIES = 200
MOST_CORRECTIONS = 20


@dataclass(frozen=True, slots=True)
class DeveloperPage:
    """Everything on the page."""

    developer: Developer
    confidence: int
    identities: tuple[Identity, ...]
    score: Shown
    meter: charts.BandMeter
    trend: charts.LineChart
    moves: tuple[Move, ...]
    movement: Movement
    # "" where the workspace adds up no values.
    worth: str
    profile: tuple[Trait, ...]
    picture: Picture | None
    receipt: ReceiptCard
    usage: charts.BarChart
    metrics: charts.RankedBars
    timeline: Timeline
    corrections: tuple[Correction, ...]
    red_flags: FlagsOf
    versions: tuple[InUse, ...]


def build(
    developer: Developer,
    period: Period,
    params: Mapping[str, str],
    *,
    lines: int,
    on: date | None,
    today: date,
) -> DeveloperPage:
    """Answer the page of one developer; the queries are as many for anybody.

    `lines` bounds the receipt; what is beyond comes as one line. `on` is the day of the
    receipt; everything else is of now.
    """
    reader = reader_for(developer.workspace, today)
    card = receipt_card(developer, model=reader.model, on=on, lines=lines, today=today)
    now = score_of(developer, reader.model, today) if card.on else card.receipt.score
    history = developer_trends([developer], reader.model, today=today)[developer.pk]
    trend = reader.trend(history, now=now)
    identities = sorted(
        Identity.objects.filter(developer=developer)[:MOST_IDENTITIES],
        key=identity_rank,
    )
    return DeveloperPage(
        developer=developer,
        confidence=round(developer.confidence * 100),
        identities=tuple(identities),
        score=reader.show(now),
        meter=reader.meter(now),
        trend=trend,
        moves=moves(history, now=now),
        movement=movement_of(getattr(developer, "score", None)),
        worth=worth_of(developer),
        profile=profile_of(developer),
        picture=picture_of(developer, identities),
        receipt=card,
        usage=_usage(developer, period),
        metrics=_metrics(developer, period),
        timeline=timeline(
            developer.workspace, (identity.pk for identity in identities), params
        ),
        corrections=_corrections(developer),
        red_flags=flags_of(developer),
        versions=in_use(developer, now=start_of(today)),
    )


def _usage(developer: Developer, period: Period) -> charts.BarChart:
    rows = (
        DailyUsage.objects.filter(
            developer=developer, day__range=(period.first, period.last)
        )
        .values_list("day")
        .annotate(Sum("count"))
    )
    by_day = {day: float(count) for day, count in rows}
    return charts.bars(
        key="usage",
        title="Uses per day",
        noun=charts.USES,
        buckets=period.days,
        values=period.fill(by_day),
    )


def _metrics(developer: Developer, period: Period) -> charts.RankedBars:
    rows = (
        DailyUsage.objects.filter(
            developer=developer, day__range=(period.first, period.last)
        )
        .values_list("metric", "metric__label", "product", "product__name")
        .annotate(uses=Sum("count"))
        .order_by("-uses", "metric__label", "product__name")
    )
    return charts.ranked(
        key="metrics",
        title="Uses by metric and product",
        noun=charts.USES,
        items=[
            charts.RankedItem(f"{metric}, {product}", float(uses))
            for _, metric, _, product, uses in rows
        ],
        what="Metric and product",
    )


def _corrections(developer: Developer) -> tuple[Correction, ...]:
    """Return what people and rules changed about this developer, newest first."""
    about = Correction.objects.filter(
        Q(developer_ids__contains=[developer.pk]), workspace=developer.workspace
    )
    return tuple(about.select_related("actor")[:MOST_CORRECTIONS])
