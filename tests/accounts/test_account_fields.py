"""Fields of accounts: which values they take, and who may say what over whom."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.account_fields import (
    BUILT_IN,
    FieldSpec,
    as_typed,
    field_specs,
    is_range,
    read,
    read_any,
    show,
)
from accounts.account_values import FilledBy, Origin, write_by_hand, write_values
from accounts.countries import country_code, country_names
from accounts.errors import AccountsError
from accounts.models import AccountField, AuditEntry, Role
from tests.factories import make_account, make_member, make_workspace

COUNTRY, INDUSTRY, EMPLOYEES = BUILT_IN
NUMBER = FieldSpec("seats", "Seats", "number")
YES_NO = FieldSpec("pays", "Pays", "yes_no")
TIER = FieldSpec("tier", "Tier", "choice", ("Gold", "Silver"))
DAY = FieldSpec("renewal", "Renewal", "date")


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [
        (INDUSTRY, "  Software ", "Software"),
        (INDUSTRY, "   ", None),
        (INDUSTRY, "a\0b", "ab"),
        (COUNTRY, "de", "DE"),
        (COUNTRY, "Germany", "DE"),
        (COUNTRY, "United States of America", "US"),
        (COUNTRY, "türkiye", "TR"),
        (EMPLOYEES, "1,200", 1200),
        (EMPLOYEES, "50-200", 50),
        (EMPLOYEES, "1,001 – 5,000", 1001),
        (EMPLOYEES, "10000+", 10000),
        (EMPLOYEES, "0", 0),
        (NUMBER, "-1,234.5", -1234.5),
        (NUMBER, "7.0", 7),
        (YES_NO, "Yes", True),
        (YES_NO, "0", False),
        (TIER, "gold", "Gold"),
        (DAY, "2027-01-31", "2027-01-31"),
    ],
)
def test_what_is_typed_is_read(spec, text, value):
    assert read(spec, text) == value
    assert type(read(spec, text)) is type(value)


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        (COUNTRY, "Atlantis", "no country"),
        (EMPLOYEES, "many", "no number of people"),
        (EMPLOYEES, "-5", "no number of people"),
        (EMPLOYEES, "99999999999", "no number of people"),
        (NUMBER, "1e400", "no number that can be kept"),
        (NUMBER, "nan", "no number that can be kept"),
        (NUMBER, "seven", "no number"),
        (YES_NO, "maybe", "neither yes nor no"),
        (TIER, "Bronze", "none of Gold, Silver"),
        (DAY, "31.1.2027", "no date"),
        (INDUSTRY, "x" * 101, "more than 100 characters"),
    ],
)
def test_what_is_no_value_is_said(spec, text, message):
    with pytest.raises(ValueError, match=message):
        read(spec, text)


@given(st.text(max_size=30), st.sampled_from([*BUILT_IN, NUMBER, YES_NO, TIER, DAY]))
def test_any_text_is_read_or_refused_and_comes_back_as_it_was_read(text, spec):
    try:
        value = read(spec, text)
    except ValueError:
        return
    assert read(spec, as_typed(value)) == value
    assert (show(spec, value) == "") == (value is None)


def test_programs_offer_values_of_the_right_type():
    assert read_any(YES_NO, True) is True
    assert read_any(EMPLOYEES, 50) == 50
    assert read_any(NUMBER, 2.5) == 2.5
    assert read_any(INDUSTRY, None) is None
    with pytest.raises(ValueError, match="list"):
        read_any(INDUSTRY, ["Software"])


def test_ranges_are_told_from_numbers():
    assert not is_range("1,200")
    assert is_range("50-200")
    assert is_range("200+")


def test_the_table_of_countries_is_whole():
    assert len(country_names()) == 249
    assert all(country_code(name) == code for code, name in country_names().items())
    assert country_code("XX") == ""


# ---- Writing


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def account(workspace):
    return make_account(workspace, "Initech", country="DE")


def hand(who="ann@example.com"):
    return Origin(FilledBy.HAND, who)


FILE = Origin(FilledBy.FILE, "crm.csv")
PLUG_IN = Origin(FilledBy.PLUG_IN, "IP database")


def put(account, origin, **values):
    written = write_values(account.workspace, {account.pk: values}, origin)
    account.refresh_from_db()
    return written


def test_hand_beats_files_and_files_beat_plug_ins(account):
    for lower, higher in ((PLUG_IN, FILE), (FILE, hand())):
        put(account, lower, industry="Lower")
        put(account, higher, industry="Higher")
        written = put(account, lower, industry="Lower again")

        assert account.industry == "Higher"
        assert [change.after for change in written.kept] == ["Lower again"]
        assert written.changes == []
    assert account.field_sources["industry"]["who"] == "ann@example.com"


def test_a_value_from_before_records_was_typed_in(account):
    put(account, FILE, country="FR")
    assert account.country == "DE"
    put(account, hand(), country="FR")
    assert account.country == "FR"
    assert account.field_sources["country"]["by"] == "hand"


def test_an_emptied_field_is_open_to_all(account):
    put(account, hand(), country=None)
    assert account.country == ""
    assert "country" not in account.field_sources
    put(account, PLUG_IN, country="AT")
    assert account.country == "AT"


def test_files_and_plug_ins_empty_nothing(account):
    assert put(account, FILE, country=None).changes == []
    assert account.country == "DE"


def test_the_same_said_by_somebody_better_is_theirs_now(account):
    put(account, PLUG_IN, employees=50)
    assert put(account, FILE, employees=50).changes == []
    put(account, PLUG_IN, employees=60)
    assert account.employees == 50
    assert account.field_sources["employees"]["by"] == "import"


def test_an_earlier_plug_in_stays_before_a_later_one(account):
    first = Origin(FilledBy.PLUG_IN, "first")
    second = Origin(FilledBy.PLUG_IN, "second", frozenset({"first"}))
    put(account, first, industry="A")
    put(account, second, industry="B")
    assert account.industry == "A"
    put(account, second, employees=5)
    put(account, first, employees=6)
    assert account.employees == 6


def test_own_fields_are_kept_by_key_and_others_are_not(account):
    AccountField.objects.create(
        workspace=account.workspace, key="tier", label="Tier", kind="choice",
        choices=["Gold"],
    )  # fmt: skip
    other = make_workspace("other")
    AccountField.objects.create(workspace=other, key="theirs", label="Theirs")
    put(account, FILE, tier="Gold", theirs="x", nonsense="y")
    assert account.fields == {"tier": "Gold"}
    assert [spec.key for spec in field_specs(account.workspace)] == [
        *("country", "industry", "employees", "tier"),
    ]


def test_nothing_is_written_into_another_workspace(account):
    write_values(make_workspace("other"), {account.pk: {"country": "FR"}}, hand())
    account.refresh_from_db()
    assert account.country == "DE"


def test_what_a_person_writes_is_audited(account):
    ann = make_member(account.workspace, email="ann@example.com")
    write_by_hand(
        account, {"country": None, "employees": 12}, actor=ann, ip="192.0.2.1"
    )
    entry = AuditEntry.objects.get()
    assert entry.action == "account_changed"
    assert entry.subject == "Initech"
    assert entry.detail["changed"] == {"country": ["DE", None], "employees": [None, 12]}
    with pytest.raises(AccountsError, match="needs a name"):
        write_by_hand(account, {"name": ""}, actor=ann)


def test_writing_costs_as_many_queries_for_any_number(
    workspace, django_assert_max_num_queries
):
    for count in (1, 300):
        accounts = [make_account(workspace, f"A{count}x{n}") for n in range(count)]
        values = {account.pk: {"industry": "Software"} for account in accounts}
        with django_assert_max_num_queries(6):
            written = write_values(workspace, values, FILE)
        assert written.accounts == count


# ---- Admin


@pytest.fixture
def member(client, workspace):
    client.force_login(make_member(workspace, Role.ADMIN))
    return client


def test_the_admin_writes_as_a_person_does(member, account):
    address = reverse("admin:accounts_account_change", args=[account.pk])
    data = {
        "name": "Initech Ltd", "domain": account.domain, "country": "France",
        "industry": "", "employees": "50-200",
        **{f"{name}-{form}_FORMS": 0 for name in ("domains", "networks")
           for form in ("TOTAL", "INITIAL")},
    }  # fmt: skip
    response = member.post(address, data)
    assert response.status_code == 302, response.context["errors"]
    account.refresh_from_db()
    assert (account.name, account.country, account.employees) == (
        *("Initech Ltd", "FR", 50),
    )
    assert account.field_sources["employees"]["by"] == "hand"
    assert AuditEntry.objects.get().detail["changed"]["country"] == ["DE", "FR"]
    html = member.post(address, data | {"country": "Atlantis"}).content.decode()
    assert "is no country" in html


def test_fields_are_made_in_the_admin(member, workspace):
    address = reverse("admin:accounts_accountfield_add")
    data = {"workspace": workspace.pk, "position": 0, "label": "Tier"}
    for wrong, message in (
        ({"key": "country", "kind": "text"}, "field of every account"),
        ({"key": "Tier!", "kind": "text"}, "Use lower-case letters"),
        ({"key": "tier", "kind": "choice"}, "Name the values"),
        ({"key": "tier", "kind": "text", "choices": "a"}, "one of several has"),
    ):
        html = member.post(address, {**data, "choices": "", **wrong}).content.decode()
        assert message in html
    good = {**data, "key": "tier", "kind": "choice", "choices": "Gold\nSilver\nGold"}
    assert member.post(address, good).status_code == 302
    field = AccountField.objects.get()
    assert field.choices == ["Gold", "Silver"]
    assert AuditEntry.objects.get().detail["what"] == "added"
    change = reverse("admin:accounts_accountfield_change", args=[field.pk])
    assert "Gold\nSilver" in member.get(change).content.decode()
    member.post(change, {**data, "label": "Level", "choices": "Gold"})
    field.refresh_from_db()
    assert (field.label, field.key, field.choices) == ("Level", "tier", ["Gold"])


# ---- The page


def test_members_edit_what_is_known(client, account):
    AccountField.objects.create(
        workspace=account.workspace, key="pays", label="Pays", kind="yes_no"
    )
    client.force_login(make_member(account.workspace, Role.MEMBER))
    address = f"/w/acme/accounts/{account.pk}/edit/"
    html = client.get(address).content.decode()
    assert '<option value="DE" selected>Germany (DE)</option>' in html
    data = {
        "known-name": "Initech", "known-country": "DE", "known-industry": "",
        "known-employees": "200+", "known-pays": "yes",
    }  # fmt: skip
    response = client.post(address, data)
    assert response["Location"] == f"/w/acme/accounts/{account.pk}/"
    account.refresh_from_db()
    assert (account.employees, account.fields) == (200, {"pays": True})
    # What was not changed is nobody's new word.
    assert set(account.field_sources) == {"employees", "pays"}
    refused = client.post(address, data | {"known-employees": "lots"})
    assert refused.status_code == 422
    assert "no number of people" in refused.content.decode()
    page = client.get(f"/w/acme/accounts/{account.pk}/").content.decode()
    assert "entered by member" in page


def test_a_choice_that_is_gone_stays_until_another_is_made(client, account):
    AccountField.objects.create(
        workspace=account.workspace, key="tier", label="Tier", kind="choice",
        choices=["Gold"],
    )  # fmt: skip
    put(account, hand(), tier="Bronze")
    client.force_login(make_member(account.workspace, Role.MEMBER))
    client.post(
        f"/w/acme/accounts/{account.pk}/edit/",
        {"known-name": "X", "known-country": "DE", "known-tier": "Bronze"},
    )
    account.refresh_from_db()
    assert (account.name, account.fields) == ("X", {"tier": "Bronze"})


def test_viewers_and_strangers_edit_nothing(client, account):
    address = f"/w/acme/accounts/{account.pk}/edit/"
    client.force_login(make_member(account.workspace, Role.VIEWER))
    assert client.get(address).status_code == 403
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    assert client.post(address, {}).status_code == 404
