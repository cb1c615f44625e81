"""What a digest makes of the inbox, checked on whole tables."""

from datetime import timedelta
from tempfile import TemporaryFile

import pytest
from django.db import connection

from accounts.models import Developer, Identity, Product
from ingest.digest import digest_once, digest_until_empty
from ingest.models import Event, EventKey, InboxEntry
from tests.factories import make_key, make_metric, make_workspace
from tests.ingest.digesting import (
    NOON,
    counters,
    event,
    put,
    quarantined,
    stored,
    touched,
    usage,
    waiting,
    workspace_usage,
)

ANN = "ann@example.com"
TODAY = "2026-11-20"


def test_an_event_becomes_event_developer_and_usage(workspace):
    key, _ = make_key(workspace)
    put(
        workspace,
        event(
            key="1",
            value=2.5,
            source="TELEMETRY",
            environment="PROD",
            session_id="s",
            user_agent="cli/1",
            ip="2001:db8::7",
            properties={"os": "linux", "n": [1, None, "ü\\"]},
        ),
        api_key=key,
    )
    result = digest_until_empty()
    assert (result.entries, result.events, result.duplicates) == (1, 1, 0)
    [row] = Event.objects.all()
    [developer] = Developer.objects.all()
    assert row.identity.developer == developer
    assert (row.occurred_at, row.received_at, row.api_key) == (NOON, NOON, key)
    assert (row.count, row.value, row.flags, row.is_test) == (1, 2.5, 0, False)
    assert (row.dialect, row.source, row.event_id) == ("native", "TELEMETRY", "1")
    assert (row.environment, row.session_id) == ("PROD", "s")
    assert (row.user_agent, row.ip) == ("cli/1", "2001:db8::7")
    assert row.properties == {"os": "linux", "n": [1, None, "ü\\"]}
    assert usage() == [(ANN, TODAY, "CALL_HOME", "sdk", 1, 2.5)]
    assert workspace_usage() == [("acme", TODAY, "CALL_HOME", "sdk", 1, 2.5)]
    assert touched() == {developer.pk}
    assert counters() == {"accepted": 1}
    assert waiting() == []
    key.refresh_from_db()
    assert key.last_used_at == NOON


def test_a_batch_of_different_events_adds_up(workspace):
    make_metric(workspace, "BUILD")
    put(
        workspace,
        event("ann@example.com", count=3, value=1.0),
        event("ann@example.com", at=NOON + timedelta(minutes=1), value=0.5),
        event("ann@example.com", metric="BUILD"),
        event("ann@example.com", product="cli"),
        event("bob@example.org", at=NOON - timedelta(days=2)),
    )
    put(workspace, event("bob@example.org", at=NOON - timedelta(days=2)))
    digest_once()
    assert usage() == [
        ("ann@example.com", TODAY, "BUILD", "sdk", 1, 0.0),
        ("ann@example.com", TODAY, "CALL_HOME", "cli", 1, 0.0),
        ("ann@example.com", TODAY, "CALL_HOME", "sdk", 4, 1.5),
        ("bob@example.org", "2026-11-18", "CALL_HOME", "sdk", 2, 0.0),
    ]
    assert workspace_usage() == [
        ("acme", "2026-11-18", "CALL_HOME", "sdk", 2, 0.0),
        ("acme", TODAY, "BUILD", "sdk", 1, 0.0),
        ("acme", TODAY, "CALL_HOME", "cli", 1, 0.0),
        ("acme", TODAY, "CALL_HOME", "sdk", 4, 1.5),
    ]
    assert Event.objects.count() == 6


def test_a_repeat_counts_once_whichever_way_it_comes(workspace):
    put(workspace, event(key="1"), event(key="1"), event(key="2"))
    put(workspace, event(key="2"))
    digest_once()
    put(workspace, event(key="1"), event(key="3"))
    digest_once()
    assert usage() == [(ANN, TODAY, "CALL_HOME", "sdk", 3, 0.0)]
    assert sorted(Event.objects.values_list("event_id", flat=True)) == ["1", "2", "3"]
    assert counters() == {"accepted": 3, "duplicate": 3}
    assert EventKey.objects.count() == 3


def test_the_first_of_two_with_one_key_is_kept(workspace):
    put(workspace, event("ann@example.com", key="1"), event("bob@example.org", key="1"))
    digest_once()
    assert [row[0] for row in stored()] == ["ann@example.com"]
    assert Identity.objects.count() == 1


def test_a_stream_sent_again_and_again_counts_once(workspace):
    # The ledger trusts a stream, is told better, looks first, and trusts it again.
    for first in [0, 0, 2, 4, 4, 6, *range(8, 120, 2)]:
        put(workspace, *(event(key=str(first + n)) for n in range(3)))
        digest_once()
    assert sum(row[4] for row in usage()) == Event.objects.count() == 121
    assert counters() == {"accepted": 121, "duplicate": 65}
    assert EventKey.objects.count() == 121


def test_events_without_a_key_are_never_repeats(workspace):
    put(workspace, event(), event())
    put(workspace, event())
    digest_once()
    assert usage() == [(ANN, TODAY, "CALL_HOME", "sdk", 3, 0.0)]


def test_workspaces_do_not_mix(workspace):
    other = make_workspace("other")
    make_metric(other, "BUILD")
    put(workspace, event(key="1"), event(key="2", metric="BUILD"))
    put(other, event(key="1"), event(key="2", metric="BUILD"))
    digest_once()
    assert workspace_usage() == [
        ("acme", TODAY, "CALL_HOME", "sdk", 1, 0.0),
        ("other", TODAY, "BUILD", "sdk", 1, 0.0),
        ("other", TODAY, "CALL_HOME", "sdk", 1, 0.0),
    ]
    assert quarantined() == [("metric_not_configured", "build", "waiting")]
    assert Developer.objects.count() == Product.objects.count() == 2
    for row in Event.objects.select_related("identity", "product", "metric"):
        assert row.identity.workspace_id == row.workspace_id
        assert row.product.workspace_id == row.workspace_id
        assert row.metric.workspace_id == row.workspace_id


def test_an_event_of_1990_keeps_its_day(workspace):
    put(workspace, event(at=651_333_600.25))
    digest_once()
    [row] = Event.objects.all()
    assert row.occurred_at.isoformat() == "1990-08-22T14:00:00.250000+00:00"
    assert usage() == [(ANN, "1990-08-22", "CALL_HOME", "sdk", 1, 0.0)]


def test_an_event_of_before_1970_belongs_to_the_day_it_names(workspace):
    put(workspace, event(at=-0.5))
    digest_once()
    assert usage() == [(ANN, "1969-12-31", "CALL_HOME", "sdk", 1, 0.0)]


@pytest.mark.parametrize("ahead", [timedelta(days=1, seconds=1), timedelta(days=9999)])
def test_a_clock_in_the_future_is_filed_under_arrival(workspace, ahead):
    stated = (NOON + ahead).timestamp()
    put(workspace, event(at=stated, properties={"os": "mac"}))
    digest_once()
    [row] = Event.objects.all()
    assert row.occurred_at == NOON
    assert row.flags == Event.Flag.CLOCK_IN_FUTURE
    assert row.properties == {"os": "mac", "stated_at": stated}
    assert usage() == [(ANN, TODAY, "CALL_HOME", "sdk", 1, 0.0)]


def test_a_day_ahead_is_still_believed(workspace):
    put(workspace, event(at=NOON + timedelta(days=1)))
    digest_once()
    [row] = Event.objects.all()
    assert (row.occurred_at, row.flags) == (NOON + timedelta(days=1), 0)


def test_a_test_event_is_kept_but_not_counted(workspace):
    put(workspace, event(is_test=True), event("bob@example.org"))
    digest_once()
    assert Event.objects.filter(is_test=True).count() == 1
    assert usage() == [("bob@example.org", TODAY, "CALL_HOME", "sdk", 1, 0.0)]
    assert [row[-2] for row in workspace_usage()] == [1]


def test_an_unseen_product_registers_itself(workspace):
    put(workspace, event(product="new-cli"))
    digest_once()
    [product] = Product.objects.all()
    assert (product.key, product.is_discovered) == ("new-cli", True)


def test_spellings_of_a_metric_are_one(workspace):
    put(workspace, event(metric="call home"), event(metric="Call-Home"), event())
    digest_once()
    assert usage() == [(ANN, TODAY, "CALL_HOME", "sdk", 3, 0.0)]


def test_a_metric_may_register_itself(workspace):
    put(
        workspace,
        event(metric="Signal.One", registers_metric=True),
        event(metric="signal.one", registers_metric=True),
    )
    digest_once()
    metric = workspace.metrics.get(folded_key="signal.one")
    assert (metric.key.lower(), metric.weight) == ("signal.one", 6.0)
    assert [row[4] for row in usage()] == [2]


def test_identities_of_one_event_are_one_person(workspace):
    put(
        workspace,
        event(identities=[("customer_id", "7"), ("email", ANN)]),
        event(identities=[("email", ANN)]),
    )
    digest_once()
    [developer] = Developer.objects.all()
    assert developer.identities.count() == 2
    rows = Event.objects.order_by("id").values_list("identity__kind", flat=True)
    assert list(rows) == ["customer_id", "email"]


def test_the_latest_domain_and_all_traits_reach_the_developer(workspace):
    put(
        workspace,
        event(at=NOON, domain="late.example", traits={"team": "b"}),
        event(at=NOON - timedelta(hours=1), domain="early.example", traits={"x": 1}),
    )
    digest_once()
    [developer] = Developer.objects.all()
    assert developer.account.domain == "late.example"
    assert developer.traits == {"team": "b", "x": 1}
    assert developer.first_seen_at == NOON - timedelta(hours=1)
    assert developer.last_seen_at == NOON


def test_requests_of_a_deleted_workspace_are_dropped(workspace):
    put(workspace, event())
    InboxEntry.objects.update(workspace_id=workspace.pk + 1000)
    put(workspace, event())
    assert digest_once().events == 1
    assert waiting() == []
    assert counters() == {"accepted": 1}


def test_a_batch_is_bounded_but_never_empty(workspace):
    for _ in range(4):
        put(workspace, *[event() for _ in range(10)])
    assert digest_once(max_events=1).entries >= 1
    digest_until_empty()
    assert Event.objects.count() == 40


@pytest.mark.django_db(transaction=True)
def test_a_batch_holds_about_as_many_events_as_it_may(workspace):
    for _ in range(60):
        put(workspace, *[event() for _ in range(10)])
    assert digest_once(max_events=200).events == 200
    assert digest_once(max_events=10_000).events == 400


def test_the_number_of_statements_does_not_depend_on_the_batch(workspace):
    def statements(people, requests):
        for request in range(requests):
            put(
                workspace,
                *(
                    event(
                        f"dev{number}@example.com", key=f"{people}/{request}/{number}"
                    )
                    for number in range(people)
                ),
            )
        connection.connection.pgconn.trace(trace.fileno())
        digest_once()
        connection.connection.pgconn.untrace()
        trace.seek(0)
        lines = trace.read().decode().splitlines()
        trace.seek(0)
        trace.truncate()
        return sum("\tQuery\t" in line or "\tParse\t" in line for line in lines)

    # The second time nobody is new, but the third everybody else is again.
    with TemporaryFile() as trace:
        statements(3, 1)
        few = statements(4, 2)
        many = statements(400, 12)
    assert few > 10
    assert many == few
