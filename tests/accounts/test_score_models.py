from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.errors import AccountsError
from accounts.models import DeveloperScore, Metric, ScoreModel
from accounts.receipts import receipt_for_account
from accounts.score_lists import with_score
from accounts.score_models import (
    calibrate,
    current_model,
    first_model,
    new_model_version,
    pending_model,
    pending_workspaces,
    renew_landmarks,
    sync_weights,
)
from accounts.score_store import score_touched, score_workspace
from accounts.tasks import snapshot_scores
from tests.accounts.scores import (
    make_account,
    make_developer,
    random_usage,
    set_half_life,
    use,
    utc_today,
)
from tests.factories import make_member, make_metric, make_product, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def test_a_new_workspace_has_a_model_in_force(workspace):
    model = current_model(workspace)
    metric = Metric.objects.get()
    assert (model.version, model.landmark) == (1, utc_today())
    assert model.weights == {str(metric.pk): [metric.weight, None]}
    assert pending_model(workspace) is None
    assert pending_workspaces() == []


def test_a_version_is_pending_until_the_workspace_is_scored(workspace):
    admin = make_member(workspace, "admin")
    new = new_model_version(workspace, actor=admin, note="slower", half_life_days=30)
    assert (new.version, new.half_life_days, new.created_by) == (2, 30, admin)
    assert new.developer_scale == current_model(workspace).developer_scale
    assert pending_model(workspace) == new
    assert pending_workspaces() == [workspace.pk]
    score_touched()
    assert current_model(workspace) == new
    assert pending_workspaces() == []


def test_a_version_that_was_overtaken_is_never_applied(workspace):
    skipped = new_model_version(workspace, half_life_days=30)
    new = new_model_version(workspace, breadth_bonus=0.2)
    assert new.half_life_days == 30
    score_touched()
    assert current_model(workspace) == new
    skipped.refresh_from_db()
    assert skipped.applied_at is None
    assert pending_workspaces() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"half_life_days": 0.5},
        {"half_life_days": float("nan")},
        {"developer_scale": 0},
        {"account_scale": float("inf")},
        {"breadth_bonus": -1},
        {"high_from": 10},
        {"medium_from": 0},
        {"high_from": 100},
        {"landmark": 3},
    ],
)
def test_a_model_without_sense_is_refused(workspace, changes):
    with pytest.raises(AccountsError):
        new_model_version(workspace, **changes)
    assert ScoreModel.objects.count() == 1


def test_new_metrics_join_the_model_and_changed_ones_make_a_version(workspace):
    metric = make_metric(workspace, "DEPLOY", weight=8.0)
    assert sync_weights(workspace).version == 1
    assert current_model(workspace).weights[str(metric.pk)] == [8.0, None]
    assert sync_weights(workspace).version == 1
    metric.daily_cap = 5
    metric.save()
    new = sync_weights(workspace)
    assert (new.version, new.weights[str(metric.pk)]) == (2, [8.0, 5])
    assert current_model(workspace).weights[str(metric.pk)] == [8.0, None]


def test_calibrating_puts_the_median_active_one_at_50(workspace):
    metric, product = Metric.objects.get(), make_product(workspace)
    for number in range(9):
        account = make_account(workspace, f"a{number}")
        use(make_developer(workspace, account), metric, product, count=2**number)
    for number in range(20):
        idle = make_account(workspace, f"idle{number}")
        use(make_developer(workspace, idle), metric, product, days_ago=31)
    score_touched()
    new = calibrate(workspace)
    score_touched()
    today = utc_today()
    for table in (type(idle), type(idle.developers.get())):
        rows = with_score(table.objects.all(), current_model(workspace), today)
        active = rows.filter(score__last_active_on=today)
        assert sorted(row.score_now for row in active)[4] == pytest.approx(50, abs=0.05)
    assert new.note == "Calibrated: 9 developers, 9 accounts active"


def test_too_few_active_ones_calibrate_nothing(workspace):
    use(make_developer(workspace), Metric.objects.get(), make_product(workspace))
    score_touched()
    assert calibrate(workspace) is None


def test_the_landmark_is_renewed_before_points_overflow(workspace):
    _, companies = random_usage(workspace, 1)
    old = utc_today() - timedelta(days=301)
    set_half_life(workspace, 3.0, landmark=old)
    score_touched()
    before = DeveloperScore.objects.order_by("-points").first().points
    assert before > 1e20
    assert renew_landmarks() == 1
    score_touched()
    assert current_model(workspace).landmark == utc_today()
    assert DeveloperScore.objects.order_by("-points").first().points < 1e6
    assert renew_landmarks() == 0
    rows = with_score(
        type(companies[0]).objects.all(), current_model(workspace), utc_today()
    )
    for row in rows:
        assert receipt_for_account(row).points == pytest.approx(row.points_now)


def test_a_landmark_forgotten_for_years_raises_nothing(workspace):
    random_usage(workspace, 1)
    set_half_life(workspace, 1.0, landmark=utc_today() - timedelta(days=2500))
    score_workspace(workspace)
    snapshot_scores()
    renew_landmarks()
    score_touched()
    assert current_model(workspace).version == 2


def test_the_first_model_may_be_made_by_hand(workspace):
    ScoreModel.objects.all().delete()
    assert current_model_after_first(workspace).version == 1


def current_model_after_first(workspace):
    first_model(workspace)
    return current_model(workspace)


def test_the_command_scores_and_calibrates(workspace, capsys):
    metric, product = Metric.objects.get(), make_product(workspace)
    for number in range(5):
        use(make_developer(workspace), metric, product, count=number + 1)
    make_workspace("other")
    call_command("score", calibrate=True)
    told = capsys.readouterr()
    assert "acme: 5 developers and 0 accounts scored with model 2." in told.out
    assert "other: too few active to calibrate." in told.err
    call_command("score", workspace="acme")
    assert "model 2" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no workspace nowhere"):
        call_command("score", workspace="nowhere")
