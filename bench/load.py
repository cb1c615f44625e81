"""Sends load for a set time: through ``wrk`` where it is installed, else on our own.

``wrk`` takes less of the cores that it shares with the server, so the figures name the
generator they were made with.
"""

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench import python_load

SLOT = b"@SLOT@"
SCRIPT = Path(__file__).with_name("wrk.lua")
# How long a server may ask to come back before anything is measured.
PATIENCE_SECONDS = 20.0
TOO_MANY, SERVER_ERROR = 429, 500
SHOWN = 300


class LoadError(RuntimeError):
    """The load did not go through: a figure made of it would mean nothing."""


@dataclass(frozen=True, eq=False)
class Target:
    """One address and the body to send; every slot becomes a fresh number."""

    port: int
    path: str
    template: bytes
    headers: dict[str, str]
    events: int = 1


@dataclass(frozen=True)
class Sent:
    """What one run of load did. Times in seconds and milliseconds."""

    requests: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests answered in one second."""
        return self.requests / self.seconds


def generator() -> str:
    """Name the generator that `send` uses."""
    return "wrk" if shutil.which("wrk") else "python"


def wait_until_taken(target: Target) -> None:
    """Send single requests until one is answered with success.

    Raises:
        LoadError: it was refused for good, or for too long; with the answer.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        status, said = _one(target)
        if 200 <= status < 300:
            return
        is_later = status in {0, TOO_MANY} or status >= SERVER_ERROR
        if not is_later or time.monotonic() > until:
            message = f"{target.path}: {status or 'no answer'} {said}"
            raise LoadError(message)
        time.sleep(0.5)


def _one(target: Target) -> tuple[int, str]:
    """Send one request; return the status, 0 without an answer, and what was said."""
    client = HTTPConnection("127.0.0.1", target.port, timeout=PATIENCE_SECONDS)
    body = target.template.replace(SLOT, b"%d" % _first_number())
    try:
        client.request("POST", target.path, body, target.headers)
        answer = client.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")[:SHOWN]
    except (OSError, HTTPException) as error:
        return 0, str(error)
    finally:
        client.close()


def send(target: Target, *, seconds: float, connections: int, using: str) -> Sent:
    """Keep ``connections`` busy for ``seconds``.

    Raises:
        LoadError: any answer was not 2xx, or a connection broke.
    """
    run = _wrk if using == "wrk" else _python
    sent = run(target, seconds, connections)
    if sent.refused or sent.broken or not sent.requests:
        message = f"{target.path}: {sent}"
        raise LoadError(message)
    return sent


def _first_number() -> int:
    # Microseconds: unique from run to run, and exact in Lua's double.
    return time.time_ns() // 1000


def _wrk(target: Target, seconds: float, connections: int) -> Sent:
    headers = [f"{name}: {value}" for name, value in target.headers.items()]
    with tempfile.NamedTemporaryFile(suffix=".json") as template:
        template.write(target.template)
        template.flush()
        answer = subprocess.run(
            [
                *("wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s"),
                *("--timeout", "30s", "-s", str(SCRIPT)),
                f"http://127.0.0.1:{target.port}{target.path}",
                *("--", template.name, str(_first_number()), *headers),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + 60,
        )
    last = answer.stdout.strip().splitlines()[-1:]
    if answer.returncode or not last:
        message = f"wrk failed: {answer.stderr or answer.stdout}"
        raise LoadError(message)
    return Sent(**json.loads(last[0]))


def _python(target: Target, seconds: float, connections: int) -> Sent:
    return Sent(
        **python_load.run(
            port=target.port,
            path=target.path,
            headers=target.headers,
            pieces=target.template.split(SLOT),
            first_number=_first_number(),
            seconds=seconds,
            connections=connections,
        )
    )
