import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.judging import judge_all
from accounts.models import Subject, Tag, TagMark
from accounts.tag_rules import apply_rule, apply_rules
from accounts.tags import put_tag, take_tag
from tests.dashboards.data import make_account, make_developer
from tests.factories import make_member, make_workspace

GERMAN = {"field": "country", "is": "one_of", "value": ["DE"]}


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def tag(workspace):
    return Tag.objects.create(
        workspace=workspace, subject="account", name="German", rule=GERMAN
    )


def tagged(tag):
    marks = TagMark.objects.filter(tag=tag, is_off=False)
    return sorted(str(mark.account or mark.developer) for mark in marks)


def test_a_rule_puts_and_takes(workspace, tag):
    first = make_account(workspace, "Acme", country="DE")
    make_account(workspace, "Bolt", country="FR")
    make_account(make_workspace("other"), "Other", country="DE")

    assert apply_rules(workspace, Subject.ACCOUNT) == 1
    assert apply_rules(workspace, Subject.ACCOUNT) == 0
    assert tagged(tag) == ["Acme"]
    first.country = "FR"
    first.save()
    assert apply_rules(workspace, Subject.ACCOUNT) == 1
    assert tagged(tag) == []


def test_a_hand_wins_over_the_rule(workspace, tag):
    german = make_account(workspace, "Acme", country="DE")
    french = make_account(workspace, "Bolt", country="FR")
    actor = make_member(workspace)
    put_tag(tag, french, actor=actor)
    apply_rule(tag)
    take_tag(tag, german, actor=actor)

    assert apply_rule(tag) == 0
    assert tagged(tag) == ["Bolt"]


def test_some_are_judged_alone(workspace, tag):
    one = make_account(workspace, "Acme", country="DE")
    two = make_account(workspace, "Bolt", country="DE")
    apply_rules(workspace, Subject.ACCOUNT, [one.pk])
    assert tagged(tag) == ["Acme"]
    for account in (one, two):
        account.country = "FR"
        account.save()
    apply_rules(workspace, Subject.ACCOUNT, [two.pk])
    assert tagged(tag) == ["Acme"]
    judge_all()
    assert tagged(tag) == []


def test_developers_too(workspace):
    tag = Tag.objects.create(
        workspace=workspace,
        subject="developer",
        name="Ann",
        rule={"field": "name", "is": "contains", "value": "ann"},
    )
    make_developer(workspace, email="ann@acme.com")
    make_developer(workspace, email="bob@acme.com")
    assert apply_rules(workspace, Subject.DEVELOPER) == 1
    assert tagged(tag) == ["ann@acme.com"]


def test_a_rule_that_makes_no_sense_any_more_changes_nothing(workspace, tag):
    make_account(workspace, "Acme", country="DE")
    apply_rule(tag)
    tag.rule = {"field": "nonsense", "is": "equals", "value": 1}
    tag.save()
    assert apply_rule(tag) == 0
    assert tagged(tag) == ["Acme"]


def test_many_cost_as_many_queries_as_one(workspace, tag):
    counts = []
    for number in (1, 30):
        for index in range(number):
            make_account(workspace, f"C{number}-{index}", country="DE")
        with CaptureQueriesContext(connection) as queries:
            assert apply_rule(tag) == number
        counts.append(len(queries))
    assert counts[0] == counts[1]
