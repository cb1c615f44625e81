"""What the digest makes of people, through the inbox and back by corrections."""

from datetime import timedelta

import pytest

from accounts.corrections import merge_developers
from accounts.models import Account, Correction, DailyUsage, Developer, Identity
from ingest.digest import digest_until_empty
from ingest.recount import check_usage
from ingest.split import split_identity, undo_correction
from tests.accounts.people import developer_of, people
from tests.factories import make_workspace
from tests.ingest.digesting import NOON, event, put, usage

pytestmark = pytest.mark.django_db(transaction=True)

ANN, HUB = ("email", "ann@acme.com"), ("github", "ann")


@pytest.fixture
def workspace():
    return make_workspace()


def digest(workspace, *events):
    put(workspace, *events)
    digest_until_empty()


def test_times_traits_and_better_accounts_follow_later_events(workspace):
    digest(workspace, event("zed@gmail.com"))
    later = NOON + timedelta(hours=2)
    digest(
        workspace,
        event("zed@gmail.com", at=later, domain="acme.com", traits={"name": "Zed"}),
    )
    zed = Developer.objects.get()
    assert (zed.first_seen_at, zed.last_seen_at) == (NOON, later)
    assert (zed.display_name, zed.traits) == ("Zed", {"name": "Zed"})
    assert people(workspace) == [(("zed@gmail.com",), "Acme", "event_domain")]
    account = Account.objects.get()
    assert (account.first_seen_at, account.last_seen_at) == (NOON, later)
    assert Identity.objects.get().last_seen_at == later


def test_two_developers_of_one_event_are_one_after_it(workspace):
    digest(workspace, event(identities=[ANN]), event(identities=[HUB]))
    assert Developer.objects.count() == 2
    digest(workspace, event(identities=[HUB, ANN]))
    assert people(workspace) == [(("ann", "ann@acme.com"), "Acme", "email_domain")]
    assert [row.count for row in DailyUsage.objects.all()] == [3]
    assert check_usage(workspace) == []


def test_usage_follows_corrections_and_back(workspace):
    digest(
        workspace,
        *[event(identities=[ANN])] * 2,
        *[event(identities=[HUB, ANN])] * 3,
        event("bob@acme.com"),
    )
    whole = usage()
    split_identity(Identity.objects.get(kind="github"), actor=None)
    assert [(row[0], row[4]) for row in usage()] == [
        ("ann", 3),
        ("ann@acme.com", 2),
        ("bob@acme.com", 1),
    ]
    # The rule that joined them once does not do so again.
    digest(workspace, event(identities=[HUB, ANN]))
    assert usage()[0][4] == 4
    merge_developers(
        developer_of("bob@acme.com"), developer_of("ann@acme.com"), actor=None
    )
    assert check_usage(workspace) == []
    for correction in Correction.objects.order_by("-pk"):
        undo_correction(correction, actor=None)
        assert check_usage(workspace) == []
    assert sum(row[4] for row in usage()) == sum(row[4] for row in whole) + 2
    assert people(workspace) == [
        (("ann", "ann@acme.com"), "Acme", "email_domain"),
        (("bob@acme.com",), "Acme", "email_domain"),
    ]
