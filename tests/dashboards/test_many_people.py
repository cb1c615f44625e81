"""What pages say of accounts with many people is what their usage adds up to."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.clock import today_utc
from accounts.models import (
    Account,
    DailyUsage,
    DeveloperScore,
    Metric,
    ScoreSnapshot,
)
from accounts.score_lists import with_score
from accounts.score_models import current_model
from accounts.score_store import score_touched
from dashboards import charts, periods
from dashboards.queries import account as account_query
from dashboards.queries.lists import TREND_DAYS, scores_of_days
from tests.accounts.scores import make_account, make_developer, random_usage, use
from tests.factories import make_member, make_product, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def page_of(account, days):
    today = today_utc()
    [row] = with_score(
        Account.objects.filter(pk=account.pk).select_related("workspace", "score"),
        current_model(account.workspace),
        today,
    )
    row.worth, row.has_worth = 0.0, False
    period = periods.last_days(days, today=today)
    return account_query.build(row, period, lines=5, on=None, today=today)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [1, 30, 365])
def test_an_account_page_adds_up_its_peoples_usage(workspace, seed, days):
    _, companies = random_usage(workspace, seed, people=20)
    score_touched()
    first = today_utc() - timedelta(days=days - 1)
    for company in companies:
        uses, on, people = Counter(), defaultdict(set), defaultdict(set)
        by_day = Counter()
        for row in DailyUsage.objects.filter(
            developer__account=company, day__range=(first, today_utc())
        ).select_related("metric", "product", "developer"):
            key = (row.metric.label, row.metric.level, row.product.name)
            uses[key] += row.count
            on[key].add(row.day)
            by_day[row.product.name, row.day] += row.count
            if not row.developer.is_aggregate:
                people[key].add(row.developer_id)
        page = page_of(company, days)
        assert {
            (row.metric, row.level, row.product): (row.count, row.days, row.developers)
            for row in page.metrics
        } == {key: (uses[key], len(on[key]), len(people[key])) for key in uses}
        order = [(-row.count, row.metric, row.product) for row in page.metrics]
        assert order == sorted(order)
        drawn = {
            layer.name: sum(bar.value for bar in layer.bars)
            for layer in page.usage.layers
        }
        names = {name for name, _ in by_day} or {"All products"}
        assert drawn == {
            name: sum(n for (product, _), n in by_day.items() if product == name)
            for name in names
        }


def test_an_account_page_shows_its_best_people_first(workspace):
    developers, [company, *_] = random_usage(workspace, 5, people=60)
    score_touched()
    unscored = make_developer(workspace, company)
    theirs = [
        one for one in developers if one.account == company and not one.is_aggregate
    ]
    points = dict(DeveloperScore.objects.values_list("pk", "points"))
    expected = sorted((one.pk for one in theirs), key=lambda pk: (-points[pk], pk))
    page = page_of(company, 30)
    assert [row.pk for row in page.developers] == [*expected, unscored.pk][:10]
    assert page.developer_count == len(theirs) + 1
    everybody = sum(one.account == company for one in developers) + 1
    assert sum(rule.developers for rule in page.rules) == everybody


def test_the_line_of_an_account_is_its_score_of_the_last_days(workspace):
    random_usage(workspace, 1)
    score_touched()
    model, today = current_model(workspace), today_utc()
    never = make_account(workspace, "never")
    kept = {never.pk: {}}
    for number, account in enumerate(Account.objects.exclude(pk=never.pk)):
        kept[account.pk] = {TREND_DAYS - 1: 10.0 + number, 3: 20.0, 1: 30.0}
        for ago in (TREND_DAYS, *kept[account.pk]):
            ScoreSnapshot.objects.create(
                workspace=workspace,
                account=account,
                day=today - timedelta(days=ago),
                score=kept[account.pk].get(ago, 99.0),
                points=1.0,
                model_version=1,
            )
    rows = list(with_score(Account.objects.all(), model, today))
    lines = scores_of_days(rows, today=today)
    for row in rows:
        values = [kept[row.pk].get(ago, 0.0) for ago in reversed(range(1, TREND_DAYS))]
        assert lines[row.pk] == charts.sparkline([*values, row.score_now])


@pytest.mark.parametrize("kind", ["accounts", "account"])
def test_pages_ask_as_much_for_many_people(
    client, workspace, kind, django_assert_num_queries
):
    _, [company, *_] = random_usage(workspace, 2, people=30)
    metric, product = Metric.objects.first(), make_product(workspace, "more")
    score_touched()
    client.force_login(make_member(workspace))
    page = f"/w/{workspace.slug}/accounts/"
    page += f"{company.pk}/" if kind == "account" else ""
    assert client.get(page).status_code == 200
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for _ in range(40):
        use(make_developer(workspace, company), metric, product)
    score_touched()
    with django_assert_num_queries(len(few)):
        client.get(page)
