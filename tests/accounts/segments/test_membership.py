"""Who is in a segment, since when and why: the whole table, on every kind of change."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.alert_messages import sentence
from accounts.alerts import tell
from accounts.corrections import merge_developers
from accounts.judging import judge_rescored
from accounts.models import (
    Account,
    Alert,
    CuratedList,
    DailyUsage,
    Developer,
    Follow,
    Happening,
    ListEntry,
    Metric,
    Rescored,
    Segment,
    SegmentMember,
    SegmentSize,
    Workspace,
)
from accounts.score_store import score_workspace
from accounts.segments.membership import (
    MOST_NOTED,
    judge,
    refresh,
    refresh_all,
)
from accounts.segments.store import change_segment, make_segment
from ingest.split import undo_correction
from tests.factories import (
    make_account,
    make_developer,
    make_member,
    make_metric,
    make_product,
    make_workspace,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 15)
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
USED = {"usage": {"metric": "DEPLOY", "at_least": 2, "days": 7}}


def country(*codes):
    return {"field": "country", "is": "one_of", "value": list(codes)}


@pytest.fixture
def workspace():
    workspace = make_workspace()
    Segment.objects.all().delete()
    make_metric(workspace, "DEPLOY")
    make_product(workspace, "sdk")
    return workspace


def segment_of(workspace, rule, subject="account", **fields):
    return make_segment(
        workspace, subject=subject, name="Ours", rule=rule, actor=None, **fields
    )


def use(developer, count, day=DAY):
    DailyUsage.objects.create(
        workspace=developer.workspace,
        developer=developer,
        day=day,
        metric=Metric.objects.get(key="DEPLOY"),
        product=developer.workspace.products.get(),
        count=count,
    )


def members(segment):
    """The whole table: who, from when to when, why in and why out."""
    return [
        (
            str(row.account or row.developer),
            row.entered_at,
            row.left_at,
            row.because.get("parts"),
            row.left_because.get("parts"),
        )
        for row in SegmentMember.objects.filter(segment=segment)
        .order_by("pk")
        .select_related("account", "developer")
    ]


def sizes(segment):
    return list(
        SegmentSize.objects.filter(segment=segment)
        .order_by("day")
        .values_list("day", "size")
    )


def test_members_come_and_go_with_dates_and_reasons(workspace):
    acme, other = (make_account(workspace, name, country="DE") for name in "AB")
    ada, bob = (
        make_developer(workspace, f"{name}@a.example", account=account)
        for name, account in (("ada", acme), ("bob", other))
    )
    use(ada, 2)
    segment = segment_of(workspace, {"all": [country("DE"), USED]})

    first = refresh(segment, at=AT)
    assert (first.entered, first.left, first.told) == (1, 0, ())
    assert members(segment) == [("A", AT, None, [], None)]

    use(bob, 2)
    second = refresh(segment, at=AT)
    assert [(m.subject_id, m.entered, m.reasons) for m in second.told] == [
        (other.pk, True, ("“DEPLOY” was used at least 2 times in the last 7 days",))
    ]
    Account.objects.filter(pk=acme.pk).update(country="US")
    later = AT + timedelta(days=1)
    third = refresh(segment, at=later)
    assert [(m.subject_id, m.entered, m.reasons) for m in third.told] == [
        (acme.pk, False, ("country is Germany",))
    ]
    # The window has passed for the other one.
    end = AT + timedelta(days=7)
    refresh(segment, at=end)

    assert members(segment) == [
        ("A", AT, later, [], [1]),
        ("B", AT, end, [2], [2]),
    ]
    assert sizes(segment) == [
        (DAY, 2),
        (later.date(), 1),
        (end.date(), 0),
    ]
    segment.refresh_from_db()
    assert (segment.size, segment.refreshed_at) == (0, end)


def test_what_people_change_is_the_reason_where_use_is_not(workspace):
    acme = make_account(workspace, "A", country="DE")
    ada = make_developer(workspace, "ada@a.example", account=acme)
    use(ada, 2)
    score_workspace(workspace)
    scored = {"field": "score", "is": "at_least", "value": 0}
    segment = segment_of(workspace, {"all": [scored, country("AT"), USED]})
    refresh(segment, at=AT)

    Account.objects.filter(pk=acme.pk).update(country="AT")
    two_days_later = AT + timedelta(days=2)
    [move] = refresh(segment, at=two_days_later).told
    assert move.reasons == ("country is Austria",)

    # Within seconds of new use it is the score that moved.
    Account.objects.filter(pk=acme.pk).update(country="US")
    refresh(segment, at=two_days_later)
    Account.objects.filter(pk=acme.pk).update(country="AT")
    [move] = refresh(segment, at=two_days_later, only=[acme.pk]).told
    assert move.reasons[0] == "score is at least 0"


def test_refreshing_again_changes_nothing(workspace):
    make_account(workspace, "A", country="DE")
    segment = segment_of(workspace, country("DE"))
    refresh(segment, at=AT)
    before = members(segment)

    again = refresh(segment, at=AT + timedelta(hours=1))

    assert (again.entered, again.left) == (0, 0)
    assert members(segment) == before


def test_who_comes_back_has_two_stays(workspace):
    acme = make_account(workspace, "A", country="DE")
    segment = segment_of(workspace, country("DE"))
    for hours, code in ((0, "DE"), (1, ""), (2, "DE")):
        Account.objects.filter(pk=acme.pk).update(country=code)
        refresh(segment, at=AT + timedelta(hours=hours))

    assert members(segment) == [
        ("A", AT, AT + timedelta(hours=1), [], [1]),
        ("A", AT + timedelta(hours=2), None, [1], None),
    ]


def test_an_any_says_what_came_to_hold_and_what_held(workspace):
    acme = make_account(workspace, "A")
    segment = segment_of(workspace, {"any": [country("DE"), country("US"), USED]})
    refresh(segment, at=AT)
    Account.objects.filter(pk=acme.pk).update(country="US")
    refresh(segment, at=AT)
    Account.objects.filter(pk=acme.pk).update(country="")
    refresh(segment, at=AT)

    assert members(segment) == [("A", AT, AT, [2], [2])]


def test_only_some_are_looked_at_after_scoring(workspace):
    people = [make_developer(workspace, f"{name}@x.example") for name in "abc"]
    segment = segment_of(workspace, USED, "developer")
    refresh(segment, at=AT)
    for person in people:
        use(person, 5)

    moves = refresh(segment, only=[people[1].pk], at=AT)

    assert moves.entered == 1
    assert [row[0] for row in members(segment)] == ["b@x.example"]
    segment.refresh_from_db()
    assert segment.size == 1
    assert sizes(segment) == [(DAY, 1)]


def test_the_queue_of_the_scored_refreshes_segments(workspace):
    acme = make_account(workspace, "A", country="DE")
    segment = segment_of(workspace, country("DE"))
    refresh(segment)
    Account.objects.filter(pk=acme.pk).update(country="")
    Rescored.objects.create(workspace=workspace, subject="account", subject_id=acme.pk)

    judge_rescored()

    ((_, _, left_at, _, _),) = members(segment)
    assert left_at is not None


def test_a_new_rule_is_no_news_about_anybody(workspace):
    make_account(workspace, "A", country="DE")
    make_account(workspace, "B", country="US")
    segment = segment_of(workspace, country("DE"))
    refresh(segment, at=AT)
    segment = change_segment(segment, actor=None, rule=country("US"))

    assert judge(workspace, "account", [1]) == []
    moves = refresh(segment, at=AT)

    assert (moves.entered, moves.left, moves.told) == (1, 1, ())
    assert members(segment) == [("A", AT, AT, [], []), ("B", AT, None, [], None)]
    assert [rule.words for rule in segment.rules.all()] == [
        "Accounts where country is United States.",
        "Accounts where country is Germany.",
    ]


def test_exclude_lists_leave_accounts_and_their_people_out(workspace):
    acme = make_account(workspace, "A")
    make_developer(workspace, "in@x.example")
    make_developer(workspace, "out@x.example", account=acme)
    Developer.objects.create(workspace=workspace, is_aggregate=True)
    picked = CuratedList.objects.create(
        workspace=workspace, subject="account", name="Not these", is_exclude=True
    )
    ListEntry.objects.create(workspace=workspace, curated_list=picked, account=acme)

    accounts = segment_of(workspace, {"all": []})
    people = segment_of(workspace, {"all": []}, "developer")
    refresh_all()

    assert members(accounts) == []
    assert [row[0] for row in members(people)] == ["in@x.example"]


def test_a_rule_that_lost_its_metric_leaves_members_alone(workspace):
    ada = make_developer(workspace, "ada@x.example")
    use(ada, 3)
    segment = segment_of(workspace, USED, "developer")
    refresh(segment, at=AT)
    Metric.objects.filter(key="DEPLOY").update(key="SHIP", folded_key="ship")

    moves = refresh(segment, at=AT)

    assert (moves.entered, moves.left) == (0, 0)
    assert "There is no metric “DEPLOY”." in moves.segment.problem
    assert len(members(segment)) == 1
    with pytest.raises(CommandError):
        call_command("refresh_segments")


def test_followers_are_told_with_the_reason(workspace):
    acme = make_account(workspace, "A")
    segment = segment_of(workspace, country("DE"), is_shared=True)
    refresh(segment, at=AT)
    Follow.objects.create(
        workspace=workspace, user=make_member(workspace), segment=segment
    )
    Account.objects.filter(pk=acme.pk).update(country="DE")
    refresh(segment, at=AT)

    (told,) = Happening.objects.all()
    assert (told.kind, told.account, told.text) == (
        "entered",
        acme,
        "entered Ours: country is Germany",
    )


def test_followers_of_an_account_are_told_what_it_enters(workspace):
    acme, _other = make_account(workspace, "A"), make_account(workspace, "B")
    segment = segment_of(workspace, country("DE"), is_shared=True)
    refresh(segment, at=AT)
    user = make_member(workspace)
    Follow.objects.create(workspace=workspace, user=user, account=acme)
    Account.objects.update(country="DE")
    refresh(segment, at=AT)
    tell()

    told = Alert.objects.get().happening
    assert (told.kind, told.account, told.segment) == ("entered", acme, segment)


def test_of_very_many_who_move_at_once_the_others_are_told_as_a_number(workspace):
    segment = segment_of(workspace, country("DE"), is_shared=True)
    for number in range(MOST_NOTED + 2):
        make_account(workspace, f"Before {number}", country="DE")
    refresh(segment, at=AT)
    user = make_member(workspace)
    Follow.objects.create(workspace=workspace, user=user, segment=segment)
    Account.objects.update(country="FR")
    refresh(segment, at=AT)
    make_account(workspace, "After", country="DE")
    refresh(segment, at=AT)

    told = Happening.objects.order_by("pk")
    assert told.filter(account__isnull=False, kind="left").count() == MOST_NOTED
    assert told.filter(account__isnull=False, kind="entered").count() == 1
    (rest,) = told.filter(account__isnull=True, developer__isnull=True)
    assert (rest.kind, rest.segment, rest.data["more"]) == ("left", segment, 2)
    assert sentence(rest) == "Ours was left by 2 more accounts"


def test_the_number_of_statements_does_not_grow_with_members(workspace):
    def statements(name, number):
        segment = segment_of(
            workspace, {"field": "name", "is": "equals", "value": name}
        )
        Account.objects.bulk_create(
            Account(workspace=workspace, name=name) for _ in range(number)
        )
        with CaptureQueriesContext(
            connection,
        ) as captured:
            refresh(segment)
        assert segment.members.count() == number
        return len(captured)

    assert statements("few", 2) == statements("many", 500)


@pytest.mark.django_db(transaction=True)
def test_refreshes_side_by_side_write_nothing_twice(transactional_db):
    workspace = make_workspace()
    Account.objects.bulk_create(
        Account(workspace=workspace, name=f"A{number}") for number in range(300)
    )
    segment = segment_of(workspace, {"all": []})
    failures = []

    def work():
        try:
            refresh(segment)
        except Exception as error:  # noqa: BLE001 shown by the assertion
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert segment.members.count() == 300
    segment.refresh_from_db()
    assert segment.size == 300


def test_ready_made_segments_can_all_be_used():
    workspace = make_workspace("fresh")

    found = refresh_all(workspace)

    assert len(found) == 8
    assert [moves.segment.problem for moves in found] == [""] * 8
    assert Workspace.objects.get(slug="fresh").segments.filter(is_shared=True).count()


def test_the_command_counts_and_shows(workspace, tmp_path, capsys):
    make_account(workspace, "Acme", country="DE")
    rule = tmp_path / "rule.json"
    rule.write_text('{"field": "country", "is": "one_of", "value": ["DE"]}')

    call_command("segment", "acme", "--rule", str(rule), "--count", "--show", "5")

    out = capsys.readouterr().out
    assert "Accounts where country is Germany." in out
    assert "1 match." in out
    assert "\tAcme" in out
    rule.write_text('{"field": "country", "is": "one_of"}')
    with pytest.raises(CommandError, match="A value is missing"):
        call_command("segment", "acme", "--rule", str(rule))


def test_members_follow_a_merge_and_its_undoing(workspace):
    keep, other = (make_developer(workspace, f"{name}@x.example") for name in "ab")
    segment = segment_of(workspace, {"all": []}, "developer")
    refresh(segment, at=AT)

    correction = merge_developers(keep, other, actor=None)
    assert [row[0] for row in members(segment)] == ["a@x.example"]
    undo_correction(correction, actor=None)

    assert sorted(row[0] for row in members(segment)) == ["a@x.example", "b@x.example"]


def test_erasing_a_developer_ends_their_stays(workspace):
    person = make_developer(workspace, "gone@x.example")
    segment = segment_of(workspace, {"all": []}, "developer")
    refresh(segment, at=AT)

    person.delete()
    refresh(segment, at=AT)

    assert members(segment) == []
    segment.refresh_from_db()
    assert segment.size == 0
