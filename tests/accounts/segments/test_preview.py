"""The number beside the builder: exact while that is cheap, else out of a draw."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from accounts.models import Developer
from accounts.segments import filling
from accounts.segments import preview as module
from accounts.segments.preview import preview
from accounts.segments.schema import parse
from accounts.segments.store import make_segment
from accounts.tasks import refresh_segment
from tests.factories import make_account, make_workspace

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 15)


@pytest.fixture
def workspace():
    make_workspace("other")
    workspace = make_workspace()
    account = make_account(workspace, "A")
    Developer.objects.bulk_create(
        Developer(
            workspace=workspace,
            account=account if number % 4 == 0 else None,
            display_name=f"d{number}",
            first_seen_at=datetime(2026, 6, 1, tzinfo=UTC),
        )
        for number in range(2000)
    )
    with connection.cursor() as cursor:
        # The planner is asked how many there are.
        cursor.execute("ANALYZE accounts_developer")
    return workspace


def look(workspace, rule, **options):
    parsed = parse(rule, subject="developer", workspace=workspace)
    return preview(parsed, workspace, today=TODAY, **options)


WITH_ACCOUNT = {"field": "has_account", "is": "yes"}


def test_what_is_cheap_is_counted(workspace):
    found = look(workspace, WITH_ACCOUNT)

    assert (found.text, found.is_estimate, len(found.rows)) == ("500", False, 10)


def test_counting_ends_at_a_number(workspace, monkeypatch):
    monkeypatch.setattr(module, "COUNTED_UP_TO", 100)

    assert look(workspace, WITH_ACCOUNT).text == "more than 100"
    assert look(workspace, WITH_ACCOUNT, count_all=True).text == "500"


def test_what_is_dear_is_estimated(workspace, monkeypatch):
    monkeypatch.setattr(module, "DEAREST", 0.0)
    monkeypatch.setitem(module.DRAWN, "developer", 800)

    found = look(workspace, WITH_ACCOUNT)

    assert found.is_estimate
    assert found.text.startswith("about ")
    # A quarter of 800 is 200, give or take three deviations of 12 each.
    assert 400 <= found.count <= 600
    assert {row.account_id is not None for row in found.rows} == {True}
    assert look(workspace, WITH_ACCOUNT) == found
    assert look(workspace, WITH_ACCOUNT, count_all=True).text == "500"


def test_a_draw_without_a_match_is_a_bound(workspace, monkeypatch):
    monkeypatch.setattr(module, "DEAREST", 0.0)
    monkeypatch.setitem(module.DRAWN, "developer", 800)

    found = look(workspace, {"field": "name", "is": "equals", "value": "nobody"})

    assert (found.matched, found.rows) == (0, ())
    assert found.text.startswith("probably fewer than ")


def test_few_are_judged_all_the_same(workspace, monkeypatch):
    monkeypatch.setattr(module, "DEAREST", 0.0)

    found = look(make_workspace("small"), WITH_ACCOUNT)

    assert (found.text, found.is_estimate) == ("0", False)


def test_what_takes_long_is_filled_by_a_worker(workspace, monkeypatch):
    sent = []
    monkeypatch.setattr(
        filling.current_app, "send_task", lambda name, **more: sent.append((name, more))
    )
    made = make_segment(
        workspace, subject="developer", name="Wide", rule=WITH_ACCOUNT, actor=None
    )
    monkeypatch.setattr(module, "DEAREST", 0.0)
    filling.fill(made)
    assert [(name, more["args"]) for name, more in sent] == [
        ("accounts.tasks.refresh_segment", [made.pk])
    ]
    assert made.members.count() == 0

    refresh_segment(made.pk)

    assert made.members.count() == 500
    refresh_segment(0)
