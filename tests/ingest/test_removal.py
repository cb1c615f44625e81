"""Removing a workspace: nothing of it is left, all of others is, half-way too."""

import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, connection
from django.db.models import ForeignKey
from django.utils import timezone

from accounts.errors import AccountsError
from accounts.models import (
    Account,
    ApiKey,
    Delivery,
    DeliveryAttempt,
    Happening,
    Membership,
    RemovedWorkspace,
    ScoreRun,
    Webhook,
    Workspace,
)
from accounts.score_models import current_model
from ingest import removal
from ingest.demo.seed import seed
from ingest.demo.world import Size
from ingest.digest import digest_until_empty
from ingest.models import Event, InboxEntry, IngestCounter
from ingest.removal import begin, go_on, go_on_with_all, preview, tables
from tests.factories import make_key, make_member, make_user, make_workspace
from tests.ingest.conftest import EVENTS, Sender
from tests.ingest.test_demo import PAST, quiet

NOTHING = timedelta(0)


def rows_left():
    """How many rows each table has, of whichever workspace."""
    left = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT count(*) FROM {table.name}")
            left[table.name] = cursor.fetchone()[0]
    return left


@pytest.fixture
def demo(transactional_db):
    size = Size(events=300, developers=20, accounts=5, days=60, seed=7, until=PAST)
    workspace = seed(size, quiet).workspace
    # What has no column that names the workspace.
    ScoreRun.objects.get_or_create(model=current_model(workspace))
    account = Account.objects.filter(workspace=workspace).first()
    hook = Webhook.objects.create(
        workspace=workspace, name="h", url_sealed="x", host="h", secret_sealed="x"
    )
    happening = Happening.objects.create(
        workspace=workspace, kind="stage", account=account, text="t", key="removal"
    )
    delivery = Delivery.objects.create(
        workspace=workspace, webhook=hook, happening=happening
    )
    DeliveryAttempt.objects.create(delivery=delivery)
    LogEntry.objects.create(
        user=make_user("operator@uptick.example"),
        content_type=ContentType.objects.get_for_model(Account),
        object_id=str(account.pk),
        object_repr="Northwind",
        action_flag=CHANGE,
    )
    yield workspace
    # The event table is not Django's, so nobody else empties it.
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ingest_event")


@pytest.fixture
def other(demo):
    workspace = make_workspace("other")
    _, token = make_key(workspace)
    sent = {"events": [event("CALL_HOME", "ada@acme.example")]}
    assert Sender(token).post(EVENTS, sent).status_code == 202
    digest_until_empty()
    make_member(workspace)
    return workspace


def event(metric, email):
    return {
        "event_id": f"{metric}{email}",
        "metric": metric,
        "product": "sdk",
        "user": {"email": email},
    }


def test_every_table_that_leads_to_a_workspace_is_known():
    known = {table.model for table in tables()}
    leads = {Workspace}
    models = apps.get_models(include_auto_created=True)
    while True:
        more = {
            model
            for model in models
            for field in model._meta.concrete_fields
            if isinstance(field, ForeignKey) and field.related_model in leads
        }
        if more <= leads:
            break
        leads |= more
    assert leads - known == {Workspace}
    # And nobody who logs in is among it, nor anything of the installation's.
    assert not known & {get_user_model(), LogEntry, RemovedWorkspace}


def test_nothing_is_left_of_it_and_all_of_others(demo, other, capsys):
    before = rows_left()
    planned = sum(line.rows for line in preview(demo))
    users = get_user_model().objects.count()
    call_command("remove_workspace", "demo", dry_run=True)
    assert "rows would go" in capsys.readouterr().out
    assert rows_left() == before
    with pytest.raises(CommandError, match="--dry-run to see what, or --yes"):
        call_command("remove_workspace", "demo")

    call_command("remove_workspace", "demo", yes=True, reason="T-1")

    assert "rows are gone, and demo with them" in capsys.readouterr().out
    assert list(Workspace.objects.all()) == [other]
    assert preview(other)
    left = rows_left()
    receipt = RemovedWorkspace.objects.get()
    # Everything that went is in the receipt, and nothing else went.
    assert {
        name: before[name] - rows for name, rows in left.items() if before[name] > rows
    } == receipt.counts
    assert receipt.rows == planned
    assert receipt.finished_at is not None
    assert (receipt.slug, receipt.actor_label, receipt.reason) == (
        *("demo", "command line", "T-1"),
    )
    assert not LogEntry.objects.filter(object_repr="Northwind").exists()
    assert get_user_model().objects.count() == users

    call_command("remove_workspace", "demo", yes=True)
    assert "Removed before" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no workspace nobody"):
        call_command("remove_workspace", "nobody", yes=True)
    # The slug is free again.
    make_workspace("demo")


def test_the_door_is_closed_before_the_first_row_goes(demo, other):
    key, token = make_key(demo)
    sender = Sender(token)
    sent = {"events": [event("CALL_HOME", "eve@acme.example")]}
    assert sender.post(EVENTS, sent).status_code == 202

    receipt = begin(demo, actor=None)

    assert go_on(receipt, at_most=NOTHING) is False
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert not ApiKey.objects.filter(workspace=demo, revoked_at=None).exists()
    assert not Membership.objects.filter(workspace=demo).exists()
    assert Event.objects.filter(workspace=demo).exists()
    # What was accepted before comes to be digested in the middle of it.
    digest_until_empty()
    assert begin(demo, actor=None) == receipt
    assert go_on_with_all(at_most=timedelta(minutes=1)) == 1
    assert go_on_with_all(at_most=timedelta(minutes=1)) == 0
    assert not Event.objects.filter(workspace_id=receipt.number).exists()
    with pytest.raises(AccountsError, match="is gone"):
        begin(demo, actor=None)


def test_what_is_digested_after_it_goes_nowhere(demo, other):
    _, token = make_key(demo)
    sent = {"events": [event("CALL_HOME", "eve@acme.example")]}
    assert Sender(token).post(EVENTS, sent).status_code == 202
    waiting = InboxEntry.objects.get()
    receipt = begin(demo, actor=None)
    go_on(receipt)
    # A web process that had not heard of it yet.
    waiting.save(force_insert=True)
    before = rows_left()

    digest_until_empty()

    after = rows_left()
    assert not InboxEntry.objects.exists()
    gone = {"ingest_inboxentry": before["ingest_inboxentry"] - 1}
    assert {**before, **gone} == after


@pytest.mark.parametrize("table", ["accounts_developer", "accounts_dailyusage"])
def test_a_removal_that_breaks_off_goes_on_and_counts_right(
    demo, other, monkeypatch, table
):
    monkeypatch.setattr(removal, "PAGES_AT_ONCE", 1)
    before = rows_left()
    receipt = begin(demo, actor=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'broken off' USING ERRCODE = 'XX000'; END $$;"
            f" CREATE TRIGGER break_off BEFORE DELETE ON {table}"
            " EXECUTE FUNCTION break_off()"
        )
    try:
        with pytest.raises(InternalError, match="broken off"):
            go_on(receipt)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION break_off CASCADE")
    receipt.refresh_from_db()
    half = rows_left()
    assert half[table] == before[table]
    assert receipt.finished_at is None
    assert receipt.counts == {
        name: before[name] - rows for name, rows in half.items() if before[name] > rows
    }
    assert receipt.counts

    assert go_on(receipt)

    left = rows_left()
    assert receipt.counts == {
        name: before[name] - rows for name, rows in left.items() if before[name] > rows
    }
    assert list(Workspace.objects.all()) == [other]


def test_a_sender_who_goes_on_holds_nothing_up(demo, other):
    """Refusals are counted by key, and refer to it: a key must go before the next."""
    key, _ = make_key(demo)
    receipt = begin(demo, actor=None)
    stop = threading.Event()
    counted = []

    def count():
        hour = timezone.now()
        try:
            while not stop.is_set():
                hour += timedelta(hours=1)
                IngestCounter.objects.create(
                    workspace=demo, api_key=key, dialect="native", hour=hour, count=1
                )
                counted.append(hour)
        except IntegrityError:
            # The workspace is gone, and so is whom to count for.
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=count)
    thread.start()
    try:
        assert go_on(receipt)
    finally:
        stop.set()
        thread.join()
    assert counted
    assert list(Workspace.objects.all()) == [other]
    assert not IngestCounter.objects.filter(workspace_id=receipt.number).exists()


def test_operators_remove_one_in_the_admin_and_nobody_else(client, demo, other):
    page = f"/admin/accounts/workspace/{demo.pk}/delete/"
    admin = make_member(demo, "admin")
    client.force_login(admin)
    assert client.get(page).status_code == 403
    assert client.post(page, {"confirmed": "1", "slug": "demo"}).status_code == 403
    assert client.get("/admin/accounts/removedworkspace/").status_code == 403

    operator = make_user("root@uptick.example", is_superuser=True)
    client.force_login(operator)
    shown = client.get(page).content.decode()
    assert "there is no way back" in shown
    assert "Developers: " in shown
    wrong = client.post(page, {"confirmed": "1", "slug": "other"})
    assert "not the slug" in wrong.content.decode()
    assert not RemovedWorkspace.objects.exists()

    answer = client.post(page, {"confirmed": "1", "slug": "demo", "reason": "T-2"})

    receipt = RemovedWorkspace.objects.get()
    assert answer.url == f"/admin/accounts/removedworkspace/{receipt.pk}/change/"
    assert receipt.actor == operator
    go_on(receipt)
    assert "T-2" in client.get(answer.url).content.decode()
    assert client.get("/admin/accounts/removedworkspace/").status_code == 200
    assert client.get(page).status_code in {302, 404}
    listed = client.get("/admin/accounts/workspace/").content.decode()
    assert "delete_selected" not in listed
