"""How fast does the inbox become events, beside a bare COPY of the same rows?"""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from accounts.models import Metric, Product, Workspace
from bench.events import COMPANIES, DEVELOPERS, METRICS, PRODUCTS, normalised
from bench.figures import Check, Row, Section, ratio_of
from bench.machine import load_average
from bench.servers import ROOT, environment
from ingest.inbox import accept_without_request
from ingest.models import Event, InboxEntry

COPY_TARGET = 0.20
TWO_WORKERS_TARGET = 1.2
EVENTS_PER_REQUEST = 100
EVENTS = "ingest_event"
TWIN = "bench_event"
CHUNK = 1 << 20


def measure(workspace: Workspace, *, rounds: int, events: int) -> Section:
    """Digest the same amount with one and with two processes, and copy it."""
    section = Section(
        "Digest",
        f"{events:,} events a round, {EVENTS_PER_REQUEST} in a request: a day of "
        f"sessions of {DEVELOPERS:,} developers in {COMPANIES:,} companies. One "
        "transaction drops repeats, finds developers and companies, writes events and "
        "adds up usage. Beside it, a binary COPY of the same rows from memory into a "
        "twin of the event table, with the same partitions and indexes, that grows "
        "alike.",
        load_average=load_average(),
    )
    prepare(workspace)
    one = Row("digest, one worker", "events/s")
    two = Row("digest, two workers", "events/s")
    copies = {1: Row("bare COPY", "rows/s"), 2: Row("bare COPY, again", "rows/s")}
    numbers = itertools.count(0, events)
    with _worker() as first, _worker() as second:
        _fill(workspace, first=next(numbers), count=events)
        _digest([first], events)
        _make_twin()
        _copy(0)
        # One, and none between the rounds: after a checkpoint every page touched is
        # logged whole, which happens every quarter of an hour and not every second.
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        for _ in range(rounds):
            for row, workers in ((one, [first]), (two, [first, second])):
                newest = _newest()
                _fill(workspace, first=next(numbers), count=events)
                row.rounds.append(events / _digest(workers, events))
                copies[len(workers)].rounds.append(events / _copy(newest))
        _fill(workspace, first=next(numbers), count=events)
        section.profile = _profile(first)
    section.rows = [one, two, *copies.values()]
    section.checks = [
        Check("one worker / COPY", ratio_of(one, copies[1]), COPY_TARGET),
        Check("two workers / one worker", ratio_of(two, one), TWO_WORKERS_TARGET),
    ]
    return section


def prepare(workspace: Workspace) -> None:
    """Configure what the events name, so that none lands in quarantine."""
    for key in METRICS:
        Metric.objects.get_or_create(workspace=workspace, key=key)
    for key in PRODUCTS:
        Product.objects.get_or_create(
            workspace=workspace, key=key, defaults={"name": key}
        )


def _fill(workspace: Workspace, *, first: int, count: int) -> None:
    events = normalised(first=first, count=count, seed=first)
    while batch := list(itertools.islice(events, EVENTS_PER_REQUEST)):
        accept_without_request(workspace, "native", batch)


@contextmanager
def _worker() -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.digest_worker"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _hear(process)
        yield process
    finally:
        process.kill()
        process.wait()


def _tell(process: "subprocess.Popen[str]", word: str) -> None:
    if process.stdin is not None:
        process.stdin.write(word + "\n")
        process.stdin.flush()


def _hear(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise RuntimeError("A digest process ended early")
    return line


def _digest(workers: list["subprocess.Popen[str]"], events: int) -> float:
    """Return the seconds from the first start to the last end."""
    before = _count()
    for worker in workers:
        _tell(worker, "go")
    reports = [json.loads(_hear(worker)) for worker in workers]
    if InboxEntry.objects.exists() or _count() - before != events:
        raise RuntimeError("The digest did not count every event once")
    ended = max(report["ended"] for report in reports)
    began = min(report["began"] for report in reports)
    return float(ended - began)


def _profile(worker: "subprocess.Popen[str]") -> list[str]:
    _tell(worker, "profile")
    lines: list[str] = json.loads(_hear(worker))["profile"]
    return lines


def _count() -> int:
    return Event.objects.count()


def _newest() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {EVENTS}")
        return int(cursor.fetchone()[0])


def _make_twin() -> None:
    """Create an empty table with the event table's partitions and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {TWIN} (LIKE {EVENTS} INCLUDING ALL) "
            "PARTITION BY RANGE (occurred_at)"
        )
        cursor.execute(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class c "
            "JOIN pg_inherits i ON i.inhrelid = c.oid WHERE i.inhparent = %s::regclass",
            [EVENTS],
        )
        for number, (_, bounds) in enumerate(cursor.fetchall()):
            cursor.execute(f"CREATE TABLE {TWIN}_{number} PARTITION OF {TWIN} {bounds}")


def _copy(newest: int) -> float:
    """Copy the events after ``newest`` into the twin; return the seconds it took."""
    with connection.cursor() as cursor:
        raw = cursor.cursor
        with raw.copy(
            f"COPY (SELECT * FROM {EVENTS} WHERE id > {newest:d} ORDER BY id) "
            "TO STDOUT (FORMAT binary)"
        ) as out:
            data = b"".join(out)
        began = time.monotonic()
        with raw.copy(f"COPY {TWIN} FROM STDIN (FORMAT binary)") as into:
            for start in range(0, len(data), CHUNK):
                into.write(data[start : start + CHUNK])
        return time.monotonic() - began
