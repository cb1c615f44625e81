"""Fit: criteria, points that add up, and what happens when either side changes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.account_fields import BUILT_IN, FieldSpec
from accounts.account_values import FilledBy, Origin, write_values
from accounts.errors import AccountsError
from accounts.fit import (
    Bounds,
    Match,
    explain,
    join_values,
    rate,
    read_criterion,
    split_values,
)
from accounts.fit_store import (
    Rubric,
    make_rubric,
    new_fit_model,
    preview_fit,
    rate_all,
    rate_workspace,
)
from accounts.models import Account, AuditEntry, FitModel
from tests.factories import make_account, make_workspace

COUNTRY, INDUSTRY, EMPLOYEES = BUILT_IN
DAY = FieldSpec("renewal", "Renewal", "date")
PAYS = FieldSpec("pays", "Pays", "yes_no")
BOUNDS = Bounds(0.7, 0.4)


def criterion(spec, first, second=(), importance=1):
    return read_criterion(spec, first=first, second=second, importance=importance)


@pytest.mark.parametrize(
    ("spec", "first", "yes", "no"),
    [
        (COUNTRY, ["Germany", "at"], ["DE", "AT"], ["FR"]),
        (INDUSTRY, ["software"], ["Software", "SOFTWARE"], ["Soft"]),
        (EMPLOYEES, ["50-200"], [50, 200, 120], [49, 201]),
        (EMPLOYEES, ["1,000+"], [1000, 10**9], [999]),
        (EMPLOYEES, ["<50"], [0, 49], [50]),
        (EMPLOYEES, ["<= 50"], [50], [51]),
        (EMPLOYEES, [">50"], [51], [50]),
        (EMPLOYEES, ["7"], [7], [8]),
        (DAY, ["2026-01-01..2026-06-30"], ["2026-01-01", "2026-06-30"], ["2026-07-01"]),
        (DAY, ["2026-01-01.."], ["2099-01-01"], ["2025-12-31"]),
        (DAY, ["..2026-01-01"], ["2001-01-01"], ["2026-01-02"]),
        (DAY, ["2026-01-01"], ["2026-01-01"], ["2026-01-02"]),
        (PAYS, ["yes"], [True], [False]),
        (PAYS, ["No"], [False], [True]),
    ],
)
def test_preferences_match_values(spec, first, yes, no):
    made = criterion(spec, first)
    assert [made.judge(value)[0] for value in yes] == [Match.FIRST] * len(yes)
    assert [made.judge(value)[0] for value in no] == [Match.NEITHER] * len(no)
    assert made.judge(None)[0] == Match.UNKNOWN


@pytest.mark.parametrize(
    ("spec", "first", "message"),
    [
        (COUNTRY, ["Atlantis"], "Country: “Atlantis” is no country"),
        (COUNTRY, [], "Country: say which values are liked best"),
        (EMPLOYEES, ["200-50"], "ends before it begins"),
        (EMPLOYEES, ["many"], "no range such as"),
        (DAY, [".."], "begins or ends somewhere"),
        (DAY, ["soon"], "no date"),
        (PAYS, ["maybe"], "neither yes nor no"),
    ],
)
def test_preferences_that_are_none_are_said(spec, first, message):
    with pytest.raises(ValueError, match=message):
        criterion(spec, first)


def test_the_importance_is_bounded():
    with pytest.raises(ValueError, match="1 to 5"):
        criterion(COUNTRY, ["DE"], importance=6)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("DE, AT,CH", ["DE", "AT", "CH"]),
        ("1,000-5,000, 200+", ["1,000-5,000", "200+"]),
        ("Oil, Gas\nSoftware", ["Oil, Gas", "Software"]),
        ("Oil, Gas;", ["Oil, Gas"]),
        (" ,, DE,DE ", ["DE"]),
        ("", []),
    ],
)
def test_values_are_divided_and_joined_again(text, values):
    assert split_values(text) == values
    assert split_values(join_values(values)) == values


def test_points_by_hand():
    criteria = [
        criterion(COUNTRY, ["DE"], ["FR"], importance=2),
        criterion(EMPLOYEES, ["50-200"], ["10-49"], importance=3),
        criterion(INDUSTRY, ["Software"], importance=5),
    ]
    # 2 of 2, half of 3, 0 of 5.
    assert rate(criteria, ["DE", 20, "Mining"], BOUNDS) == ("weak", 0.35)
    assert rate(criteria, ["FR", None, "Software"], BOUNDS) == ("moderate", 0.6)
    assert rate(criteria, ["DE", None, "software"], BOUNDS) == ("strong", 0.7)
    # Nothing known, or nothing asked: no fit.
    assert rate(criteria, [None, None, None], BOUNDS) == ("", None)
    assert rate([], [], BOUNDS) == ("", None)


def test_the_explanation_says_what_matched_and_what_is_not_known():
    criteria = [
        criterion(COUNTRY, ["DE"], ["FR"], importance=1),
        criterion(EMPLOYEES, ["50+"], importance=2),
    ]
    told = explain(criteria, ["FR", None], BOUNDS)
    lines = told.lines
    assert [(one.label, one.value, one.match, one.preference) for one in lines] == [
        ("Country", "France (FR)", Match.SECOND, "FR"),
        ("Employees", "", Match.UNKNOWN, ""),
    ]  # fmt: skip
    assert [line.points for line in told.lines] == [Decimal("16.7"), Decimal("0.0")]
    assert [line.most for line in told.lines] == [Decimal("33.3"), Decimal("66.7")]
    assert (told.fit, told.label, told.unknown) == ("weak", "Weak", 1)


values_known = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from([None, "DE", "FR", "US"])),
    min_size=1,
    max_size=20,
)


@given(values_known)
def test_the_lines_add_up_to_the_rating(known):
    criteria = [
        criterion(COUNTRY, ["DE"], ["FR"], importance) for importance, _ in known
    ]
    values = [value for _, value in known]
    told = explain(criteria, values, BOUNDS)
    fit, share = rate(criteria, values, BOUNDS)
    assert told.fit == fit
    assert sum(line.most for line in told.lines) == Decimal(100)
    assert told.points == sum(line.points for line in told.lines)
    assert float(told.points) == pytest.approx(100 * (share or 0), abs=0.051)
    # What is not known never makes it stronger.
    for place, value in enumerate(values):
        if value is not None:
            less = [*values[:place], None, *values[place + 1 :]]
            assert (rate(criteria, less, BOUNDS)[1] or 0) <= share


# ---- Kept


@pytest.fixture
def workspace(db):
    return make_workspace()


def rubric(*criteria, strong=0.7, moderate=0.4):
    return Rubric(tuple(criteria), Bounds(strong, moderate))


LIKES_GERMANS = rubric(criterion(COUNTRY, ["DE"], ["FR"]))


def fits(workspace):
    rows = Account.objects.in_workspace(workspace).order_by("name")
    return [tuple(row) for row in rows.values_list("name", "fit", "fit_points")]


def test_new_criteria_rate_everybody_of_the_workspace(workspace):
    for name, country in (("A", "DE"), ("B", "FR"), ("C", "US"), ("D", "")):
        make_account(workspace, name, country=country)
    other = make_account(make_workspace("other"), "E", country="DE")
    assert preview_fit(workspace, LIKES_GERMANS, most=2).after == {
        "strong": 1, "moderate": 1, "weak": 1, "": 1,
    }  # fmt: skip
    assert fits(workspace) == [(name, "", None) for name in "ABCD"]

    model = new_fit_model(workspace, LIKES_GERMANS)

    assert fits(workspace) == [
        ("A", "strong", 1.0),
        ("B", "moderate", 0.5),
        ("C", "weak", 0.0),
        ("D", "", None),
    ]
    other.refresh_from_db()
    assert other.fit == ""
    assert model.version == 1
    entry = AuditEntry.objects.get(action="fit_changed")
    assert entry.detail["criteria"][0]["first"] == ["DE"]


def test_a_preview_names_who_changes_most_first(workspace):
    for name, country in (("A", "US"), ("B", "FR"), ("C", "DE")):
        make_account(workspace, name, country=country)
    found = preview_fit(workspace, LIKES_GERMANS, most=2)
    assert [(change.name, change.after) for change in found.changes] == [
        ("C", "strong"),
        ("B", "moderate"),
    ]
    assert found.changed == 3


def test_changed_fields_change_the_fit_at_once(workspace):
    account = make_account(workspace, "A")
    new_fit_model(workspace, LIKES_GERMANS)
    write_values(workspace, {account.pk: {"country": "DE"}}, Origin(FilledBy.HAND, "x"))
    assert fits(workspace) == [("A", "strong", 1.0)]


def test_the_nightly_run_catches_up(workspace):
    account = make_account(workspace, "A", country="DE")
    new_fit_model(workspace, LIKES_GERMANS)
    Account.objects.filter(pk=account.pk).update(country="US")
    assert rate_all() == 1
    assert fits(workspace) == [("A", "weak", 0.0)]
    assert rate_workspace(workspace) == 0


def test_criteria_of_a_field_that_is_gone_count_no_more(workspace):
    make_account(workspace, "A", country="DE")
    pays = criterion(PAYS, ["yes"], importance=5)
    model = new_fit_model(workspace, rubric(criterion(COUNTRY, ["DE"]), pays))
    assert len(make_rubric(model, [*BUILT_IN, PAYS]).criteria) == 2
    assert len(make_rubric(model, BUILT_IN).criteria) == 1
    rate_workspace(workspace)
    assert fits(workspace) == [("A", "strong", 1.0)]


def test_criteria_that_make_no_sense_are_refused(workspace):
    with pytest.raises(AccountsError, match="Strong begins above"):
        new_fit_model(workspace, rubric(strong=0.4, moderate=0.4))
    many = [criterion(COUNTRY, ["DE"])] * 21
    with pytest.raises(AccountsError, match="20 criteria"):
        new_fit_model(workspace, rubric(*many))
    assert not FitModel.objects.exists()


def test_rating_takes_as_many_queries_for_any_number(
    workspace, django_assert_max_num_queries
):
    Account.objects.bulk_create(
        Account(workspace=workspace, name=f"A{n}", country="DE") for n in range(500)
    )
    with django_assert_max_num_queries(4):
        assert rate_workspace(workspace, LIKES_GERMANS) == 500
