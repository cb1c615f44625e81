"""The published JavaScript client of the telemetrydeck dialect, unchanged, in Node."""

import base64
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.running import wait_until

pytestmark = [pytest.mark.xdist_group("clients"), pytest.mark.node]

PACKAGE = Path(__file__).parent / "packages" / "telemetrydeck-sdk-2.0.4.tgz"
# As the npm registry states it.
INTEGRITY = (
    "x4S83AqSo6wvLJ6nRYdyJEqd9qmblUdBgsTRrjH5z++b9pnf2NMc8NpVAa48KIB1pRuP/GTGzXxVYdNoie"
    "/DVg=="
)
APP = "AAAA-BBBBBBBB-CCCC-DDDD"
SCRIPT = """
import TelemetryDeck from '@telemetrydeck/sdk';
const { options, calls } = JSON.parse(process.argv[2]);
const deck = new TelemetryDeck(options);
const answers = [];
for (const [method, ...given] of calls) {
  const answer = await deck[method](...given);
  answers.push(answer ? [answer.status, await answer.json()] : null);
}
console.log(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """A directory with the package as npm would install it."""
    digest = base64.b64encode(hashlib.sha512(PACKAGE.read_bytes()).digest()).decode()
    assert digest == INTEGRITY
    project = tmp_path_factory.mktemp("sdk")
    home = project / "node_modules" / "@telemetrydeck"
    home.mkdir(parents=True)
    with tarfile.open(PACKAGE) as package:
        # Python 3.11.2, which Debian 12 has, knows no filters; the digest is known.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        package.extractall(home, **safely)
    (home / "package").rename(home / "sdk")
    (project / "send.mjs").write_text(SCRIPT)
    return project


@pytest.fixture(scope="module")
def workspace(uptick):
    uptick.manage("create_workspace", "acme")
    return uptick


def send(sdk, target, calls, **options):
    """Run the client in Node; return status and body of what each call answered."""
    options = {"appID": APP, "clientUser": "ada", "target": target, **options}
    answer = subprocess.run(
        ["node", "send.mjs", json.dumps({"options": options, "calls": calls})],
        cwd=sdk,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def signals(uptick, product, number):
    def digested():
        found = json.loads(uptick.inside("signals", product))
        return found if len(found) == number else None

    return wait_until(f"{number} signals", digested)


def test_signals_wait_for_their_app_and_become_events(sdk, workspace):
    target = f"{workspace.address}/v2/"
    payload = {"floatValue": "2.5", "plan": "pro", "deep": {"a": 1}, "count": 3}
    calls = [["signal", "App.opened", payload]]
    assert send(sdk, target, calls, sessionID="S1") == [
        [200, {"accepted": 0, "quarantined": 1}]
    ]
    wait_until(
        "digested", lambda: workspace.inside("quarantined", "unknown_app") == "1"
    )
    said = workspace.manage("add_app", APP, "--workspace", "acme", "--product", "web")
    assert "1 that have waited" in said
    (event,) = signals(workspace, "web", 1)
    assert event["metric__key"] == "App.opened"
    assert event["value"] == 2.5
    assert event["session_id"] == "S1"
    assert event["is_test"] is False
    assert event["identity__kind"] == "user_hash"
    # The client's hash, hashed again.
    assert event["identity__value"] != hashlib.sha256(b"ada").hexdigest()
    assert event["properties"] == {
        "plan": "pro",
        "deep": '{"a":1}',
        "count": "3",
        "telemetryClientVersion": "JavaScriptSDK 2.0.4",
        "TelemetryDeck.API.Ingest.version": "v2",
        "TelemetryDeck.API.namespace": "acme",
    }


def test_a_queue_is_flushed_as_one_batch_to_a_namespace(sdk, workspace):
    other = "queue-app"
    workspace.manage("add_app", other, "--workspace", "acme", "--product", "queue")
    calls = [["queue", f"Step.{number}"] for number in range(5)] + [["flush"]]
    target = f"{workspace.address}/v2/namespace/acme/"
    answers = send(sdk, target, calls, appID=other, testMode=True)
    assert answers == [*[None] * 5, [200, {"accepted": 5, "quarantined": 0}]]
    found = signals(workspace, "queue", 5)
    assert [event["metric__key"] for event in found] == [
        f"Step.{number}" for number in range(5)
    ]
    assert all(event["is_test"] for event in found)
