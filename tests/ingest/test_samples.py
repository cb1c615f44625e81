"""The commands shown beside a new key work as they stand."""

import json
import shlex
from base64 import b64encode

import pytest

from accounts.applications import define_application
from accounts.models import DailyUsage
from accounts.models.api_key import Dialect
from ingest.dialects import DIALECTS
from ingest.digest import digest_until_empty
from ingest.models import QuarantinedEvent
from ingest.samples import samples
from tests.factories import make_key, make_product, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)


def send(client, command):
    """Do what curl would do."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "curl"
    url, headers, body = words[1], {}, None
    for option, value in zip(words[2::2], words[3::2], strict=True):
        if option == "--header":
            name, _, text = value.partition(": ")
            headers[name] = text
        else:
            assert option == "--data"
            body = value
    json.loads(body)
    kind = headers.pop("Content-Type")
    path = url.removeprefix("http://testserver")
    return client.post(path, body, content_type=kind, headers=headers)


@pytest.mark.parametrize("product", [None, "it's-ours"])
def test_each_command_sends_an_event_that_counts(client, product):
    workspace = make_workspace()
    limit = make_product(workspace, product) if product else None
    key, token = make_key(workspace, product=limit)
    commands = samples(key, token, base="http://testserver")
    assert [one.label for one in commands] == [
        *("Reo", "Licence telemetry", "Reamaze", "Uptick API")
    ]
    for number, sample in enumerate(commands, start=1):
        response = send(client, sample.command)
        assert response.status_code in {200, 202}, response.content
        digest_until_empty()
        assert not QuarantinedEvent.objects.exists()
        assert sum(DailyUsage.objects.values_list("count", flat=True)) == number


def test_the_commands_of_a_client(client):
    workspace = make_workspace()
    define_application(workspace, {"id": "drive", "events": [{"name": "opened"}]})
    key, secret = make_key(workspace, kind="client")
    first, second = samples(key, secret, base="http://testserver")
    words = shlex.split(first.command.replace("\\\n", " "))
    assert words[:3] == ["curl", "http://testserver/oauth2/token", "--user"]
    fields = words[4:]
    assert fields[::2] == ["--data", "--data"]
    answer = client.post(
        "/oauth2/token",
        "&".join(fields[1::2]),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Basic {b64encode(words[3].encode()).decode()}"},
    )
    token = answer.json()["access_token"]
    response = send(client, second.command.replace("ACCESS_TOKEN", token))
    assert response.json() == {"success": True}
    digest_until_empty()
    assert DailyUsage.objects.get().metric.key == "opened"


def test_only_the_senders_a_key_is_for():
    workspace = make_workspace()
    key, token = make_key(workspace, dialects=["native"])
    assert [one.label for one in samples(key, token, base="x")] == ["Uptick API"]
    key, token = make_key(workspace, kind="read")
    assert samples(key, token, base="x") == []


def test_keys_can_be_limited_to_every_dialect_there_is():
    assert set(Dialect.values) == set(DIALECTS)
