"""The native events API: forms, per-event results, exact answers."""

import pytest

from accounts.kinds import anonymous_value
from ingest.events import event_key
from ingest.models import EventKey, InboxEntry
from tests.factories import make_key, make_product, make_workspace
from tests.ingest.conftest import EVENTS, Sender, kept, refusals

EVENT = {"metric": "BUILD", "product": "cli", "user": {"email": "dev@acme.io"}}


def with_(**changes):
    return {**EVENT, **changes}


def result(response, status, accepted, duplicates=0, rejected=()):
    assert response.status_code == status, response.content
    assert response.json() == {
        "accepted": accepted,
        "duplicates": duplicates,
        "rejected": list(rejected),
    }


def error(response, status, code):
    assert response.status_code == status, response.content
    assert set(response.json()) == {"error"}
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [EVENT, [EVENT], {"events": [EVENT]}, {"events": [EVENT], "more": {"x": [1]}}],
    ids=["one", "array", "object", "extra key"],
)
@pytest.mark.parametrize("path", [EVENTS, EVENTS + "/"])
def test_the_forms_of_a_body(sender, body, path):
    result(sender.post(path, body), 202, 1)
    assert [event.metric for event in kept()] == ["BUILD"]


def test_a_full_event_is_stored_as_sent(sender):
    body = {
        "metric": "BUILD",
        "product": "cli",
        "event_id": 4711,
        "occurred_at": "2026-11-21T09:30:00+01:00",
        "user": {
            "github": "https://github.com/Foo/",
            "email": " Dev@Acme.IO",
            "id": 7,
            "username": "dev",
            "linkedin": "",
            "social": None,
            "anonymous_id": "anon-1",
            "name": "Dev Eloper",
            "avatar": "https://acme.io/dev.png",
            "traits": {"plan": "pro", "old": None},
        },
        "company": {"domain": "ACME.io"},
        "ip": "192.0.2.1",
        "user_agent": "cli/2",
        "count": "3",
        "value": 12.5,
        "environment": "ci",
        "session_id": "s1",
        "source": "cli",
        "is_test": "TRUE",
        "properties": {"a": [1, {"b": None}]},
    }
    result(sender.events(body), 202, 1)
    (event,) = kept()
    assert event.identities == [
        ("email", "dev@acme.io"),
        ("github", "foo"),
        ("customer_id", "7"),
        ("username", "dev"),
        ("anonymous", "anon-1"),
    ]
    assert event.key == event_key("native", "cli", "4711")
    assert event.occurred_at == 1795249800
    assert event.traits == {
        "plan": "pro",
        "old": None,
        "name": "Dev Eloper",
        "avatar": "https://acme.io/dev.png",
    }
    assert (event.event_id, event.count, event.value) == ("4711", 3, 12.5)
    assert (event.domain, event.ip) == ("acme.io", "192.0.2.1")
    assert (event.user_agent, event.environment) == ("cli/2", "CI")
    assert (event.session_id, event.source, event.is_test) == ("s1", "cli", True)
    assert event.properties == {"a": [1, {"b": None}]}
    assert not event.is_aggregate


@pytest.mark.parametrize(
    ("stated", "stored"),
    [
        (1795253400, 1795253400),
        ("1795253400.5", 1795253400.5),
        ("2026-11-21T09:30:00Z", 1795253400),
        ("2026-11-21T09:30:00", 1795253400),
        ("2026-11-21", 1795219200),
        ("1990-04-05T00:00:00Z", 639273600),
        (-1, -1),
    ],
)
def test_times(sender, stated, stored):
    result(sender.events(with_(occurred_at=stated)), 202, 1)
    assert kept()[0].occurred_at == stored


def test_without_a_time_it_happened_now(sender):
    result(sender.events(EVENT), 202, 1)
    entry = InboxEntry.objects.get()
    assert abs(kept()[0].occurred_at - entry.received_at.timestamp()) < 60


@pytest.mark.parametrize(
    ("event", "identity", "is_aggregate"),
    [
        (
            {"ip": "192.0.2.1", "user_agent": "x"},
            ("anonymous", anonymous_value("192.0.2.1", "x")),
            False,
        ),
        ({"ip": "192.0.2.1"}, ("anonymous", anonymous_value("192.0.2.1", "")), False),
        (
            {"company": {"domain": "acme.io"}, "user_agent": "x", "user": {}},
            ("anonymous", anonymous_value("acme.io", "x")),
            False,
        ),
        ({"company": {"domain": "acme.io"}}, ("aggregate", "acme.io"), True),
    ],
)
def test_nobody_in_particular(sender, event, identity, is_aggregate):
    result(sender.events({"metric": "BUILD", "product": "cli", **event}), 202, 1)
    (stored,) = kept()
    assert stored.identities == [identity]
    assert stored.is_aggregate is is_aggregate


@pytest.mark.parametrize(
    ("event", "code", "message"),
    [
        ({"metric": ""}, "required", "metric: is required"),
        ({"product": None}, "required", "product: is required"),
        (
            {"user": None},
            "required",
            "user: is required, or ip, user_agent or company.domain",
        ),
        ({"user": {"email": "  "}}, "required", None),
        ({"user": {"github": "@"}}, "invalid", "user.github: names nobody"),
        ({"user": {"email": "a@"}}, "invalid", "user.email: names nobody"),
        ({"metric": "- _"}, "invalid", "metric: must have a letter or a digit"),
        ({"metric": []}, "invalid", None),
        ({"user": 7}, "invalid", None),
        ({"user": {"email": ["x"]}}, "invalid", None),
        ({"company": {"domain": "localhost"}}, "invalid", None),
        ({"occurred_at": "yesterday"}, "invalid", None),
        ({"occurred_at": True}, "invalid", None),
        ({"occurred_at": 1e300}, "invalid", None),
        ({"occurred_at": "0000-00-00"}, "invalid", None),
        ({"occurred_at": "9999-12-31T23:59:59-23:00"}, "invalid", None),
        ({"count": 0}, "invalid", None),
        ({"count": 2**31}, "invalid", None),
        ({"count": 1.5}, "invalid", None),
        ({"value": "much"}, "invalid", None),
        ({"value": 10**400}, "invalid", None),
        ({"value": -1e308}, "invalid", None),
        ({"ip": "::x"}, "invalid", None),
        ({"is_test": "maybe"}, "invalid", None),
        ({"source": "x" * 21}, "invalid", None),
        ({"properties": {"a": "\0"}}, "invalid",
         "properties.a: must not contain NUL characters"),
        ({"properties": {"a": 2**64}}, "invalid", None),
        ({"user": {"email": "a@b.c", "traits": {"x": ["\0"]}}}, "invalid", None),
        ({"user": {"email": "a\0@b.c"}}, "invalid", None),
    ],
)  # fmt: skip
def test_a_bad_event_is_rejected_with_its_reason(sender, event, code, message):
    response = sender.events([EVENT, with_(**event)])
    assert response.status_code == 202
    assert response.json()["accepted"] == 1
    (rejection,) = response.json()["rejected"]
    assert (rejection["index"], rejection["code"]) == (1, code)
    assert message in {None, rejection["message"]}
    assert len(kept()) == 1
    assert refusals() == {"refused:invalid": 1}


def test_every_wrong_field_of_an_event_is_named(sender):
    body = {"metric": {}, "count": -1, "user": {"email": []}, "company": {"domain": 1}}
    (rejection,) = sender.events(body).json()["rejected"]
    named = [part.split(": ")[0] for part in rejection["message"].split("; ")]
    assert sorted(named) == sorted(
        ["metric", "product", "count", "user.email", "company.domain"]
    )


def test_good_events_are_kept_between_bad_ones(sender):
    body = [7, EVENT, {}, with_(event_id="a"), None, with_(metric="TEST")]
    response = sender.events(body)
    assert response.status_code == 202
    assert response.json()["accepted"] == 3
    assert [(r["index"], r["code"]) for r in response.json()["rejected"]] == [
        (0, "not_an_object"),
        (2, "required"),
        (4, "not_an_object"),
    ]
    assert [event.metric for event in kept()] == ["BUILD", "BUILD", "TEST"]
    assert InboxEntry.objects.get().event_count == 3


def test_all_rejected_is_422_and_stores_nothing(sender):
    response = sender.events([{}, 1])
    assert response.status_code == 422
    assert response.json()["accepted"] == 0
    assert [r["index"] for r in response.json()["rejected"]] == [0, 1]
    assert not InboxEntry.objects.exists()
    assert refusals() == {"refused:invalid": 2}


@pytest.mark.parametrize("body", [[], {"events": []}])
def test_no_events_is_422(sender, body):
    error(sender.events(body), 422, "invalid")


@pytest.mark.parametrize("body", [{"events": 7}, {"events": {"a": 1}}])
def test_events_must_be_an_array(sender, body):
    error(sender.events(body), 422, "invalid")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1,]", b'[{"metric": NaN}]', b"\xff", b'["\\ud800"]', b"[" * 9999],
)
def test_not_json_is_400(sender, body):
    error(sender.post(EVENTS, body), 400, "not_json")


def test_a_thousand_events_and_no_more(sender):
    result(sender.events([EVENT] * 1000), 202, 1000)
    assert InboxEntry.objects.get().event_count == 1000
    error(sender.events([EVENT] * 1001), 413, "too_many_events")


def test_too_large_is_413(sender, settings):
    settings.INGEST_MAX_BODY_BYTES = 1024
    body = with_(properties={"a": "x" * 2000})
    error(sender.events(body), 413, "too_large")
    error(sender.events(body, packed=True), 413, "too_large")


def test_duplicates_are_those_known_at_this_moment(sender, workspace):
    digested = event_key("native", "cli", "old")
    EventKey.objects.create(workspace=workspace, key=digested)
    other = make_workspace("other")
    EventKey.objects.create(workspace=other, key=event_key("native", "cli", "new"))
    body = [
        with_(event_id="old"),
        with_(event_id="new"),
        with_(event_id="new"),
        with_(event_id="new", product="web"),
        EVENT,
        EVENT,
    ]
    result(sender.events(body), 202, 4, duplicates=2)
    assert len(kept()) == 6, "the digest decides, and counts the repeats"


def test_authentication(workspace, token):
    sender = Sender(token)
    response = sender.events(EVENT, Authorization="")
    error(response, 401, "no_key")
    assert response["WWW-Authenticate"] == "Bearer"
    error(sender.events(EVENT, Authorization=f"Basic {token}"), 401, "no_key")
    error(sender.events(EVENT, Authorization="Bearer nonsense"), 401, "unknown_key")
    result(sender.events(EVENT, Authorization=f"bearer   {token} "), 202, 1)
    read = Sender(make_key(workspace, kind="read")[1])
    error(read.events(EVENT), 403, "wrong_kind_of_key")
    reo = Sender(make_key(workspace, dialects=["reo"])[1])
    error(reo.events(EVENT), 403, "wrong_dialect")
    far = Sender(make_key(workspace, networks=["203.0.113.0/24"])[1])
    error(far.events(EVENT), 403, "wrong_network")
    near = Sender(make_key(workspace, networks=["127.0.0.0/8"])[1])
    result(near.events(EVENT), 202, 1)


def test_a_key_bound_to_a_product(workspace):
    product = make_product(workspace, "cli")
    sender = Sender(make_key(workspace, product=product)[1])
    result(sender.events({"metric": "BUILD", "user": {"id": "1"}}), 202, 1)
    assert kept()[0].product == "cli"
    response = sender.events(with_(product="web"))
    assert response.status_code == 422
    assert response.json()["rejected"][0]["code"] == "product_not_allowed"


def test_only_post(client):
    response = client.put(EVENTS)
    error(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST"
