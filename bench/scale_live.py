"""How long after its acceptance does an event show in a score, under a steady load?

Everything runs as `manage.py run` starts it: web server, workers and beat; segments are
filled, and somebody follows them. First the greatest load is found that the whole of it
keeps up with, then single events are followed under half of it.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles

from django.db.models import F

from accounts.alerts import follow
from accounts.clock import today_utc
from accounts.keys import create_key
from accounts.models import Account, ApiKey, Identity, Segment, User, Workspace
from accounts.score_lists import with_score
from accounts.score_models import current_model
from accounts.segments.membership import refresh_all
from bench.figures import Check, Row
from bench.load import Target, send, wait_until_taken
from bench.news import Door, Probe, follow_probes, seconds_until_seen
from bench.paced import SLOT_NUMBER, SLOT_PERSON, Load, Plan
from bench.scale_data import METRICS, PRODUCTS
from bench.servers import ROOT, environment, free_port
from bench.steady import SECONDS, find_most, wait_until_empty

TARGET_SECONDS = 5.0
PATH = "/api/product/usage"
CONNECTIONS = 32
CEILING_SECONDS = 8.0
# The load is there before the first event that is followed.
SETTLE_SECONDS = 10.0
PROBES = 20
PROBE_EVERY_SECONDS = 1.5
FOLLOWED_ACCOUNTS = 50
# Scores that one more use moves by more than a tenth.
MIDDLING = (20.0, 70.0)


def measure(
    workspace: Workspace, user: User, *, generator: str
) -> tuple[list[Row], list[Check]]:
    """Find the maximum, then follow single events under half of it."""
    _have_it_watched(workspace, user)
    probes = _probes(workspace)
    people = _people(workspace, without=[probe.account for probe in probes])
    _, writing = create_key(workspace=workspace, name="scale")
    _, reading = create_key(workspace=workspace, name="scale", kind=ApiKey.Kind.READ)
    headers = {"Content-Type": "application/json", "X-API-KEY": writing}
    with _everything() as port:
        door = Door(port, PATH, headers, {"Authorization": f"Bearer {reading}"})
        target = Target(port, PATH, _body(people[0], "live-@SLOT@"), headers)
        wait_until_taken(target)
        # The workers have started when the first event shows.
        seconds_until_seen(door, probes.pop())
        ceiling = send(
            target, seconds=CEILING_SECONDS, connections=CONNECTIONS, using=generator
        ).rate
        wait_until_empty()

        def plan_of(rate: float, seconds: float = SECONDS) -> Plan:
            return Plan(
                port=port,
                path=PATH,
                headers=headers,
                template=_body(SLOT_PERSON, SLOT_NUMBER).decode(),
                people=people,
                rate=rate,
                seconds=seconds,
                numbers=f"live-{time.time_ns()}",
            )

        most, trial = find_most(plan_of, ceiling)
        load = Load(
            plan_of(most / 2, SETTLE_SECONDS + len(probes) * PROBE_EVERY_SECONDS)
        )
        time.sleep(SETTLE_SECONDS)
        seen = follow_probes(door, probes, every=PROBE_EVERY_SECONDS)
        sent = load.result()
        ended = time.monotonic()
        drained = wait_until_empty() - ended
    note = f"p50 {median(seen):.1f}, most {max(seen):.1f}"
    slowest = quantiles(seen, n=20, method="inclusive")[-1]
    print(f"  news: {note}, p95 {slowest:.1f} s at {sent.rate:.0f} requests/s")
    rows = [
        Row("single events, accepted at most", "requests/s", [ceiling]),
        Row("single events, kept up with", "requests/s", [most]),
        Row("of it the generator", "cores", [trial.paced.cpu_seconds / SECONDS]),
        Row("steady load", "requests/s", [sent.rate]),
        Row("its answers, p95", "ms", [sent.p95_ms]),
        Row("event accepted until the API shows its score", "s", seen, note=note),
        Row("the rest done after the load's end", "s", [drained]),
    ]
    checks = [
        # Without it the figure would be of an easier load than it says.
        Check("steady load / half the maximum", sent.rate / (most / 2), 0.95),
        Check(
            "event accepted until its score shows, p95, s",
            slowest,
            TARGET_SECONDS,
            at_most=True,
        ),
    ]
    return rows, checks


@contextmanager
def _everything() -> Iterator[int]:
    """Run web server, workers and beat until the block ends; yield the port."""
    port = free_port()
    supervisor = subprocess.Popen(
        [sys.executable, "manage.py", "run", "--port", str(port), "--no-demo"],
        cwd=ROOT,
        # The score is asked for more often than a program should.
        env=environment(API_REQUESTS_PER_MINUTE="0"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(60)


def _have_it_watched(workspace: Workspace, user: User) -> None:
    """Fill the segments that were not yet, and have somebody follow what happens."""
    segments = Segment.objects.in_workspace(workspace)
    if segments.filter(refreshed_at=None, is_hidden=False).exists():
        refresh_all(workspace)
    for segment in segments:
        follow(workspace, user, segment)
    scores = Account.objects.in_workspace(workspace).order_by("-score__points", "pk")
    for account in scores[:FOLLOWED_ACCOUNTS]:
        follow(workspace, user, account)
    follow(workspace, user)


def _probes(workspace: Workspace) -> list[Probe]:
    """Return small accounts, each with an event of one of its people."""
    scored = with_score(
        Account.objects.in_workspace(workspace), current_model(workspace), today_utc()
    )
    # Untouched today: the fifth use of a day, after four measurements, hardly shows.
    small = scored.filter(
        score__active_developers__lte=3,
        score_now__range=MIDDLING,
        score__last_active_on__lt=today_utc(),
    )
    accounts = list(small.order_by("pk")[: PROBES + 1].values_list("pk", flat=True))
    people = (
        Identity.objects.filter(developer__account__in=accounts)
        .filter(developer__score__isnull=False)
        .order_by("developer__account_id", "pk")
        .distinct("developer__account_id")
        .values_list("developer__account_id", "value")
    )
    return [
        Probe(account, _body(person, f"news-{time.time_ns()}"))
        for account, person in people
    ]


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
