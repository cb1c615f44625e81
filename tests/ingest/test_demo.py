import json
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import islice

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, Sum

from accounts.demo import PEOPLE, create_demo_workspace, demo_credentials
from accounts.errors import AccountsError
from accounts.keys import find_key
from accounts.models import (
    Account,
    AccountNetwork,
    DailyUsage,
    Developer,
    DeveloperScore,
    EventDefinition,
    Membership,
    Role,
    ScoreSnapshot,
    TouchedDeveloper,
    Workspace,
)
from accounts.receipts import receipt_for_account
from accounts.score_lists import with_score
from accounts.score_models import current_model
from accounts.score_store import score_touched
from dashboards.queries import adoption
from ingest.demo.seed import EXAMPLE_NETWORK, seed
from ingest.demo.stream import blocks
from ingest.demo.wipe import wipe
from ingest.demo.world import Size, make_world
from ingest.dialects import reo
from ingest.dialects.base import Scope
from ingest.digest import digest_until_empty
from ingest.events import encode_events
from ingest.inbox import accept_without_request
from ingest.models import Event, EventKey, IngestCounter, QuarantinedEvent
from tests.accounts.scores import utc_today
from tests.factories import make_user, make_workspace

PAST = date(2026, 3, 15)
END = datetime(2026, 3, 16, tzinfo=UTC)
RESERVED = [
    ip_network(text) for text in ("198.18.0.0/15", "203.0.113.0/24", "2001:db8::/32")
]


def size(**changes):
    values = {
        "events": 3000,
        "developers": 150,
        "accounts": 30,
        "days": 60,
        "seed": 7,
        "until": PAST,
    }
    return Size(**{**values, **changes})


def stream(**changes):
    return blocks(make_world(size(**changes)), END)


@pytest.fixture
def committing(transactional_db):
    """Digests commit; the event table is not Django's, so nobody else empties it."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ingest_event")


def quiet(what, done, of):
    pass


def encoded(found):
    return [(b.received_at, b.dialect, encode_events(b.events)) for b in found]


def test_the_same_seed_and_day_give_the_same_events():
    assert encoded(stream()) == encoded(stream())


def test_another_seed_gives_others():
    assert encoded(islice(stream(), 3)) != encoded(islice(stream(seed=8), 3))


def test_the_unfinished_day_only_leaves_out_what_has_not_happened():
    noon = datetime(2026, 3, 15, 12, tzinfo=UTC)
    whole = [event for block in stream() for event in block.events]
    so_far = [
        event for block in blocks(make_world(size()), noon) for event in block.events
    ]
    assert 0 < len(so_far) < len(whole)
    assert encode_events(so_far) == encode_events(
        [event for event in whole if event.occurred_at <= noon.timestamp()]
    )


def test_events_come_in_order_and_about_as_many_as_asked_for():
    found = list(stream())
    events = [event for block in found for event in block.events]
    assert len({event.key for event in events}) == pytest.approx(3000, abs=60)
    assert len(events) > len({event.key for event in events})
    for block in found:
        assert block.received_at <= END
        for event in block.events:
            assert event.occurred_at <= block.received_at.timestamp()


def test_working_days_are_busier_than_weekends():
    by_weekday = [0] * 7
    for block in stream(events=20_000):
        for event in block.events:
            by_weekday[datetime.fromtimestamp(event.occurred_at, UTC).weekday()] += 1
    assert max(by_weekday[5:]) < min(by_weekday[:5]) / 3


def test_nobody_real_is_in_it():
    world = make_world(size(developers=2000, accounts=300))
    domains = {company.domain for company in world.companies}
    assert len(domains) == 300
    assert all(domain.endswith(".example") for domain in domains)
    identities = [pair for person in world.people for pair in person.identities]
    assert len(set(identities)) == len(identities)
    for kind, value in identities:
        if kind == "email":
            assert value.endswith(".example")
    for person in world.people:
        assert not person.domain or person.domain in domains
        if person.ip:
            address = ip_address(person.ip)
            assert any(address in network for network in RESERVED)
    kinds = {kind for kind, _ in identities}
    assert kinds >= {"email", "github", "username", "anonymous", "aggregate"}


@pytest.mark.parametrize(("developers", "accounts"), [(1, 1), (5, 9), (40, 40)])
def test_small_worlds_work(developers, accounts):
    world = make_world(size(developers=developers, accounts=accounts, days=1))
    people = [person for person in world.people if not person.is_aggregate]
    assert len(people) == developers
    assert len(world.companies) == min(developers, accounts)
    assert sum(len(block.events) for block in blocks(world, END)) > 2000


def test_the_workspace_has_something_to_say_on_every_page(committing):
    seeded = seed(size(until=utc_today()), quiet)
    workspace = seeded.workspace
    assert workspace.is_demo
    assert not TouchedDeveloper.objects.exists()
    # Profiles are accepted, and are no events.
    customers = Developer.objects.filter(traits__has_key="plan")
    worth = DeveloperScore.objects.exclude(lifetime_value=0)
    assert 0 < worth.count() <= customers.count()
    assert seeded.outcomes["accepted"] == Event.objects.count() + customers.count()
    assert seeded.outcomes["duplicate"] > 0
    assert seeded.outcomes["quarantined"] == QuarantinedEvent.objects.count() > 0
    refused = IngestCounter.objects.filter(outcome__startswith="refused:")
    assert {counter.workspace for counter in refused} == {workspace}
    counted = Event.objects.filter(is_test=False)
    assert DailyUsage.objects.aggregate(n=Sum("count")) == counted.aggregate(
        n=Sum("count")
    )
    applications = Event.objects.filter(dialect="productiv")
    assert {"Login", "Consume"} <= {
        definition.category
        for definition in EventDefinition.objects.filter(
            metric__in=applications.values("metric")
        )
    }
    seats = adoption.build(seeded.workspace, {}, today=utc_today()).applications
    assert [one.app_id for one in seats] == ["northwind-drive", "northwind-meet"]
    assert all(0 < one.month < one.seats for one in seats), seats
    assert all(0 < one.never < one.seats for one in seats), seats
    signals = Event.objects.filter(dialect="telemetrydeck")
    assert {True, False} == set(signals.values_list("is_test", flat=True))
    assert signals.filter(value__isnull=False).exists()
    assert signals.filter(metric__key="pageView").exists()
    assert QuarantinedEvent.objects.filter(reason="unknown_app").count() == 7
    rules = set(Developer.objects.values_list("rule", flat=True))
    assert rules >= {"email_domain", "event_domain", "network", "none"}
    assert Developer.objects.filter(is_aggregate=True).exists()
    assert ScoreSnapshot.objects.count() > 500
    model = current_model(workspace)
    assert model.note.startswith("Calibrated")
    scores = [
        row.score_now for row in with_score(Account.objects.all(), model, utc_today())
    ]
    assert min(scores) < 20
    assert max(scores) > 60


def test_the_documented_first_event_moves_an_account_that_was_half_warm(committing):
    workspace = seed(size(until=utc_today()), quiet).workspace
    credentials = demo_credentials()
    assert credentials.workspace_slug == "demo"
    assert find_key(credentials.api_key).workspace == workspace
    account = AccountNetwork.objects.get(network=EXAMPLE_NETWORK).account
    model = current_model(workspace)
    rows = with_score(Account.objects.filter(pk=account.pk), model, utc_today())
    before = rows.get().score_now
    assert 20 < before < 80
    event = {
        "activity_type": "LOGIN_ACTIVITY",
        "source": "TELEMETRY",
        "environment": "PRODUCTION",
        "user_id": "https://www.linkedin.com/in/userid",
        "user_id_type": "LINKEDIN",
        "ip_addr": "156.59.87.83",
        "event_id": 1231231232,
        "event_at": int(datetime.now(UTC).timestamp()),
        "product_id": "reoWebApp",
        "user_agent": "Mozilla/5.0",
        "meta": {"property1": "value1"},
    }
    body = json.dumps({"payload": event}).encode()
    accept_without_request(workspace, "reo", reo.parse_usage(body, Scope()).events)
    digest_until_empty()
    assert score_touched() == 1
    assert round(rows.get().score_now, 1) > round(before, 1)
    (line,) = [
        line
        for line in receipt_for_account(account).lines
        if "reoWebApp" in line.product
    ]
    assert (line.metric, line.day) == ("Log-in", utc_today())


@pytest.mark.django_db
def test_the_demo_people_log_in_with_the_shown_password():
    assert demo_credentials() is None
    workspace, _ = create_demo_workspace()
    credentials = demo_credentials()
    assert credentials.email == PEOPLE[0][0]
    for email, _, role in PEOPLE:
        user = authenticate(username=email, password=credentials.password)
        assert Membership.objects.get(user=user, workspace=workspace).role == role
        assert not user.is_superuser


@pytest.mark.django_db
def test_a_real_log_in_of_that_address_keeps_its_password():
    real = make_user(PEOPLE[0][0], password="our own secret")
    Membership.objects.create(workspace=make_workspace(), user=real, role=Role.ADMIN)
    with pytest.raises(AccountsError, match="not a demo log-in"):
        create_demo_workspace()
    real.refresh_from_db()
    assert real.check_password("our own secret")
    assert demo_credentials() is None


def test_the_command_fills_once_and_again_when_told_to(committing, capsys):
    other = make_workspace("other")
    options = {"events": 400, "developers": 20, "accounts": 5, "days": 20}
    call_command("seed_demo", **options, until=PAST)
    told = capsys.readouterr().out
    assert "5 companies" in told
    first = Workspace.objects.get(slug="demo")

    def content():
        return list(
            DailyUsage.objects.values("day")
            .annotate(n=Sum("count"), people=Count("developer", distinct=True))
            .order_by("day")
        )

    before = content()
    with pytest.raises(CommandError, match="--replace"):
        call_command("seed_demo", **options)
    call_command("seed_demo", **options, until=PAST, replace=True)
    assert not Workspace.objects.filter(pk=first.pk).exists()
    assert content() == before
    assert Workspace.objects.filter(pk=other.pk).exists()


def test_wiping_a_workspace_leaves_nothing_of_it_and_all_of_others(committing):
    workspace = seed(size(events=300, developers=20, accounts=5), quiet).workspace
    other = make_workspace("other")
    tables = (DailyUsage, Developer, Event, EventKey, Account, ScoreSnapshot)
    assert all(table.objects.exists() for table in tables)
    assert wipe(workspace) > 300
    assert not any(table.objects.exists() for table in tables)
    assert list(Workspace.objects.all()) == [other]
    assert other.metrics.count() == 1


def test_days_before_the_last_are_the_same_whenever_it_is_made():
    early = END - timedelta(days=10)
    assert encoded(islice(blocks(make_world(size()), early), 40)) == encoded(
        islice(stream(), 40)
    )
