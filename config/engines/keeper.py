"""Runs one server for as long as somebody holds a lease on it, and not longer.

Started as a script by ``lease.py`` and limited to the standard library: it stays
small beside the application and never loads Django. What to run arrives as JSON on
standard input; what it learns goes to the server's log.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG = 1
# A server that gives up sooner than this at its very first start has a fault that a
# restart would only repeat. One that was killed has not given up.
FIRST_START_SECONDS = 5.0
LONGEST_PAUSE = 30.0
# A shutdown writes out what is dirty in memory; past this it is cut short and the
# next start recovers.
STOP_SECONDS = 60.0


class Spec(TypedDict):
    """One server: how to start it, as whom, and which file its users lock."""

    argv: list[str]
    cwd: str
    env: dict[str, str]
    user: int | None
    group: int | None
    stop_signal: int
    log: str
    users: str


def die_with_parent(signum: int) -> Callable[[], None]:
    """Return a pre-exec hook that has the kernel send ``signum`` when we die.

    Only the death of the *thread* that starts the child counts, so start children
    from the main thread. Does nothing outside Linux.
    """
    if sys.platform != "linux":
        return lambda: None
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def hook() -> None:
        prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os._exit(1)  # The parent died between fork and prctl.

    return hook


class Keeper:
    """Starts the server again when it falls; stops it when nobody uses it."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.child: subprocess.Popen[bytes] | None = None
        self.stopping = threading.Event()
        # Re-entrant, because a signal handler may run while the main thread holds it.
        self.guard = threading.RLock()

    def run(self) -> int:
        """Keep the server up until it is told to stop; return the exit status."""
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, lambda *_: self.stop())
        threading.Thread(target=self.stop_when_unused, daemon=True).start()
        pause = 0.0
        first = True
        while not self.stopping.wait(pause):
            started = time.monotonic()
            child = self.start()
            if child is None:
                break
            child.wait()
            lived = time.monotonic() - started
            gave_up = child.returncode > 0 and not self.stopping.is_set()
            if first and gave_up and lived < FIRST_START_SECONDS:
                return 1
            first = False
            longer = min(pause * 2 + 0.5, LONGEST_PAUSE)
            pause = 0.5 if lived > LONGEST_PAUSE else longer
        return 0

    def start(self) -> "subprocess.Popen[bytes] | None":
        """Start the server, unless a stop came first."""
        with self.guard, Path(self.spec["log"]).open("ab") as log:
            if self.stopping.is_set():
                return None
            self.child = subprocess.Popen(
                self.spec["argv"],
                cwd=self.spec["cwd"],
                env=self.spec["env"],
                user=self.spec["user"],
                group=self.spec["group"],
                extra_groups=None if self.spec["user"] is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Safe beside our one other thread, which sits in flock.
                preexec_fn=die_with_parent(self.spec["stop_signal"]),  # noqa: PLW1509
            )
            return self.child

    def stop(self) -> None:
        """Ask the server to end; cut it short when it does not."""
        with self.guard:
            self.stopping.set()
            if self.child is None or self.child.returncode is not None:
                return
            self.child.send_signal(self.spec["stop_signal"])
            last_resort = threading.Timer(
                STOP_SECONDS, self.child.send_signal, [signal.SIGQUIT]
            )
            last_resort.daemon = True
            last_resort.start()

    def stop_when_unused(self) -> None:
        """Wait for the exclusive lock, which comes when the last user has gone.

        It is held until this process ends: newcomers wait for it and then start a
        server of their own instead of connecting to one on its way down.
        """
        descriptor = os.open(self.spec["users"], os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self.stop()


def main() -> int:
    """Read the specification and keep that server."""
    spec: Spec = json.loads(sys.stdin.readline())
    if os.fork():
        return 0  # Whoever started us has nobody to wait for.
    os.setsid()  # Ctrl-C in their terminal is not for us.
    return Keeper(spec).run()


if __name__ == "__main__":
    sys.exit(main())
