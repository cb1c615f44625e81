"""Trends: each rule, and that SQL says what `accounts/trends.py` says."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tasks
from accounts.models import (
    Account,
    AccountScore,
    Developer,
    DeveloperScore,
    Metric,
    ScoreModel,
)
from accounts.models.score import Damp, Trend
from accounts.receipts import receipt_for_account, receipt_for_developer
from accounts.score_models import current_model, new_model_version
from accounts.score_store import score_touched, score_workspace
from accounts.trend_refresh import refresh_trends
from accounts.trends import RULES, change_of, trend_of
from tests.accounts.scores import (
    make_account,
    make_developer,
    random_usage,
    set_half_life,
    use,
    utc_today,
)
from tests.factories import make_product, make_workspace

TODAY = date(2026, 6, 1)


def days(count):
    return TODAY - timedelta(days=count)


def trend(now=0.0, before=0.0, at_last_use=0.0, seen=400, active=0):
    return trend_of(
        now=now,
        before=before,
        at_last_use=at_last_use,
        first_seen_on=None if seen is None else days(seen),
        last_active_on=days(active),
        medium_from=20.0,
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"seen": 0}, Trend.NEW),
        ({"seen": 13, "now": 90.0}, Trend.NEW),
        ({"seen": 14, "now": 90.0}, Trend.SURGING),
        ({"seen": None, "now": 90.0}, Trend.SURGING),
        ({"now": 20.0, "before": 10.0}, Trend.SURGING),
        ({"now": 20.0, "before": 10.06}, Trend.STEADY),
        ({"now": 19.96, "before": 9.96}, Trend.SURGING),
        ({"now": 19.9, "before": 0.0}, Trend.STEADY),
        ({"now": 15.0, "before": 20.0}, Trend.COOLING),
        ({"now": 15.1, "before": 20.0}, Trend.STEADY),
        ({"now": 5.0, "before": 19.9}, Trend.STEADY),
        ({"active": 30, "at_last_use": 20.0}, Trend.DORMANT),
        ({"active": 30, "at_last_use": 19.9}, Trend.STEADY),
        ({"active": 29, "at_last_use": 90.0}, Trend.STEADY),
        ({"active": 40, "at_last_use": 90.0, "before": 40.0}, Trend.DORMANT),
        ({"active": 40, "at_last_use": 90.0, "seen": 3}, Trend.NEW),
    ],
)
def test_each_rule_begins_and_ends_where_it_says(facts, expected):
    assert trend(**facts) == expected


def test_every_trend_has_its_rule_in_words():
    assert set(RULES) == set(Trend.values)


@pytest.fixture
def workspace(db):
    return make_workspace()


def expected_of(subject, on):
    """The twin's answer from three receipts of the model in force."""
    receipt_for = (
        receipt_for_account if isinstance(subject, Account) else receipt_for_developer
    )
    model = current_model(subject.workspace)

    def score(day):
        return receipt_for(subject, on=day, model=model).score

    seen = subject.first_seen_at
    active = subject.score.last_active_on
    now, before = score(on), score(on - timedelta(days=7))
    return change_of(now, before), trend_of(
        now=now,
        before=before,
        at_last_use=score(active),
        first_seen_on=seen.date() if seen else None,
        last_active_on=active,
        medium_from=model.medium_from,
        today=on,
    )


def check_all(on):
    found = []
    for table in (Developer, Account):
        rows = table.objects.filter(score__isnull=False).select_related(
            "score", "workspace"
        )
        for row in rows:
            change, name = expected_of(row, on)
            # A tenth may round the other way after another order of sums.
            assert row.score.change_7d == pytest.approx(change, abs=0.11)
            if abs(abs(change) - 10) > 0.15 and abs(abs(change) - 5) > 0.15:
                assert row.score.trend == name
            found.append(row.score.trend)
    return found


def spread_first_seen():
    """Give everybody a day of being first seen, some of them new."""
    for table in (Developer, Account):
        for row in table.objects.all():
            row.first_seen_at = datetime.now(tz=UTC) - timedelta(days=row.pk * 5 % 120)
            row.save()


@pytest.mark.parametrize("damp", Damp.values)
@pytest.mark.parametrize("seed", [1, 2])
def test_scoring_names_the_trends_that_receipts_show(workspace, seed, damp):
    random_usage(workspace, seed, people=40, days=60)
    spread_first_seen()
    set_half_life(workspace, 9.0, damp=damp, developer_scale=60.0)
    score_touched()
    found = check_all(utc_today())
    assert len(set(found)) >= 4
    touched = list(DeveloperScore.objects.order_by("pk").values("change_7d", "trend"))
    score_workspace(workspace)
    assert touched == list(
        DeveloperScore.objects.order_by("pk").values("change_7d", "trend")
    )
    check_all(utc_today())


@pytest.mark.parametrize("later", [1, 5, 8, 33])
def test_a_new_day_brings_the_trends_of_everybody(workspace, later):
    random_usage(workspace, 5, people=40, days=40)
    spread_first_seen()
    score_touched()
    day = utc_today() + timedelta(days=later)
    assert refresh_trends(today=day) > 0
    check_all(day)
    assert current_model(workspace).trends_on == day
    assert refresh_trends(today=day) == 0


def test_only_what_changed_is_written(workspace):
    random_usage(workspace, 5, people=40, days=40)
    score_touched()
    ScoreModel.objects.update(trends_on=None)
    assert refresh_trends() == 0
    # What never had a trend, as after an upgrade, gets one.
    DeveloperScore.objects.update(trend_on=None, points_before=0.0)
    ScoreModel.objects.update(trends_on=None)
    assert refresh_trends() >= 40
    check_all(utc_today())


def test_an_account_knows_of_yesterdays_people_too(workspace):
    """Who was not touched today counts with what they had a week ago."""
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    for number in range(3):
        person = make_developer(workspace, account)
        use(person, metric, product, days_ago=number * 6, count=50)
    score_touched()
    use(make_developer(workspace, account), metric, product, count=9)
    score_touched()
    check_all(utc_today())


def test_a_change_of_the_model_moves_nobody(workspace):
    random_usage(workspace, 7, people=20)
    score_touched()
    new_model_version(workspace, developer_scale=20.0, account_scale=20.0)
    score_touched()
    check_all(utc_today())


def test_refreshing_costs_as_many_statements_for_any_number(workspace):
    counts = []
    for seed, people in ((1, 3), (2, 60)):
        random_usage(make_workspace(f"ws{seed}"), seed, people=people)
        score_touched()
        ScoreModel.objects.update(trends_on=None)
        ScoreModel.objects.exclude(workspace__slug=f"ws{seed}").update(
            trends_on=utc_today()
        )
        with CaptureQueriesContext(connection) as queries:
            refresh_trends()
        counts.append(len(queries))
    assert counts[0] == counts[1] < 20


def test_the_task_refreshes(workspace):
    random_usage(workspace, 1)
    score_touched()
    AccountScore.objects.update(trend_on=None)
    ScoreModel.objects.update(trends_on=None)
    tasks.refresh_trends()
    assert not AccountScore.objects.filter(trend_on=None).exists()
