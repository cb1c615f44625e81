"""Sends requests at an even rate, whether or not the server keeps up with it.

Each request has its time; it is sent then or, when all connections are taken, as soon
as one is free, and its latency counts from its time. A process of its own, without
Django and with its own account of the processor time, so that the cores it shares with
the server are lent sparingly: about 40 µs a request.
"""

import json
import random
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

SLOT_PERSON, SLOT_NUMBER = "@PERSON@", "@NUMBER@"
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
ROOT = Path(__file__).resolve().parent.parent
# What is unanswered so long after the last request counts as broken.
GRACE_SECONDS = 30.0
SUCCESS, NO_SUCCESS = 200, 300


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, to whom and how fast.

    In the template the slots are a person's address and a number. Each person drawn
    sends ``session`` requests in a row.
    """

    port: int
    path: str
    headers: dict[str, str]
    template: str
    people: list[str]
    # Requests in a second.
    rate: float
    seconds: float
    connections: int = 64
    session: int = 4
    seed: int = 0
    numbers: str = "paced"


@dataclass(frozen=True, slots=True)
class Paced:
    """What came of it. Latencies count from the time that a request was due."""

    planned: int
    answered: int
    refused: int
    broken: int
    seconds: float
    # Processor time of the generator itself.
    cpu_seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    most_ms: float

    @property
    def rate(self) -> float:
        """Requests answered in a second, the wait for the last ones included."""
        return self.answered / self.seconds


class Load:
    """A plan that is being carried out in a process of its own."""

    def __init__(self, plan: Plan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.paced"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(plan)))
        self._process.stdin.close()
        # So that `communicate` does not want to close it too.
        self._process.stdin = None

    @property
    def is_over(self) -> bool:
        """Whether everything was sent and answered, or given up on."""
        return self._process.poll() is not None

    def result(self) -> Paced:
        """Wait for the end and return what came of it.

        Raises:
            RuntimeError: the generator failed.
        """
        said, _ = self._process.communicate()
        if self._process.returncode:
            message = "The paced load failed"
            raise RuntimeError(message)
        return Paced(**json.loads(said))


@dataclass(slots=True)
class _Connection:
    """One keep-alive connection: when its request was due, and the answer so far."""

    socket: socket.socket
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def run(plan: Plan) -> Paced:
    """Carry out a plan in this process."""
    poll = select.epoll()
    open_connections: dict[int, _Connection] = {}
    free: list[_Connection] = []
    for _ in range(plan.connections):
        client = socket.create_connection(("127.0.0.1", plan.port), GRACE_SECONDS)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(client, select.EPOLLIN)
        connection = _Connection(client)
        open_connections[client.fileno()] = connection
        free.append(connection)
    requests = _requests(plan)
    planned = max(int(plan.rate * plan.seconds), 1)
    waiting: deque[float] = deque()
    latencies: list[float] = []
    refused = due = 0
    began = now = time.monotonic()
    while len(latencies) < planned and open_connections:
        while due < planned and (at := began + due / plan.rate) <= now:
            waiting.append(at)
            due += 1
        while waiting and free:
            connection = free.pop()
            connection.due = waiting.popleft()
            # The socket's buffer holds many of them: it was empty.
            connection.socket.sendall(next(requests))
        pause = 1.0 if due == planned else began + due / plan.rate - time.monotonic()
        ready = poll.poll(max(pause, 0.0))
        now = time.monotonic()
        for number, _ in ready:
            connection = open_connections[number]
            status = _advance(connection)
            if status is None:
                continue
            if status == 0:
                poll.unregister(number)
                del open_connections[number]
                connection.socket.close()
                continue
            latencies.append(now - connection.due)
            refused += not SUCCESS <= status < NO_SUCCESS
            free.append(connection)
        if now > began + plan.seconds + GRACE_SECONDS:
            break
    took = time.monotonic() - began
    poll.close()
    for connection in open_connections.values():
        connection.socket.close()
    latencies.sort()
    return Paced(
        planned=planned,
        answered=len(latencies),
        refused=refused,
        broken=planned - len(latencies),
        seconds=took,
        cpu_seconds=time.process_time(),
        p50_ms=_percentile(latencies, 0.50) * 1000,
        p95_ms=_percentile(latencies, 0.95) * 1000,
        p99_ms=_percentile(latencies, 0.99) * 1000,
        most_ms=_percentile(latencies, 1.0) * 1000,
    )


def _requests(plan: Plan) -> Iterator[bytes]:
    """Yield requests as they go over the wire."""
    chance = random.Random(plan.seed)
    head = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
    start = f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\n{head}"
    before, _, rest = plan.template.partition(SLOT_PERSON)
    between, _, after = rest.partition(SLOT_NUMBER)
    number = 0
    while True:
        person = chance.choice(plan.people)
        for _ in range(plan.session):
            number += 1
            body = f"{before}{person}{between}{plan.numbers}-{number}{after}"
            yield (
                f"{start}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
            )


def _advance(connection: _Connection) -> int | None:
    """Read on; return the status when the answer is whole, 0 if it was cut off."""
    try:
        data = connection.socket.recv(65536)
    except OSError:
        return 0
    if not data:
        return 0
    received = connection.received
    received += data
    end = received.find(END_OF_HEAD)
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    place = head.find(LENGTH)
    length = 0
    if place >= 0:
        length = int(head[place + len(LENGTH) :].split(b"\r", 1)[0])
    if len(received) < end + len(END_OF_HEAD) + length:
        return None
    received.clear()
    return int(head[9:12])


def _percentile(ordered: list[float], share: float) -> float:
    if not ordered:
        return 0.0
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


if __name__ == "__main__":
    print(json.dumps(asdict(run(Plan(**json.load(sys.stdin))))))
