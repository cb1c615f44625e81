"""How long after its acceptance does an event show in a score, under a steady load?

Everything runs as `manage.py run` starts it. The load is half of what the web server
takes at most with the workers beside it, in sessions of people from all over the
workspace; in it, single events of accounts that nobody else touches are followed.
"""

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import quantiles

from django.db import connection
from django.db.models import F

from accounts.keys import create_key
from accounts.models import AccountScore, Identity, Workspace
from bench.figures import Check, Row
from bench.load import SLOT, Target, send, wait_until_taken
from bench.scale_data import METRICS, PRODUCTS
from bench.servers import ROOT, environment, free_port
from ingest.models import InboxEntry

TARGET_SECONDS = 5.0
PATH = "/api/product/usage"
LOAD_SECONDS = 12.0
MAXIMUM_SECONDS = 4.0
CONNECTIONS = 32
SENDERS = 8
SESSION = 4
PROBES = 10
# Longer than any answer may take; what is not seen by then is not on its way.
PATIENCE_SECONDS = 120.0


def measure(workspace: Workspace, *, generator: str) -> tuple[list[Row], list[Check]]:
    """Find the maximum, then follow single events under half of it."""
    _, key = create_key(workspace=workspace, name="scale")
    headers = {"Content-Type": "application/json", "X-API-KEY": key}
    probes = _probes(workspace)
    people = _people(workspace, without=[account for account, _ in probes])
    with _everything() as port:
        target = Target(port, PATH, _body(people[0], SLOT.decode()), headers)
        wait_until_taken(target)
        # The workers have started when the first event shows.
        _follow(port, headers, probes.pop())
        best = send(
            target,
            seconds=MAXIMUM_SECONDS,
            connections=CONNECTIONS,
            using=generator,
        ).rate
        _wait_until_digested()
        rate = best / 2 / SENDERS
        senders = [
            _Sender(port, headers, people, rate, number) for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        began = time.monotonic()
        with ThreadPoolExecutor(len(probes)) as followers:
            following = []
            for probe in probes:
                time.sleep(LOAD_SECONDS / len(probes))
                following.append(followers.submit(_follow, port, headers, probe))
            seen = [one.result() for one in following]
        rate = sum(sender.sent for sender in senders) / (time.monotonic() - began)
        for sender in senders:
            sender.stop()
        drained = time.monotonic()
        _wait_until_digested()
        drained = time.monotonic() - drained
    slowest = quantiles(seen, n=20, method="inclusive")[-1]
    rows = [
        Row("single events, most with workers beside", "requests/s", [best]),
        Row("steady load", "requests/s", [rate]),
        Row("event accepted until the account's score shows it", "s", seen),
        Row("the rest of the load digested after its end", "s", [drained]),
    ]
    check = Check(
        "event accepted until its score shows, p95, s",
        slowest,
        TARGET_SECONDS,
        at_most=True,
    )
    # Without it the figure would be of an easier load than it says.
    reached = Check("steady load / half the maximum", rate / (best / 2), 0.9)
    return rows, [reached, check]


@contextmanager
def _everything() -> Iterator[int]:
    """Run web server, workers and beat until the block ends; yield the port."""
    port = free_port()
    supervisor = subprocess.Popen(
        [sys.executable, "manage.py", "run", "--port", str(port), "--no-demo"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(60)


def _probes(workspace: Workspace) -> list[tuple[int, str]]:
    """Return small accounts, each with the address of one of its people."""
    small = AccountScore.objects.filter(workspace=workspace, active_developers__lte=3)
    accounts = list(
        small.order_by("-points")[: PROBES + 1].values_list("pk", flat=True)
    )
    people = (
        Identity.objects.filter(developer__account__in=accounts)
        .filter(developer__score__isnull=False)
        .order_by("developer__account_id", "pk")
        .distinct("developer__account_id")
    )
    return list(people.values_list("developer__account_id", "value"))


def _people(workspace: Workspace, *, without: list[int]) -> list[str]:
    """Return addresses of some thousand people, whoever they are."""
    found = Identity.objects.in_workspace(workspace).filter(kind="email")
    found = found.exclude(developer__account__in=without)
    step = max(found.count() // 20_000, 1)
    chosen = found.annotate(place=F("pk") % step).filter(place=0)
    return list(chosen.values_list("value", flat=True))


def _body(person: str, number: str) -> bytes:
    payload = {
        "activity_type": METRICS[0],
        "source": "PRODUCT_CLOUD",
        "environment": "PRODUCTION",
        "user_id": person,
        "user_id_type": "EMAIL",
        "product_id": PRODUCTS[0],
        "event_id": number,
        "event_at": int(time.time()),
    }
    return json.dumps({"payload": payload}).encode()


_numbers = itertools.count(time.time_ns())


def _send(client: HTTPConnection, headers: dict[str, str], person: str) -> None:
    client.request("POST", PATH, _body(person, f"live-{next(_numbers)}"), headers)
    answer = client.getresponse()
    answer.read()
    if not 200 <= answer.status < 300:
        message = f"{PATH} answered {answer.status}"
        raise RuntimeError(message)


class _Sender(threading.Thread):
    """Sends sessions of people at a steady rate, in events a second, until stopped."""

    def __init__(
        self,
        port: int,
        headers: dict[str, str],
        people: list[str],
        rate: float,
        seed: int,
    ) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self._port, self._headers = port, headers
        self._people, self._rate = people, rate
        self._chance = random.Random(seed)
        self._over = threading.Event()

    def run(self) -> None:
        """Send; a refusal ends it, which the rate then shows."""
        client = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        began = time.monotonic()
        while not self._over.is_set():
            person = self._chance.choice(self._people)
            for _ in range(SESSION):
                _send(client, self._headers, person)
                self.sent += 1
            time.sleep(max(began + self.sent / self._rate - time.monotonic(), 0))
        client.close()

    def stop(self) -> None:
        """Stop after the session that is being sent."""
        self._over.set()
        self.join()


def _follow(port: int, headers: dict[str, str], probe: tuple[int, str]) -> float:
    """Send one event and return the seconds until its account's points changed."""
    try:
        return _seconds_until_seen(port, headers, *probe)
    finally:
        # Each follower is a thread with a connection of its own.
        connection.close()


def _seconds_until_seen(
    port: int, headers: dict[str, str], account: int, person: str
) -> float:
    before = _points(account)
    client = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    _send(client, headers, person)
    client.close()
    accepted = time.monotonic()
    while _points(account) == before:
        if time.monotonic() > accepted + PATIENCE_SECONDS:
            message = f"The score of account {account} did not change"
            raise RuntimeError(message)
        time.sleep(0.02)
    return time.monotonic() - accepted


def _points(account: int) -> float:
    score: float = AccountScore.objects.values_list("points", flat=True).get(pk=account)
    return score


def _wait_until_digested() -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while InboxEntry.objects.exists() and time.monotonic() < until:
        time.sleep(0.1)
