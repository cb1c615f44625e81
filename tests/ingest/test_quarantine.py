"""What waits in quarantine, and how it gets out again."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from ingest.digest import digest_until_empty
from ingest.models import Event, QuarantinedEvent
from ingest.quarantine import discard, replay
from ingest.recount import check_usage
from tests.factories import make_member, make_metric, make_workspace
from tests.ingest.digesting import (
    NOON,
    counters,
    event,
    put,
    quarantined,
    stored,
    usage,
    workspace_usage,
)


def events():
    """A mixture: two people, repeats, late, known and unknown metrics."""
    return [
        event("ann@example.com", key="1", metric="Build", value=2.0),
        event("ann@example.com", key="1", metric="Build", value=2.0),
        event("bob@example.org", key="2", metric="BUILD", at=NOON - timedelta(days=3)),
        event("bob@example.org", key="3"),
        event("ann@example.com", metric="deploy", product="cli"),
    ]


def test_replayed_events_are_as_if_they_had_never_waited(workspace):
    put(workspace, *events())
    digest_until_empty()
    assert [row[:2] for row in quarantined()] == [
        ("metric_not_configured", "build"),
        ("metric_not_configured", "build"),
        ("metric_not_configured", "deploy"),
    ]
    assert counters() == {"accepted": 1, "duplicate": 1, "quarantined": 3}
    make_metric(workspace, "BUILD")
    make_metric(workspace, "Deploy")
    assert replay(workspace, reason="metric_not_configured") == 3
    digest_until_empty()
    assert set(Event.objects.values_list("received_at", flat=True)) == {NOON}

    other = make_workspace("other")
    make_metric(other, "BUILD")
    make_metric(other, "Deploy")
    put(other, *events())
    digest_until_empty()
    # In both workspaces "Build" and "BUILD" are one metric, of either name.
    assert len(stored(workspace=workspace)) == 4
    assert stored(workspace=workspace) == stored(workspace=other)
    assert usage(workspace=workspace) == usage(workspace=other)
    mine, theirs = [
        [row[1:] for row in workspace_usage() if row[0] == slug]
        for slug in ("acme", "other")
    ]
    assert mine == theirs != []


def test_a_replay_happens_once_and_a_repeat_stays_a_repeat(workspace):
    put(workspace, event(key="1", metric="BUILD"))
    digest_until_empty()
    make_metric(workspace, "BUILD")
    assert replay(workspace) == 1
    assert replay(workspace) == 0
    digest_until_empty()
    assert replay(workspace) == 0
    put(workspace, event(key="1", metric="BUILD"))
    assert digest_until_empty().duplicates == 1
    assert len(stored()) == 1
    assert quarantined() == [("metric_not_configured", "build", "replayed")]
    assert check_usage() == []


def test_what_still_cannot_be_used_comes_back(workspace):
    put(workspace, event(key="1", metric="BUILD"))
    digest_until_empty()
    assert replay(workspace) == 1
    digest_until_empty()
    assert quarantined() == [
        ("metric_not_configured", "build", "replayed"),
        ("metric_not_configured", "build", "waiting"),
    ]
    assert QuarantinedEvent.objects.latest("id").received_at == NOON
    assert counters() == {"quarantined": 1}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, {"a", "b", "c"}),
        ({"subject": "build"}, {"a", "b"}),
        ({"reason": "metric_not_configured", "subject": "deploy"}, {"c"}),
        ({"reason": "poison"}, set()),
        ({"ids": []}, set()),
        ({"ids": [1]}, {"b"}),
        ({"ids": [1], "subject": "deploy"}, set()),
    ],
)
def test_choosing_what_to_replay(workspace, choice, expected):
    other = make_workspace("other")
    for where in (workspace, other):
        put(
            where,
            event(key="a", metric="BUILD"),
            event(key="b", metric="build"),
            event(key="c", metric="DEPLOY"),
        )
    digest_until_empty()
    if "ids" in choice:
        mine = QuarantinedEvent.objects.filter(workspace=workspace).order_by("id")
        choice["ids"] = [mine[place].pk for place in choice["ids"]]
        # Of another workspace: never touched, whatever the ids say.
        choice["ids"] += QuarantinedEvent.objects.filter(workspace=other).values_list(
            "pk", flat=True
        )
    make_metric(workspace, "BUILD")
    make_metric(workspace, "DEPLOY")
    assert replay(workspace, **choice) == len(expected)
    digest_until_empty()
    assert set(Event.objects.values_list("event_id", flat=True)) == expected
    statuses = QuarantinedEvent.objects.filter(workspace=other).values_list("status")
    assert set(statuses) == {("waiting",)}


def test_discarded_events_stay_and_are_never_replayed(workspace):
    put(workspace, event(key="1", metric="BUILD"))
    digest_until_empty()
    assert discard(workspace, subject="build") == 1
    make_metric(workspace, "BUILD")
    assert replay(workspace) == 0
    assert quarantined() == [("metric_not_configured", "build", "discarded")]


def test_who_did_it_is_in_the_audit_log(workspace):
    ann = make_member(workspace)
    put(workspace, event(metric="BUILD"), event(metric="TEST"))
    digest_until_empty()
    replay(workspace, subject="build", actor=ann, ip="192.0.2.1")
    discard(workspace, subject="test")
    discard(workspace, subject="nothing of that name")
    rows = AuditEntry.objects.filter(action__startswith="quarantine").order_by("id")
    assert [(row.action, row.actor, row.subject, row.ip) for row in rows] == [
        ("quarantine_replayed", ann, "build", "192.0.2.1"),
        ("quarantine_discarded", None, "test", None),
    ]
    assert rows[0].detail["events"] == 1


def test_the_command(workspace, capsys):
    put(workspace, event(key="1", metric="Call  Build"), event(key="2", metric="TEST"))
    digest_until_empty()
    make_metric(workspace, "CALL_BUILD")
    call_command("replay_quarantine", workspace="acme", dry_run=True)
    call_command("replay_quarantine", workspace="acme", metric="call-build")
    call_command("digest_inbox", once=True)
    call_command("replay_quarantine", workspace="acme", discard=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 events wait."
    assert lines[1] == "1 events are on their way."
    assert lines[2].startswith("1 requests digested: 1 events stored, 0 repeats")
    assert lines[3] == "1 events are discarded."
    with pytest.raises(CommandError, match="no workspace nosuch"):
        call_command("replay_quarantine", workspace="nosuch")
