"""Any rule, compiled to SQL, selects what plain Python selects."""

from datetime import date

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import CuratedList, Stage, Subject, Tag
from accounts.segments.compile import matching
from accounts.segments.fields import fields_of
from accounts.segments.schema import parse
from accounts.segments.words import in_words
from tests.accounts.segments.oracle import World
from tests.accounts.segments.world import build

TODAY = date(2026, 6, 15)
COMPARISONS = ("at_least", "at_most", "above", "below")
TEXTS = ("pro", "GOLD", "ci", "a", "true", "5", "100%", "ada_", "2026-05-03")


def condition(field, operator, value=None, key=None):
    data = {"field": field}
    if key is not None:
        data["key"] = key
    data["is"] = operator
    if value is not None:
        data["value"] = value
    return data


def numbers(name, values, more=()):
    return st.builds(
        condition,
        st.just(name),
        st.sampled_from((*COMPARISONS, *more)),
        st.sampled_from(values),
    )


def choices(name, values, *, may_lack=False):
    picked = st.builds(
        condition,
        st.just(name),
        st.sampled_from(("one_of", "none_of")),
        st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True),
    )
    return st.one_of(picked, bare(name, "known", "unknown")) if may_lack else picked


def bare(name, *operators, key=None):
    return st.builds(
        condition, st.just(name), st.sampled_from(operators), key=st.just(key)
    )


def texts(name, values, key=None):
    asked = st.builds(
        condition,
        st.just(name),
        st.sampled_from(
            ("equals", "not_equals", "contains", "not_contains", "starts_with")
        ),
        st.sampled_from(values),
        st.just(key),
    )
    several = st.builds(
        condition,
        st.just(name),
        st.sampled_from(("one_of", "none_of")),
        st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True),
        st.just(key),
    )
    return st.one_of(asked, several, bare(name, "known", "unknown", key=key))


def moments(name):
    return st.one_of(
        st.builds(
            condition,
            st.just(name),
            st.sampled_from(("within", "longer_ago")),
            st.integers(1, 60),
        ),
        st.builds(
            condition,
            st.just(name),
            st.sampled_from(("on_or_after", "before")),
            st.dates(date(2026, 4, 10), date(2026, 6, 20)).map(date.isoformat),
        ),
        bare(name, "known", "unknown"),
    )


TRAIT_KEYS = ("plan", "plan.tier", "plan.since", "seats", "beta", "tags", "no.such")


@st.composite
def traits(draw):
    key = draw(st.sampled_from(TRAIT_KEYS))
    return draw(
        st.one_of(
            texts("trait", TEXTS, key),
            st.builds(
                condition,
                st.just("trait"),
                st.sampled_from(("equals", "not_equals", *COMPARISONS)),
                st.sampled_from((5, -2.5, 0)),
                st.just(key),
            ),
            st.builds(
                condition,
                st.just("trait"),
                st.just("one_of"),
                st.just([5, "pro", True]),
                st.just(key),
            ),
            st.builds(
                condition,
                st.just("trait"),
                st.sampled_from(("on_or_after", "before")),
                st.just("2026-05-03"),
                st.just(key),
            ),
            bare("trait", "yes", "no", key=key),
        )
    )


def common(ids):
    return [
        numbers("score", (0, 20, 47.3, 60, 99.9, 100)),
        choices("band", ("high", "medium", "low")),
        numbers("change_7d", (-8, 0, 5.5)),
        choices("trend", ("surging", "steady", "dormant")),
        choices("stage", ids["stage"], may_lack=True),
        choices("tag", ids["tag"], may_lack=True),
        choices("list", ids["list"], may_lack=True),
        choices("product", ("sdk", "cli"), may_lack=True),
        texts("version", ("1.0", "2.0-beta", "beta")),
        texts("version", ("1.0", "2"), key="sdk"),
        numbers("lifetime_value", (-5, 0, 100)),
        choices("red_flag", ("clock", "burst"), may_lack=True),
        moments("first_seen"),
        moments("last_seen"),
        texts("name", ("ada", "Bob 100%", "_", "Company 1")),
    ]


def of_accounts(ids):
    own = (
        choices("account_field", ("gold", "silver")).map(
            lambda data: {**data, "key": "tier"}
        ),
        bare("account_field", "known", "unknown", key="tier"),
        numbers("account_field", (999, 1000)).map(lambda data: {**data, "key": "arr"}),
        bare("account_field", "yes", "no", "unknown", key="key_account"),
    )
    return [
        *common(ids),
        *own,
        choices("fit", ("strong", "weak"), may_lack=True),
        choices("country", ("DE", "US"), may_lack=True),
        texts("industry", ("bank", "Software")),
        numbers("employees", (1, 50), more=("equals", "not_equals")),
        bare("employees", "known", "unknown"),
        numbers("active_developers", (0, 2), more=("equals", "not_equals")),
        texts("domain", ("company1.example", "company")),
        choices("licence", ("active", "expired", "revoked"), may_lack=True),
        bare("unused_seat", "yes", "no"),
    ]


def of_developers(ids):
    return [
        *common(ids),
        traits(),
        choices("rule", ("hand", "none")),
        numbers("confidence", (0, 0.4)),
        bare("has_account", "yes", "no"),
        bare("free_mail", "yes", "no"),
        bare("anonymous", "yes", "no"),
        choices("identity", ("email", "github")),
    ]


def prefixed(prefix, conditions):
    return [
        one.map(lambda data: {**data, "field": f"{prefix}.{data['field']}"})
        for one in conditions
    ]


@st.composite
def usage(draw, subject):
    data = draw(
        st.sampled_from(
            ({}, {"metric": "DEPLOY"}, {"metric": "SPEND"}, {"level": "secondary1"})
        )
    ).copy()
    if draw(st.booleans()):
        data["product"] = "sdk"
    kind = draw(st.sampled_from(("compare", "compare", "compare", "first", "never")))
    if kind == "first" or draw(st.booleans()):
        data["days"] = draw(st.integers(1, 50))
    if kind != "compare":
        return {"usage": data | {kind: True}}
    counts = ["uses", "days", "weeks", "metrics", "value"]
    if subject == "account":
        counts.append("developers")
    count = draw(st.sampled_from(counts))
    if count != "uses":
        data["count"] = count
    numbers = (-1.5, 0, 2.5, 100) if count == "value" else (0, 1, 2, 5)
    for name in draw(
        st.lists(st.sampled_from(COMPARISONS), min_size=1, max_size=2, unique=True)
    ):
        data[name] = draw(st.sampled_from(numbers))
    tests = {
        "at_least": lambda bound: bound <= 0,
        "at_most": lambda bound: bound >= 0,
        "above": lambda bound: bound < 0,
        "below": lambda bound: bound > 0,
    }
    needs_use = not all(test(data[n]) for n, test in tests.items() if n in data)
    if subject == "account" and count != "developers" and needs_use:
        people = draw(st.sampled_from((None, 1, 2)))
        if people:
            data["by"] = {"developers": people}
    return {"usage": data}


def rules(subject, ids):
    other = "developer" if subject == "account" else "account"
    mine = of_accounts(ids[subject])
    theirs = of_developers(ids["developer"])
    if subject == "developer":
        mine, theirs = theirs, of_accounts(ids["account"])
    leaf = st.one_of(usage(subject), *mine, *prefixed(other, theirs))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=5,
    ).filter(lambda rule: depth(rule) <= 6)


def depth(rule):
    parts = [*rule.get("all", ()), *rule.get("any", ())]
    if "not" in rule:
        parts.append(rule["not"])
    return 1 + max((depth(part) for part in parts), default=0)


def check(workspace, world, rule, subject):
    """Compare, whole and limited to a half, and walk through JSON and words."""
    parsed = parse(rule, subject=subject, workspace=workspace)
    assert parse(parsed.as_json(), subject=subject, workspace=workspace) == parsed
    assert in_words(parsed, workspace)

    def found(only=None):
        rows = matching(
            parsed, workspace=workspace, subject=subject, today=TODAY, only=only
        )
        with transaction.atomic():
            pks = list(rows.values_list("pk", flat=True))
        assert len(pks) == len(set(pks))
        return set(pks)

    expected = world.select(parsed.as_json(), subject)
    assert found() == expected, rule
    half = {pk for pk in (world.accounts | world.developers) if pk % 2}
    assert found(half) == expected & half, rule


@pytest.mark.django_db
@pytest.mark.parametrize("subject", Subject.values)
@pytest.mark.parametrize("seed", [1, 2])
def test_rules_select_what_the_oracle_says(subject, seed):
    workspace = build(seed, TODAY)
    build(seed + 100, TODAY)
    world = World(workspace, TODAY)
    ids = ids_of(workspace)

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(rules(subject, ids))
    def any_rule(rule):
        check(workspace, world, rule, subject)

    any_rule()


@pytest.mark.django_db
@pytest.mark.parametrize("subject", Subject.values)
def test_every_field_alone_and_negated(subject):
    workspace = build(3, TODAY)
    world = World(workspace, TODAY)
    ids = ids_of(workspace)
    make = of_accounts if subject == "account" else of_developers
    seen = set()

    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def each(data):
        for strategy in make(ids[subject]):
            rule = data.draw(strategy)
            seen.add(rule["field"])
            check(workspace, world, {"not": rule}, subject)
            check(workspace, world, rule, subject)

    each()
    assert seen == set(fields_of(Subject(subject)))


def ids_of(workspace):
    def of(model, subject):
        rows = model.objects.filter(workspace=workspace, subject=subject)
        return list(rows.order_by("pk").values_list("pk", flat=True))

    return {
        subject: {
            "stage": of(Stage, subject),
            "tag": of(Tag, subject),
            "list": of(CuratedList, subject),
        }
        for subject in Subject.values
    }
