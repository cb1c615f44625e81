"""How ingestion is doing: what arrives, what waits, what could not be used."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, Q, Sum

from accounts.models import Workspace
from dashboards import charts, periods
from dashboards.queries.events import Happening, latest
from ingest.models import InboxEntry, IngestCounter, QuarantinedEvent

HOURS = 24
MOST_GROUPS = 50
MOST_FAILING = 5
OUTCOMES = (
    ("accepted", "Accepted"),
    ("duplicate", "Duplicate"),
    ("quarantined", "Quarantined"),
    ("refused", "Refused"),
)
# Accepted and not kept: answered like others, counted, and gone.
LEFT_OUT = frozenset({"opted_out", "erased"})


@dataclass(frozen=True, slots=True)
class SenderRow:
    """What one key sent in one dialect during the last hours."""

    key: str
    prefix: str
    dialect: str
    accepted: int
    duplicate: int
    quarantined: int
    refused: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """How often requests were turned away for one reason."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """Accepted requests that wait to be digested."""

    requests: int
    events: int
    oldest_at: datetime | None
    is_late: bool
    failing: tuple[InboxEntry, ...]


@dataclass(frozen=True, slots=True)
class QuarantineGroup:
    """Events that wait for the same cause to be mended."""

    reason: str
    label: str
    subject: str
    detail: str
    count: int
    oldest_at: datetime

    @property
    def needs_metric(self) -> bool:
        """Say whether configuring a metric mends it."""
        return self.reason == QuarantinedEvent.Reason.METRIC_NOT_CONFIGURED

    @property
    def needs_app(self) -> bool:
        """Say whether adding an app mends it."""
        return self.reason == QuarantinedEvent.Reason.UNKNOWN_APP

    @property
    def why(self) -> str:
        """Explain a reason that its name and subject alone do not."""
        bounds = {
            QuarantinedEvent.Reason.TOO_MANY_METRICS: (
                settings.INGEST_MAX_METRICS,
                "metrics",
            ),
            QuarantinedEvent.Reason.TOO_MANY_PRODUCTS: (
                settings.INGEST_MAX_PRODUCTS,
                "products",
            ),
        }
        bound = bounds.get(QuarantinedEvent.Reason(self.reason))
        if bound is None:
            return ""
        most, what = bound
        return (
            f"This workspace has {most:,} {what} or more, so that unseen ones do not "
            "register themselves. This is one of their names."
        )


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Everything on the page."""

    has_data: bool
    totals: dict[str, str]
    hours: charts.StackedChart
    senders: tuple[SenderRow, ...]
    refusals: tuple[RefusalRow, ...]
    # Reserved payload keys that were left out of accepted signals.
    dropped: int
    # Events of people who opted out, or were erased while the events waited.
    left_out: int
    inbox: Inbox
    quarantine: tuple[QuarantineGroup, ...]
    quarantined: int
    latest: tuple[Happening, ...]


def build(workspace: Workspace, *, now: datetime) -> Ingestion:
    """Answer the page in nine queries, two more while hardly anything arrives."""
    hours = periods.hours_until(now, count=HOURS)
    by_hour: dict[str, dict[datetime, float]] = defaultdict(lambda: defaultdict(float))
    refused: Counter[str] = Counter()
    dropped = left_out = 0
    rows = (
        IngestCounter.objects.filter(workspace=workspace, hour__gte=hours[0])
        .values_list("hour", "outcome")
        .annotate(Sum("count"))
    )
    for hour, outcome, count in rows:
        kind, _, reason = outcome.partition(":")
        by_hour[kind][hour] += count
        if kind == "dropped":
            dropped += count
        elif kind in LEFT_OUT:
            left_out += count
        elif reason:
            refused[reason] += count
    series = [
        charts.Series(label, periods.fill_hours(hours, by_hour[kind]))
        for kind, label in OUTCOMES
    ]
    events = latest(workspace)
    groups = _quarantine(workspace)
    return Ingestion(
        has_data=bool(events or any(by_hour.values()) or groups),
        totals={kind: charts.full(sum(by_hour[kind].values())) for kind, _ in OUTCOMES},
        hours=charts.stacked(
            key="hours",
            title="Events per hour by outcome",
            buckets=hours,
            series=series,
        ),
        senders=_senders(workspace, since=hours[0]),
        refusals=tuple(
            RefusalRow(reason.replace("_", " "), count)
            for reason, count in refused.most_common()
        ),
        dropped=dropped,
        left_out=left_out,
        inbox=_inbox(workspace, now=now),
        quarantine=groups,
        quarantined=sum(group.count for group in groups),
        latest=events,
    )


def _senders(workspace: Workspace, *, since: datetime) -> tuple[SenderRow, ...]:
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    used: dict[tuple[str, str, str], datetime | None] = {}
    rows = (
        IngestCounter.objects.filter(workspace=workspace, hour__gte=since)
        .values_list(
            "api_key__name",
            "api_key__prefix",
            "dialect",
            "api_key__last_used_at",
            "outcome",
        )
        .annotate(Sum("count"))
    )
    for name, prefix, dialect, last_used_at, outcome, count in rows:
        sender = (name or "Without a key", prefix or "", dialect)
        found[sender][outcome.partition(":")[0]] += count
        used[sender] = last_used_at
    ordered = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    return tuple(
        SenderRow(
            key=sender[0],
            prefix=sender[1],
            dialect=sender[2],
            accepted=counts["accepted"],
            duplicate=counts["duplicate"],
            quarantined=counts["quarantined"],
            refused=counts["refused"],
            last_used_at=used[sender],
        )
        for sender, counts in ordered
    )


def _inbox(workspace: Workspace, *, now: datetime) -> Inbox:
    waiting = InboxEntry.objects.filter(workspace=workspace)
    totals = waiting.aggregate(
        requests=Count("pk"),
        events=Sum("event_count"),
        oldest=Min("received_at"),
        failing=Count("pk", filter=Q(tries__gt=0)),
    )
    failing = waiting.filter(tries__gt=0).defer("payload").order_by("pk")
    oldest: datetime | None = totals["oldest"]
    late = timedelta(seconds=settings.HEALTH_INBOX_SECONDS)
    return Inbox(
        requests=totals["requests"],
        events=totals["events"] or 0,
        oldest_at=oldest,
        is_late=oldest is not None and now - oldest > late,
        failing=tuple(failing[:MOST_FAILING]) if totals["failing"] else (),
    )


def _quarantine(workspace: Workspace) -> tuple[QuarantineGroup, ...]:
    """Group what waits; walks the index quarantine_waiting."""
    rows = (
        QuarantinedEvent.objects.filter(
            workspace=workspace, status=QuarantinedEvent.Status.WAITING
        )
        .values_list("reason", "subject")
        .annotate(about=Max("detail"), events=Count("pk"), oldest=Min("received_at"))
        .order_by("-events", "reason", "subject")[:MOST_GROUPS]
    )
    return tuple(
        QuarantineGroup(
            reason=reason,
            label=QuarantinedEvent.Reason(reason).label,
            subject=subject,
            detail=detail,
            count=count,
            oldest_at=oldest,
        )
        for reason, subject, detail, count, oldest in rows
    )
