"""Usage is what the events add up to: after anything, and after mending it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import AccountsError
from accounts.models import (
    Correction,
    DailyUsage,
    Identity,
    Metric,
    TouchedDeveloper,
    WorkspaceUsage,
)
from ingest.digest import digest_until_empty
from ingest.models import Event, EventHorizon
from ingest.quarantine import discard, replay
from ingest.recount import check_usage, rebuild_usage
from ingest.split import split_identity, undo_correction
from tests.factories import make_workspace
from tests.ingest.digesting import NOON, event, put, touched, usage, workspace_usage

PEOPLE = [
    [("email", "ann@example.com")],
    [("github", "ann"), ("email", "ann@example.com")],
    [("github", "bob")],
    [("customer_id", "7"), ("github", "bob")],
    [("customer_id", "7")],
]


def fill(workspace):
    for number in range(30):
        put(
            workspace,
            event(
                f"dev{number % 4}@example.com",
                key=str(number),
                at=NOON - timedelta(hours=7 * number),
                count=number % 3 + 1,
                value=None if number % 2 else number / 7,
                is_test=number % 10 == 9,
            ),
        )
    digest_until_empty()


def test_nothing_differs_after_a_digest(workspace):
    fill(workspace)
    assert check_usage() == []
    before = usage(), workspace_usage()
    assert rebuild_usage() == 0
    assert (usage(), workspace_usage()) == before


def test_every_kind_of_damage_is_found_and_mended(workspace):
    other = make_workspace("other")
    fill(workspace)
    fill(other)
    before = usage(), workspace_usage()
    rows = DailyUsage.objects.filter(workspace=workspace).order_by("developer", "day")
    wrong, gone, odd = rows[0], rows[1], rows[2]
    of = {"developer": wrong.developer_id}
    DailyUsage.objects.filter(**of, day=wrong.day).update(count=wrong.count + 5)
    DailyUsage.objects.filter(**of, day=gone.day).delete()
    DailyUsage.objects.filter(**of, day=odd.day).update(value_sum=odd.value_sum + 0.5)
    DailyUsage.objects.create(
        workspace=workspace,
        developer_id=wrong.developer_id,
        day="2020-01-01",
        metric_id=wrong.metric_id,
        product_id=wrong.product_id,
        count=9,
    )
    WorkspaceUsage.objects.filter(workspace=other, day=gone.day).delete()
    assert check_usage(other)[0].developer_id is None
    people = [one for one in check_usage(workspace) if one.developer_id is not None]
    assert {(str(one.day), one.kept, one.counted) for one in people} == {
        (str(wrong.day), wrong.count + 5, wrong.count),
        (str(gone.day), None, gone.count),
        (str(odd.day), odd.count, odd.count),
        ("2020-01-01", 9, None),
    }
    TouchedDeveloper.objects.all().delete()
    assert rebuild_usage(workspace) >= 4
    assert touched() == {wrong.developer_id}
    assert check_usage(workspace) == []
    assert len(check_usage()) == 1
    rebuild_usage()
    assert (usage(), workspace_usage()) == before


def test_usage_from_before_the_horizon_is_left_alone(workspace):
    fill(workspace)
    before = usage(), workspace_usage()
    horizon = NOON.date() - timedelta(days=3)
    Event.objects.filter(occurred_at__date__lt=horizon)._raw_delete("default")
    assert check_usage()
    EventHorizon.objects.create(day=horizon)
    assert check_usage() == []
    assert rebuild_usage() == 0
    assert (usage(), workspace_usage()) == before


def test_the_commands(workspace, capsys):
    fill(workspace)
    call_command("check_usage")
    DailyUsage.objects.update(count=1000)
    call_command("rebuild_usage", dry_run=True)
    with pytest.raises(CommandError, match="rows of usage differ"):
        call_command("check_usage", workspace="acme")
    call_command("rebuild_usage")
    call_command("check_usage")
    out = capsys.readouterr().out
    assert out.startswith("Usage is what the events add up to.\n")
    assert "1000 kept" in out
    assert out.endswith("rows of usage changed.\nUsage is what the events add up to.\n")
    with pytest.raises(CommandError, match="no workspace nosuch"):
        call_command("check_usage", workspace="nosuch")


def test_a_split_takes_its_own_usage_along_and_gives_it_back(workspace):
    both = [("github", "ann"), ("email", "ann@example.com")]
    put(
        workspace,
        event(key="1", identities=both),
        event(key="2", count=4),
        event(key="3", identities=[("github", "ann")], count=2),
    )
    digest_until_empty()
    [row] = DailyUsage.objects.all()
    assert row.count == 7
    github = Identity.objects.get(kind="github")
    correction = split_identity(github, actor=None)
    github.refresh_from_db()
    assert github.developer.usage.get().count == 3
    email = Identity.objects.get(kind="email")
    assert email.developer.usage.get().count == 4
    assert check_usage() == []
    undo_correction(correction, actor=None)
    assert DailyUsage.objects.get().count == 7
    assert check_usage() == []


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            st.lists(
                st.fixed_dictionaries(
                    {
                        "identities": st.sampled_from(PEOPLE),
                        "key": st.sampled_from([None, *"abcdefgh"]),
                        "at": st.integers(-40, 4).map(
                            lambda hours: NOON + timedelta(hours=9 * hours)
                        ),
                        "metric": st.sampled_from(["CALL_HOME", "call home", "BUILD"]),
                        "product": st.sampled_from(["sdk", "cli"]),
                        "count": st.integers(1, 5),
                        "value": st.sampled_from([None, 0.25, -3.0]),
                        "is_test": st.sampled_from([False, False, False, True]),
                    }
                ),
                min_size=1,
                max_size=6,
            ),
        ),
        st.just(("digest", None)),
        st.just(("configure", None)),
        st.just(("replay", None)),
        st.just(("discard", None)),
        st.tuples(st.just("split"), st.integers(0, 4)),
        st.tuples(st.just("undo"), st.integers(0, 4)),
    ),
    max_size=14,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_usage_agrees_with_events_after_anything(db, steps):
    with transaction.atomic():
        workspace = make_workspace()
        _run(workspace, steps)
        digest_until_empty()
        assert check_usage() == []
        keys = Event.objects.exclude(event_id="").values_list("event_id", flat=True)
        assert len(keys) == len(set(keys))
        counted = sum(DailyUsage.objects.values_list("count", flat=True))
        events = Event.objects.filter(is_test=False).values_list("count", flat=True)
        assert counted == sum(events)
        transaction.set_rollback(True)


def _run(workspace, steps):
    actions = {
        "put": lambda fields: put(workspace, *(event(**each) for each in fields)),
        "digest": lambda _: digest_until_empty(),
        "configure": lambda _: Metric.objects.get_or_create(
            workspace=workspace, key="BUILD"
        ),
        "replay": lambda _: replay(workspace),
        "discard": lambda _: discard(workspace),
        "split": lambda place: _correct(Identity, split_identity, place),
        "undo": lambda place: _correct(Correction, undo_correction, place),
    }
    for step, detail in steps:
        actions[step](detail)
        if step in {"digest", "split", "undo"}:
            assert check_usage() == []


def _correct(model, correct, place):
    for row in model.objects.order_by("id")[place : place + 1]:
        with suppress(AccountsError):
            correct(row, actor=None)
