"""Licence telemetry: how much of it is clean, what it says, and who sent it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from accounts.models import (
    Activation,
    Identity,
    License,
    Product,
    RedFlag,
    Workspace,
)
from accounts.red_flag_words import WORDS
from dashboards import charts, periods
from dashboards.forms import LicenceForm
from dashboards.paging import decode, encode
from ingest.models import Event
from ingest.store import Place, license_store
from ingest.store.licences import Choice, DataGroup, FlagCount, Latest, LicenseRecord

HOURS = 24
RECORDS_A_PAGE = 25
LICENCE_DAYS = 30
MOST_ACTIVATIONS = 200
SINGLE, XY, TEXT = "numeric-single-value", "numeric-xy-axis", "text"
MOST_GROUPS = 12
# Of each group: points of a line, rows of a table, values of a sparkline.
LATEST_A_GROUP = 60
TEXTS_SHOWN = 8
# Numbers beyond these are no measurements, and no axis holds them.
LARGEST, SMALLEST = 1e15, 1e-9
RECORDS = charts.Noun("record", "records")
# Each red flag in words, worst first; the words are those of all red flags.
FLAGS: Mapping[Event.Flag, str] = MappingProxyType(
    {
        Event.Flag.REVOKED_LICENSE: WORDS[RedFlag.Kind.REVOKED_LICENSE].meaning,
        Event.Flag.UNKNOWN_LICENSE: WORDS[RedFlag.Kind.UNKNOWN_LICENSE].meaning,
        Event.Flag.UNKNOWN_ACTIVATION: WORDS[RedFlag.Kind.UNKNOWN_ACTIVATION].meaning,
        Event.Flag.UNKNOWN_PRODUCT: WORDS[RedFlag.Kind.UNKNOWN_PRODUCT].meaning,
        Event.Flag.UNKNOWN_VERSION: WORDS[RedFlag.Kind.UNKNOWN_VERSION].meaning,
        Event.Flag.INCORRECT_FORMAT: WORDS[RedFlag.Kind.INCORRECT_FORMAT].meaning,
    }
)


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One red flag, what it means, and how many records have it."""

    label: str
    meaning: str
    records: str


@dataclass(frozen=True, slots=True)
class NumberCard:
    """A data group of single values."""

    title: str
    value: str
    note: str
    spark: charts.Sparkline | None


@dataclass(frozen=True, slots=True)
class TextCard:
    """A data group of texts, the latest first."""

    title: str
    records: str
    rows: tuple[tuple[datetime, str], ...]


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record as the table shows it."""

    pk: int
    identity_id: int
    at: datetime
    who: str
    developer_id: int | None
    account: str
    account_id: int | None
    license_key: str
    license_id: int | None
    product: str
    version: str
    group: str
    data: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """A page of records, newest first."""

    rows: tuple[RecordRow, ...]
    next_cursor: str
    # There is no way back but to the first page.
    previous_cursor: str = ""


@dataclass(frozen=True, slots=True)
class LicenceTelemetry:
    """Everything on the page."""

    has_data: bool
    total: str
    flagged: str
    flagged_share: str
    clean: str
    clean_share: str
    trend: charts.StackedChart
    flags: tuple[FlagRow, ...]
    numbers: tuple[NumberCard, ...]
    lines: tuple[charts.PointChart, ...]
    texts: tuple[TextCard, ...]
    records: Records


@dataclass(frozen=True, slots=True)
class LicencePage:
    """One licence: whose it is, where it runs, and what it reported."""

    licence: License
    badge: str
    activations: tuple[Activation, ...]
    trend: charts.StackedChart
    records: Records


def build(
    workspace: Workspace,
    form: LicenceForm,
    params: Mapping[str, str],
    *,
    now: datetime,
) -> LicenceTelemetry:
    """Answer the page in at most eight queries."""
    span = _span(int(form.chosen_days), now)
    product = form.value("product")
    key = form.value("license")
    choice = Choice(
        workspace_id=workspace.pk,
        since=span.since,
        until=span.until,
        product_id=product.pk if product else None,
        is_flagged={"flagged": True, "clean": False}.get(form.value("show")),
        equal={"license_key": key} if key else {},
    )
    counts = license_store().trend(choice, unit=span.unit)
    total = sum(one.records for one in counts)
    flagged = sum(one.records for one in counts if one.flags)
    groups = license_store().groups(choice, types=(SINGLE, XY, TEXT), limit=MOST_GROUPS)
    latest = _by_group(license_store().latest(choice, groups, limit=LATEST_A_GROUP))
    return LicenceTelemetry(
        has_data=bool(total),
        total=charts.full(total),
        flagged=charts.full(flagged),
        flagged_share=_share(flagged, total),
        clean=charts.full(total - flagged),
        clean_share=_share(total - flagged, total),
        trend=_trend(counts, span, total=total, flagged=flagged),
        flags=_flags(counts),
        numbers=tuple(
            _number(group, latest[group.data_group, SINGLE])
            for group in groups
            if group.data_type == SINGLE
        ),
        lines=tuple(
            _line(place, group, latest[group.data_group, XY])
            for place, group in enumerate(groups)
            if group.data_type == XY
        ),
        texts=tuple(
            _texts(group, latest[group.data_group, TEXT])
            for group in groups
            if group.data_type == TEXT
        ),
        records=_records(workspace, choice, params),
    )


def build_licence(
    licence: License, params: Mapping[str, str], *, now: datetime
) -> LicencePage:
    """Answer the page of one licence."""
    span = _span(LICENCE_DAYS, now)
    choice = Choice(
        workspace_id=licence.workspace_id, equal={"license_key": licence.key}
    )
    counts = license_store().trend(
        replace(choice, since=span.since, until=span.until), unit=span.unit
    )
    total = sum(one.records for one in counts)
    flagged = sum(one.records for one in counts if one.flags)
    return LicencePage(
        licence=licence,
        badge={
            License.State.ACTIVE: "good",
            License.State.EXPIRED: "low",
            License.State.REVOKED: "bad",
        }[licence.state],
        activations=tuple(licence.activations.all()[:MOST_ACTIVATIONS]),
        trend=_trend(counts, span, total=total, flagged=flagged),
        records=_records(licence.workspace, choice, params),
    )


@dataclass(frozen=True, slots=True)
class _Span:
    since: datetime
    until: datetime
    unit: str
    buckets: tuple[datetime, ...]


def _span(days: int, now: datetime) -> _Span:
    """Return the last 24 hours, or that many UTC days."""
    if days == 1:
        hours = periods.hours_until(now, count=HOURS)
        return _Span(hours[0], hours[-1] + timedelta(hours=1), "hour", hours)
    period = periods.last_days(days, today=periods.today_utc(now))
    starts = tuple(periods.start_of(day) for day in period.days)
    return _Span(period.start, period.end, "day", starts)


def _trend(
    counts: Iterable[FlagCount], span: _Span, *, total: int, flagged: int
) -> charts.StackedChart:
    clean: Counter[datetime] = Counter()
    bad: Counter[datetime] = Counter()
    for one in counts:
        (bad if one.flags else clean)[one.at] += one.records
    is_hourly = span.unit == "hour"
    per = "hour" if is_hourly else "day"
    return charts.stacked(
        key="trend",
        title=f"Clean and flagged records per {per}",
        buckets=span.buckets if is_hourly else [at.date() for at in span.buckets],
        series=[
            charts.Series("Clean", tuple(float(clean[at]) for at in span.buckets)),
            charts.Series("Flagged", tuple(float(bad[at]) for at in span.buckets)),
        ],
        noun=RECORDS,
        finding=(
            f"{RECORDS.count(total)}, {(flagged and _share(flagged, total)) or 'none'} "
            "of them flagged."
            if total
            else ""
        ),
    )


def _flags(counts: Iterable[FlagCount]) -> tuple[FlagRow, ...]:
    seen: Counter[Event.Flag] = Counter()
    for one in counts:
        for flag in FLAGS:
            if one.flags & flag:
                seen[flag] += one.records
    return tuple(
        FlagRow(flag.label, meaning, charts.full(seen[flag]))
        for flag, meaning in FLAGS.items()
    )


def _by_group(rows: Iterable[Latest]) -> "defaultdict[tuple[str, str], list[Latest]]":
    found: defaultdict[tuple[str, str], list[Latest]] = defaultdict(list)
    for row in rows:
        found[row.data_group, row.data_type].append(row)
    return found


def _number(group: DataGroup, latest: Sequence[Latest]) -> NumberCard:
    values = [row.value for row in latest if row.value is not None]
    drawn = [value for value in values if _is_drawable(value)]
    return NumberCard(
        title=_title(group),
        value=charts.full(group.average) if group.average is not None else "–",
        note=(
            f"average of {RECORDS.count(group.records)}; "
            f"{charts.full(group.lowest or 0)} to {charts.full(group.highest or 0)}, "
            f"latest {charts.full(values[-1])}"
            if values
            else f"{RECORDS.count(group.records)} without a number"
        ),
        spark=charts.sparkline(drawn, width=160, height=32) if len(drawn) > 1 else None,
    )


def _line(place: int, group: DataGroup, latest: Sequence[Latest]) -> charts.PointChart:
    pairs = [
        (float(row.properties["x"]), float(row.properties["y"]))
        for row in latest
        if _is_number(row.properties.get("x")) and _is_number(row.properties.get("y"))
    ]
    return charts.points(
        key=f"group-{place}",
        title=_title(group),
        values=[(x, y) for x, y in pairs if _is_drawable(x) and _is_drawable(y)],
    )


def _texts(group: DataGroup, latest: Sequence[Latest]) -> TextCard:
    rows = [
        (row.occurred_at, str(row.properties.get("data", "")))
        for row in reversed(latest)
    ]
    return TextCard(
        _title(group), RECORDS.count(group.records), tuple(rows[:TEXTS_SHOWN])
    )


def _title(group: DataGroup) -> str:
    return group.data_group or "Without a data group"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_drawable(value: float) -> bool:
    return value == 0 or SMALLEST <= abs(value) <= LARGEST


def _records(
    workspace: Workspace, choice: Choice, params: Mapping[str, str]
) -> Records:
    edge = decode(params.get("after", ""))
    place = None
    if edge is not None and isinstance(edge[0], datetime):
        place = Place(edge[0], edge[1])
    found = license_store().records(choice, before=place, limit=RECORDS_A_PAGE + 1)
    shown = found[:RECORDS_A_PAGE]
    last = shown[-1] if len(found) > RECORDS_A_PAGE else None
    return Records(
        rows=tuple(_named(workspace, shown)),
        next_cursor=encode(last.occurred_at, last.id) if last else "",
    )


def _named(workspace: Workspace, rows: Sequence[LicenseRecord]) -> list[RecordRow]:
    """Name what the records refer to, in three queries."""
    products = Product.objects.in_workspace(workspace).in_bulk(
        {row.product_id for row in rows}
    )
    identities = (
        Identity.objects.in_workspace(workspace)
        .select_related("developer__account")
        .in_bulk({row.identity_id for row in rows})
    )
    keys = {str(row.properties.get("license_key", "")) for row in rows}
    licences = dict(
        License.objects.in_workspace(workspace)
        .filter(key__in=keys)
        .values_list("key", "pk")
    )
    return [_row(row, products, identities, licences) for row in rows]


def _row(
    row: LicenseRecord,
    products: Mapping[int, Product],
    identities: Mapping[int, Identity],
    licences: Mapping[str, int],
) -> RecordRow:
    stated = row.properties
    identity = identities.get(row.identity_id)
    developer = identity.developer if identity else None
    account = developer.account if developer else None
    key = str(stated.get("license_key", ""))
    product = products.get(row.product_id)
    is_known = not row.flags & Event.Flag.UNKNOWN_PRODUCT
    return RecordRow(
        pk=row.id,
        identity_id=row.identity_id,
        at=row.occurred_at,
        who=str(developer) if developer else "removed",
        developer_id=developer.pk if developer else None,
        account=account.name if account else "",
        account_id=account.pk if account else None,
        license_key=key,
        license_id=licences.get(key),
        product=(
            product.name if product and is_known else str(stated.get("product_id", ""))
        ),
        version=str(stated.get("product_version", "")),
        group=str(stated.get("data_group", "")),
        data=str(stated.get("data", "")),
        flags=tuple(flag.label for flag in FLAGS if row.flags & flag),
    )


def _share(part: int, total: int) -> str:
    if not total:
        return "–"
    percent = part / total * 100
    if 0 < percent < 1:
        return "less than 1 %"
    return f"{percent:.0f} %" if percent <= 99 or part == total else "over 99 %"  # noqa: PLR2004
