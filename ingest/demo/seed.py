"""Fills the demo workspace: through the inbox and the digest, as any data comes in."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from accounts.demo import create_demo_workspace
from accounts.models import (
    Account,
    AccountNetwork,
    AccountScore,
    ApiKey,
    Metric,
    Product,
    ScoreModel,
    Workspace,
)
from accounts.score_history import TREND_DAYS, snapshot_range
from accounts.score_lists import with_score
from accounts.score_models import calibrate, current_model, sync_weights
from accounts.score_store import score_workspace
from accounts.version_counts import count_all_versions
from ingest.demo.applications import application_blocks
from ingest.demo.care import leave_something_to_mend
from ingest.demo.catalogue import METRICS, PRODUCTS
from ingest.demo.curated import talk_about
from ingest.demo.knowledge import begin_the_day, know_accounts
from ingest.demo.licences import configure_licences, license_blocks
from ingest.demo.oddities import look_at_one, odd_blocks
from ingest.demo.releases import enter_releases
from ingest.demo.segments import add_segments
from ingest.demo.signals import configure_apps, signal_blocks
from ingest.demo.stages import go_through_stages
from ingest.demo.stream import Block, blocks
from ingest.demo.world import Size, World, make_world
from ingest.digest import digest_until_empty
from ingest.events import NormalizedEvent
from ingest.inbox import accept_without_request
from ingest.models import InboxEntry, IngestCounter
from ingest.refusals import Reason

# The range that the address of the documented first event lies in.
EXAMPLE_NETWORK = "156.59.87.0/24"
# The account it belongs to has a score near this, so that one event moves it.
EXAMPLE_SCORE = 45.0
# Events after which a second process helps to digest; starting it takes a second.
HELPER_FROM = 200_000
# Events between two reports of progress.
REPORT_EVERY = 10_000

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the demo workspace holds now."""

    workspace: Workspace
    companies: int
    # Events by what became of them: accepted, duplicate, quarantined.
    outcomes: dict[str, int]


def seed(size: Size, report: Report, *, now: datetime | None = None) -> Seeded:
    """Create the demo workspace and fill it; ``report(what, done, of)`` shows how far.

    Raises:
        AccountsError: there is a workspace of that name.
    """
    now = now or datetime.now(tz=UTC)
    world = make_world(size)
    workspace, key = create_demo_workspace()
    with transaction.atomic():
        _configure(workspace, world)
    inbox = partial(accept_without_request, workspace, api_key=key)
    with _helper(size.events) as start_helper:
        _send(blocks(world, now), size.events, inbox, report, start_helper)
        # Signals come without a key.
        for block in signal_blocks(size, workspace.slug, now):
            accept_without_request(
                workspace, block.dialect, block.events, block.received_at
            )
        for block in application_blocks(workspace, world, now):
            inbox(block.dialect, block.events, block.received_at)
        for block in license_blocks(workspace, size, now):
            inbox(block.dialect, block.events, block.received_at)
        for block in odd_blocks(world, now):
            inbox(block.dialect, block.events, block.received_at)
        report("Digesting", 0, 0)
        digest_until_empty()
    _finish(workspace)
    report("Scoring", 0, 0)
    _inform_planner()
    _score(workspace, world)
    _refuse(workspace, key, now)
    count_all_versions(workspace)
    look_at_one(workspace)
    _map_example(workspace, now)
    know_accounts(workspace, size)
    go_through_stages(workspace, size)
    _inform_planner()
    add_segments(workspace, size)
    begin_the_day(workspace)
    leave_something_to_mend(workspace)
    talk_about(workspace, now)
    outcomes = (
        IngestCounter.objects.filter(workspace=workspace)
        .values_list("outcome")
        .annotate(number=Sum("count"))
        .order_by("outcome")
    )
    return Seeded(workspace, len(world.companies), dict(outcomes))


def _inform_planner() -> None:
    """Have PostgreSQL look at what came, which it does by itself within a minute.

    Until then it takes every table for nearly empty: the segment "Unused seats" then
    ran for more than four minutes instead of 10 ms, and the start with it.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _configure(workspace: Workspace, world: World) -> None:
    """Set up products, metrics and what an admin knows about the companies."""
    Product.objects.bulk_create(
        Product(workspace=workspace, key=key, name=name)
        for key, name in PRODUCTS.items()
    )
    for metric in METRICS:
        Metric.objects.create(
            workspace=workspace,
            key=metric.key,
            label=metric.label,
            level=metric.level,
            weight=metric.weight,
            daily_cap=metric.daily_cap,
        )
    configure_apps(workspace)
    sync_weights(workspace)
    # As if the workspace had been there from the first event on.
    started = datetime.combine(world.size.first_day, datetime.min.time(), UTC)
    Workspace.objects.filter(pk=workspace.pk).update(created_at=started)
    ScoreModel.objects.filter(workspace=workspace).update(created_at=started)
    _enter_companies(workspace, world, started)
    configure_licences(workspace, world.size)
    enter_releases(workspace, world.size)


def _enter_companies(workspace: Workspace, world: World, at: datetime) -> None:
    filled_in = [
        company
        for company in world.companies
        if company.is_filled_in or company.network
    ]
    accounts = Account.objects.bulk_create(
        Account(
            workspace=workspace,
            name=company.name,
            domain=company.domain,
            country=company.country,
            industry=company.industry,
            employees=company.employees,
            created_at=at,
        )
        for company in filled_in
    )
    AccountNetwork.objects.bulk_create(
        AccountNetwork(
            workspace=workspace, account=account, network=company.network, note="Office"
        )
        for account, company in zip(accounts, filled_in, strict=True)
        if company.network
    )


def _send(
    stream: Iterable[Block],
    events: int,
    keep: Callable[[str, list[NormalizedEvent], datetime], object],
    report: Report,
    start_helper: Callable[[], None],
) -> None:
    """Put all blocks into the inbox; the helper starts when there is work for it."""
    sent = reported = 0
    for block in stream:
        keep(block.dialect, block.events, block.received_at)
        sent += len(block.events)
        if sent - reported >= REPORT_EVERY:
            if not reported:
                start_helper()
            reported = sent
            report("Events", sent, events)


def _finish(workspace: Workspace) -> None:
    """Digest what another worker had in its hands, or wait until it is done.

    Entries that failed once are left to the ordinary worker.
    """
    while InboxEntry.objects.filter(workspace=workspace, tries=0).exists():
        if not digest_until_empty().entries:
            time.sleep(0.1)


def _score(workspace: Workspace, world: World) -> None:
    """Score with scales that fit, and write the history as if kept day by day."""
    score_workspace(workspace)
    if calibrate(workspace, today=world.size.until) is not None:
        score_workspace(workspace)
    last = min(world.size.until, datetime.now(tz=UTC).date() - timedelta(days=1))
    first = max(world.size.first_day, last - timedelta(days=TREND_DAYS))
    snapshot_range(first, last, workspace=workspace)


def _refuse(workspace: Workspace, key: ApiKey, now: datetime) -> None:
    """Count some refusals: a sender with a bad body, another that was too fast."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    refusals = (
        (Reason.INVALID, "reo", (2, 3, 26), 4),
        (Reason.RATE_LIMITED_KEY, "native", (7,), 118),
        (Reason.NOT_JSON, "native", (19, 44), 1),
        (Reason.TOO_LARGE, "native", (31,), 2),
    )
    IngestCounter.objects.bulk_create(
        IngestCounter(
            workspace=workspace,
            api_key=key,
            dialect=dialect,
            hour=hour - timedelta(hours=ago),
            outcome=f"refused:{reason}",
            count=count,
        )
        for reason, dialect, times, count in refusals
        for ago in times
    )


def _map_example(workspace: Workspace, now: datetime) -> None:
    """Give the documented first event a home: an account that it visibly moves."""
    today = now.date()
    accounts = with_score(
        Account.objects.filter(
            workspace=workspace,
            networks__isnull=True,
            pk__in=AccountScore.objects.filter(
                workspace=workspace,
                last_active_on__gte=today - timedelta(days=14),
            ).values("pk"),
        ),
        current_model(workspace),
        today,
    )
    chosen = min(
        accounts.order_by("pk"),
        key=lambda account: abs(account.score_now - EXAMPLE_SCORE),
        default=None,
    )
    if chosen is not None:
        AccountNetwork.objects.create(
            workspace=workspace,
            account=chosen,
            network=EXAMPLE_NETWORK,
            note="Network of the documented first event",
        )


@contextmanager
def _helper(events: int) -> Iterator[Callable[[], None]]:
    """Offer a second process that digests while this one makes events."""
    helpers: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        if events >= HELPER_FROM and (os.cpu_count() or 1) > 1:
            program = str(settings.BASE_DIR / "manage.py")
            command = [sys.executable, program, "digest_inbox"]
            helpers.append(
                subprocess.Popen(  # noqa: S603 (our own command)
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )

    try:
        yield start
    finally:
        for helper in helpers:
            # An interrupted digest rolls back before the process ends.
            helper.send_signal(signal.SIGINT)
            helper.wait()
