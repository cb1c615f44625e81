"""The curl lines of docs/api.md, section Reading, sent to a running server."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.running import wait_until

pytestmark = pytest.mark.xdist_group("clients")
PAGE = Path(__file__).parents[2] / "docs" / "api.md"
PRINTED = "https://uptick.example.com"


def lines():
    """Every curl line of the section, whole."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## Reading\n")[2]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("curl ")]


@pytest.fixture(scope="module")
def key(uptick):
    """A read key of a workspace with one event that was digested."""
    uptick.manage("create_workspace", "readers")
    common = ("create_api_key", "--workspace", "readers", "--name", "k", "--quiet")
    event = {
        "metric": "CALL_HOME",
        "product": "my-cli",
        "user": {"email": "ada@analytical.example"},
    }
    sent = run(
        f"curl {uptick.address}/api/v1/events -H 'Content-Type: application/json' "
        f"-H 'Authorization: Bearer {uptick.manage(*common)}' -d '{json.dumps(event)}'"
    )
    assert json.loads(sent)["accepted"] == 1
    token = uptick.manage(*common, "--kind", "read")

    asks = f"curl {uptick.address}/api/v1/accounts -H 'Authorization: Bearer {token}'"

    def scored():
        rows = json.loads(run(asks))["results"]
        return bool(rows) and rows[0]["score"] > 0

    wait_until("a score", scored, seconds=60)
    return token


def run(line):
    answer = subprocess.run(
        ["bash", "-c", f"{line} --silent --show-error --fail-with-body"],
        capture_output=True, check=False, timeout=60, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_there_are_some():
    assert len(lines()) == 4


@pytest.mark.parametrize("nth", range(4))
def test_the_line_works_as_printed(uptick, key, nth):
    line = lines()[nth].replace(PRINTED, uptick.address).replace("up_read_…", key)
    since = time.strftime("%Y-%m-01T00:00:00Z", time.gmtime())
    said = run(line.replace("2026-11-01T00:00:00Z", since).replace("&band=high", ""))
    if "format=csv" in line:
        name, domain, score = said.splitlines()[1].split(",")
        assert (name, domain) == ("ada", "analytical.example")
        assert float(score) > 0
    elif "x-ndjson" in line:
        assert json.loads(said)["count"] == 1
    elif "events" in line:
        assert json.loads(said)["results"][0]["metric"] == "CALL_HOME"
    else:
        assert json.loads(said)["results"][0]["name"]
