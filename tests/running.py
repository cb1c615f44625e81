"""A whole Uptick, started as an operator starts it, in a directory of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What a test's own settings must not lend to the installation it starts.
NOT_PASSED_ON = (
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "LOG_LEVEL",
    "REDIS_URL",
    "UPTICK_POSTGRES_FSYNC",
    "UPTICK_TEST_RUN",
)


def _ports_of_this_worker() -> Iterator[int]:
    """Ports below those that the system gives out, different for each worker.

    A port that the system finds free may be taken by another worker's server before
    ours has started, which then talks to that one.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + 1_000 * (worker % 12)
    return cycle(range(first, first + 1_000))


_ports = _ports_of_this_worker()


def free_port() -> int:
    for port in _ports:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError


def wait_until(
    what: str, ready: Callable[[], object], *, seconds: float = 30, pause: float = 0.1
) -> object:
    """Return the first true answer of ``ready``; fail with ``what`` after a time."""
    until = time.monotonic() + seconds
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() > until:
            message = f"not within {seconds:.0f} s: {what}"
            raise AssertionError(message)
        time.sleep(pause)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


@dataclass
class Uptick:
    """One installation: started and stopped as often as a test wants."""

    directory: Path
    demo: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in NOT_PASSED_ON}
        return {
            **kept,
            "UPTICK_DATA_DIR": str(self.directory),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DEMO": "1" if self.demo else "0",
            **self.settings,
        }

    @property
    def log(self) -> str:
        return (self.directory / "run.log").read_text(errors="replace")

    def start(self, *, seconds: float = 120) -> None:
        with (self.directory / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until("ready", self.is_ready, seconds=seconds)

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        with contextlib.suppress(OSError):
            return self.get("/health/ready").status == 200
        return False

    def stop(self) -> int:
        """Press Ctrl-C and wait; return the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        finally:
            self.process = None

    def get(self, path: str) -> Answer:
        return self.request(urllib.request.Request(self.address + path))

    def post(self, path: str, body: object, **headers: str) -> Answer:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.address + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **names},
        )
        return self.request(request)

    def request(self, request: urllib.request.Request) -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def manage(self, *arguments: str) -> str:
        """Run a command as an operator would in a second terminal."""
        return self._run("manage.py", *arguments)

    def inside(self, script: str, *arguments: object) -> str:
        """Run one of tests/inside/ in this installation; return what it prints."""
        return self._run("-m", f"tests.inside.{script}", *map(str, arguments))

    def _run(self, *arguments: str) -> str:
        answer = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stderr + answer.stdout
        return answer.stdout.strip()

    def processes(self) -> dict[int, str]:
        """Return the command line of every process below the supervisor."""
        assert self.process is not None
        return dict(descendants(self.process.pid))


def descendants(parent: int) -> Iterator[tuple[int, str]]:
    """Yield pid and command line of children and their children."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in (task / "children").read_text().split():
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                yield int(child), b" ".join(words).decode(errors="replace").strip()
                yield from descendants(int(child))
