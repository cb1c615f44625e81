"""Who was active, where counting it takes long: kept, shown with its time, renewed."""

from datetime import timedelta

import pytest

from accounts.clock import today_utc
from accounts.models import Role
from dashboards.models import ActiveFigures
from dashboards.periods import last_days
from dashboards.queries.active import (
    OLDEST,
    active,
    count_anew,
    count_kept,
    keep,
)
from dashboards.tasks import count_active, count_active_ahead
from tests.dashboards.data import World, make_developer, now, settle, use
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def period():
    return last_days(30, today=today_utc())


def one_more(world):
    late = make_developer(world.workspace, world.warm, email="late@warm.example")
    use(late, world.deploy, world.cli, {1: 1})
    settle(world.workspace)


def keep_slow(world, period, seconds=8.0):
    found = count_anew(world.workspace, period)
    return keep(world.workspace, period, found, seconds=seconds)


def grow_old(kept, **since):
    kept.counted_at -= timedelta(**since)
    kept.save(update_fields=["counted_at"])


def test_what_is_quick_is_never_kept(world, period):
    before = active(world.workspace, period).totals.developers_now
    one_more(world)

    found = active(world.workspace, period)

    assert (found.totals.developers_now, found.counted_at) == (before + 1, None)
    assert not ActiveFigures.objects.exists()


def test_kept_figures_are_those_that_were_counted(world, period):
    found = count_anew(world.workspace, period)
    kept = keep_slow(world, period)
    one_more(world)

    shown = active(world.workspace, period)

    assert (shown.days, shown.totals) == (found.days, found.totals)
    assert shown.counted_at == kept.counted_at
    # For another period nothing is known yet.
    assert active(world.workspace, last_days(7, today=today_utc())).counted_at is None


def test_old_figures_are_shown_once_more_and_counted_anew(
    world, period, settings, django_capture_on_commit_callbacks
):
    settings.ACTIVE_KEPT_FROM_SECONDS = 0
    kept = keep_slow(world, period)
    before = active(world.workspace, period).totals.developers_now
    one_more(world)
    grow_old(kept, minutes=9)

    # Two who look ask once.
    with django_capture_on_commit_callbacks() as asked:
        shown = [active(world.workspace, period) for _ in range(2)]
    assert [one.totals.developers_now for one in shown] == [before, before]
    assert len(asked) == 1
    count_active(kept.pk)

    renewed = active(world.workspace, period)
    assert renewed.totals.developers_now == before + 1
    kept.refresh_from_db()
    assert (kept.claimed_at, renewed.counted_at) == (None, kept.counted_at)


def test_what_has_become_quick_is_kept_no_more(world, period, settings):
    kept = keep_slow(world, period)
    settings.ACTIVE_KEPT_FROM_SECONDS = 1.0

    count_active(kept.pk)

    assert not ActiveFigures.objects.exists()


def test_a_worker_that_died_is_not_waited_for(
    world, period, django_capture_on_commit_callbacks
):
    kept = keep_slow(world, period, seconds=30)
    grow_old(kept, minutes=31)
    for minutes, times in ((0, 1), (9, 0), (11, 1)):
        if minutes:
            kept.refresh_from_db()
            ActiveFigures.objects.update(
                claimed_at=kept.claimed_at - timedelta(minutes=minutes)
            )
        with django_capture_on_commit_callbacks() as asked:
            active(world.workspace, period)
        assert len(asked) == times


def test_figures_that_nobody_renewed_are_not_shown_for_ever(world, period):
    kept = keep_slow(world, period)
    before = active(world.workspace, period).totals.developers_now
    one_more(world)
    grow_old(kept, seconds=OLDEST.total_seconds() + 1)

    shown = active(world.workspace, period)

    assert (shown.totals.developers_now, shown.counted_at) == (before + 1, None)


def test_the_page_says_when_it_counted(client, world, period):
    client.force_login(make_member(world.workspace, Role.MEMBER))
    text = "Active developers and accounts were counted"
    assert text not in client.get("/w/acme/overview/").content.decode()
    keep_slow(world, period)
    assert text in client.get("/w/acme/overview/").content.decode()


def test_a_new_day_is_counted_before_somebody_looks(world, period, settings):
    yesterday = last_days(30, today=today_utc() - timedelta(days=1))
    kept = keep_slow(world, yesterday)
    long_ago = last_days(7, today=today_utc() - timedelta(days=6))
    grow_old(keep_slow(world, long_ago), days=4)
    settings.ACTIVE_KEPT_FROM_SECONDS = 0

    for _ in range(2):
        count_active_ahead()

    assert set(ActiveFigures.objects.values_list("first", "last", "seen_at")) == {
        (yesterday.first, yesterday.last, kept.seen_at),
        (period.first, period.last, kept.seen_at),
    }


def test_a_period_that_nobody_looks_at_is_not_counted_ahead(world, period, settings):
    yesterday = last_days(30, today=today_utc() - timedelta(days=1))
    keep_slow(world, yesterday)
    ActiveFigures.objects.update(seen_at=now() - timedelta(days=4))
    settings.ACTIVE_KEPT_FROM_SECONDS = 0

    count_active_ahead()

    assert [kept.last for kept in ActiveFigures.objects.all()] == [yesterday.last]


def test_what_is_gone_meanwhile_is_nobodys_fault(world, period):
    kept = keep_slow(world, period)
    kept.delete()
    count_kept(kept.pk)
    assert not ActiveFigures.objects.exists()
