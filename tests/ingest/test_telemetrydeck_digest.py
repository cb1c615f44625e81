"""Signals through the digest: products of apps, quarantine, replay, test mode."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.kinds import hash_again
from accounts.models import AppId, AuditEntry, Metric, Product, Role
from ingest import app_ids
from ingest.digest import digest_until_empty
from ingest.models import Event, InboxEntry, IngestCounter, QuarantinedEvent
from ingest.prune import UNOWNED_DAYS, prune
from ingest.quarantine import discard, replay
from tests.factories import (
    make_app,
    make_member,
    make_operator,
    make_product,
)
from tests.ingest.digesting import usage
from tests.ingest.test_telemetrydeck import APP, NAMESPACE, SIGNAL, post

USER = hash_again("myClientUserHash")


def events():
    return list(
        Event.objects.order_by("id").values_list(
            "workspace__slug", "product__key", "metric__key", "value", "is_test"
        )
    )


def waiting():
    return sorted(
        QuarantinedEvent.objects.filter(status="waiting").values_list(
            "workspace__slug", "reason", "subject"
        ),
        key=str,
    )


def send(body, path=NAMESPACE):
    app_ids.forget()
    answer = post(path, body)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def app(workspace):
    return make_app(workspace)


def test_types_register_themselves_as_they_are(app):
    send([SIGNAL, {**SIGNAL, "floatValue": 2.5}, {**SIGNAL, "type": "other"}])
    result = digest_until_empty()
    assert (result.events, result.quarantined) == (3, 0)
    kind = "Actions.LoginView.loginButtonSucceeded"
    assert events() == [
        ("acme", "ios-app", kind, None, False),
        ("acme", "ios-app", kind, 2.5, False),
        ("acme", "ios-app", "other", None, False),
    ]
    assert Metric.objects.get(key=kind).label == kind
    today = str(datetime.now(UTC).date())
    assert usage() == [
        (USER, today, kind, "ios-app", 2, 2.5),
        (USER, today, "other", "ios-app", 1, 0.0),
    ]
    assert not Product.objects.filter(key="").exists()


def test_test_signals_are_events_and_no_use(app):
    send([{**SIGNAL, "isTestMode": "true"}])
    digest_until_empty()
    assert [row[-1] for row in events()] == [True]
    assert usage() == []


def test_the_product_is_the_one_at_digest_time(app, workspace):
    send([SIGNAL])
    app.product = make_product(workspace, "android-app")
    app.save()
    digest_until_empty()
    assert [row[1] for row in events()] == ["android-app"]


def test_an_app_switched_off_waits_until_it_is_on(app, workspace):
    send([SIGNAL])
    app.is_enabled = False
    app.save()
    digest_until_empty()
    assert waiting() == [("acme", "app_disabled", APP.lower())]
    app.is_enabled = True
    app.save()
    assert replay(workspace, reason="app_disabled") == 1
    digest_until_empty()
    assert waiting() == []
    assert len(events()) == 1


def test_an_unknown_app_waits_with_its_workspace(workspace):
    assert send([SIGNAL]) == {"accepted": 0, "quarantined": 1}
    digest_until_empty()
    assert waiting() == [("acme", "unknown_app", APP.lower())]
    arrived = QuarantinedEvent.objects.get().received_at
    replay(workspace)
    digest_until_empty()
    assert waiting() == [("acme", "unknown_app", APP.lower())]
    make_app(workspace)
    replay(workspace)
    digest_until_empty()
    assert waiting() == []
    assert Event.objects.get().received_at == arrived
    assert Event.objects.get().product.key == "ios-app"


def test_what_nobody_has_waits_without_a_workspace(workspace):
    assert send([SIGNAL, {"appID": APP}], "/v2/") == {"accepted": 0, "quarantined": 2}
    result = digest_until_empty()
    assert (result.events, result.quarantined) == (0, 2)
    assert waiting() == [
        (None, "bad_signal", "type"),
        (None, "unknown_app", APP.lower()),
    ]
    counted = IngestCounter.objects.values_list("workspace", "outcome", "count")
    assert list(counted) == [(None, "quarantined", 2)]
    # Nobody's signals are not swept along by a workspace's replay.
    assert replay(workspace) == 0
    assert replay(None) == 2
    digest_until_empty()
    assert len(waiting()) == 2

    make_app(workspace)
    assert replay(None) == 2
    result = digest_until_empty()
    assert (result.events, result.quarantined) == (1, 1)
    assert waiting() == [("acme", "bad_signal", "type")]
    event = Event.objects.get()
    assert event.workspace == workspace
    assert event.properties["TelemetryDeck.API.namespace"] == "acme"
    assert not InboxEntry.objects.exists()
    assert discard(None) == 0
    assert discard(workspace) == 1


def test_an_app_added_before_the_digest_is_found(workspace):
    send([SIGNAL, {**SIGNAL, "appID": "nobody"}], "/v2/")
    make_app(workspace)
    digest_until_empty()
    assert len(events()) == 1
    assert waiting() == [(None, "unknown_app", "nobody")]


def test_app_ids_are_unique_in_any_case(workspace, client):
    app = make_app(workspace, "Some-App")
    client.force_login(make_operator())
    address = reverse("admin:accounts_appid_add")
    form = {
        "workspace": workspace.pk,
        "app_id": "sOME-aPP ",
        "product": app.product_id,
        "is_enabled": "on",
    }
    page = client.post(address, form)
    assert page.status_code == 200
    assert "This app id is already in use." in page.content.decode()
    assert AppId.objects.count() == 1


def test_adding_an_app_replays_what_waited(workspace, client):
    send([SIGNAL])
    send([SIGNAL], "/v2/")
    digest_until_empty()
    assert len(waiting()) == 2
    product = make_product(workspace)
    admin = make_member(workspace, Role.ADMIN)
    client.force_login(admin)
    page = client.post(
        reverse("admin:accounts_appid_add"),
        {
            "workspace": workspace.pk,
            "app_id": APP,
            "product": product.pk,
            "is_enabled": "on",
        },
        follow=True,
    )
    assert (
        "2 signals have waited for this and are on their way" in page.content.decode()
    )
    digest_until_empty()
    assert waiting() == []
    assert [row[1] for row in events()] == ["sdk", "sdk"]


def test_apps_are_switched_off_and_on_in_the_list(app, workspace, client):
    client.force_login(make_member(workspace, Role.ADMIN))
    address = reverse("admin:accounts_appid_changelist")
    ticked = {"_selected_action": [app.pk]}
    client.post(address, {"action": "disable", **ticked})
    app.refresh_from_db()
    assert not app.is_enabled
    send([SIGNAL])
    digest_until_empty()
    client.post(address, {"action": "enable", **ticked})
    # A second time changes nothing, and says nothing.
    client.post(address, {"action": "enable", **ticked})
    digest_until_empty()
    assert len(events()) == 1
    assert app_log() == ["app_switched_off", "app_switched_on"]


def app_log():
    rows = AuditEntry.objects.filter(action__startswith="app_", subject=APP)
    return list(rows.order_by("id").values_list("action", flat=True))


def test_what_is_done_to_an_app_is_in_the_audit_log(workspace, client):
    admin = make_member(workspace, Role.ADMIN)
    client.force_login(admin)
    web, other = make_product(workspace, "web"), make_product(workspace, "other")
    fields = {"workspace": workspace.pk, "app_id": APP, "product": web.pk}
    add = reverse("admin:accounts_appid_add")
    client.post(add, {**fields, "is_enabled": "on"})
    app = AppId.objects.get()
    page = reverse("admin:accounts_appid_change", args=[app.pk])
    client.post(page, fields)
    client.post(page, {**fields, "product": other.pk, "is_enabled": "on"})
    client.post(reverse("admin:accounts_appid_delete", args=[app.pk]), {"post": "yes"})
    assert app_log() == [
        *("app_added", "app_switched_off", "app_switched_on"),
        *("app_changed", "app_removed"),
    ]
    entry = AuditEntry.objects.get(action="app_switched_off")
    assert (entry.workspace, entry.actor, entry.ip) == (workspace, admin, "127.0.0.1")
    assert entry.detail == {"product": "web"}


def test_operators_see_and_replay_what_nobody_has(workspace, client):
    send([SIGNAL], "/v2/")
    digest_until_empty()
    row = QuarantinedEvent.objects.get()
    lists = reverse("admin:ingest_quarantinedevent_changelist")
    page = reverse("admin:ingest_quarantinedevent_change", args=[row.pk])
    client.force_login(make_member(workspace, Role.ADMIN))
    assert APP.lower() not in client.get(lists).content.decode()
    assert client.get(page).status_code == 302
    client.force_login(make_operator())
    assert APP.lower() in client.get(lists).content.decode()
    assert client.get(page).status_code == 200
    make_app(workspace)
    client.post(
        lists,
        {"action": "replay_selected", "_selected_action": [row.pk], "confirmed": "yes"},
    )
    digest_until_empty()
    assert len(events()) == 1


def test_what_nobody_claims_is_pruned_after_a_month(workspace):
    send([SIGNAL, SIGNAL], "/v2/")
    send([SIGNAL])
    digest_until_empty()
    old = datetime.now(UTC) - timedelta(days=UNOWNED_DAYS + 1)
    first, second = QuarantinedEvent.objects.filter(workspace=None)
    QuarantinedEvent.objects.exclude(pk=second.pk).update(received_at=old)
    assert prune(dry_run=True).unowned == prune().unowned == 1
    assert prune().unowned == 0
    # However old, what waits in a workspace stays until somebody settles it.
    left = QuarantinedEvent.objects.values_list("pk", "workspace")
    assert (first.pk, None) not in left
    assert {where for _, where in left} == {None, workspace.pk}
    assert len(left) == 2


def test_import_keeps_old_times_and_finds_apps(app, tmp_path, capsys):
    old = datetime(2026, 3, 1, 12, tzinfo=UTC)
    lines = [
        [{**SIGNAL, "receivedAt": old.isoformat(), "payload": {"a": 1}}],
        {**SIGNAL, "receivedAt": old.isoformat(), "items": 3},
        {"appID": APP, "url": "https://a.example/b", "receivedAt": old.isoformat()},
    ]
    path = tmp_path / "signals.ndjson"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    call_command("import_events", str(path), workspace="acme", dialect="telemetrydeck")
    assert "Imported 3 events from 3 lines; 0 errors." in capsys.readouterr().out
    digest_until_empty()
    assert set(Event.objects.values_list("occurred_at", flat=True)) == {old}
    first, second, third = Event.objects.order_by("id")
    assert first.properties["a"] == "1"
    assert second.properties["items"] == 3
    assert third.properties["path"] == "/b"
    assert third.properties["TelemetryDeck.API.namespace"] == "acme"


def test_a_signal_of_yesterday_counts_yesterday(app):
    yesterday = datetime.now(UTC) - timedelta(hours=23)
    send([{**SIGNAL, "receivedAt": yesterday.isoformat()}])
    digest_until_empty()
    assert [row[1] for row in usage()] == [str(yesterday.date())]


RECORDED = [
    # Kotlin and Rust: texts for the payload and for the switch.
    (
        "/v2/",
        [
            {
                "appID": APP,
                "clientUser": "6721870580401922549fe8fdb09a064dba5b8792fa018d3b",
                "isTestMode": "false",
                "payload": [
                    "TelemetryDeck.AppInfo.buildNumber:1",
                    "TelemetryDeck.Device.operatingSystem:Android 14",
                    "note:a:b",
                    "TelemetryDeck.SDK.nameAndVersion:TelemetryDeck-KotlinSDK 6.0",
                ],
                "receivedAt": "2026-11-21T10:00:00.000Z",
                "sessionID": "a2f4e1f9-1111-4444-8888-5ac2f0b0e2a0",
                "telemetryClientVersion": "KotlinSDK 6.0",
                "type": "TelemetryDeck.Session.started",
            }
        ],
        {"note": "a:b", "TelemetryDeck.Device.operatingSystem": "Android 14"},
    ),
    # Swift: an object, text for the switch, a null number.
    (
        NAMESPACE,
        [
            {
                "appID": APP,
                "clientUser": "abc",
                "floatValue": None,
                "isTestMode": "False",
                "payload": {
                    "TelemetryDeck.Metrics.Swift.mach": "1",
                    "TelemetryDeck.Device.modelName": "iPhone15,2",
                },
                "receivedAt": "2026-11-21T10:00:00+0000",
                "sessionID": "3D6D3D3B-0000-0000-0000-000000000000",
                "type": "TelemetryDeck.Navigation.pathChanged",
            }
        ],
        {"TelemetryDeck.Device.modelName": "iPhone15,2"},
    ),
    # Old JavaScript.
    (
        "/v1",
        [
            {
                "appID": APP,
                "clientUser": "abc",
                "type": "pageview",
                "isTestMode": False,
                "sessionID": "QWERTZ",
                "payload": ["url:https://a.example/b", "floatValue:4"],
            }
        ],
        {"url": "https://a.example/b"},
    ),
]


@pytest.mark.parametrize(("path", "body", "properties"), RECORDED)
def test_recorded_bodies_of_other_senders(app, path, body, properties):
    assert send(body, path) == {"accepted": 1, "quarantined": 0}
    digest_until_empty()
    event = Event.objects.get()
    assert event.is_test is False
    assert properties.items() <= event.properties.items()
    assert not any("Swift" in key for key in event.properties)
