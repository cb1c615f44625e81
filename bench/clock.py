"""Measures work twice: the time it took, and the time that processors worked on it.

The latter is what this process and its database backend ran, one after the other: what
it takes on a machine that has nothing else to do and all it needs in memory.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the wall and seconds of work."""

    wall: float
    work: float


class Clock:
    """Times what this thread does through the default connection, while it lasts."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        self._backend = Path(f"/proc/{pid}/schedstat")

    def time(self, work: Callable[[], object]) -> Took:
        """Do it once."""
        began, worked = time.perf_counter(), self._worked()
        work()
        return Took(time.perf_counter() - began, self._worked() - worked)

    def _worked(self) -> float:
        """Return the seconds that both have run so far."""
        running, *_ = self._backend.read_text(encoding="utf-8").split()
        return time.process_time() + int(running) / 1e9
