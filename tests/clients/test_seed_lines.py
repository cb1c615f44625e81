"""Every seed's own request, as it is printed, sent by curl to a running Uptick.

What changes is the address and what stands for a secret; ``seeds/`` holds the lines
themselves. Two seeds print no curl line: their examples are sent by curl as they stand.
"""

import base64
import hashlib
import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.running import wait_until

pytestmark = pytest.mark.xdist_group("clients")
SEEDS = Path(__file__).with_name("seeds")
SLUG = "seeds"
APPS = "services/push/v1/customer/apps"


@pytest.fixture(scope="module")
def workspace(uptick):
    uptick.manage("create_workspace", SLUG)
    return uptick


def new_key(uptick, *options):
    return uptick.manage(
        *("create_api_key", "--workspace", SLUG, "--name", "seeds", "--quiet"),
        *options,
    )


@pytest.fixture(scope="module")
def key(workspace):
    return new_key(workspace)


def curl(*words):
    """Run curl with these options; return status and body."""
    return _answer(["curl", *words])


def line(name, **words):
    """Run a seed's line in a shell after putting words in place of others."""
    text = (SEEDS / f"{name}.sh").read_text().strip()
    for printed, word in words.items():
        assert text.count(printed) == 1, printed
        text = text.replace(printed, word)
    return _answer(["bash", "-c", f"{text} --silent --write-out '\\n%{{http_code}}'"])


def _answer(command):
    if command[0] == "curl":
        command = [
            *command,
            "--silent",
            "--show-error",
            "--write-out",
            "\n%{http_code}",
        ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def events(uptick, product, number=1):
    def digested():
        found = json.loads(uptick.inside("events", product))
        return found if found is not None and len(found) == number else None

    return wait_until(f"{number} events of {product}", digested)


# ---- reo


def test_reo(workspace, key):
    words = {"https://ingest.reo.dev": workspace.address, "<API_KEY>": key}
    stored = {"response_code": "200", "response": "Data Uploaded", "status": "success"}
    workspace.inside("new_metric", SLUG, "LOGIN_ACTIVITY")
    # The second is a repeat: told the same, and stored once.
    assert line("reo", **words) == (200, stored)
    assert line("reo", **words) == (200, stored)
    (event,) = events(workspace, "reoWebApp")
    assert event["metric__key"] == "LOGIN_ACTIVITY"
    assert event["identity__kind"] == "linkedin"
    assert event["identity__value"] == "userid"
    assert event["event_id"] == "1231231232"
    assert event["environment"] == "PRODUCTION"
    assert event["properties"]["property2"] == "value2"


def test_reo_with_the_placeholder_for_a_key(workspace):
    assert line("reo", **{"https://ingest.reo.dev": workspace.address}) == (
        400,
        {
            "response_code": 400,
            "response": "Authentication Failure",
            "status": "failure",
        },
    )


# ---- telemetrydeck


def test_telemetrydeck(workspace):
    app = ("AAAA-BBBBBBBB-CCCC-DDDD", "--workspace", SLUG, "--product", "deck")
    workspace.manage("add_app", *app)
    words = {"https://nom.telemetrydeck.com": workspace.address, "your-namespace": SLUG}
    answer = line("telemetrydeck", **words)
    assert answer == (200, {"accepted": 1, "quarantined": 0})
    (event,) = events(workspace, "deck")
    assert event["metric__key"] == "Actions.LoginView.loginButtonSucceeded"
    assert event["identity__kind"] == "user_hash"


def test_telemetrydeck_without_the_namespace(workspace):
    words = {"https://nom.telemetrydeck.com": workspace.address}
    status, answer = line("telemetrydeck", **words)
    assert (status, answer["error"]["code"]) == (404, "unknown_namespace")


# ---- reamaze


def authkey(key):
    return hashlib.sha256(f"1:{key}".encode()).hexdigest()


def test_reamaze(workspace, key):
    """Neither line has a key: the workspace takes an authkey alone."""
    workspace.inside("trust_authkeys", SLUG)
    words = {
        # Every name below localhost is this machine.
        "https://{your_account}.reamaze.com": (
            f"http://{SLUG}.localhost:{workspace.port}"
        ),
        "xxxxxx": authkey(key),
    }
    assert line("reamaze_user", **words) == (200, {"status": "ok"})
    assert line("reamaze_event", **words) == (200, {"status": "ok"})
    (event,) = events(workspace, "reamaze")
    assert event["metric__key"] == "purchase"
    assert event["properties"] == {"foo": "bar"}
    assert event["identity__kind"] == "customer_id"
    # Known by the address of the first line, which has the same id.
    assert event["identity__developer__account__domain"] == "example.com"


def test_reamaze_by_its_key_and_the_path(workspace, key):
    words = {
        "https://{your_account}.reamaze.com": f"{workspace.address}/{SLUG}",
        "xxxxxx": authkey(key),
        "curl ": f"curl -u {key}: ",
    }
    assert line("reamaze_user", **words) == (200, {"status": "ok"})


def test_reamaze_with_the_placeholder_for_an_authkey(workspace, key):
    words = {
        "https://{your_account}.reamaze.com": f"{workspace.address}/{SLUG}",
        "curl ": f"curl -u {key}: ",
    }
    status, answer = line("reamaze_event", **words)
    assert (status, list(answer["errors"])) == (403, ["user.authkey"])


# ---- productiv: its example event, in the schema that it stands in


EXAMPLE = """{
    "events": [ {
    "timestamp": 1566340678676,
    "email": "%s",
    "eventName": "opened_file"
    } ]
}"""


@pytest.fixture(scope="module")
def application(workspace, tmp_path_factory):
    definition = tmp_path_factory.mktemp("seed") / "drive.json"
    events = [{"name": "opened_file", "category": "Consume"}]
    definition.write_text(
        json.dumps({"id": "drive", "name": "Drive", "events": events})
    )
    workspace.manage("define_application", str(definition), "--workspace", SLUG)
    return f"{workspace.address}/{APPS}/drive/events"


@pytest.fixture(scope="module")
def access_token(workspace):
    secret = new_key(workspace, "--kind", "client")
    client_id = secret[: len("up_client_") + 6]
    status, answer = curl(
        *(f"{workspace.address}/oauth2/token", "--user", f"{client_id}:{secret}"),
        *("--data", "grant_type=client_credentials"),
        *("--data", "scope=https://api.productiv.com/connector.write"),
    )
    assert status == 200
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    return answer["access_token"]


def push(address, token, body):
    return curl(
        *(address, "--header", "content-type: application/json"),
        *("--header", f"Authorization: Bearer {token}", "--data", body),
    )


def test_productiv(workspace, application, access_token):
    body = EXAMPLE % "ada@analytical.example"
    for _ in range(2):
        assert push(application, access_token, body) == (200, {"success": True})
    (event,) = events(workspace, "drive")
    assert event["metric__key"] == "opened_file"
    assert event["identity__value"] == "ada@analytical.example"


def test_productiv_as_printed_names_the_lost_address(application, access_token):
    assert push(application, access_token, EXAMPLE % "") == (
        422,
        {
            "code": "422",
            "message": "Unprocessable Entity: events[0].email is required",
            "success": False,
        },
    )


def test_productiv_with_the_placeholder_for_a_token(application):
    assert push(application, "access_token", EXAMPLE % "ada@analytical.example") == (
        401,
        {"code": "401", "message": "Invalid access_token", "success": False},
    )


# ---- license: the examples of its table, and its two printed answers


TABLE = {
    "data_type": "numeric-single-value",
    "numeric_data_single_value": "50",
    "numeric_data_x": "1",
    "numeric_data_y": "2",
    "text_data": "text value",
    "product_id": "1",
    "user_identifier": "554dddsqfqs4dqd5qsd74q",
    "license_key": "9cc2cc83-4c74-49f9-98f5-f0e1c1eb1541",
    "activation_identifier": "12135644",
    "product_version": "1.0.1",
    "data_group": "test_group",
}
CORRECT = (
    '{"code":830,"message":"Correct format data saved","errors":[],"timestamp":%d}'
)
INCORRECT = (
    '{"code":831,"message":"Incorrect format data saved","errors":{'
    '"product_id":["The selected product id is invalid."],'
    '"user_identifier":["The user identifier field is required."],'
    '"license_key":["The license key field is required."],'
    '"activation_identifier":["The activation identifier field is required."],'
    '"product_version":["The product version field is required."],'
    '"data_type":["The data type field is required."],'
    '"data_group":["The data group field is required."]},"timestamp":%d}'
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [(TABLE, CORRECT), ({"product_id": "0"}, INCORRECT)],
    ids=["correct", "incorrect"],
)
def test_license(workspace, key, fields, expected):
    # Makes the product "1", which is what the record needs to be correct.
    workspace.inside("new_product", SLUG, "1")
    pairs = {"api_key": key, **fields}
    status, answer = curl(
        *("--header", "Accept: application/json"),
        *(f"{workspace.address}/api/v1/send-telemetry-data",),
        *(word for name in pairs for word in ("--form", f"{name}={pairs[name]}")),
    )
    assert status == 200
    assert list(answer) == [
        *("response", "response_base64", "private_key_used", "signature")
    ]
    said = answer["response"]
    assert abs(said["timestamp"] - time.time()) < 60
    # To the byte what the seed prints, but for the time.
    assert base64.b64decode(answer["response_base64"]).decode() == (
        expected % said["timestamp"]
    )
    assert answer["private_key_used"] == "global"
    assert len(base64.b64decode(answer["signature"])) == 256
