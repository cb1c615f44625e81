"""Dialect telemetrydeck, line by line of its contract: routes, signals, answers."""

import json
import string
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.kinds import hash_again, visitor_of_day
from ingest import app_ids
from ingest.models import InboxEntry
from ingest.throttle import TokenBuckets, throttle
from tests.factories import make_app, make_workspace
from tests.ingest.conftest import kept, refusals

APP = "AAAA-BBBBBBBB-CCCC-DDDD"
NAMESPACE = "/v2/namespace/acme/"
SIGNAL = {
    "appID": APP,
    "clientUser": "myClientUserHash",
    "type": "Actions.LoginView.loginButtonSucceeded",
}
ADDED = {
    "TelemetryDeck.API.Ingest.version": "v2",
    "TelemetryDeck.API.namespace": "acme",
}
DURATION = "TelemetryDeck.Signal.durationInSeconds"


@pytest.fixture
def app(workspace):
    return make_app(workspace)


def post(path, body, **headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().post(path, body, content_type="application/json", headers=headers)


def one(**more):
    """Send the seed's signal with more fields; return the one event kept."""
    assert post(NAMESPACE, [{**SIGNAL, **more}]).json() == {
        "accepted": 1,
        "quarantined": 0,
    }
    (event,) = kept()
    return event


def payload_of(event):
    return {key: event.properties[key] for key in event.properties if key not in ADDED}


# ---- Routes


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize(
    ("path", "body", "version"),
    [
        ("/v2/namespace/acme", [SIGNAL], "v2"),
        ("/v2", [SIGNAL], "v2"),
        ("/v1", [SIGNAL], "v1"),
        ("/v3/acme", [SIGNAL], "v3"),
        ("/v2/w", {"appID": APP, "url": "https://a.example/x"}, "v2"),
        ("/v3/w", {"appID": APP, "url": "https://a.example/x"}, "v3"),
    ],
)
def test_six_routes_with_and_without_a_slash(app, path, body, version, slash):
    answer = post(f"{path}{slash}", body)
    assert (answer.status_code, answer.json()) == (
        200,
        {"accepted": 1, "quarantined": 0},
    )
    assert answer["Access-Control-Allow-Origin"] == "*"
    (event,) = kept()
    assert event.app_id == APP.lower()
    assert event.properties["TelemetryDeck.API.Ingest.version"] == version
    assert event.properties["TelemetryDeck.API.namespace"] == "acme"
    assert (event.ip, event.user_agent, event.key) == ("", "", None)
    assert "127.0.0.1" not in bytes(InboxEntry.objects.get().payload).decode()


@pytest.mark.parametrize("path", ["/v2/namespace/acme/", "/v2/w/", "/v3/w", "/v1/"])
def test_preflight_lets_every_site_send_json(db, path):
    answer = Client().options(
        path,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "content-type" in answer["Access-Control-Allow-Headers"].lower()
    assert "POST" in answer["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("namespace", ["nobody", "ACME%00", "%E2%80%A6", "a b"])
def test_an_unknown_namespace_is_not_found(app, namespace):
    answer = post(f"/v2/namespace/{namespace}/", [SIGNAL])
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_namespace"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert refusals() == {"refused:unknown_namespace": 1}


def test_the_namespace_is_found_in_any_case(app):
    assert post("/v2/namespace/ACME/", [SIGNAL]).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods_are_refused(db, method):
    assert getattr(Client(), method)("/v2/").status_code == 405


# ---- Whose signal


def test_signals_of_several_workspaces_in_one_request(app):
    other = make_workspace("globex")
    make_app(other, "other-app")
    answer = post(
        "/v2/",
        [
            SIGNAL,
            {**SIGNAL, "appID": "OTHER-APP"},
            {**SIGNAL, "appID": "nobody-has-it"},
            {**SIGNAL, "appID": f" {APP.lower()} "},
        ],
    )
    assert answer.json() == {"accepted": 3, "quarantined": 1}
    rows = InboxEntry.objects.order_by("id").values_list(
        "workspace__slug", "event_count", "api_key"
    )
    assert sorted(rows, key=str) == [
        ("acme", 2, None),
        ("globex", 1, None),
        (None, 1, None),
    ]


def test_an_app_of_another_namespace_is_unknown_here(app):
    make_app(make_workspace("globex"), "other-app")
    answer = post(NAMESPACE, [{**SIGNAL, "appID": "other-app"}, SIGNAL])
    assert answer.json() == {"accepted": 1, "quarantined": 1}
    assert InboxEntry.objects.get().workspace.slug == "acme"


def test_a_disabled_app_waits_in_quarantine(workspace):
    make_app(workspace, is_enabled=False)
    assert post(NAMESPACE, [SIGNAL]).json() == {"accepted": 0, "quarantined": 1}


def test_an_empty_array_keeps_nothing(app):
    assert post(NAMESPACE, []).json() == {"accepted": 0, "quarantined": 0}
    assert not InboxEntry.objects.exists()


# ---- Fields of a signal


def test_the_seed_with_a_payload(app):
    event = one(
        type="Curl.Development.apiCall",
        sessionID="mySessionID",
        isTestMode=False,
        floatValue=3.14159,
        payload={
            "TelemetryDeck.RunContext.locale": "en_US",
            "TelemetryDeck.Device.architecture": "x86_64",
        },
    )
    assert event.metric == "Curl.Development.apiCall"
    assert event.session_id == "mySessionID"
    assert event.value == 3.14159
    assert event.is_test is False
    assert event.registers_metric is True
    assert event.properties == {
        "TelemetryDeck.RunContext.locale": "en_US",
        "TelemetryDeck.Device.architecture": "x86_64",
        **ADDED,
    }


def test_the_user_is_hashed_again(app):
    event = one()
    assert event.identities == [("user_hash", hash_again("myClientUserHash"))]
    assert b"myClientUserHash" not in bytes(InboxEntry.objects.get().payload)


@pytest.mark.parametrize("more", [{}, {"sessionID": None}, {"sessionID": ""}])
def test_a_random_session_when_missing(app, more):
    assert UUID(one(**more).session_id).version == 4


def test_random_sessions_differ(app):
    post(NAMESPACE, [SIGNAL, SIGNAL])
    first, second = kept()
    assert first.session_id != second.session_id


@pytest.mark.parametrize(
    ("sent", "is_test"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("TRUE", True),
        ("True", True),
        ("false", False),
        ("FALSE", False),
        (None, False),
        ("", False),
        (1, True),
        (0, False),
    ],
)
def test_test_mode(app, sent, is_test):
    assert one(isTestMode=sent).is_test is is_test


@pytest.mark.parametrize(
    ("more", "value", "payload"),
    [
        ({"floatValue": 2}, 2.0, {}),
        ({"floatValue": "2.5"}, 2.5, {}),
        ({"floatValue": None}, None, {}),
        ({"payload": {"floatValue": 7.5}}, 7.5, {}),
        ({"floatValue": None, "payload": {"floatValue": "7.5"}}, 7.5, {}),
        ({"payload": ["floatValue:7.5", "a:b"]}, 7.5, {"a": "b"}),
        ({"payload": {"floatValue": "many"}}, None, {"floatValue": "many"}),
        ({"payload": {"floatValue": True}}, None, {"floatValue": "true"}),
        ({"floatValue": 1, "payload": {"floatValue": 2}}, 1.0, {"floatValue": "2"}),
        # No sum of doubles could hold them.
        ({"payload": {"floatValue": 1e160}}, None, {"floatValue": "1e+160"}),
        ({"floatValue": -1e100}, -1e100, {}),
    ],
)
def test_float_value_at_the_top_or_in_the_payload(app, more, value, payload):
    event = one(**more)
    assert event.value == value
    assert payload_of(event) == payload


@pytest.mark.parametrize(
    ("payload", "stored"),
    [
        (None, {}),
        ("", {}),
        ({}, {}),
        ([], {}),
        ({"a": 1, "b": 2.5, "c": "x"}, {"a": "1", "b": "2.5", "c": "x"}),
        ({"a": True, "b": False}, {"a": "true", "b": "false"}),
        ({"a": None}, {}),
        ({"a": {"b": [1, "é"]}}, {"a": '{"b":[1,"é"]}'}),
        ({"a": [1, 2]}, {"a": "[1,2]"}),
        (["a:b", "url:https://x.example:8080/"], {"a": "b", "url": "https://x.example:8080/"}),
        (["no colon"], {"no colon": ""}),
        (["a:"], {"a": ""}),
        ({DURATION: 12.5}, {DURATION: 12.5}),
        ({DURATION: "12.5"}, {DURATION: 12.5}),
        ([f"{DURATION}:12.5"], {DURATION: 12.5}),
        ({DURATION: "long"}, {DURATION: "long"}),
        ({"TelemetryDeck.Device.x": "1"}, {"TelemetryDeck.Device.x": "1"}),
        ({"big": 10**30}, {"big": str(10**30)}),
    ],
)  # fmt: skip
def test_payload_is_stored_as_text(app, payload, stored):
    assert payload_of(one(payload=payload)) == stored


def test_what_the_server_adds_is_its_own_word(app):
    event = one(payload={"TelemetryDeck.API.namespace": "forged"})
    assert event.properties["TelemetryDeck.API.namespace"] == "acme"


def test_the_client_version_is_kept(app):
    event = one(telemetryClientVersion="KotlinSDK 3.0")
    assert payload_of(event) == {"telemetryClientVersion": "KotlinSDK 3.0"}


def test_reserved_keys_are_dropped_and_counted(app):
    event = one(
        payload={
            "TelemetryDeck.Metrics.Swift.cpu": "1",
            "TelemetryDeck.Metrics.Swift.": "2",
            "TelemetryDeck.Presets.Onboarding.step": "3",
            "TelemetryDeck.Presets.Onboarding.steps": "kept",
            "TelemetryDeck.Metrics.Other": "kept",
        }
    )
    assert payload_of(event) == {
        "TelemetryDeck.Presets.Onboarding.steps": "kept",
        "TelemetryDeck.Metrics.Other": "kept",
    }
    assert refusals() == {"dropped:reserved_key": 3}


@pytest.mark.parametrize(
    ("age", "clamped"),
    [
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(hours=23), timedelta(hours=23)),
        (timedelta(hours=25), timedelta(hours=24)),
        (timedelta(days=4000), timedelta(hours=24)),
    ],
)
def test_received_at_goes_back_a_day_at_most(app, age, clamped):
    now = datetime.now(UTC)
    event = one(receivedAt=(now - age).isoformat())
    assert abs(event.occurred_at - (now - clamped).timestamp()) < 5


def test_received_at_of_an_sdk(app):
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    event = one(receivedAt=hour.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert event.occurred_at == hour.timestamp()


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dt%H:%M:%Sz",
        "%Y-%m-%dT%H:%M:%S.123456789Z",
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%d %H:%M:%S +0000",
        "%Y%m%dT%H%M%SZ",
        # A leap second.
        "%Y-%m-%dT%H:%M:60Z",
    ],
)
def test_received_at_in_every_form_of_iso_8601(app, form):
    before = datetime.now(UTC) - timedelta(hours=2)
    event = one(receivedAt=before.strftime(form))
    assert event.quarantine == ""
    assert abs(event.occurred_at - before.timestamp()) <= 60


def test_arrival_is_the_time_without_received_at(app):
    assert abs(one().occurred_at - datetime.now(UTC).timestamp()) < 5


# ---- Bad signals


BAD = [
    ("text", "signal"),
    (None, "signal"),
    ([], "signal"),
    ({}, "appID"),
    ({**SIGNAL, "appID": ""}, "appID"),
    ({**SIGNAL, "appID": {}}, "appID"),
    ({**SIGNAL, "appID": "a" * 201}, "appID"),
    ({**SIGNAL, "appID": "a\0"}, "appID"),
    ({**SIGNAL, "clientUser": None}, "clientUser"),
    ({**SIGNAL, "clientUser": True}, "clientUser"),
    ({**SIGNAL, "clientUser": " "}, "clientUser"),
    ({**SIGNAL, "type": ""}, "type"),
    ({**SIGNAL, "type": "- _"}, "type"),
    ({**SIGNAL, "type": "x" * 201}, "type"),
    ({**SIGNAL, "type": "a\0b"}, "type"),
    ({**SIGNAL, "sessionID": []}, "sessionID"),
    ({**SIGNAL, "isTestMode": "maybe"}, "isTestMode"),
    ({**SIGNAL, "floatValue": "much"}, "floatValue"),
    ({**SIGNAL, "floatValue": [1]}, "floatValue"),
    # No sum of doubles could hold it.
    ({**SIGNAL, "floatValue": 1e160}, "floatValue"),
    ({**SIGNAL, "payload": "text"}, "payload"),
    ({**SIGNAL, "payload": 7}, "payload"),
    ({**SIGNAL, "payload": [1]}, "payload"),
    ({**SIGNAL, "payload": {"a": "b\0"}}, "payload.a"),
    ({**SIGNAL, "payload": {"a\0": "b"}}, "payload"),
    ({**SIGNAL, "payload": {"a": "\ud800"}}, "payload"),
    ({**SIGNAL, "type": "\ud800"}, "type"),
    ({**SIGNAL, "receivedAt": "yesterday"}, "receivedAt"),
    ({**SIGNAL, "receivedAt": 1e300}, "receivedAt"),
]


@pytest.mark.parametrize(("bad", "field"), BAD)
def test_a_bad_signal_never_costs_the_good_ones(app, bad, field):
    answer = post(NAMESPACE, [SIGNAL, bad, SIGNAL])
    assert (answer.status_code, answer.json()) == (
        200,
        {"accepted": 2, "quarantined": 1},
    )
    assert [event.quarantine for event in kept()] == ["", "bad_signal", ""]
    event = kept()[1]
    assert event.quarantine_subject == field
    assert json.loads(event.properties["signal"]) is not ...
    assert "myClientUserHash" not in event.properties["signal"]


def test_numbers_where_text_is_wanted(app):
    event = one(clientUser=42, sessionID=7, type=404)
    assert event.identities == [("user_hash", hash_again("42"))]
    assert (event.session_id, event.metric) == ("7", "404")


def test_unknown_fields_are_ignored(app):
    assert payload_of(one(whatever={"a": 1})) == {}


# ---- Bodies


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (NAMESPACE, b"", 400, "not_json"),
        (NAMESPACE, b"{", 400, "not_json"),
        (NAMESPACE, b"[NaN]", 400, "not_json"),
        (NAMESPACE, b"\xff", 400, "not_json"),
        (NAMESPACE, b"[" * 10_000 + b"]" * 10_000, 400, "not_json"),
        (NAMESPACE, SIGNAL, 400, "invalid"),
        (NAMESPACE, b'"text"', 400, "invalid"),
        ("/v1/", SIGNAL, 400, "invalid"),
        ("/v3/acme/", SIGNAL, 400, "invalid"),
        ("/v2/w/", [SIGNAL], 400, "invalid"),
        ("/v3/w/", [], 400, "invalid"),
        (NAMESPACE, [SIGNAL] * 1001, 413, "too_many_events"),
        (NAMESPACE, b" " * (1024 * 1024 + 1), 413, "too_large"),
    ],
)
def test_bodies_that_are_refused(app, path, body, status, code):
    answer = post(path, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not InboxEntry.objects.exists()


def test_a_thousand_signals_are_one_row(app):
    assert post(NAMESPACE, [SIGNAL] * 1000).json() == {
        "accepted": 1000,
        "quarantined": 0,
    }
    assert InboxEntry.objects.get().event_count == 1000


def test_an_idempotency_key_counts_once_per_sender(app):
    first = post(NAMESPACE, [SIGNAL], Idempotency_Key="one")
    again = post(NAMESPACE, [SIGNAL], Idempotency_Key="one")
    assert (first.json(), again["Idempotent-Replayed"]) == (again.json(), "true")
    assert len(kept()) == 1
    other = post(NAMESPACE, [{**SIGNAL, "type": "x"}], Idempotency_Key="one")
    assert other.status_code == 422
    make_app(make_workspace("globex"), "other-app")
    elsewhere = post("/v2/", [{**SIGNAL, "appID": "other-app"}], Idempotency_Key="one")
    assert elsewhere.json()["accepted"] == 1


def test_an_app_has_a_rate_of_its_own(app, monkeypatch):
    monkeypatch.setattr(throttle, "apps", TokenBuckets(1))
    assert post(NAMESPACE, [SIGNAL] * 3).status_code == 200
    answer = post(NAMESPACE, [SIGNAL])
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert post(NAMESPACE, [{**SIGNAL, "appID": "another"}]).status_code == 200
    assert refusals() == {"refused:rate_limited_app": 1}


def test_a_gone_database_is_a_503(app, monkeypatch):
    def fail(*_):
        raise app_ids.commit.StoreUnavailable("gone")

    monkeypatch.setattr(app_ids.commit, "ask", fail)
    answer = post(NAMESPACE, [SIGNAL])
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


# ---- Flat events (v3)


def test_flat_events_keep_the_types_of_json(app):
    post(
        "/v3/acme/",
        [
            {
                **SIGNAL,
                "sessionID": "s",
                "isTestMode": "True",
                "floatValue": "2.5",
                "items": 3,
                "is.first": True,
                "nested": {"a": [1]},
                "nothing": None,
                "telemetryClientVersion": "v",
                "TelemetryDeck.Metrics.Swift.x": 1,
            }
        ],
    )
    (event,) = kept()
    assert (event.session_id, event.is_test, event.value) == ("s", True, 2.5)
    assert event.properties == {
        "items": 3,
        "is.first": True,
        "nested": {"a": [1]},
        "nothing": None,
        "telemetryClientVersion": "v",
        "TelemetryDeck.API.Ingest.version": "v3",
        "TelemetryDeck.API.namespace": "acme",
    }


# ---- Page views


VIEW = {
    "appID": APP,
    "url": "https://shop.example:8443/a/b?utm_source=news&utm_Bad=x&secret=1#part",
    "referrer": "https://search.example/find?q=private",
    "telemetryClientVersion": "WebSDK 1",
    "locale": "en-GB",
    "isTestMode": "false",
}


def test_a_page_view_keeps_host_path_and_campaign(app):
    post("/v2/w/", VIEW, User_Agent="Firefox")
    (event,) = kept()
    assert event.metric == "pageView"
    assert payload_of(event) == {
        "host": "shop.example",
        "path": "/a/b",
        "utm_source": "news",
        "referrer": "search.example/find",
        "locale": "en-GB",
        "telemetryClientVersion": "WebSDK 1",
    }
    today = datetime.now(UTC).date()
    visitor = visitor_of_day("127.0.0.1", "Firefox", today)
    assert event.identities == [("anonymous", visitor)]
    assert visitor != visitor_of_day("127.0.0.1", "Firefox", today - timedelta(days=1))
    assert visitor != visitor_of_day("127.0.0.2", "Firefox", today)


def test_a_flat_page_view_keeps_what_else_it_says(app):
    post("/v3/w/", {**VIEW, "type": "Shop.opened", "clientUser": "me", "cart": 2})
    (event,) = kept()
    assert event.metric == "Shop.opened"
    assert event.identities == [("user_hash", hash_again("me"))]
    assert event.properties["cart"] == 2
    assert event.properties["path"] == "/a/b"
    assert "url" not in event.properties
    assert event.properties["referrer"] == "search.example/find"


def test_a_flat_event_of_a_page_may_be_about_no_page(app):
    answer = post("/v3/w/", {"appID": APP, "type": "Cart.filled", "items": 3})
    assert answer.json() == {"accepted": 1, "quarantined": 0}
    (event,) = kept()
    assert (event.metric, event.identities[0][0]) == ("Cart.filled", "anonymous")
    assert event.properties["items"] == 3
    assert not {"host", "path"} & set(event.properties)


def test_the_old_route_of_pages_knows_only_page_views(app):
    post("/v2/w/", {**VIEW, "type": "Shop.opened"})
    (event,) = kept()
    assert event.metric == "pageView"


@pytest.mark.parametrize("url", [None, "", "http://[", 7.5, []])
def test_a_page_view_without_a_page_waits(app, url):
    answer = post("/v2/w/", {**VIEW, "url": url})
    assert answer.status_code == 200
    assert sum(answer.json().values()) == 1


# ---- Anything at all

names = st.sampled_from(
    [
        *("appID", "clientUser", "type", "sessionID", "isTestMode", "floatValue"),
        *("payload", "receivedAt", "telemetryClientVersion", "url", "referrer"),
        *("locale", DURATION, "TelemetryDeck.Metrics.Swift.x"),
    ]
) | st.text(max_size=5)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from([APP, "true", "1e400", "\0", "\ud800", "https://x.example/?a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=8,
)
signals = st.dictionaries(names, values, max_size=8).map(
    lambda more: {**SIGNAL, **more}
)
paths = st.sampled_from([NAMESPACE, "/v2/", "/v1/", "/v2/w/", "/v3/acme/", "/v3/w/"])


@settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=paths, items=st.lists(signals | values, max_size=4))
def test_nothing_is_ever_a_server_error(app, path, items):
    body = items if "/w" not in path else (items or [{}])[0]
    answer = post(path, body)
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert sum(answer.json().values()) == (1 if "/w" in path else len(items))


@settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=paths, body=st.binary(max_size=60) | st.text(string.printable).map(str.encode)
)
def test_no_bytes_are_a_server_error(app, path, body):
    assert post(path, body).status_code in {200, 400}
