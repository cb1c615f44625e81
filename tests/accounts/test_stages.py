"""Stages as whole tables: by rules, by hand, released, late, twice and side by side."""

import threading
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import judging
from accounts.clock import now_utc
from accounts.corrections import merge_developers, undo_pointers
from accounts.errors import AccountsError
from accounts.judging import judge_all, judge_rescored
from accounts.models import (
    AuditEntry,
    Developer,
    Metric,
    Rescored,
    Stage,
    StageDay,
    StageEntry,
    StageRule,
    Subject,
)
from accounts.score_store import score_touched, score_workspace
from accounts.stage_history import backfill
from accounts.stage_setup import (
    move_stage,
    preview,
    remove_stage,
    save_stage,
)
from accounts.stages import (
    PATIENCE_DAYS,
    judge,
    release_stage,
    set_stage,
    stages_of,
)
from tests.accounts.scores import use as use_on
from tests.accounts.scores import utc_today
from tests.factories import (
    make_account,
    make_developer,
    make_license,
    make_member,
    make_metric,
    make_product,
    make_workspace,
)

pytestmark = pytest.mark.django_db

ACCOUNT, DEVELOPER = Subject.ACCOUNT, Subject.DEVELOPER


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def sdk(workspace):
    return make_product(workspace)


@pytest.fixture
def deploy(workspace):
    return make_metric(workspace, "DEPLOY")


def seen(days=60):
    return datetime.now(tz=UTC) - timedelta(days=days)


@pytest.fixture
def acme(workspace):
    return make_account(workspace, "Acme", first_seen_at=seen())


@pytest.fixture
def ada(workspace, acme):
    return make_developer(
        workspace, "ada@acme.example", account=acme, first_seen_at=seen()
    )


@pytest.fixture
def use(workspace, sdk, deploy):
    def use(developer, *days, count=1, metric=deploy):
        for day in days:
            use_on(developer, metric, sdk, days_ago=day, count=count)

    return use


def in_days(days):
    return datetime.now(tz=UTC) + timedelta(days=days)


def judge_patiently(workspace, subject):
    """Judge on each day until nobody is waited for any more."""
    for day in range(PATIENCE_DAYS + 1):
        moves = judge(workspace, subject, at=in_days(day))
    return moves


def stage(workspace, name, subject=DEVELOPER):
    return stages_of(workspace, subject).get(name=name)


def stays(subject=DEVELOPER):
    """Every stay there is, oldest first: who, where, from where, lasting, by hand."""
    rows = StageEntry.objects.exclude(**{f"{subject}__isnull": True}).select_related(
        "stage", "came_from", subject
    )
    return [
        (
            str(getattr(row, subject)).split("@")[0],
            row.stage.name,
            row.came_from.name if row.came_from else None,
            row.left_at is None,
            row.by_hand,
        )
        for row in rows.order_by("entered_at", "pk")
    ]


def sizes(workspace, subject=DEVELOPER):
    """The sizes that the days add up to, which are those that are."""
    told = {}
    for one in stages_of(workspace, subject):
        days = StageDay.objects.filter(stage=one)
        told[one.name] = sum(day.entered - day.left for day in days)
        assert told[one.name] == one.entries.filter(left_at__isnull=True).count()
    return {name: size for name, size in told.items() if size}


# ---- The default rules


def test_a_new_workspace_has_stages_for_both(workspace):
    for subject in Subject:
        assert [one.name for one in stages_of(workspace, subject)] == [
            *("Discover", "Evaluate", "Build", "Deploy")
        ]


@pytest.mark.parametrize(
    ("days", "count", "expected"),
    [
        ((), 1, "Discover"),
        ((0,), 50, "Discover"),
        ((0, 29), 1, "Evaluate"),
        ((0, 30), 1, "Discover"),
        ((0, 1, 2, 3), 100, "Evaluate"),
        ((0, 1, 2, 3, 4), 1, "Evaluate"),
        ((0, 1, 2, 3, 4), 2, "Build"),
        # On many days, but within two weeks.
        (range(10), 1, "Build"),
        # In three weeks, but on few days.
        ((0, 7, 14, 1, 8), 2, "Build"),
        ((0, 1, 2, 7, 8, 9, 14, 15), 1, "Deploy"),
        ((40, 41, 42, 43, 44), 9, "Discover"),
    ],
)
def test_how_far_a_developer_is(ada, use, days, count, expected):
    workspace = ada.workspace
    use(ada, *days, count=count)

    judge(workspace, DEVELOPER)

    assert stays() == [("ada", expected, None, True, False)]


def test_two_metrics_on_a_day_are_an_evaluation(workspace, ada, use):
    use(ada, 3)
    use(ada, 3, metric=Metric.objects.get(workspace=workspace, key="CALL_HOME"))

    judge(workspace, DEVELOPER)

    assert stays() == [("ada", "Evaluate", None, True, False)]


def test_an_account_deploys_with_several_people_or_a_licence(workspace, acme, use):
    people = [
        make_developer(workspace, f"p{n}@acme.example", account=acme) for n in range(3)
    ]
    for one in people[:2]:
        use(one, 0, 7, 14, 20, 21, count=3)
    judge(workspace, ACCOUNT)
    assert stays(ACCOUNT)[-1] == ("Acme", "Build", None, True, False)

    use(people[2], 5)
    judge(workspace, ACCOUNT)
    assert stays(ACCOUNT)[-1] == ("Acme", "Deploy", "Build", True, False)

    StageEntry.objects.filter(left_at=None).update(missed_since=seen(7).date())
    people[2].usage.all().delete()
    judge(workspace, ACCOUNT)
    assert stays(ACCOUNT)[-1] == ("Acme", "Build", "Deploy", True, False)

    make_license(workspace, account=acme)
    judge(workspace, ACCOUNT)
    assert stays(ACCOUNT)[-1] == ("Acme", "Deploy", "Build", True, False)


def test_who_was_never_seen_and_counted_use_are_in_no_stage(workspace, acme, use):
    make_account(workspace, "Entered")
    make_developer(workspace, "invited@acme.example", account=acme)
    counted = Developer.objects.create(
        workspace=workspace, account=acme, is_aggregate=True, first_seen_at=seen()
    )
    use(counted, 0, 1, 2)

    judge_all()

    assert stays() == []
    assert [row[:2] for row in stays(ACCOUNT)] == [("Acme", "Evaluate")]


def test_every_workspace_by_its_own_stages(workspace, ada, use):
    other = make_workspace("other")
    stages_of(other, DEVELOPER).delete()
    theirs = make_developer(other, "eve@other.example", first_seen_at=seen())

    judge_all()

    assert stays() == [("ada", "Discover", None, True, False)]
    assert not theirs.stage_entries.exists()


def test_workspaces_from_before_stages_get_the_same(workspace, ada):
    expected = list(
        Stage.objects.order_by("subject", "position").values_list(
            *("subject", "name", "position", "colour", "description", "rule")
        )
    )
    Stage.objects.all().delete()
    make_workspace("other")
    migration = import_module("accounts.migrations.0018_default_stages")

    migration.add_stages(apps, None)

    rows = Stage.objects.order_by("subject", "position")
    for each in ("acme", "other"):
        found = rows.filter(workspace__slug=each).values_list(
            *("subject", "name", "position", "colour", "description", "rule")
        )
        assert list(found) == expected
    judge_rescored()
    assert stays() == [("ada", "Discover", None, True, False)]


# ---- Moving


def test_people_move_both_ways_and_every_step_is_kept(workspace, ada, use):
    judge(workspace, DEVELOPER)
    use(ada, *range(5), count=2)
    moves = judge(workspace, DEVELOPER)
    assert moves.count == 1
    assert [(m.subject_id, m.is_advance) for m in moves.told] == [(ada.pk, True)]

    ada.usage.all().delete()
    judge_patiently(workspace, DEVELOPER)

    assert stays() == [
        ("ada", "Discover", None, False, False),
        ("ada", "Build", "Discover", False, False),
        ("ada", "Discover", "Build", True, False),
    ]
    assert [entry.is_advance for entry in StageEntry.objects.order_by("pk")] == [
        *(True, True, False)
    ]
    times = StageEntry.objects.order_by("pk").values_list("entered_at", "left_at")
    assert times[0][1] == times[1][0]
    assert times[1][1] == times[2][0]
    assert sizes(workspace) == {"Discover": 1}


def missed_since():
    return StageEntry.objects.get(left_at=None).missed_since


def test_a_stage_is_left_a_week_after_its_rule_ceased_to_match(workspace, ada, use):
    use(ada, *range(5), count=2)
    judge(workspace, DEVELOPER)
    ada.usage.all().delete()
    today = utc_today()

    for day in range(PATIENCE_DAYS):
        assert judge(workspace, DEVELOPER, at=in_days(day)).count == 0
        assert judge(workspace, DEVELOPER, [ada.pk], at=in_days(day)).count == 0
        assert missed_since() == today
    moves = judge(workspace, DEVELOPER, [ada.pk], at=in_days(PATIENCE_DAYS))

    assert [(m.subject_id, m.is_advance) for m in moves.told] == [(ada.pk, False)]
    assert stays() == [
        ("ada", "Build", None, False, False),
        ("ada", "Discover", "Build", True, False),
    ]
    assert missed_since() is None
    assert sizes(workspace) == {"Discover": 1}


def test_who_matches_again_within_the_week_was_never_gone(workspace, ada, use):
    use(ada, *range(5), count=2)
    judge(workspace, DEVELOPER)
    kept = list(ada.usage.all())
    for _ in range(3):
        ada.usage.all().delete()
        judge(workspace, DEVELOPER, at=in_days(0))
        judge(workspace, DEVELOPER, at=in_days(6))
        for row in kept:
            row.save(force_insert=True)
        judge(workspace, DEVELOPER, at=in_days(0))
        assert missed_since() is None
    ada.usage.all().delete()
    judge(workspace, DEVELOPER, at=in_days(8))

    assert stays() == [("ada", "Build", None, True, False)]
    assert missed_since() == in_days(8).date()


def test_who_goes_back_goes_where_the_rules_want_them_by_then(workspace, ada, use):
    use(ada, *range(5), count=2)
    judge(workspace, DEVELOPER)
    ada.usage.all().delete()
    judge(workspace, DEVELOPER)
    use(ada, 0, 1)
    judge(workspace, DEVELOPER, at=in_days(3))

    judge(workspace, DEVELOPER, at=in_days(7))

    assert stays()[-1] == ("ada", "Evaluate", "Build", True, False)


def test_who_waits_goes_further_at_once(workspace, ada, use):
    use(ada, *range(5), count=2)
    judge(workspace, DEVELOPER)
    ada.usage.all().delete()
    judge(workspace, DEVELOPER)
    use(ada, 0, 1, 2, 7, 8, 9, 14, 15)

    judge(workspace, DEVELOPER)

    assert stays()[-1] == ("ada", "Deploy", "Build", True, False)
    assert missed_since() is None


def test_leaving_all_stages_takes_the_week_too(workspace, ada, use):
    stages_of(workspace, DEVELOPER).filter(name="Discover").delete()
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)
    ada.usage.all().delete()

    assert judge(workspace, DEVELOPER).count == 0
    assert judge(workspace, DEVELOPER, at=in_days(PATIENCE_DAYS)).count == 1
    assert stays() == [("ada", "Evaluate", None, False, False)]


def test_released_is_asked_at_once_and_others_wait_on(workspace, ada, use):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    use(bob, *range(5), count=2)
    judge(workspace, DEVELOPER)
    bob.usage.all().delete()
    judge(workspace, DEVELOPER)
    set_stage(ada, stage(workspace, "Deploy"), actor=None)

    assert release_stage(ada, actor=None).stage.name == "Discover"
    waiting = StageEntry.objects.get(left_at=None, missed_since__isnull=False)
    assert waiting.developer == bob


def test_for_a_week_after_a_rule_was_changed_nobody_is_waited_for(workspace, ada, use):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)
    one = stage(workspace, "Evaluate")
    one.rule = {"usage": {"count": "days", "at_least": 2, "days": 20}}
    save_stage(one, actor=None)
    judge_rescored()
    use(bob, 0, 1)
    judge(workspace, DEVELOPER)

    # Who came by the rule as it is now has the week, who came by the one before not.
    ada.usage.all().delete()
    bob.usage.all().delete()
    judge(workspace, DEVELOPER)

    assert [row for row in stays() if row[3]] == [
        ("bob", "Evaluate", "Discover", True, False),
        ("ada", "Discover", "Evaluate", True, False),
    ]


def test_a_preview_leaves_out_who_is_waited_for_further_on(workspace, ada, use):
    use(ada, *range(5), count=2)
    judge(workspace, DEVELOPER)
    ada.usage.all().delete()
    judge(workspace, DEVELOPER)
    discover = stage(workspace, "Discover")

    found = preview(
        discover.rule, workspace=workspace, subject=DEVELOPER, stage=discover
    )

    assert (found.matching, found.would_be_in, found.now_in) == (1, 0, 0)


def test_the_reason_is_the_rule_in_words(workspace, ada, use):
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)

    entry = StageEntry.objects.get()
    assert entry.matched.rule == entry.stage.rule
    assert "30 days" in entry.matched.words
    assert (entry.actor, entry.reason) == (None, "")
    # Judging again makes no other version of an unchanged rule.
    judge(workspace, DEVELOPER)
    assert StageRule.objects.filter(stage=entry.stage).count() == 1


def test_judging_again_writes_nothing(workspace, ada, use):
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)
    before = list(StageEntry.objects.values()), list(StageDay.objects.values())

    assert judge(workspace, DEVELOPER).count == 0
    assert judge(workspace, DEVELOPER, [ada.pk]).count == 0

    assert (
        list(StageEntry.objects.values()),
        list(StageDay.objects.values()),
    ) == before


def test_only_those_asked_for_are_judged(workspace, ada, use):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    judge(workspace, DEVELOPER, [bob.pk])
    assert stays() == [("bob", "Discover", None, True, False)]

    judge(workspace, DEVELOPER, [])
    assert len(stays()) == 1


def test_usage_that_comes_late_counts_where_it_belongs(workspace, ada, use):
    use(ada, 0, 1, 7, 8)
    score_touched()
    judge_rescored()
    assert stays()[-1][:2] == ("ada", "Evaluate")

    # A week of a machine without network.
    use(ada, 14, 15, 16, 17, count=3)
    score_touched()
    judge_rescored()

    assert stays()[-1] == ("ada", "Deploy", "Evaluate", True, False)


@pytest.mark.parametrize("people", [1, 40])
def test_it_costs_as_many_statements_for_many(workspace, use, people):
    for number in range(people):
        one = make_developer(workspace, f"p{number}@x.example", first_seen_at=seen())
        use(one, *range(number % 6), count=3)
    judge(workspace, DEVELOPER, [])

    with CaptureQueriesContext(connection) as queries:
        assert judge(workspace, DEVELOPER).count == people

    assert len(queries) <= 22


def test_a_rule_that_cannot_be_used_moves_nobody(workspace, ada, use, caplog):
    judge(workspace, DEVELOPER)
    stages_of(workspace, DEVELOPER).filter(name="Build").update(
        rule={"usage": {"metric": "NO_SUCH", "at_least": 1, "days": 3}}
    )
    use(ada, 0, 1)

    assert judge(workspace, DEVELOPER).count == 0
    assert "cannot be used" in caplog.text
    assert stays() == [("ada", "Discover", None, True, False)]


# ---- After scoring


def test_who_was_scored_is_judged_within_the_same_run(workspace, ada, acme, use):
    use(ada, 0, 1)
    score_touched()
    assert {(r.subject, r.subject_id) for r in Rescored.objects.all()} == {
        ("developer", ada.pk),
        ("account", acme.pk),
    }

    assert judge_rescored() == 2

    assert not Rescored.objects.exists()
    assert stays() == [("ada", "Evaluate", None, True, False)]
    assert stays(ACCOUNT) == [("Acme", "Evaluate", None, True, False)]


def test_where_judging_takes_long_it_rests(workspace, ada, acme, use, monkeypatch):
    monkeypatch.setattr(judging, "_lasted", {workspace.pk: 10.0})
    use(ada, 0, 1)
    score_touched()

    assert judge_rescored(rest=3.0) == 0
    assert Rescored.objects.count() == 2

    Rescored.objects.update(at=now_utc() - timedelta(seconds=31))
    assert judge_rescored(rest=3.0) == 2
    # It did not take long this time.
    assert judging._lasted[workspace.pk] < 10
    assert not Rescored.objects.exists()


def test_nobody_rests_for_longer_than_a_minute(workspace, ada, use, monkeypatch):
    monkeypatch.setattr(judging, "_lasted", {workspace.pk: 1000.0})
    use(ada, 0, 1)
    score_touched()
    Rescored.objects.update(at=now_utc() - timedelta(seconds=61))

    assert judge_rescored(rest=3.0)
    assert not Rescored.objects.exists()


def test_after_a_new_score_model_everybody_is_judged(workspace, ada):
    score_workspace(workspace)

    assert judge_rescored() == 2
    assert stays() == [("ada", "Discover", None, True, False)]


def test_a_judge_that_fails_keeps_no_other_from_theirs(
    workspace, ada, use, monkeypatch, caplog
):
    def broken(*_):
        raise RuntimeError("no")

    monkeypatch.setattr(judging, "JUDGES", (broken, judge))
    use(ada, 0, 1)
    score_touched()

    judge_rescored()

    assert stays() == [("ada", "Evaluate", None, True, False)]
    assert "Judging" in caplog.text
    assert not Rescored.objects.exists()


def test_a_judge_that_never_ends_keeps_no_other_from_theirs(
    workspace, ada, use, monkeypatch, caplog
):
    def endless(*_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    monkeypatch.setattr(judging, "JUDGES", (endless, judge))
    monkeypatch.setattr(judging, "LONGEST_STATEMENT", timedelta(seconds=0.5))
    use(ada, 0, 1)
    score_touched()

    judge_rescored()

    assert stays() == [("ada", "Evaluate", None, True, False)]
    assert "takes too long" in caplog.text
    assert not Rescored.objects.exists()


# ---- By hand


def test_by_hand_wins_until_released(workspace, ada, use):
    actor = make_member(workspace)
    judge(workspace, DEVELOPER)

    set_stage(ada, stage(workspace, "Deploy"), actor=actor, reason="told us")
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)
    judge(workspace, DEVELOPER, [ada.pk])
    assert stays()[-1] == ("ada", "Deploy", "Discover", True, True)
    assert sizes(workspace) == {"Deploy": 1}

    entry = release_stage(ada, actor=actor)

    assert entry.stage.name == "Evaluate"
    assert (entry.by_hand, entry.actor, entry.reason) == (False, actor, "Released")
    assert stays() == [
        ("ada", "Discover", None, False, False),
        ("ada", "Deploy", "Discover", False, True),
        ("ada", "Evaluate", "Deploy", True, False),
    ]
    assert sizes(workspace) == {"Evaluate": 1}
    assert [(e.action, e.subject) for e in AuditEntry.objects.order_by("pk")] == [
        ("stage_set", f"{ada}: Deploy"),
        ("stage_released", f"{ada}: Deploy"),
    ]


def test_staying_by_hand_is_a_step_of_the_timeline_but_no_advance(workspace, ada):
    judge(workspace, DEVELOPER)
    set_stage(ada, stage(workspace, "Discover"), actor=None, reason="parked")
    release_stage(ada, actor=None)

    assert stays() == [
        ("ada", "Discover", None, False, False),
        ("ada", "Discover", "Discover", False, True),
        ("ada", "Discover", "Discover", True, False),
    ]
    day = StageDay.objects.get()
    assert (day.entered, day.advanced, day.left) == (1, 1, 0)


def test_released_where_no_rule_matches_is_in_no_stage(workspace, ada):
    stages_of(workspace, DEVELOPER).update(rule=None)
    set_stage(ada, stage(workspace, "Build"), actor=None)

    assert release_stage(ada, actor=None) is None

    entry = StageEntry.objects.get()
    assert entry.left_reason == "Released; no rule matches"
    assert sizes(workspace) == {}


def test_what_cannot_be_set_or_released(workspace, acme, ada):
    other = make_workspace("other")
    with pytest.raises(AccountsError, match="not one of theirs"):
        set_stage(ada, stage(workspace, "Build", ACCOUNT), actor=None)
    with pytest.raises(AccountsError, match="not one of theirs"):
        set_stage(ada, stage(other, "Build"), actor=None)
    with pytest.raises(AccountsError, match="in no stage by hand"):
        release_stage(ada, actor=None)
    set_stage(ada, stage(workspace, "Build"), actor=None)
    with pytest.raises(AccountsError, match="by hand already"):
        set_stage(ada, stage(workspace, "Build"), actor=None)
    counted = Developer.objects.create(workspace=workspace, is_aggregate=True)
    with pytest.raises(AccountsError, match="Pre-counted"):
        set_stage(counted, stage(workspace, "Build"), actor=None)
    assert stays() == [("ada", "Build", None, True, True)]


# ---- Merging


def test_a_merge_joins_the_histories_and_back(workspace, ada, use):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    use(bob, *range(5), count=3)
    judge(workspace, DEVELOPER)
    before = list(StageEntry.objects.order_by("pk").values())

    correction = merge_developers(ada, bob, actor=None)
    assert stays() == [
        ("ada", "Discover", None, True, False),
        ("ada", "Build", None, False, False),
    ]
    assert sizes(workspace) == {"Discover": 1}
    undo_pointers(correction, actor=None)

    assert list(StageEntry.objects.order_by("pk").values()) == before
    assert sizes(workspace) == {"Discover": 1, "Build": 1}


def test_by_hand_survives_a_merge_on_either_side(workspace, ada):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    judge(workspace, DEVELOPER)
    set_stage(bob, stage(workspace, "Deploy"), actor=None)
    before = list(StageEntry.objects.order_by("pk").values())

    correction = merge_developers(ada, bob, actor=None)
    assert [row for row in stays() if row[3]] == [
        ("ada", "Deploy", "Discover", True, True)
    ]
    assert sizes(workspace) == {"Deploy": 1}
    undo_pointers(correction, actor=None)

    assert list(StageEntry.objects.order_by("pk").values()) == before
    assert sizes(workspace) == {"Discover": 1, "Deploy": 1}


def test_the_merged_one_is_judged_as_one(workspace, ada, use):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    use(ada, 0, 1, 2, count=2)
    use(bob, 3, 4, count=2)
    score_touched()
    judge_rescored()
    assert {row[:2] for row in stays()} == {("ada", "Evaluate"), ("bob", "Evaluate")}

    merge_developers(ada, bob, actor=None)
    score_touched()
    judge_rescored()

    assert [row for row in stays() if row[3]] == [
        ("ada", "Build", "Evaluate", True, False)
    ]
    assert sizes(workspace) == {"Build": 1}


# ---- Which stages there are


def test_a_new_stage_is_the_last_and_judged_soon(workspace, ada, use):
    use(ada, 0, count=500)
    made = save_stage(
        Stage(
            workspace=workspace,
            subject=DEVELOPER,
            name="Champion",
            rule={"usage": {"at_least": 400, "days": 7}},
        ),
        actor=None,
    )

    assert made.position == 5
    judge_rescored()
    assert stays() == [("ada", "Champion", None, True, False)]
    assert AuditEntry.objects.get().action == "stages_changed"


def test_a_changed_rule_moves_people_and_is_kept_as_a_version(workspace, ada, use):
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)
    one = stage(workspace, "Evaluate")
    one.rule = {"usage": {"count": "days", "at_least": 3, "days": 30}}
    save_stage(one, actor=None)

    judge_rescored()

    assert stays()[-1] == ("ada", "Discover", "Evaluate", True, False)
    assert one.rules.count() == 2
    assert StageEntry.objects.order_by("pk")[0].matched.rule != one.rule


def test_a_stage_does_not_depend_on_stages(workspace):
    one = stage(workspace, "Build")
    one.rule = {"field": "stage", "is": "one_of", "value": [one.pk]}
    with pytest.raises(AccountsError, match="cannot depend on the stage"):
        save_stage(one, actor=None)


def test_the_order_decides_who_is_further(workspace, ada, use):
    use(ada, *range(5), count=2)
    judge(workspace, DEVELOPER)
    assert stays()[-1][1] == "Build"

    assert move_stage(stage(workspace, "Build"), by=-1, actor=None)
    judge_rescored()

    assert [one.name for one in stages_of(workspace, DEVELOPER)] == [
        *("Discover", "Build", "Evaluate", "Deploy")
    ]
    assert stays()[-1] == ("ada", "Evaluate", "Build", True, False)
    assert not move_stage(stage(workspace, "Discover"), by=-1, actor=None)


def test_a_stage_with_people_is_removed_with_a_target(workspace, ada, use):
    bob = make_developer(workspace, "bob@acme.example", first_seen_at=seen())
    use(ada, 0, 1)
    judge(workspace, DEVELOPER)
    evaluate, build = stage(workspace, "Evaluate"), stage(workspace, "Build")
    set_stage(bob, evaluate, actor=None)
    with pytest.raises(AccountsError, match="say where they go"):
        remove_stage(evaluate, target=None, actor=None)
    with pytest.raises(AccountsError, match="Nobody can go"):
        remove_stage(evaluate, target=evaluate, actor=None)

    assert remove_stage(evaluate, target=build, actor=None) == 2
    assert [row for row in stays() if row[3]] == [
        ("ada", "Build", "Evaluate", True, False),
        ("bob", "Build", "Evaluate", True, True),
    ]
    judge_rescored()

    # No rule wants Ada there; Bob was put there by hand.
    assert [row for row in stays() if row[3]] == [
        ("bob", "Build", "Evaluate", True, True),
        ("ada", "Discover", "Build", True, False),
    ]
    assert sizes(workspace) == {"Discover": 1, "Build": 1}
    assert Stage.objects.get(pk=evaluate.pk).removed_at is not None
    # Its name is free again.
    save_stage(
        Stage(workspace=workspace, subject=DEVELOPER, name="Evaluate"), actor=None
    )


def test_a_stage_that_nobody_was_in_goes_for_good(workspace):
    remove_stage(stage(workspace, "Deploy"), target=None, actor=None)

    assert [one.position for one in stages_of(workspace, DEVELOPER)] == [1, 2, 3]
    assert not Stage.objects.filter(subject=DEVELOPER, name="Deploy").exists()


def test_a_preview_counts_whom_a_rule_would_put_there(workspace, ada, use):
    people = [
        make_developer(workspace, f"p{n}@x.example", first_seen_at=seen())
        for n in range(4)
    ]
    for one in people[:3]:
        use(one, 0, 1)
    use(ada, *range(5), count=5)
    judge(workspace, DEVELOPER)
    evaluate = stage(workspace, "Evaluate")
    set_stage(people[0], stage(workspace, "Discover"), actor=None)
    set_stage(people[3], evaluate, actor=None)

    found = preview(
        {"usage": {"at_least": 1, "days": 30}},
        workspace=workspace,
        subject=DEVELOPER,
        stage=evaluate,
    )

    # Ada is further, the first is elsewhere by hand, the fourth is here by hand.
    assert (found.matching, found.would_be_in, found.now_in) == (4, 3, 3)
    assert StageEntry.objects.filter(left_at__isnull=True).count() == 5


def test_sizes_are_right_again_after_somebody_was_deleted(workspace, ada):
    judge(workspace, DEVELOPER)
    ada.delete()

    judge(workspace, DEVELOPER)

    assert sizes(workspace) == {}


# ---- History from usage


def test_history_is_written_as_if_the_rules_had_been_there(workspace, ada, use):
    use(ada, 50, 49, 10, 9, 8, 7, 6, count=3)
    Developer.objects.filter(pk=ada.pk).update(first_seen_at=seen(50))

    backfill(workspace, DEVELOPER, days=60)
    judge(workspace, DEVELOPER)

    today = utc_today()
    found = [
        (entry.stage.name, (today - entry.entered_at.date()).days)
        for entry in StageEntry.objects.order_by("entered_at").select_related("stage")
    ]
    assert found == [
        ("Discover", 50),
        ("Evaluate", 49),
        # One of the two days left the window 20 days ago, and a week went by.
        ("Discover", 13),
        ("Evaluate", 9),
        ("Build", 6),
    ]
    assert StageEntry.objects.filter(left_at__isnull=True).get().stage.name == "Build"
    assert sizes(workspace) == {"Build": 1}
    with pytest.raises(AccountsError, match="have a history"):
        backfill(workspace, DEVELOPER, days=5)


# ---- Side by side


@pytest.mark.django_db(transaction=True)
def test_two_judges_and_a_hand_at_once_leave_one_stay_each(use, workspace, ada):
    others = [
        make_developer(workspace, f"p{n}@x.example", first_seen_at=seen())
        for n in range(20)
    ]
    for one in others:
        use(one, 0, 1)
    people = [ada, *others]
    build = stage(workspace, "Build")
    problems = []

    def run(what):
        try:
            what()
        except Exception as error:  # noqa: BLE001 reported below
            problems.append(error)
        finally:
            connection.close()

    jobs = [
        lambda: judge(workspace, DEVELOPER),
        lambda: judge(workspace, DEVELOPER, [one.pk for one in people]),
        lambda: [set_stage(one, build, actor=None) for one in others[:5]],
        lambda: merge_developers(others[10], others[11], actor=None),
        lambda: judge(workspace, DEVELOPER),
    ]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert problems == []
    judge(workspace, DEVELOPER)
    lasting = StageEntry.objects.filter(left_at__isnull=True)
    assert lasting.count() == 20
    assert lasting.filter(stage=build, by_hand=True).count() == 5
    assert sum(sizes(workspace).values()) == 20


def test_the_database_allows_one_lasting_stay(workspace, ada):
    judge(workspace, DEVELOPER)
    with pytest.raises(IntegrityError), transaction.atomic():
        StageEntry.objects.create(
            workspace=workspace, developer=ada, stage=stage(workspace, "Build")
        )


# ---- Commands


def run(*args):
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_stages_are_evaluated_by_command(workspace, ada, use):
    make_workspace("other")
    use(ada, 0, 1)

    assert run("evaluate_stages", "--workspace", "acme") == (
        "acme: 1 moves of accounts.\nacme: 1 moves of developers.\n"
    )
    assert run("evaluate_stages").count("other: 0 moves") == 2
    assert stays() == [("ada", "Evaluate", None, True, False)]
    with pytest.raises(CommandError, match="no workspace nope"):
        run("evaluate_stages", "--workspace", "nope")
    with pytest.raises(CommandError, match="have a history"):
        run("evaluate_stages", "--workspace", "acme", "--backfill", "9")
    with pytest.raises(CommandError, match="Between 1 and 400"):
        run("evaluate_stages", "--workspace", "other", "--backfill", "-1")


def test_a_stage_is_set_and_released_by_command(workspace, acme, ada):
    on = ("set_stage", "--workspace", "acme")

    assert run(*on, "--account", "ACME.example", "--stage", "deploy") == (
        "Acme is in Deploy by hand.\n"
    )
    person = ("--developer", "Ada@acme.example")
    assert "is in Build by hand" in run(*on, *person, "--stage", "Build")
    assert stays() == [("ada", "Build", None, True, True)]
    assert "is in Discover by the rules" in run(*on, *person, "--release")
    by_number = ("--developer", str(ada.pk), "--stage", "Build", "--reason", "told us")
    run(*on, *by_number)
    assert StageEntry.objects.get(developer=ada, left_at=None).reason == "told us"
    entry = AuditEntry.objects.filter(action="stage_set").last()
    assert entry.actor_label == "command line"
    for wrong, problem in (
        ((*person, "--stage", "Nowhere"), "there are Discover, Evaluate"),
        (("--developer", "nobody", "--stage", "Build"), "“nobody” is nobody"),
        ((*person, "--stage", "Build"), "by hand already"),
        (("--account", "9" * 12, "--release"), "nobody"),
    ):
        with pytest.raises(CommandError, match=problem):
            run(*on, *wrong)
    with pytest.raises(CommandError, match="no workspace"):
        run("set_stage", "--workspace", "x", "--account", "y", "--release")
