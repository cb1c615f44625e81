"""What the page "Signals" shows: counts, types, payload values, measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from accounts.models import AppId, Metric, Workspace
from dashboards import charts
from dashboards.forms import SignalsForm
from dashboards.periods import Period
from ingest.dialects.telemetrydeck.signals import NAMESPACE, VERSION
from ingest.store import SignalChoice, signal_store
from ingest.store.signals import SignalGroup, SignalTotals, SignalType

SIGNALS = charts.Noun("signal", "signals")
AVERAGES = charts.Noun("average", "averages")
MOST_TYPES = 20
MOST_VALUES = 20
MOST_KEYS = 100
MOST_RANKED = 10
ABSENT = "(absent)"
EMPTY = "(empty)"
# What the server adds to every signal tells nothing apart.
OWN_KEYS = frozenset({NAMESPACE, VERSION})
SEED_APP = "AAAA-BBBBBBBB-CCCC-DDDD"


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline number."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a type, or a value of a payload key."""

    label: str
    # For a type, its number, to narrow the page to it.
    metric: int | None
    count: int
    signals: str
    users: str
    value_sum: str
    average: str


@dataclass(frozen=True, slots=True)
class Signals:
    """Everything on the page."""

    has_data: bool
    # Whether the other side of the test-mode switch has something to show.
    has_other: bool
    tiles: tuple[Tile, ...]
    days: charts.BarChart
    averages: charts.LineChart | None
    types: tuple[Row, ...]
    type_bars: charts.RankedBars
    chosen_type: Metric | None
    keys: tuple[str, ...]
    values: tuple[Row, ...]
    value_bars: charts.RankedBars | None
    # For the empty state: an app id that will be taken, if there is one.
    app_id: str
    has_app: bool


def build(workspace: Workspace, period: Period, form: SignalsForm) -> Signals:
    """Answer the page in at most nine queries."""
    store = signal_store()
    metric = form.metric(workspace)
    everything = SignalChoice(
        workspace=workspace.pk,
        since=period.start,
        until=period.end,
        is_test=form.is_test,
        product=form.product_id,
    )
    choice = _narrow(everything, metric)
    totals = store.totals(choice)
    by_day = store.by_day(choice)
    types = store.by_type(everything, limit=MOST_TYPES)
    labels = dict(
        Metric.objects.filter(pk__in=[one.metric_id for one in types]).values_list(
            "pk", "label"
        )
    )
    keys = _keys([one.name for one in store.payload_keys(choice, limit=MOST_KEYS)])
    name = form.payload_key
    groups = store.by_value(choice, name=name, limit=MOST_VALUES) if name else []
    app_id = ""
    has_other = False
    if not totals.signals:
        other = SignalChoice(
            workspace=workspace.pk,
            since=period.end - timedelta(days=400),
            until=period.end,
            is_test=not form.is_test,
        )
        has_other = bool(store.payload_keys(other, limit=1))
        found = AppId.objects.filter(workspace=workspace, is_enabled=True)
        app_id = found.values_list("app_id", flat=True).first() or ""
    rows = tuple(_type_row(one, labels) for one in types)
    values = tuple(_value_row(one) for one in groups)
    return Signals(
        has_data=bool(totals.signals or types),
        has_other=has_other,
        tiles=_tiles(totals),
        days=charts.bars(
            key="signals",
            title="Signals per day",
            noun=SIGNALS,
            buckets=period.days,
            values=period.fill({one.day: float(one.signals) for one in by_day}),
        ),
        averages=charts.line(
            key="averages",
            title="Average floatValue per day",
            noun=AVERAGES,
            buckets=period.days,
            values=period.fill_gaps(
                {
                    one.day: one.value_sum / one.measured
                    for one in by_day
                    if one.measured
                }
            ),
            finding=_measured(totals),
        )
        if totals.measured
        else None,
        types=rows,
        type_bars=_ranked(
            "types",
            "Signals by type",
            "Type",
            rows,
            # Types are shown of all signals, whatever type is chosen.
            total=None if metric else float(totals.signals),
        ),
        chosen_type=metric,
        keys=keys,
        values=values,
        value_bars=_ranked(
            "values",
            f"Signals by {name}",
            "Value",
            values,
            total=float(totals.signals),
        )
        if name
        else None,
        app_id=app_id or SEED_APP,
        has_app=bool(app_id),
    )


def _narrow(choice: SignalChoice, metric: Metric | None) -> SignalChoice:
    if metric is None:
        return choice
    return SignalChoice(
        workspace=choice.workspace,
        since=choice.since,
        until=choice.until,
        is_test=choice.is_test,
        product=choice.product,
        metric=metric.pk,
    )


def _keys(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name not in OWN_KEYS))


def _tiles(totals: SignalTotals) -> tuple[Tile, ...]:
    return (
        Tile("Signals", charts.full(totals.signals), f"{totals.types:,} types"),
        Tile("Users", charts.full(totals.users), "different, by their hashed id"),
        Tile("Sessions", charts.full(totals.sessions), _per_session(totals)),
        Tile(
            "Average floatValue",
            _average(totals.value_sum, totals.measured),
            f"sum {charts.full(totals.value_sum)} of {totals.measured:,} signals"
            if totals.measured
            else "no signal carries one",
        ),
    )


def _per_session(totals: SignalTotals) -> str:
    if not totals.sessions:
        return "none"
    each = round(totals.signals / totals.sessions, 1)
    return f"{SIGNALS.count(each)} in each, on average"


def _measured(totals: SignalTotals) -> str:
    return (
        f"{_average(totals.value_sum, totals.measured)} on average over "
        f"{SIGNALS.count(totals.measured)} with a floatValue; "
        f"they add up to {charts.full(totals.value_sum)}."
    )


def _average(value_sum: float, measured: int) -> str:
    return charts.full(value_sum / measured) if measured else "–"


def _type_row(one: SignalType, labels: dict[int, str]) -> Row:
    return _row(labels.get(one.metric_id, "?"), one.metric_id, one)


def _value_row(one: SignalGroup) -> Row:
    label = ABSENT if one.value is None else one.value or EMPTY
    return _row(label, None, one)


def _row(label: str, metric: int | None, one: SignalType | SignalGroup) -> Row:
    return Row(
        label=label,
        metric=metric,
        count=one.signals,
        signals=charts.full(one.signals),
        users=charts.full(one.users),
        value_sum=charts.full(one.value_sum) if one.measured else "–",
        average=_average(one.value_sum, one.measured),
    )


def _ranked(
    key: str, title: str, what: str, rows: Sequence[Row], *, total: float | None
) -> charts.RankedBars:
    """Rank the first rows; the shares are of ``total``, else of what is shown."""
    return charts.ranked(
        key=key,
        title=title,
        noun=SIGNALS,
        items=[
            charts.RankedItem(row.label, float(row.count)) for row in rows[:MOST_RANKED]
        ],
        what=what,
        total=total,
    )
