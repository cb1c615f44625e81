"""Starts what is measured: the engines, and the web server exactly as `run` does."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from config.management.commands import run

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 15.0


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def environment(**more: str) -> dict[str, str]:
    """Return what `run` gives its programs, and more."""
    return {**run.environment(), "LOG_LEVEL": "WARNING", **more}


@contextlib.contextmanager
def web(*, settings: str, path: str) -> Iterator[int]:
    """Serve with these settings until the block ends; yield the port."""
    port = free_port()
    server = subprocess.Popen(
        run.web_command("127.0.0.1", port),
        cwd=ROOT,
        env=environment(DJANGO_SETTINGS_MODULE=settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(server, port, path)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(server: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    """Return when the server answers anything at all.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        client = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", path)
            client.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            client.close()
    message = f"The web server does not answer on port {port}"
    raise RuntimeError(message)
