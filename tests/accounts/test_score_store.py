import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import log2

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts import score_store
from accounts.models import (
    AccountScore,
    DailyUsage,
    Developer,
    DeveloperScore,
    Metric,
    ScoreModel,
    TouchedDeveloper,
)
from accounts.score_lists import in_band, score_of, with_score
from accounts.score_models import current_model, new_model_version
from accounts.score_store import rescore_accounts, score_touched, score_workspace
from accounts.scoring import Band, band_of
from tests.accounts.scores import (
    make_account,
    make_developer,
    random_usage,
    touch,
    use,
    utc_today,
)
from tests.factories import make_metric, make_product, make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def metric(workspace):
    return Metric.objects.get(workspace=workspace)


@pytest.fixture
def product(workspace):
    return make_product(workspace)


def points_of(row):
    return type(row).objects.select_related("score").get(pk=row.pk).score.points


def stored(table):
    return {
        row["pk"]: row
        for row in table.objects.values(
            "pk", "points", "last_active_on", "model_version"
        )
    }


def test_touched_developers_and_their_accounts_are_scored_once(
    workspace, metric, product
):
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    use(developer, metric, product, days_ago=14, count=3)
    touch(developer)
    assert score_touched() == 1
    assert points_of(developer) == pytest.approx(metric.weight)
    score = AccountScore.objects.get()
    assert score.points == pytest.approx(metric.weight)
    assert (score.active_developers, score.effective_developers) == (1, 1.0)
    assert score.last_active_on == utc_today() - timedelta(days=14)
    assert score.model_version == 1
    assert not TouchedDeveloper.objects.exists()
    assert score_touched() == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_scoring_the_touched_equals_scoring_everything(workspace, seed):
    random_usage(workspace, seed)
    score_touched(batch=5)
    piecewise = stored(DeveloperScore), stored(AccountScore)
    score_workspace(workspace)
    assert len(piecewise[0]) == 12
    for before, table in zip(piecewise, (DeveloperScore, AccountScore), strict=True):
        after = stored(table)
        assert before.keys() == after.keys()
        for pk, row in after.items():
            assert before[pk] == {**row, "points": pytest.approx(row["points"])}


def test_the_number_of_statements_does_not_grow_with_the_developers(workspace):
    counts = []
    for seed, people in ((1, 3), (2, 40)):
        workspace = make_workspace(f"ws{seed}")
        random_usage(workspace, seed, people=people)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            score_touched()
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_an_account_that_lost_a_developer_is_scored_again(workspace, metric, product):
    here, there = make_account(workspace, "here"), make_account(workspace, "there")
    stays, goes = (make_developer(workspace, here) for _ in range(2))
    for developer in (stays, goes):
        use(developer, metric, product)
    score_touched()
    goes.account = there
    goes.save()
    touch(goes)
    score_touched()
    assert points_of(here) == pytest.approx(metric.weight)
    assert points_of(there) == pytest.approx(metric.weight)
    assert DeveloperScore.objects.get(pk=goes.pk).counted_in == there.pk
    stays.delete()
    rescore_accounts([here.pk, there.pk])
    assert list(AccountScore.objects.values_list("pk", flat=True)) == [there.pk]


def test_usage_that_is_gone_takes_its_scores_along(workspace, metric, product):
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    use(developer, metric, product)
    score_touched()
    DailyUsage.objects.all().delete()
    touch(developer)
    score_touched()
    assert not DeveloperScore.objects.exists()
    assert not AccountScore.objects.exists()


def test_a_touched_developer_that_was_merged_away_is_passed_over(workspace, metric):
    developer = make_developer(workspace)
    touch(developer)
    developer.delete()
    assert score_touched() == 1
    assert not DeveloperScore.objects.exists()


def test_two_workspaces_are_scored_by_their_own_models(workspace, metric, product):
    other = make_workspace("other")
    theirs = Metric.objects.get(workspace=other)
    Metric.objects.filter(pk=theirs.pk).update(weight=1.0)
    ScoreModel.objects.filter(workspace=other).update(weights={str(theirs.pk): [1, 2]})
    people = make_developer(workspace), make_developer(other)
    use(people[0], metric, product, count=7)
    use(people[1], theirs, make_product(other), count=7)
    score_touched()
    assert points_of(people[0]) == pytest.approx(3 * metric.weight)
    assert points_of(people[1]) == pytest.approx(1.585, abs=0.001)


def test_a_metric_the_model_does_not_know_joins_it(workspace, product):
    metric = make_metric(workspace, "NEW", weight=4.0, daily_cap=1)
    developer = make_developer(workspace)
    use(developer, metric, product, count=9)
    score_touched()
    assert points_of(developer) == pytest.approx(4.0)
    model = ScoreModel.objects.get()
    assert model.weights[str(metric.pk)] == [4.0, 1]


def test_a_new_model_replaces_all_scores_at_once(workspace, metric, product):
    account = make_account(workspace)
    for number in range(3):
        use(make_developer(workspace, account), metric, product, days_ago=number)
    score_touched()
    Metric.objects.filter(pk=metric.pk).update(weight=1.0)
    new = new_model_version(workspace, note="cheaper calls")
    assert current_model(workspace).version == 1
    rows = with_score(
        type(account).objects.all(), current_model(workspace), utc_today()
    )
    assert rows.get().is_stale
    before = points_of(account)
    score_touched()
    assert current_model(workspace) == new
    assert {row["model_version"] for row in stored(DeveloperScore).values()} == {2}
    assert points_of(account) == pytest.approx(before / metric.weight)
    assert not with_score(type(account).objects.all(), new, utc_today()).get().is_stale


def test_lists_say_what_is_stale(workspace, metric, product):
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    use(developer, metric, product)
    for rows in (type(account).objects.all(), type(developer).objects.all()):
        row = with_score(rows, current_model(workspace), utc_today()).get()
        assert (row.is_stale, row.score_now) == (True, 0.0)
    score_touched()
    for rows in (type(account).objects.all(), type(developer).objects.all()):
        row = with_score(rows, current_model(workspace), utc_today()).get()
        assert not row.is_stale
        assert row.score_now > 0


def test_others_who_wait_make_no_account_stale(workspace, metric, product):
    """Nor do people of no account, and an account that has nobody."""
    account, empty = make_account(workspace), make_account(workspace, "empty")
    make_developer(workspace, account)
    use(make_developer(workspace), metric, product)
    use(make_developer(workspace, make_account(workspace, "other")), metric, product)
    rows = with_score(
        type(account).objects.all(), current_model(workspace), utc_today()
    ).order_by("pk")
    assert [row.is_stale for row in rows] == [False, False, True]
    assert [row.pk for row in rows][:2] == [account.pk, empty.pk]


@pytest.mark.parametrize("later", [0, 30, 1400])
def test_bands_in_lists_are_those_of_the_scores(workspace, later):
    developers, companies = random_usage(workspace, 3, people=60)
    ScoreModel.objects.update(developer_scale=60.0)
    score_touched()
    model, day = current_model(workspace), utc_today() + timedelta(days=later)
    for manager in (type(developers[0]).objects, type(companies[0]).objects):
        rows = with_score(manager.select_related("score"), model, day)
        for row in rows:
            assert score_of(row, model, day) == pytest.approx(row.score_now)
        for band in Band:
            assert {row.pk for row in in_band(manager.all(), band, model, day)} == {
                row.pk for row in rows if band_of(row.score_now, model) is band
            }


# ---- Several workers ---------------------------------------------------------------


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as executor:
        yield executor


def alone(function, *args):
    """Run a function in a thread, on a connection that ends with it."""
    try:
        return function(*args)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_lose_no_update(pool):
    workspace = make_workspace()
    metric, product = Metric.objects.get(), make_product(workspace)
    accounts = [make_account(workspace, f"a{n}") for n in range(5)]
    people = [make_developer(workspace, accounts[n % 5]) for n in range(60)]
    stop = threading.Event()

    def score():
        while not stop.is_set():
            score_touched(batch=7)

    def digest(share):
        for day in range(12):
            with transaction.atomic():
                for developer in share:
                    use(developer, metric, product, days_ago=day)

    scorers = [pool.submit(alone, score) for _ in range(3)]
    digests = [pool.submit(alone, digest, people[n::3]) for n in range(3)]
    try:
        for worker in digests:
            worker.result(60)
    finally:
        stop.set()
    for worker in scorers:
        worker.result(60)
    score_touched()
    side_by_side = stored(DeveloperScore), stored(AccountScore)
    score_workspace(workspace)
    for before, table in zip(side_by_side, (DeveloperScore, AccountScore), strict=True):
        after = stored(table)
        assert before.keys() == after.keys()
        for pk, row in after.items():
            assert before[pk] == {**row, "points": pytest.approx(row["points"])}


def wait_for_a_blocked_worker():
    """Return once another connection waits for a row lock."""
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("nobody waits")


@pytest.mark.django_db(transaction=True)
def test_a_slow_worker_does_not_write_what_it_read_before_a_faster_one(pool):
    workspace = make_workspace()
    metric, product = Metric.objects.get(), make_product(workspace)
    first, second = make_developer(workspace), make_developer(workspace)
    for developer in (first, second):
        use(developer, metric, product)
    score_touched()
    touch(first, second)
    with transaction.atomic():
        DeveloperScore.objects.select_for_update().get(pk=first.pk)
        slow = pool.submit(alone, score_touched)
        wait_for_a_blocked_worker()
        pool.submit(alone, lambda: use(second, metric, product, days_ago=1)).result(30)
        assert pool.submit(alone, score_touched).result(30) == 1
    assert slow.result(30) == 2
    expected = metric.weight * (1 + 2 ** (-1 / 14))
    assert points_of(second) == pytest.approx(expected)


@pytest.mark.django_db(transaction=True)
def test_a_slow_worker_does_not_forget_siblings_scored_by_a_faster_one(pool):
    workspace = make_workspace()
    metric, product = Metric.objects.get(), make_product(workspace)
    here, there = make_account(workspace, "here"), make_account(workspace, "there")
    people = [make_developer(workspace, account) for account in (here, there)]
    sibling = make_developer(workspace, there)
    for developer in (*people, sibling):
        use(developer, metric, product)
    score_touched()
    touch(*people)
    with transaction.atomic():
        AccountScore.objects.select_for_update().get(pk=here.pk)
        slow = pool.submit(alone, score_touched)
        wait_for_a_blocked_worker()
        pool.submit(alone, lambda: use(sibling, metric, product, days_ago=14)).result(
            30
        )
        assert pool.submit(alone, score_touched).result(30) == 1
    assert slow.result(30) == 2
    score = AccountScore.objects.get(pk=there.pk)
    points = [points_of(developer) for developer in (people[1], sibling)]
    assert points == pytest.approx([metric.weight, 1.5 * metric.weight])
    effective = sum(points) ** 2 / sum(p * p for p in points)
    assert score.points == pytest.approx(sum(points) * (1 + 0.1 * log2(effective)))


@pytest.mark.django_db(transaction=True)
def test_in_turns_a_workspace_is_left_to_the_worker_that_is_at_it(pool):
    workspace, other = make_workspace("busy"), make_workspace("idle")
    for place in (workspace, other):
        developer = make_developer(place, make_account(place))
        metric = Metric.objects.get(workspace=place)
        use(developer, metric, make_product(place))
    score_touched()
    touch(*Developer.objects.all())
    with transaction.atomic(), connection.cursor() as cursor:
        score_store.run(cursor, "claim", limit=1, in_turns=True)
        assert [row[0] for row in cursor.fetchall()] == [workspace.pk]
        touch(Developer.objects.get(workspace=workspace))

        def in_turn():
            return score_touched(in_turns=True)

        assert pool.submit(alone, in_turn).result(30) == 1
        (score,) = DeveloperScore.objects.filter(workspace=other)
        assert (
            score.scored_at > DeveloperScore.objects.get(workspace=workspace).scored_at
        )
    assert score_touched(in_turns=True) == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_in_the_middle_leaves_the_queue_as_it_was(monkeypatch):
    workspace = make_workspace()
    metric, product = Metric.objects.get(), make_product(workspace)
    developer = make_developer(workspace, make_account(workspace))
    use(developer, metric, product)

    def crash(*args):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(score_store, "_sum_up", crash)
        with pytest.raises(RuntimeError):
            score_touched()
    assert TouchedDeveloper.objects.count() == 1
    assert not DeveloperScore.objects.exists()
    assert score_touched() == 1


@pytest.mark.django_db(transaction=True)
def test_touched_developers_wait_while_their_workspace_is_scored(pool):
    workspace, other = make_workspace(), make_workspace("other")
    for each in (workspace, other):
        metric = Metric.objects.get(workspace=each)
        use(make_developer(each), metric, make_product(each))
    with transaction.atomic():
        score_workspace(workspace)
        touch(*Developer.objects.filter(workspace=workspace))
        assert pool.submit(alone, score_touched).result(30) == 1
    assert DeveloperScore.objects.count() == 2
    assert score_touched() == 1
