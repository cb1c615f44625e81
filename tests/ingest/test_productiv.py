"""Dialect productiv: the token, the seed's event, every rule, exact answers."""

import base64
import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access_tokens import revoke_tokens
from accounts.applications import define_application
from accounts.keys import change, revoke
from accounts.models import (
    AccessToken,
    ApiKey,
    ProvisionedUser,
)
from accounts.tokens import shown_prefix
from ingest import commit
from ingest.credentials import access_tokens
from ingest.dialects import DIALECTS
from ingest.dialects.productiv.access import forget_applications
from ingest.digest import digest_until_empty
from ingest.events import event_key
from ingest.importing import import_lines
from ingest.models import Event, EventKey, InboxEntry
from ingest.prune import prune
from ingest.throttle import throttle
from tests.factories import make_key, make_product, make_workspace
from tests.ingest.conftest import kept, refusals

APPS = "/services/push/v1/customer/apps"
EVENTS = f"{APPS}/drive/events"
USERS = f"{APPS}/drive/users"
TOKEN = "/oauth2/token"
SCOPE = "https://api.productiv.com/connector.write"
FORM = "application/x-www-form-urlencoded"
# The seed's example, with an address where its print has lost it.
SEED = {"timestamp": 1566340678676, "email": "a@b.example", "eventName": "opened_file"}
LOGIN = {**SEED, "eventName": "login", "targetApp": "okta"}
OK = b'{"success":true}'
DRIVE = {
    "id": "drive",
    "name": "Drive",
    "category": "Storage",
    "events": [
        {"name": "opened_file", "category": "Consume", "actions": ["Files"]},
        {"name": "shared_file", "category": "Collaborate", "actions": ["Files"]},
        {"name": "login", "category": "Login"},
    ],
}


@pytest.fixture(autouse=True)
def fresh_applications():
    access_tokens.clear()
    forget_applications()


@pytest.fixture
def drive(workspace):
    return define_application(workspace, DRIVE)


@pytest.fixture
def secret(workspace):
    return make_key(workspace, kind=ApiKey.Kind.CLIENT)[1]


def client_id(secret):
    return shown_prefix(secret)


def basic(secret, name=None):
    pair = f"{name or client_id(secret)}:{secret}".encode()
    return "Basic " + base64.b64encode(pair).decode()


def ask(body="grant_type=client_credentials", query="", header=None, **headers):
    if header:
        headers["Authorization"] = header
    address = f"{TOKEN}?{query}" if query else TOKEN
    return Client().post(address, body, content_type=FORM, headers=headers)


def token_of(secret, scope=SCOPE):
    answer = ask(f"grant_type=client_credentials&scope={scope}", header=basic(secret))
    assert answer.status_code == 200
    return answer.json()["access_token"]


class Pusher:
    def __init__(self, token):
        self.token = token
        self.client = Client()

    def send(self, method, path, body=b"", **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.generic(
            method, path, body, content_type="application/json", headers=headers
        )

    def push(self, *events, path=EVENTS, **headers):
        return self.send("POST", path, {"events": list(events)}, **headers)


@pytest.fixture
def pusher(drive, secret):
    return Pusher(token_of(secret))


def failed(response, status, message):
    assert response.json() == {
        "code": str(status),
        "message": message,
        "success": False,
    }
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"


def unprocessable(response):
    """The wrong fields, as they are named."""
    assert response.status_code == 422
    message = response.json()["message"]
    assert message.startswith("Unprocessable Entity: ")
    return message.removeprefix("Unprocessable Entity: ").split("; ")


# ---- The token


def test_the_token_of_the_contract(secret):
    answer = ask(f"grant_type=client_credentials&scope={SCOPE}", header=basic(secret))
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["access_token", "token_type", "expires_in"]
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Pragma"] == "no-cache"
    assert answer["Content-Type"] == "application/json"
    (stored,) = AccessToken.objects.all()
    assert body["access_token"] not in str(vars(stored))
    assert stored.scopes == ["connector.write"]
    left = stored.expires_at - timezone.now()
    assert timedelta(seconds=3590) < left <= timedelta(seconds=3600)


@pytest.mark.parametrize(
    ("body", "query", "in_header"),
    [
        ("grant_type=client_credentials&scope={scope}", "", True),
        ("", "grant_type=client_credentials&scope={scope}", True),
        ("grant_type=client_credentials", "scope={scope}", True),
        ("{fields}&grant_type=client_credentials&scope={scope}", "", False),
        ("", "{fields}&grant_type=client_credentials&scope={scope}", False),
        ("{fields}&grant_type=client_credentials&scope={scope}", "", True),
        ("client_id={id}&grant_type=client_credentials&scope={scope}", "", True),
        ("grant_type=client_credentials&scope={scope}", "scope={scope}", True),
        ("grant_type=client_credentials&scope={scope}&audience=x&x=", "", True),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_where_parameters_and_credentials_may_stand(
    secret, body, query, in_header, slash
):
    words = {
        "fields": f"client_id={client_id(secret)}&client_secret={secret}",
        "id": client_id(secret),
        "scope": SCOPE,
    }
    answer = Client().post(
        f"{TOKEN}{slash}?{query.format(**words)}",
        body.format(**words),
        content_type=FORM,
        headers={"Authorization": basic(secret)} if in_header else {},
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (SCOPE, ["connector.write"]),
        ("connector.write", ["connector.write"]),
        ("report.read", ["connector.write"]),
        ("https://api.productiv.com/report.read", ["connector.write"]),
        ("connector.write+report.read", ["connector.write"]),
        (f"connector.write+{SCOPE}", ["connector.write"]),
    ],
)
def test_names_of_scopes(secret, scope, granted):
    token_of(secret, scope)
    assert AccessToken.objects.get().scopes == granted


@pytest.mark.parametrize("scope", ["connector.write", "report.read", SCOPE])
def test_a_token_by_any_name_of_the_scope_pushes_events(secret, drive, scope):
    """The contract calls them aliases: one scope by three names."""
    answer = ask(f"grant_type=client_credentials&scope={scope}", header=basic(secret))
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
    sender = Pusher(answer.json()["access_token"])
    assert sender.push(SEED).content == OK
    assert sender.send("GET", USERS).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "granted"),
    [
        (["connector.write"], ["connector.write"]),
        (["report.read"], ["report.read"]),
    ],
)
def test_the_read_name_gives_what_the_client_may(workspace, scopes, granted):
    _, secret = make_key(workspace, kind="client", scopes=scopes)
    token_of(secret, "report.read")
    assert AccessToken.objects.get().scopes == granted


def test_without_a_scope_the_answer_says_which(secret):
    body = ask(header=basic(secret)).json()
    assert body["scope"] == "connector.write report.read"


def test_a_client_gets_no_more_than_its_scopes(workspace):
    _, secret = make_key(workspace, kind="client", scopes=["report.read"])
    refused = ask(f"grant_type=client_credentials&scope={SCOPE}", header=basic(secret))
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_scope"})
    assert ask(header=basic(secret)).json()["scope"] == "report.read"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("scope=connector.write", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=all", "invalid_scope"),
        ("grant_type=client_credentials&scope=connector.write+x", "invalid_scope"),
        ("grant_type=client_credentials&grant_type=password", "invalid_request"),
        ("grant_type=client_credentials&client_id=someone", "invalid_request"),
        ("grant_type=client_credentials&client_secret=other", "invalid_request"),
        (b"\xff\xfe=1", "invalid_request"),
        ("grant_type=%ff", "invalid_request"),
        ("&".join(f"a{number}=1" for number in range(60)), "invalid_request"),
    ],
)
def test_errors_of_requests(secret, body, error):
    answer = ask(body, header=basic(secret))
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert answer["Cache-Control"] == "no-store"
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"no-colon").decode(),
        basic("up_client_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_000000"),
        "Bearer something",
    ],
)
def test_wrong_clients(db, header):
    answer = ask(header=header)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer["WWW-Authenticate"] == 'Basic realm="Uptick"'


def test_a_client_is_id_and_secret(workspace, secret):
    _, other = make_key(workspace, kind="client")
    _, ingest = make_key(workspace)
    for header in (basic(secret, client_id(other)), basic(secret, "x"), basic(ingest)):
        answer = ask(header=header)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize("how", ["revoke", "expire", "network", "dialect"])
def test_a_client_that_may_not(workspace, how):
    key, secret = make_key(workspace, kind="client")
    token = token_of(secret)
    values = {
        "expire": {"expires_at": timezone.now() - timedelta(seconds=1)},
        "network": {"allowed_networks": ["203.0.113.0/24"]},
        "dialect": {"dialects": ["reo"]},
    }
    if how == "revoke":
        revoke(key, actor=None)
    else:
        change(key, values[how])
    define_application(workspace, DRIVE)
    # What the process remembers of client and token does not help them.
    answer = ask(header=basic(secret))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    failed(Pusher(token).push(SEED), 401, "Invalid access_token")


def test_other_methods(secret):
    answer = Client().get(TOKEN)
    assert (answer.status_code, answer.json()) == (405, {"error": "invalid_request"})
    assert answer["Allow"] == "POST"


def test_a_large_request_for_a_token(secret, settings):
    settings.INGEST_MAX_BODY_BYTES = 1024
    answer = ask("a=" + "x" * 2000, header=basic(secret))
    assert (answer.status_code, answer.json()) == (413, {"error": "invalid_request"})


def test_too_many_requests_for_tokens(secret, monkeypatch):
    monkeypatch.setattr(throttle.keys, "rate", 1.0)
    monkeypatch.setattr(throttle.keys, "depth", 1.0)
    assert ask(header=basic(secret)).status_code == 200
    answer = ask(header=basic(secret))
    assert answer.status_code == 429
    assert answer.json() == {"error": "temporarily_unavailable"}
    assert answer["Retry-After"] == "1"


# ---- Who may push


def test_the_seeds_example(pusher):
    answer = pusher.push(SEED)
    assert (answer.status_code, answer.content) == (200, OK)
    assert answer["Content-Type"] == "application/json"
    (event,) = kept()
    assert event.metric == "opened_file"
    assert event.product == "drive"
    assert event.occurred_at == 1566340678.676
    assert event.identities == [("email", "a@b.example")]
    assert event.key == event_key(
        "productiv", "drive", "1566340678676", "a@b.example", "opened_file"
    )


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer up_access_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_000000"},
    ],
)
@pytest.mark.parametrize("path", [EVENTS, USERS, f"{APPS}/nothing/events"])
def test_without_a_good_token(pusher, header, path):
    answer = pusher.push(SEED, path=path, **header)
    failed(answer, 401, "Invalid access_token")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_neither_secret_nor_key_is_a_token(workspace, drive, secret):
    for wrong in (secret, make_key(workspace)[1]):
        failed(Pusher(wrong).push(SEED), 401, "Invalid access_token")


def test_a_token_is_no_key_and_no_secret(pusher):
    answer = ask(header=basic(pusher.token))
    assert answer.status_code == 401
    answer = pusher.client.post(
        "/api/v1/events",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {pusher.token}"},
    )
    assert answer.status_code == 401


def test_a_token_ends(pusher):
    assert pusher.push(SEED).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=3605), tick=False):
        failed(pusher.push(SEED), 401, "Invalid access_token")


def test_a_revoked_token_stores_nothing_from_then_on(workspace, pusher):
    assert pusher.push(SEED).status_code == 200
    assert revoke_tokens(AccessToken.objects.all(), actor=None) == 1
    failed(pusher.push(SEED), 401, "Invalid access_token")
    failed(pusher.send("GET", USERS), 401, "Invalid access_token")
    assert len(kept()) == 1


def test_revoking_one_token_leaves_the_others(secret, drive):
    first, second = token_of(secret), token_of(secret)
    assert Pusher(second).push(SEED).status_code == 200
    revoke_tokens(AccessToken.objects.order_by("id")[:1], actor=None)
    failed(Pusher(first).push(SEED), 401, "Invalid access_token")
    assert Pusher(second).push(SEED).status_code == 200


def test_reading_is_not_writing(workspace, drive):
    _, secret = make_key(workspace, kind="client", scopes=["report.read"])
    reader = Pusher(token_of(secret, "report.read"))
    message = "Forbidden: the access_token lacks the scope connector.write"
    failed(reader.push(SEED), 403, message)
    body = {"provisionedUsers": [{"appUserId": "1", "email": "a@b.example"}]}
    failed(reader.send("POST", USERS, body), 403, message)
    failed(reader.send("DELETE", USERS, body), 403, message)
    assert reader.send("GET", USERS).status_code == 200
    assert refusals() == {"refused:missing_scope": 3}


def test_a_client_for_one_product(workspace, drive):
    product = make_product(workspace, "other")
    _, secret = make_key(workspace, kind="client", product=product)
    failed(
        Pusher(token_of(secret)).push(SEED),
        403,
        "Forbidden: this client is only for the product other",
    )


# ---- What arrives


@pytest.mark.parametrize(
    "path",
    [
        EVENTS,
        f"{EVENTS}/",
        f"{APPS}/drive/usage-events",
        f"{APPS}/drive/usage-events/",
    ],
)
def test_every_address(pusher, path):
    assert pusher.push(SEED, path=path).content == OK


def test_an_object_is_one_event(pusher):
    assert pusher.send("POST", EVENTS, {"events": SEED}).content == OK
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("changes", "field", "stored"),
    [
        ({"timestamp": "1566340678676"}, "occurred_at", 1566340678.676),
        ({"timestamp": " 1566340678676 "}, "occurred_at", 1566340678.676),
        ({"timestamp": 1566340678676.0}, "occurred_at", 1566340678.676),
        ({"timestamp": 0}, "occurred_at", 0.0),
        ({"timestamp": -86400000}, "occurred_at", -86400.0),
        ({"timestamp": 1566340678}, "occurred_at", 1566340.678),
        ({"email": " A@B.Example "}, "identities", [("email", "a@b.example")]),
        ({"email": "Ann <a@b.example>"}, "identities", [("email", "a@b.example")]),
        ({"eventName": " opened_file "}, "metric", "opened_file"),
        ({"targetApp": "okta"}, "properties", {"target_app": "okta"}),
        ({"targetApp": 7}, "properties", {"target_app": "7"}),
        ({"targetApp": ""}, "properties", {}),
        ({"unknown": {"a": [1]}}, "properties", {}),
        (LOGIN, "properties", {"target_app": "okta"}),
    ],
)
def test_liberal_in(pusher, changes, field, stored):
    assert pusher.push({**SEED, **changes}).content == OK
    (event,) = kept()
    assert getattr(event, field) == stored


def test_the_same_event_has_the_same_key_however_it_is_written(pusher):
    pusher.push(
        SEED,
        {**SEED, "timestamp": "1566340678676", "email": "A@b.EXAMPLE"},
        {**SEED, "timestamp": 1566340678676.0, "targetApp": "x"},
    )
    assert len({event.key for event in kept()}) == 1


@pytest.mark.parametrize(
    "change_",
    [
        {"timestamp": 1566340678677},
        {"email": "b@b.example"},
        {"eventName": "shared_file"},
    ],
)
def test_another_event_has_another_key(pusher, change_):
    pusher.push(SEED, {**SEED, **change_})
    first, second = kept()
    assert first.key != second.key


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"timestamp": None}, "events[0].timestamp is required"),
        ({"timestamp": ""}, "events[0].timestamp is required"),
        ({"timestamp": "yesterday"}, "events[0].timestamp must be a number"),
        ({"timestamp": True}, "events[0].timestamp must be int or float or str, not"),
        ({"timestamp": [1]}, "events[0].timestamp must be int or float or str, not"),
        ({"timestamp": 10**30}, "events[0].timestamp must be Unix time"),
        ({"timestamp": -(10**17)}, "events[0].timestamp must be Unix time"),
        ({"email": None}, "events[0].email is required"),
        ({"email": ""}, "events[0].email is required"),
        ({"email": "nobody"}, "events[0].email must be an e-mail address"),
        ({"email": "a@"}, "events[0].email must be an e-mail address"),
        ({"email": "@b.example"}, "events[0].email must be an e-mail address"),
        ({"email": "a b@c.example"}, "events[0].email must be an e-mail address"),
        ({"email": "a@b"}, "events[0].email must be an e-mail address"),
        ({"email": {"a": 1}}, "events[0].email must be int or float or str, not"),
        ({"email": f"{'x' * 400}@b.example"}, "events[0].email must"),
        ({"eventName": None}, "events[0].eventName is required"),
        ({"eventName": "closed"}, "events[0].eventName must be one of the"),
        ({"eventName": "OPENED_FILE"}, "events[0].eventName must be one of the"),
        ({"eventName": "login"}, "events[0].targetApp is required for a Login"),
        ({"eventName": "login", "targetApp": " "}, "events[0].targetApp is required"),
        ({"targetApp": "x" * 201}, "events[0].targetApp must have at most 200"),
    ],
)
def test_one_wrong_field_is_named_alone(pusher, changes, named):
    (only,) = unprocessable(pusher.push({**SEED, **changes}))
    assert only.startswith(named)
    assert kept() == []


def test_all_or_nothing_and_every_wrong_field(pusher):
    answer = pusher.push(SEED, "text", {**SEED, "email": 7}, {}, SEED)
    assert [part.partition(" ")[0] for part in unprocessable(answer)] == [
        "events[1]",
        "events[2].email",
        "events[3].timestamp",
        "events[3].email",
        "events[3].eventName",
    ]
    assert kept() == []


def test_at_most_twenty_are_named(pusher):
    named = unprocessable(pusher.push(*[{}] * 30))
    assert len(named) == 20
    assert named[-1].startswith("events[6].email")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"events": []}, "events must hold at least one item"),
        ({"events": None}, "events is required"),
        ({"events": ""}, "events is required"),
        ({"events": "text"}, "events must be an array"),
        ({"events": 7}, "events must be an array"),
        ({}, "events is required"),
        ([SEED], "the body must be an object with events"),
        ("text", "the body must be an object with events"),
        (None, "the body must be an object with events"),
        ({"events": [SEED] * 1001}, "events must hold at most 1000 items, not 1001"),
    ],
)
def test_other_shapes(pusher, body, message):
    failed(
        pusher.send("POST", EVENTS, json.dumps(body).encode()),
        422,
        f"Unprocessable Entity: {message}",
    )


def test_a_thousand_events_are_one_row(pusher):
    events = [{**SEED, "timestamp": number} for number in range(1000)]
    assert pusher.push(*events).content == OK
    assert list(InboxEntry.objects.values_list("event_count", flat=True)) == [1000]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"events": [NaN]}',
        b"\xff",
        b'{"events":' + b"[" * 10000,
        b'{"events": [{"email": "\\ud800"}]}',
    ],
)
def test_not_json(pusher, body):
    answer = pusher.send("POST", EVENTS, body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "400"
    assert answer.json()["message"].startswith(
        "Bad Request: the body is not valid JSON"
    )


def test_a_nul_is_refused_by_name(pusher):
    (named,) = unprocessable(pusher.push({**SEED, "targetApp": "a\0b"}))
    assert named == "events[0].targetApp must not contain NUL characters"


@pytest.mark.parametrize("path", [EVENTS, USERS])
def test_unexpected_query_parameters(pusher, path):
    failed(
        pusher.push(SEED, path=f"{path}?dry_run=1"),
        400,
        "Bad Request: unexpected query parameter dry_run",
    )


@pytest.mark.parametrize("name", ["nothing", "DRIVE", "%00", "é" * 150])
def test_unknown_applications(pusher, name):
    answer = pusher.push(SEED, path=f"{APPS}/{name}/events")
    assert answer.status_code == 404
    if name == "nothing":
        failed(answer, 404, "Not Found: there is no application nothing")


def test_an_application_of_another_workspace(pusher, db):
    define_application(make_workspace("other"), {**DRIVE, "id": "theirs"})
    answer = pusher.push(SEED, path=f"{APPS}/theirs/events")
    failed(answer, 404, "Not Found: there is no application theirs")


def test_a_new_event_and_a_new_application_work_at_once(workspace, pusher):
    new = {**SEED, "eventName": "deleted_file"}
    assert pusher.push(new).status_code == 422
    define_application(
        workspace, {**DRIVE, "events": [*DRIVE["events"], {"name": "deleted_file"}]}
    )
    assert pusher.push(new).content == OK
    path = f"{APPS}/mail/events"
    assert pusher.push(SEED, path=path).status_code == 404
    define_application(workspace, {**DRIVE, "id": "mail"})
    assert pusher.push(SEED, path=path).content == OK


def test_other_methods_of_the_routes(pusher):
    answer = pusher.send("GET", EVENTS)
    failed(answer, 405, "Method Not Allowed")
    assert answer["Allow"] == "POST"
    answer = pusher.send("PUT", USERS)
    failed(answer, 405, "Method Not Allowed")
    assert answer["Allow"] == "GET, POST, DELETE"


def test_a_large_body(pusher, settings):
    settings.INGEST_MAX_BODY_BYTES = 1024
    answer = pusher.push(*[SEED] * 50)
    failed(answer, 413, "Payload Too Large: the body is larger than 1024 bytes")


def test_too_many_requests(pusher, monkeypatch):
    monkeypatch.setattr(throttle.addresses, "rate", 1.0)
    monkeypatch.setattr(throttle.addresses, "depth", 1.0)
    throttle.addresses.buckets.clear()
    pusher.push(SEED)
    answer = pusher.push(SEED)
    failed(answer, 429, "Too Many Requests")
    assert answer["Retry-After"] == "1"


def test_the_store_cannot_be_reached(pusher, secret, monkeypatch):
    def broken(*_):
        raise commit.StoreUnavailable("gone")

    monkeypatch.setattr(commit, "ask", broken)
    monkeypatch.setattr(commit, "keep", broken)
    for answer in (
        pusher.push(SEED),
        pusher.send("GET", USERS),
        pusher.send("POST", USERS, {}),
    ):
        failed(answer, 503, "Service Unavailable: the store cannot be reached")
        assert answer["Retry-After"] == "2"
    answer = ask(header=basic(secret))
    assert answer.status_code == 503
    assert answer.json() == {"error": "temporarily_unavailable"}
    assert answer["Retry-After"] == "2"


def test_idempotency_key(pusher):
    first = pusher.push(SEED, **{"Idempotency-Key": "a"})
    again = pusher.push(SEED, **{"Idempotency-Key": "a"})
    other = pusher.push(LOGIN, **{"Idempotency-Key": "a"})
    assert (first.content, again.content) == (OK, OK)
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert len(kept()) == 1


# ---- What becomes of them


def test_events_become_use_once_and_for_ever(workspace, pusher):
    pusher.push(SEED, LOGIN, SEED)
    pusher.push(SEED)
    digest_until_empty()
    stored = Event.objects.order_by("metric__key").values_list(
        "metric__key", "product__key", "identity__value", "dialect", "properties"
    )
    assert list(stored) == [
        ("login", "drive", "a@b.example", "productiv", {"target_app": "okta"}),
        ("opened_file", "drive", "a@b.example", "productiv", {}),
    ]
    assert EventKey.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(days=5000), tick=False):
        assert prune().event_keys == 0
    pusher.push(SEED)
    digest_until_empty()
    assert Event.objects.count() == 2


def test_an_event_of_tomorrow_keeps_its_time_as_a_property(pusher):
    ahead = timezone.now() + timedelta(days=3)
    pusher.push({**SEED, "timestamp": int(ahead.timestamp() * 1000)})
    digest_until_empty()
    event = Event.objects.get()
    assert event.occurred_at < timezone.now()
    assert "stated_at" in event.properties


def test_tokens_that_have_ended_are_removed_in_time(secret):
    token_of(secret)
    assert prune().access_tokens == 0
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(days=8))
    assert prune(dry_run=True).access_tokens == 1
    assert prune().access_tokens == 1
    assert not AccessToken.objects.exists()


def test_files_are_imported_with_their_times(workspace, drive):
    lines = [
        json.dumps({"appId": "drive", "events": [SEED, LOGIN]}).encode(),
        b'{"events": []}',
        json.dumps({"appId": "nothing", "events": SEED}).encode(),
        json.dumps({"appId": "drive", "events": {**SEED, "email": "x"}}).encode(),
    ]
    found = []
    result = import_lines(
        lines,
        workspace=workspace,
        dialect=DIALECTS["productiv"],
        report=lambda number, text: found.append((number, text)),
    )
    assert (result.events, result.errors) == (2, 3)
    assert found == [
        (2, "appId is required"),
        (3, "there is no application nothing"),
        (4, "events[0].email must be an e-mail address"),
    ]
    digest_until_empty()
    assert {event.occurred_at.year for event in Event.objects.all()} == {2019}


# ---- Who has a seat


def person(number=1, **changes):
    return {
        "appUserId": f"u{number}",
        "email": f"P{number}@b.example",
        "username": f"p{number}",
        "license": "Team",
        **changes,
    }


def put(pusher, *people):
    return pusher.send("POST", USERS, {"provisionedUsers": list(people)})


def seats(pusher):
    answer = pusher.send("GET", USERS)
    assert answer.status_code == 200
    return answer.json()["provisionedUsers"]


def test_seats_come_change_and_go(pusher):
    assert seats(pusher) == []
    assert put(pusher, person(2), person(1)).content == OK
    assert seats(pusher) == [person(1), person(2)]
    assert put(pusher, person(1, license="Free", username=None)).content == OK
    without = {key: value for key, value in person(1).items() if key != "username"}
    assert seats(pusher) == [{**without, "license": "Free"}, person(2)]
    assert ProvisionedUser.objects.get(app_user_id="u2").folded_email == "p2@b.example"

    body = {"provisionedUsers": [person(1), person(3)]}
    answer = pusher.send("DELETE", USERS, body)
    assert answer.json() == {"numUsersDeleted": 1, "success": False}
    assert answer.status_code == 200
    answer = pusher.send("DELETE", USERS, {"provisionedUsers": [person(2)]})
    assert answer.content == b'{"numUsersDeleted":1,"success":true}'
    assert seats(pusher) == []


def test_the_last_of_an_id_counts(pusher):
    assert put(pusher, person(1), person(1, license="Late")).content == OK
    assert seats(pusher) == [person(1, license="Late")]
    body = {"provisionedUsers": [person(1), person(1)]}
    answer = pusher.send("DELETE", USERS, body)
    assert answer.json() == {"numUsersDeleted": 1, "success": True}


def test_seats_of_another_application_stay(workspace, pusher):
    define_application(workspace, {**DRIVE, "id": "mail"})
    put(pusher, person(1))
    pusher.send(
        "POST", f"{APPS}/mail/users", {"provisionedUsers": {**person(1), "x": 1}}
    )
    pusher.send("DELETE", USERS, {"provisionedUsers": person(1)})
    assert seats(pusher) == []
    left = pusher.send("GET", f"{APPS}/mail/users/").json()
    assert left == {"provisionedUsers": [person(1)]}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"appUserId": ""}, "provisionedUsers[0].appUserId is required"),
        ({"appUserId": None}, "provisionedUsers[0].appUserId is required"),
        ({"appUserId": "x" * 201}, "provisionedUsers[0].appUserId must have at most"),
        ({"email": ""}, "provisionedUsers[0].email is required"),
        ({"email": "x"}, "provisionedUsers[0].email must be an e-mail address"),
        (
            {"username": ["x"]},
            "provisionedUsers[0].username must be int or float or str, not",
        ),
        ({"license": "x\0"}, "provisionedUsers[0].license must not contain NUL"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_wrong_people(pusher, changes, named, method):
    body = {"provisionedUsers": [person(2), person(1, **changes)]}
    (only,) = unprocessable(pusher.send(method, USERS, body))
    assert only.startswith(named.replace("[0]", "[1]"))
    assert not ProvisionedUser.objects.exists()


@pytest.mark.parametrize(
    "people", [[], None, "x", [person(number) for number in range(1001)]]
)
def test_none_or_too_many_people(pusher, people):
    answer = pusher.send("POST", USERS, {"provisionedUsers": people})
    (only,) = unprocessable(answer)
    assert only.startswith("provisionedUsers ")


def test_numbers_are_text(pusher):
    put(pusher, person(1, appUserId=7, license=3))
    assert seats(pusher) == [person(1, appUserId="7", license="3")]


@pytest.mark.parametrize("people", [1, 1000])
def test_seats_are_one_statement(pusher, people, django_assert_num_queries):
    put(pusher, person(0))
    body = {"provisionedUsers": [person(number) for number in range(people)]}
    with django_assert_num_queries(1):
        pusher.send("POST", USERS, body)
    with django_assert_num_queries(1):
        pusher.send("DELETE", USERS, body)


def test_a_revoked_client_changes_no_seat(workspace, drive):
    key, secret = make_key(workspace, kind="client")
    pusher = Pusher(token_of(secret))
    put(pusher, person(1))
    revoke(key, actor=None)
    body = {"provisionedUsers": [person(1)]}
    failed(pusher.send("DELETE", USERS, body), 401, "Invalid access_token")
    failed(pusher.send("POST", USERS, body), 401, "Invalid access_token")
    assert ProvisionedUser.objects.count() == 1


# ---- Anything at all

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["opened_file", "login", "a@b.example", "1566340678676"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["timestamp", "email", "eventName", "targetApp", "appUserId"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    items=ODD | st.lists(ODD, max_size=4),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    path=st.sampled_from([EVENTS, USERS]),
)
def test_nothing_is_ever_a_server_error(pusher, items, method, path):
    try:
        body = json.dumps({"events": items, "provisionedUsers": items}).encode()
    except UnicodeEncodeError:
        return
    answer = pusher.send(method, path, body)
    assert answer.status_code in {200, 400, 405, 422}
    assert answer.json()


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=200), header=st.binary(max_size=60))
def test_no_token_request_is_a_server_error(secret, body, header):
    answer = ask(body, header="Basic " + base64.b64encode(header).decode())
    assert answer.status_code in {400, 401}
    assert set(answer.json()) == {"error"}
