from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.alerts import follow, tell
from accounts.models import Alert, Happening, WorkspaceUsage
from ingest.models import IngestCounter
from ingest.watching import growing, silent, watch_workspaces
from tests.factories import make_member, make_metric, make_product, make_workspace

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


@pytest.fixture
def workspace(db):
    return make_workspace()


def quarantined(workspace, number, hours_ago=0):
    hour = NOW.replace(minute=0) - timedelta(hours=hours_ago)
    IngestCounter.objects.create(
        workspace=workspace,
        dialect="reo",
        hour=hour,
        outcome="quarantined",
        count=number,
    )


def used(product, *days_ago):
    metric = make_metric(product.workspace, f"m{product.pk}")
    WorkspaceUsage.objects.bulk_create(
        WorkspaceUsage(
            workspace=product.workspace,
            day=NOW.date() - timedelta(days=age),
            metric=metric,
            product=product,
            count=3,
        )
        for age in days_ago
    )


@pytest.mark.parametrize(
    ("recent", "week", "is_growing"),
    [(19, 0, False), (20, 0, True), (20, 1000, False), (200, 168 * 51, False)],
)
def test_a_quarantine_grows_when_it_is_more_than_usual(
    workspace, recent, week, is_growing
):
    quarantined(workspace, recent)
    if week:
        quarantined(workspace, week, hours_ago=50)
    assert bool(growing(NOW)) == (is_growing and recent >= 4 * week / 168)


def test_other_outcomes_and_older_ones_do_not_count(workspace):
    quarantined(workspace, 500, hours_ago=2)
    IngestCounter.objects.create(
        workspace=workspace, dialect="reo", hour=NOW, outcome="accepted", count=500
    )
    assert growing(NOW) == []


def test_it_is_told_once_a_day_to_who_follows_the_workspace(workspace):
    user = make_member(workspace)
    follow(workspace, user)
    with time_machine.travel(NOW, tick=False):
        quarantined(workspace, 1234)
        watch_workspaces()
        watch_workspaces()
        tell()
    [alert] = Alert.objects.filter(user=user).select_related("happening")
    assert alert.happening.text == ("put 1,234 events into quarantine since 11:00 UTC")


@pytest.mark.parametrize(
    ("days_ago", "is_silent"),
    [
        # Every day, until yesterday: today has hardly begun.
        (range(1, 20), False),
        (range(2, 20), True),
        # Weekdays only; the weekend and a Monday that has begun are no silence.
        ([3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 17], False),
        ([4, 5, 6, 7, 8, 11, 12, 13, 14, 15], True),
        # Now and then.
        ([5, 9, 13], False),
        # So long ago that it is no news.
        (range(25, 60), False),
    ],
)
def test_a_product_that_was_used_all_the_time_goes_silent(
    workspace, days_ago, is_silent
):
    used(make_product(workspace), *days_ago)
    found = silent(NOW.date())
    assert bool(found) == is_silent
    if is_silent:
        last = NOW.date() - timedelta(days=min(days_ago))
        assert f"no use since {last:%-d %B %Y}" in found[0].text


def test_a_product_is_told_of_once_in_its_silence(workspace):
    product = make_product(workspace)
    used(product, *range(2, 20))
    for day in range(2):
        with time_machine.travel(NOW + timedelta(days=day), tick=False):
            watch_workspaces()
    [found] = Happening.objects.all()
    assert found.product == product
