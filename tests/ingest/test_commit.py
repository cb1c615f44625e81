"""Shared commits, and what happens when the database does not play along.

Real connections and real locks: these tests commit.
"""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from ingest import commit, line
from ingest.commit import Committer, Entry, StoreUnavailable
from ingest.models import IdempotencyKey, InboxEntry
from tests.factories import make_key, make_workspace
from tests.ingest.conftest import Sender
from tests.ingest.test_native import EVENT
from tests.ingest.test_reo import TELEMETRY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key_and_token():
    return make_key(make_workspace())


@pytest.fixture
def sender(key_and_token):
    return Sender(key_and_token[1])


@pytest.fixture
def one_line(monkeypatch):
    """The accept path with a single connection, so that a crowd must share it."""
    committer = Committer(lines=1)
    monkeypatch.setattr(commit, "_committer", committer)
    yield committer
    committer.close()


@contextmanager
def other_connection():
    """A connection of its own, as somebody else's process would have."""
    wrapper = connections["default"].copy()
    wrapper.connect()
    try:
        yield wrapper.connection
    finally:
        wrapper.connection.close()


@contextmanager
def inbox_locked():
    """Nobody can write to the inbox until this ends."""
    with other_connection() as other, other.transaction():
        other.execute("LOCK TABLE ingest_inboxentry IN ACCESS EXCLUSIVE MODE")
        yield


def wait_for(what):
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def backends(condition):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            f" AND application_name = 'uptick accept' AND {condition}"
        )
        return [pid for (pid,) in cursor.fetchall()]


def blocked():
    return backends("wait_event_type = 'Lock'")


def commits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM ingest_inboxentry")
        return cursor.fetchone()[0]


def entry_of(key, **changes):
    facts = {
        "key_id": key.pk,
        "version": key.version,
        "dialect": "reo",
        "event_count": 1,
        "payload": b"x",
    }
    return Entry(**{**facts, **changes})


def test_an_answer_means_that_others_can_see_it(sender):
    assert sender.usage(TELEMETRY).status_code == 200
    with other_connection() as other:
        seen = other.execute("SELECT count(*) FROM ingest_inboxentry").fetchone()
        (how,) = other.execute("SHOW synchronous_commit").fetchone()
    assert seen == (1,)
    assert len(backends("true")) == 1
    assert how == "off", "the tests' server would lose it"
    assert b"synchronous_commit = on" in line.SETUP


def test_requests_that_wait_share_a_commit(sender, one_line):
    others = 15
    with ThreadPoolExecutor(others + 1) as pool:
        with inbox_locked():
            first = pool.submit(sender.usage, TELEMETRY)
            wait_for(blocked)
            rest = [
                pool.submit(sender.usage, {**TELEMETRY, "event_id": n})
                for n in range(others)
            ]
            wait_for(lambda: len(one_line._waiting) == others)
        statuses = [each.result().status_code for each in [first, *rest]]
    assert statuses == [200] * (others + 1)
    assert InboxEntry.objects.count() == others + 1
    assert commits() == 2
    assert len(backends("true")) == 1


def test_threads_of_all_kinds_at_once(sender):
    def send(number):
        if number % 3 == 0:
            return sender.usage({**TELEMETRY, "event_id": number}).status_code
        if number % 3 == 1:
            return sender.events({**EVENT, "event_id": number}).status_code
        headers = {"Idempotency_Key": str(number // 9)}
        return sender.events(EVENT, **headers).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(send, range(180)))
    assert set(statuses) == {200, 202}
    assert IdempotencyKey.objects.count() == 20
    assert InboxEntry.objects.count() == 60 + 60 + 20


def test_a_bad_neighbour_fails_alone(key_and_token):
    key, _ = key_and_token
    committer = Committer(lines=1)
    entries = [entry_of(key, event_count=1 if n != 3 else -1) for n in range(6)]
    stranger = entry_of(key, version=key.version + 1)
    with ThreadPoolExecutor(8) as pool:
        with inbox_locked():
            first = pool.submit(committer.run, entry_of(key))
            wait_for(blocked)
            jobs = [pool.submit(committer.run, job) for job in [*entries, stranger]]
            wait_for(lambda: len(committer._waiting) == len(jobs))
        first.result()
        failures = [job.exception() for job in jobs]
    committer.close()
    assert isinstance(failures.pop(3), StoreUnavailable)
    assert failures == [None] * 6
    assert [entry.is_kept for entry in entries] == [n != 3 for n in range(6)]
    assert not stranger.is_kept
    assert InboxEntry.objects.count() == 6


def test_a_group_has_bounds(key_and_token, monkeypatch):
    monkeypatch.setattr(commit, "GROUP_REQUESTS", 4)
    monkeypatch.setattr(commit, "GROUP_BYTES", 1000)
    key, _ = key_and_token
    committer = Committer()
    sizes = [1, 1, 1, 1, 1, 400, 400, 400, 5000, 1]
    committer._waiting = [entry_of(key, payload=b"x" * size) for size in sizes]
    groups = []
    while committer._waiting:
        leader = committer._waiting.pop(0)
        group = [leader, *committer._company_of(leader)]
        groups.append([len(entry.payload) for entry in group])
    assert groups == [[1, 1, 1, 1], [1, 400, 400], [400], [5000], [1]]


def test_the_same_idempotency_key_at_the_same_time(sender):
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: sender.events(EVENT, Idempotency_Key="k"), range(16))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert InboxEntry.objects.count() == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1


def test_a_transaction_of_the_caller_owns_its_rows(sender):
    with transaction.atomic():
        assert sender.usage(TELEMETRY).status_code == 200
        assert sender.events(EVENT, Idempotency_Key="k").status_code == 202
        assert InboxEntry.objects.count() == 2
        transaction.set_rollback(True)
    assert not InboxEntry.objects.exists()
    assert not IdempotencyKey.objects.exists()


# ---- trouble -----------------------------------------------------------------------


def unavailable(response):
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    return json.loads(response.content)


def test_without_a_database_503_and_nothing_is_acknowledged(sender, monkeypatch):
    assert sender.usage(TELEMETRY).status_code == 200
    place = connection.settings_dict
    host = place["HOST"]
    commit.close()
    place["HOST"] = "/nonexistent"
    assert unavailable(sender.usage(TELEMETRY)) == {
        "response_code": 503,
        "response": "the store cannot be reached",
        "status": "failure",
    }
    assert unavailable(sender.events(EVENT))["error"]["code"] == "store_unavailable"
    # With a key that nobody has looked up yet, too.
    commit_free = Sender("up_ingest_000000000000000000000000000000_000000")
    assert commit_free.usage(TELEMETRY).status_code == 400
    place["HOST"] = host
    assert sender.usage(TELEMETRY).status_code == 200
    assert InboxEntry.objects.count() == 2


def test_an_unknown_key_while_the_database_is_away_is_not_a_bad_key(key_and_token):
    _, token = key_and_token
    place = connection.settings_dict
    host, place["HOST"] = place["HOST"], "/nonexistent"
    try:
        unavailable(Sender(token).usage(TELEMETRY))
    finally:
        place["HOST"] = host
    assert Sender(token).usage(TELEMETRY).status_code == 200


def test_a_database_that_accepts_and_says_nothing(sender, monkeypatch, tmp_path):
    monkeypatch.setattr(line, "CONNECT_SECONDS", 2)
    place = connection.settings_dict
    host = place["HOST"]
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / f".s.PGSQL.{place['PORT'] or 5432}"))
        mute.listen()
        commit.close()
        place["HOST"] = str(tmp_path)
        began = time.monotonic()
        try:
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: sender.usage(TELEMETRY), range(4)))
        finally:
            place["HOST"] = host
    for answer in answers:
        unavailable(answer)
    assert time.monotonic() - began < 5, "they wait for one attempt, or for two"
    assert sender.usage(TELEMETRY).status_code == 200


def test_a_connection_that_died_while_idle_costs_nobody_anything(sender):
    assert sender.usage(TELEMETRY).status_code == 200
    with connection.cursor() as cursor:
        for pid in backends("true"):
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert sender.usage(TELEMETRY).status_code == 200
    assert InboxEntry.objects.count() == 2


def test_a_connection_that_dies_at_work_is_503_for_those_in_it(sender):
    sender.usage(TELEMETRY)
    with ThreadPoolExecutor(2) as pool, inbox_locked():
        answer = pool.submit(sender.usage, {**TELEMETRY, "event_id": "lost"})
        wait_for(blocked)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", blocked())
        unavailable(answer.result())
    assert InboxEntry.objects.count() == 1
    assert sender.usage(TELEMETRY).status_code == 200


def test_a_statement_that_takes_too_long_is_503_and_not_stored(sender, monkeypatch):
    monkeypatch.setattr(line, "SETUP", line.SETUP.replace(b"'8s'", b"'300ms'"))
    with inbox_locked():
        unavailable(sender.usage(TELEMETRY))
    assert not InboxEntry.objects.exists()
    assert sender.usage(TELEMETRY).status_code == 200


def test_a_server_that_stops_answering_is_503(sender, monkeypatch):
    assert sender.usage(TELEMETRY).status_code == 200
    monkeypatch.setattr(line, "STATEMENT_SECONDS", 0.3)
    with inbox_locked():
        unavailable(sender.usage(TELEMETRY))
        with connection.cursor() as cursor:
            for pid in blocked():
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    monkeypatch.undo()
    assert sender.usage(TELEMETRY).status_code == 200
    assert InboxEntry.objects.count() == 2


def test_a_table_that_changes_under_a_prepared_statement(sender):
    assert sender.usage(TELEMETRY).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ingest_inboxentry ADD COLUMN more text")
        assert sender.usage(TELEMETRY).status_code == 200
        cursor.execute("ALTER TABLE ingest_inboxentry DROP COLUMN more")
    with other_connection() as other:
        other.execute("ALTER TABLE accounts_apikey ALTER version TYPE bigint")
        assert sender.usage(TELEMETRY).status_code == 200
        other.execute("ALTER TABLE accounts_apikey ALTER version TYPE integer")
    assert sender.usage(TELEMETRY).status_code == 200


def test_a_lost_prepared_statement_is_prepared_again(sender):
    assert sender.usage(TELEMETRY).status_code == 200
    wire = commit._committer._free[-1]._wire
    wire.exec_(b"DEALLOCATE ALL")
    assert sender.usage(TELEMETRY).status_code == 200
    assert InboxEntry.objects.count() == 2


def test_a_read_only_server_is_temporary(sender):
    sender.usage(TELEMETRY)
    commit._committer._free[-1]._wire.exec_(b"SET default_transaction_read_only = on")
    unavailable(sender.usage(TELEMETRY))
    commit.close()
    assert sender.usage(TELEMETRY).status_code == 200


def test_an_error_that_nobody_foresaw_frees_those_who_wait(key_and_token):
    key, _ = key_and_token
    committer = Committer(lines=1)
    committer.run(entry_of(key))
    odd = entry_of(key, payload="no bytes")
    with pytest.raises(TypeError):
        committer.run(odd)
    assert odd.is_settled
    good = entry_of(key)
    committer.run(good)
    committer.close()
    assert good.is_kept


def test_another_line_is_opened_only_for_a_good_group(key_and_token, monkeypatch):
    monkeypatch.setattr(commit, "GOOD_GROUP", 5)
    key, _ = key_and_token
    committer = Committer(lines=3)
    entries = [entry_of(key) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        with inbox_locked():
            jobs = []
            for running, waiting, entry in (
                (1, 0, entries[0]),
                (1, 1, entries[1]),
                (1, 2, entries[2]),
                (1, 3, entries[3]),
                (1, 4, entries[4]),
                (2, 0, entries[5]),
                (2, 1, entries[6]),
            ):
                jobs.append(pool.submit(committer.run, entry))
                wait_for(lambda: len(blocked()) == running)  # noqa: B023
                wait_for(lambda: len(committer._waiting) == waiting)  # noqa: B023
        for job in jobs:
            job.result()
    committer.run(entries[7])
    committer.close()
    assert all(entry.is_kept for entry in entries)
    assert commits() == 4
