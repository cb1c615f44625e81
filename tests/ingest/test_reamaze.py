"""Dialect reamaze: the seed's own requests, accounts, authkeys, fields, answers."""

import base64
import hashlib
import hmac
import io
import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import keys
from accounts.sealing import seal
from ingest.dialects.reamaze import door, form
from ingest.models import InboxEntry
from ingest.throttle import throttle
from tests.factories import make_key, make_product, make_workspace
from tests.ingest.conftest import kept, refusals

USERS, EVENTS = "/data/users", "/data/events"
SEEDS = Path(__file__).with_name("seeds")
# The bodies of the vendor's two curl lines; ``xxxxxx`` stands for the authkey.
SEED_USER = (SEEDS / "reamaze_user.json").read_bytes()
SEED_EVENT = (SEEDS / "reamaze_event.json").read_bytes()
OK = (200, b'{"status": "ok"}')


@pytest.fixture(autouse=True)
def fresh_accounts():
    door.forget()


def authkey(user_id, token):
    return hashlib.sha256(f"{user_id}:{token}".encode()).hexdigest()


def basic(token, password=""):
    packed = base64.b64encode(f"{token}:{password}".encode()).decode()
    return {"Authorization": f"Basic {packed}"}


def post(path, body, **headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    host = headers.pop("host", "testserver")
    return Client(headers={"Host": host}).post(
        path,
        body,
        content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


class Shop:
    """A sender with the account API key, which fills in right authkeys."""

    def __init__(self, token):
        self.token = token

    def user(self, fields=None, path=USERS, **headers):
        user = {"id": "1", "email": "bob@example.com", **(fields or {})}
        return self.send(path, {"user": self.signed(user)}, **headers)

    def event(self, fields=None, path=EVENTS, user=None, **headers):
        event = {"name": "purchase", **(fields or {})}
        user = self.signed(user or {"id": "1"})
        return self.send(path, {"user": user, "event": event}, **headers)

    def signed(self, user):
        return {"authkey": authkey(user.get("id"), self.token), **user}

    def send(self, path, body, **headers):
        return post(path, body, **{**basic(self.token), **headers})


@pytest.fixture
def shop(token):
    return Shop(token)


def answered(response):
    return response.status_code, response.content


def errors(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert ("status" in body) == (status != 403)
    assert body.get("status", "error") == "error"
    return body["errors"]


# ---- The seed


def test_the_seeds_user_is_stored(token):
    body = SEED_USER.replace(b"xxxxxx", authkey("1", token).encode())
    assert answered(post(USERS, body, **basic(token))) == OK
    (profile,) = kept()
    assert profile.is_profile
    assert profile.identities == [("customer_id", "1"), ("email", "bob@example.com")]
    assert profile.traits == {"foo": "bar"}


def test_the_seeds_event_is_stored(token):
    body = SEED_EVENT.replace(b"xxxxxx", authkey("1", token).encode())
    assert answered(post(EVENTS, body, **basic(token))) == OK
    (event,) = kept()
    assert not event.is_profile
    assert event.metric == "purchase"
    assert event.product == "reamaze"
    assert event.identities == [("customer_id", "1")]
    assert event.value is None
    assert event.properties == {"foo": "bar"}
    assert event.registers_metric
    assert InboxEntry.objects.get().dialect == "reamaze"


def test_the_seeds_curl_lines_need_no_key_where_the_workspace_says_so(workspace, token):
    body = SEED_USER.replace(b"xxxxxx", authkey("1", token).encode())
    response = post(USERS, body, host="acme.uptick.example")
    assert errors(response, 401) == {
        "authorization": ["the account API key is required"]
    }
    accept_alone(workspace)
    assert answered(post(USERS, body, host="acme.uptick.example")) == OK
    assert answered(post("/acme" + USERS, body)) == OK
    assert InboxEntry.objects.first().api_key.workspace == workspace


def accept_alone(workspace, secret=""):
    workspace.reamaze_authkey_alone = True
    workspace.reamaze_sso_sealed = seal(secret) if secret else ""
    workspace.save()
    door.forget()


# ---- Routes and accounts


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("suffix", ["", ".json"])
@pytest.mark.parametrize("prefix", ["", "/acme"])
def test_every_address_of_the_routes(shop, prefix, suffix, slash):
    assert answered(shop.user(path=f"{prefix}/data/users{suffix}{slash}")) == OK
    assert answered(shop.event(path=f"{prefix}/data/events{suffix}{slash}")) == OK
    assert [event.is_profile for event in kept()] == [True, False]


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("acme.uptick.example", USERS),
        ("ACME.uptick.example:8000", USERS),
        ("acme.localhost:8000", "/acme/data/users"),
        ("acme.uptick.example", "/Acme/data/users"),
        # Not the names of workspaces, so just names of computers.
        ("www.uptick.example", USERS),
        ("uptick.example", USERS),
        ("localhost", USERS),
        ("127.0.0.1:8000", USERS),
        ("[::1]:8000", USERS),
        ("", USERS),
    ],
)
def test_an_account_named_rightly(shop, host, path):
    assert answered(shop.user(path=path, host=host)) == OK


@pytest.mark.parametrize(
    ("host", "path", "message"),
    [
        ("other.uptick.example", USERS, "the API key belongs to another account"),
        ("testserver", "/other/data/users", "the API key belongs to another account"),
        (
            "other.uptick.example",
            "/acme/data/users",
            "the request names two accounts: acme and other",
        ),
        ("testserver", "/nobody/data/users", "there is no account nobody"),
        ("127.0.0.1", "/other/data/users", "the API key belongs to another account"),
    ],
)
def test_accounts_that_disagree_are_403(shop, host, path, message):
    make_workspace("other")
    assert errors(shop.user(path=path, host=host), 403) == {"account": [message]}
    assert refusals() == {"refused:wrong_account": 1}
    assert kept() == []


def test_beside_our_own_address_a_label_is_an_account(shop, settings):
    make_workspace("uptick")
    settings.PUBLIC_URL = "https://uptick.example"
    assert answered(shop.user(host="uptick.example")) == OK
    assert answered(shop.user(host="acme.uptick.example")) == OK
    assert errors(shop.user(host="nobody.uptick.example"), 403) == {
        "account": ["there is no account nobody"]
    }


@pytest.mark.parametrize(
    "path", ["/w/acme/overview", "/data", "/data/", "/data/others", "/acme/data/"]
)
def test_other_addresses_are_no_concern_of_the_dialect(shop, path):
    assert shop.user(path=path).status_code in {301, 404}
    assert refusals() == {}


@pytest.mark.parametrize("method", ["get", "put", "delete", "options", "head"])
def test_other_methods_are_405(method):
    response = getattr(Client(), method)(USERS)
    assert response.status_code == 405
    assert response["Allow"] == "POST"


# ---- HTTP Basic


def test_without_a_key_the_challenge_of_basic(db):
    response = post(USERS, SEED_USER)
    assert errors(response, 401) == {
        "authorization": ["the account API key is required"]
    }
    assert response["WWW-Authenticate"] == 'Basic realm="Uptick"'
    assert refusals() == {"refused:no_key": 1}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Basic", "no_key"),
        ("Basic !!!", "unknown_key"),
        ("Basic /w==", "unknown_key"),
        ("Basic Og==", "no_key"),
        ("Bearer x", "no_key"),
        ("Basic bm9uc2Vuc2U6", "unknown_key"),
    ],
)
def test_what_is_no_key_is_401(db, header, reason):
    response = post(USERS, SEED_USER, Authorization=header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic realm=")
    assert refusals() == {f"refused:{reason}": 1}


def test_scheme_in_any_case_and_any_password(shop):
    header = basic(shop.token, "x")["Authorization"].replace("Basic", "bAsIc ")
    assert answered(shop.user(Authorization=header)) == OK


@pytest.mark.parametrize("change", ["dialect", "revoked", "expired", "kind", "network"])
def test_a_key_that_may_not_is_401(workspace, change):
    fields = {
        "dialect": {"dialects": ["reo"]},
        "expired": {"expires_at": timezone.now() - timedelta(hours=1)},
        "kind": {"kind": "read"},
        "network": {"networks": ["203.0.113.0/24"]},
    }.get(change, {})
    key, token = make_key(workspace, **fields)
    if change == "revoked":
        keys.revoke(key, actor=None)
    assert list(errors(Shop(token).user(), 401)) == ["authorization"]


def test_a_key_for_reamaze_alone_opens_the_door(workspace):
    _, token = make_key(workspace, dialects=["reamaze"])
    assert answered(Shop(token).user()) == OK


def test_a_key_bound_to_a_product_says_which(workspace):
    _, token = make_key(workspace, product=make_product(workspace, "shop"))
    assert answered(Shop(token).event()) == OK
    assert kept()[0].product == "shop"


# ---- authkey


def test_a_wrong_authkey_is_403_with_the_hint_about_php(shop):
    # What PHP 7 makes of "1" + ":key".
    wrong = hashlib.sha256(b"1").hexdigest()
    found = errors(shop.user({"authkey": wrong}), 403)
    assert list(found) == ["user.authkey"]
    assert "in PHP, join them with . and not with +" in found["user.authkey"][0]
    assert refusals() == {"refused:wrong_authkey": 1}
    assert kept() == []


@pytest.mark.parametrize(
    "wrong", ["x", 12, "xxxxxx", "ü", "0" * 64, "\ud7ff", "a" * 5000]
)
def test_no_other_authkey_is_right(shop, wrong):
    assert list(errors(shop.user({"authkey": wrong}), 403)) == ["user.authkey"]


def test_an_authkey_in_capitals_is_the_same_number(shop):
    assert answered(shop.user({"authkey": authkey("1", shop.token).upper()})) == OK


@pytest.mark.parametrize(
    ("sent", "hashed", "stored"),
    [
        (1, "1", "1"),
        (1.0, "1", "1"),
        ("00017", "00017", "00017"),
        ("user@shop", "user@shop", "user@shop"),
        (12345678901234567890, "12345678901234567890", "12345678901234567890"),
        ("ü/é", "ü/é", "ü/é"),
        (" 7 ", " 7 ", "7"),
    ],
)
def test_ids_as_text_and_as_number(shop, sent, hashed, stored):
    response = shop.user({"id": sent, "authkey": authkey(hashed, shop.token)})
    assert answered(response) == OK
    assert kept()[0].identities[0] == ("customer_id", stored)


def test_an_authkey_of_another_key_of_the_account_is_right(workspace, shop):
    _, other = make_key(workspace)
    door.forget()
    assert answered(shop.user({"authkey": authkey("1", other)})) == OK


def test_an_authkey_of_a_key_that_is_not_for_this_is_wrong(workspace, shop):
    _, reo = make_key(workspace, dialects=["reo"])
    revoked, revoked_token = make_key(workspace)
    keys.revoke(revoked, actor=None)
    _, foreign = make_key(make_workspace("other"))
    door.forget()
    for token in (reo, revoked_token, foreign):
        assert errors(shop.user({"authkey": authkey("1", token)}), 403)


def signature(secret, user_id, email):
    return hmac.new(
        secret.encode(), f"{user_id}:{email}".encode(), hashlib.sha256
    ).hexdigest()


def test_the_sso_secret_of_the_vendors_plugins(workspace, shop):
    signed = {"authkey": signature("s3cret", "1", "bob@example.com")}
    assert errors(shop.user(signed), 403)
    workspace.reamaze_sso_sealed = seal("s3cret")
    workspace.save()
    door.forget()
    assert answered(shop.user(signed)) == OK
    # Both schemes go on side by side.
    assert answered(shop.user()) == OK
    # It covers the address too.
    assert errors(shop.user({**signed, "email": "eve@example.com"}), 403)
    assert errors(shop.event(user={"id": "1", **signed}), 403)
    user = {"id": "1", "email": "bob@example.com", **signed}
    assert answered(shop.event(user=user)) == OK


def test_alone_the_authkey_says_which_key_it_is(workspace):
    accept_alone(workspace)
    first, token = make_key(workspace, "first")
    make_key(workspace, "second")
    door.forget()
    user = {"id": "1", "email": "bob@example.com", "authkey": authkey("1", token)}
    assert answered(post("/acme/data/users", {"user": user})) == OK
    assert InboxEntry.objects.get().api_key == first
    wrong = {**user, "authkey": "0" * 64}
    assert list(errors(post("/acme/data/users", {"user": wrong}), 403)) == [
        "user.authkey"
    ]
    assert errors(post("/acme/data/users", {"user": {}}), 422) == {
        "user.id": ["is required"],
        "user.authkey": ["is required"],
        "user.email": ["is required"],
    }
    assert errors(post("/acme/data/users", b"{"), 400)


def test_alone_with_the_sso_secret(workspace, token):
    accept_alone(workspace, "s3cret")
    authkey = signature("s3cret", "1", "bob@example.com")
    user = {"id": "1", "email": "bob@example.com", "authkey": authkey}
    assert answered(post("/acme/data/users", {"user": user})) == OK


def test_alone_a_revoked_key_is_noticed_at_once(workspace, token):
    accept_alone(workspace)
    user = {"id": "1", "email": "bob@example.com", "authkey": authkey("1", token)}
    assert answered(post("/acme/data/users", {"user": user})) == OK
    keys.revoke(workspace.api_keys.get(), actor=None)
    # The process still remembers the key; the store does not take it.
    assert errors(post("/acme/data/users", {"user": user}), 403)
    assert len(kept()) == 1


def test_alone_a_restricted_network_stays_one(workspace):
    accept_alone(workspace)
    _, token = make_key(workspace, networks=["203.0.113.0/24"])
    user = {"id": "1", "email": "bob@example.com", "authkey": authkey("1", token)}
    assert list(errors(post("/acme/data/users", {"user": user}), 401)) == [
        "authorization"
    ]


def test_a_key_that_cannot_be_opened_any_more_is_no_error(workspace, shop):
    key, _ = make_key(workspace)
    workspace.api_keys.filter(pk=key.pk).update(sealed="lost")
    door.forget()
    assert answered(shop.user()) == OK


# ---- Users


def test_a_whole_profile(shop):
    profile = {
        "id": 17,
        "authkey": authkey("17", shop.token),
        "email": " Bob@Example.COM ",
        "name": "Bob",
        "avatar": "https://example.com/bob.png",
        "created": "2014-02-03 04:05:06 UTC",
        "ip": "156.59.87.83",
        "tz_offset": "-120",
        "facebook": "bob.f",
        "twitter": "@bob",
        "sms": 4915100000,
        "data": {"plan": "pro", "seats": 5, "old": None, "name": "of the data"},
    }
    assert answered(shop.user(profile)) == OK
    (event,) = kept()
    assert event.identities == [("customer_id", "17"), ("email", "bob@example.com")]
    assert event.ip == "156.59.87.83"
    assert event.traits == {
        "name": "Bob",
        "avatar": "https://example.com/bob.png",
        "created": "2014-02-03 04:05:06 UTC",
        "tz_offset": -120,
        "facebook": "bob.f",
        "twitter": "@bob",
        "sms": "4915100000",
        "plan": "pro",
        "seats": 5,
        "old": None,
        "data.name": "of the data",
    }


@pytest.mark.parametrize(
    ("fields", "traits"),
    [
        ({"name": None, "avatar": "", "data": None}, {}),
        ({"data": ""}, {}),
        ({"data": []}, {}),
        ({"created": 1391400306}, {"created": "1391400306"}),
        ({"created": "USER_CREATE_TIME"}, {"created": "USER_CREATE_TIME"}),
        ({"tz_offset": 330}, {"tz_offset": 330}),
        ({"tz_offset": 5.5}, {"tz_offset": 5.5}),
        ({"data": {"a": {"b": [1, None]}}}, {"a": {"b": [1, None]}}),
        ({"unknown": {"x": 1}}, {}),
    ],
)
def test_how_a_profile_is_read(shop, fields, traits):
    assert answered(shop.user(fields)) == OK
    assert kept()[0].traits == traits


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"email": ""}, "user.email", "is required"),
        ({"email": None}, "user.email", "is required"),
        ({"email": "USER_EMAIL"}, "user.email", "must be an e-mail address"),
        ({"email": ["x"]}, "user.email", "must be int or float or str, not array"),
        ({"email": True}, "user.email", "must be int or float or str, not bool"),
        ({"ip": "300.1.1.1"}, "user.ip", "must be an IPv4 or IPv6 address"),
        ({"tz_offset": "UTC"}, "user.tz_offset", "must be a number"),
        ({"tz_offset": 1e9}, "user.tz_offset", "must be minutes"),
        ({"data": "text"}, "user.data", "must be an object"),
        ({"data": [1]}, "user.data", "must be an object"),
        ({"data": {"a": "\0"}}, "user.data.a", "must not contain NUL characters"),
        (
            {"data": {"a": 2**70}},
            "user.data.a",
            "must be a number of at most 64 bits; send it as text",
        ),
        ({"name": "\0"}, "user.name", "must not contain NUL characters"),
        ({"name": "x" * 2001}, "user.name", "must have at most 2000 characters"),
        ({"name": {"first": "Bob"}}, "user.name",
         "must be int or float or str, not object"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_used_is_named(shop, fields, field, message):
    assert errors(shop.user(fields), 422) == {field: [message]}
    assert refusals() == {"refused:invalid": 1}
    assert kept() == []


@pytest.mark.parametrize(
    "body", [{}, {"user": None}, {"user": {}}, {"user": {"id": "", "authkey": ""}}]
)
def test_what_is_required_is_named_at_once(shop, body):
    assert errors(shop.send(USERS, body), 422) == {
        "user.id": ["is required"],
        "user.authkey": ["is required"],
        "user.email": ["is required"],
    }
    assert errors(shop.send(EVENTS, body), 422) == {
        "user.id": ["is required"],
        "user.authkey": ["is required"],
        "event.name": ["is required"],
    }


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null"])
def test_another_shape_is_named(shop, body):
    assert errors(shop.send(USERS, body), 422) == {"body": ["must be an object"]}


def test_a_user_that_is_no_object_is_named(shop):
    found = errors(shop.send(USERS, {"user": "bob"}), 422)
    assert found["user"] == ["must be object, not str"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\x00",
        b'{"user": {"id": NaN}}',
        b'{"user": {"id": "\\ud800"}}',
        b'{"user": {"id": "\xff"}}',
        b'{"user": {"data": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_002,
        b'{"user": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
    ids=range(8),
)
def test_what_is_not_json_is_a_clear_400(shop, body):
    found = errors(shop.send(USERS, body), 400)
    assert list(found) == ["body"]
    assert "JSON" in found["body"][0]


# ---- Events


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (19.9, 19.9),
        ("19.90", 19.9),
        (" 20 ", 20.0),
        (-5, -5.0),
        (0, 0.0),
        ("1e3", 1000.0),
        ("", None),
        (None, None),
    ],
)
def test_the_value_of_an_event(shop, sent, value):
    assert answered(shop.event({"value": sent})) == OK
    assert kept()[0].value == value


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ""}, "event.name", "is required"),
        ({"name": None}, "event.name", "is required"),
        ({"name": "-_-"}, "event.name", "must have a letter or a digit"),
        ({"name": "x" * 201}, "event.name", "must have at most 200 characters"),
        ({"value": "ten"}, "event.value", "must be a number"),
        ({"value": "19,90"}, "event.value", "must be a number"),
        ({"value": "NaN"}, "event.value", "must be a number"),
        ({"value": True}, "event.value", "must be int or float or str, not bool"),
        ({"value": 10**400}, "event.value", "must be a finite number"),
        ({"value": 1e16}, "event.value", "must lie between -10^15 and 10^15"),
        ({"data": "x"}, "event.data", "must be an object"),
        (
            {"timestamp": "soon"},
            "event.timestamp",
            "must be ISO 8601 or Unix time in seconds",
        ),
    ],
)
def test_what_is_wrong_with_an_event_is_named(shop, fields, field, message):
    assert errors(shop.event(fields), 422) == {field: [message]}
    assert kept() == []


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        (1391400306, 1391400306),
        ("1391400306", 1391400306),
        ("2014-02-03T04:05:06Z", 1391400306),
    ],
)
def test_the_time_may_be_stated(shop, stated, seconds):
    assert answered(shop.event({"timestamp": stated})) == OK
    assert kept()[0].occurred_at == seconds


def test_an_event_may_tell_more_of_its_person(shop):
    user = {"id": "1", "email": "bob@example.com", "data": {"plan": "pro"}}
    assert answered(shop.event(user=user)) == OK
    (event,) = kept()
    assert event.identities == [("customer_id", "1"), ("email", "bob@example.com")]
    assert event.traits == {"plan": "pro"}
    assert not event.is_profile


def test_the_peer_of_a_server_tells_no_company(shop):
    shop.user()
    shop.event()
    assert [event.ip for event in kept()] == ["", ""]


# ---- The rules of all dialects


def test_a_repeat_under_one_idempotency_key_is_stored_once(shop):
    for _ in range(2):
        response = shop.event({"value": 10}, Idempotency_Key="order-7")
        assert answered(response) == OK
    assert response["Idempotent-Replayed"] == "true"
    assert len(kept()) == 1
    found = errors(shop.event({"value": 11}, Idempotency_Key="order-7"), 422)
    assert list(found) == ["idempotency_key"]


def test_too_large_is_413(shop, settings):
    settings.INGEST_MAX_BODY_BYTES = 2000
    found = errors(shop.user({"data": {"a": "x" * 3000}}), 413)
    assert found == {"body": ["the body is larger than 2000 bytes"]}


def test_too_many_is_429(shop, monkeypatch):
    monkeypatch.setattr(throttle.keys, "rate", 1.0)
    monkeypatch.setattr(throttle.keys, "depth", 1.0)
    assert answered(shop.user()) == OK
    response = shop.user()
    assert errors(response, 429) == {"request": ["Too Many Requests"]}
    assert int(response["Retry-After"]) >= 1


# ---- Files


def test_a_file_of_the_past_keeps_its_times(workspace, tmp_path):
    lines = [
        {"user": {"id": 1, "email": "bob@example.com"}, "timestamp": "2014-02-03"},
        {
            "user": {"id": 1},
            "event": {"name": "buy", "value": 9, "timestamp": 1391400306},
        },
        {"user": {"id": 1}, "event": {"value": 9}},
        {"user": {"id": 1}},
    ]
    path = tmp_path / "past.ndjson"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "import_events",
            str(path),
            workspace="acme",
            dialect="reamaze",
            stdout=said,
            stderr=said,
        )
    assert "line 3: event.name: is required" in said.getvalue()
    assert "line 4: user.email: is required" in said.getvalue()
    profile, event = kept()
    assert (profile.is_profile, profile.occurred_at) == (True, 1391385600)
    assert (event.value, event.occurred_at) == (9, 1391400306)


# ---- Anything at all

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1", "bob@example.com", "203.0.113.7", "\0", "9" * 400])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
USER = st.fixed_dictionaries(
    {},
    optional={
        name: ANYTHING for name in msgspec.structs.asdict(form.User()) if name != "id"
    },
)
HAPPENING = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(msgspec.structs.asdict(form.Event()), ANYTHING)
)
ANY_TIME = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@ANY_TIME
@given(
    user=USER | ANYTHING,
    event=HAPPENING | ANYTHING,
    account=ANYTHING,
    path=st.sampled_from(
        [USERS, EVENTS, "/acme/data/users.json", "/data/browser/users",
         "/data/browser/events"]
    ),
)  # fmt: skip
def test_nothing_is_ever_a_server_error(shop, user, event, account, path):
    if isinstance(user, dict):
        user = {"id": "1", **user, "authkey": authkey("1", shop.token)}
    body = {"account": account, "user": user, "event": event}
    try:
        body = json.dumps(body).encode()
    except UnicodeEncodeError:
        return
    response = shop.send(path, body)
    assert response.status_code in {200, 400, 403, 422}
    assert response.json()


@ANY_TIME
@given(
    body=st.binary(max_size=100),
    header=st.binary(max_size=60),
    host=st.text("abc.:[]-%/@ 127", max_size=30),
    account=st.text("abcXYZ-_09", min_size=1, max_size=70),
)
def test_no_header_is_a_server_error(shop, body, header, host, account):
    for credentials in (base64.b64encode(header).decode(), header.decode("latin-1")):
        response = post(
            f"/{account}/data/users", body, Authorization=f"Basic {credentials}",
            host=host,
        )  # fmt: skip
        assert response.status_code in {401, 403}
    assert shop.send(USERS, body, host=host).status_code in {200, 400, 403, 422}
