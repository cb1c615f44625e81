import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.engines.paths import socket_path
from config.engines.processes import processes_in
from tests.engines import REPOSITORY

OURS = ("UPTICK_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "PYTEST_")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of the test's own, in this process and those it starts."""
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("UPTICK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UPTICK_POSTGRES_FSYNC", "0")
    yield tmp_path
    # The short link that a deep directory got; monkeypatch is undone after us.
    if socket_path().is_symlink():
        socket_path().unlink()


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python programs in the repository; what is left of them is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
    wait_until(lambda: not servers(home))


def servers(home: Path) -> list[int]:
    """The live PostgreSQL and Redis processes on a data directory."""
    found = []
    for name, program in (("postgres", "postgres"), ("redis", "redis-server")):
        if (home / name).exists():
            found += processes_in(home / name, program)
    return found


def wait_until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Fail when the condition does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
