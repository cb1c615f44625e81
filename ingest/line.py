"""One database connection for the accept path, with a deadline on everything.

A driver's ordinary call waits for ever for a server that has stopped answering
without closing its socket; a sender must get its 503 all the same. Not safe for use
by two threads at once.
"""

import select
import time
from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import Error as DjangoDatabaseError
from django.db import connections
from psycopg import pq
from psycopg.errors import error_from_result

from ingest.prepared import Prepared, decode

CONNECT_SECONDS = 3
# Ours is the longer one: a statement that the server has given up on is certainly
# not stored, one that we have given up on may be.
STATEMENT_SECONDS = 10.0
# An acknowledgement means "on disk", whatever the role or the database defaults to.
SETUP = (
    b"SET synchronous_commit = on;"
    b"SET statement_timeout = '8s';"
    b"SET application_name = 'uptick accept'"
)
BINARY = pq.Format.BINARY
READ = select.POLLIN
READ_OR_WRITE = select.POLLIN | select.POLLOUT


class LineBroken(Exception):  # noqa: N818 (a state of the line, for our callers only)
    """The server cannot be reached, is shutting down, or does not answer in time."""


class Unreachable(LineBroken):
    """A new connection could not be made, so nobody else's attempt would do better."""


class Line:
    """Connects when first used, and again after it was broken."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._wire: pq.abc.PGconn | None = None
        self._prepared: set[bytes] = set()

    def run(
        self, statement: Prepared, values: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of its own and return its rows.

        When this returns, the transaction is committed.

        Raises:
            Unreachable: there is no connection, and it was not committed.
            LineBroken: nobody knows whether it was committed.
            psycopg.Error: the server refused it; nothing was committed.
        """
        until = time.monotonic() + STATEMENT_SECONDS
        wire = self._ready_wire()
        if statement.name not in self._prepared:
            wire.send_prepare(statement.name, statement.bare_sql)
            self._result(until)
            self._prepared.add(statement.name)
        parameters = statement.encode(values)
        wire.send_query_prepared(
            statement.name, parameters, [BINARY] * len(parameters), BINARY
        )
        result = self._result(until)
        types = [result.ftype(column) for column in range(result.nfields)]
        return [
            tuple(
                decode(oid, result.get_value(row, column))
                for column, oid in enumerate(types)
            )
            for row in range(result.ntuples)
        ]

    def close(self) -> None:
        """Let go of the connection; the next statement makes a new one."""
        connection, self._connection = self._connection, None
        self._wire = None
        self._prepared.clear()
        if connection is not None:
            connection.close()

    def _ready_wire(self) -> pq.abc.PGconn:
        """Return a connection that was alive a moment ago."""
        if self._wire is not None and not self._is_alive(self._wire):
            self.close()
        if self._wire is None:
            self._connect()
        assert self._wire is not None  # noqa: S101 (for the type checker)
        return self._wire

    def _is_alive(self, wire: pq.abc.PGconn) -> bool:
        """Read what came while the line was idle: a server that stops says goodbye."""
        poll = select.poll()
        poll.register(wire.socket, READ)
        if not poll.poll(0):
            return True
        try:
            wire.consume_input()
        except psycopg.Error:
            return False
        # A second look: after the goodbye comes the end of the stream.
        return not poll.poll(0) and wire.status == pq.ConnStatus.OK

    def _connect(self) -> None:
        # A copy of Django's connection knows the address, also that of a test
        # database, and starts the embedded server where that is what is configured.
        wrapper = connections["default"].copy()
        wrapper.settings_dict["OPTIONS"] = {
            **wrapper.settings_dict["OPTIONS"],
            "connect_timeout": CONNECT_SECONDS,
        }
        try:
            wrapper.connect()
        except (psycopg.Error, DjangoDatabaseError) as error:
            raise Unreachable(str(error)) from error
        self._connection = wrapper.connection
        self._wire = wrapper.connection.pgconn
        self._wire.nonblocking = 1
        try:
            self._wire.send_query(SETUP)
            self._result(time.monotonic() + CONNECT_SECONDS)
        except (LineBroken, psycopg.Error) as error:
            self.close()
            raise Unreachable(str(error)) from error

    def _result(self, until: float) -> pq.abc.PGresult:
        """Wait for the answer to what was sent; the last one if there are several."""
        assert self._wire is not None  # noqa: S101 (for the type checker)
        wire = self._wire
        last: pq.abc.PGresult | None = None
        try:
            while wire.flush():
                if self._wait(wire, READ_OR_WRITE, until) & READ:
                    wire.consume_input()
            while True:
                while wire.is_busy():
                    self._wait(wire, READ, until)
                    wire.consume_input()
                result = wire.get_result()
                if result is None:
                    break
                last = result
        except (psycopg.Error, TimeoutError) as error:
            self.close()
            raise LineBroken(str(error)) from error
        if last is None or wire.status != pq.ConnStatus.OK:
            self.close()
            raise LineBroken("the connection was closed")
        if last.status == pq.ExecStatus.FATAL_ERROR:
            raise error_from_result(last)
        return last

    @staticmethod
    def _wait(wire: pq.abc.PGconn, events: int, until: float) -> int:
        poll = select.poll()
        poll.register(wire.socket, events)
        ready = poll.poll(max(until - time.monotonic(), 0) * 1000)
        if not ready:
            raise TimeoutError("the database did not answer in time")
        return ready[0][1]
