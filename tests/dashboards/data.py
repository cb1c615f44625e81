"""A small workspace whose every number is known, for the pages to show."""

import itertools
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Sum

from accounts.models import (
    Account,
    DailyUsage,
    Developer,
    Identity,
    TouchedDeveloper,
    WorkspaceUsage,
)
from accounts.models.developer import AttributionRule
from accounts.score_history import snapshot_range
from accounts.score_store import score_workspace
from ingest.models import Event, InboxEntry, IngestCounter, QuarantinedEvent
from tests.factories import make_key, make_metric, make_product

_ids = itertools.count(1)


def now():
    return datetime.now(tz=UTC)


def today():
    return now().date()


def days_ago(count):
    return today() - timedelta(days=count)


def make_account(workspace, name, **fields):
    fields.setdefault("domain", f"{name.lower().replace(' ', '-')}.example")
    fields.setdefault("first_seen_at", now() - timedelta(days=60))
    return Account.objects.create(
        workspace=workspace, name=name, last_seen_at=now(), **fields
    )


def make_developer(workspace, account=None, *, email, **fields):
    """A developer known by one address, attributed by its domain."""
    rule = AttributionRule.EMAIL_DOMAIN if account else AttributionRule.NONE
    developer = Developer.objects.create(
        workspace=workspace,
        account=account,
        display_name=fields.pop("display_name", email),
        rule=fields.pop("rule", rule),
        confidence=0.9 if account else 0.0,
        first_seen_at=now() - timedelta(days=60),
        last_seen_at=fields.pop("last_seen_at", now()),
        **fields,
    )
    add_identity(developer, email)
    return developer


def add_identity(developer, value, kind=Identity.Kind.EMAIL, **fields):
    return Identity.objects.create(
        workspace_id=developer.workspace_id,
        developer=developer,
        kind=kind,
        value=value,
        **fields,
    )


def use(developer, metric, product, uses):
    """Usage by days ago: `{0: 3, 1: 2}` is three today and two yesterday."""
    DailyUsage.objects.bulk_create(
        DailyUsage(
            workspace_id=developer.workspace_id,
            developer=developer,
            day=days_ago(age),
            metric=metric,
            product=product,
            count=count,
        )
        for age, count in uses.items()
    )


def happen(developer, metric, product, at, **fields):
    """One raw event of a developer's first identity."""
    return Event.objects.create(
        id=next(_ids),
        workspace_id=developer.workspace_id,
        identity=developer.identities.first(),
        metric=metric,
        product=product,
        occurred_at=at,
        received_at=fields.pop("received_at", at),
        dialect="reo",
        source="PRODUCT_CLOUD",
        event_id="",
        environment=fields.pop("environment", "PRODUCTION"),
        session_id="",
        user_agent="",
        **fields,
    )


def settle(workspace):
    """Sum usage up, score everybody and write the last 95 days' snapshots."""
    WorkspaceUsage.objects.filter(workspace=workspace).delete()
    sums = (
        DailyUsage.objects.filter(workspace=workspace)
        .values_list("day", "metric_id", "product_id")
        .annotate(Sum("count"))
    )
    WorkspaceUsage.objects.bulk_create(
        WorkspaceUsage(
            workspace=workspace, day=day, metric_id=metric, product_id=product, count=n
        )
        for day, metric, product, n in sums
    )
    TouchedDeveloper.objects.bulk_create(
        TouchedDeveloper(workspace=workspace, developer_id=pk)
        for pk in workspace.developers.values_list("pk", flat=True)
    )
    score_workspace(workspace)
    TouchedDeveloper.objects.filter(workspace=workspace).delete()
    snapshot_range(days_ago(95), days_ago(1), workspace=workspace)


class World:
    """Two companies and a loner, two products, two metrics, sixty days."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.deploy = make_metric(workspace, "DEPLOY", label="Deploy", level="primary")
        self.build = make_metric(workspace, "BUILD", label="Build", level="secondary1")
        self.cli = make_product(workspace, "cli", name="Orbit CLI")
        self.sdk = make_product(workspace, "sdk", name="Orbit SDK")
        self.warm = make_account(workspace, "Warm Works", country="DE")
        self.cold = make_account(workspace, "Cold Corp")
        self.ada = make_developer(workspace, self.warm, email="ada@warm-works.example")
        self.bob = make_developer(workspace, self.warm, email="bob@warm-works.example")
        self.cid = make_developer(
            workspace, self.cold, email="cid@cold-corp.example", rule="network"
        )
        self.loner = make_developer(workspace, email="loner@mail.example")
        self.counted = Developer.objects.create(
            workspace=workspace, account=self.cold, is_aggregate=True
        )
        add_identity(self.counted, "cold-corp.example", Identity.Kind.AGGREGATE)
        use(self.ada, self.deploy, self.cli, {0: 4, 1: 6, 5: 2, 29: 1, 30: 3})
        use(self.ada, self.build, self.sdk, {0: 10, 2: 20})
        use(self.bob, self.build, self.sdk, {3: 7})
        use(self.cid, self.build, self.cli, {40: 50, 45: 60})
        use(self.counted, self.build, self.cli, {1: 1000})
        use(self.loner, self.build, self.cli, {6: 5})
        settle(workspace)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE accounts_dailyusage")

    def add_events(self, count=3):
        """Events of Ada, a minute apart, the last one a minute ago."""
        start = now() - timedelta(minutes=count)
        return [
            happen(self.ada, self.deploy, self.cli, start + timedelta(minutes=nth))
            for nth in range(count)
        ]

    def add_ingestion(self):
        """Counters of this hour, a waiting request, a failing one, a quarantine."""
        self.key, _ = make_key(self.workspace, "Orbit CI")
        hour = now().replace(minute=0, second=0, microsecond=0)
        for outcome, count in (
            ("accepted", 1200),
            ("duplicate", 30),
            ("quarantined", 4),
            ("refused:bad_payload", 7),
            ("refused:rate_limited", 2),
        ):
            IngestCounter.objects.create(
                workspace=self.workspace,
                api_key=self.key,
                dialect="reo",
                hour=hour,
                outcome=outcome,
                count=count,
            )
        InboxEntry.objects.create(
            workspace=self.workspace, dialect="reo", event_count=12, payload=b""
        )
        InboxEntry.objects.create(
            workspace=self.workspace,
            dialect="reo",
            event_count=5,
            payload=b"",
            tries=2,
            last_error="the disk was full",
        )
        for _ in range(4):
            self.quarantine("metric_not_configured", "launchrocket", "LAUNCH_ROCKET")

    def quarantine(self, reason, subject, detail=""):
        return QuarantinedEvent.objects.create(
            workspace=self.workspace,
            dialect="reo",
            reason=reason,
            subject=subject,
            detail=detail,
            received_at=now(),
            payload=b"",
        )
