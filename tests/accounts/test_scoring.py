import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models.score import Damp
from accounts.scoring import (
    Band,
    apportion,
    band_of,
    breadth_points,
    damp,
    decay,
    decay_from_landmark,
    effective_developers,
    points_at_score,
    running_points,
    scale_for_median,
    score_from_points,
)

DAY = date(2026, 3, 1)
points = st.floats(min_value=0, max_value=1e9)


@dataclass
class Model:
    high_from: float = 60.0
    medium_from: float = 20.0


@pytest.mark.parametrize(
    ("uses", "worth"), [(0, 0), (1, 1), (3, 2), (7, 3), (1023, 10)]
)
def test_more_uses_on_one_day_are_worth_less_and_less(uses, worth):
    assert damp(uses) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("by", "worth"),
    [
        (Damp.LOG2, [0, 1, 2, 10]),
        (Damp.SQRT, [0, 1, 3**0.5, 1023**0.5]),
        (Damp.LINEAR, [0, 1, 3, 1023]),
        (Damp.ONCE, [0, 1, 1, 1]),
    ],
)
def test_a_model_chooses_how_further_uses_are_damped(by, worth):
    assert [damp(uses, by) for uses in (0, 1, 3, 1023)] == pytest.approx(worth)


@pytest.mark.parametrize(
    ("days", "factor"), [(0, 1), (14, 0.5), (28, 0.25), (-14, 2), (14 * 201, 0)]
)
def test_points_halve_with_each_half_life(days, factor):
    assert decay(days, 14) == factor


@given(
    days=st.integers(-40_000, 40_000), half_life=st.floats(min_value=1, max_value=3650)
)
def test_no_age_overflows_or_vanishes_from_the_landmark(days, half_life):
    factor = decay_from_landmark(
        landmark=DAY, today=DAY + timedelta(days=days), half_life_days=half_life
    )
    assert 0 < factor < 1e61
    assert math.isfinite(1 / factor)


@given(st.lists(st.tuples(st.integers(0, 90), points), max_size=20), st.integers(0, 30))
def test_points_kept_at_a_landmark_decay_to_the_points_of_any_day(uses, later):
    landmark, today = DAY, DAY + timedelta(days=later)
    stored = math.fsum(p * decay(age, 14) for age, p in uses)
    direct = math.fsum(p * decay(age + later, 14) for age, p in uses)
    factor = decay_from_landmark(landmark=landmark, today=today, half_life_days=14)
    assert stored * factor == pytest.approx(direct, rel=1e-9)


@given(points, st.floats(min_value=1e-3, max_value=1e12))
def test_a_score_lies_between_0_and_100(value, scale):
    assert 0 <= score_from_points(value, scale) <= 100


@given(st.floats(min_value=0.01, max_value=99.9), st.floats(min_value=1, max_value=1e6))
def test_points_at_a_score_give_that_score(score, scale):
    assert score_from_points(points_at_score(score, scale), scale) == pytest.approx(
        score
    )


@given(st.floats(min_value=1e-3, max_value=1e9))
def test_the_median_scale_puts_the_median_at_50(median):
    assert score_from_points(median, scale_for_median(median)) == pytest.approx(50)


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, Band.LOW),
        (19.94, Band.LOW),
        (19.96, Band.MEDIUM),
        (20, Band.MEDIUM),
        (59.94, Band.MEDIUM),
        (59.96, Band.HIGH),
        (100, Band.HIGH),
    ],
)
def test_bands_go_by_the_score_as_it_is_shown(score, band):
    assert band_of(score, Model()) is band


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=30))
def test_effective_developers_lie_between_one_and_all_of_them(people):
    effective = effective_developers(sum(people), sum(p * p for p in people))
    assert 1 <= effective <= len(people) * (1 + 1e-9)


@given(
    st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=30),
    st.floats(min_value=1e-9, max_value=1e9),
)
def test_effective_developers_do_not_change_as_time_passes(people, factor):
    later = [p * factor for p in people]
    assert effective_developers(sum(later), sum(p * p for p in later)) == pytest.approx(
        effective_developers(sum(people), sum(p * p for p in people)), rel=1e-9
    )


def test_equal_people_count_fully_and_nobody_counts_as_one():
    assert effective_developers(4.0, 4 * 1.0) == 4
    assert effective_developers(0.0, 0.0) == 1
    assert breadth_points(100, 4, 0.1) == pytest.approx(20)
    assert breadth_points(100, 1, 0.1) == 0


@given(
    st.lists(st.tuples(st.integers(0, 120), st.floats(0, 1e4)), max_size=30),
    st.floats(min_value=1, max_value=100),
)
def test_running_points_are_the_sum_over_all_uses_so_far(gains, half_life):
    uses = sorted((DAY + timedelta(days=offset), p) for offset, p in gains)
    days = [DAY + timedelta(days=offset) for offset in range(100)]
    for day, value in zip(days, running_points(uses, days, half_life), strict=True):
        direct = math.fsum(
            p * decay((day - used_on).days, half_life)
            for used_on, p in uses
            if used_on <= day
        )
        assert value == pytest.approx(direct, rel=1e-9, abs=1e-12)


@given(st.lists(st.floats(min_value=0, max_value=1e7), max_size=200))
def test_apportioned_parts_add_up_exactly_and_stay_near(parts):
    shown = apportion(parts)
    assert (
        sum(shown, Decimal(0))
        == Decimal(round(math.fsum(p * 100 for p in parts))) / 100
    )
    for part, value in zip(parts, shown, strict=True):
        assert abs(float(value) - part) < 0.01 + 1e-6


def test_apportioning_gives_missing_cents_to_those_that_lost_most():
    third = 10 / 3
    assert apportion([third, third, third]) == [
        Decimal("3.34"),
        Decimal("3.33"),
        Decimal("3.33"),
    ]
    assert apportion([0.004, 0.008, 0.008]) == [
        Decimal("0.00"),
        Decimal("0.01"),
        Decimal("0.01"),
    ]
