"""The sum behind Today: bounds, order, words, and what counts as a change."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Role, TodayMark
from accounts.today import (
    FADE_DAYS,
    HISTORY_DAYS,
    MOST,
    Change,
    Part,
    Standing,
    freshness,
    latest_change,
    parts,
    shares,
    worth_today,
)
from accounts.today_marks import mark_done, take_back
from tests.factories import make_account, make_member, make_workspace

TODAY = date(2026, 3, 16)
BANDS = SimpleNamespace(high_from=60.0, medium_from=20.0)


def moment(days):
    return datetime(2026, 3, 16, 9, tzinfo=UTC) - timedelta(days=days)


def change(days):
    return Change(TODAY - timedelta(days=days), moment(days), "Entered Build")


changes = st.none() | st.integers(0, 400).map(change)
standings = st.builds(
    Standing,
    fit=st.sampled_from(["", "strong", "moderate", "weak"]),
    fit_points=st.none() | st.floats(0, 1),
    stage=st.just("Build"),
    stage_place=st.integers(0, 9),
    stages=st.integers(0, 9),
    score=st.floats(0, 100),
    change=changes,
)


@given(standings)
def test_the_sum_is_within_its_bounds_and_its_parts_add_up(standing):
    total = worth_today(standing, today=TODAY)
    assert 0 <= total <= 100 + 1e-9
    found = shares(standing, today=TODAY)
    assert set(found) == set(MOST)
    assert all(0 <= share <= 1 for share in found.values())
    shown = parts(standing, BANDS, today=TODAY)
    assert float(sum(part.points for part in shown)) == pytest.approx(total, abs=0.051)
    assert all(0 <= part.points <= part.most for part in shown)
    assert all(part.words for part in shown)


@given(standings, st.floats(0, 100), st.integers(0, 9), st.floats(0, 1))
def test_more_of_anything_is_never_worth_less(standing, score, place, fit):
    values = {name: getattr(standing, name) for name in Standing.__slots__}
    better = Standing(
        **values
        | {
            "score": max(score, standing.score),
            "stage_place": max(place, standing.stage_place),
            "fit_points": max(fit, standing.fit_points or 0),
            "change": change(0),
        }
    )
    assert worth_today(better, today=TODAY) >= worth_today(standing, today=TODAY) - 1e-9


def test_everything_is_a_hundred():
    best = Standing("strong", 1.0, "Deploy", 4, 4, 100.0, change(0))
    assert worth_today(best, today=TODAY) == 100
    assert [part.most for part in parts(best, BANDS, today=TODAY)] == [20, 25, 25, 30]
    nothing = Standing("", None, "", 0, 4, 0.0, None)
    assert worth_today(nothing, today=TODAY) == 0
    assert [part.words for part in parts(nothing, BANDS, today=TODAY)] == [
        "Fit not known",
        "In no stage",
        "Score 0.0, Low",
        "Nothing changed in 14 days",
    ]


def test_a_change_fades_evenly():
    found = [freshness(change(days), today=TODAY) for days in (0, 7, 13, 14, 30)]
    assert found == pytest.approx([1, 0.5, 1 / 14, 0, 0])
    # A clock ahead of ours is today.
    assert freshness(change(-1), today=TODAY) == 1


# ---- What changed


def history(*last, before=10.0):
    return [before] * (HISTORY_DAYS - len(last)) + list(last)


def latest(scores=None, **facts):
    found = latest_change(scores or history(), BANDS, today=TODAY, **facts)
    return (found.on, found.words) if found else None


def days_ago(days):
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("scores", "facts", "expected"),
    [
        (history(), {}, None),
        (history(30, 30, 30), {}, (days_ago(2), "From Low to Medium")),
        (history(80, 80, 30), {}, (TODAY, "From High to Medium")),
        # As pages show it: 59.96 reads 60.0.
        (history(59.96, 60.0, before=59.96), {}, None),
        (history(before=30), {"trend": "new", "first_seen_on": days_ago(3)},
         (days_ago(3), "First seen")),
        (history(before=30), {"trend": "dormant", "last_active_on": days_ago(34)},
         (days_ago(4), "Dormant: nothing used for 30 days")),
        (history(before=30), {"trend": "dormant", "last_active_on": days_ago(90)},
         None),
        (history(35, 41, 42, before=30), {"trend": "surging"},
         (days_ago(1), "Surging: +12.0 in 7 days")),
        (history(50, 50, before=58), {"trend": "cooling"},
         (days_ago(1), "Cooling: −8.0 in 7 days")),
        # The day's history does not show it yet; the trend says so.
        (history(before=30), {"trend": "surging"}, (TODAY, "Surging: +0.0 in 7 days")),
    ],
)  # fmt: skip
def test_what_counts_as_a_change(scores, facts, expected):
    assert latest(scores, **facts) == expected


def test_the_latest_change_counts_and_of_one_day_the_stage():
    entered = {"stage": "Build", "entered_at": moment(2)}
    assert latest(history(30, 30, 30), **entered) == (days_ago(2), "Entered Build")
    assert latest(history(30), **entered) == (TODAY, "From Low to Medium")
    assert latest(stage="Build", entered_at=moment(FADE_DAYS)) is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=HISTORY_DAYS))
def test_any_history_has_a_recent_change_or_none(scores):
    found = latest_change(scores, BANDS, today=TODAY, trend="surging")
    assert found is not None
    assert 0 <= (TODAY - found.on).days < FADE_DAYS
    assert shares(
        Standing("", None, "", 0, 0, scores[-1], found), today=TODAY
    )[Part.RECENCY] > 0  # fmt: skip


# ---- Marks


@pytest.mark.django_db
def test_a_mark_takes_the_place_of_the_one_before():
    workspace = make_workspace()
    ann = make_member(workspace, Role.MEMBER)
    account = make_account(workspace)
    mark_done(account, ann)
    mark_done(account, ann)
    row = TodayMark.objects.get()
    assert (row.workspace, row.kind, row.until) == (workspace, "done", None)
    assert take_back(account, ann)
    assert not take_back(account, ann)
