"""Dialect reo: the seed's own requests, every rule, every oddity, exact answers."""

import json
from pathlib import Path

import pytest

from accounts.kinds import anonymous_value
from accounts.models import Product
from ingest.events import event_key
from tests.factories import make_key, make_product
from tests.ingest.conftest import AGGREGATE, USAGE, Sender, kept, refusals

AGENT = (
    "Mozilla/5.0 (Macintosh, Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)
SEEDS = Path(__file__).with_name("seeds")
# The first request of the vendor's page, byte for byte.
SEED_CURL = (SEEDS / "reo_curl.json").read_bytes()
# The second, with the outer braces that its print has lost.
SEED_SAMPLE = (SEEDS / "reo_sample.json").read_bytes()
STORED = b'{"response_code": "200", "response": "Data Uploaded", "status": "success"}'

TELEMETRY = {
    "source": "TELEMETRY",
    "activity_type": "CALL_HOME",
    "product_id": "sdk",
    "event_id": "e1",
    "event_at": 639303296,
    "ip_addr": "156.59.87.83",
    "user_agent": "curl/8",
}
SAAS = {
    "source": "SAAS_PRODUCT",
    "activity_type": "LOGIN",
    "product_id": "web",
    "event_at": 639303296,
    "user_id": "Foo",
    "user_id_type": "GITHUB",
}
SUM = {
    "mode": "DOMAIN",
    "source": "TELEMETRY",
    "activity_type": "CALL_HOME",
    "product_id": "sdk",
    "event_id": "day-1",
    "event_at": 639303296,
    "domain": "acme.io",
    "count": 250,
}


def without(payload, *names):
    return {name: value for name, value in payload.items() if name not in names}


def failure(response, status, text):
    assert response.status_code == status
    assert response.json() == {
        "response_code": status,
        "response": text,
        "status": "failure",
    }


def test_the_seeds_curl_line_is_stored(sender):
    response = sender.post(USAGE, SEED_CURL)
    assert (response.status_code, response.content) == (200, STORED)
    assert response["Content-Type"] == "application/json"
    (event,) = kept()
    assert event.metric == "LOGIN_ACTIVITY"
    assert event.source == "TELEMETRY"
    assert event.product == "reoWebApp"
    assert event.occurred_at == 639303296
    assert event.identities == [("linkedin", "userid")]
    assert event.event_id == "1231231232"
    assert event.key == event_key("reo", "reoWebApp", "1231231232")
    assert event.ip == "156.59.87.83"
    assert event.environment == "PRODUCTION"
    assert event.user_agent == AGENT
    assert event.properties == {"property1": "value1", "property2": "value2"}


def test_the_seeds_sample_is_stored_as_nobody_in_particular(sender):
    response = sender.post(USAGE, SEED_SAMPLE)
    assert (response.status_code, response.content) == (200, STORED)
    (event,) = kept()
    assert event.identities == [("anonymous", anonymous_value("156.59.87.83", AGENT))]
    assert event.occurred_at == 639303296
    assert event.properties == {}


def test_the_seeds_sample_without_its_braces_is_not_json(sender):
    response = sender.post(USAGE, SEED_SAMPLE.strip(b"{} \n\t"))
    assert response.status_code == 400
    assert response.json()["response"].startswith("the body is not valid JSON")


def test_a_bare_object_without_payload_is_refused(sender):
    failure(sender.post(USAGE, TELEMETRY), 400, "payload: is required")


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"7", b"null", b'{"payload": 1}', b'{"payload": []}']
)
def test_other_shapes_are_refused(sender, body):
    response = sender.post(USAGE, body)
    assert response.status_code == 400
    assert response.json()["response"].startswith("payload: ")


def test_every_wrong_field_is_named(sender):
    payload = {
        "source": "CARRIER_PIGEON",
        "activity_type": ["x"],
        "product_id": "",
        "event_at": "yesterday",
        "ip_addr": "300.1.2.3",
        "domain": "not a domain",
        "user_id_type": "SHOE_SIZE",
        "meta": "text",
        "environment": "x" * 201,
    }
    response = sender.usage(payload)
    assert response.status_code == 400
    named = [part.split(": ")[0] for part in response.json()["response"].split("; ")]
    assert sorted(named) == sorted([*payload, "user_agent"])
    assert kept() == []


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        *(
            (without(TELEMETRY, name), name)
            for name in ("source", "activity_type", "product_id", "event_id")
        ),
        (without(TELEMETRY, "event_at"), "event_at"),
        (without(TELEMETRY, "ip_addr"), "ip_addr"),
        (without(TELEMETRY, "user_agent"), "user_agent"),
        ({**TELEMETRY, "event_id": "  "}, "event_id"),
        ({**TELEMETRY, "user_agent": None}, "user_agent"),
        *((without(SAAS, name), name) for name in ("user_id_type", "event_at")),
        ({**SAAS, "user_id": "@"}, "user_id"),
    ],
)
def test_a_required_field_is_named_alone(sender, payload, field):
    response = sender.usage(payload)
    assert response.status_code == 400
    text = response.json()["response"]
    assert text.startswith(f"{field}: ")
    assert ";" not in text


def test_saas_without_user_names_user_and_agent(sender):
    response = sender.usage(without(SAAS, "user_id"))
    assert response.json()["response"] == (
        "user_id: is required; user_agent: is required without user_id"
    )


@pytest.mark.parametrize(
    "payload",
    [
        SAAS,
        {**SAAS, "source": "PRODUCT_CLOUD"},
        {**SAAS, "source": "saas_product"},
        {**SAAS, "extra": {"unknown": [1]}, "event_id": None},
        {**SAAS, "user_agent": "", "ip_addr": "", "domain": "", "meta": ""},
        {**TELEMETRY, "user_id": "", "user_id_type": ""},
        {**TELEMETRY, "user_id": "someone", "user_id_type": ""},
        {**TELEMETRY, "user_id_type": "EMAIL"},
        {**without(TELEMETRY, "ip_addr"), "domain": "https://WWW.Acme.io/x"},
        {**without(TELEMETRY, "user_agent"), "user_id": "x", "user_id_type": "social"},
    ],
)
def test_liberal_in(sender, payload):
    assert sender.usage(payload).content == STORED
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("changes", "field", "stored"),
    [
        ({"product_id": 12}, "product", "12"),
        ({"product_id": 1.5}, "product", "1.5"),
        ({"activity_type": " CALL HOME "}, "metric", "CALL HOME"),
        ({"environment": "staging"}, "environment", "STAGING"),
        ({"event_id": 12345678901234567890123}, "event_id", "12345678901234567890123"),
        ({"event_id": 7.0}, "event_id", "7"),
        ({"event_id": "00:ab/…"}, "event_id", "00:ab/…"),
        ({"event_at": "639303296"}, "occurred_at", 639303296.0),
        ({"event_at": " 639303296 "}, "occurred_at", 639303296.0),
        ({"event_at": 639303296.25}, "occurred_at", 639303296.25),
        ({"event_at": "6.39303296e8"}, "occurred_at", 639303296.0),
        ({"event_at": 0}, "occurred_at", 0.0),
        ({"event_at": -86400}, "occurred_at", -86400.0),
        ({"event_at": 4102444800}, "occurred_at", 4102444800.0),
        ({"ip_addr": "2001:DB8::1"}, "ip", "2001:db8::1"),
        ({"ip_addr": "::ffff:192.0.2.7"}, "ip", "192.0.2.7"),
        ({"ip_addr": " [fe80::1%eth0] "}, "ip", "fe80::1"),
        ({"domain": "Acme.IO."}, "domain", "acme.io"),
        ({"domain": "dev@acme.io"}, "domain", "acme.io"),
        ({"domain": "münchen.example"}, "domain", "münchen.example"),
        ({"user_agent": "x" * 5000}, "user_agent", "x" * 1000),
        ({"meta": {"a": {"b": [1, 2.5, None, True, "ü"]}}}, "properties",
         {"a": {"b": [1, 2.5, None, True, "ü"]}}),
        ({"meta": {"big": 2**64 - 1}}, "properties", {"big": 2**64 - 1}),
        ({"meta": None}, "properties", {}),
        # How PHP writes an empty object.
        ({"meta": []}, "properties", {}),
    ],
)  # fmt: skip
def test_how_a_field_is_stored(sender, changes, field, stored):
    assert sender.usage({**TELEMETRY, **changes}).content == STORED
    (event,) = kept()
    assert getattr(event, field) == stored


@pytest.mark.parametrize(
    ("user_id", "user_id_type", "identity"),
    [
        ("Dev@Acme.IO ", "EMAIL", ("email", "dev@acme.io")),
        ("https://github.com/Foo/", "GITHUB", ("github", "foo")),
        ("foo", "github", ("github", "foo")),
        ("https://www.linkedin.com/in/userid", "LINKEDIN", ("linkedin", "userid")),
        ("bob", "USERNAME", ("username", "bob")),
        (12345, "USERNAME", ("username", "12345")),
        ("a1b2", "ANONYMOUS", ("anonymous", "a1b2")),
        ("dev@acme.io", "", ("email", "dev@acme.io")),
        ("https://github.com/foo", "", ("github", "foo")),
        ("not-an-address", "EMAIL", ("username", "not-an-address")),
        ("a@", "EMAIL", ("username", "a@")),
        ("@acme.io", "EMAIL", ("username", "@acme.io")),
    ],
)
def test_who_did_it(sender, user_id, user_id_type, identity):
    payload = {**TELEMETRY, "user_id": user_id, "user_id_type": user_id_type}
    assert sender.usage(payload).content == STORED
    assert kept()[0].identities == [identity]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"event_at": True}, "event_at"),
        ({"event_at": 1e300}, "event_at"),
        ({"event_at": "1e300"}, "event_at"),
        ({"event_at": "1e999"}, "event_at"),
        ({"event_at": 10**400}, "event_at"),
        ({"event_at": "nan"}, "event_at"),
        ({"event_at": "1_000"}, "event_at"),
        ({"event_at": "٦٣٩"}, "event_at"),
        ({"event_at": 1763700000000}, "event_at"),
        ({"event_at": [1]}, "event_at"),
        ({"event_at": "2026-11-21T10:00:00Z"}, "event_at"),
        ({"event_id": False}, "event_id"),
        ({"event_id": {"a": 1}}, "event_id"),
        ({"event_id": "x" * 201}, "event_id"),
        ({"product_id": "a\0b"}, "product_id"),
        ({"product_id": "x" * 201}, "product_id"),
        ({"activity_type": "\0"}, "activity_type"),
        ({"activity_type": "-_ _-"}, "activity_type"),
        ({"user_id": "@", "user_id_type": "EMAIL"}, "user_id"),
        ({"user_agent": "\0"}, "user_agent"),
        ({"user_id": "x" * 2001, "user_id_type": "USERNAME"}, "user_id"),
        ({"user_id": "x", "user_id_type": "FAX"}, "user_id_type"),
        ({"domain": "localhost"}, "domain"),
        ({"domain": "10.0.0.1"}, "domain"),
        ({"domain": "a..io"}, "domain"),
        ({"ip_addr": "1.2.3"}, "ip_addr"),
        ({"ip_addr": 12}, "ip_addr"),
        ({"meta": [1]}, "meta"),
        ({"meta": {"a": "\0"}}, "meta.a"),
        ({"meta": {"\0": 1}}, "meta"),
        ({"meta": {"a": [{"b": "\0"}]}}, "meta.a[0].b"),
        ({"meta": {"a": 2**64}}, "meta.a"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(sender, changes, named):
    response = sender.usage({**TELEMETRY, **changes})
    assert response.status_code == 400, response.content
    assert response.json()["response"].startswith(f"{named}: ")
    assert response.json()["response_code"] == 400
    assert kept() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\x00",
        b"{'payload': {}}",
        b'{"payload": {"event_at": NaN}}',
        b'{"payload": {"event_at": Infinity}}',
        b'{"payload": {"event_at": 1e400}}',
        b'{"payload": {"meta": {"a": "\\ud800"}}}',
        b'{"payload": {"source": "\xff"}}',
        b'{"payload": {"event_at": ' + b"9" * 5000 + b"}}",
        b'{"payload": {"meta": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_002,
        b'{"payload": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
    ids=range(12),
)
def test_what_is_not_json_is_a_clear_400(sender, body):
    response = sender.post(USAGE, body)
    assert response.status_code == 400
    assert set(response.json()) == {"response_code", "response", "status"}
    assert "JSON" in response.json()["response"]


def test_meta_nests_as_deep_as_the_limit_and_no_deeper(sender):
    def nested(levels):
        value = 1
        for _ in range(levels):
            value = {"a": value}
        return value

    assert sender.usage({**TELEMETRY, "meta": nested(32)}).status_code == 200
    response = sender.usage({**TELEMETRY, "meta": nested(33)})
    assert response.status_code == 400
    assert "nest deeper than 32 levels" in response.json()["response"]


def test_a_byte_order_mark_is_no_reason_to_refuse(sender):
    assert sender.post(USAGE, b"\xef\xbb\xbf" + SEED_CURL).status_code == 200


@pytest.mark.parametrize("path", [USAGE, USAGE + "/"])
def test_a_final_slash_makes_no_difference(sender, path):
    assert sender.post(path, {"payload": TELEMETRY}).content == STORED


def test_gzip_is_understood(sender):
    assert sender.post(USAGE, {"payload": TELEMETRY}, packed=True).content == STORED


def test_the_peer_is_noted_but_is_not_the_events_address(sender):
    sender.usage({**without(TELEMETRY, "ip_addr"), "domain": "acme.io"})
    (event,) = kept()
    assert event.ip == ""
    assert event.properties == {"$peer_ip": "127.0.0.1"}


def test_a_repeat_answers_success_and_has_the_same_key(sender):
    assert sender.usage(TELEMETRY).content == STORED
    assert sender.usage(TELEMETRY).content == STORED
    first, second = kept()
    assert first.key == second.key is not None


def test_without_event_id_nothing_makes_it_a_repeat(sender):
    sender.usage(SAAS)
    assert kept()[0].key is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"X-API-KEY": ""}, "no_key"),
        ({"X-API-KEY": "nonsense"}, "unknown_key"),
        (
            {"X-API-KEY": "up_ingest_000000000000000000000000000000_000000"},
            "unknown_key",
        ),
    ],
)
def test_authentication_failure_is_400_and_counted(sender, headers, reason):
    response = sender.usage(TELEMETRY, **headers)
    failure(response, 400, "Authentication Failure")
    assert "WWW-Authenticate" not in response
    assert refusals() == {f"refused:{reason}": 1}


def test_the_header_may_be_written_in_any_case(client, token):
    response = client.generic(
        "POST", USAGE, SEED_CURL, headers={"x-api-key": f" {token} "}
    )
    assert response.content == STORED


def test_a_key_bound_to_a_product_takes_no_other(workspace):
    product = make_product(workspace, "sdk")
    bound = Sender(make_key(workspace, product=product)[1])
    assert bound.usage(TELEMETRY).content == STORED
    failure(
        bound.usage({**TELEMETRY, "product_id": "other"}),
        400,
        "product_id: this API key only takes sdk",
    )
    assert Product.objects.count() == 1


def test_a_body_over_the_limit_is_413_without_being_read(sender, settings):
    settings.INGEST_MAX_BODY_BYTES = 2000
    payload = {**TELEMETRY, "meta": {"a": "x" * 3000}}
    failure(sender.usage(payload), 413, "the body is larger than 2000 bytes")
    failure(
        sender.usage(payload, packed=True), 413, "the body is larger than 2000 bytes"
    )
    assert refusals() == {"refused:too_large": 2}


@pytest.mark.parametrize("method", ["get", "put", "delete", "options", "head"])
def test_only_post(client, method):
    response = getattr(client, method)(USAGE)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_an_aggregate_is_use_by_a_company(sender):
    response = sender.aggregate({**SUM, "environment": "prod", "meta": {"a": 1}})
    assert (response.status_code, response.content) == (200, STORED)
    (event,) = kept()
    assert event.is_aggregate
    assert (event.count, event.domain) == (250, "acme.io")
    assert event.identities == [("aggregate", "acme.io")]
    assert event.key == event_key("reo", "sdk", "day-1")
    assert (event.environment, event.properties) == ("PROD", {"a": 1})


def test_an_aggregate_by_address(sender):
    payload = {**without(SUM, "domain"), "ip_addr": "192.0.2.1", "count": "3"}
    assert sender.aggregate(payload).content == STORED
    assert kept()[0].identities == [("aggregate", "192.0.2.1")]
    assert kept()[0].count == 3


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        *((without(SUM, name), name) for name in SUM),
        ({**SUM, "mode": "PERSON"}, "mode"),
        ({**SUM, "source": "SAAS_PRODUCT"}, "source"),
        *(({**SUM, "count": count}, "count") for count in (0, -1, 1.5, "x", 2**31)),
        ({**SUM, "count": True}, "count"),
        ({**SUM, "count": ""}, "count"),
    ],
)
def test_an_aggregates_wrong_field_is_named(sender, payload, field):
    response = sender.aggregate(payload)
    assert response.status_code == 400
    assert response.json()["response"].startswith(f"{field}: ")
    assert ";" not in response.json()["response"]


def test_the_answers_have_the_documented_texts_of_the_seed():
    seed = json.loads(STORED)
    assert list(seed) == ["response_code", "response", "status"]
    assert isinstance(seed["response_code"], str)


def test_aggregate_route_with_slash(sender):
    assert sender.post(AGGREGATE + "/", {"payload": SUM}).content == STORED
