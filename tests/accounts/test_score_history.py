from datetime import timedelta

import pytest

from accounts.models import Metric, ScoreSnapshot
from accounts.score_history import (
    account_trends,
    prune_snapshots,
    snapshot_range,
    snapshot_scores,
    trend,
)
from accounts.score_models import current_model
from accounts.score_store import score_touched
from accounts.tasks import snapshot_scores as snapshot_task
from tests.accounts.scores import (
    make_account,
    make_developer,
    random_usage,
    use,
    utc_today,
)
from tests.factories import make_product, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def kept():
    return {
        (row.account_id, row.day): (row.points, row.score)
        for row in ScoreSnapshot.objects.all()
    }


@pytest.mark.parametrize("seed", [4, 5])
def test_days_one_by_one_equal_the_range_at_once(workspace, seed):
    random_usage(workspace, seed)
    today = utc_today()
    days = [today - timedelta(days=ago) for ago in range(10, 0, -1)]
    for day in days:
        snapshot_scores(day)
    singly = kept()
    assert len(singly) == 20
    assert snapshot_range(days[0], days[-1]) == 20
    for key, values in kept().items():
        assert singly[key] == pytest.approx(values)


def test_writing_a_day_again_replaces_it(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    yesterday = utc_today() - timedelta(days=1)
    use(developer, metric, product, days_ago=1)
    snapshot_task()
    snapshot_task()
    first = ScoreSnapshot.objects.get()
    assert (first.account, first.day) == (account, yesterday)
    assert first.points == pytest.approx(metric.weight)
    # Usage of today is not of yesterday; a late event is.
    use(developer, metric, product, count=100)
    use(developer, metric, product, days_ago=1, count=3)
    snapshot_scores(yesterday)
    assert ScoreSnapshot.objects.get().points == pytest.approx(2 * metric.weight)


def test_scores_under_half_a_point_are_not_kept(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    use(make_developer(workspace, account), metric, product, days_ago=120)
    today = utc_today()
    snapshot_range(today - timedelta(days=130), today - timedelta(days=1))
    scores = list(ScoreSnapshot.objects.order_by("day").values_list("score", flat=True))
    assert 10 < len(scores) < 50
    assert min(scores) >= 0.5


def test_other_workspaces_snapshots_are_left_alone(workspace):
    other = make_workspace("other")
    for each in (workspace, other):
        metric = Metric.objects.get(workspace=each)
        account = make_account(each)
        use(make_developer(each, account), metric, make_product(each), days_ago=2)
    yesterday = utc_today() - timedelta(days=1)
    assert snapshot_scores(yesterday) == 2
    assert snapshot_scores(yesterday, workspace=other) == 1
    assert ScoreSnapshot.objects.count() == 2


def test_an_accounts_trend_ends_with_the_score_of_now(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    use(make_developer(workspace, account), metric, product, days_ago=3)
    score_touched()
    today = utc_today()
    snapshot_range(today - timedelta(days=89), today - timedelta(days=1))
    points = trend(account)
    assert [point.day for point in points] == [
        today - timedelta(days=ago) for ago in range(89, -1, -1)
    ]
    assert [point.score > 0 for point in points] == [False] * 86 + [True] * 4
    scores = [point.score for point in points[-4:]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_trends_of_many_accounts_cost_three_queries(
    workspace, django_assert_num_queries
):
    _, companies = random_usage(workspace, 2)
    score_touched()
    today = utc_today()
    snapshot_range(today - timedelta(days=30), today - timedelta(days=1))
    rows = list(type(companies[0]).objects.select_related("score"))
    model = current_model(workspace)
    with django_assert_num_queries(3):
        trends = account_trends(rows, model, days=30)
    assert {len(points) for points in trends.values()} == {30}
    assert trends[companies[2].pk][0].score == 0


def test_old_snapshots_are_pruned(workspace):
    account = make_account(workspace)
    for ago in (400, 401):
        ScoreSnapshot.objects.create(
            workspace=workspace,
            account=account,
            day=utc_today() - timedelta(days=ago),
            points=1,
            score=1,
            model_version=1,
        )
    assert prune_snapshots() == 1
    assert prune_snapshots() == 0
