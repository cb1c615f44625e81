"""A common OAuth client, unchanged, pointed at the token route of a running Uptick."""

import importlib.util
import json
import time

import pytest
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidScopeError
from requests_oauthlib import OAuth2Session

from tests.running import wait_until

pytestmark = [
    pytest.mark.xdist_group("clients"),
    pytest.mark.skipif(
        importlib.util.find_spec("requests_oauthlib") is None,
        reason="requests-oauthlib not installed (it is in requirements-dev.txt)",
    ),
]

SCOPE = "https://api.productiv.com/connector.write"
DRIVE = {"id": "drive", "name": "Drive", "events": [{"name": "opened_file"}]}


@pytest.fixture(scope="module")
def client(uptick, tmp_path_factory):
    """Id and secret of an OAuth client in a workspace with one application."""
    uptick.manage("create_workspace", "oauth")
    definition = tmp_path_factory.mktemp("oauth") / "drive.json"
    definition.write_text(json.dumps(DRIVE))
    uptick.manage("define_application", str(definition), "--workspace", "oauth")
    secret = uptick.manage(
        *("create_api_key", "--workspace", "oauth", "--name", "client"),
        *("--kind", "client", "--quiet"),
    )
    return secret[: len("up_client_") + 6], secret


@pytest.fixture
def session(monkeypatch, client):
    # The server of the test has no certificate.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    return OAuth2Session(client=BackendApplicationClient(client_id=client[0]))


def fetch(uptick, session, client, **more):
    return session.fetch_token(
        f"{uptick.address}/oauth2/token", client_secret=client[1], **more
    )


def test_a_token_by_basic_header_sends_events(uptick, session, client):
    token = fetch(uptick, session, client, scope=[SCOPE])
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3600
    now = int(time.time() * 1000)
    answer = session.post(
        f"{uptick.address}/services/push/v1/customer/apps/drive/events",
        json={
            "events": [
                {
                    "timestamp": now,
                    "email": "ada@analytical.example",
                    "eventName": "opened_file",
                }
            ]
        },
    )
    assert (answer.status_code, answer.json()) == (200, {"success": True})

    def digested():
        return json.loads(uptick.inside("events", "drive"))

    (event,) = wait_until("digested", digested)
    assert event["identity__value"] == "ada@analytical.example"


def test_a_token_by_fields(uptick, session, client):
    token = fetch(
        uptick, session, client, scope=["connector.write"], include_client_id=True
    )
    assert token["access_token"].startswith("up_access_")
    token = fetch(uptick, session, client, auth=False, include_client_id=True)
    assert token["access_token"].startswith("up_access_")


def test_errors_are_those_that_the_client_knows(uptick, session, client):
    with pytest.raises(InvalidScopeError):
        fetch(uptick, session, client, scope=["everything"])
    with pytest.raises(InvalidClientError):
        fetch(uptick, session, (client[0], client[1][:-1] + "!"))
