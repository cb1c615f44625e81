"""The doctor says what the real code does, for every dialect, and stores nothing."""

import base64
import hashlib
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.applications import define_application
from accounts.models import ApiKey
from ingest import counters, pasted
from ingest.dialects import DIALECTS
from ingest.dialects.productiv.access import forget_applications
from ingest.dialects.reamaze import door
from ingest.doctor import NotOurs, explain
from ingest.models import IdempotencyKey, InboxEntry, IngestCounter, RefusedRequest
from ingest.pasted import NotReadable
from ingest.refused_requests import KEPT, masked
from ingest.throttle import TokenBuckets, throttle
from tests.factories import make_app, make_key, make_workspace
from tests.ingest.conftest import EVENTS, USAGE, Sender
from tests.ingest.test_native import EVENT
from tests.ingest.test_reo import TELEMETRY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_memories():
    forget_applications()
    door.forget()
    yield
    forget_applications()
    door.forget()


def http(path, body, *headers, method="POST"):
    text = body if isinstance(body, str) else json.dumps(body)
    return "\n".join([f"{method} {path} HTTP/1.1", *headers, "", text])


def usage(token, **changes):
    payload = {key: v for key, v in {**TELEMETRY, **changes}.items() if v is not None}
    return http(USAGE, {"payload": payload}, f"X-API-KEY: {token}")


def nothing_stored():
    counters.flush()
    return not any(
        model.objects.exists()
        for model in (InboxEntry, IngestCounter, IdempotencyKey, RefusedRequest)
    )


def verdicts(explained):
    return {field.path: field for field in explained.fields}


# ---- What is said ------------------------------------------------------------------


def test_a_good_request(workspace, token):
    explained = explain(usage(token), workspace=workspace)
    assert (explained.dialect, explained.status) == ("reo", 200)
    assert json.loads(explained.body)["response"] == "Data Uploaded"
    assert dict(explained.events[0].fields)["metric"] == TELEMETRY["activity_type"]
    found = verdicts(explained)
    assert "needed" in found["payload.activity_type"].verdict
    assert not any(field.is_wrong for field in explained.fields)
    assert token not in repr(explained)
    assert nothing_stored()


def test_a_bad_request_names_wrong_and_missing_fields(workspace, token):
    text = usage(token, event_at="yesterday", product_id=None, extra="x")
    explained = explain(text, workspace=workspace)
    assert (explained.status, explained.reason) == (400, "invalid")
    assert verdicts(explained)["payload.event_at"].is_wrong
    assert [missing.field for missing in explained.missing] == ["product_id"]
    assert not explained.events
    assert nothing_stored()


def test_the_answer_is_the_one_that_is_really_given(workspace, token):
    sender = Sender(token)
    for payload in (TELEMETRY, {**TELEMETRY, "event_at": "x"}, {}):
        real = sender.usage(payload)
        shown = explain(
            http(USAGE, {"payload": payload}, f"X-API-KEY: {token}"),
            workspace=workspace,
        )
        assert (shown.status, shown.body) == (real.status_code, real.content.decode())
        assert dict(shown.headers) == dict(real.items())


def test_an_optional_and_an_unknown_field(workspace, token):
    text = usage(token, environment="prod", nobody_knows_it="x")
    found = verdicts(explain(text, workspace=workspace))
    assert found["payload.environment"].verdict == "becomes environment"
    assert found["payload.nobody_knows_it"].verdict == "not used"


def test_a_key_of_another_dialect_and_a_revoked_one(workspace):
    _, token = make_key(workspace, dialects=["native"])
    assert explain(usage(token)).reason == "wrong_dialect"
    assert explain(usage("nonsense")).reason == "unknown_key"
    assert explain(http(USAGE, {})).reason == "no_key"


def test_an_address_is_believed_for_networks(workspace):
    _, token = make_key(workspace, networks=["203.0.113.0/24"])
    assert explain(usage(token), peer="198.51.100.1").reason == "wrong_network"
    assert explain(usage(token), peer="203.0.113.9").is_taken


def test_limits_are_neither_used_up_nor_in_the_way(workspace, token, monkeypatch):
    monkeypatch.setattr(throttle, "keys", TokenBuckets(1))
    for _ in range(3):
        assert explain(usage(token)).is_taken
    assert not throttle.keys.buckets


def test_an_idempotency_key_is_not_used_up(workspace, token):
    text = http(
        USAGE, {"payload": TELEMETRY}, f"X-API-KEY: {token}", "Idempotency-Key: a"
    )
    assert all(explain(text).is_taken for _ in range(2))
    assert nothing_stored()


def test_a_metric_that_is_not_configured(workspace, token):
    explained = explain(usage(token, activity_type="NEVER_SEEN"), workspace=workspace)
    assert "quarantine" in explained.events[0].note
    explained = explain(usage(token, activity_type="CALL_HOME"), workspace=workspace)
    assert not explained.events[0].note


# ---- Every dialect -----------------------------------------------------------------


def test_a_metric_more_than_may_register_itself(workspace, settings):
    make_app(workspace, "app")
    body = [{"appID": "app", "clientUser": "u", "type": "New.type"}]
    text = http("/v2/namespace/acme/", body)
    assert explain(text, workspace=workspace).events[0].note == ""
    settings.INGEST_MAX_METRICS = 1
    (event,) = explain(text, workspace=workspace).events
    assert "as many metrics as may register themselves" in event.note


def test_telemetrydeck_needs_no_key(workspace):
    make_app(workspace, "app-1")
    text = f"""curl -X "POST" "https://x.example/v2/namespace/{workspace.slug}/" \\
-H 'Content-Type: application/json; charset=utf-8' \\
-d $'[
{{"appID": "app-1", "clientUser": "me", "type": "Actions.it\\'s"}},
{{"appID": "app-1", "type": "x"}}
]'"""
    explained = explain(text, workspace=workspace)
    assert explained.dialect == "telemetrydeck"
    assert json.loads(explained.body) == {"accepted": 1, "quarantined": 1}
    assert not explained.events[0].note
    assert "quarantine" in explained.events[1].note
    explained = explain(text.replace("app-1", "app-2"), workspace=workspace)
    assert "app-2 is no app in use here" in explained.events[0].note
    assert nothing_stored()


def test_of_a_batch_the_event_that_is_wrong_is_named(workspace, token):
    make_app(workspace, "app-1")
    bad, good = {"appID": "app-1", "type": "x"}, {"appID": "app-1", "clientUser": "me"}
    body = json.dumps([bad, {**good, "type": "y"}, {**good, "type": 7, "payload": 1}])
    explained = explain(f"curl h/v2/ -d '{body}'", workspace=workspace)
    assert [each.field for each in explained.missing] == ["[0].clientUser"]
    wrong = [path for path, each in verdicts(explained).items() if each.is_wrong]
    assert wrong == ["[2].payload"]
    events = json.dumps({"events": [EVENT, {**EVENT, "product": None, "count": "no"}]})
    explained = explain(
        f"curl h/api/v1/events -H 'Authorization: Bearer {token}' -d '{events}'",
        workspace=workspace,
    )
    wrong = [path for path, each in verdicts(explained).items() if each.is_wrong]
    assert wrong == ["events[1].product", "events[1].count"]


def test_a_payload_without_its_envelope_is_known_by_its_fields(workspace):
    body = {"activity_type": "CALL_HOME", "source": "TELEMETRY", "event_id": 1}
    explained = explain(json.dumps(body), workspace=workspace)
    assert explained.dialect == "reo"


def test_a_packing_that_nobody_knows_stays_what_was_refused(workspace, token):
    line = f"curl h/api/product/usage -H 'X-API-KEY: {token}' -d '{{}}'"
    brotli = explain(f"{line} -H 'Content-Encoding: br'", workspace=workspace)
    assert brotli.reason == "bad_encoding"
    gzip = explain(f"{line} -H 'Content-Encoding: GZIP'", workspace=workspace)
    assert gzip.reason == "invalid"


def test_a_parameter_nobody_asked_for_is_the_one_to_blame(workspace):
    define_application(workspace, {"id": "drive", "events": [{"name": "opened"}]})
    key, secret = make_key(workspace, kind="client")
    path = "/services/push/v1/customer/apps/drive/events?page=2"
    text = f"POST {path}\nAuthorization: Bearer {{ACCESS_TOKEN}}\n\n{{}}"
    explained = explain(text, workspace=workspace, key=key)
    assert explained.reason == "bad_query"
    assert verdicts(explained)["page (query)"].is_wrong
    line = f"curl h/oauth2/token -u {key.prefix}:{secret} -d grant_type=password"
    explained = explain(line, workspace=workspace)
    assert verdicts(explained)["grant_type"].verdict == "must be client_credentials"


def test_reamaze_with_basic_and_authkey(workspace, token):
    body = {
        "user": {
            "id": "7",
            "authkey": hashlib.sha256(f"7:{token}".encode()).hexdigest(),
            "email": "dev@example.com",
        },
        "event": {"name": "purchase", "value": "9.5"},
    }
    line = f"curl https://x.example/data/events -u {token}: -d '{json.dumps(body)}'"
    explained = explain(line, workspace=workspace)
    assert (explained.dialect, explained.status) == ("reamaze", 200)
    assert "value" in verdicts(explained)["event.value"].verdict
    body["user"]["authkey"] = "0" * 64
    line = f"curl https://x.example/data/events -u {token}: -d '{json.dumps(body)}'"
    explained = explain(line, workspace=workspace)
    assert explained.reason == "wrong_authkey"
    assert verdicts(explained)["user.authkey"].is_wrong


def test_license_in_a_form(workspace, token):
    line = (
        "curl https://x.example/api/v1/send-telemetry-data "
        f"-H 'Authorization: Bearer {token}' -F product_id=p -F license_key=L "
        "-F data_type=text -F text_data=hello"
    )
    explained = explain(line, workspace=workspace)
    assert (explained.dialect, explained.status) == ("license", 200)
    assert json.loads(explained.body)["response"]["code"] == 831
    assert "data_group" in {missing.field for missing in explained.missing}
    assert explained.events
    assert nothing_stored()


@pytest.mark.parametrize("option", ["-F", "-d"])
def test_fields_of_a_form(workspace, token, option):
    """Multipart or urlencoded, with a key among the fields and one in the query."""
    fields = {
        "api_key": token,
        "product_id": "p",
        "data_type": "numeric-single-value",
        "numeric_data_single_value": "fifty",
        "data_group": "starts",
        "colour": "red & green",
    }
    words = " ".join(f"{option} '{name}={fields[name]}'" for name in fields)
    words = words.replace("red & green", "red" if option == "-d" else "red & green")
    line = f"curl 'https://x.example/v1/send-telemetry?user_identifier=u' {words}"
    found = verdicts(explain(line, workspace=workspace))
    assert list(found) == [*fields, "user_identifier (query)"]
    wrong = {name for name in found if found[name].is_wrong}
    assert wrong == {"product_id", "numeric_data_single_value"}
    assert "must be a number" in found["numeric_data_single_value"].verdict
    assert "needed" in found["api_key"].verdict
    assert token not in found["api_key"].value
    assert "metric" in found["data_group"].verdict
    assert "identities" in found["user_identifier (query)"].verdict
    assert found["colour"].verdict == "not used"
    assert found["colour"].value == ("red" if option == "-d" else "red & green")
    assert nothing_stored()


def test_fields_of_a_token_request(workspace):
    key, secret = make_key(workspace, kind=ApiKey.Kind.CLIENT)
    body = (
        f"grant_type=client_credentials&client_id={key.prefix}&client_secret={secret}"
        "&audience=x"
    )
    found = verdicts(explain(http("/oauth2/token", body), workspace=workspace))
    assert {name for name in found if found[name].is_wrong} == set()
    assert found["audience"].verdict == "no objection"
    found = verdicts(explain(http("/oauth2/token", f"{body}&scope=everything")))
    assert {name for name in found if found[name].is_wrong} == {"scope"}
    assert "without it the request is taken" in found["scope"].verdict
    assert secret not in str(found)
    assert nothing_stored()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", "--x"),
        ("multipart/form-data; boundary=x", "--x\n\n--x\nname=\n\n--x--"),
        ("multipart/form-data; boundary=\u00fc", "--\u00fc"),
        ("application/x-www-form-urlencoded", "%ff=%00&=&a=%F0%9F"),
        ("application/x-www-form-urlencoded", "&".join(["a=1"] * 2000)),
        ("application/x-www-form-urlencoded", '{"a=b'),
        ("text", "=" * 100),
    ],
)
def test_odd_forms_are_explained_too(workspace, token, kind, body):
    headers = (f"Authorization: Bearer {token}", f"Content-Type: {kind}")
    text = http("/api/v1/send-telemetry-data?%00=%ff", body, *headers)
    assert explain(text, workspace=workspace).status < 500
    assert nothing_stored()


def test_productiv_token_and_events(workspace):
    key, secret = make_key(workspace, kind=ApiKey.Kind.CLIENT)
    packed = base64.b64encode(f"{key.prefix}:{secret}".encode()).decode()
    text = http(
        "/oauth2/token",
        "grant_type=client_credentials",
        f"Authorization: Basic {packed}",
    )
    explained = explain(text, workspace=workspace)
    assert (explained.dialect, explained.status) == ("productiv", 200)
    assert "opens nothing" in explained.assumptions[0]
    token = json.loads(explained.body)["access_token"]
    path = "/services/push/v1/customer/apps/none/events"
    text = http(path, {"events": []}, f"Authorization: Bearer {token}")
    assert explain(text).status == 401
    text = http(path, {"events": []}, "Authorization: Bearer {ACCESS_TOKEN}")
    assert explain(text, key=key).reason == "unknown_application"
    assert nothing_stored()


def test_native_batch_with_good_and_bad_events(workspace, token):
    text = http(EVENTS, [EVENT, {}], f"Authorization: Bearer {token}")
    explained = explain(text, workspace=workspace)
    assert (explained.dialect, explained.status) == ("native", 202)
    assert len(explained.events) == 1
    assert explained.missing
    assert nothing_stored()


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("reo", {"payload": TELEMETRY}),
        ("native", EVENT),
        ("reamaze", {"user": {"id": "1", "authkey": "x", "email": "a@b.example"}}),
        ("telemetrydeck", [{"appID": "a", "clientUser": "b", "type": "c"}]),
        ("license", {"license_key": "a", "data_type": "text", "text_data": "x"}),
    ],
)
def test_a_body_alone(workspace, dialect, body):
    key, _ = make_key(workspace)
    explained = explain(json.dumps(body), workspace=workspace, key=key)
    assert explained.dialect == dialect
    explained = explain(json.dumps(body), workspace=workspace, dialect=dialect, key=key)
    assert (explained.dialect, explained.why) == (dialect, "as you said")
    assert nothing_stored()


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", "null", "0", '{"payload": 1}', "[[1]]", "a=b", "ü\0"]
)
def test_odd_bodies_are_explained_too(workspace, dialect, body):
    key, _ = make_key(workspace)
    try:
        explained = explain(body, workspace=workspace, dialect=dialect, key=key)
    except NotReadable:
        assert not body
    else:
        assert explained.status < 500
    assert nothing_stored()


def test_addresses_that_are_nobodys(workspace):
    for path in ("/nothing", "/admin/", "/w/acme/overview/"):
        with pytest.raises(NotOurs, match="/api/product/usage"):
            explain(http(path, "{}"))


def test_a_key_of_another_workspace_is_not_used(workspace):
    key, _ = make_key(make_workspace("other"))
    with pytest.raises(NotReadable):
        explain("{}", workspace=workspace, key=key)


# ---- Reading what was pasted -------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("curl http://h/p", ("GET", "/p", "", b"")),
        ("curl -XPUT h/p?q=1 -d a=1 -d b=2", ("PUT", "/p", "q=1", b"a=1&b=2")),
        ("curl -sSX PUT h/p", ("PUT", "/p", "", b"")),
        ("curl -fsSXPUT -D - h/p", ("PUT", "/p", "", b"")),
        ("curl -sd a=1 h/p", ("POST", "/p", "", b"a=1")),
        ("curl -G h/p --data-urlencode 'a=b c'", ("GET", "/p", "a=b+c", b"")),
        ("$ curl h/p \\\n  --data-raw '@x'", ("POST", "/p", "", b"@x")),
        ("curl --url=http://h/p --json '{}'", ("POST", "/p", "", b"{}")),
        ("POST /p?q\nA: b\n\n{}", ("POST", "/p", "q", b"{}")),
        ("POST https://h/p HTTP/1.1\nA: b\n{}", ("POST", "/p", "", b"{}")),
        ('{"a": 1}', ("", "", "", b'{"a": 1}')),
    ],
)
def test_reading(line, expected):
    found = pasted.read(line)
    assert (found.method, found.path, found.query, found.body) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        " \n",
        "curl",
        "curl -d x",
        "curl h -d @/etc/passwd",
        "curl h -F a=@/x",
        "curl 'h",
    ],
)
def test_what_is_no_request(line):
    with pytest.raises(NotReadable):
        pasted.read(line)


# ---- Refused requests --------------------------------------------------------------


def test_the_last_refused_requests_are_kept_without_secrets(workspace):
    key, token = make_key(workspace)
    sender = Sender(token)
    for number in range(KEPT + 3):
        sender.usage({**TELEMETRY, "event_at": f"no {number}"})
    sender.usage(TELEMETRY)
    counters.flush()
    rows = list(RefusedRequest.objects.order_by("-at", "-pk"))
    assert len(rows) == KEPT
    assert {(row.api_key_id, row.dialect, row.reason) for row in rows} == {
        (key.pk, "reo", "invalid")
    }
    assert "no 7" in rows[0].request
    assert "X-Api-Key: {API_KEY}" in rows[0].request
    assert token not in rows[0].request + rows[0].answer
    explained = explain(rows[0].request, workspace=workspace, key=key)
    assert explained.body == rows[0].answer
    sender.usage({})
    counters.flush()
    assert RefusedRequest.objects.count() == KEPT


def test_requests_of_nobody_are_not_kept(workspace, token):
    Sender("").usage(TELEMETRY)
    Sender("nonsense").usage(TELEMETRY)
    counters.flush()
    assert not RefusedRequest.objects.exists()


def test_a_refused_reamaze_request_can_be_explained_again(workspace):
    key, token = make_key(workspace)
    body = {
        "user": {
            "id": 7,
            "authkey": hashlib.sha256(f"7:{token}".encode()).hexdigest(),
        },
        "event": {},
    }
    packed = base64.b64encode(f"{token}:".encode()).decode()
    response = Sender("").post("/data/events", body, Authorization=f"Basic {packed}")
    assert response.status_code == 422
    counters.flush()
    row = RefusedRequest.objects.get()
    for secret in (token, packed, body["user"]["authkey"]):
        assert secret not in row.request
    explained = explain(row.request, workspace=workspace, key=key)
    assert (explained.status, explained.body) == (422, row.answer)


@pytest.mark.parametrize(
    "text",
    [
        '{"client_secret": "hunter2"}',
        "a=1&client_secret=hunter2&b=2",
        "POST /x?api_key=hunter2",
        'name="api_key"\r\n\r\nhunter2\r\n',
        '{"user": {"authkey" : "hunter2"}}',
        '{"password": "hunter2 \\" hunter2"}',
        '{"x": {"accessToken": "hunter2"}}',
    ],
)
def test_masking(text):
    assert "hunter2" not in masked(text)


def test_long_bodies_are_not_kept(sender):
    sender.usage({"meta": {"a": "x" * 20_000}, "secret": "y"})
    counters.flush()
    assert "too long" in RefusedRequest.objects.get().request


# ---- The command -------------------------------------------------------------------


def test_the_command(workspace, token, tmp_path, capsys):
    path = tmp_path / "request.http"
    path.write_text(usage(token, event_at="never"))
    call_command("explain_request", str(path), "--workspace", workspace.slug)
    shown = capsys.readouterr().out
    assert "Reo: POST /api/product/usage" in shown
    assert "✗ payload.event_at = never" in shown
    assert "Answer: 400" in shown
    with pytest.raises(CommandError, match="no workspace"):
        call_command("explain_request", str(path), "--workspace", "nobody")
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("explain_request", str(tmp_path / "none"))
    assert nothing_stored()
