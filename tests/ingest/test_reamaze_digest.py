"""What becomes of reamaze requests: profiles, people, lifetime value."""

import msgspec
import pytest

from accounts.models import (
    AccountScore,
    DailyUsage,
    Developer,
    DeveloperScore,
    Identity,
    Metric,
)
from accounts.score_models import sync_weights
from accounts.score_store import score_touched, score_workspace
from ingest.dialects.base import Scope
from ingest.dialects.reamaze import form
from ingest.digest import digest_until_empty
from ingest.inbox import accept_without_request
from ingest.models import Event
from tests.factories import make_member, make_metric
from tests.ingest.digesting import counters, quarantined

pytestmark = pytest.mark.django_db
AT = 1795219200  # 2026-11-21


def profile(user_id="1", email="bob@acme.example", at=AT, **fields):
    user = {"id": user_id, "authkey": "x", "email": email, **fields}
    return form.Body(user=form.User(**user), timestamp=at)


def happening(name="purchase", value=None, user_id="1", at=AT, **user):
    event = form.Event(name=name, value=value, timestamp=at)
    return form.Body(user=form.User(id=user_id, authkey="x", **user), event=event)


def digest(workspace, *bodies):
    """Let bodies arrive in one request each, and be digested together."""
    for body in bodies:
        reading = form.parse_line(msgspec.json.encode(body), Scope(now=AT))
        accept_without_request(workspace, "reamaze", reading.events)
    digest_until_empty()


def worth():
    """Lifetime values: of developers by name, of accounts by name."""
    people = DeveloperScore.objects.values_list(
        "developer__display_name", "lifetime_value"
    )
    accounts = AccountScore.objects.values_list("account__name", "lifetime_value")
    return dict(people), dict(accounts)


def test_a_profile_is_a_person_and_no_use(workspace):
    digest(workspace, profile(name="Bob", data={"plan": "pro"}))
    (developer,) = Developer.objects.all()
    assert developer.display_name == "Bob"
    assert developer.traits == {"name": "Bob", "plan": "pro"}
    assert developer.account.domain == "acme.example"
    assert sorted(Identity.objects.values_list("kind", "value")) == [
        ("customer_id", "1"),
        ("email", "bob@acme.example"),
    ]
    assert not Event.objects.exists()
    assert not DailyUsage.objects.exists()
    assert quarantined() == []
    assert counters() == {"accepted": 1}


@pytest.mark.parametrize("at_once", [True, False])
def test_data_merges_and_null_removes(workspace, at_once):
    bodies = [
        profile(data={"plan": "free", "seats": 2, "beta": True}, at=AT),
        profile(data={"plan": "pro", "beta": None}, at=AT + 60),
        profile(data={"region": "eu"}, at=AT + 120),
    ]
    if at_once:
        digest(workspace, *bodies)
    else:
        for body in bodies:
            digest(workspace, body)
    assert Developer.objects.get().traits == {
        "plan": "pro",
        "seats": 2,
        "region": "eu",
    }


def test_an_unknown_user_is_created_with_the_id_alone(workspace):
    digest(workspace, happening(user_id="c-77"))
    identity = Identity.objects.get()
    assert (identity.kind, identity.value) == ("customer_id", "c-77")
    assert identity.developer.display_name == "c-77"
    assert identity.developer.account is None


def test_a_profile_after_the_event_finds_the_same_person(workspace):
    digest(workspace, happening(value=10))
    digest(workspace, profile(name="Bob"))
    digest(workspace, happening(value=5))
    developer = Developer.objects.get()
    assert developer.display_name == "Bob"
    assert Identity.objects.get(kind="email").joined_by
    assert DailyUsage.objects.get().value_sum == 15
    score_touched()
    assert worth() == ({"Bob": 15}, {"Acme": 15})


def test_metrics_register_themselves_and_add_to_lifetime_value(workspace):
    digest(workspace, happening("purchase", 10), happening("refund", -4))
    metrics = dict(Metric.objects.values_list("key", "adds_to_lifetime_value"))
    assert metrics == {"CALL_HOME": False, "purchase": True, "refund": True}
    assert quarantined() == []


def test_lifetime_value_of_people_and_companies(workspace):
    digest(
        workspace,
        profile("1", "ann@acme.example", name="Ann"),
        profile("2", "bob@acme.example", name="Bob"),
        profile("3", "cid@other.example", name="Cid"),
        happening("purchase", "100.50", "1"),
        happening("purchase", 20, "1", at=AT - 400 * 86_400),
        happening("refund", -0.5, "1"),
        happening("purchase", 7, "2"),
        happening("visit", None, "3"),
    )
    score_touched()
    people, accounts = worth()
    assert people == {"Ann": 120.0, "Bob": 7.0, "Cid": 0.0}
    assert accounts == {"Acme": 127.0, "Other": 0.0}
    # Made anew as a whole it comes out the same.
    score_workspace(workspace)
    assert worth() == (people, accounts)


def test_values_of_other_metrics_are_no_money(workspace):
    metric = make_metric(workspace, "BUILD")
    sync_weights(workspace)
    digest(workspace, happening("build", 180), happening("purchase", 3))
    score_touched()
    assert worth()[0] == {"1": 3.0}
    metric.adds_to_lifetime_value = True
    metric.save()
    score_workspace(workspace)
    assert worth()[0] == {"1": 183.0}


def test_sums_too_large_for_a_number_stop_no_scoring(workspace):
    digest(workspace, happening("purchase", 1))
    DailyUsage.objects.update(value_sum=1e308)
    digest(workspace, happening("purchase", 1, at=AT - 86_400))
    DailyUsage.objects.update(value_sum=1e308)
    score_touched()
    assert worth()[0] == {"1": 2e250}


def test_a_flag_set_later_counts_what_was_before(client, workspace):
    client.force_login(make_member(workspace, "admin"))
    metric = make_metric(workspace, "BUILD")
    sync_weights(workspace)
    digest(workspace, happening("build", 180))
    score_touched()
    assert worth()[0] == {"1": 0.0}
    response = client.post(
        f"/admin/accounts/metric/{metric.pk}/change/",
        {
            "workspace": workspace.pk,
            "label": "Build",
            "level": metric.level,
            "weight": metric.weight,
            "adds_to_lifetime_value": "on",
        },
    )
    assert response.status_code == 302
    score_touched()
    assert worth()[0] == {"1": 180.0}
