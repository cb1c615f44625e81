"""Digests, merges and corrections at the same time, on connections of their own."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import pytest
from django.db import connection, connections, transaction

from accounts.corrections import merge_developers, split_identity_pointers
from accounts.errors import AccountsError
from accounts.identity import resolve_pending, update_known
from accounts.locks import share_usage
from accounts.models import (
    Account,
    DailyUsage,
    Developer,
    Identity,
    Metric,
    WaitingJoin,
)
from accounts.waiting import join_waiting
from tests.accounts.people import (
    Seen,
    email,
    fill,
    people,
    resolve,
    resolved,
    usage,
)
from tests.factories import make_product, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)
# Longer than any of these takes, shorter than a hanging test is bearable.
PATIENCE = 30


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def in_thread(pool, work, *args):
    """Run work on a connection of its own, closed at the end."""

    def run():
        try:
            return work(*args)
        finally:
            connections.close_all()

    return pool.submit(run)


def waiting_backends():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0]


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "It never happened."
        time.sleep(0.01)


class Digest:
    """A digest that stops between resolving and its commit, until it is let go."""

    def __init__(self, pool, workspace, *seen, links=(), then=None, fails=False):
        self.ready, self.go = threading.Event(), threading.Event()
        self.then, self.fails = then, fails
        self.future = in_thread(pool, self._run, workspace, seen, links)

    def _run(self, workspace, seen, links):
        with transaction.atomic(), connection.cursor() as cursor:
            share_usage(cursor, [workspace.pk])
            fill(cursor, workspace, seen, links)
            resolve_pending(cursor)
            found = resolved(cursor)
            if self.then:
                self.then(found)
            update_known(cursor)
            self.ready.set()
            assert self.go.wait(PATIENCE)
            if self.fails:
                raise ZeroDivisionError
        return found

    def finish(self):
        self.go.set()
        return self.future.result(PATIENCE)


def test_two_digests_that_bring_the_same_people_agree(workspace, pool):
    batch = [email("ann@acme.com"), email("bob@acme.com"), Seen("github", "ann")]
    first = Digest(pool, workspace, *batch, links=[(batch[0], batch[2])])
    assert first.ready.wait(PATIENCE)
    second = Digest(pool, workspace, *reversed(batch), email("cid@beta.example"))
    until(waiting_backends)
    assert not second.ready.is_set()
    expected = first.finish()
    found = second.finish()
    assert {name: found[name] for name in expected} == expected
    assert people(workspace) == [
        (("ann", "ann@acme.com"), "Acme", "email_domain"),
        (("bob@acme.com",), "Acme", "email_domain"),
        (("cid@beta.example",), "Beta", "email_domain"),
    ]
    # The attempt that came too late left nothing behind.
    assert Account.objects.count() == 2


def test_a_digest_that_rolls_back_lets_the_other_make_them(workspace, pool):
    first = Digest(pool, workspace, email("ann@acme.com"), fails=True)
    assert first.ready.wait(PATIENCE)
    second = Digest(pool, workspace, email("ann@acme.com"))
    until(waiting_backends)
    with pytest.raises(ZeroDivisionError):
        first.finish()
    second.finish()
    assert people(workspace) == [(("ann@acme.com",), "Acme", "email_domain")]
    assert Account.objects.count() == 1


def test_many_digests_side_by_side_neither_hang_nor_double(workspace, pool):
    def digest(seed):
        rng = random.Random(seed)
        for _ in range(6):
            numbers = rng.sample(range(60), 30)
            mails = [
                email(f"p{number}@c{number % 7}.example", ip="192.0.2.1")
                for number in numbers
            ]
            hubs = [
                Seen("github", f"p{number}", domain="d.example") for number in numbers
            ]
            seen = [*mails, *hubs]
            rng.shuffle(seen)
            links = list(zip(mails, hubs, strict=True))
            resolve(workspace, *seen, links=links if rng.random() < 0.5 else [])

    jobs = [in_thread(pool, digest, seed) for seed in range(6)]
    done, hanging = wait(jobs, PATIENCE)
    assert not hanging
    for job in done:
        job.result()
    join_waiting()
    assert not WaitingJoin.objects.exists()
    rows = list(Identity.objects.values_list("kind", "value"))
    assert len(rows) == len(set(rows))
    domains = list(Account.objects.values_list("domain", flat=True))
    assert len(domains) == len(set(domains)) <= 8
    assert not Developer.objects.filter(identities=None).exists()
    # Whoever was linked at least once is one developer; nobody is two.
    for mail in Identity.objects.filter(kind="email").select_related("developer"):
        values = {
            one.value.partition("@")[0] for one in mail.developer.identities.all()
        }
        assert values == {mail.value.partition("@")[0]}


def test_a_merge_waits_for_the_digest_and_loses_none_of_its_usage(workspace, pool):
    ann, bob = email("ann@acme.com"), email("bob@acme.com")
    found = resolve(workspace, ann, bob)
    metric, product = Metric.objects.get(workspace=workspace), make_product(workspace)
    keep = Developer.objects.get(pk=found["ann@acme.com"])
    other = Developer.objects.get(pk=found["bob@acme.com"])

    def use(people):
        DailyUsage.objects.create(
            workspace=workspace,
            developer_id=people["bob@acme.com"],
            day="2026-11-02",
            metric=metric,
            product=product,
            count=3,
        )

    digest = Digest(pool, workspace, bob, then=use)
    assert digest.ready.wait(PATIENCE)

    def merge():
        merge_developers(keep, other, actor=None)

    merging = in_thread(pool, merge)
    until(waiting_backends)
    # A digest that comes after the merge waits for it and finds the one who stayed.
    late = Digest(pool, workspace, bob)
    digest.finish()
    merging.result(PATIENCE)
    assert late.finish() == {"bob@acme.com": keep.pk}
    assert [(row[0], row[2]) for row in usage()] == [(keep.pk, 3)]
    assert people(workspace) == [
        (("ann@acme.com", "bob@acme.com"), "Acme", "email_domain")
    ]


def test_corrections_and_digests_in_any_mixture_keep_the_sum(workspace, pool):
    seen = [email(f"p{number}@acme.com") for number in range(8)]
    resolve(workspace, *seen)
    metric, product = Metric.objects.get(workspace=workspace), make_product(workspace)
    rounds = 12

    def use(found):
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO accounts_dailyusage AS u"
                " (workspace_id, developer_id, day, metric_id, product_id, count,"
                " value_sum) VALUES (%s, %s, '2026-11-02', %s, %s, 1, 0)"
                " ON CONFLICT (developer_id, day, metric_id, product_id)"
                " DO UPDATE SET count = u.count + 1",
                [
                    (workspace.pk, developer, metric.pk, product.pk)
                    for developer in sorted(found.values())
                ],
            )

    def digest():
        for _ in range(rounds):
            with transaction.atomic(), connection.cursor() as cursor:
                share_usage(cursor, [workspace.pk])
                fill(cursor, workspace, seen)
                resolve_pending(cursor)
                use(resolved(cursor))
                update_known(cursor)

    def correct(seed):
        rng = random.Random(seed)
        for _ in range(rounds):
            people = list(Developer.objects.order_by("?")[:2])
            if len(people) == 2:
                # Another thread may have been faster.
                with suppress(AccountsError):
                    merge_developers(*people, actor=None)
            identity = Identity.objects.get(value=f"p{rng.randrange(8)}@acme.com")
            # It may stand alone already.
            with suppress(AccountsError):
                split_identity_pointers(identity, actor=None)

    jobs = [in_thread(pool, digest) for _ in range(2)]
    jobs += [in_thread(pool, correct, seed) for seed in range(2)]
    done, hanging = wait(jobs, PATIENCE)
    assert not hanging
    for job in done:
        job.result()
    assert sum(row[2] for row in usage()) == 2 * rounds * len(seen)
    known = set(Developer.objects.values_list("pk", flat=True))
    assert {row[0] for row in usage()} <= known
    assert sum(len(values) for values, *_ in people(workspace)) == len(seen)
