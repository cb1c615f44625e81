"""Reading rules: what is refused, with which words, and the way back to JSON."""

import pytest

from accounts.models import Subject
from accounts.segments.schema import RuleError, parse
from accounts.segments.words import in_words
from tests.factories import make_metric, make_product, make_workspace

pytestmark = pytest.mark.django_db


HUGE = 10**400


@pytest.fixture
def workspace():
    workspace = make_workspace()
    make_metric(workspace, "DEPLOY", label="Deploy", level="primary")
    make_product(workspace, "sdk", name="The SDK")
    return workspace


def problems(data, workspace, subject="account"):
    with pytest.raises(RuleError) as caught:
        parse(data, subject=subject, workspace=workspace)
    return [str(problem) for problem in caught.value.problems]


SCORE = {"field": "score", "is": "at_least", "value": 60}
WRONG = [
    (None, "Rule: This is no condition."),
    ([], "Rule: This is no condition."),
    ({}, "Rule: A part is one of all, any, not, field and usage, and only one."),
    (
        {"all": [SCORE], "any": [SCORE]},
        "Rule: A part is one of all, any, not, field and usage, and only one.",
    ),
    ({"any": []}, "Rule: The group is empty."),
    ({"all": [{"all": []}]}, "Condition 1: The group is empty."),
    ({"not": {"all": []}}, "Rule: The group is empty."),
    ({"all": "x"}, "Rule: A group holds a list of conditions."),
    ({"all": [SCORE], "x": 1}, "Rule: “x” has no meaning here."),
    ({"field": "shoe size", "is": "yes"}, "Rule: There is no field “shoe size”."),
    ({"field": 7, "is": "yes"}, "Rule: There is no field “7”."),
    ({"field": "trait", "is": "yes"}, "Rule: There is no field “trait”."),
    ({"field": "account.score", "is": "yes"}, "Rule: There is no field “account.sc…"),
    ({"all": [SCORE, {"field": "score"}]}, "Condition 2 (Score): “is” is missing."),
    (
        {"any": [SCORE, {"all": [SCORE, {"field": "score", "is": "contains"}]}]},
        "Condition 2.2 (Score): “contains” cannot be asked of it.",
    ),
    ({"field": "score", "is": "at_least"}, "Rule (Score): A value is missing."),
    (
        {"field": "score", "is": "at_least", "value": "60"},
        "Rule (Score): The value must be a number.",
    ),
    (
        {"field": "score", "is": "at_least", "value": True},
        "Rule (Score): The value must be a number.",
    ),
    (
        {"field": "score", "is": "at_least", "value": float("nan")},
        "Rule (Score): The value must be a number.",
    ),
    (
        {"field": "score", "is": "at_least", "value": 101},
        "Rule (Score): The number must be between 0 and 100.",
    ),
    (
        {"field": "employees", "is": "equals", "value": 1.5},
        "Rule (Employees): The number must be whole.",
    ),
    (
        {"field": "band", "is": "one_of", "value": ["hot"]},
        "Rule (Band): There is no “hot”.",
    ),
    ({"field": "band", "is": "one_of"}, "Rule (Band): A value is missing."),
    (
        {"field": "unused_seat", "is": "yes", "value": 1},
        "Rule (Has unused seats): “yes” takes no value.",
    ),
    (
        {"field": "first_seen", "is": "within", "value": 0},
        "Rule (First seen): The number of days must be between 1 and 3650.",
    ),
    (
        {"field": "first_seen", "is": "before", "value": "soon"},
        "Rule (First seen): The value must be a date such as 2026-05-31.",
    ),
    (
        {"field": "name", "is": "contains", "value": "a\0b"},
        "Rule (Name): The value holds characters that nobody can type.",
    ),
    (
        {"field": "account_field", "key": "tier", "is": "known"},
        "Rule (Account field): There is no account field “tier”.",
    ),
    ({"usage": 3}, "Rule (usage): It must hold an object."),
    (
        {"usage": {}},
        (
            "Rule (usage): Say how often (at_least, at_most, above, below), or first, "
            "or never."
        ),
    ),
    (
        {"usage": {"metric": "NOPE", "never": True}},
        "Rule (usage): There is no metric “NOPE”.",
    ),
    (
        {"usage": {"product": "NOPE", "never": True}},
        "Rule (usage): There is no product “NOPE”.",
    ),
    (
        {"usage": {"level": "NOPE", "never": True}},
        "Rule (usage): No metric is of the level “NOPE”.",
    ),
    (
        {"usage": {"metric": "DEPLOY", "level": "primary", "never": True}},
        "Rule (usage): Name a metric or a level, not both.",
    ),
    (
        {"usage": {"first": True}},
        "Rule (usage): Say within how many days it was done first.",
    ),
    (
        {"usage": {"at_most": 3, "by": {"developers": 2}}},
        "Rule (usage): “by” needs a condition that somebody without any use fails.",
    ),
    (
        {"usage": {"at_least": -1}},
        "Rule (usage): The number must be between 0 and 1e+15.",
    ),
    (
        {"usage": {"at_least": 1, "count": "hours"}},
        "Rule (usage): “hours” cannot be counted.",
    ),
    (
        {"usage": {"at_least": 1, "often": 3}},
        "Rule (usage): “often” has no meaning he…",
    ),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_what_is_wrong_is_said_where_it_is(workspace, data, message):
    (found,) = problems(data, workspace)

    start = message.removesuffix("…")
    assert found == message or (message.endswith("…") and found.startswith(start))


def test_all_problems_are_found_at_once(workspace):
    bad = {"field": "score", "is": "at_least"}

    found = problems({"all": [bad, SCORE, {"any": [bad, {"field": "x"}]}]}, workspace)

    assert [text.partition(":")[0] for text in found] == [
        "Condition 1 (Score)",
        "Condition 3.1 (Score)",
        "Condition 3.2",
    ]


def test_depth_and_size_are_limited(workspace):
    deep = SCORE
    for _ in range(10):
        deep = {"not": deep}
    assert problems(deep, workspace) == ["Rule: Groups go at most 6 deep."]
    assert problems({"all": [SCORE] * 51}, workspace) == [
        "Rule: A rule has at most 50 conditions."
    ]
    wide = {"all": [{"any": [SCORE] * 30}, {"any": [SCORE] * 30}]}
    assert problems(wide, workspace) == [
        "Condition 2.21: A rule has at most 50 conditions."
    ]


def test_by_is_for_accounts(workspace):
    data = {"usage": {"at_least": 1, "by": {"developers": 2}}}

    assert problems(data, workspace, "developer") == [
        "Rule (usage): “by” is for rules about accounts."
    ]


WORDS = [
    ({"all": []}, "All accounts."),
    (SCORE, "Accounts where score is at least 60."),
    (
        {"field": "band", "is": "one_of", "value": ["high", "medium"]},
        "Accounts where band is High or Medium.",
    ),
    (
        {"field": "country", "is": "none_of", "value": ["DE"]},
        "Accounts where country is not Germany.",
    ),
    (
        {"field": "unused_seat", "is": "no"},
        "Accounts where it does not have unused seats.",
    ),
    (
        {"field": "first_seen", "is": "within", "value": 1},
        "Accounts where first seen is within the last 1 day.",
    ),
    (
        {"field": "developer.trait", "key": "plan.tier", "is": "equals", "value": "x"},
        "Accounts where trait plan.tier of some developer is “x”.",
    ),
    (
        {"usage": {"metric": "deploy", "at_least": 3, "days": 30}},
        "Accounts where “Deploy” was used at least 3 times in the last 30 days.",
    ),
    (
        {
            "usage": {
                "level": "primary",
                "product": "sdk",
                "count": "days",
                "at_least": 2,
                "by": {"developers": 2},
            }
        },
        (
            "Accounts where a primary metric of The SDK was used on at least 2 days by "
            "each of at least 2 developers."
        ),
    ),
    (
        {"usage": {"metric": "DEPLOY", "never": True}},
        "Accounts where “Deploy” was never used.",
    ),
    (
        {"usage": {"metric": "DEPLOY", "first": True, "days": 7}},
        "Accounts where “Deploy” was first used in the last 7 days.",
    ),
    (
        {"usage": {"count": "value", "above": 1000.5}},
        "Accounts where the values of something sum up to more than 1,000.5.",
    ),
    (
        {"all": [SCORE, {"any": [SCORE, {"not": SCORE}]}]},
        (
            "Accounts where score is at least 60 and (score is at least 60 or it is "
            "not so that (score is at least 60))."
        ),
    ),
]


@pytest.mark.parametrize(("data", "words"), WORDS)
def test_rules_are_put_into_words(workspace, data, words):
    rule = parse(data, subject=Subject.ACCOUNT, workspace=workspace)

    assert in_words(rule, workspace) == words


def test_the_form_in_json_is_stable(workspace):
    data = {
        "any": [
            {"field": "band", "is": "one_of", "value": "HIGH"},
            {"usage": {"metric": "deploy", "count": "uses", "at_least": 3.0}},
        ]
    }
    rule = parse(data, subject=Subject.ACCOUNT, workspace=workspace)

    assert rule.as_json() == {
        "any": [
            {"field": "band", "is": "one_of", "value": ["high"]},
            {"usage": {"metric": "DEPLOY", "at_least": 3}},
        ]
    }
    again = parse(rule.as_json(), subject=Subject.ACCOUNT, workspace=workspace)
    assert again == rule


def test_names_of_another_workspace_are_unknown(workspace):
    other = make_workspace("other")
    data = {"usage": {"metric": "DEPLOY", "never": True}}

    assert problems(data, other) == ["Rule (usage): There is no metric “DEPLOY”."]


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        ({"days": 10}, "Accounts where nothing was used in the last 10 days."),
        ({}, "Accounts where nothing was used ever."),
        ({"product": "sdk"}, "Accounts where nothing of The SDK was used ever."),
        ({"level": "primary"}, "Accounts where no primary metric was used ever."),
    ],
)
def test_never_reads_as_people_say_it(workspace, usage, words):
    data = {"usage": {"never": True, **usage}}
    rule = parse(data, subject=Subject.ACCOUNT, workspace=workspace)

    assert in_words(rule, workspace) == words


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "score", "is": "at_least", "value": HUGE},
        {"field": "first_seen", "is": "within_days", "value": HUGE},
        {"usage": {"at_least": HUGE, "days": 30}},
        {"usage": {"at_least": 1, "days": HUGE}},
        {"usage": {"count": "value", "above": -HUGE, "days": 30}},
    ],
)
def test_numbers_that_no_float_holds_are_refused(workspace, rule):
    """Someone who leans on a key in the builder got an error of the server."""
    assert len(problems(rule, workspace)) == 1
