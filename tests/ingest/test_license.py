"""Dialect license: the seed's answers, every rule, four bodies, flags, signatures."""

import base64
import gzip
import json
import subprocess
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.keys import revoke
from accounts.kinds import anonymous_value
from accounts.models import (
    Activation,
    Developer,
    Metric,
    Product,
    ProductVersion,
)
from ingest import commit, signing
from ingest.digest import digest_until_empty
from ingest.models import Event, InboxEntry, QuarantinedEvent, SigningKey
from ingest.throttle import throttle
from tests.factories import (
    make_account,
    make_key,
    make_license,
    make_product,
    make_workspace,
)
from tests.ingest.conftest import kept, refusals

SEND = "/api/v1/send-telemetry-data"
READ = "/api/v1/get-telemetry-data"
SENDERS = (SEND, "/api/v1/send-telemetry", "/v1/send-telemetry")
READERS = (READ, "/v1/get-telemetry-data")
# The seed's example values.
RECORD = {
    "data_type": "numeric-single-value",
    "numeric_data_single_value": "50",
    "product_id": "1",
    "user_identifier": "554dddsqfqs4dqd5qsd74q",
    "license_key": "9cc2cc83-4c74-49f9-98f5-f0e1c1eb1541",
    "activation_identifier": "12135644",
    "product_version": "1.0.1",
    "data_group": "test_group",
}
Flag = Event.Flag


@pytest.fixture(autouse=True)
def no_keys_remembered():
    signing.forget()
    yield
    signing.forget()


@pytest.fixture
def licence(workspace):
    """Everything that the seed's record names exists."""
    product = make_product(workspace, "1")
    ProductVersion.objects.create(workspace=workspace, product=product, version="1.0.1")
    key = make_license(workspace, RECORD["license_key"], product=product)
    Activation.objects.create(workspace=workspace, license=key, identifier="12135644")
    return key


class Software:
    """Sends as licensed software does."""

    def __init__(self, token):
        self.token = token
        self.client = Client()

    def send(self, fields, path=SEND, **headers):
        return self.client.post(
            path,
            json.dumps(fields).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )


@pytest.fixture
def software(token):
    return Software(token)


def without(*names):
    return {name: value for name, value in RECORD.items() if name not in names}


def required(*names):
    return {
        name: [f"The {name.replace('_', ' ')} field is required."] for name in names
    }


def opened(response):
    """The inner object, after the envelope was found to be in order."""
    outer = json.loads(response.content)
    assert list(outer) == [
        *("response", "response_base64", "private_key_used", "signature")
    ]
    inner = base64.b64decode(outer["response_base64"]).decode()
    assert json.loads(inner) == outer["response"]
    compact = json.dumps(outer["response"], separators=(",", ":"), ensure_ascii=False)
    assert inner == compact
    assert response.content.decode() == json.dumps(
        outer, separators=(",", ":"), ensure_ascii=False
    )
    return outer["response"]


def saved(response, code, errors):
    assert response.status_code == 200
    inner = opened(response)
    assert list(inner) == ["code", "message", "errors", "timestamp"]
    words = "Correct" if code == 830 else "Incorrect"
    assert inner["code"] == code
    assert inner["message"] == f"{words} format data saved"
    assert inner["errors"] == errors
    assert list(inner["errors"]) == list(errors)
    assert abs(inner["timestamp"] - timezone.now().timestamp()) < 5


def refused(response, status, code, message):
    assert response.status_code == status
    inner = opened(response)
    assert (inner["code"], inner["message"]) == (code, message)
    assert "errors" not in inner
    assert list(inner)[-1] == "timestamp"
    return inner


# ---- What is right and what is wrong


def test_a_right_record_is_saved_without_flags(software, licence):
    saved(software.send(RECORD), 830, [])
    (event,) = kept()
    assert event.product == "1"
    assert event.metric == "test_group"
    assert event.registers_metric
    assert event.value == 50
    assert event.identities == [("license_user", RECORD["user_identifier"])]
    assert event.license_key == RECORD["license_key"]
    assert event.key is None
    assert event.ip == ""
    assert event.flags == 0
    assert event.properties["data"] == "50"
    assert event.properties["$peer_ip"] == "127.0.0.1"


def test_nothing_at_all_gets_the_seeds_errors_in_its_order(software, licence):
    saved(
        software.send({"product_id": "nonsense"}),
        831,
        {
            "product_id": ["The selected product id is invalid."],
            **required(
                *("user_identifier", "license_key", "activation_identifier"),
                *("product_version", "data_type", "data_group"),
            ),
        },
    )
    (event,) = kept()
    assert event.product == "unknown-product"
    assert event.metric == "licence-telemetry"
    assert event.identities[0][0] == "anonymous"
    assert event.flags == (
        Flag.INCORRECT_FORMAT
        | Flag.UNKNOWN_LICENSE
        | Flag.UNKNOWN_PRODUCT
        | Flag.UNKNOWN_VERSION
        | Flag.UNKNOWN_ACTIVATION
    )


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        *(
            ({name: None}, required(name))
            for name in RECORD
            if name not in {"data_type", "numeric_data_single_value"}
        ),
        ({"data_type": ""}, required("data_type")),
        ({"data_type": "histogram"},
         {"data_type": ["The selected data type is invalid."]}),
        ({"numeric_data_single_value": " "}, required("numeric_data_single_value")),
        ({"numeric_data_single_value": "fifty"},
         {"numeric_data_single_value":
          ["The numeric data single value must be a number."]}),
        ({"numeric_data_single_value": True},
         {"numeric_data_single_value":
          ["The numeric data single value must be a number."]}),
        ({"numeric_data_single_value": "1e999"},
         {"numeric_data_single_value":
          ["The numeric data single value must be a number."]}),
        ({"data_type": "numeric-xy-axis"},
         required("numeric_data_x", "numeric_data_y")),
        ({"data_type": "numeric-xy-axis", "numeric_data_x": "1",
          "numeric_data_y": "up"},
         {"numeric_data_y": ["The numeric data y must be a number."]}),
        ({"data_type": "text"}, required("text_data")),
        # An empty list is how PHP writes "nothing".
        ({"license_key": [], "data_group": {}}, required("license_key", "data_group")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_stored_all_the_same(
    software, licence, change, errors
):
    saved(software.send({**RECORD, **change}), 831, errors)
    (event,) = kept()
    assert event.flags & Flag.INCORRECT_FORMAT


@pytest.mark.parametrize(
    ("change", "value", "data"),
    [
        ({"numeric_data_single_value": 50}, 50, "50"),
        ({"numeric_data_single_value": "-1.5e3"}, -1500, "-1.5e3"),
        ({"numeric_data_single_value": " .5 "}, 0.5, ".5"),
        ({"data_type": "numeric-xy-axis", "numeric_data_x": 1,
          "numeric_data_y": "2.5"}, None, '{"x":1,"y":2.5}'),
        ({"data_type": "text", "text_data": "Grüße"}, None, "Grüße"),
        ({"data_type": "text", "text_data": 7}, None, "7"),
        ({"data_type": "text", "text_data": {"a": [1]}}, None, '{"a":[1]}'),
        ({"data_type": "text", "text_data": "a\0b"}, None, "a\ufffdb"),
        ({"data_type": "text", "text_data": 10**30}, None, str(10**30)),
        ({"data_type": "text", "text_data": [10**30]}, None, f"[{10**30}]"),
    ],
)  # fmt: skip
def test_right_values(software, licence, change, value, data):
    saved(software.send({**RECORD, **change}), 830, [])
    (event,) = kept()
    assert (event.value, event.properties["data"]) == (value, data)


@pytest.mark.parametrize("number", ["1e160", "-1.7e308", 10**101])
def test_a_number_past_all_sense_is_kept_and_never_added_up(software, licence, number):
    axes = {"numeric_data_x": number, "numeric_data_y": 2}
    for _ in range(2):
        saved(software.send({**RECORD, "numeric_data_single_value": number}), 830, [])
        body = {**RECORD, **axes, "data_type": "numeric-xy-axis"}
        saved(software.send(body), 830, [])
        digest_until_empty()
    assert not QuarantinedEvent.objects.exists()
    events = Event.objects.all()
    assert [event.value for event in events] == [None] * 4
    written = {event.properties["data"] for event in events}
    assert str(number) in written
    assert [event.properties.get("x") for event in events] == [None] * 4


def test_numbers_may_stand_for_text(software, licence):
    body = {**RECORD, "product_id": 1, "activation_identifier": 12135644}
    saved(software.send(body), 830, [])
    (event,) = kept()
    assert (event.product, event.flags) == ("1", 0)


def test_optional_fields_are_kept(software, licence):
    more = {
        "hwid": "AB-12",
        "country": "FR",
        "flags": ["a"],
        "metadata": {"os": "linux", "cores": 8},
        "unheard_of": 1,
    }
    saved(software.send({**RECORD, **more}, **{"User-Agent": "App/1"}), 830, [])
    (event,) = kept()
    del more["unheard_of"]
    assert {name: event.properties[name] for name in more} == more
    assert "unheard_of" not in event.properties
    assert event.user_agent == "App/1"


NESTED = [
    ("metadata[os]", "linux"),
    ("metadata[cpu][cores]", "8"),
    ("metadata[cpu][tags][]", "x"),
    ("metadata[cpu][tags][]", "y"),
    ("flags[0]", "a"),
    ("flags[1]", "b"),
    ("metadata" + "[a]" * 5000, "too deep"),
    ("license_key[]", "no field"),
]


@pytest.mark.parametrize("is_multipart", [False, True])
def test_forms_nest_by_brackets(software, licence, is_multipart):
    fields = [*RECORD.items(), *NESTED]
    if is_multipart:
        kind = "multipart/form-data; boundary=b"
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields
        ]
        # The parser cuts a name that long on its own account.
        body = "".join([*parts[:-2], parts[-1], "--b--\r\n"])
    else:
        kind, body = "application/x-www-form-urlencoded", urlencode(fields)
    answer = software.client.post(
        SEND, body, content_type=kind,
        headers={"Authorization": f"Bearer {software.token}"},
    )  # fmt: skip
    saved(answer, 830, [])
    (event,) = kept()
    assert event.properties["metadata"] == {
        "os": "linux",
        "cpu": {"cores": "8", "tags": ["x", "y"]},
    }
    assert event.properties["flags"] == ["a", "b"]


def test_without_a_user_the_installation_is_somebody(software, licence):
    software.send({**without("user_identifier"), "hwid": "H"}, **{"User-Agent": "A"})
    (event,) = kept()
    marks = f"A {RECORD['activation_identifier']} H"
    assert event.identities == [("anonymous", anonymous_value("127.0.0.1", marks))]


# ---- Red flags


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"license_key": "pirate"}, Flag.UNKNOWN_LICENSE | Flag.UNKNOWN_ACTIVATION),
        ({"activation_identifier": "other"}, Flag.UNKNOWN_ACTIVATION),
        ({"product_version": "9.9"}, Flag.UNKNOWN_VERSION),
    ],
)
def test_what_is_unknown_is_flagged_and_says_nothing(software, licence, change, flag):
    saved(software.send({**RECORD, **change}), 830, [])
    assert [event.flags for event in kept()] == [flag]


def test_a_revoked_licence_is_flagged(software, licence):
    licence.revoked_at = timezone.now()
    licence.save()
    saved(software.send(RECORD), 830, [])
    assert [event.flags for event in kept()] == [Flag.REVOKED_LICENSE]


def test_an_expired_licence_is_none_of_the_flags(software, licence):
    licence.expires_at = timezone.now() - timedelta(days=1)
    licence.save()
    saved(software.send(RECORD), 830, [])
    assert [event.flags for event in kept()] == [0]


def test_a_licence_for_another_product_does_not_exist_for_this_one(
    software, licence, workspace
):
    licence.product = make_product(workspace, "2")
    licence.save()
    software.send(RECORD)
    assert [event.flags for event in kept()] == [Flag.UNKNOWN_LICENSE]


def test_what_another_workspace_has_does_not_count(licence):
    other = make_workspace("other")
    software = Software(make_key(other)[1])
    software.send(RECORD)
    (event,) = kept()
    assert event.flags == Event.RED_FLAGS & ~Flag.REVOKED_LICENSE


def test_a_product_that_announced_itself_is_not_yet_known(software, workspace):
    make_product(workspace, "1", is_discovered=True)
    response = software.send(RECORD)
    assert opened(response)["errors"] == {
        "product_id": ["The selected product id is invalid."]
    }
    (event,) = kept()
    assert event.product == "1"
    assert event.flags & Flag.UNKNOWN_PRODUCT


def test_a_pirate_registers_no_product(software, workspace):
    for name in ("a", "b", "unknown-product"):
        software.send({**RECORD, "product_id": name})
    digest_until_empty()
    assert [p.key for p in Product.objects.all()] == ["unknown-product"]
    assert Product.objects.get().is_discovered


def test_a_key_for_one_product_files_all_under_it(workspace, licence):
    make_product(workspace, "2")
    token = make_key(workspace, product=licence.product)[1]
    saved(Software(token).send(RECORD), 830, [])
    saved(
        Software(token).send({**RECORD, "product_id": "2"}),
        831,
        {"product_id": ["The selected product id is invalid."]},
    )
    saved(Software(token).send(without("product_id")), 831, required("product_id"))
    assert [event.product for event in kept()] == ["1", "1", "1"]
    assert [bool(event.flags & Flag.UNKNOWN_PRODUCT) for event in kept()] == [
        *(False, True, True)
    ]


# ---- Four bodies, three addresses


def bodies(fields):
    """(query, body, content type) for each form in which a record can be sent."""
    boundary = "frontier"
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        f"{value}\r\n"
        for name, value in fields.items()
    )
    upload = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n'
        f"Content-Type: text/plain\r\n\r\nfile\r\n--{boundary}--\r\n"
    )
    form = urlencode(fields)
    return {
        "multipart": (
            "",
            (parts + upload).encode(),
            f"multipart/form-data; boundary={boundary}",
        ),
        "urlencoded": ("", form.encode(), "application/x-www-form-urlencoded"),
        "json": ("", json.dumps(fields).encode(), "application/json"),
        "json called a form": (
            "",
            json.dumps(fields).encode(),
            "application/x-www-form-urlencoded",
        ),
        "json without a type": ("", json.dumps(fields).encode(), ""),
        "query": (form, b"", ""),
    }


@pytest.mark.parametrize("where", ["header", "parameter"])
@pytest.mark.parametrize("form", bodies({}))
@pytest.mark.parametrize("path", SENDERS)
def test_every_body_at_every_address(token, licence, path, form, where):
    fields = {**RECORD, **({"api_key": token} if where == "parameter" else {})}
    query, body, kind = bodies(fields)[form]
    headers = {"Authorization": f"Bearer {token}"} if where == "header" else {}
    for slash in ("", "/"):
        response = Client().post(
            f"{path}{slash}?{query}", body, content_type=kind, headers=headers
        )
        saved(response, 830, [])
    events = kept()
    assert len(events) == 2
    assert all(event.flags == 0 for event in events)
    assert all("api_key" not in event.properties for event in events)
    assert token not in repr(events)


def test_the_key_of_the_header_wins(token, licence):
    response = Client().post(
        f"{SEND}?api_key=wrong",
        json.dumps(RECORD),
        content_type="application/json",
        headers={"Authorization": f"bearer {token}"},
    )
    saved(response, 830, [])


def test_the_body_wins_over_the_query(software, licence):
    software.send(RECORD, path=f"{SEND}?product_id=2&data_group=other")
    (event,) = kept()
    assert (event.product, event.metric) == ("1", "test_group")


def test_a_gzipped_body_with_the_key_inside(token, licence):
    body = gzip.compress(json.dumps({**RECORD, "api_key": token}).encode())
    response = Client().post(
        SEND,
        body,
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )
    saved(response, 830, [])


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"{", b'{"a":'])
def test_a_body_that_holds_no_fields_is_refused(software, body):
    response = software.client.post(
        SEND,
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {software.token}"},
    )
    assert response.status_code == 400
    assert opened(response)["code"] == 400
    assert not kept()


def test_a_broken_multipart_form_is_refused(software):
    for body, kind in (
        (b"nothing", "multipart/form-data"),
        (b"--x\r\nContent-", "multipart/form-data; boundary=\xff"),
    ):
        response = software.client.generic(
            "POST",
            SEND,
            body,
            content_type=kind,
            headers={"Authorization": f"Bearer {software.token}"},
        )
        assert response.status_code == 400


# ---- Refusals


def test_no_key_and_an_unknown_key(workspace):
    refused(Client().post(SEND), 401, 100, "Invalid API Key")
    refused(Client().post(f"{SEND}?api_key=nonsense"), 401, 100, "Invalid API Key")
    refused(Client().get(READ), 401, 100, "Invalid API Key")
    assert refusals() == {"refused:no_key": 2, "refused:unknown_key": 1}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"api_key": 7}', b"\xff{"])
@pytest.mark.parametrize("query", ["", "?api_key=up_ingest_x"])
def test_the_key_is_checked_before_everything_else(workspace, body, query):
    answer = Client().post(SEND + query, body, content_type="application/json")
    refused(answer, 401, 100, "Invalid API Key")


def test_a_key_of_the_query_opens_a_body_that_cannot_be_read(token):
    answer = Client().post(
        f"{SEND}?api_key={token}", b"{", content_type="application/json"
    )
    assert refused(
        answer, 400, 400, "the body is not valid JSON (it ends too early or is broken)"
    )


def test_every_other_key_that_does_not_fit(workspace):
    past = timezone.now() - timedelta(minutes=1)
    gone, gone_token = make_key(workspace)
    revoke(gone, actor=None)
    incapable = (
        "The used API key doesn't have the required capability to access this endpoint"
    )
    for token, code, message in (
        (gone_token, 101, "Inactive API Key"),
        (make_key(workspace, expires_at=past)[1], 101, "Inactive API Key"),
        (make_key(workspace, kind="read")[1], 102, incapable),
        (make_key(workspace, dialects=["reo"])[1], 102, incapable),
        (
            make_key(workspace, networks=["192.0.2.0/24"])[1],
            103,
            "API key can't be used from this IP address",
        ),
    ):
        response = Software(token).send(RECORD)
        refused(response, 401, code, message)
    ingest = make_key(workspace)[1]
    refused(Client().get(f"{READ}?api_key={ingest}"), 401, 102, incapable)


def test_too_many_requests(software, settings, monkeypatch):
    monkeypatch.setattr(throttle.keys, "take", lambda _key: 7)
    response = software.send(RECORD)
    inner = refused(response, 429, 429, "Too many requests")
    assert inner["retry_after"] == 7
    assert response["Retry-After"] == "7"


def test_other_methods_and_large_bodies(software, settings):
    response = software.client.get(SEND)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    opened(response)
    response = software.client.post(READ)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    settings.INGEST_MAX_BODY_BYTES = 1024
    response = software.send({**RECORD, "text_data": "x" * 2000})
    assert response.status_code == 413
    opened(response)


def test_an_idempotency_key_repeats_the_first_answer(software, licence):
    first = software.send(RECORD, **{"Idempotency-Key": "k"})
    again = software.send(RECORD, **{"Idempotency-Key": "k"})
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert len(kept()) == 1
    other = software.send({**RECORD, "country": "FR"}, **{"Idempotency-Key": "k"})
    assert other.status_code == 422
    same = software.send(RECORD, f"{SEND}?country=FR", **{"Idempotency-Key": "k"})
    assert same.status_code == 422


@pytest.mark.django_db(transaction=True)
def test_without_its_database_it_asks_to_come_back(monkeypatch):
    software = Software(make_key(make_workspace("gone"))[1])
    saved_before = software.send(RECORD)
    assert saved_before.status_code == 200

    def broken(*_args, **_kwargs):
        raise commit.StoreUnavailable("away")

    monkeypatch.setattr(commit, "ask", broken)
    response = software.send(RECORD)
    assert response.status_code == 503
    assert response["Retry-After"]
    assert opened(response)["retry_after"] >= 1
    assert response.json()["signature"]


# ---- Signatures


def openssl_verifies(tmp_path, pem, signature, text):
    (tmp_path / "pub.pem").write_bytes(pem)
    (tmp_path / "sig.bin").write_bytes(base64.b64decode(signature))
    (tmp_path / "signed.txt").write_bytes(text)
    answer = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", tmp_path / "pub.pem",
         "-signature", tmp_path / "sig.bin", tmp_path / "signed.txt"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer.stdout.strip() == "Verified OK"


def published(path="/api/v1/public-key.pem"):
    response = Client().get(path)
    assert response.status_code == 200
    return response.content


@pytest.mark.parametrize("case", ["stored", "incorrect", "refused"])
def test_openssl_verifies_what_is_published(tmp_path, software, licence, case):
    body = {"stored": RECORD, "incorrect": {}, "refused": {}}[case]
    if case == "refused":
        software.token = "wrong"
    outer = software.send(body).json()
    assert outer["private_key_used"] == "global"
    text = outer["response_base64"].encode()
    assert openssl_verifies(tmp_path, published(), outer["signature"], text)
    assert not openssl_verifies(tmp_path, published(), outer["signature"], text + b"x")


def test_the_other_signature_is_over_the_outer_object(tmp_path, workspace, licence):
    token = make_key(workspace, sdk_signature=True)[1]
    response = Software(token).send(RECORD)
    outer = response.json()
    signature = outer.pop("signature")
    text = json.dumps(outer, separators=(",", ":")).encode()
    assert response.content.startswith(text[:-1])
    assert openssl_verifies(tmp_path, published(), signature, text)
    assert not openssl_verifies(
        tmp_path, published(), signature, outer["response_base64"].encode()
    )


def test_a_product_may_have_its_own_pair(tmp_path, software, licence):
    made = signing.create(licence.product)
    outer = software.send(RECORD).json()
    assert outer["private_key_used"] == "product"
    text = outer["response_base64"].encode()
    for path in (
        "/api/v1/public-key/acme/1.pem",
        f"/api/v1/public-keys/{made.kid}.pem",
    ):
        assert openssl_verifies(tmp_path, published(path), outer["signature"], text)
    assert not openssl_verifies(tmp_path, published(), outer["signature"], text)
    assert software.send({}).json()["private_key_used"] == "global"


def test_rotation_keeps_the_old_public_half(tmp_path, software, licence):
    before = software.send(RECORD).json()
    old = SigningKey.objects.get()
    new = signing.rotate()
    assert published() == new.public_pem.encode() != old.public_pem.encode()
    after = software.send(RECORD).json()
    for outer, key in ((before, old), (after, new)):
        pem = published(f"/api/v1/public-keys/{key.kid}.pem")
        text = outer["response_base64"].encode()
        assert openssl_verifies(tmp_path, pem, outer["signature"], text)
    listed = Client().get("/.well-known/jwks.json").json()["keys"]
    assert {key["kid"] for key in listed} == {old.kid, new.kid}


@pytest.mark.django_db
def test_the_jwk_set_describes_the_published_key():
    numbers = load_pem_public_key(published()).public_numbers()
    (key,) = Client().get("/.well-known/jwks.json").json()["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    decoded = [
        int.from_bytes(base64.urlsafe_b64decode(key[name] + "=="), "big")
        for name in ("n", "e")
    ]
    assert decoded == [numbers.n, numbers.e]
    assert numbers.n.bit_length() >= 2048


@pytest.mark.django_db
def test_the_private_half_is_sealed_and_nowhere_else():
    signing.global_key()
    key = SigningKey.objects.get()
    assert "PRIVATE" not in key.sealed
    assert "PRIVATE" not in key.public_pem
    assert signing.create() is None
    assert SigningKey.objects.count() == 1


def test_an_answer_is_signed_once_in_a_second(software, licence, monkeypatch):
    signed = []
    monkeypatch.setattr(
        signing, "_sign", lambda pair, text: signed.append(text) or b"signature"
    )
    monkeypatch.setattr("ingest.dialects.license.time.time", lambda: 1708999140.5)
    for _ in range(20):
        software.send(RECORD)
    assert len(signed) == 1


# ---- Through the digest, and back


def test_the_seeds_record_from_the_door_to_the_read_back(workspace, software, licence):
    account = make_account(workspace, "Buyer")
    licence.account = account
    licence.save()
    software.send(RECORD)
    software.send({**RECORD, "license_key": "pirate", "user_identifier": "bob"})
    software.send({**RECORD, "data_type": "text", "text_data": "hi"})
    digest_until_empty()
    metric = Metric.objects.get(key="test_group")
    event = Event.objects.order_by("id").first()
    assert (event.metric, event.product.key, event.value) == (metric, "1", 50)
    assert sorted(Developer.objects.values_list("display_name", "account__name")) == [
        (RECORD["user_identifier"], "Buyer"),
        ("bob", None),
    ]
    reader = make_key(workspace, kind="read")[1]

    def read(query=""):
        response = Client().get(f"{READ}?api_key={reader}&{query}")
        assert response.status_code == 200
        inner = opened(response)
        assert (inner["code"], inner["message"]) == (970, "Telemetry data found")
        return inner

    found = read()
    assert len(found["data"]) == 3
    assert not found["has_more"]
    record = found["data"][-1]
    assert list(record) == [
        *("id", "user_identifier", "license_key", "activation_identifier"),
        *("product_id", "product_version", "data_type", "data_group", "data"),
        *("is_correct_format", "license_key_exists", "product_exists"),
        *("product_version_exists", "activation_exists", "license_revoked"),
        *("has_red_flags", "created_at", "updated_at"),
    ]
    assert record["data"] == "50"
    assert record["license_key"] == RECORD["license_key"]
    assert [record[name] for name in list(record)[9:16]] == [1, 1, 1, 1, 1, 0, 0]
    flagged = read("has_red_flags=1")["data"]
    assert [one["user_identifier"] for one in flagged] == ["bob"]
    assert [flagged[0][name] for name in list(record)[9:16]] == [1, 0, 1, 1, 0, 0, 1]
    moment = event.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert record["created_at"] == record["updated_at"] == moment
    for query, number in (
        ("data_type=text", 1),
        ("data_group=test_group", 3),
        ("data_group=other", 0),
        ("product_id=1", 3),
        ("user_identifier=bob", 1),
        (f"license_key={RECORD['license_key']}", 2),
        ("has_red_flags=0", 2),
        ("has_red_flags=false&data_type=text", 1),
        ("per_page=2", 2),
        ("per_page=2&page=2", 1),
        ("page=3", 0),
    ):
        assert len(read(query)["data"]) == number, query
    assert read("per_page=2")["has_more"]
    for path in READERS:
        bearer = {"Authorization": f"Bearer {reader}"}
        assert len(opened(Client().get(path, headers=bearer))["data"]) == 3


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "per_page=101", "page=1001", "has_red_flags=maybe",
     "data_group=%00"],
)  # fmt: skip
def test_wrong_filters_are_refused(workspace, query):
    reader = make_key(workspace, kind="read")[1]
    response = Client().get(f"{READ}?api_key={reader}&{query}")
    assert response.status_code == 400
    assert opened(response)["code"] == 400


def test_a_read_key_of_one_product_sees_that_one(workspace, software, licence):
    make_product(workspace, "2")
    software.send(RECORD)
    software.send({**RECORD, "product_id": "2"})
    digest_until_empty()
    reader = make_key(workspace, kind="read", product=licence.product)[1]
    inner = opened(Client().get(f"{READ}?api_key={reader}"))
    assert [one["product_id"] for one in inner["data"]] == ["1"]
    response = Client().get(f"{READ}?api_key={reader}&product_id=2")
    refused(response, 403, 150, "Access denied")


def test_readers_of_another_workspace_see_nothing(software, licence):
    software.send(RECORD)
    digest_until_empty()
    reader = make_key(make_workspace("other"), kind="read")[1]
    assert opened(Client().get(f"{READ}?api_key={reader}"))["data"] == []


def test_a_data_group_of_many_shapes_is_one_metric_or_the_nameless_one(
    software, licence
):
    for group in ("Test Group", "test-group", "---", "g" * 900):
        software.send({**RECORD, "data_group": group})
    digest_until_empty()
    assert Event.objects.count() == 4
    assert sorted(
        Metric.objects.exclude(key="CALL_HOME").values_list("key", flat=True)
    ) == sorted(["Test Group", "licence-telemetry", "g" * 200])


def test_a_request_costs_two_statements(software, licence, django_assert_num_queries):
    software.send(RECORD)
    with django_assert_num_queries(2):
        software.send(RECORD)


# ---- Nothing makes it fail


FIELD = st.sampled_from([*RECORD, "numeric_data_x", "text_data", "flags", "metadata"])
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(fields=st.dictionaries(FIELD | st.text(max_size=8), VALUE, max_size=10))
def test_any_json_is_stored_and_digested(software, licence, fields):
    response = software.send(fields)
    # NaN and infinity are no JSON.
    assert response.status_code in {200, 400}
    opened(response)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=200),
    query=st.text(st.characters(max_codepoint=127), max_size=50),
    kind=st.sampled_from(
        [
            *("application/json", "multipart/form-data; boundary=x", "", "text/plain"),
            "application/x-www-form-urlencoded; charset=nonsense",
        ]
    ),
)
def test_any_bytes_are_answered(software, licence, body, query, kind):
    response = software.client.generic(
        "POST",
        SEND,
        body,
        content_type=kind,
        headers={"Authorization": f"Bearer {software.token}"},
        QUERY_STRING=query,
    )
    assert response.status_code in {200, 400}
    opened(response)


def test_strange_values_survive_the_digest(software, licence):
    strange = ["\ufffd" * 5, "x" * 5000, {"\0": "\0"}, [[[1]]], 10**40, -0.0, True, ""]
    for value in strange:
        software.send(dict.fromkeys([*RECORD, "flags", "metadata", "hwid"], value))
    digest_until_empty()
    assert Event.objects.count() == len(strange)
    assert not InboxEntry.objects.exists()


# ---- Files


def test_a_file_of_records_keeps_their_times(workspace, licence, tmp_path):
    back = {
        **without("numeric_data_single_value"),
        "data": "7",
        "created_at": "2026-02-03T04:05:06.789000Z",
    }
    lines = [
        {**RECORD, "created_at": "2026-01-02T03:04:05Z"},
        back,
        {**back, "data_type": "numeric-xy-axis", "data": '{"x":1,"y":2}'},
        {**RECORD, "license_key": "pirate", "created_at": "2026-01-02"},
        {**RECORD, "created_at": "yesterday"},
        [],
    ]
    path = tmp_path / "records.ndjson"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(CommandError):
        call_command(
            *("import_events", str(path), "--workspace", "acme"),
            *("--dialect", "license"),
        )
    digest_until_empty()
    rows = Event.objects.order_by("occurred_at", "id")
    assert [
        (event.occurred_at.isoformat(), event.properties["data"], event.flags)
        for event in rows
    ] == [
        (
            "2026-01-02T00:00:00+00:00",
            "50",
            Flag.UNKNOWN_LICENSE | Flag.UNKNOWN_ACTIVATION,
        ),
        ("2026-01-02T03:04:05+00:00", "50", 0),
        ("2026-02-03T04:05:06.789000+00:00", "7", 0),
        ("2026-02-03T04:05:06.789000+00:00", '{"x":1,"y":2}', 0),
    ]
