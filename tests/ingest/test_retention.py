"""Retention: each workspace keeps what it says, and the dry run says the same."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.clock import today_utc
from accounts.models import AuditEntry, DailyUsage, Role, Workspace
from ingest import retention
from ingest.digest import digest_until_empty
from ingest.models import Event, EventHorizon, QuarantinedEvent
from ingest.partitions import Month, existing_months
from ingest.recount import check_usage, rebuild_usage
from ingest.tasks import prune
from tests.factories import make_member, make_workspace
from tests.ingest.digesting import event, put

pytestmark = pytest.mark.django_db


def ago(days):
    midnight = datetime.combine(today_utc(), datetime.min.time(), UTC)
    return midnight - timedelta(days=days) + timedelta(hours=6)


def make(slug, **days):
    workspace = make_workspace(slug)
    Workspace.objects.filter(pk=workspace.pk).update(**days)
    workspace.refresh_from_db()
    return workspace


def fill(workspace, *ages):
    put(workspace, *(event(at=ago(age), key=f"{age}") for age in ages))
    digest_until_empty()


def raw(workspace, dialect, *ages):
    """Events of a dialect, straight into the table."""
    with connection.cursor() as cursor:
        for age in ages:
            cursor.execute(
                "INSERT INTO ingest_event (workspace_id, identity_id, product_id,"
                " metric_id, occurred_at, received_at, dialect, source, event_id,"
                " environment, session_id, user_agent) VALUES"
                " (%s, 0, 0, 0, %s, %s, %s, '', '', '', '', '')",
                [workspace.pk, ago(age), ago(age), dialect],
            )


def ages(workspace, **chosen):
    rows = Event.objects.filter(workspace=workspace, **chosen)
    return sorted(
        (today_utc() - at.date()).days
        for at in rows.values_list("occurred_at", flat=True)
    )


def test_nothing_goes_where_nothing_is_set():
    workspace = make("acme")
    fill(workspace, 0, 100, 1000)
    assert retention.plan(workspace) == []
    assert retention.apply_everywhere() == retention.Applied(())
    assert ages(workspace) == [0, 100, 1000]


def test_each_kind_has_its_days():
    workspace = make("acme", event_days=30, signal_days=10, license_days=60)
    for dialect in ("reo", "telemetrydeck", "license"):
        raw(workspace, dialect, 5, 10, 20, 30, 50, 60, 61, 400)
    seen = {one.kind: one.rows for one in retention.plan(workspace)}
    assert seen == {"event_days": 4, "signal_days": 6, "license_days": 2}

    went = retention.apply_retention(workspace)

    assert {one.kind: one.rows for one in went} == seen
    assert ages(workspace, dialect="reo") == [5, 10, 20, 30]
    assert ages(workspace, dialect="telemetrydeck") == [5, 10]
    assert ages(workspace, dialect="license") == [5, 10, 20, 30, 50, 60]
    assert retention.apply_retention(workspace) == []


def test_another_workspace_keeps_its_own():
    strict, lax = make("strict", event_days=10), make("lax", event_days=100)
    for workspace in (strict, lax, make("free")):
        fill(workspace, 5, 50, 500)
    applied = retention.apply_everywhere()
    assert applied.dropped == ()
    assert ages(strict) == [5]
    assert ages(lax) == [5, 50]
    assert ages(Workspace.objects.get(slug="free")) == [5, 50, 500]


def test_usage_stays_and_is_not_counted_anew():
    workspace = make("acme", event_days=10)
    fill(workspace, 5, 50)
    retention.apply_retention(workspace)
    assert DailyUsage.objects.count() == 2
    assert check_usage() == []
    assert rebuild_usage() == 0
    assert DailyUsage.objects.count() == 2
    assert EventHorizon.objects.get().day == today_utc() - timedelta(days=10)


def test_a_month_goes_whole_only_when_everybody_agrees():
    days = {"event_days": 40, "signal_days": 40, "license_days": 40}
    one, two = make("one", **days), make("two", **days)
    for workspace in (one, two):
        fill(workspace, 5, 50, 200)
    first = Month.of(today_utc() - timedelta(days=40))
    assert retention.droppable() == first
    dry = retention.apply_everywhere(dry_run=True)
    assert Month.of(ago(200).date()).partition in dry.dropped
    assert ages(one) == [5, 50, 200]

    Workspace.objects.filter(pk=two.pk).update(signal_days=None)
    assert retention.droppable() is None
    Workspace.objects.filter(pk=two.pk).update(signal_days=90)
    assert retention.droppable() == Month.of(today_utc() - timedelta(days=90))
    Workspace.objects.filter(pk=two.pk).update(signal_days=40)

    applied = retention.apply_everywhere()
    assert set(applied.dropped) >= {Month.of(ago(200).date()).partition}
    assert all(month >= first for month in existing_months())
    assert ages(one) == ages(two) == [5]


def test_quarantine_and_audit():
    workspace = make("acme", quarantine_days=20, audit_days=50)
    other = make("other")
    for each in (workspace, other):
        for age in (5, 30, 100):
            QuarantinedEvent.objects.create(
                workspace=each,
                dialect="reo",
                reason="poison",
                received_at=ago(age),
                payload=b"",
            )
            AuditEntry.objects.create(
                workspace=each, at=ago(age), action="key_created", subject=str(age)
            )
    seen = {one.kind: one.rows for one in retention.plan(workspace)}
    assert seen == {"quarantine_days": 2, "audit_days": 1}
    retention.apply_retention(workspace)
    left = QuarantinedEvent.objects.filter(workspace=workspace)
    assert left.count() == 1
    assert QuarantinedEvent.objects.filter(workspace=other).count() == 3
    kept = AuditEntry.objects.filter(workspace=workspace, action="key_created")
    assert sorted(kept.values_list("subject", flat=True)) == ["30", "5"]
    note = AuditEntry.objects.get(action="retention_applied")
    assert note.detail == {"quarantine_days": 2, "audit_days": 1}


def test_rows_go_a_few_pages_at_a_time(monkeypatch):
    monkeypatch.setattr(retention, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    workspace = make("acme", event_days=10, quarantine_days=1)
    raw(workspace, "reo", *[50] * 500, *[5] * 3)
    for _ in range(5):
        QuarantinedEvent.objects.create(
            workspace=workspace,
            dialect="reo",
            reason="poison",
            received_at=ago(9),
            payload=b"",
        )
    retention.apply_retention(workspace)
    assert ages(workspace) == [5, 5, 5]
    assert not QuarantinedEvent.objects.exists()
    assert EventHorizon.objects.count() == 1


def test_other_settings_can_be_tried_out():
    workspace = make("acme")
    fill(workspace, 5, 50)
    [due] = retention.plan(workspace, {"event_days": 10})
    assert (due.rows, due.before) == (1, today_utc() - timedelta(days=10))
    assert due.oldest == ago(50)


def test_the_command_says_what_would_go_and_what_went(capsys):
    workspace = make("acme", event_days=10)
    fill(workspace, 5, 50)
    before = today_utc() - timedelta(days=10)
    call_command("apply_retention", "--dry-run")
    assert capsys.readouterr().out.splitlines() == [
        f"acme: Raw events, 1 rows from before {before} would go.",
        "1 rows would go in all.",
    ]
    assert len(ages(workspace)) == 2
    call_command("apply_retention", "--workspace", "acme")
    assert "1 rows went in all." in capsys.readouterr().out
    assert ages(workspace) == [5]


def test_it_happens_every_night():
    workspace = make("acme", event_days=10, license_days=10)
    fill(workspace, 5, 50)
    prune()
    assert ages(workspace) == [5]


# ---- The admin's page


def test_the_page_shows_before_it_saves(client):
    workspace = make("acme")
    fill(workspace, 5, 50)
    client.force_login(make_member(workspace, Role.ADMIN))
    path = f"/admin/accounts/workspace/{workspace.pk}/retention/"
    assert "everything is kept for ever" in client.get(path).content.decode()

    shown = client.post(path, {"event_days": "10", "preview": "1"})
    assert "What would go, once saved" in shown.content.decode()
    assert shown.context["due"][0].rows == 1
    workspace.refresh_from_db()
    assert workspace.event_days is None

    assert client.post(path, {"event_days": "10", "save": "1"}).status_code == 302
    workspace.refresh_from_db()
    assert workspace.event_days == 10
    assert AuditEntry.objects.get(action="workspace_changed").detail["days"] == {
        "event_days": 10,
        "signal_days": None,
        "license_days": None,
        "quarantine_days": None,
        "audit_days": None,
    }
    assert "What goes tonight" in client.get(path).content.decode()
    assert client.post(path, {"event_days": "0", "save": "1"}).status_code == 422
    assert ages(workspace) == [5, 50]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.MEMBER, 403), (Role.ADMIN, 200)]
)
def test_who_may_see_the_page(client, role, status):
    workspace, other = make("acme"), make("other")
    client.force_login(make_member(workspace, role))
    path = "/admin/accounts/workspace/{}/retention/"
    assert client.get(path.format(workspace.pk)).status_code == status
    assert client.get(path.format(other.pk)).status_code == 404
