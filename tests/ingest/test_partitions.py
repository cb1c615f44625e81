"""Months of the event table, and what retention takes away."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from ingest.digest import digest_until_empty
from ingest.models import (
    Event,
    EventKey,
    IdempotencyKey,
    IngestCounter,
    QuarantinedEvent,
)
from ingest.partitions import (
    Month,
    drop_months_before,
    ensure_partitions,
    event_horizon,
    existing_months,
)
from ingest.prune import Pruned, prune
from ingest.recount import check_usage
from tests.ingest.digesting import event, put, usage

TODAY = datetime.now(UTC).date()
THIS = Month.of(TODAY)


def partition_of(event_id):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM ingest_event WHERE event_id = %s",
            [event_id],
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("month", "months", "expected"),
    [
        (Month(2026, 11), 0, Month(2026, 11)),
        (Month(2026, 11), 2, Month(2027, 1)),
        (Month(2026, 1), -1, Month(2025, 12)),
        (Month(2026, 11), -35, Month(2023, 12)),
        (Month(2026, 12), 12, Month(2027, 12)),
    ],
)
def test_months_add_up(month, months, expected):
    assert month.shifted(months) == expected


def test_the_months_around_today_exist_from_the_start(db):
    months = existing_months()
    assert THIS.shifted(-12) in months
    assert THIS.shifted(3) in months
    assert ensure_partitions() == []


def test_later_the_next_months_are_made(db):
    later = THIS.shifted(2)
    made = ensure_partitions(today=later.first_day)
    assert made == [THIS.shifted(4).partition, THIS.shifted(5).partition]
    assert ensure_partitions(today=later.first_day) == []


def test_a_month_made_late_takes_its_events_from_the_default(workspace):
    begin = datetime(2019, 5, 1, tzinfo=UTC)
    for name, at in [
        ("before", begin - timedelta(microseconds=1)),
        ("first", begin),
        ("last", begin + timedelta(days=31, microseconds=-1)),
        ("after", begin + timedelta(days=31)),
    ]:
        put(workspace, event(key=name, at=at))
    digest_until_empty()
    assert partition_of("first") == "ingest_event_default"
    made = ensure_partitions(behind=0, ahead=0, today=date(2019, 5, 20))
    assert made == ["ingest_event_2019_05"]
    assert partition_of("first") == partition_of("last") == made[0]
    assert partition_of("before") == partition_of("after") == "ingest_event_default"
    assert Event.objects.count() == 4
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE indrelid = %s::regclass),"
            " count(*) FILTER (WHERE indrelid = 'ingest_event'::regclass)"
            " FROM pg_index",
            made,
        )
        own, wanted = cursor.fetchone()
        assert own == wanted > 1
    assert check_usage() == []


def test_retention_drops_months_and_keeps_usage(workspace):
    ages = {"old": -30, "edge": -3, "new": 0}
    for name, months in ages.items():
        day = THIS.shifted(months).first_day
        put(workspace, event(key=name, at=datetime(*day.timetuple()[:3], tzinfo=UTC)))
    digest_until_empty()
    before = usage()
    first = THIS.shifted(-2)
    names = drop_months_before(first, dry_run=True)
    assert names[-1] == "ingest_event_default (1 events)"
    assert THIS.shifted(-3).partition in names
    assert Event.objects.count() == 3
    assert drop_months_before(first) == names
    assert list(Event.objects.values_list("event_id", flat=True)) == ["new"]
    assert min(existing_months()) == first
    assert event_horizon() == first.first_day
    assert usage() == before
    assert check_usage() == []
    assert drop_months_before(first) == []
    # What is gone is not made again.
    assert ensure_partitions() == []


def test_an_event_older_than_the_horizon_still_has_a_place(workspace):
    drop_months_before(THIS.shifted(-2))
    put(workspace, event(key="1", at=651_333_600))
    digest_until_empty()
    assert partition_of("1") == "ingest_event_default"
    assert check_usage() == []


def test_pruning_takes_what_is_past_its_window(workspace, settings):
    now = timezone.now()
    old = now - timedelta(days=401)
    for age, name in ((old, "old"), (now, "new")):
        put(workspace, event(key=name), event(metric=name), received_at=age)
        digest_until_empty()
        IdempotencyKey.objects.create(
            workspace=workspace,
            digest=f"{len(name) + (name == 'new'):032x}",
            body_digest="0" * 32,
            status=200,
            answer=b"",
            received_at=age,
        )
    EventKey.objects.filter(key=EventKey.objects.order_by("key")[0].key).update(
        seen_on=old.date()
    )
    QuarantinedEvent.objects.filter(subject="old").update(
        status="discarded", settled_at=old
    )
    expected = Pruned(1, 1, 2, 1, ())
    assert prune(dry_run=True) == expected
    assert prune() == expected
    assert prune() == Pruned(0, 0, 0, 0, ())
    assert QuarantinedEvent.objects.get().subject == "new"
    assert EventKey.objects.count() == IdempotencyKey.objects.count() == 1
    assert IngestCounter.objects.count() == 2
    assert Event.objects.count() == 2
    settings.EVENT_RETENTION_MONTHS = 6
    assert THIS.shifted(-7).partition in prune().months
    assert min(existing_months()) == THIS.shifted(-6)


def test_the_prune_command(db, settings, capsys):
    settings.EVENT_RETENTION_MONTHS = 11
    call_command("prune", dry_run=True)
    call_command("prune")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[2] == f"Events: {THIS.shifted(-12).partition}."
    assert "would go" in lines[1]
    assert "removed" in lines[3]
