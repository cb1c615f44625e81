import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.attribution import reattribute
from accounts.attribution.evidence import RULES, Candidate, evidence_of
from accounts.corrections import move_developer
from accounts.models import (
    Account,
    AccountDomain,
    AccountNetwork,
    Developer,
    TouchedDeveloper,
)
from accounts.models.developer import CONFIDENCE
from tests.accounts.mmdb import write
from tests.accounts.people import NOON, Seen, accounts, email, people, resolve
from tests.factories import make_license, make_workspace

OFFICE = "128.30.2.1"


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def database(tmp_path, settings):
    records = {
        "128.30.0.0/16": {"name": "Acme Networks Inc", "type": "business"},
        "131.246.0.0/16": {
            "name": "Beta",
            "domain": "beta.example",
            "type": "business",
        },
    }
    settings.IP_DATABASE = str(write(tmp_path / "owners.mmdb", records))


def make_account(workspace, name, *networks, domain="", further=()):
    account = Account.objects.create(workspace=workspace, name=name, domain=domain)
    for network in networks:
        AccountNetwork.objects.create(
            workspace=workspace, account=account, network=network
        )
    for one in further:
        AccountDomain.objects.create(workspace=workspace, account=account, domain=one)
    return account


def candidate(beats=0.0, **fields):
    known = {"kind": "email", "value": "ann@mail.acme.com", "domain": "", "ip": ""}
    return Candidate(developer_id=1, workspace_id=1, beats=beats, **known | fields)


def test_the_rules_come_in_the_order_of_their_confidence(database):
    known = candidate(domain="b.com", ip=OFFICE, license_key="KEY-1")
    found = [next(one for one in [rule(known)] if one) for rule in RULES]
    assert [one.rule for one in found] == [
        "event_domain",
        "license",
        "email_domain",
        "network",
        "ip_owner",
    ]
    order = [CONFIDENCE[one.rule] for one in found]
    assert order == sorted(order, reverse=True) == [1.0, 0.95, 0.9, 0.8, 0.4]


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"domain": "beta.example", "ip": OFFICE}, ["event_domain"]),
        ({"ip": OFFICE}, ["email_domain"]),
        # A domain that names no company: the next rule is asked.
        ({"domain": "gmail.com"}, ["email_domain"]),
        ({"domain": "n/a", "value": "ann@gmail.com"}, []),
        # A range may hold the address or not: the network's owner is asked as well.
        ({"value": "ann@gmail.com", "ip": OFFICE}, ["network", "ip_owner"]),
        ({"value": "ann@gmail.com", "ip": "10.0.0.1"}, ["network"]),
        ({"value": "ann@gmail.com", "ip": "nonsense"}, []),
        # Only what is better than what is known.
        ({"beats": 0.8, "value": "ann@gmail.com", "ip": OFFICE}, []),
        ({"beats": 0.4, "value": "ann@gmail.com", "ip": OFFICE}, ["network"]),
        ({"beats": 1.0, "domain": "beta.example"}, []),
        ({"beats": 2.0, "domain": "beta.example"}, []),
        # A user name that looks like an address is none.
        ({"kind": "username"}, []),
    ],
)
def test_the_first_rule_that_matches_wins(database, fields, rules):
    assert [one.rule for one in evidence_of(candidate(**fields))] == rules


def test_network_owners_become_accounts_once(workspace, database):
    for name in ("ann", "bob"):
        resolve(workspace, Seen("username", name, ip=OFFICE))
    resolve(workspace, Seen("username", "cid", ip="131.246.1.1"))
    resolve(workspace, email("dan@beta.example"))
    assert people(workspace) == [
        (("ann",), "Acme Networks Inc", "ip_owner"),
        (("bob",), "Acme Networks Inc", "ip_owner"),
        (("cid",), "Beta", "ip_owner"),
        (("dan@beta.example",), "Beta", "email_domain"),
    ]
    assert accounts(workspace) == [("Acme Networks Inc", ""), ("Beta", "beta.example")]
    row = Developer.objects.get(identities__value="ann")
    assert (row.rule_detail, row.confidence) == (
        "Acme Networks Inc (128.30.0.0/16)",
        0.4,
    )
    # Renamed by a person, it is still the same organisation.
    Account.objects.filter(domain="").update(name="Acme")
    resolve(workspace, Seen("username", "eve", ip=OFFICE))
    assert Account.objects.count() == 2


def test_a_range_entered_by_hand_comes_before_the_owner(workspace, database):
    make_account(workspace, "Office", "128.30.2.0/24")
    resolve(workspace, Seen("username", "ann", ip=OFFICE))
    assert people(workspace) == [(("ann",), "Office", "network")]
    assert accounts(workspace) == [("Office", "")]


# ---- Attributing anew --------------------------------------------------------------


def test_a_new_range_finds_those_whom_nothing_placed(workspace):
    resolve(
        workspace,
        Seen("username", "ann", ip="192.0.2.7"),
        Seen("username", "bob", ip="198.51.100.7"),
        email("cid@acme.com", ip="192.0.2.8"),
    )
    account = make_account(workspace, "Office", "192.0.2.0/24")
    TouchedDeveloper.objects.all().delete()
    assert reattribute(workspace, dry_run=True) == 1
    assert people(workspace)[0] == (("ann",), None, "none")
    assert reattribute(workspace) == 1
    assert people(workspace) == [
        (("ann",), "Office", "network"),
        (("bob",), None, "none"),
        (("cid@acme.com",), "Acme", "email_domain"),
    ]
    assert TouchedDeveloper.objects.count() == 1
    account.refresh_from_db()
    assert account.first_seen_at is not None
    assert reattribute(workspace) == 0


def test_a_range_taken_away_lets_its_people_go(workspace, database):
    make_account(workspace, "Office", "128.30.2.0/24")
    resolve(workspace, Seen("username", "ann", ip=OFFICE))
    AccountNetwork.objects.all().delete()
    assert reattribute(workspace) == 1
    assert people(workspace) == [(("ann",), "Acme Networks Inc", "ip_owner")]


def test_a_longer_range_takes_over(workspace):
    make_account(workspace, "Whole", "192.0.2.0/24")
    resolve(workspace, Seen("username", "ann", ip="192.0.2.7"))
    make_account(workspace, "Part", "192.0.2.0/28")
    assert reattribute(workspace) == 1
    assert people(workspace) == [(("ann",), "Part", "network")]


def test_a_further_domain_folds_an_account_into_its_own(workspace):
    resolve(
        workspace,
        email("ann@acme.com"),
        email("bob@acme-labs.example"),
        Seen("username", "cid", domain="acme-labs.example"),
    )
    acme = Account.objects.get(domain="acme.com")
    AccountDomain.objects.create(
        workspace=workspace, account=acme, domain="acme-labs.example"
    )
    assert reattribute(workspace) == 2
    assert {place for _, place, _ in people(workspace)} == {"Acme"}
    assert reattribute(workspace) == 0


def test_changed_mail_lists_are_applied(workspace, settings):
    resolve(workspace, email("ann@alumni.example"), email("bob@gmail.com"))
    settings.FREE_MAIL_DOMAINS = ["alumni.example"]
    settings.NOT_FREE_MAIL_DOMAINS = ["gmail.com"]
    assert reattribute(workspace) == 2
    assert people(workspace) == [
        (("ann@alumni.example",), None, "none"),
        (("bob@gmail.com",), "Gmail", "email_domain"),
    ]


def test_corrections_by_hand_stay(workspace):
    resolve(workspace, email("ann@acme.com"))
    ann, office = Developer.objects.get(), make_account(workspace, "Office")
    move_developer(ann, office, actor=None)
    assert reattribute(workspace) == 0
    move_developer(ann, None, actor=None)
    assert reattribute(workspace) == 0
    assert people(workspace) == [(("ann@acme.com",), None, "hand")]


def test_equal_evidence_keeps_what_is(workspace):
    one, two = email("zoe@acme.com"), email("ann@beta.example")
    resolve(workspace, one)
    resolve(workspace, one, two, links=[(one, two)])
    assert people(workspace)[0][1] == "Acme"
    assert reattribute(workspace) == 0


# ---- The licence's account (contracts/README, account rule 2)


def licensed(value="ann", key="KEY-1", kind="license_user", **fields):
    return Seen(kind, value, license_key=key, **fields)


def placed(workspace):
    return [
        (person.account and person.account.name, person.rule, person.confidence)
        for person in Developer.objects.filter(workspace=workspace).order_by("pk")
    ]


def test_the_licences_account_wins_over_mail_and_network(workspace):
    office = make_account(workspace, "Office", "192.0.2.0/24")
    buyer = make_account(workspace, "Buyer")
    make_license(workspace, "KEY-1", account=buyer)
    seen = licensed("ann@acme.com", kind="email", ip="192.0.2.7")
    resolve(workspace, seen)
    assert placed(workspace) == [("Buyer", "license", 0.95)]
    assert Developer.objects.get().rule_detail == "KEY-1"
    assert not Account.objects.filter(domain="acme.com").exists()
    assert office.developers.count() == 0


def test_a_domain_in_the_event_wins_over_the_licence(workspace):
    make_license(workspace, "KEY-1", account=make_account(workspace, "Buyer"))
    resolve(workspace, licensed(domain="acme.com"))
    assert placed(workspace) == [("Acme", "event_domain", 1.0)]


@pytest.mark.parametrize(
    "fields", [{}, {"account": "Buyer", "revoked_at": NOON}, {"key": "another"}]
)
def test_a_licence_that_names_no_account_leaves_it_to_the_next_rule(workspace, fields):
    if "account" in fields:
        fields = {**fields, "account": make_account(workspace, fields["account"])}
    make_license(workspace, fields.pop("key", "KEY-1"), **fields)
    resolve(workspace, licensed("ann@acme.com", kind="email"))
    assert placed(workspace) == [("Acme", "email_domain", 0.9)]


def test_a_licence_of_another_workspace_says_nothing(workspace):
    other = make_workspace("other")
    make_license(other, "KEY-1", account=make_account(other, "Buyer"))
    resolve(workspace, licensed())
    assert placed(workspace) == [(None, "none", 0.0)]


def test_somebody_known_gets_the_account_of_a_licence_that_comes_later(workspace):
    resolve(workspace, licensed())
    assert placed(workspace) == [(None, "none", 0.0)]
    make_license(workspace, "KEY-1", account=make_account(workspace, "Buyer"))
    resolve(workspace, licensed())
    assert placed(workspace) == [("Buyer", "license", 0.95)]


def test_a_licence_that_changes_hands_takes_its_users_along(workspace):
    key = make_license(workspace, "KEY-1", account=make_account(workspace, "Buyer"))
    resolve(workspace, licensed())
    assert reattribute(workspace) == 0
    key.account = make_account(workspace, "Heir")
    key.save()
    assert reattribute(workspace) == 1
    assert placed(workspace) == [("Heir", "license", 0.95)]
    key.account = None
    key.save()
    assert reattribute(workspace) == 1
    assert placed(workspace) == [(None, "none", 0.0)]


def test_other_workspaces_are_left_alone(workspace):
    other = make_workspace("other")
    for one in (workspace, other):
        resolve(one, Seen("username", "ann", ip="192.0.2.7"))
        make_account(one, "Office", "192.0.2.0/24")
    assert reattribute(workspace) == 1
    assert people(other) == [(("ann",), None, "none")]


@pytest.mark.parametrize("size", [1, 30])
def test_the_number_of_statements_does_not_grow(workspace, size):
    for number in range(size):
        resolve(
            workspace,
            email(f"a@c{number}.example"),
            Seen("username", f"u{number}", ip="192.0.2.7"),
        )
    make_account(workspace, "Office", "192.0.2.0/24")
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        assert reattribute(workspace) == size
    assert len(queries) == 13


def test_the_command_counts(workspace, capsys):
    resolve(workspace, Seen("username", "ann", ip="192.0.2.7"))
    make_account(workspace, "Office", "192.0.2.0/24")
    call_command("reattribute", workspace="acme", dry_run=True)
    call_command("reattribute", workspace="acme")
    assert capsys.readouterr().out.splitlines() == [
        "1 developer would change company.",
        "1 developer changed company.",
    ]
    with pytest.raises(CommandError, match="There is no workspace nowhere"):
        call_command("reattribute", workspace="nowhere")
