import math
import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.clock import now_utc
from accounts.models import AccountScore, DeveloperScore, Metric, ScoreModel
from accounts.models.score import Damp
from accounts.receipts import receipt_for_account, receipt_for_developer
from accounts.score_history import developer_trends, snapshot_range, trend
from accounts.score_lists import with_score
from accounts.score_models import current_model, new_model_version
from accounts.score_store import score_touched
from accounts.scoring import Band
from dashboards import charts
from tests.accounts.scores import (
    make_account,
    make_developer,
    random_usage,
    set_half_life,
    use,
    utc_today,
)
from tests.factories import make_metric, make_product, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def parts_of(receipt):
    return [*receipt.lines, *(p for p in (receipt.other, receipt.breadth) if p)]


def check_sums(receipt):
    parts = parts_of(receipt)
    assert math.fsum(part.points for part in parts) == pytest.approx(
        receipt.points, rel=1e-12
    )
    assert sum((part.shown for part in parts), Decimal(0)) == receipt.shown_points
    assert abs(float(receipt.shown_points) - receipt.points) <= 0.005 + 1e-9
    assert sum((part.share for part in parts), Decimal(0)) == receipt.shown_score
    assert str(receipt.shown_score) == charts.shown_score(receipt.score)
    assert all(part.share >= 0 for part in parts)
    for line in receipt.lines:
        assert line.weight * line.damp * line.age_factor == line.points


def random_model(workspace, seed):
    """Any values that a model may have, within what anybody would choose."""
    rng = random.Random(seed)
    set_half_life(
        workspace,
        rng.choice([1.0, 2.5, 14.0, 90.0, rng.uniform(1, 400)]),
        landmark=utc_today() - timedelta(days=rng.choice([0, 3, 200])),
        damp=rng.choice(Damp.values),
        breadth_bonus=rng.choice([0.0, 0.1, rng.uniform(0, 3)]),
        developer_scale=10 ** rng.uniform(-1, 4),
        account_scale=10 ** rng.uniform(-1, 4),
    )


@pytest.mark.parametrize("seed", range(12))
def test_receipts_add_up_to_the_stored_points(workspace, seed):
    developers, companies = random_usage(workspace, seed)
    if seed:
        random_model(workspace, seed)
    score_touched()
    model, today = current_model(workspace), utc_today()
    for rows, receipt_for in (
        (developers, receipt_for_developer),
        (companies, receipt_for_account),
    ):
        manager = type(rows[0]).objects
        for row in with_score(manager.filter(workspace=workspace), model, today):
            receipt = receipt_for(row)
            check_sums(receipt)
            assert receipt.points == pytest.approx(row.points_now, rel=1e-9)
            assert receipt.score == pytest.approx(row.score_now, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_receipts_of_past_days_agree_with_snapshots_and_trends(workspace, seed):
    developers, companies = random_usage(workspace, seed)
    random_model(workspace, seed)
    score_touched()
    today = utc_today()
    snapshot_range(today - timedelta(days=90), today - timedelta(days=1))
    model = current_model(workspace)
    trends = developer_trends(developers, model, days=91)
    for ago in (1, 2, 7, 30, 89, 90):
        on = today - timedelta(days=ago)
        for company in companies:
            receipt = receipt_for_account(company, on=on)
            check_sums(receipt)
            kept = company.snapshots.filter(day=on).first()
            if receipt.score >= 0.5:
                assert kept.points == pytest.approx(receipt.points, rel=1e-9)
                assert kept.score == pytest.approx(receipt.score, rel=1e-9)
            else:
                assert kept is None
        for developer in developers:
            receipt = receipt_for_developer(developer, on=on)
            point = trends[developer.pk][90 - ago]
            assert point.day == on
            assert point.score == pytest.approx(receipt.score, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_breadth_of_now_is_what_all_points_say(workspace, seed):
    """Mostly read from scores; newer use of some is worked out beside them."""
    developers, companies = random_usage(workspace, seed)
    random_model(workspace, seed)
    score_touched()
    metric, product = Metric.objects.first(), make_product(workspace, "news")
    newcomer = make_developer(workspace, companies[0])
    for waiting in ((), developers[:3], developers, [newcomer]):
        for developer in waiting:
            use(developer, metric, product, count=seed + 2)
        shown = [receipt_for_account(company).breadth for company in companies]
        with transaction.atomic():
            # Nobody has a score: all is worked out.
            AccountScore.objects.all().delete()
            assert [receipt_for_account(company).breadth for company in companies] == [
                approximately(breadth) for breadth in shown
            ]
            transaction.set_rollback(True)


def approximately(breadth):
    return replace(
        breadth,
        effective_developers=pytest.approx(breadth.effective_developers, rel=1e-9),
        points=pytest.approx(breadth.points, rel=1e-9),
        shown=pytest.approx(breadth.shown, abs=Decimal("0.01")),
        share=pytest.approx(breadth.share, abs=Decimal("0.1")),
    )


def test_a_line_names_all_products_however_many_there_are(workspace):
    metric, account = Metric.objects.get(), make_account(workspace)
    developers = [make_developer(workspace, account) for _ in range(3)]
    for number in range(75):
        product = make_product(workspace, f"p{number}", name=f"Product {number:02}")
        if number in {0, 5, 7, 70, 74}:
            use(developers[number % 3], metric, product)
    (line,) = receipt_for_account(account).lines
    assert line.product == (
        "Product 00, Product 05, Product 07, Product 70, Product 74"
    )
    assert (line.developers, line.count) == (3, 5)


def test_a_line_names_metric_day_count_weight_and_age(workspace):
    metric = make_metric(workspace, "LOGIN", label="Log-in", weight=10.0, daily_cap=3)
    developer = make_developer(workspace)
    use(developer, metric, make_product(workspace, "sdk", name="SDK"), days_ago=14)
    use(
        developer,
        metric,
        make_product(workspace, "cli", name="CLI"),
        days_ago=14,
        count=6,
    )
    score_touched()
    receipt = receipt_for_developer(developer)
    (line,) = receipt.lines
    assert (line.metric, line.product) == ("Log-in", "CLI, SDK")
    assert line.day == utc_today() - timedelta(days=14)
    # The cap holds for the metric's uses of the day, whatever the product.
    assert (line.count, line.counted, line.damp) == (7, 3, 2.0)
    assert (line.weight, line.age_days, line.age_factor) == (10.0, 14, 0.5)
    assert line.points == 10.0
    assert line.shown == Decimal("10.00")
    assert receipt.shown_points == Decimal("10.00")
    assert (receipt.breadth, receipt.other, receipt.model_version) == (None, None, 1)
    assert receipt.band is Band.LOW


def test_the_daily_cap_holds_for_each_developer_of_an_account(workspace):
    metric = make_metric(workspace, "LOGIN", weight=10.0, daily_cap=3)
    product, account = make_product(workspace), make_account(workspace)
    for _ in range(2):
        use(make_developer(workspace, account), metric, product, count=8)
    score_touched()
    receipt = receipt_for_account(account)
    (line,) = receipt.lines
    assert (line.developers, line.count, line.counted, line.damp) == (2, 16, 6, 4.0)
    assert receipt.breadth.effective_developers == pytest.approx(2)
    assert receipt.breadth.points == pytest.approx(4.0)
    assert receipt.points == pytest.approx(44.0)


def test_pre_counted_use_scores_but_is_nobody(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    use(make_developer(workspace, account, is_aggregate=True), metric, product)
    use(make_developer(workspace, account), metric, product)
    receipt = receipt_for_account(account)
    assert receipt.breadth.effective_developers == 1
    assert receipt.points == pytest.approx(2 * metric.weight)


def test_years_of_usage_make_a_short_receipt(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    developer = make_developer(workspace)
    for ago in range(0, 1500, 3):
        use(developer, metric, product, days_ago=ago)
    score_touched()
    receipt = receipt_for_developer(developer)
    assert 30 < len(receipt.lines) < 80
    assert len(receipt.lines) + receipt.other.lines == 500
    check_sums(receipt)
    assert receipt.points == pytest.approx(DeveloperScore.objects.get().points)


def test_folding_a_receipt_keeps_its_sums(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    for ago in range(400):
        use(developer, metric, product, days_ago=ago)
    receipt = receipt_for_account(account)
    folded = receipt.folded(5)
    assert len(folded.lines) == 5
    assert folded.lines == receipt.lines[:5]
    assert folded.other.lines + 5 == 400
    assert folded.other.count + 5 == 400
    check_sums(folded)
    assert folded.folded(10) is folded


def test_ancient_and_coming_days_break_nothing(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    set_half_life(workspace, 1.0)
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    use(developer, metric, product, day=date(1990, 1, 1))
    use(developer, metric, product, days_ago=-1)
    score_touched()
    receipt = receipt_for_account(account)
    assert receipt.points == pytest.approx(2 * metric.weight)
    assert receipt.lines[0].age_days == -1
    assert AccountScore.objects.get().points == pytest.approx(receipt.points)
    assert receipt_for_account(account, on=date(1990, 1, 2)).points == pytest.approx(
        metric.weight / 2
    )
    assert receipt_for_account(account, on=date(1989, 1, 1)).points == 0
    assert trend(developer)[0].score == 0
    snapshot_range(date(1990, 1, 1), date(1990, 1, 3))


def test_someone_without_usage_has_an_empty_receipt(workspace):
    account = make_account(workspace)
    receipt = receipt_for_account(account)
    assert (receipt.lines, receipt.points, receipt.score) == ((), 0, 0)
    assert receipt.shown_points == 0
    assert receipt_for_developer(make_developer(workspace)).lines == ()


def test_a_past_day_is_judged_by_the_model_of_that_day(workspace):
    """Scores kept that night name their version; else it is the one then in force."""
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    developer = make_developer(workspace, account)
    use(developer, metric, product, days_ago=20, count=7)
    score_touched()
    today = utc_today()
    first, second = (today - timedelta(days=ago) for ago in (10, 5))
    snapshot_range(first, first, workspace=workspace)
    new_model_version(workspace, developer_scale=10.0, half_life_days=30.0)
    score_touched()
    new_model_version(workspace, developer_scale=1000.0)
    score_touched()
    ScoreModel.objects.filter(version=2).update(
        applied_at=now_utc() - timedelta(days=8)
    )
    ScoreModel.objects.filter(version=1).update(applied_at=None)
    used = {
        on: receipt_for_developer(developer, on=on).model_version
        for on in (first, second, today - timedelta(days=15), None)
    }
    assert list(used.values()) == [1, 2, 3, 3]
    assert receipt_for_account(account, on=second).model_version == 2
    points = developer_trends([developer], current_model(workspace))[developer.pk]
    for point in points:
        receipt = receipt_for_developer(developer, on=point.day)
        if point.day < today:
            assert point.version == receipt.model_version
        assert point.score == pytest.approx(receipt.score, rel=1e-9)
    old = ScoreModel.objects.get(version=1)
    assert receipt_for_developer(developer, on=second, model=old).model_version == 1
