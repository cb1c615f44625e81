"""The read API: who may, what a list holds, how it is paged, and what is refused."""

from datetime import timedelta

import pytest

from accounts.models import ApiKey, Developer
from accounts.models.api_key import Dialect, ReadScope
from dashboards.api import limits
from dashboards.api.urls import router
from ingest.throttle import TokenBuckets
from tests.dashboards.data import (
    World,
    days_ago,
    make_account,
    make_developer,
    now,
    settle,
    use,
)
from tests.factories import make_key, make_workspace

pytestmark = pytest.mark.django_db
API = "/api/v1/"
SCOPES = {
    "products": ReadScope.PRODUCTS,
    "metrics": ReadScope.PRODUCTS,
    "accounts": ReadScope.ACCOUNTS,
    "account-scores": ReadScope.ACCOUNTS,
    "developers": ReadScope.PEOPLE,
    "identities": ReadScope.PEOPLE,
    "usage": ReadScope.USAGE,
    "events": ReadScope.EVENTS,
    "quarantine": ReadScope.QUARANTINE,
}


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def ask(client, world):
    """Ask a list with a read key, or another one given."""
    _, token = make_key(world.workspace, "reader", kind=ApiKey.Kind.READ)

    def get(path, *, key=token, status=200, **headers):
        if key:
            headers["Authorization"] = f"Bearer {key}"
        answer = client.get(f"{API}{path}", headers=headers)
        assert answer.status_code == status, answer.content
        return answer

    return get


def query_of(name, world):
    return f"?developer={world.ada.pk}" if name == "events" else ""


def addresses(world):
    """Every address of the API, by the list it belongs to."""
    found = [(name, f"{name}/{query_of(name, world)}") for name in SCOPES]
    world.quarantine("metric_not_configured", "launchrocket")
    identity = world.ada.identities.get()
    event = world.workspace.quarantined_events.get()
    return [
        *found,
        ("products", f"products/{world.cli.pk}/"),
        ("metrics", f"metrics/{world.build.pk}/"),
        ("accounts", f"accounts/{world.warm.pk}/"),
        ("accounts", f"accounts/{world.warm.pk}/receipt/"),
        ("accounts", f"accounts/{world.warm.pk}/scores/"),
        ("developers", f"developers/{world.ada.pk}/"),
        ("developers", f"developers/{world.ada.pk}/receipt/"),
        ("developers", f"developers/{world.ada.pk}/scores/"),
        ("identities", f"identities/{identity.pk}/"),
        ("quarantine", f"quarantine/{event.pk}/"),
        ("quarantine", "quarantine/counts/"),
    ]


# ---- Who may


def test_every_list_is_in_the_table_of_scopes():
    assert {name for name, _, _ in router.registry} == set(SCOPES)
    for name, view, _ in router.registry:
        assert view.resource.scope == SCOPES[name]
        assert view.resource.name == name


def test_scopes_and_kinds_of_keys(ask, world):
    everywhere = addresses(world)
    for kind in ApiKey.Kind:
        _, token = make_key(world.workspace, kind, kind=kind)
        for _, path in everywhere:
            may = kind in {ApiKey.Kind.READ, ApiKey.Kind.MANAGE}
            ask(path, key=token, status=200 if may else 403)
    for scope in ReadScope:
        _, token = make_key(
            world.workspace, scope, kind=ApiKey.Kind.READ, scopes=[scope]
        )
        for name, path in everywhere:
            answer = ask(path, key=token, status=200 if SCOPES[name] == scope else 403)
            if answer.status_code == 403:
                assert answer.json()["detail"] == (
                    f"The key lacks the scope {SCOPES[name].value}."
                )


def test_without_a_key_that_works(ask, world):
    expired, token = make_key(world.workspace, "old", kind=ApiKey.Kind.READ)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=now() - timedelta(days=1))
    for _, path in addresses(world):
        for key in ("", "up_read_nonsense", token):
            answer = ask(path, key=key, status=401)
            assert answer["WWW-Authenticate"] == "Bearer"
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == 401


def test_a_key_limited_to_other_senders_reads_nothing(ask, world):
    for dialects, status in (([Dialect.LICENSE], 403), ([Dialect.NATIVE], 200)):
        _, token = make_key(
            world.workspace, "one", kind=ApiKey.Kind.READ, dialects=dialects
        )
        for _, path in addresses(world)[:3]:
            ask(path, key=token, status=status)
        world.workspace.quarantined_events.all().delete()


def test_another_workspace_sees_nothing_of_this_one(
    ask, world, django_assert_num_queries
):
    stranger = make_workspace("other")
    _, token = make_key(stranger, "theirs", kind=ApiKey.Kind.READ)
    for name, path in addresses(world):
        if path.removeprefix(name).startswith("/?") or path == f"{name}/":
            rows = ask(path, key=token).json()["results"]
            assert rows == [] or name == "metrics", path
            for form in ("csv", "ndjson"):
                joint = "&" if "?" in path else "?"
                text = ask(f"{path}{joint}format={form}", key=token)
                body = b"".join(text.streaming_content).decode()
                assert "Orbit" not in body
                assert "warm" not in body
        elif path.endswith("counts/"):
            assert ask(path, key=token).json()["results"] == []
        else:
            ask(path, key=token, status=404)


def test_a_key_for_one_product_reads_only_that(ask, world):
    _, token = make_key(
        world.workspace, "cli", kind=ApiKey.Kind.READ, product=world.cli
    )
    world.add_events(3)
    assert [row["key"] for row in results(ask("products/", key=token))] == ["cli"]
    usage = results(ask("usage/?group=product", key=token))
    assert [(row["product"], row["count"]) for row in usage] == [("cli", 1018)]
    assert results(ask("usage/?product=sdk&group=product", key=token)) == []
    events = f"events/?developer={world.ada.pk}"
    assert len(results(ask(events, key=token))) == 3
    assert results(ask(f"{events}&product=sdk", key=token)) == []
    for name in ("accounts", "developers", "identities", "account-scores"):
        answer = ask(f"{name}/", key=token, status=403)
        assert "for one product" in answer.json()["detail"]


def test_reading_is_all(client, world):
    _, token = make_key(world.workspace, "reader", kind=ApiKey.Kind.READ)
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(client, method)(
            f"{API}accounts/", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 405
        assert answer.json()["status"] == 405


# ---- What lists hold


def results(answer):
    return answer.json()["results"]


def test_accounts(ask, world):
    rows = results(ask("accounts/?order=-score"))
    assert [row["name"] for row in rows] == ["Warm Works", "Cold Corp"]
    warm = rows[0]
    assert warm["domain"] == "warm-works.example"
    assert warm["country"] == "DE"
    assert warm["active_developers"] == 2
    assert warm["band"] == ask(f"accounts/{world.warm.pk}").json()["band"]
    only = results(ask("accounts/?fields=domain,id"))
    assert only[0] == {"id": world.warm.pk, "domain": "warm-works.example"}
