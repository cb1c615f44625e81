"""Licence telemetry at a running server: curl as the seed has it, and openssl."""

import base64
import json
import subprocess

import pytest

from tests.running import wait_until

pytestmark = pytest.mark.xdist_group("clients")
SEED = {
    "data_type": "numeric-single-value",
    "numeric_data_single_value": "50",
    "product_id": "1",
    "user_identifier": "554dddsqfqs4dqd5qsd74q",
    "license_key": "9cc2cc83-4c74-49f9-98f5-f0e1c1eb1541",
    "activation_identifier": "12135644",
    "product_version": "1.0.1",
    "data_group": "test_group",
}


@pytest.fixture(scope="module")
def keys(uptick):
    uptick.manage("create_workspace", "licences")
    common = ("create_api_key", "--workspace", "licences", "--name", "k", "--quiet")
    return uptick.manage(*common), uptick.manage(*common, "--kind", "read")


def curl(*words, body=None):
    answer = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", *words],
        input=body, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return answer.stdout


def forms(token):
    """curl's options for each form of a body."""
    fields = {**SEED, "api_key": token}
    pairs = [f"{name}={value}" for name, value in fields.items()]
    document = json.dumps(SEED).encode()
    bearer = ("--header", f"Authorization: Bearer {token}")
    kind = ("--header", "Content-Type: application/json")
    return {
        "urlencoded": ([part for pair in pairs for part in ("--data", pair)], None),
        "multipart": ([part for pair in pairs for part in ("--form", pair)], None),
        "json": ([*bearer, *kind, "--data-binary", "@-"], document),
        "chunked": (
            [*bearer, *kind, "--header", "Transfer-Encoding: chunked",
             "--data-binary", "@-"],
            document,
        ),
        "query": (
            ["--request", "POST", "--get",
             *(part for pair in pairs for part in ("--data-urlencode", pair))],
            None,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("form", forms(""))
def test_curl_sends_and_openssl_verifies(uptick, keys, tmp_path, form):
    options, body = forms(keys[0])[form]
    address = f"{uptick.address}/api/v1/send-telemetry-data"
    accept = ("--header", "Accept: application/json")
    answer = json.loads(curl(*options, *accept, address, body=body))
    assert answer["response"]["code"] == 831
    assert answer["response"]["errors"] == {
        "product_id": ["The selected product id is invalid."]
    }
    (tmp_path / "pub.pem").write_bytes(curl(f"{uptick.address}/api/v1/public-key.pem"))
    (tmp_path / "sig.bin").write_bytes(base64.b64decode(answer["signature"]))
    (tmp_path / "signed.txt").write_text(answer["response_base64"])
    verified = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig.bin",
         "signed.txt"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert verified.stdout.strip() == "Verified OK"


def test_what_was_sent_can_be_read_back(uptick, keys):
    address = f"{uptick.address}/v1/get-telemetry-data?api_key={keys[1]}"

    def records():
        return json.loads(curl(address))["response"]["data"]

    options, body = forms(keys[0])["json"]
    curl(*options, f"{uptick.address}/api/v1/send-telemetry", body=body)
    wait_until("the records", records)
    for record in records():
        assert record["license_key"] == SEED["license_key"]
        assert record["data"] == "50"
        assert record["has_red_flags"] == 1
