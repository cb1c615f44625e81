"""The greatest load that everything keeps up with: web server, digest and scoring.

A server that accepts more than its workers digest is fast for a while only. A rate is
steady when requests are answered on time and what waits does not grow.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

from accounts.models import Rescored, TouchedDeveloper
from bench.paced import Load, Paced, Plan
from ingest.models import InboxEntry

SECONDS = 30.0
SAMPLE_SECONDS = 0.5
# Not more may wait in the last third of the time than in the one before, but for so
# many seconds of the load: the queues rise and fall with each batch.
SLACK_SECONDS = 0.5
# An answer later than this is of a server that is behind.
LATE_MS = 1000.0
# What share of the closed loop's rate is tried first, and how fast it is lowered.
FIRST, STEP = 0.95, 0.8
LEAST = 20.0
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits: requests, developers to be scored, and scores to be judged."""

    requests: int
    touched: int
    rescored: int

    @classmethod
    def now(cls) -> "Backlog":
        """Count it."""
        return cls(
            InboxEntry.objects.count(),
            TouchedDeveloper.objects.count(),
            Rescored.objects.count(),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be digested or scored; judging rests on purpose."""
        return not (self.requests or self.touched)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a load at one rate."""

    paced: Paced
    backlogs: list[Backlog]
    # Seconds that the workers needed for what was left at the end.
    drained: float

    @property
    def grows(self) -> float:
        """Requests and developers that wait more in the last third than before it."""
        third = max(len(self.backlogs) // 3, 1)
        before, last = self.backlogs[third : 2 * third], self.backlogs[2 * third :]
        return _waiting(last) - _waiting(before)

    def is_steady(self, rate: float) -> bool:
        """Whether everything kept up with the rate."""
        return (
            not self.paced.refused
            and not self.paced.broken
            and self.paced.p99_ms <= LATE_MS
            and self.grows <= SLACK_SECONDS * rate
        )


def find_most(plan_of: Callable[[float], Plan], ceiling: float) -> tuple[float, Trial]:
    """Return the greatest steady rate, within a tenth, and its trial.

    ``plan_of`` makes the plan of a rate; ``ceiling`` is a rate that no load exceeds.

    Raises:
        RuntimeError: not even a trickle is kept up with.
    """
    rate, failed = ceiling * FIRST, ceiling
    while not (trial := attempt(plan_of(rate))).is_steady(rate):
        rate, failed = rate * STEP, rate
        if rate < LEAST:
            message = f"No rate is kept up with: {trial.paced}"
            raise RuntimeError(message)
    between = (rate + failed) / 2
    if failed < ceiling:
        better = attempt(plan_of(between))
        if better.is_steady(between):
            return between, better
    return rate, trial


def attempt(plan: Plan) -> Trial:
    """Send a load, watch what waits, and wait until nothing does."""
    load = Load(plan)
    backlogs = []
    while not load.is_over:
        backlogs.append(Backlog.now())
        time.sleep(SAMPLE_SECONDS)
    ended = time.monotonic()
    trial = Trial(load.result(), backlogs, wait_until_empty() - ended)
    verdict = "steady" if trial.is_steady(plan.rate) else "not steady"
    print(
        f"  {plan.rate:.0f} requests/s: {verdict}; answered {trial.paced.rate:.0f}/s,"
        f" p99 {trial.paced.p99_ms:.0f} ms, waiting {_waiting(backlogs):.0f} and"
        f" {trial.grows:+.0f}, judging {mean(b.rescored for b in backlogs):.0f},"
        f" done {trial.drained:.1f} s later; generator"
        f" {trial.paced.cpu_seconds / trial.paced.seconds:.0%} of a core",
        flush=True,
    )
    return trial


def wait_until_empty() -> float:
    """Return when nothing waits to be digested or scored any longer (monotonic)."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not Backlog.now().is_empty and time.monotonic() < until:
        time.sleep(0.1)
    return time.monotonic()


def _waiting(backlogs: list[Backlog]) -> float:
    return mean(one.requests + one.touched for one in backlogs)
