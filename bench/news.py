"""Follows single events until the API shows what they did to their account's score."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

# How often the score is asked for, which is how exact the figure is.
EVERY_SECONDS = 0.25
# Longer than any answer may take; what is not seen by then is not on its way.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Probe:
    """An account, and the body of an event of one of its people."""

    account: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Door:
    """Where events go in and scores come out."""

    port: int
    path: str
    writing: dict[str, str]
    reading: dict[str, str]


def follow_probes(door: Door, probes: Sequence[Probe], *, every: float) -> list[float]:
    """Send an event every so many seconds; return how long each took to show."""
    with ThreadPoolExecutor(len(probes)) as followers:
        following = []
        for probe in probes:
            following.append(followers.submit(seconds_until_seen, door, probe))
            time.sleep(every)
        return [one.result() for one in following]


def seconds_until_seen(door: Door, probe: Probe) -> float:
    """Send an event; return the seconds from its acceptance to a higher score.

    Raises:
        RuntimeError: it was refused, or did not show in time.
    """
    client = HTTPConnection("127.0.0.1", door.port, timeout=PATIENCE_SECONDS)
    try:
        before = _score(client, door, probe)
        _ask(client, "POST", door.path, probe.body, door.writing)
        accepted = time.monotonic()
        while _score(client, door, probe) <= before:
            if time.monotonic() > accepted + PATIENCE_SECONDS:
                message = f"The score of account {probe.account} did not change"
                raise RuntimeError(message)
            time.sleep(EVERY_SECONDS)
        return time.monotonic() - accepted
    finally:
        client.close()


def _score(client: HTTPConnection, door: Door, probe: Probe) -> float:
    path = f"/api/v1/accounts/{probe.account}"
    score: float = _ask(client, "GET", path, None, door.reading)["score"]
    return score


def _ask(
    client: HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
) -> Any:
    client.request(method, path, body, headers)
    answer = client.getresponse()
    said = answer.read()
    if not 200 <= answer.status < 300:
        message = f"{path} answered {answer.status}: {said[:300]!r}"
        raise RuntimeError(message)
    return json.loads(said or b"null")
