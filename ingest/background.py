"""Small loops beside the requests of a web process: hints and counters.

They run only where `enable` was called, which the WSGI module does. A command or a
test flushes by hand instead, so nothing writes behind its back.
"""

import atexit
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Loop:
    """Calls ``work`` soon after `wake`, and never more often than every ``pause`` s.

    A wake while the work runs is not lost: it runs once more. An error is logged, at
    most once a minute, and the next wake tries again.
    """

    LOG_SECONDS = 60.0

    def __init__(self, name: str, work: Callable[[], None], *, pause: float) -> None:
        self.name = name
        self.work = work
        self.pause = pause
        self.is_enabled = False
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._quiet_until = 0.0

    def wake(self) -> None:
        """Say that there is work; costs next to nothing when that is known."""
        if self._wanted.is_set():
            return
        self._wanted.set()
        if self.is_enabled and (self._thread is None or not self._thread.is_alive()):
            # Also after a fork, which takes no threads along.
            self._start()

    def flush(self) -> None:
        """Do the work now, in this thread, if any is waiting."""
        if self._wanted.is_set():
            self._wanted.clear()
            self.work()

    def _start(self) -> None:
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name=self.name, daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._attempt()
            time.sleep(self.pause)

    def _attempt(self) -> None:
        try:
            self.flush()
        except Exception as error:  # noqa: BLE001 (the loop must outlive any error)
            if time.monotonic() > self._quiet_until:
                self._quiet_until = time.monotonic() + self.LOG_SECONDS
                log.warning("background_failed", loop=self.name, cause=str(error))


_loops: list[Loop] = []


def loop(name: str, work: Callable[[], None], *, pause: float) -> Loop:
    """Make a loop that `enable` and `flush_all` know."""
    made = Loop(name, work, pause=pause)
    _loops.append(made)
    return made


def enable() -> None:
    """Let loops run in this process, and do what is left when it ends."""
    for each in _loops:
        each.is_enabled = True
    atexit.register(flush_all)


def flush_all() -> None:
    """Do all waiting work now; what fails is logged and left."""
    for each in _loops:
        each._attempt()  # noqa: SLF001 (the module and its class are one)
