"""A lease on an embedded server: it runs while anybody holds one.

The first holder starts the server through a keeper process, later ones attach, and
the keeper stops it after the last. Locks on files carry all of it, so a holder that is
killed lets go like any other, and nobody pulls a server from under somebody else.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from config.engines import keeper
from config.engines.errors import EngineError
from config.engines.paths import make_data_dir

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Server:
    """What a lease must know about one kind of server.

    ``prepare`` makes the directory ready and says how to start; ``answers`` tells
    whether the server takes connections right now.
    """

    name: str
    title: str
    prepare: Callable[[Path], keeper.Spec]
    answers: Callable[[], bool]


class Lease:
    """The right to a running server, from ``acquire`` to ``release``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.users = -1
        self.pid = -1

    def __enter__(self) -> Self:
        """Acquire on entry."""
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release on exit and wait for the server to go, if nobody else uses it."""
        self.release()

    def acquire(self) -> Self:
        """Return with the server running, started by us or found.

        Raises:
            EngineError: it cannot be started; the message says why.
        """
        self.users = _open_lock(self._lock_path("users"))
        self.pid = os.getpid()
        try:
            # Waits only while a keeper is shutting its server down.
            fcntl.flock(self.users, fcntl.LOCK_SH)
            if not self.server.answers():
                self._start()
        except BaseException:
            self.release()
            raise
        return self

    def revive(self) -> bool:
        """Start the server again if its keeper was killed; return whether it was.

        A keeper restarts its server, but nobody restarts a keeper. Who holds a lease
        for long asks now and then.
        """
        lock = _open_lock(self._lock_path("keeper"))
        gone = _try_lock(lock, fcntl.LOCK_EX)
        os.close(lock)
        if gone:
            self._start()
        return gone

    def release(self) -> bool:
        """Let go; return whether the server has stopped (others may still use it)."""
        if self.users < 0:
            return True
        # Closing rather than unlocking: a fork of this process may share the lock.
        os.close(self.users)
        self.users = -1
        return self.pid == os.getpid() and self._wait_for_keeper()

    def _start(self) -> None:
        """Start a keeper, or wait for one whose server is coming back from a crash.

        There is no limit on the wait, as recovery takes what it takes, but it is not
        silent.
        """
        started = False
        next_word = time.monotonic() + PATIENCE_SECONDS
        with _locked(self._lock_path("start")):
            while not self.server.answers():
                lock = _open_lock(self._lock_path("keeper"))
                try:
                    if _try_lock(lock, fcntl.LOCK_EX):
                        if started:
                            raise EngineError(
                                f"{self.server.title} did not start: "
                                f"{self._last_words()}"
                            )
                        self._start_keeper(lock)
                        started = True
                finally:
                    os.close(lock)
                if time.monotonic() > next_word:
                    print(
                        f"Waiting for {self.server.title} (log: {self._log_path()})",
                        file=sys.stderr,
                    )
                    next_word += PATIENCE_SECONDS
                time.sleep(POLL_SECONDS)

    def _start_keeper(self, lock: int) -> None:
        """Start the keeper, which inherits its own lock already held."""
        try:
            spec = self.server.prepare(self._log_path())
        except OSError as error:
            raise EngineError(f"{self.server.title} did not start: {error}") from error
        spec["users"] = str(self._lock_path("users"))
        subprocess.run(
            [sys.executable, "-I", "-S", keeper.__file__],
            cwd="/",
            input=json.dumps(spec).encode() + b"\n",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            check=True,
        )

    def _wait_for_keeper(self) -> bool:
        """Wait while the keeper shuts the server down; return whether it did."""
        users = _open_lock(self._lock_path("users"))
        lock = _open_lock(self._lock_path("keeper"))
        try:
            while not _try_lock(lock, fcntl.LOCK_EX):
                if not _try_lock(users, fcntl.LOCK_EX):
                    # Either the keeper holds it exclusively, and is stopping, or
                    # other users share it.
                    if _try_lock(users, fcntl.LOCK_SH):
                        return False
                else:
                    fcntl.flock(users, fcntl.LOCK_UN)
                time.sleep(POLL_SECONDS)
        finally:
            os.close(users)
            os.close(lock)
        return True

    def _lock_path(self, what: str) -> Path:
        return make_data_dir("run") / f"{self.server.name}.{what}"

    def _log_path(self) -> Path:
        return make_data_dir("logs") / f"{self.server.name}.log"

    def _last_words(self) -> str:
        """Return the line of the log that says why, or where to look."""
        with contextlib.suppress(OSError):
            lines = self._log_path().read_text(errors="replace").splitlines()[-30:]
            for line in reversed(lines):
                if "FATAL:" in line or "PANIC:" in line:
                    return line.split(": ", 1)[-1].strip()
            if lines:
                return lines[-1].strip()
        return f"see {self._log_path()}"


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        raise EngineError(
            f"{path} belongs to another account: run as that one, or set "
            "UPTICK_DATA_DIR"
        ) from None


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
