"""The accept path's way to the database: few connections, shared commits.

A request that finds a connection free commits at once, for itself and for all that
wait; those that find none wait for the next. So a lone request pays nothing for the
company, and a crowd shares the price of the disk. There is no extra thread. Figures:
docs/decisions, "group commit".
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import psycopg
import structlog
from django.db import Error as DatabaseError
from django.db import connection
from psycopg import errors

from ingest.line import Line, LineBroken, Unreachable
from ingest.prepared import Prepared

ACCEPT_GROUP = Prepared("accept_group")
ACCEPT_OPEN = Prepared("accept_open")
# Connections of a process. While one waits for the disk, the next commit forms, and
# does not wait for it once this many requests have gathered.
LINES = 4
GOOD_GROUP = 6
GROUP_REQUESTS = 200
GROUP_BYTES = 4 * 1024 * 1024
# A statement prepared before a migration may no longer fit; on a new connection it
# does. Nothing was executed.
STALE = (errors.FeatureNotSupported, errors.InvalidSqlStatementName)
# Classes of SQLSTATE: connection, resources, operator's intervention, system.
TEMPORARY_CLASSES = frozenset({"08", "53", "57", "58"})
READ_ONLY = "25006"

log = structlog.get_logger(__name__)


class StoreUnavailable(Exception):  # noqa: N818 (an outcome, named like one)
    """The event is not known to be stored, so it must not be acknowledged."""


class Job:
    """Something that needs a connection to itself for a moment."""

    def __init__(self, work: Callable[[Line], None] | None = None) -> None:
        self.work = work
        self.error: Exception | None = None
        self.is_settled = False
        # Released when the job is settled, or when its thread is handed a line.
        self.turn: threading.Lock | None = None
        self.line: Line | None = None

    @property
    def size(self) -> int:
        """Bytes that it adds to a common commit."""
        return 0


class Entry(Job):
    """One request's row on its way into the inbox, fit to share a commit."""

    def __init__(
        self,
        *,
        key_id: int,
        version: int,
        dialect: str,
        event_count: int,
        payload: bytes,
    ) -> None:
        super().__init__()
        self.key_id = key_id
        self.version = version
        self.dialect = dialect
        self.event_count = event_count
        self.payload = payload
        # Whether the API key was still good in the moment of the commit.
        self.is_kept = False

    @property
    def size(self) -> int:
        """Bytes that it adds to a common commit."""
        return len(self.payload)


class OpenRow(NamedTuple):
    """A row for the inbox that no API key stands behind."""

    # None where nobody has the app that sent it.
    workspace_id: int | None
    dialect: str
    event_count: int
    payload: bytes


class OpenEntry(Job):
    """One keyless request's rows, which may belong to several workspaces."""

    def __init__(self, rows: Sequence[OpenRow]) -> None:
        super().__init__()
        self.rows = rows

    @property
    def size(self) -> int:
        """Bytes that it adds to a common commit."""
        return sum(len(row.payload) for row in self.rows)


AnyEntry = TypeVar("AnyEntry", Entry, OpenEntry)


def group_values(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    """Return the parameters of `ACCEPT_GROUP`."""
    return {
        "key_ids": [entry.key_id for entry in entries],
        "versions": [entry.version for entry in entries],
        "dialects": [entry.dialect for entry in entries],
        "event_counts": [entry.event_count for entry in entries],
        "payloads": [entry.payload for entry in entries],
    }


def open_values(rows: Sequence[OpenRow]) -> dict[str, list[Any]]:
    """Return the parameters of `ACCEPT_OPEN`."""
    return {
        # No workspace has the number 0.
        "workspace_ids": [row.workspace_id or 0 for row in rows],
        "dialects": [row.dialect for row in rows],
        "event_counts": [row.event_count for row in rows],
        "payloads": [row.payload for row in rows],
    }


class Committer:
    """Gathers concurrent entries into common commits, on a few connections."""

    def __init__(self, lines: int = LINES) -> None:
        self._guard = threading.Lock()
        self._waiting: list[Job] = []
        self._lines = lines
        # Lines that nobody uses; those that were used last are used first.
        self._free = [Line() for _ in range(lines)]

    def run(self, job: Job) -> None:
        """Settle the job: stored and committed when this returns.

        Raises:
            StoreUnavailable: it is not known to be stored.
        """
        with self._guard:
            if self._free and self._is_worth_a_line(job):
                job.line = self._free.pop()
            else:
                job.turn = threading.Lock()
                job.turn.acquire()
                self._waiting.append(job)
        if job.turn is not None:
            job.turn.acquire()
        if job.line is not None:
            self._lead(job, job.line)
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        """Let go of the connections that nobody uses now; they are made anew."""
        with self._guard:
            for line in self._free:
                line.close()

    def _is_worth_a_line(self, job: Job) -> bool:
        """Say whether to go at once, or to join the next commit of those under way.

        Each commit costs the same whatever its size: so the first goes alone, and a
        further line is opened only for a group that is worth it.
        """
        return (
            job.work is not None
            or len(self._free) == self._lines
            or len(self._waiting) + 1 >= GOOD_GROUP
        )

    def _lead(self, leader: Job, line: Line) -> None:
        """Settle a job and those who wait, then hand the line on or lay it down."""
        with self._guard:
            group = [leader, *self._company_of(leader)]
        try:
            self._settle(group, line)
        finally:
            with self._guard:
                if isinstance(_cause(leader), Unreachable):
                    # Who came meanwhile has waited for the same attempt; one more
                    # each would keep the last of them waiting for minutes.
                    late, self._waiting = self._waiting, []
                    _fail(late, _cause(leader))
                    group += late
                if self._waiting:
                    successor = self._waiting.pop(0)
                    successor.line = line
                    # The successor first: its commit starts while the others answer.
                    group.insert(0, successor)
                else:
                    self._free.append(line)
            for job in group:
                if job is not leader and job.turn is not None:
                    job.turn.release()

    def _company_of(self, leader: Job) -> list[Job]:
        """Take from the queue the entries that fit into one commit with this one.

        One commit is one statement, so they are all of the leader's kind.
        """
        if not isinstance(leader, Entry | OpenEntry):
            return []
        company: list[Job] = []
        size = leader.size
        for job in self._waiting:
            if type(job) is not type(leader):
                continue
            size += job.size
            if size > GROUP_BYTES or len(company) + 1 >= GROUP_REQUESTS:
                break
            company.append(job)
        if company:
            taken = set(company)
            self._waiting = [job for job in self._waiting if job not in taken]
        return company

    def _settle(self, group: list[Job], line: Line) -> None:
        leader = group[0]
        try:
            if isinstance(leader, Entry):
                entries = [job for job in group if isinstance(job, Entry)]
                self._keep(entries, _store, line)
            elif isinstance(leader, OpenEntry):
                opened = [job for job in group if isinstance(job, OpenEntry)]
                self._keep(opened, _store_open, line)
            elif leader.work is not None:
                self._try(leader, leader.work, line)
        finally:
            # Whatever happened, nobody waits for ever and nobody is told "stored".
            _fail([job for job in group if not job.is_settled], None)

    def _keep(
        self,
        entries: Sequence[AnyEntry],
        store: Callable[[Sequence[AnyEntry], Line], None],
        line: Line,
    ) -> None:
        """Store entries in one commit, or one by one when they fail together.

        So an entry that the database refuses does not take its neighbours with it.
        """
        error = _stored(entries, store, line)
        if error is None:
            return
        if isinstance(error, STALE):
            line.close()
        elif len(entries) == 1 or _is_temporary(error):
            _fail(entries, error)
            return
        for entry in entries:
            error = _stored([entry], store, line)
            if error is not None:
                _fail([entry], error)

    def _try(self, job: Job, work: Callable[[Line], None], line: Line) -> None:
        try:
            work(line)
        except (LineBroken, psycopg.Error) as error:
            if isinstance(error, STALE):
                line.close()
            _fail([job], error)
        else:
            job.is_settled = True


def _stored(
    entries: Sequence[AnyEntry],
    store: Callable[[Sequence[AnyEntry], Line], None],
    line: Line,
) -> Exception | None:
    """Store entries in one statement and settle them, or say what went wrong."""
    try:
        store(entries, line)
    except (LineBroken, psycopg.Error) as error:
        return error
    for entry in entries:
        entry.is_settled = True
    return None


def _store(entries: Sequence[Entry], line: Line) -> None:
    for (place,) in line.run(ACCEPT_GROUP, group_values(entries)):
        entries[place - 1].is_kept = True


def _store_open(entries: Sequence[OpenEntry], line: Line) -> None:
    line.run(ACCEPT_OPEN, open_values([row for entry in entries for row in entry.rows]))


_committer = Committer()


def keep(entry: Entry) -> bool:
    """Store the entry, committed, if its API key is still good; say whether it was.

    Inside a transaction of the caller the row belongs to that transaction instead.

    Raises:
        StoreUnavailable: it is not known to be stored.
    """
    if connection.in_atomic_block:
        rows = _ask_in_transaction(ACCEPT_GROUP, group_values([entry]))
        entry.is_kept = bool(rows)
    else:
        _committer.run(entry)
    return entry.is_kept


def keep_open(rows: Sequence[OpenRow]) -> None:
    """Store the rows of one keyless request, committed, in one statement.

    Inside a transaction of the caller they belong to that transaction instead.

    Raises:
        StoreUnavailable: they are not known to be stored.
    """
    if connection.in_atomic_block:
        _ask_in_transaction(ACCEPT_OPEN, open_values(rows))
    else:
        _committer.run(OpenEntry(rows))


def ask(prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement of the accept path, committed, and return its rows.

    Inside a transaction of the caller it belongs to that transaction instead.

    Raises:
        StoreUnavailable: it is not known to have run.
    """
    if connection.in_atomic_block:
        return _ask_in_transaction(prepared, values)
    rows: list[tuple[Any, ...]] = []
    _committer.run(Job(lambda line: rows.extend(line.run(prepared, values))))
    return rows


def close() -> None:
    """Let go of the connection; the next request makes a new one."""
    _committer.close()


def _ask_in_transaction(
    prepared: Prepared, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(prepared.sql, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    except DatabaseError as error:
        raise StoreUnavailable(str(error)) from error


def _renew() -> None:
    # A socket and a lock shared with the parent process would be nobody's.
    global _committer  # noqa: PLW0603 (one per process is the point)
    _committer = Committer()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def _is_temporary(error: Exception) -> bool:
    """Say whether every other entry would fail in the same way just now."""
    state = getattr(error, "sqlstate", None) or ""
    return (
        isinstance(error, LineBroken)
        or state[:2] in TEMPORARY_CLASSES
        or state == READ_ONLY
    )


def _cause(job: Job) -> BaseException | None:
    return None if job.error is None else job.error.__cause__


def _fail(jobs: Sequence[Job], cause: BaseException | None) -> None:
    if not jobs:
        return
    log.warning("inbox_unavailable", requests=len(jobs), cause=str(cause))
    for job in jobs:
        # One exception each: every thread adds its own traceback.
        job.error = StoreUnavailable(str(cause))
        job.error.__cause__ = cause
        job.is_settled = True
