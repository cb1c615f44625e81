"""Periods: which days, which days before, and that nothing but UTC days gets in."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dashboards import periods

TODAY = date(2025, 11, 20)


@pytest.mark.parametrize("count", periods.CHOICES)
def test_last_days_end_today_and_do_not_overlap_the_previous(count):
    period = periods.last_days(count, today=TODAY)

    assert period.length == len(period.days) == count
    assert period.days[-1] == TODAY
    assert period.previous().last == period.first - timedelta(days=1)
    assert period.previous().length == count
    assert period.label == f"Last {count} days"


def test_moments_are_half_open_and_utc():
    period = periods.last_days(7, today=TODAY)

    assert period.start == datetime(2025, 11, 14, tzinfo=UTC)
    assert period.end == datetime(2025, 11, 21, tzinfo=UTC)


def test_gaps_are_filled_and_other_days_left_out():
    period = periods.last_days(7, today=TODAY)
    known = {
        TODAY: 5.0,
        TODAY - timedelta(days=6): 2.0,
        TODAY - timedelta(days=7): 99.0,
    }

    assert period.fill(known) == (2.0, 0, 0, 0, 0, 0, 5.0)
    assert period.fill_gaps(known) == (2.0, None, None, None, None, None, 5.0)


def test_a_moment_is_not_a_day():
    period = periods.last_days(7, today=TODAY)

    with pytest.raises(TypeError, match="moment"):
        period.fill({datetime(2025, 11, 20, tzinfo=UTC): 1})
    with pytest.raises(TypeError, match="moment"):
        periods.last_days(7, today=datetime(2025, 11, 20, tzinfo=UTC))


def test_custom_periods_are_cut_at_today_and_bounded():
    period = periods.custom(date(2025, 11, 1), date(2025, 12, 31), today=TODAY)

    assert (period.first, period.last) == (date(2025, 11, 1), TODAY)
    assert period.label == "1 Nov 2025 to 20 Nov 2025"
    with pytest.raises(periods.PeriodError, match="future"):
        periods.custom(date(2025, 11, 21), date(2025, 11, 22), today=TODAY)
    with pytest.raises(periods.PeriodError, match="before the first"):
        periods.custom(date(2025, 11, 3), date(2025, 11, 1), today=TODAY)
    with pytest.raises(periods.PeriodError, match="At most 400"):
        periods.custom(date(2020, 1, 1), TODAY, today=TODAY)


def test_one_day_is_called_a_day():
    period = periods.custom(TODAY, TODAY, today=TODAY)

    assert period.label == "20 Nov 2025"
    assert period.previous_name == "the previous day"


def test_hours_are_whole_consecutive_and_filled():
    now = datetime(2025, 11, 20, 14, 59, 3, tzinfo=UTC)
    hours = periods.hours_until(now, count=3)

    assert [hour.hour for hour in hours] == [12, 13, 14]
    assert periods.fill_hours(hours, {hours[1]: 4}) == (0, 4, 0)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2025, 11, 20, 14, 0),  # noqa: DTZ001 that is what must be refused
        datetime(2025, 11, 20, 14, 0, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_naive_and_local_moments_are_refused(moment):
    with pytest.raises(ValueError, match="not in UTC"):
        periods.today_utc(moment)
    with pytest.raises(ValueError, match="not in UTC"):
        periods.hours_until(moment, count=1)
