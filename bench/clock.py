"""Measures work twice: the time it took, and the time that processors worked on it.

The latter is what this process and its database backend ran, one after the other: what
it takes on a machine that has nothing else to do and all it needs in memory.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the wall and seconds of work; memory of both processes at most."""

    wall: float
    work: float
    mib: float = 0.0


class Clock:
    """Times what this thread does through the default connection, while it lasts."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        self._backend = Path(f"/proc/{pid}")

    def time(self, work: Callable[[], object]) -> Took:
        """Do it once."""
        began, worked = time.perf_counter(), self._worked()
        work()
        return Took(time.perf_counter() - began, self._worked() - worked)

    def time_long(self, work: Callable[[], object]) -> Took:
        """Do it once, and watch the memory: of what takes seconds and more."""
        most = [0.0]
        with self._watching(most):
            took = self.time(work)
        return Took(took.wall, took.work, most[0])

    def _worked(self) -> float:
        """Return the seconds that both have run so far."""
        stat = (self._backend / "schedstat").read_text(encoding="utf-8")
        running, *_ = stat.split()
        return time.process_time() + int(running) / 1e9

    @contextmanager
    def _watching(self, most: list[float]) -> Iterator[None]:
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                most[0] = max(most[0], self._mib())

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _mib(self) -> float:
        """Return what is in memory of both without what many processes share."""
        kib = 0
        for process in (Path("/proc/self"), self._backend):
            for line in (process / "status").read_text(encoding="utf-8").splitlines():
                if line.startswith("RssAnon:"):
                    kib += int(line.split()[1])
        return kib / 1024
