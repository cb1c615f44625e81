"""Several digests at once, and digests that are killed: nothing lost, nothing twice."""

import random
import signal
import time
from collections import Counter
from contextlib import suppress

import pytest
from django.db.models import Sum

from accounts.corrections import merge_developers, move_developer
from accounts.errors import AccountsError
from accounts.models import (
    Account,
    Correction,
    DailyUsage,
    Developer,
    Identity,
)
from ingest.digest import digest_until_empty
from ingest.models import Event, EventKey, InboxEntry, QuarantinedEvent
from ingest.quarantine import discard, replay
from ingest.recount import check_usage, rebuild_usage
from ingest.split import split_identity, undo_correction
from tests.factories import make_metric, make_workspace
from tests.ingest.digesting import (
    counters,
    end_others,
    event,
    failpoint,
    hit,
    put,
    side_by_side,
    start_worker,
    stored,
    usage,
    waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)


def fill(workspace, requests=60, people=20, distinct=90):
    """Requests with plenty of repeats and of the same people; returns what is new."""
    keys = set()
    for request in range(requests):
        some = [f"{(request * 7 + n) % distinct}" for n in range(20)]
        keys.update(some)
        put(
            workspace,
            *(
                event(f"dev{int(k) % people}@example.com", key=k, value=1.0)
                for k in some
            ),
        )
    return keys


@pytest.mark.parametrize("small", [40, 400])
def test_workers_side_by_side_count_every_event_once(workspace, settings, small):
    settings.DIGEST_BATCH_EVENTS = small
    keys = fill(workspace)
    side_by_side(*[digest_until_empty] * 3)
    digest_until_empty()
    assert waiting() == []
    assert Counter(Event.objects.values_list("event_id", flat=True)) == Counter(keys)
    assert counters() == {"accepted": 90, "duplicate": 1110}
    assert Developer.objects.count() == Identity.objects.count() == 20
    assert sum(row[4] for row in usage()) == 90
    assert check_usage() == []


def test_two_processes_share_the_work(workspace):
    keys = fill(workspace, requests=200, distinct=3000)
    workers = [start_worker(DIGEST_BATCH_EVENTS="200") for _ in range(2)]
    for worker in workers:
        _, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
    assert waiting() == []
    assert Counter(Event.objects.values_list("event_id", flat=True)) == Counter(keys)
    assert check_usage() == []


@pytest.mark.parametrize(
    "table", ["ingest_event", "accounts_dailyusage", "ingest_ingestcounter"]
)
def test_a_worker_killed_half_way_loses_and_doubles_nothing(workspace, table):
    put(workspace, *(event(f"dev{n}@example.com", key=str(n)) for n in range(50)))
    with failpoint(table, "PERFORM nextval('failpoint_hits'), pg_sleep(30);"):
        worker = start_worker()
        deadline = time.monotonic() + 30
        while not hit():
            assert time.monotonic() < deadline, worker.stderr.read()
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        # The server notices when the sleep is over; do not wait for that.
        end_others()
    assert stored() == usage() == []
    assert waiting() == [(50, 0)]
    assert digest_until_empty().events == 50
    assert len(stored()) == 50
    assert counters() == {"accepted": 50}
    assert EventKey.objects.count() == 50
    assert check_usage() == []


def test_two_new_products_and_metrics_meet(workspace):
    for request in range(30):
        put(
            workspace,
            *(
                event(
                    f"dev{request}@example.com",
                    product=f"p{(request + n) % 9}",
                    metric=f"m{(request * 5 + n) % 11}",
                    registers_metric=True,
                )
                for n in range(9)
            ),
        )
    side_by_side(*[digest_until_empty] * 3)
    assert len(stored()) == 270
    assert workspace.products.count() == 9
    assert workspace.metrics.exclude(key="CALL_HOME").count() == 11
    assert check_usage() == []


def test_a_replay_is_exactly_once_however_many_ask(workspace):
    keys = [str(n) for n in range(40)]
    for key in keys:
        put(workspace, event(f"dev{key}@example.com", key=key, metric="BUILD"))
    digest_until_empty()
    assert QuarantinedEvent.objects.count() == 40
    make_metric(workspace, "BUILD")
    numbers = []

    def ask():
        numbers.append(replay(workspace, reason="metric_not_configured"))
        digest_until_empty()

    side_by_side(ask, ask, ask)
    digest_until_empty()
    assert sum(numbers) == 40
    assert sorted(Event.objects.values_list("event_id", flat=True)) == sorted(keys)
    assert check_usage() == []
    assert counters() == {"quarantined": 40, "replayed": 40}


def test_of_a_replay_and_a_discard_one_wins(workspace):
    for number in range(20):
        put(workspace, event(f"dev{number}@example.com", metric="BUILD"))
    digest_until_empty()
    make_metric(workspace, "BUILD")
    side_by_side(lambda: replay(workspace), lambda: discard(workspace))
    digest_until_empty()
    replayed = QuarantinedEvent.objects.filter(status="replayed").count()
    discarded = QuarantinedEvent.objects.filter(status="discarded").count()
    assert replayed + discarded == 20
    assert len(stored()) == replayed


def test_a_recount_beside_digests_is_right(workspace, settings):
    settings.DIGEST_BATCH_EVENTS = 100
    other = make_workspace("other")
    keys = fill(workspace, requests=40, distinct=800)
    fill(other, requests=40, distinct=800)

    def recount():
        for _ in range(8):
            rebuild_usage()
            assert check_usage() == []

    side_by_side(digest_until_empty, digest_until_empty, recount)
    digest_until_empty()
    assert waiting() == []
    assert sum(DailyUsage.objects.values_list("count", flat=True)) == 2 * len(keys)
    assert check_usage() == []
    assert not InboxEntry.objects.exists()


@pytest.mark.parametrize("seed", [1, 2])
def test_corrections_of_all_kinds_while_digests_run(workspace, seed):
    """Beside the digest, and each other: no use is lost, and none counted twice."""
    people, each = 8, 40
    for number in range(people):
        put(workspace, event(f"p{number}@c{number % 2}.example", key=f"first{number}"))
    digest_until_empty()

    def send():
        for number in range(each):
            put(
                workspace,
                *(
                    event(f"p{who}@c{who % 2}.example", key=f"{number}-{who}")
                    for who in range(people)
                ),
            )
            digest_until_empty()

    def correct(rng):
        for _ in range(25):
            rows = list(Developer.objects.order_by("pk"))
            one, other = rng.choice(rows), rng.choice(rows)
            identity = rng.choice(list(Identity.objects.order_by("pk")))
            undoable = Correction.objects.filter(undone_at=None).order_by("?").first()
            steps = [
                lambda one=one, other=other: merge_developers(one, other, actor=None),
                lambda one=one: move_developer(
                    one, Account.objects.order_by("?").first(), actor=None
                ),
                lambda identity=identity: split_identity(identity, actor=None),
                lambda undoable=undoable: (
                    undoable and undo_correction(undoable, actor=None)
                ),
            ]
            # Whom another one merged away meanwhile, or what stands on another one.
            with suppress(AccountsError, Developer.DoesNotExist, Identity.DoesNotExist):
                rng.choice(steps)()

    side_by_side(
        send,
        lambda: correct(random.Random(seed)),
        lambda: correct(random.Random(seed + 100)),
    )
    digest_until_empty()
    assert check_usage() == []
    assert uses() == people * (each + 1)
    assert Event.objects.count() == people * (each + 1)
    assert Identity.objects.count() == people
    for one in Correction.objects.filter(undone_at=None).order_by("-pk"):
        with suppress(AccountsError):
            undo_correction(one, actor=None)
    assert check_usage() == []
    assert uses() == people * (each + 1)


def uses():
    return DailyUsage.objects.aggregate(uses=Sum("count"))["uses"]
