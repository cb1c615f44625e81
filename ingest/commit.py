"""The accept path's way to the database: one connection a process, shared commits.

A request that finds no commit under way makes one, for itself and for all that wait;
those that arrive meanwhile wait for the next. So a lone request pays nothing for the
company, and a crowd shares the price of the disk. There is no extra thread. Figures:
docs/decisions, "group commit".
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
import structlog
from django.db import Error as DatabaseError
from django.db import connection
from psycopg import errors

from ingest.line import Line, LineBroken, Unreachable
from ingest.prepared import Prepared

ACCEPT_GROUP = Prepared("accept_group")
ACCEPT_OPEN = Prepared("accept_open")
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
    """Something that needs the committer's connection to itself for a moment."""

    def __init__(self, work: Callable[[Line], None] | None = None) -> None:
        self.work = work
        self.error: Exception | None = None
        self.is_settled = False
        # Released when the job is settled, or when its thread is to lead.
        self.turn: threading.Lock | None = None

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
    """Gathers concurrent entries into common commits, on one connection."""

    def __init__(self, line: Line | None = None) -> None:
        self.line = line or Line()
        self._guard = threading.Lock()
        self._waiting: list[Job] = []
        self._has_leader = False

    def run(self, job: Job) -> None:
        """Settle the job: stored and committed when this returns.

        Raises:
            StoreUnavailable: it is not known to be stored.
        """
        with self._guard:
            self._waiting.append(job)
            leads = not self._has_leader
            self._has_leader = True
            if not leads:
                job.turn = threading.Lock()
                job.turn.acquire()
        if job.turn is not None:
            job.turn.acquire()
        if not job.is_settled:
            self._lead()
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        """Let go of the connection; the next job makes a new one."""
        self.run(Job(lambda line: line.close()))

    def _lead(self) -> None:
        """Settle the first of those who wait, our own among them; name a successor."""
        with self._guard:
            group = self._take()
        try:
            self._settle(group)
        finally:
            with self._guard:
                if any(isinstance(_cause(job), Unreachable) for job in group):
                    # Who came meanwhile has waited for the same attempt; one more
                    # each would keep the last of them waiting for minutes.
                    late, self._waiting = self._waiting, []
                    _fail(late, _cause(group[-1]))
                    group += late
                successor = self._waiting[0] if self._waiting else None
                self._has_leader = successor is not None
            # The successor first: its commit can start while the others answer.
            for job in (successor, *group):
                if job is not None and job.turn is not None:
                    job.turn.release()

    def _take(self) -> list[Job]:
        """Take from the queue what fits into one commit, and at least one job."""
        size = 0
        for place, job in enumerate(self._waiting):
            size += job.size
            if place and (size > GROUP_BYTES or place >= GROUP_REQUESTS):
                break
        else:
            place = len(self._waiting)
        group, self._waiting = self._waiting[:place], self._waiting[place:]
        return group

    def _settle(self, group: list[Job]) -> None:
        try:
            for kind in (Entry, OpenEntry):
                entries = [
                    job for job in group if isinstance(job, kind) and not job.is_settled
                ]
                if entries and not self._keep(entries):
                    # Another attempt would only keep the rest of them waiting.
                    _fail(
                        [job for job in group if not job.is_settled],
                        _cause(entries[-1]),
                    )
            for job in group:
                if job.work is not None and not job.is_settled:
                    self._try(job, job.work, group)
        finally:
            # Whatever happened, nobody waits for ever and nobody is told "stored".
            for job in group:
                if not job.is_settled:
                    _fail([job], None)

    def _keep(self, entries: Sequence[Entry | OpenEntry]) -> bool:
        """Store entries in one commit, or one by one when they fail together.

        So an entry that the database refuses does not take its neighbours with it.
        All are of one kind. False when the database cannot be reached at all.
        """
        error = self._store(entries)
        if error is None:
            return True
        if isinstance(error, STALE):
            self.line.close()
        elif len(entries) == 1 or _is_temporary(error):
            _fail(entries, error)
            return not isinstance(error, Unreachable)
        for entry in entries:
            error = self._store([entry])
            if error is not None:
                _fail([entry], error)
        return True

    def _store(self, entries: Sequence[Entry | OpenEntry]) -> Exception | None:
        keyed = [entry for entry in entries if isinstance(entry, Entry)]
        rows = [
            row
            for entry in entries
            if isinstance(entry, OpenEntry)
            for row in entry.rows
        ]
        try:
            if rows:
                self.line.run(ACCEPT_OPEN, open_values(rows))
            if keyed:
                for (place,) in self.line.run(ACCEPT_GROUP, group_values(keyed)):
                    keyed[place - 1].is_kept = True
        except (LineBroken, psycopg.Error) as error:
            return error
        for entry in entries:
            entry.is_settled = True
        return None

    def _try(
        self, job: Job, work: Callable[[Line], None], group: Sequence[Job]
    ) -> None:
        try:
            work(self.line)
        except Unreachable as error:
            _fail([each for each in group if not each.is_settled], error)
        except (LineBroken, psycopg.Error) as error:
            if isinstance(error, STALE):
                self.line.close()
            _fail([job], error)
        else:
            job.is_settled = True


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
