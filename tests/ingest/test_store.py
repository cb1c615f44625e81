"""The raw-event questions."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Identity
from ingest.digest import digest_until_empty
from ingest.models import Event
from ingest.store import Place, Share, TrendPoint, event_store
from tests.factories import make_metric, make_workspace
from tests.ingest.digesting import NOON, event, put


@pytest.fixture
def filled(workspace):
    other = make_workspace("other")
    make_metric(workspace, "BUILD")
    put(other, event("ann@example.com", key="theirs", properties={"os": "linux"}))
    put(
        workspace,
        event("ann@example.com", key="a", properties={"os": "linux"}),
        event("ann@example.com", key="b", properties={"os": "mac"}, count=3),
        event("bob@example.org", key="c", properties={"os": "linux"}, metric="BUILD"),
        event("bob@example.org", key="d", at=NOON - timedelta(days=40), value=1.5),
        event("bob@example.org", key="e", is_test=True, properties={"os": "bsd"}),
    )
    digest_until_empty()
    return workspace


def identity(workspace, value):
    return Identity.objects.get(workspace=workspace, value=value).pk


def test_a_timeline_pages_without_gaps(filled):
    who = [identity(filled, "ann@example.com"), identity(filled, "bob@example.org")]
    store = event_store()
    seen, place = [], None
    while rows := store.timeline(
        workspace_id=filled.pk, identity_ids=who, before=place, limit=2
    ):
        assert len(rows) <= 2
        seen += rows
        place = Place(rows[-1].occurred_at, rows[-1].id)
    assert [row.event_id for row in seen][-1] == "d"
    assert sorted(row.event_id for row in seen) == list("abcde")
    expected = Event.objects.filter(workspace=filled).order_by("-occurred_at", "-id")
    assert [row.id for row in seen] == [row.pk for row in expected]
    assert seen[-1].value == 1.5
    assert seen[-1].properties == {}


def test_a_timeline_shows_only_who_was_asked_for(filled):
    rows = event_store().timeline(
        workspace_id=filled.pk, identity_ids=[identity(filled, "ann@example.com")]
    )
    assert sorted(row.event_id for row in rows) == ["a", "b"]
    assert event_store().timeline(workspace_id=filled.pk, identity_ids=[]) == []


def test_the_latest_arrivals_come_first(workspace):
    now = timezone.now()
    for minutes, key in ((2000, "old"), (30, "recent"), (1, "new")):
        put(workspace, event(key=key), received_at=now - timedelta(minutes=minutes))
    digest_until_empty()
    rows = event_store().latest(workspace_id=workspace.pk)
    assert [row.event_id for row in rows] == ["new", "recent", "old"]
    [row] = event_store().latest(workspace_id=workspace.pk, limit=1)
    assert row.event_id == "new"


PERIOD = {"since": NOON - timedelta(days=60), "until": NOON + timedelta(days=1)}


def test_a_breakdown_counts_events_and_people(filled):
    ask = event_store().breakdown
    assert ask(workspace_id=filled.pk, name="os", **PERIOD) == [
        Share("linux", 2, 2),
        Share("mac", 1, 1),
        Share(None, 1, 1),
    ]
    build = filled.metrics.get(key="BUILD").pk
    assert ask(workspace_id=filled.pk, name="os", metric_id=build, **PERIOD) == [
        Share("linux", 1, 1)
    ]


def test_a_trend_counts_by_day(filled):
    early = (NOON - timedelta(days=40)).date()
    assert event_store().trend(workspace_id=filled.pk, **PERIOD) == [
        TrendPoint(early, 1, 1),
        TrendPoint(NOON.date(), 3, 5),
    ]
    until = NOON - timedelta(days=1)
    assert (
        len(
            event_store().trend(
                workspace_id=filled.pk, since=PERIOD["since"], until=until
            )
        )
        == 1
    )
