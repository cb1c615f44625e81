"""The one command, run for real: what a newcomer sees and what must not be left."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from config import startup, welcome
from config.engines.processes import exists
from tests.config.conftest import servers, wait_until
from tests.engines import REPOSITORY


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def everything(start, home, port):
    """`manage.py run` on an empty database, when it has said that it is ready."""
    process = start("manage.py", "run", "--no-demo", "--port", str(port))
    output = []
    for line in iter(process.stdout.readline, ""):
        output.append(line)
        if "Ctrl-C stops" in line:
            break
    process.output = "".join(output)
    assert "Uptick is ready" in process.output, process.output
    yield process
    process.terminate()
    process.communicate(timeout=20)


def programs(home: Path) -> list[int]:
    """Every process that was given this data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"UPTICK_DATA_DIR={home}".encode() in environment.split(b"\0"):
                found.append(int(entry.name))
    return found


def get(port: int, path: str) -> tuple[int, str]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()


def named(home: Path, word: str) -> list[int]:
    return [
        pid
        for pid in programs(home)
        if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]


def is_keeper(pid: int) -> bool:
    return b"keeper.py" in Path(f"/proc/{pid}/cmdline").read_bytes()


def pss_megabytes(pids: list[int]) -> float:
    """Memory with shared pages divided among their users."""
    total = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)[1])
    return total / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
class TestEverything:
    def test_it_answers_within_its_memory_and_leaves_room_for_commands(
        self, everything, home, port
    ):
        assert get(port, "/health/live")[0] == 200
        assert get(port, "/health/ready")[0] == 200
        assert f"http://127.0.0.1:{port}/" in everything.output
        assert "create_user EMAIL" in everything.output
        parts = named(home, "granian") + named(home, "celery")
        assert len(parts) >= 7
        assert pss_megabytes(parts) < 500

        beside = manage("migrate", "--check")
        assert beside.returncode == 0, beside.stderr
        second = manage("run", "--port", str(port + 1))
        assert second.returncode == 1
        assert f"already runs from this directory, on http://127.0.0.1:{port}" in (
            second.stderr
        )
        assert second.stderr.count("\n") == 1

    @pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
    def test_it_stops_cleanly_and_leaves_nothing(self, everything, home, signum):
        everything.send_signal(signum)
        rest, _ = everything.communicate(timeout=10)
        assert rest.endswith("Stopped.\n"), rest
        assert everything.returncode == 0
        assert programs(home) == []
        assert servers(home) == []

    def test_a_killed_supervisor_leaves_nothing(self, everything, home):
        everything.kill()
        wait_until(lambda: not programs(home) and not servers(home))

    def test_an_engine_whose_keeper_was_killed_comes_back(self, everything, home, port):
        for keeper in [pid for pid in programs(home) if is_keeper(pid)]:
            os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: get(port, "/health/ready")[0] != 200)
        wait_until(lambda: get(port, "/health/ready")[0] == 200)
        wait_until(lambda: len(servers(home)) > 1)

    def test_a_killed_worker_is_replaced(self, everything, home):
        worker = min(named(home, "worker"))
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not exists(worker) and len(named(home, "worker")) >= 3)


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_taken_port_is_one_line_and_starts_nothing(home, port):
    with socket.create_server(("127.0.0.1", port)):
        done = manage("run", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken. Choose another: PORT={port + 1}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (home / "postgres").exists()


@pytest.mark.parametrize(
    ("host", "port"),
    [("192.0.2.1", 8000), ("no such name", 8000), ("127.0.0.1", 99999)],
)
def test_an_impossible_address_is_refused(host, port):
    with pytest.raises(CommandError, match=f"HOST={host}|PORT={port}"):
        startup.check_address(host, port)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("uptick.example", "http://uptick.example:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_address_shown_can_be_opened(host, expected):
    assert welcome.address(host, 8000) == expected


def test_the_example_is_a_command_that_a_shell_takes():
    command = welcome.example("http://127.0.0.1:8000", "up_live_it's")
    script = 'curl() { printf "%s\\n" "$@"; }\n' + command
    said = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("--location\nhttp://127.0.0.1:8000/api/product/usage\n")
    assert "\nX-API-KEY: up_live_it's\n" in said
    assert '"activity_type": "LOGIN_ACTIVITY"' in said
