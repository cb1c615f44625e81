"""The page of the score model: look, preview, save, follow, go back."""

import re

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Metric, Role, ScoreModel, ScoreRun
from accounts.score_drafts import begin_draft, save_draft
from accounts.score_models import current_model, new_model_version, pending_model
from accounts.score_preview import PreviewTooLargeError
from accounts.score_store import score_touched
from dashboards.views import scoring
from tests.dashboards.data import World, make_developer, use
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db
PATH = "/w/acme/scoring/"


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def admin(client, world):
    client.force_login(make_member(world.workspace, Role.ADMIN))
    return client


def text_of(response):
    html = response.content.decode()
    body = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def fields_of(response):
    """What a browser would send: the values of the form on the page."""
    form = response.context["form"]
    values = {
        name: form[name].value()
        for name in form.fields
        if form[name].value() is not None
    }
    return values | {"previewed": response.context["fingerprint"]}


def preview(client, **changes):
    form = fields_of(client.get(PATH)) | changes
    return client.post(PATH, form | {"preview": "1"})


def test_everybody_may_look(client, world):
    client.force_login(make_member(world.workspace, Role.VIEWER))
    shown = client.get(PATH)
    text = text_of(shown)
    assert "Points halve every 14 days." in text
    assert "High from 60" in text
    assert "Deploy" in text
    assert "Change it" not in text
    assert "Use again" not in text
    assert client.post(PATH, {"preview": "1"}).status_code == 403


def test_a_preview_counts_who_moves_and_saves_nothing(admin, world):
    shown = preview(admin, account_scale=30.0, developer_scale=30.0)
    assert shown.status_code == 200
    text = text_of(shown)
    accounts, developers = shown.context["preview"]
    assert accounts.effect.up == 2
    assert f"Accounts: {accounts.effect.up} up, 0 down" in text
    assert "Nothing is saved yet." in text
    assert accounts.rising[0].name in text
    assert developers.effect.total == 4
    assert ScoreModel.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_a_previewed_draft_is_saved_and_makes_all_scores(admin, world):
    metric = world.deploy
    form = fields_of(
        preview(admin, half_life_days=30, note="Slower", **{f"weight_{metric.pk}": 4})
    )
    answer = admin.post(PATH, form | {"save": "1"}, follow=True)
    assert answer.redirect_chain == [(PATH, 302)]
    assert "Version 2 is made." in answer.content.decode()
    assert "Version 2 is on its way" in text_of(answer)
    model = pending_model(world.workspace)
    assert (model.half_life_days, model.note) == (30.0, "Slower")
    metric.refresh_from_db()
    assert metric.weight == 4.0
    score_touched()
    shown = admin.get(PATH)
    assert "on its way" not in text_of(shown)
    assert "Weight of Deploy: 10 → 4" in text_of(shown)
    assert "Half-life in days: 14 → 30" in text_of(shown)
    assert current_model(world.workspace) == model


def test_what_was_not_previewed_is_previewed_and_not_saved(admin, world):
    form = fields_of(preview(admin, half_life_days=30)) | {"half_life_days": 40}
    shown = admin.post(PATH, form | {"save": "1"})
    assert shown.context["preview"]
    assert ScoreModel.objects.count() == 1
    form = fields_of(shown) | {"save": "1"}
    admin.post(PATH, form)
    assert pending_model(world.workspace).half_life_days == 40.0


def test_an_empty_weight_is_that_of_the_level(admin, world):
    form = preview(admin, **{f"weight_{world.deploy.pk}": ""})
    admin.post(PATH, fields_of(form) | {"save": "1"})
    world.deploy.refresh_from_db()
    assert world.deploy.weight == 10.0


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"half_life_days": "0"}, "greater than or equal to 1"),
        ({"half_life_days": "nan"}, "Enter a number"),
        ({"damp": "cubic"}, "Select a valid choice"),
        ({"high_from": "10"}, "violated"),
        ({"based_on": "x"}, ""),
        ({"note": "x" * 201}, "at most 200"),
    ],
)
def test_values_without_sense_are_refused(admin, world, changes, complaint):
    shown = preview(admin, **changes)
    assert shown.status_code == 422
    assert b'class="notice notice-bad"' in shown.content
    assert complaint in text_of(shown)
    assert not shown.context["preview"]
    assert ScoreModel.objects.count() == 1


def test_somebody_elses_version_is_not_overwritten(admin, world):
    form = fields_of(preview(admin, half_life_days=30))
    new_model_version(world.workspace, half_life_days=7.0)
    shown = admin.post(PATH, form | {"save": "1"})
    assert "Version 2 was made meanwhile" in text_of(shown)
    assert ScoreModel.objects.count() == 2
    again = admin.post(PATH, fields_of(shown) | {"preview": "1"})
    assert again.context["preview"]
    admin.post(PATH, fields_of(again) | {"save": "1"})
    assert pending_model(world.workspace).version == 3


def test_an_old_version_is_used_again_as_a_new_one(admin, world):
    save_draft(world.workspace, begin_draft(world.workspace))
    new_model_version(world.workspace, half_life_days=7.0)
    score_touched()
    shown = admin.get(f"{PATH}?from=1")
    assert shown.context["form"]["half_life_days"].value() == 14.0
    shown = admin.post(PATH, fields_of(shown) | {"preview": "1"})
    admin.post(PATH, fields_of(shown) | {"save": "1"})
    model = pending_model(world.workspace)
    assert (model.version, model.half_life_days) == (4, 14.0)
    assert model.note == "Back to version 1"


@pytest.mark.parametrize("query", ["from=99", "from=x", "from=9999999999999999999"])
def test_versions_that_are_none_begin_with_the_newest(admin, world, query):
    shown = admin.get(f"{PATH}?{query}")
    assert shown.status_code == 200
    assert shown.context["form"]["half_life_days"].value() == 14.0


def test_scales_are_suggested_by_who_is_active(admin, world):
    shown = admin.get(f"{PATH}?scales=calibrated", follow=True)
    assert "To calibrate, 5 developers or accounts" in shown.content.decode()
    for nth in range(6):
        person = make_developer(world.workspace, email=f"p{nth}@somewhere.example")
        use(person, world.build, world.cli, {1: nth + 1})
    new_model_version(world.workspace)
    score_touched()
    shown = admin.get(f"{PATH}?scales=calibrated")
    assert shown.context["form"]["developer_scale"].value() != 125.0
    assert "Calibrated: " in shown.context["form"]["note"].value()


def test_the_page_follows_the_scoring(admin, world):
    new = new_model_version(world.workspace)
    assert "begins within seconds" in text_of(admin.get(PATH))
    ScoreRun.objects.filter(pk=new.pk).update(
        done=3, total=12, started_at=timezone.now()
    )
    shown = admin.get(PATH)
    assert "3 of 12 developers are scored with it (25 %)." in text_of(shown)
    assert b'hx-trigger="every 2s"' in shown.content
    score_touched()
    assert b'hx-trigger="every 2s"' not in admin.get(PATH).content


def test_a_preview_that_takes_too_long_says_so(admin, world, monkeypatch):
    def too_large(*_, **__):
        raise PreviewTooLargeError("The preview would take longer than 20 seconds.")

    monkeypatch.setattr(scoring, "preview", too_large)
    shown = preview(admin, half_life_days=30)
    assert "score_model --preview takes as long as it needs" in text_of(shown)
    admin.post(PATH, fields_of(shown) | {"save": "1"})
    assert pending_model(world.workspace).half_life_days == 30.0


def test_it_costs_as_many_questions_for_any_history(
    admin, world, django_assert_max_num_queries
):
    for days in range(20, 40):
        new_model_version(world.workspace, half_life_days=float(days))
        Metric.objects.filter(pk=world.deploy.pk).update(weight=days)
    score_touched()
    with django_assert_max_num_queries(14):
        shown = admin.get(PATH)
    assert len(shown.context["page"].history) == 21
    assert shown.context["page"].history[0].state == "in force"
    assert shown.context["page"].history[1].state == "overtaken"
    # The form, and the preview of it.
    with django_assert_max_num_queries(52):
        preview(admin, half_life_days=9)
