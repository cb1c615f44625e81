from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Metric, ScoreModel
from accounts.score_models import current_model, pending_model
from accounts.score_store import score_touched
from tests.accounts.scores import random_usage
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    workspace = make_workspace()
    random_usage(workspace, 1, people=30)
    score_touched()
    return workspace


def run(*arguments):
    told = StringIO()
    call_command("score_model", *arguments, stdout=told)
    return told.getvalue()


def test_it_shows_the_model_and_its_history(workspace):
    assert "half_life_days=14" in run("acme", "--show")
    run("acme", "--set", "half_life_days=30", "--note", "Slower")
    told = run("acme")
    assert "Points halve every 30 days." in told
    assert "Uptick: Slower Half-life in days: 14 → 30" in told
    assert "BUILD: " in told
    assert ", at most 3 a day" in told


def test_it_previews_and_saves_nothing(workspace):
    told = run("acme", "--preview", "--set", "damp=linear", "--set", "account_scale=50")
    assert "in another band." in told
    assert "now / then" in told
    assert "+" in told
    assert ScoreModel.objects.count() == 1
    assert "Accounts: 0 up" in run("acme", "--preview")


def test_it_makes_a_version_and_scores_with_it(workspace):
    told = run(
        *("acme", "--set", "damp=sqrt", "--weight", "build=7"),
        *("--cap", "deploy=4", "--cap", "BUILD="),
    )
    assert "30 developers and 2 accounts scored." in told
    assert "Version 2" in told
    model = current_model(workspace)
    assert (model.version, model.damp) == (2, "sqrt")
    metrics = {metric.key: metric for metric in Metric.objects.all()}
    assert (metrics["BUILD"].weight, metrics["BUILD"].daily_cap) == (7.0, None)
    assert metrics["DEPLOY"].daily_cap == 4
    run("acme", "--like", "1", "--later")
    assert pending_model(workspace).damp == "log2"
    assert Metric.objects.get(key="BUILD").daily_cap == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nowhere",), "no workspace nowhere"),
        (("acme", "--set", "half_life_days"), "NAME=VALUE"),
        (("acme", "--set", "half_life_days=long"), "no number"),
        (("acme", "--set", "half_life_days=0"), "between"),
        (("acme", "--set", "speed=1"), "no speed"),
        (("acme", "--weight", "NOTHING=1"), "no metric NOTHING"),
        (("acme", "--weight", "BUILD=-1"), "weight must be"),
        (("acme", "--like", "9"), "no version 9"),
        (("acme", "--calibrated"), "must have been"),
    ],
)
def test_it_refuses_what_makes_no_sense(arguments, complaint):
    random_usage(make_workspace(), 1, people=3)
    with pytest.raises(CommandError, match=complaint):
        run(*arguments)
    assert ScoreModel.objects.count() == 1
