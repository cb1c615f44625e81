"""The published sender of the reo dialect, unchanged, pointed at a running Uptick."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.running import wait_until

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("reo_census_mcp") is None,
    reason="reo-census-mcp not installed (it is in requirements-dev.txt)",
)

WHO = {
    "user_id": "https://www.linkedin.com/in/Ada-Example/",
    "user_id_type": "LINKEDIN",
    "product_id": "reoWebApp",
    "activity_type": "CALL_HOME",
}


@pytest.fixture(scope="module")
def key(uptick):
    uptick.manage("create_workspace", "acme")
    return uptick.manage(
        *("create_api_key", "--workspace", "acme", "--name", "client"),
        *("--dialect", "reo", "--quiet"),
    )


def send(uptick, key, calls, *, blocking=True):
    """Run the client in a process of its own; return what each call answered."""
    code = (
        "import json, sys\n"
        "from reo_census_mcp import ReoProductUsageLogger\n"
        "from reo_census_mcp.logger import flush_pending\n"
        "calls, blocking = json.load(sys.stdin)\n"
        "logger = ReoProductUsageLogger(blocking=blocking)\n"
        "print(json.dumps([logger.log_usage(**call) for call in calls]))\n"
        # At exit it gives the rest two seconds, which a busy machine may not have.
        "flush_pending(60)\n"
    )
    allowed = {
        name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
    }
    answer = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([calls, blocking]),
        env={
            **allowed,
            "REO_API_KEY": key,
            "REO_CENSUS_MCP_ENDPOINT": f"{uptick.address}/api/product/usage",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(answer.stdout)


def events(uptick, product):
    """Return the events of a product once nothing waits any more."""

    def digested():
        found = json.loads(uptick.inside("events", product))
        return None if found is None else (found,)

    return wait_until("digested", digested)[0]


def test_a_blocking_call_is_answered_and_becomes_an_event(uptick, key):
    meta = {"plan": "team", "seats": 4}
    assert send(uptick, key, [{**WHO, "meta": meta}]) == [True]
    (event,) = events(uptick, "reoWebApp")
    assert event["identity__kind"] == "linkedin"
    assert event["identity__value"] == "ada-example"
    assert event["metric__key"] == "CALL_HOME"
    assert event["source"] == "PRODUCT_CLOUD"
    assert event["environment"] == "PRODUCTION"
    assert event["user_agent"].startswith("reo-census-mcp/")
    assert event["properties"]["plan"] == "team"
    assert event["properties"]["seats"] == 4


def test_an_address_names_the_company(uptick, key):
    who = {
        **WHO,
        "product_id": "byMail",
        "user_id": "Grace@Engineering.Hopper-Systems.com",
        "user_id_type": "EMAIL",
    }
    assert send(uptick, key, [who]) == [True]
    (event,) = events(uptick, "byMail")
    assert event["identity__value"] == "grace@engineering.hopper-systems.com"
    assert event["identity__developer__account__domain"] == "hopper-systems.com"


def test_a_burst_in_the_background_is_counted_once_each(uptick, key):
    calls = [{**WHO, "product_id": "burst"} for _ in range(200)]
    assert send(uptick, key, calls, blocking=False) == [True] * 200
    found = events(uptick, "burst")
    assert len(found) == 200
    assert len({event["event_id"] for event in found}) == 200


def test_the_same_event_sent_again_counts_once(uptick, key):
    call = {**WHO, "product_id": "repeat", "event_id": 9_223_372_036_854_775_807}
    assert send(uptick, key, [call, call]) == [True, True]
    (event,) = events(uptick, "repeat")
    assert event["event_id"] == "9223372036854775807"


def test_an_old_event_is_taken(uptick, key):
    # The vendor's own example is from 1990.
    call = {**WHO, "product_id": "old", "event_id": 1231231232, "event_at": 639303296}
    assert send(uptick, key, [call]) == [True]
    assert len(events(uptick, "old")) == 1


def test_a_tool_call_waits_in_quarantine_until_its_metric_exists(uptick, key):
    # What the client's instrument() sends for a tool call without a known person.
    call = {
        "activity_type": "MCP_TOOL_CALL",
        "product_id": "myMcpServer",
        "user_id": "anonymous",
        "user_id_type": "ANONYMOUS",
        "meta": {"tool": "search", "duration_ms": 12, "prompt": "Where is it?"},
    }
    assert send(uptick, key, [call]) == [True]
    assert events(uptick, "myMcpServer") == []
    assert uptick.inside("configure_metric", "MCP_TOOL_CALL") == "1"
    wait_until("replayed", lambda: events(uptick, "myMcpServer"))
    (event,) = events(uptick, "myMcpServer")
    assert event["identity__kind"] == "anonymous"
    assert event["properties"]["tool"] == "search"


def test_a_wrong_key_is_reported_to_the_caller(uptick, key):
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    # The client tries four times within ten seconds before it gives up.
    assert send(uptick, wrong, [{**WHO, "product_id": "wrong"}]) == [False]
    assert events(uptick, "wrong") == []
