"""The page Fit: criteria tried out on the real accounts, then put in force."""

import pytest

from accounts.account_fields import BUILT_IN
from accounts.fit import Bounds, read_criterion
from accounts.fit_store import Rubric, new_fit_model
from accounts.models import Account, AccountField, AuditEntry, FitModel, Role
from tests.factories import make_account, make_member, make_workspace

pytestmark = pytest.mark.django_db

ADDRESS = "/w/acme/fit/"
BOUNDS = {"strong_from": "70", "moderate_from": "40"}


@pytest.fixture
def workspace():
    workspace = make_workspace()
    for name, country in (("Adam", "DE"), ("Bert", "FR"), ("Cora", "US"), ("Dora", "")):
        make_account(workspace, name, country=country)
    return workspace


@pytest.fixture
def admin(client, workspace):
    client.force_login(make_member(workspace, Role.ADMIN, email="ann@example.com"))
    return client


def criterion(place=0, field="country", first="DE", second="FR", importance="3"):
    return {
        f"criterion-{place}-{name}": value
        for name, value in (
            *(("field", field), ("first", first), ("second", second)),
            ("importance", importance),
        )
    }


def text(response):
    return " ".join(response.content.decode().split())


def test_criteria_are_previewed_saved_and_explained(admin, workspace):
    assert "No criteria yet" not in text(admin.get(ADDRESS))
    data = BOUNDS | criterion() | criterion(1, field="", first="", second="")

    previewed = admin.post(ADDRESS, data | {"preview": "1"})

    assert previewed.status_code == 200
    assert "3 of 4 accounts would have another fit" in text(previewed)
    assert [row.after for row in previewed.context["page"].tallies] == [1, 1, 1, 1]
    assert not FitModel.objects.exists()
    assert set(Account.objects.values_list("fit", flat=True)) == {""}

    saved = admin.post(ADDRESS, data | {"save": "1"})

    assert saved["Location"] == ADDRESS
    model = FitModel.objects.get()
    assert model.criteria == [
        {"field": "country", "first": ["DE"], "second": ["FR"], "importance": 3}
    ]
    assert model.created_by.email == "ann@example.com"
    assert AuditEntry.objects.filter(action="fit_changed").count() == 1
    shown = text(admin.get(ADDRESS))
    assert "> DE</textarea>" in shown
    bert = Account.objects.get(name="Bert")
    page = text(admin.get(f"/w/acme/accounts/{bert.pk}/"))
    assert "Second: FR, half of the points" in page
    assert "50.0 <span" in page
    assert "Moderate" in page


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (criterion(first="Atlantis"), "“Atlantis” is no country"),
        (criterion(first=""), "say which values are liked best"),
        (criterion(field=""), "Say which field these are values of"),
        (criterion(importance="9"), "Select a valid choice"),
        (criterion() | criterion(1), "Country has two criteria; join them."),
        (criterion() | {"strong_from": "30"}, "Strong begins above Moderate."),
        (criterion() | {"strong_from": ""}, "This field is required"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_saved(admin, data, message):
    response = admin.post(ADDRESS, BOUNDS | data | {"save": "1"})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not FitModel.objects.exists()


def test_members_look_and_change_nothing(client, workspace):
    empty = make_member(workspace, Role.VIEWER)
    client.force_login(empty)
    assert "No criteria yet" in text(client.get(ADDRESS))
    made = read_criterion(BUILT_IN[0], first=["DE"], second=[], importance=2)
    new_fit_model(workspace, Rubric((made,), Bounds(0.7, 0.4)))
    client.force_login(make_member(workspace, Role.MEMBER))
    page = text(client.get(ADDRESS))
    assert "Strong from 70 of 100 points" in page
    assert "<textarea" not in page
    assert client.post(ADDRESS, BOUNDS | criterion()).status_code == 403


def test_criteria_of_fields_that_are_gone_are_named(admin, workspace):
    field = AccountField.objects.create(workspace=workspace, key="plan", label="Plan")
    admin.post(ADDRESS, BOUNDS | criterion(field="plan", first="Gold") | {"save": "1"})
    field.delete()
    assert "The fields plan are gone" in text(admin.get(ADDRESS))


def test_the_list_has_a_column_and_a_filter(admin, workspace):
    plain = text(admin.get("/w/acme/accounts/"))
    assert '<th scope="col">Fit</th>' not in plain
    admin.post(ADDRESS, BOUNDS | criterion() | {"save": "1"})
    assert '<th scope="col">Fit</th>' in text(admin.get("/w/acme/accounts/"))
    for fit, names in (
        *(("strong", ["Adam"]), ("moderate", ["Bert"]), ("weak", ["Cora"])),
        *(("none", ["Dora"]), ("bogus", ["Adam", "Bert", "Cora", "Dora"])),
    ):
        page = admin.get(f"/w/acme/accounts/?fit={fit}&sort=name").context["page"]
        assert [row.name for row in page.rows] == names


def test_the_page_costs_as_many_queries_for_any_number(
    admin, workspace, django_assert_num_queries
):
    admin.post(ADDRESS, BOUNDS | criterion() | {"save": "1"})
    for count in (0, 50):
        Account.objects.bulk_create(
            Account(workspace=workspace, name=f"A{n}") for n in range(count)
        )
        with django_assert_num_queries(9):
            assert admin.get(ADDRESS).status_code == 200
