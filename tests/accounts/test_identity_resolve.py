from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.attribution import reattribute
from accounts.corrections import split_identity_pointers
from accounts.identity import resolve_pending, update_known
from accounts.locks import share_usage
from accounts.models import (
    Account,
    AccountDomain,
    AccountNetwork,
    Correction,
    Developer,
    Identity,
    TouchedDeveloper,
    WaitingJoin,
)
from accounts.waiting import join_waiting
from tests.accounts.people import (
    NOON,
    Seen,
    accounts,
    developer_of,
    email,
    fill,
    people,
    resolve,
)
from tests.factories import make_workspace

HOUR = timedelta(hours=1)


@pytest.fixture
def workspace(db):
    return make_workspace()


def merged(workspace, *seen, links=()):
    """Digest a batch and what it leaves to be merged after its commit."""
    found = resolve(workspace, *seen, links=links)
    join_waiting([workspace.pk])
    return found


def statements_of_resolving():
    with CaptureQueriesContext(connection) as queries, connection.cursor() as cursor:
        resolve_pending(cursor)
        update_known(cursor)
    return len(queries)


def test_a_batch_becomes_people_and_companies(workspace):
    ann, github = email("ann@acme.com"), Seen("github", "ann")
    found = resolve(
        workspace,
        ann,
        github,
        email("bob@gmail.com"),
        email("cid@mailinator.com"),
        Seen("username", "root", domain="www.beta.co.uk"),
        Seen("anonymous", "f" * 64, ip="192.0.2.1"),
        Seen("aggregate", "acme.com", domain="acme.com"),
        links=[(ann, github)],
    )
    assert found["ann@acme.com"] == found["ann"]
    assert people(workspace) == [
        (("acme.com",), "Acme", "event_domain"),
        (("ann", "ann@acme.com"), "Acme", "email_domain"),
        (("bob@gmail.com",), None, "none"),
        (("cid@mailinator.com",), None, "none"),
        (("f" * 64,), None, "none"),
        (("root",), "Beta", "event_domain"),
    ]
    assert accounts(workspace) == [("Acme", "acme.com"), ("Beta", "beta.co.uk")]
    rows = Developer.objects.values_list(
        "display_name", "is_anonymous", "is_aggregate", "confidence", "rule_detail"
    )
    assert sorted(rows) == [
        ("Anonymous ffffffff", True, False, 0.0, ""),
        ("Everyone at acme.com", False, True, 1.0, "acme.com"),
        ("ann", False, False, 0.9, "acme.com"),
        ("bob", False, False, 0.0, ""),
        ("cid", False, False, 0.0, ""),
        ("root", False, False, 1.0, "beta.co.uk"),
    ]
    assert Identity.objects.get(kind="github").joined_by == (
        "Same event as E-mail ann@acme.com"
    )
    times = {"first_seen_at": NOON, "last_seen_at": NOON}
    for table in (Developer, Identity, Account):
        assert table.objects.filter(**times).count() == table.objects.count()


def test_the_same_batch_again_changes_nothing(workspace):
    batch = [email("ann@acme.com", domain="acme.com"), Seen("github", "ann")]
    links = [(batch[0], batch[1])]
    first = resolve(workspace, *batch, links=links)
    before = list(Developer.objects.values()), list(Account.objects.values())
    assert resolve(workspace, *batch, links=links) == first
    assert before == (list(Developer.objects.values()), list(Account.objects.values()))
    assert not TouchedDeveloper.objects.exists()


def test_workspaces_never_meet(workspace):
    other = make_workspace("other")
    one = resolve(workspace, email("ann@acme.com"))
    two = resolve(other, email("ann@acme.com"))
    assert one != two
    assert people(other) == people(workspace)
    assert Account.objects.count() == 2


@pytest.mark.parametrize("size", [1, 40])
def test_the_number_of_statements_does_not_grow_with_the_batch(workspace, size):
    def batch():
        mails = [
            email(f"p{number}@c{number}.example", ip="192.0.2.1")
            for number in range(size)
        ]
        hubs = [Seen("github", f"p{number}") for number in range(size)]
        names = [Seen("username", f"u{number}", ip="8.8.8.8") for number in range(size)]
        return [*mails, *hubs, *names], list(zip(mails, hubs, strict=True))

    def statements():
        with transaction.atomic(), connection.cursor() as cursor:
            share_usage(cursor, [workspace.pk])
            fill(cursor, workspace, *batch())
            return statements_of_resolving()

    assert statements() == 19
    # All is known now; there is nothing to look an address up in.
    assert statements() == 7
    account = Account.objects.create(workspace=workspace, name="Office")
    AccountNetwork.objects.create(
        workspace=workspace, account=account, network="8.8.8.0/24"
    )
    assert statements() == 16
    assert statements() == 7


def test_a_batch_of_known_people_costs_five_statements(workspace):
    resolve(workspace, email("ann@acme.com"))
    with transaction.atomic(), connection.cursor() as cursor:
        fill(cursor, workspace, [email("ann@acme.com")])
        # Look up, sum up, a savepoint around both, and nothing to write at the end.
        assert statements_of_resolving() == 5


@pytest.mark.parametrize(
    ("first", "last", "kept_first", "kept_last"),
    [
        # Within five minutes: not worth a write.
        (0, 4, 0, 0),
        # Later: moved. Earlier: always, however little.
        (0, 6, 0, 6),
        (-1, 0, -1, 0),
        (-600, -500, -600, 0),
        (-600, 600, -600, 600),
    ],
)
def test_times_seen_move(workspace, first, last, kept_first, kept_last):
    minute = timedelta(minutes=1)
    resolve(workspace, email("ann@acme.com"))
    resolve(
        workspace,
        email("ann@acme.com", first=NOON + first * minute, last=NOON + last * minute),
    )
    for table in (Identity, Developer, Account):
        row = table.objects.get()
        assert row.first_seen_at == NOON + kept_first * minute
        assert row.last_seen_at == NOON + kept_last * minute


def test_times_follow_a_developer_to_a_company(workspace):
    resolve(workspace, Seen("username", "ann"))
    resolve(workspace, Seen("username", "ann", domain="acme.com", first=NOON + HOUR))
    account = Account.objects.get()
    assert (account.first_seen_at, account.last_seen_at) == (NOON, NOON + HOUR)


def test_traits_merge_and_null_removes(workspace):
    resolve(workspace, email("ann@acme.com", traits={"plan": "free", "seats": 3}))
    resolve(workspace, email("ann@acme.com", traits={"plan": None, "role": {"a": 1}}))
    assert developer_of("ann@acme.com").traits == {"seats": 3, "role": {"a": 1}}


def test_traits_of_one_batch_are_taken_in_the_order_of_their_times(workspace):
    ann = email("ann@acme.com", traits={"plan": "new"}, first=NOON + HOUR)
    github = Seen("github", "ann", traits={"plan": "old", "x": 1})
    for _ in range(2):
        resolve(workspace, ann, github, links=[(ann, github)])
        assert developer_of("ann").traits == {"plan": "new", "x": 1}


def test_the_name_is_the_senders_until_a_person_changes_it(workspace):
    def name(traits):
        resolve(workspace, email("ann@acme.com", traits=traits))
        return developer_of("ann@acme.com").display_name

    assert name({}) == "ann"
    assert name({"name": "Ann Other"}) == "Ann Other"
    Developer.objects.update(display_name="Annie")
    assert name({"name": "Ann Other"}) == "Annie"
    assert name({"plan": "x"}) == "Annie"
    assert name({"name": "Ann Smith"}) == "Ann Smith"
    assert name({"name": None}) == "Ann Smith"


def test_a_face_for_somebody_anonymous(workspace):
    nobody, ann = Seen("anonymous", "f" * 64), email("ann@acme.com")
    resolve(workspace, nobody)
    found = resolve(workspace, nobody, ann, links=[(nobody, ann)])
    assert len(set(found.values())) == 1
    row = Developer.objects.get()
    assert (row.display_name, row.is_anonymous, row.account.name) == (
        "ann",
        False,
        "Acme",
    )


def test_two_developers_found_to_be_one_are_merged_after_the_batch(workspace):
    ann, bob = email("ann@acme.com"), Seen("customer_id", "17", domain="beta.example")
    resolve(workspace, ann)
    resolve(workspace, bob)
    resolve(workspace, ann, bob, links=[(bob, ann)])
    assert len(people(workspace)) == 2
    assert WaitingJoin.objects.count() == 1
    assert join_waiting() == 1
    # The surer account wins: a domain named in an event.
    assert people(workspace) == [(("17", "ann@acme.com"), "Beta", "event_domain")]
    assert not WaitingJoin.objects.exists()
    [correction] = Correction.objects.all()
    assert (correction.kind, correction.actor, correction.reason) == (
        "merge",
        None,
        "One event carried Customer id 17 and E-mail ann@acme.com",
    )
    # Asked again it has nothing to do.
    assert join_waiting() == 0


def test_a_new_identity_bridges_two_known_developers(workspace):
    ann, hub, new = email("ann@acme.com"), Seen("github", "ann"), Seen("social", "ann")
    resolve(workspace, ann)
    resolve(workspace, hub)
    merged(workspace, ann, hub, new, links=[(ann, new), (new, hub)])
    assert [values for values, *_ in people(workspace)] == [
        ("ann", "ann", "ann@acme.com")
    ]


def test_chains_of_links_end_in_one_developer(workspace):
    mails = [email(f"{number}@acme.com") for number in range(6)]
    for mail in mails:
        resolve(workspace, mail)
    merged(workspace, *mails, links=list(pairwise(mails)))
    assert Developer.objects.count() == 1
    assert Correction.objects.count() == 5


def test_a_shared_user_name_collects_nobody(workspace):
    admin = Seen("username", "admin")
    for name in ("ann", "bob", "cid"):
        mail = email(f"{name}@acme.com")
        merged(workspace, mail, admin, links=[(mail, admin)])
    assert [values for values, *_ in people(workspace)] == [
        ("admin", "ann@acme.com"),
        ("bob@acme.com",),
        ("cid@acme.com",),
    ]
    assert not Correction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_merging_follows_the_commit_by_itself():
    workspace = make_workspace()
    ann, bob = email("ann@acme.com"), Seen("github", "ann")
    resolve(workspace, ann)
    resolve(workspace, bob)
    resolve(workspace, ann, bob, links=[(ann, bob)])
    assert Developer.objects.count() == 1


def test_what_a_person_split_is_not_joined_again(workspace):
    ann, hub = email("ann@acme.com"), Seen("github", "bob")
    resolve(workspace, ann, hub, links=[(ann, hub)])
    split_identity_pointers(Identity.objects.get(kind="github"), actor=None)
    merged(workspace, ann, hub, links=[(ann, hub)])
    assert [values for values, *_ in people(workspace)] == [
        ("ann@acme.com",),
        ("bob",),
    ]


def test_an_address_is_kept_only_while_nothing_better_places_somebody(workspace):
    def kept():
        return Identity.objects.get().last_ip

    resolve(workspace, Seen("username", "ann", ip="192.0.2.1"))
    assert kept() == "192.0.2.1"
    resolve(workspace, Seen("username", "ann", ip="192.0.2.2"))
    assert kept() == "192.0.2.2"
    resolve(workspace, Seen("username", "ann", ip="192.0.2.3", domain="acme.com"))
    assert kept() is None
    resolve(workspace, Seen("username", "ann", ip="192.0.2.4"))
    assert kept() is None


def test_the_address_that_placed_somebody_stays(workspace):
    account = Account.objects.create(workspace=workspace, name="Office")
    AccountNetwork.objects.create(
        workspace=workspace, account=account, network="192.0.2.0/24"
    )
    for address in ("198.51.100.7", "192.0.2.7", "198.51.100.8", "192.0.2.8"):
        resolve(workspace, Seen("username", "ann", ip=address))
    assert Identity.objects.get().last_ip == "192.0.2.7"
    assert reattribute(workspace) == 0


def test_better_evidence_moves_and_equal_evidence_does_not(workspace):
    account = Account.objects.create(workspace=workspace, name="Office")
    AccountNetwork.objects.create(
        workspace=workspace, account=account, network="192.0.2.0/24"
    )
    steps = [
        ({}, None, "none"),
        ({"ip": "192.0.2.7"}, "Office", "network"),
        ({"ip": "198.51.100.7"}, "Office", "network"),
        ({"domain": "acme.com"}, "Acme", "event_domain"),
        ({"domain": "beta.example"}, "Acme", "event_domain"),
        ({"ip": "192.0.2.7"}, "Acme", "event_domain"),
    ]
    for fields, name, rule in steps:
        TouchedDeveloper.objects.all().delete()
        before = Developer.objects.values_list("account", flat=True).first()
        resolve(workspace, Seen("username", "ann", **fields))
        assert people(workspace) == [(("ann",), name, rule)]
        after = Developer.objects.get().account_id
        # Both companies' scores follow.
        assert TouchedDeveloper.objects.exists() == (after != before)
    # What lost made no account.
    assert accounts(workspace) == [("Acme", "acme.com"), ("Office", "")]


def test_an_e_mail_address_learnt_later_beats_a_network(workspace):
    account = Account.objects.create(workspace=workspace, name="Office")
    AccountNetwork.objects.create(
        workspace=workspace, account=account, network="192.0.2.0/24"
    )
    name, mail = Seen("username", "ann", ip="192.0.2.7"), email("ann@acme.com")
    resolve(workspace, name)
    resolve(workspace, name, mail, links=[(name, mail)])
    assert people(workspace) == [(("ann", "ann@acme.com"), "Acme", "email_domain")]


def test_a_correction_by_hand_is_never_overwritten(workspace):
    resolve(workspace, Seen("username", "ann"))
    Developer.objects.update(rule="hand", confidence=1.0, account=None)
    resolve(workspace, Seen("username", "ann", domain="acme.com"))
    assert people(workspace) == [(("ann",), None, "hand")]
    assert accounts(workspace) == []


def test_a_further_domain_belongs_to_its_account(workspace):
    acme = Account.objects.create(workspace=workspace, name="Acme", domain="acme.com")
    AccountDomain.objects.create(
        workspace=workspace, account=acme, domain="acme-labs.example"
    )
    resolve(workspace, email("ann@mail.acme-labs.example"))
    assert people(workspace) == [
        (("ann@mail.acme-labs.example",), "Acme", "email_domain")
    ]
    assert accounts(workspace) == [("Acme", "acme.com")]


def test_the_longest_range_wins_and_other_workspaces_ranges_do_not_count(workspace):
    other = make_workspace("other")
    for owner, name, network in [
        (workspace, "Whole", "192.0.2.0/24"),
        (workspace, "Part", "192.0.2.128/25"),
        (workspace, "Six", "2001:db8::/32"),
        (other, "Foreign", "192.0.2.192/26"),
    ]:
        account = Account.objects.create(workspace=owner, name=name)
        AccountNetwork.objects.create(workspace=owner, account=account, network=network)
    resolve(
        workspace,
        Seen("username", "a", ip="192.0.2.1"),
        Seen("username", "b", ip="192.0.2.200"),
        Seen("username", "c", ip="2001:db8::1"),
        Seen("username", "d", ip="::ffff:192.0.2.200"),
        Seen("username", "e", ip="192.0.3.1"),
    )
    assert people(workspace) == [
        (("a",), "Whole", "network"),
        (("b",), "Part", "network"),
        (("c",), "Six", "network"),
        (("d",), "Part", "network"),
        (("e",), None, "none"),
    ]
    assert developer_of("b").rule_detail == "192.0.2.128/25"
