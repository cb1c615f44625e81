"""A draft's preview is what saving it does, and touches nothing."""

import random
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import score_store
from accounts.errors import AccountsError
from accounts.models import (
    Account,
    AccountScore,
    AuditEntry,
    Developer,
    DeveloperScore,
    Metric,
    ScoreModel,
    ScoreRun,
)
from accounts.models.score import Damp
from accounts.score_drafts import (
    OvertakenError,
    begin_draft,
    draft_like,
    save_draft,
)
from accounts.score_lists import with_score
from accounts.score_models import (
    calibrate,
    current_model,
    new_model_version,
    pending_model,
    renew_landmarks,
    sync_weights,
)
from accounts.score_preview import MOST_MOVERS, PreviewTooLargeError, preview
from accounts.score_store import score_touched, score_workspace
from accounts.score_words import changes_of, model_in_words
from accounts.scoring import Band, band_of, shown_score
from tests.accounts.scores import (
    make_account,
    make_developer,
    random_usage,
    use,
    utc_today,
)
from tests.factories import make_member, make_metric, make_product, make_workspace

BANDS = [Band.LOW, Band.MEDIUM, Band.HIGH]


@pytest.fixture
def workspace(db):
    return make_workspace()


def scores(table, workspace):
    model = current_model(workspace)
    rows = table.objects.filter(workspace=workspace).select_related("score")
    if table is Developer:
        rows = rows.filter(is_aggregate=False)
    return {
        row.pk: (float(shown_score(row.score_now)), band_of(row.score_now, model))
        for row in with_score(rows, model, utc_today())
    }


def changed(draft, **values):
    return replace(draft, values={**draft.values, **values})


def random_draft(workspace, seed):
    rng = random.Random(seed)
    draft = changed(
        begin_draft(workspace),
        half_life_days=rng.choice([3.0, 14.0, 60.0]),
        damp=rng.choice(Damp.values),
        breadth_bonus=rng.choice([0.0, 0.1, 0.7]),
        developer_scale=rng.uniform(20, 300),
        account_scale=rng.uniform(20, 900),
        high_from=rng.uniform(55, 80),
        medium_from=rng.uniform(5, 50),
    )
    return replace(
        draft,
        weights={
            pk: [rng.uniform(0, 20), rng.choice([None, 1, 5])] for pk in draft.weights
        },
    )


def only_scales(workspace, seed):
    return changed(begin_draft(workspace), account_scale=77.0, breadth_bonus=0.9)


@pytest.mark.parametrize("make_draft", [random_draft, only_scales])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_preview_is_what_happens(workspace, seed, make_draft):
    random_usage(workspace, seed, people=60, days=40)
    random_usage(make_workspace("other"), seed + 9)
    score_touched()
    stored = list(DeveloperScore.objects.order_by("pk").values())
    draft = make_draft(workspace, seed)
    told = preview(workspace, draft)
    before = {table: scores(table, workspace) for table in (Account, Developer)}
    assert stored == list(DeveloperScore.objects.order_by("pk").values())
    assert ScoreModel.objects.filter(workspace=workspace).count() == 1
    save_draft(workspace, draft)
    score_touched()
    for table, effect in ((Account, told.accounts), (Developer, told.developers)):
        after = scores(table, workspace)
        matrix = [[0] * 3 for _ in BANDS]
        moves = {}
        for pk, (score, band) in before[table].items():
            new_score, new_band = after[pk]
            if score or new_score:
                matrix[BANDS.index(band)][BANDS.index(new_band)] += 1
                moves[pk] = round(new_score - score, 1)
        assert [list(row) for row in effect.matrix] == matrix
        assert effect.up == sum(move > 0 for move in moves.values())
        assert effect.down == sum(move < 0 for move in moves.values())
        assert effect.total == len(moves)
        assert effect.same == len(moves) - effect.up - effect.down
        rising = sorted(filter(lambda m: m > 0, moves.values()), reverse=True)
        falling = sorted(filter(lambda m: m < 0, moves.values()))
        assert [one.change for one in effect.rising] == rising[:MOST_MOVERS]
        assert [one.change for one in effect.falling] == falling[:MOST_MOVERS]
        for one in (*effect.rising, *effect.falling):
            assert moves[one.pk] == one.change
            assert one.name == str(table.objects.get(pk=one.pk))
        if rising:
            assert effect.mean_up == pytest.approx(sum(rising) / len(rising))


def test_a_draft_that_changes_nothing_moves_nobody(workspace):
    random_usage(workspace, 4)
    score_touched()
    told = preview(workspace, begin_draft(workspace))
    assert told.accounts.up == told.accounts.down == told.accounts.band_changes == 0
    assert told.developers.same == told.developers.total > 0
    # The same through the usage, where doubles are added up in another order.
    draft = begin_draft(workspace)
    extra = make_metric(workspace, "UNUSED")
    ScoreModel.objects.update(weights={**draft.weights, str(extra.pk + 1): [9.0, 1]})
    told = preview(workspace, begin_draft(workspace))
    assert told.developers.same == told.developers.total > 0


def test_a_preview_costs_as_many_statements_for_any_number(workspace):
    counts = []
    for seed, people in ((1, 3), (2, 60)):
        each = make_workspace(f"ws{seed}")
        random_usage(each, seed, people=people)
        score_touched()
        with CaptureQueriesContext(connection) as queries:
            preview(each, random_draft(each, seed))
        counts.append(len(queries))
    assert counts[0] == counts[1] < 25


def test_a_preview_gives_up_in_time(workspace, monkeypatch):
    random_usage(workspace, 1)
    real = score_store.run

    def slow(cursor, name, **values):
        if name == "preview_bands":
            cursor.execute("SELECT pg_sleep(5)")
        real(cursor, name, **values)

    monkeypatch.setattr("accounts.score_preview.run", slow)
    with pytest.raises(PreviewTooLargeError, match="longer than 1 second"):
        preview(workspace, begin_draft(workspace), seconds=1)
    # The connection is as it was before.
    assert preview_works(workspace, monkeypatch)


def preview_works(workspace, monkeypatch):
    monkeypatch.undo()
    return preview(workspace, begin_draft(workspace)).accounts is not None


@pytest.mark.parametrize(
    "values",
    [
        {"half_life_days": 0.0},
        {"damp": "cubic"},
        {"high_from": 10.0, "medium_from": 20.0},
        {"breadth_bonus": float("nan")},
    ],
)
def test_a_draft_without_sense_is_refused(workspace, values):
    draft = changed(begin_draft(workspace), **values)
    for use_it in (preview, save_draft):
        with pytest.raises(AccountsError):
            use_it(workspace, draft)
    assert ScoreModel.objects.count() == 1


@pytest.mark.parametrize("weight", [[-1.0, None], [None, None], [1.0, -1], [1e9, 1]])
def test_weights_without_sense_are_refused(workspace, weight):
    draft = begin_draft(workspace)
    draft = replace(draft, weights=dict.fromkeys(draft.weights, weight))
    with pytest.raises(AccountsError):
        save_draft(workspace, draft)


def test_saving_changes_the_metrics_and_is_audited(workspace):
    admin = make_member(workspace, "admin")
    metric = Metric.objects.get()
    product, developer = make_product(workspace), make_developer(workspace)
    use(developer, metric, product, count=3)
    score_touched()
    draft = changed(begin_draft(workspace), damp="linear", high_from=70.0)
    draft = replace(draft, weights={str(metric.pk): [2.5, 2]}, note="Fewer calls")
    new = save_draft(workspace, draft, actor=admin, ip="192.0.2.7")
    metric.refresh_from_db()
    assert (metric.weight, metric.daily_cap) == (2.5, 2)
    assert new.weights == {str(metric.pk): [2.5, 2]}
    assert pending_model(workspace) == new
    entry = AuditEntry.objects.get(action="score_model_changed")
    assert (entry.actor, entry.ip, entry.subject) == (admin, "192.0.2.7", "Version 2")
    assert entry.detail == {
        "note": "Fewer calls",
        "changes": [
            "Further uses on a day: logarithm → not damped",
            "High from: 60 → 70",
            f"Weight of {metric.label}: 6 → 2.5",
            f"Daily cap of {metric.label}: none → 2",
        ],
    }
    score_touched()
    assert DeveloperScore.objects.get().points == pytest.approx(5.0)


def test_going_back_is_a_new_version_with_old_values(workspace):
    metric = Metric.objects.get()
    first = current_model(workspace)
    draft = changed(begin_draft(workspace), half_life_days=30.0)
    second = save_draft(
        workspace, replace(draft, weights={str(metric.pk): [1.0, None]})
    )
    newer = make_metric(workspace, "NEWER", weight=3.0)
    third = save_draft(workspace, draft_like(workspace, 1))
    assert (third.version, third.note) == (3, "Back to version 1")
    assert not changes_of(first, third)
    assert changes_of(second, third)
    assert third.weights[str(newer.pk)] == [3.0, None]
    metric.refresh_from_db()
    assert metric.weight == 6.0
    with pytest.raises(AccountsError):
        draft_like(workspace, 99)


def test_two_people_do_not_overwrite_each_other(workspace):
    mine, theirs = (
        changed(begin_draft(workspace), half_life_days=days) for days in (30.0, 40.0)
    )
    save_draft(workspace, theirs)
    with pytest.raises(OvertakenError, match="Version 2 was made meanwhile"):
        save_draft(workspace, mine)
    assert mine.fingerprint != theirs.fingerprint


@pytest.mark.parametrize("damp", Damp.values)
def test_every_model_has_its_words(workspace, damp):
    model = new_model_version(workspace, damp=damp, breadth_bonus=0.0)
    words = " ".join(model_in_words(model))
    assert "14 days" in words
    assert "however many there are" in words


def test_versions_that_nobody_made_are_not_audited(workspace):
    ScoreModel.objects.update(landmark="2001-01-01")
    renew_landmarks()
    Metric.objects.update(weight=3.0)
    sync_weights(workspace)
    assert not AuditEntry.objects.exists()
    assert calibrate(workspace) is None


# ---- Progress


@pytest.mark.django_db(transaction=True)
def test_others_see_how_far_scoring_has_come(monkeypatch):
    workspace = make_workspace()
    metric, product = Metric.objects.get(), make_product(workspace)
    account = make_account(workspace)
    for _ in range(25):
        use(make_developer(workspace, account), metric, product)
    score_touched()
    new = new_model_version(workspace, developer_scale=50.0)
    assert (new.run.done, new.run.total, new.run.started_at) == (0, 0, None)
    monkeypatch.setattr(score_store, "RANGE", 10)
    seen = []

    class Watching(score_store.Progress):
        def reach(self, done):
            super().reach(done)
            # What is committed by now, and what is not.
            run = self._writer.submit(ScoreRun.objects.get, pk=self._model).result()
            versions = self._writer.submit(
                lambda: set(
                    DeveloperScore.objects.values_list("model_version", flat=True)
                )
            ).result()
            seen.append((run.done, run.total, versions))

    monkeypatch.setattr(score_store, "Progress", Watching)
    score_touched()
    assert seen == [(10, 25, {1}), (20, 25, {1}), (25, 25, {1})]
    assert set(DeveloperScore.objects.values_list("model_version", flat=True)) == {2}
    assert current_model(workspace) == new
    assert DeveloperScore.objects.count() == 25


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_ranges_of_developers_score_everybody_once(workspace, size, monkeypatch):
    random_usage(workspace, 3, people=30)
    random_usage(make_workspace("other"), 4)
    score_workspace(workspace)
    whole = {row.pk: row.points for row in DeveloperScore.objects.all()}
    accounts = {row.pk: row.points for row in AccountScore.objects.all()}
    monkeypatch.setattr(score_store, "RANGE", size)
    scored = score_workspace(workspace)
    assert scored.developers == len(whole) == 30
    assert {row.pk: row.points for row in DeveloperScore.objects.all()} == {
        pk: pytest.approx(points) for pk, points in whole.items()
    }
    assert {row.pk: row.points for row in AccountScore.objects.all()} == {
        pk: pytest.approx(points) for pk, points in accounts.items()
    }
