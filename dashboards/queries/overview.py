"""What the overview shows: how much is used, by how many, and who moved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q, Sum

from accounts.models import AccountScore, Workspace, WorkspaceUsage
from accounts.scoring import Band
from dashboards import charts
from dashboards.periods import Period
from dashboards.queries.active import active
from dashboards.queries.scores import ScoreReader, Shown, reader_for, signed
from dashboards.queries.sql import fetch

DEVELOPERS = charts.Noun("developer", "developers")
MOST_MOVERS = 5
MOST_RANKED = 8


class MoverRow(NamedTuple):
    """One account with its score now and on the day before the period."""

    account_id: int
    name: str
    domain: str
    now: float
    before: float


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline number, its change and a small trend."""

    label: str
    value: str
    note: str
    page: str
    query: str = ""
    change: str = ""
    # `up`, `down` or `flat`; empty when there is nothing to compare with.
    direction: str = ""
    spark: charts.Sparkline | None = None


@dataclass(frozen=True, slots=True)
class Mover:
    """An account whose score moved during the period."""

    pk: int
    name: str
    domain: str
    now: Shown
    before: str
    change: float

    @property
    def change_text(self) -> str:
        """Return the change in points with its sign."""
        return signed(self.change)


@dataclass(frozen=True, slots=True)
class BandCount:
    """How many accounts are in a band."""

    label: str
    slug: str
    count: int
    # Percent of all scored accounts.
    share: float


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page."""

    has_data: bool
    tiles: tuple[Tile, ...]
    uses: charts.BarChart
    developers: charts.LineChart
    products: charts.RankedBars
    metrics: charts.RankedBars
    bands: tuple[BandCount, ...]
    rising: tuple[Mover, ...]
    falling: tuple[Mover, ...]
    # When the active developers and accounts were counted; None: just now.
    counted_at: datetime | None


def build(workspace: Workspace, period: Period, *, today: date) -> Overview:
    """Answer the overview of one workspace and period in ten queries."""
    reader = reader_for(workspace, today)
    before = period.previous()
    by_day = _uses_by_day(workspace, before.first, period.last)
    earlier = period.same_weekdays_before()
    counted = active(workspace, period)
    totals = counted.totals
    movers = _movers(workspace, reader, period)
    bands = _bands(workspace, reader)
    uses_now, uses_before = sum(period.fill(by_day)), sum(before.fill(by_day))
    developers = {row.day: float(row.developers) for row in counted.days}
    accounts = {row.day: float(row.accounts) for row in counted.days}
    change = charts.change_sentence(
        "Uses", now=uses_now, before=uses_before, period=period.previous_name
    )
    return Overview(
        has_data=bool(by_day) or _has_usage(workspace),
        tiles=(
            _tile("Uses", uses_now, uses_before, period.fill(by_day), "ingestion"),
            _tile(
                "Active developers",
                totals.developers_now,
                totals.developers_before,
                period.fill(developers),
                "developers",
            ),
            _tile(
                "Active accounts",
                totals.accounts_now,
                totals.accounts_before,
                period.fill(accounts),
                "accounts",
            ),
            Tile(
                label="Accounts in band High",
                value=charts.full(bands[0].count),
                note=f"{charts.full(bands[1].count)} more are Medium",
                page="accounts",
                query="?band=high",
            ),
        ),
        uses=charts.bars(
            key="uses",
            title="Uses per day",
            noun=charts.USES,
            buckets=period.days,
            values=period.fill(by_day),
            finding=change,
        ),
        developers=charts.line(
            key="active-developers",
            title="Active developers per day",
            buckets=period.days,
            values=period.fill(developers),
            noun=DEVELOPERS,
            earlier=earlier.fill(developers),
            earlier_name=f"{(period.first - earlier.first).days // 7} weeks earlier",
            finding=charts.change_sentence(
                "Different developers active",
                now=totals.developers_now,
                before=totals.developers_before,
                period=period.previous_name,
            ),
        ),
        products=_ranking(
            workspace, period, field="product", name="product__name", total=uses_now
        ),
        metrics=_ranking(
            workspace, period, field="metric", name="metric__label", total=uses_now
        ),
        bands=bands,
        rising=tuple(mover for mover in movers if mover.change > 0),
        falling=tuple(mover for mover in reversed(movers) if mover.change < 0),
        counted_at=counted.counted_at,
    )


def _tile(
    label: str, now: float, before: float, trend: Iterable[float], page: str
) -> Tile:
    change = charts.percent_change(now, before)
    direction = "flat" if now == before else "up" if now > before else "down"
    return Tile(
        label=label,
        value=charts.full(now),
        note=f"{charts.full(before)} before",
        page=page,
        change="" if change is None else f"{abs(change):,.0f} %",
        direction=direction if change is not None else "",
        spark=charts.sparkline(list(trend)),
    )


def _uses_by_day(workspace: Workspace, first: date, last: date) -> dict[date, float]:
    rows = (
        WorkspaceUsage.objects.filter(workspace=workspace, day__range=(first, last))
        .values_list("day")
        .annotate(Sum("count"))
    )
    return {day: float(count) for day, count in rows}


def _has_usage(workspace: Workspace) -> bool:
    return WorkspaceUsage.objects.filter(workspace=workspace).exists()


def _movers(workspace: Workspace, reader: ScoreReader, period: Period) -> list[Mover]:
    rows = fetch(
        "movers",
        MoverRow,
        {
            "workspace": workspace.pk,
            "factor": reader.factor,
            "scale": reader.model.account_scale,
            "day": period.first - timedelta(days=1),
            "limit": MOST_MOVERS,
        },
    )
    return [
        Mover(
            pk=row.account_id,
            name=row.name,
            domain=row.domain,
            now=reader.show(row.now),
            before=charts.shown_score(row.before),
            change=row.now - row.before,
        )
        for row in rows
    ]


def _bands(workspace: Workspace, reader: ScoreReader) -> tuple[BandCount, ...]:
    """Count scored accounts by band with one pass over the index of stored points."""
    high = reader.account_points(reader.model.high_from)
    medium = reader.account_points(reader.model.medium_from)
    counted = AccountScore.objects.filter(workspace=workspace).aggregate(
        high=Count("pk", filter=Q(points__gte=high)),
        medium=Count("pk", filter=Q(points__gte=medium, points__lt=high)),
        low=Count("pk", filter=Q(points__lt=medium)),
    )
    total = sum(counted.values()) or 1
    return tuple(
        BandCount(
            label=band.label,
            slug=band.value,
            count=counted[band.value],
            share=round(counted[band.value] / total * 100, 1),
        )
        for band in Band
    )


def _ranking(
    workspace: Workspace, period: Period, *, field: str, name: str, total: float
) -> charts.RankedBars:
    what = field.title()
    rows = (
        WorkspaceUsage.objects.filter(
            workspace=workspace, day__range=(period.first, period.last)
        )
        .values_list(field, name)
        .annotate(uses=Sum("count"))
        .order_by("-uses", name)[:MOST_RANKED]
    )
    return charts.ranked(
        key=f"{what.lower()}s",
        title=f"Uses by {what.lower()}",
        noun=charts.USES,
        items=[charts.RankedItem(label, float(uses)) for _, label, uses in rows],
        what=what,
        total=total,
    )
