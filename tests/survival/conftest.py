"""A whole installation for every test that breaks something in it."""

import contextlib
import math
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from config.engines.processes import processes_in
from tests.running import Uptick, wait_until


@dataclass(frozen=True)
class Engine:
    """One embedded server, seen from outside: directory, program, how it crashes."""

    directory: Path
    program: str
    crash: signal.Signals

    def pids(self) -> list[int]:
        return processes_in(self.directory, self.program)

    @contextlib.contextmanager
    def stopped(self):
        """Crash the server and keep it down; let it come back afterwards."""
        server = min(self.pids(), key=_age)
        keeper = _parent(server)
        # Its keeper would start it again at once.
        os.kill(keeper, signal.SIGSTOP)
        try:
            os.kill(server, self.crash)
            wait_until("down", lambda: not self.pids())
            yield
        finally:
            os.kill(keeper, signal.SIGCONT)


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _age(pid: int) -> float:
    """Return when the process began; one that has ended since is no server."""
    try:
        return int(_stat(pid)[19])
    except (FileNotFoundError, ProcessLookupError):
        return math.inf


@dataclass
class Sender:
    """Sends single events of one product and remembers which were acknowledged."""

    uptick: Uptick
    product: str
    key: str

    def send(self, number: int):
        return self.uptick.post(
            "/api/product/usage",
            {
                "payload": {
                    "activity_type": "CALL_HOME",
                    "source": "PRODUCT_CLOUD",
                    "user_id": f"dev{number % 7}@example-{number % 3}.com",
                    "user_id_type": "EMAIL",
                    "product_id": self.product,
                    "event_id": str(number),
                    "event_at": 1_760_000_000 + number,
                }
            },
            X_API_KEY=self.key,
        )

    def counted(self) -> int:
        """Return the uses counted so far, checking that events agree with them."""
        events, uses, waiting = self.uptick.inside("counted", self.product).split()
        assert events == uses
        self.waiting = int(waiting)
        return int(events)


@pytest.fixture(scope="module")
def uptick(tmp_path_factory):
    installation = Uptick(tmp_path_factory.mktemp("uptick"))
    try:
        installation.start()
        installation.manage("create_workspace", "acme")
        yield installation
    finally:
        installation.stop()


@pytest.fixture
def sender(uptick, request):
    key = uptick.manage(
        *("create_api_key", "--workspace", "acme", "--name", request.node.name),
        "--quiet",
    )
    return Sender(uptick, request.node.name, key)


@pytest.fixture
def postgres(uptick):
    return Engine(uptick.directory / "postgres", "postgres", signal.SIGQUIT)


@pytest.fixture
def broker(uptick):
    return Engine(uptick.directory / "redis", "redis-server", signal.SIGKILL)


@pytest.fixture
def database(uptick):
    """A connection of our own, to look at what the digest is doing."""
    home = uptick.directory / "postgres"
    with psycopg.connect(
        host=str(home), dbname="uptick", user="uptick", autocommit=True
    ) as connection:
        yield connection
