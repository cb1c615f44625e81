import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import AccountsError
from accounts.lists import (
    MOST_ENTRIES,
    Entry,
    add_entries,
    create_list,
    delete_list,
    pick,
    remove_entries,
    resolve_waiting,
)
from accounts.models import (
    Account,
    AccountDomain,
    AuditEntry,
    CuratedList,
    ListEntry,
)
from tests.accounts.people import developer_of, email, resolve
from tests.factories import make_member, make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def actor(workspace):
    return make_member(workspace)


@pytest.fixture
def companies(workspace):
    return create_list(workspace, name="Targets", subject="account")


@pytest.fixture
def people(workspace):
    return create_list(workspace, name="Champions", subject="developer")


def rows(curated):
    entries = ListEntry.objects.filter(curated_list=curated).order_by("value")
    return [(one.value, one.account_id, one.developer_id) for one in entries]


def add(curated, *values, **more):
    return add_entries(curated, [Entry(value) for value in values], **more)


def test_domains_find_accounts_and_wait_for_others(workspace, companies):
    acme = Account.objects.create(workspace=workspace, name="Acme", domain="acme.com")
    bolt = Account.objects.create(workspace=workspace, name="Bolt", domain="bolt.io")
    AccountDomain.objects.create(workspace=workspace, account=bolt, domain="bolt.dev")

    done = add(companies, "https://www.ACME.com/about", "bolt.dev", "later.example")

    assert (done.added, done.known, done.refused) == (3, 0, ())
    assert rows(companies) == [
        ("acme.com", acme.pk, None),
        ("bolt.dev", bolt.pk, None),
        ("later.example", None, None),
    ]


def test_what_is_no_domain_is_refused_and_the_rest_taken(companies):
    done = add(companies, "acme.com", "nonsense", "10.0.0.1", "")
    assert done.added == 1
    assert [(one.index, one.value) for one in done.refused] == [
        (1, "nonsense"),
        (2, "10.0.0.1"),
        (3, ""),
    ]
    assert "no domain" in done.refused[0].message


def test_addresses_find_developers(workspace, people):
    resolve(workspace, email("ann@acme.com"))
    done = add(people, "Ann@Acme.com", "bob@acme.com", "ann")
    assert (done.added, len(done.refused)) == (2, 1)
    assert rows(people) == [
        ("ann@acme.com", None, developer_of("ann@acme.com").pk),
        ("bob@acme.com", None, None),
    ]


def test_twice_is_once_and_the_later_data_wins(companies):
    first = [Entry("acme.com", {"tier": 1, "owner": "Kim"}), Entry("www.acme.com")]
    assert add_entries(companies, first).added == 1
    done = add_entries(companies, [Entry("acme.com", {"tier": 2})])
    assert (done.added, done.known) == (0, 1)
    assert ListEntry.objects.get().data == {"tier": 2, "owner": "Kim"}


def test_two_domains_of_one_account_are_one_entry(workspace, companies):
    bolt = Account.objects.create(workspace=workspace, name="Bolt", domain="bolt.io")
    AccountDomain.objects.create(workspace=workspace, account=bolt, domain="bolt.dev")
    assert add(companies, "bolt.io", "bolt.dev").added == 1
    assert add(companies, "bolt.dev", "bolt.io").added == 0
    assert ListEntry.objects.get().account_id == bolt.pk


def test_an_account_of_another_workspace_is_not_found(companies):
    other = make_workspace("other")
    Account.objects.create(workspace=other, name="Acme", domain="acme.com")
    add(companies, "acme.com")
    assert rows(companies) == [("acme.com", None, None)]


def test_waiting_entries_find_who_came_since(workspace, companies, people):
    add(companies, "acme.com", "never.example")
    add(people, "ann@acme.com")
    resolve(workspace, email("ann@acme.com"))
    account = Account.objects.get(domain="acme.com")

    assert resolve_waiting() == 2
    assert resolve_waiting() == 0
    assert rows(companies) == [
        ("acme.com", account.pk, None),
        ("never.example", None, None),
    ]
    assert rows(people)[0][2] == developer_of("ann@acme.com").pk


def test_two_waiting_for_the_same_one_do_not_clash(workspace, companies):
    add(companies, "bolt.io", "bolt.dev", "bolt.app")
    bolt = Account.objects.create(workspace=workspace, name="Bolt", domain="bolt.io")
    for domain in ("bolt.dev", "bolt.app"):
        AccountDomain.objects.create(workspace=workspace, account=bolt, domain=domain)
    assert resolve_waiting() == 1
    assert resolve_waiting() == 0
    assert sum(account is not None for _, account, _ in rows(companies)) == 1


def test_a_thousand_cost_as_many_queries_as_one(companies):
    counts = []
    for number in (1, MOST_ENTRIES):
        entries = [Entry(f"c{number}-{index}.com") for index in range(number)]
        with CaptureQueriesContext(connection) as queries:
            add_entries(companies, entries)
        counts.append(len(queries))
    assert counts == [5, 5]


def test_more_than_a_thousand_are_refused_whole(companies):
    entries = [Entry(f"c{index}.com") for index in range(MOST_ENTRIES + 1)]
    with pytest.raises(AccountsError, match="1,000"):
        add_entries(companies, entries)
    assert not ListEntry.objects.exists()


def test_data_that_cannot_be_kept_is_refused(companies):
    done = add_entries(
        companies,
        [
            Entry("a.com", {"x": "y" * 10_001}),
            Entry("b.com", {"x": "\0"}),
            Entry("c.com", {"x": "fine"}),
        ],
    )
    assert [one.value for one in done.refused] == ["a.com", "b.com"]
    assert done.added == 1


def test_picking_on_a_page(workspace, companies, people, actor):
    acme = Account.objects.create(workspace=workspace, name="Acme", domain="acme.com")
    nameless = Account.objects.create(workspace=workspace, name="Some network")
    resolve(workspace, email("ann@x.example"))
    ann = developer_of("ann@x.example")
    for _ in range(2):
        pick(companies, acme, actor=actor)
        pick(companies, nameless, actor=actor)
        pick(people, ann, actor=actor)
    assert rows(companies) == [
        ("", nameless.pk, None),
        ("acme.com", acme.pk, None),
    ]
    assert rows(people) == [("ann@x.example", None, ann.pk)]
    with pytest.raises(AccountsError, match="list of Developers"):
        pick(people, acme, actor=actor)


def test_changes_are_audited(workspace, actor):
    curated = create_list(workspace, name="X", subject="account", actor=actor)
    add(curated, "a.com", "b.com", actor=actor, via="up_manage_ab")
    remove_entries(curated, ListEntry.objects.filter(value="a.com"), actor=actor)
    delete_list(curated, actor=actor)
    lines = AuditEntry.objects.order_by("pk").values_list("action", "detail")
    assert list(lines) == [
        ("list_created", {}),
        ("list_changed", {"added": 2, "via": "up_manage_ab"}),
        ("list_changed", {"removed": 1}),
        ("list_deleted", {"entries": 1}),
    ]


def test_a_name_is_once_in_a_workspace(workspace, companies):
    with pytest.raises(AccountsError, match="list of that name"):
        create_list(workspace, name=" Targets ", subject="developer")
    assert create_list(make_workspace("other"), name="Targets", subject="account")


@pytest.mark.django_db(transaction=True)
def test_two_who_add_at_once_add_once():
    workspace = make_workspace()
    curated = create_list(workspace, name="X", subject="account")
    bolt = Account.objects.create(workspace=workspace, name="Bolt", domain="bolt.io")
    AccountDomain.objects.create(workspace=workspace, account=bolt, domain="bolt.dev")
    barrier, faults = threading.Barrier(4), []

    def work(values):
        try:
            barrier.wait(10)
            add(CuratedList.objects.get(pk=curated.pk), *values)
        except Exception as error:  # noqa: BLE001
            faults.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=work, args=(values,))
        for values in (("bolt.io",), ("bolt.dev",), ("bolt.dev", "a.com"), ("a.com",))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not faults
    assert {value for value, *_ in rows(curated)} in (
        {"bolt.io", "a.com"},
        {"bolt.dev", "a.com"},
    )
