"""A small load generator: keep-alive connections, one process and one selector.

It understands just enough HTTP to tell where an answer ends, and knows no more of the
server than a client would.
"""

import itertools
import selectors
import socket
import time
from dataclasses import dataclass, field

END_OF_HEAD = b"\r\n\r\n"
GRACE_SECONDS = 30.0


@dataclass
class _Connection:
    """One keep-alive connection with its answer so far."""

    socket: socket.socket
    started: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    pending: memoryview = field(default_factory=lambda: memoryview(b""))


def run(
    *,
    port: int,
    path: str,
    headers: dict[str, str],
    pieces: list[bytes],
    first_number: int,
    seconds: float,
    connections: int,
) -> dict[str, int | float]:
    """Send until ``seconds`` are over; return counts and latencies (see load.Sent)."""
    numbers = itertools.count(first_number)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}".encode()

    def request() -> bytes:
        parts = [pieces[0]]
        for piece in pieces[1:]:
            parts += (b"%d" % next(numbers), piece)
        body = b"".join(parts)
        return b"%sContent-Length: %d\r\n\r\n%s" % (start, len(body), body)

    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    refused = broken = 0
    began = time.monotonic()
    stop_at = began + seconds
    for _ in range(connections):
        client = socket.create_connection(("127.0.0.1", port), timeout=GRACE_SECONDS)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        _begin(_register(selector, client), request(), selector)
    while selector.get_map():
        ready = selector.select(GRACE_SECONDS)
        if not ready:
            broken += len(selector.get_map())
            break
        for key, mask in ready:
            connection: _Connection = key.data
            status = _advance(connection, mask, selector)
            if status is None:
                continue
            now = time.monotonic()
            if status == 0:
                broken += 1
            else:
                latencies.append(now - connection.started)
                refused += not 200 <= status < 300
            if status and now < stop_at:
                _begin(connection, request(), selector)
            else:
                selector.unregister(connection.socket)
                connection.socket.close()
    took = time.monotonic() - began
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": took,
        "refused": refused,
        "broken": broken,
        "p50_ms": _percentile(latencies, 0.50) * 1000,
        "p99_ms": _percentile(latencies, 0.99) * 1000,
    }


def _register(selector: selectors.BaseSelector, client: socket.socket) -> _Connection:
    connection = _Connection(client)
    selector.register(client, selectors.EVENT_READ, connection)
    return connection


def _begin(
    connection: _Connection, request: bytes, selector: selectors.BaseSelector
) -> None:
    connection.started = time.monotonic()
    connection.received.clear()
    connection.pending = memoryview(request)
    _write(connection, selector)


def _write(connection: _Connection, selector: selectors.BaseSelector) -> None:
    """Send what the socket takes; ask to be woken for the rest."""
    try:
        sent = connection.socket.send(connection.pending)
    except BlockingIOError:
        sent = 0
    connection.pending = connection.pending[sent:]
    wanted = selectors.EVENT_READ
    if connection.pending:
        wanted |= selectors.EVENT_WRITE
    selector.modify(connection.socket, wanted, connection)


def _advance(
    connection: _Connection, mask: int, selector: selectors.BaseSelector
) -> int | None:
    """Move one connection on; return the status when its answer is whole, 0 if cut."""
    try:
        if mask & selectors.EVENT_WRITE:
            _write(connection, selector)
        if not mask & selectors.EVENT_READ:
            return None
        data = connection.socket.recv(65536)
    except OSError:
        return 0
    if not data:
        return 0
    connection.received += data
    return _status(connection.received)


def _status(received: bytearray) -> int | None:
    """Return the status of a whole answer, None while some of it is missing."""
    head, found, body = bytes(received).partition(END_OF_HEAD)
    if not found:
        return None
    length = 0
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
    return int(head[9:12]) if len(body) >= length else None


def _percentile(ordered: list[float], share: float) -> float:
    if not ordered:
        return 0.0
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
