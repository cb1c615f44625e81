"""One bad event stops nobody else; trouble around the data loses and blames nothing."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.locks import own_usage
from ingest.digest import digest_once, digest_until_empty
from ingest.events import decode_events, encode_events
from ingest.models import EventKey, InboxEntry, QuarantinedEvent
from ingest.quarantine import replay
from ingest.recount import check_usage
from tests.factories import make_workspace
from tests.ingest.digesting import (
    counters,
    event,
    failpoint,
    make_due,
    put,
    quarantined,
    side_by_side,
    stored,
    usage,
    waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)

# jsonb refuses it, and nothing before the database notices.
BAD = {"text": "\x00"}


def give_up():
    """Digest until the entries that fail have had all their tries."""
    for _ in range(4):
        digest_until_empty()
        make_due()


def test_a_bad_request_among_good_ones_waits_alone(workspace):
    for number in range(7):
        put(workspace, event(f"dev{number}@example.com", key=str(number)))
    put(workspace, event("bad@example.com", key="bad", properties=BAD))
    for number in range(7, 12):
        put(workspace, event(f"dev{number}@example.com", key=str(number)))
    result = digest_until_empty()
    assert (result.events, result.failed_entries) == (12, 1)
    assert len(stored()) == len(usage()) == 12
    assert waiting() == [(1, 1)]
    entry = InboxEntry.objects.get()
    assert "Unicode escape" in entry.last_error or "\\u0000" in entry.last_error
    pause = entry.not_before - timezone.now()
    assert timedelta(seconds=2) < pause < timedelta(seconds=30)
    # Not due yet: nothing happens.
    assert digest_until_empty().failed_entries == 0
    assert waiting() == [(1, 1)]


def test_a_bad_event_ends_alone_in_quarantine(workspace):
    good = [event(f"dev{number}@example.com", key=str(number)) for number in range(9)]
    bad = event("bad@example.com", key="bad", properties=BAD)
    put(workspace, *good[:4], bad, *good[4:])
    give_up()
    assert sorted(row[0] for row in stored()) == [
        f"dev{n}@example.com" for n in range(9)
    ]
    assert quarantined() == [("poison", "", "waiting")]
    row = QuarantinedEvent.objects.get()
    assert decode_events(bytes(row.payload)) == [bad]
    assert row.detail.startswith("UntranslatableCharacter: ")
    assert waiting() == []
    assert counters() == {"accepted": 9, "quarantined": 1}
    assert check_usage() == []
    # It stands in the ledger: a repeat is a repeat, and not tried again.
    assert EventKey.objects.count() == 10
    put(workspace, bad)
    assert digest_once().duplicates == 1
    assert len(quarantined()) == 1


def test_many_bad_events_all_end_in_quarantine(workspace):
    events = [
        event(f"dev{n}@example.com", key=str(n), properties=BAD if n % 3 else {})
        for n in range(24)
    ]
    put(workspace, *events)
    give_up()
    assert len(stored()) == 8
    assert len(quarantined()) == 16
    assert waiting() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"identities": []},
        {"at": -1e300},
        {"count": 2**31},
        {"ip": "not an address"},
        {"product": "x" * 201},
        {"identities": [("email", "x" * 321)]},
        {"event_id": "a\x00b"},
        {"product": "a\x00b"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_values_that_no_column_takes_are_poison(workspace, fields):
    put(workspace, event(key="good"))
    put(workspace, event("bad@example.com", key="bad", **fields))
    give_up()
    assert [row[0] for row in stored()] == ["ann@example.com"]
    assert quarantined() == [("poison", "", "waiting")]
    assert waiting() == []


def test_a_metric_with_an_odd_name_is_quarantined_like_any_other(workspace):
    put(workspace, event(metric="m" * 5000))
    give_up()
    assert [row[0] for row in quarantined()] == ["metric_not_configured"]
    assert waiting() == []


def test_a_payload_that_is_none_is_quarantined_whole(workspace):
    put(workspace, event(key="1"))
    InboxEntry.objects.create(
        workspace=workspace, dialect="native", event_count=3, payload=b"[[1,"
    )
    give_up()
    assert len(stored()) == 1
    assert bytes(QuarantinedEvent.objects.get().payload) == b"[[1,"
    assert counters() == {"accepted": 1, "quarantined": 3}
    assert waiting() == []


def test_a_mended_poison_event_is_replayed(workspace):
    put(workspace, event(key="1"))
    with failpoint("ingest_event", "RAISE EXCEPTION 'no';"):
        give_up()
        assert stored() == []
        assert quarantined() == [("poison", "", "waiting")]
    assert replay(workspace, reason="poison") == 1
    digest_until_empty()
    assert len(stored()) == 1
    assert check_usage() == []


def test_an_error_half_way_leaves_no_trace(workspace):
    put(workspace, event(key="1"))
    # Fails at the very last step before the inbox row goes.
    with failpoint("ingest_ingestcounter", "RAISE EXCEPTION 'half way';"):
        assert digest_until_empty().failed_entries == 1
    assert stored() == usage() == []
    assert EventKey.objects.count() == 0
    assert waiting() == [(1, 1)]
    make_due()
    assert digest_until_empty().events == 1
    assert len(stored()) == 1
    assert waiting() == []


@pytest.mark.parametrize("state", ["53100", "57P01", "42703", "25006"])
def test_trouble_around_the_data_blames_no_event(workspace, state):
    put(workspace, event(key="1"))
    put(workspace, event(key="2"))
    with (
        failpoint("ingest_event", f"RAISE EXCEPTION 'x' USING ERRCODE = '{state}';"),
        pytest.raises(Exception, match="x"),
    ):
        digest_until_empty()
    assert waiting() == [(1, 0), (1, 0)]
    assert digest_until_empty().events == 2


@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_who_was_in_the_way_costs_no_try(workspace, state):
    put(workspace, event(key="1"))
    twice = (
        "IF nextval('failpoint_hits') <= 2 THEN"
        f" RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END IF;"
    )
    with failpoint("ingest_event", twice):
        assert digest_until_empty().events == 1
    assert waiting() == []


def test_a_workspace_whose_usage_is_taken_waits_and_others_go_on(
    workspace, monkeypatch
):
    monkeypatch.setattr("ingest.digest.run.LOCK_PATIENCE", timedelta(seconds=1))
    other = make_workspace("other")
    put(workspace, event("ann@example.com", key="1"))
    put(other, event("bob@example.org", key="1"))
    results = []
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        own_usage(cursor, workspace.pk)
        side_by_side(lambda: results.append(digest_once()))
        cursor.execute("COMMIT")
    assert results[0].put_off_entries == 1
    assert [row[0] for row in stored()] == ["bob@example.org"]
    assert waiting() == [(1, 0)]
    assert digest_until_empty().events == 0
    InboxEntry.objects.update(not_before=None)
    assert digest_until_empty().events == 1
    assert check_usage() == []


def test_encoded_payloads_survive_the_halving(workspace):
    events = [event(key=str(n), traits={"n": n}, value=n / 2) for n in range(5)]
    put(workspace, *events)
    payload = bytes(InboxEntry.objects.get().payload)
    assert payload == encode_events(events)
    with failpoint("ingest_event", "RAISE EXCEPTION 'no';"):
        give_up()
    rows = QuarantinedEvent.objects.order_by("id")
    assert [decode_events(bytes(row.payload))[0] for row in rows] == events


def test_the_database_away_is_raised_and_changes_nothing(workspace):
    put(workspace, event(key="1"))
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid

    def kill():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    side_by_side(kill)
    with pytest.raises(OperationalError):
        digest_once()
    connection.close()
    assert waiting() == [(1, 0)]
    assert digest_until_empty().events == 1
