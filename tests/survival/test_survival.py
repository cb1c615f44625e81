"""Servers and workers die; nothing acknowledged is lost, nothing is counted twice."""

import contextlib
import os
import signal
import threading
import time

from tests.running import wait_until


def test_without_a_broker_events_are_accepted_and_digested_later(sender, broker):
    sender.send(0)
    wait_until("digested", lambda: sender.counted() == 1)
    with broker.stopped():
        began = time.monotonic()
        answers = [sender.send(number).status for number in range(1, 41)]
        took = time.monotonic() - began
        assert answers == [200] * 40
        # A dead broker costs an answer no waiting.
        assert took < 10
    wait_until("digested", lambda: sender.counted() == 41, seconds=60)


def test_without_a_database_nothing_is_acknowledged(sender, postgres):
    assert sender.send(0).status == 200
    with postgres.stopped():
        answers = [sender.send(number) for number in range(1, 6)]
        assert [answer.status for answer in answers] == [503] * 5
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert answers[0].json()["status"] == "failure"
        assert answers[0].json()["response_code"] == 503
        assert sender.uptick.get("/health/live").status == 200
        assert sender.uptick.get("/health/ready").status == 503
    wait_until("database back", sender.uptick.is_ready, seconds=60)
    assert sender.counted() <= 1
    # The sender tries again, as it was told to.
    retried = [sender.send(number).status for number in range(1, 6)]
    assert retried == [200] * 5
    wait_until("digested", lambda: sender.counted() == 6, seconds=60)


def test_a_crash_of_the_database_loses_nothing_acknowledged(sender, postgres):
    acknowledged = set()
    unsure = set()
    over = threading.Event()

    def keep_sending(first):
        for number in range(first, first + 100_000):
            if over.is_set():
                return
            try:
                status = sender.send(number).status
            except OSError:
                status = 0
            (acknowledged if status == 200 else unsure).add(number)

    threads = [
        threading.Thread(target=keep_sending, args=(first,))
        for first in (0, 1_000_000, 2_000_000)
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            time.sleep(1.5)
            with postgres.stopped():
                time.sleep(0.5)
            wait_until("database back", sender.uptick.is_ready, seconds=60)
        time.sleep(1)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert len(acknowledged) > 100
    assert unsure
    # Whoever got no answer sends again: it may have been stored or not.
    assert [sender.send(number).status for number in unsure] == [200] * len(unsure)
    everything = len(acknowledged) + len(unsure)
    wait_until("digested", lambda: sender.counted() == everything, seconds=120)


# Somebody has written events or usage and not committed yet.
IN_THE_MIDDLE = """
SELECT count(*) FROM pg_locks
WHERE mode = 'RowExclusiveLock' AND granted
  AND relation IN ('ingest_event'::regclass, 'accounts_dailyusage'::regclass)
"""


def test_a_worker_killed_in_the_middle_of_a_digest_counts_everything_once(
    sender, database
):
    total = 150_000
    sender.uptick.inside("fill_inbox", sender.product, total)
    for _ in range(4):
        wait_until(
            "a digest writes",
            lambda: database.execute(IN_THE_MIDDLE).fetchone()[0],
            seconds=60,
            pause=0.002,
        )
        kill_workers(sender.uptick)
    waiting = database.execute("SELECT count(*) FROM ingest_inboxentry").fetchone()[0]
    assert waiting > 0, "everything was digested before the last worker was killed"
    wait_until("digested", lambda: sender.counted() == total, seconds=180)
    assert sender.waiting == 0
    sender.uptick.manage("check_usage")


def kill_workers(uptick):
    """Kill every process of the worker at once, parents and children."""
    # After a kill the database still works on what the dead one had asked for, while
    # the next worker has not started yet.
    victims = wait_until(
        "a worker",
        lambda: [pid for pid, line in uptick.processes().items() if " worker" in line],
    )
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
