"""Quarantine, metrics and events in the admin: looked at, replayed, given up."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.corrections import move_developer
from accounts.models import AuditEntry, Membership, Metric, ScoreModel
from accounts.models.catalogue import fold_metric_key
from ingest.digest import digest_until_empty
from ingest.events import NormalizedEvent, encode_events
from ingest.models import Event, InboxEntry, IngestCounter, QuarantinedEvent
from ingest.quarantine import replay as replay_events
from tests.factories import (
    make_account,
    make_developer,
    make_member,
    make_metric,
    make_workspace,
)

pytestmark = pytest.mark.django_db

LIST = reverse("admin:ingest_quarantinedevent_changelist")


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def as_role(client, workspace):
    def log_in(role):
        person = make_member(workspace, role)
        client.force_login(person)
        return person

    return log_in


def quarantine(workspace, metric="SIGN_UP", number=1, **fields):
    now = timezone.now()
    rows = []
    for index in range(number):
        who = [("email", f"p{index}@initech.example")]
        event = NormalizedEvent(
            metric, "sdk", now.timestamp(), who, properties={"plan": "free", "n": index}
        )
        row = {
            "workspace": workspace,
            "dialect": "reo",
            "reason": "metric_not_configured",
            "subject": metric.replace("_", "").lower(),
            "received_at": now,
            "payload": encode_events([event]),
        }
        rows.append(QuarantinedEvent.objects.create(**(row | fields)))
    return rows


def waiting():
    return QuarantinedEvent.objects.filter(status="waiting").order_by("id")


def ticked(action, rows, **extra):
    return {"action": action, "_selected_action": [row.pk for row in rows], **extra}


# ---- The quarantine ----------------------------------------------------------------


def test_an_event_is_shown_as_it_was_understood(client, workspace, as_role):
    (row,) = quarantine(workspace)
    as_role("viewer")
    address = reverse("admin:ingest_quarantinedevent_change", args=[row.pk])
    text = client.get(address).content.decode()
    assert "SIGN_UP" in text
    assert "p0@initech.example" in text
    assert "Metric not configured" in text


def test_bytes_that_no_one_understands_are_shown_too(client, workspace, as_role):
    (row,) = quarantine(workspace, payload=b"\xc1broken<script>", reason="poison")
    as_role("viewer")
    address = reverse("admin:ingest_quarantinedevent_change", args=[row.pk])
    text = client.get(address).content.decode()
    assert "broken&lt;script&gt;" in text


def test_replaying_asks_first(client, workspace, as_role):
    member = as_role("member")
    rows = quarantine(workspace, number=12)
    question = client.post(LIST, ticked("replay_selected", rows))
    assert "and 2 more" in question.content.decode()
    assert waiting().count() == 12
    client.post(LIST, ticked("replay_selected", rows[:5], confirmed="1"))
    assert waiting().count() == 7
    assert InboxEntry.objects.count() > 0
    entry = AuditEntry.objects.get(action="quarantine_replayed")
    assert (entry.actor, entry.detail["events"]) == (member, 5)


def test_replaying_everything_that_a_filter_finds(client, workspace, as_role):
    as_role("member")
    quarantine(workspace, number=60)
    others = quarantine(workspace, metric="OTHER", number=2)
    form = ticked("replay_selected", [QuarantinedEvent.objects.first()])
    form |= {"select_across": "1", "confirmed": "1"}
    client.post(f"{LIST}?q=signup", form)
    assert set(waiting()) == set(others)


def test_discarding_is_for_admins(client, workspace, as_role):
    rows = quarantine(workspace, number=2)
    form = ticked("discard_selected", rows, confirmed="1")
    for role in ("viewer", "member"):
        as_role(role)
        client.post(LIST, form)
        assert waiting().count() == 2
    as_role("admin")
    assert (
        "never be counted"
        in client.post(LIST, ticked("discard_selected", rows)).content.decode()
    )
    client.post(LIST, form)
    assert {row.status for row in QuarantinedEvent.objects.all()} == {"discarded"}
    assert AuditEntry.objects.filter(action="quarantine_discarded").count() == 1


@pytest.mark.parametrize("row", ["x", "\0", "1e4", "٣"])
def test_a_tick_on_no_row_is_a_bad_request(client, as_role, row):
    as_role("admin")
    form = {"action": "replay_selected", "_selected_action": [row], "confirmed": "1"}
    assert client.post(LIST, form).status_code == 400


def test_viewers_replay_nothing(client, workspace, as_role):
    rows = quarantine(workspace)
    as_role("viewer")
    client.post(LIST, ticked("replay_selected", rows, confirmed="1"))
    assert waiting().count() == 1


def test_a_replay_keeps_to_the_workspaces_one_may_replay_in(client, workspace, as_role):
    other = make_workspace("other")
    person = as_role("member")
    Membership.objects.create(workspace=other, user=person, role="viewer")
    mine, theirs = quarantine(workspace), quarantine(other)
    client.post(LIST, ticked("replay_selected", mine + theirs, confirmed="1"))
    assert list(waiting()) == theirs


# ---- Metrics -----------------------------------------------------------------------


def test_configuring_a_metric_offers_what_waited_for_it(client, workspace, as_role):
    as_role("admin")
    quarantine(workspace, number=3)
    quarantine(workspace, metric="OTHER")
    form = {"workspace": workspace.pk, "key": "Sign up", "level": "primary"}
    add = reverse("admin:accounts_metric_add")
    page = client.post(add, form, follow=True).content.decode()
    metric = Metric.objects.get(key="Sign up")
    replay = reverse("admin:accounts_metric_replay", args=[metric.pk])
    assert "3 events in quarantine have waited" in page
    assert f'<a href="{replay}">' in page
    # The score model knows the metric from now on.
    weights = ScoreModel.objects.latest("version").weights
    assert weights[str(metric.pk)] == [metric.weight, None]
    # Asked, then done, then counted.
    assert "3 events in quarantine" in client.get(replay).content.decode()
    client.post(replay, {"confirmed": "1"})
    assert [row.subject for row in waiting()] == ["other"]
    digest_until_empty()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(count) FROM accounts_dailyusage")
        assert cursor.fetchone() == (3,)


def test_a_key_that_grows_when_it_is_folded_is_configured_like_any(
    client, workspace, as_role
):
    as_role("admin")
    key = "ß" * 200
    [row] = quarantine(workspace, metric=key, subject=fold_metric_key(key))
    form = {"workspace": workspace.pk, "key": key, "level": "primary"}
    page = client.post(reverse("admin:accounts_metric_add"), form, follow=True)
    assert "1 events in quarantine" in page.content.decode()
    replay_events(workspace, ids=[row.pk])
    digest_until_empty()
    assert not waiting().exists()


def test_the_page_of_a_metric_offers_the_replay_while_something_waits(
    client, workspace, as_role
):
    metric = make_metric(workspace, "SIGN_UP")
    address = reverse("admin:accounts_metric_change", args=[metric.pk])
    quarantine(workspace, number=2)
    as_role("viewer")
    assert "Replay" not in client.get(address).content.decode()
    as_role("member")
    assert "Replay 2 waiting events" in client.get(address).content.decode()
    form = ticked("replay_waiting", [metric])
    client.post(reverse("admin:accounts_metric_changelist"), form)
    assert not waiting().exists()
    assert "Replay" not in client.get(address).content.decode()


def test_a_changed_weight_makes_a_new_score_model(client, workspace, as_role):
    admin = as_role("admin")
    metric = workspace.metrics.get()
    address = reverse("admin:accounts_metric_change", args=[metric.pk])
    form = {"label": "Call home", "level": metric.level, "daily_cap": ""}
    client.post(address, form | {"weight": metric.weight})
    assert ScoreModel.objects.count() == 1
    client.post(address, form | {"weight": 7, "daily_cap": 5})
    model = ScoreModel.objects.get(version=2)
    assert model.weights == {str(metric.pk): [7.0, 5]}
    assert model.created_by == admin


def test_two_spellings_of_one_metric(client, workspace, as_role):
    as_role("admin")
    form = {"workspace": workspace.pk, "key": "call-home", "level": "primary"}
    response = client.post(reverse("admin:accounts_metric_add"), form)
    assert "has a metric of that key" in response.content.decode()
    assert Metric.objects.count() == 1


# ---- Events and counters -----------------------------------------------------------


def put(workspace, *people, ago=timedelta(0)):
    """Let events come in and be digested."""
    moment = timezone.now() - ago
    events = [
        NormalizedEvent(
            "CALL_HOME",
            "sdk",
            moment.timestamp(),
            [("email", person)],
            properties={"who": person},
        )
        for person in people
    ]
    InboxEntry.objects.create(
        workspace=workspace,
        dialect="reo",
        event_count=len(events),
        payload=encode_events(events),
        received_at=moment,
    )
    digest_until_empty()


def test_events_of_the_last_hour_or_of_one_person(client, workspace, as_role):
    as_role("viewer")
    put(workspace, "new@initech.example")
    put(workspace, "old@initech.example", ago=timedelta(days=2))
    put(workspace, "gone@initech.example", ago=timedelta(days=9))
    put(make_workspace("other"), "foreign@initech.example")
    assert Event.objects.count() == 4

    def shown(search):
        address = reverse("admin:ingest_event_changelist")
        page = client.get(address, {"q": search}).content.decode()
        names = ("new", "old", "gone", "foreign")
        return [name for name in names if f"{name}@initech.example&quot;" in page]

    assert shown("") == ["new"]
    assert shown("old@initech.example") == ["old"]
    assert shown("Old@Initech.example ") == ["old"]
    assert shown("gone@initech.example") == []
    assert shown("foreign@initech.example") == []


def test_counters_are_not_counted_to_the_end(client, workspace, as_role, settings):
    as_role("viewer")
    hour = timezone.now()
    IngestCounter.objects.bulk_create(
        IngestCounter(
            workspace=workspace,
            dialect="reo",
            hour=hour - timedelta(hours=number),
            outcome="accepted",
            count=1,
        )
        for number in range(10_050)
    )
    address = reverse("admin:ingest_ingestcounter_changelist")
    changelist = client.get(address).context["cl"]
    assert changelist.result_count == 10_000
    assert len(changelist.result_list) == 50
    last = client.get(address, {"p": changelist.paginator.num_pages})
    assert len(last.context["cl"].result_list) == 50


def test_payloads_of_the_inbox_are_not_on_its_pages(client, workspace):
    """They are personal data, and a megabyte each."""
    row = InboxEntry.objects.create(
        workspace=workspace,
        dialect="reo",
        event_count=1,
        payload=json.dumps({"secret": "zebra"}).encode(),
    )
    operator = make_member(workspace, "admin", is_superuser=True)
    client.force_login(operator)
    address = reverse("admin:ingest_inboxentry_change", args=[row.pk])
    assert "zebra" not in client.get(address).content.decode()


# ---- Corrections -------------------------------------------------------------------


def test_a_correction_is_taken_back(client, workspace, as_role):
    member = as_role("member")
    here, there = make_account(workspace, "Here"), make_account(workspace, "There")
    developer = make_developer(workspace, account=here)
    correction = move_developer(developer, there, actor=member)
    address = reverse("admin:accounts_correction_undo", args=[correction.pk])
    assert "is taken back" in client.get(address).content.decode()
    client.post(address)
    developer.refresh_from_db()
    assert developer.account == there
    client.post(address, {"confirmed": "1"})
    developer.refresh_from_db()
    assert developer.account == here
    entry = AuditEntry.objects.get(action="correction_undone")
    assert (entry.actor, entry.ip) == (member, "127.0.0.1")
    # Once: the page offers it no more, and asking again is answered in words.
    again = client.post(address, {"confirmed": "1"}, follow=True)
    assert '<li class="error">' in again.content.decode()
    change = reverse("admin:accounts_correction_change", args=[correction.pk])
    assert address not in client.get(change).content.decode()
