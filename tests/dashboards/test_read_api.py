"""The read API: who may, what a list holds, how it is paged, and what is refused."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.lists import create_list, pick
from accounts.models import Account, ApiKey, Role, Subject, Tag
from accounts.models.api_key import Dialect, ReadScope
from accounts.segments.membership import refresh
from accounts.segments.store import make_segment
from accounts.tags import put_tag
from dashboards.api import limits, resource
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
from tests.factories import make_key, make_member, make_workspace

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
    "segments": ReadScope.SEGMENTS,
    "lists": ReadScope.LISTS,
    "tags": ReadScope.LISTS,
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
    segment, curated, tag = collected(world)
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
        ("segments", f"segments/{segment.pk}/"),
        ("segments", f"segments/{segment.pk}/members/"),
        ("lists", f"lists/{curated.pk}/"),
        ("lists", f"lists/{curated.pk}/entries/"),
        ("tags", f"tags/{tag.pk}/"),
        ("tags", f"tags/{tag.pk}/marks/"),
    ]


def collected(world):
    """A segment, a list and a tag, each with Warm Works in it."""
    rule = {"field": "country", "is": "one_of", "value": ["DE"]}
    segment = make_segment(
        world.workspace,
        subject=Subject.ACCOUNT,
        name="Orbit in Germany",
        rule=rule,
        is_shared=True,
        actor=None,
    )
    refresh(segment)
    curated = create_list(
        world.workspace, name="Orbit partners", subject=Subject.ACCOUNT, actor=None
    )
    pick(curated, world.warm, actor=None)
    tag = Tag.objects.create(
        workspace=world.workspace, subject=Subject.ACCOUNT, name="Orbit champion"
    )
    put_tag(tag, world.warm, actor=None)
    return segment, curated, tag


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
    paths = addresses(world)[:3]
    for dialects, status in (([Dialect.LICENSE], 403), ([Dialect.NATIVE], 200)):
        _, token = make_key(
            world.workspace, "one", kind=ApiKey.Kind.READ, dialects=dialects
        )
        for _, path in paths:
            ask(path, key=token, status=status)


def test_another_workspace_sees_nothing_of_this_one(
    ask, world, django_assert_num_queries
):
    stranger = make_workspace("other")
    _, token = make_key(stranger, "theirs", kind=ApiKey.Kind.READ)
    for name, path in addresses(world):
        if path.removeprefix(name).startswith("/?") or path == f"{name}/":
            rows = ask(path, key=token).json()["results"]
            # Every workspace has some of these from its beginning.
            assert rows == [] or name in {"metrics", "segments"}, path
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
    assert warm == ask(f"accounts/{world.warm.pk}").json()
    page = client_page(world, "accounts")
    assert [(row.name, row.score.value) for row in page] == [
        (row["name"], pytest.approx(row["score"], abs=0.05)) for row in rows
    ]
    only = results(ask("accounts/?fields=domain,id"))
    assert only[0] == {"id": world.warm.pk, "domain": "warm-works.example"}


def client_page(world, what):
    """The rows of the page that shows the same list."""
    client = Client()
    client.force_login(make_member(world.workspace, Role.VIEWER))
    return client.get(f"/w/{world.workspace.slug}/{what}/").context["page"].rows


def test_developers_and_what_they_are_known_as(ask, world):
    rows = results(ask("developers/?order=-score"))
    assert [row["id"] for row in rows] == [
        row.pk for row in client_page(world, "developers")
    ]
    assert world.counted.pk not in {row["id"] for row in rows}
    ada = ask(f"developers/{world.ada.pk}").json()
    assert ada["account_name"] == "Warm Works"
    assert ada["identities"] == [{"kind": "email", "value": "ada@warm-works.example"}]
    ask(f"developers/{world.counted.pk}", status=404)

    found = results(ask("identities/?value=ADA@warm-works.example"))
    assert [(row["developer_id"], row["kind"]) for row in found] == [
        (world.ada.pk, "email")
    ]
    assert len(results(ask(f"identities/?account={world.warm.pk}"))) == 2
    assert len(results(ask("identities/"))) == 4


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("accounts/?q=warm", ["Warm Works"]),
        ("accounts/?domain=COLD-corp.example", ["Cold Corp"]),
        ("accounts/?country=de", ["Warm Works"]),
        ("accounts/?product=sdk", ["Warm Works"]),
        ("accounts/?rule=network", ["Cold Corp"]),
        ("accounts/?seen_before=2020-01-01", []),
        ("accounts/?seen_from=2020-01-01T00:00:00%2B02:00&order=name", None),
        ("developers/?rule=none", ["loner@mail.example"]),
        ("developers/?anonymous=true", []),
    ],
)
def test_filters(ask, world, query, expected):
    names = [row["name"] for row in results(ask(query))]
    assert names == (["Cold Corp", "Warm Works"] if expected is None else expected)


def test_usage_is_summed_by_what_is_asked_for(ask, world):
    assert sum(row["count"] for row in results(ask("usage/"))) == 1055
    assert results(ask("usage/?group=product")) == [
        {**NOTHING, "product": "cli", "count": 1018, "value_sum": 0.0},
        {**NOTHING, "product": "sdk", "count": 37, "value_sum": 0.0},
    ]
    by_account = results(ask("usage/?group=account"))
    assert {row["account_id"]: row["count"] for row in by_account} == {
        None: 5,
        world.warm.pk: 50,
        world.cold.pk: 1000,
    }
    of_ada = f"usage/?developer={world.ada.pk}&group=day,metric&first={days_ago(60)}"
    assert [(row["day"], row["metric"], row["count"]) for row in results(ask(of_ada))][
        :2
    ] == [
        (str(days_ago(30)), "DEPLOY", 3),
        (str(days_ago(29)), "DEPLOY", 1),
    ]
    one_day = f"usage/?first={days_ago(1)}&last={days_ago(1)}&group=metric"
    assert {row["metric"]: row["count"] for row in results(ask(one_day))} == {
        "DEPLOY": 6,
        "BUILD": 1000,
    }
    only = results(
        ask("usage/?group=developer&metric=DEPLOY&fields=developer_id,count")
    )
    assert only == [{"developer_id": world.ada.pk, "count": 13}]


NOTHING = {
    "day": None,
    "developer_id": None,
    "account_id": None,
    "product": None,
    "metric": None,
}


@pytest.mark.parametrize(
    "group",
    ["", "day", "developer", "account", "product", "day,developer,product,metric"],
)
def test_usage_is_paged_without_losing_any(ask, world, group):
    query = f"usage/?group={group}&first={days_ago(60)}"
    whole = results(ask(query))
    assert pages_of(ask, f"{query}&limit=1") == whole
    assert pages_of(ask, f"{query}&limit=2") == whole
    assert len(whole) > 1
    back = results(ask(f"{query}&order=-key"))
    assert back == whole[::-1]
    assert pages_of(ask, f"{query}&order=-key&limit=1") == back


@pytest.mark.parametrize("group", ["day", "account", "day,developer,product,metric"])
def test_usage_is_paged_back_as_well(ask, world, group):
    path, pages = f"usage/?group={group}&first={days_ago(60)}&limit=2", []
    while path:
        answer = ask(path).json()
        pages.append(answer["results"])
        path = (answer["next"] or "").partition(API)[2]
        last = answer
    assert len(pages) > 1
    for page in reversed(pages[:-1]):
        last = ask(last["previous"].partition(API)[2]).json()
        assert last["results"] == page
    assert last["previous"] is None
    assert refused(ask(f"usage/?group={group}&after=x&before=y", status=422)) == [
        "before"
    ]


def pages_of(ask, path):
    """Follow `next` to the end."""
    rows, pages = [], 0
    while path:
        answer = ask(path).json()
        rows += answer["results"]
        path = (answer["next"] or "").partition(API)[2]
        pages += 1
        assert pages < 100
    return rows


def test_events_of_somebody(ask, world):
    world.add_events(5)
    rows = results(ask(f"events/?developer={world.ada.pk}"))
    assert len(rows) == 5
    assert rows == sorted(rows, key=lambda row: row["occurred_at"], reverse=True)
    assert (rows[0]["developer_id"], rows[0]["account_id"]) == (
        world.ada.pk,
        world.warm.pk,
    )
    assert (rows[0]["metric"], rows[0]["product"]) == ("DEPLOY", "cli")
    path = f"events/?account={world.warm.pk}"
    assert results(ask(path)) == rows
    assert pages_of(ask, f"{path}&limit=2") == rows
    assert results(ask(f"{path}&product=sdk")) == []
    assert results(ask(f"{path}&is_test=true")) == []
    middle = rows[2]["occurred_at"]
    assert len(results(ask(f"{path}&occurred_from={middle}"))) == 3
    assert len(results(ask(f"{path}&occurred_before={middle}"))) == 2
    assert results(ask(f"events/?developer={world.bob.pk}")) == []


def test_events_by_arrival(ask, world):
    world.add_events(5)
    since = days_ago(1).isoformat()
    rows = results(ask(f"events/?received_from={since}"))
    assert len(rows) == 5
    assert rows == sorted(rows, key=lambda row: row["received_at"])
    assert pages_of(ask, f"events/?received_from={since}&limit=2") == rows
    one = f"events/?received_from={since}&account={world.warm.pk}"
    assert results(ask(one)) == rows
    assert results(ask(f"events/?received_from={since}&account={world.cold.pk}")) == []
    assert results(ask(f"events/?received_from={since}&metric=BUILD")) == []
    ada = world.ada
    for who, number in (
        (f"developer={ada.pk}", 5),
        (f"identity={ada.identities.get().pk}", 5),
        (f"developer={ada.pk}&account={world.warm.pk}", 5),
        (f"developer={ada.pk}&account={world.cold.pk}", 0),
        (f"developer={world.bob.pk}", 0),
        ("identity=999999", 0),
    ):
        found = results(ask(f"events/?received_from={since}&{who}"))
        assert len(found) == number, who


def test_events_by_arrival_never_list_the_identities_of_an_account(ask, world):
    world.add_events(2)
    path = f"events/?received_from={days_ago(1).isoformat()}"
    ask(path)
    numbers = []
    for address in (path, f"{path}&account={world.warm.pk}"):
        with CaptureQueriesContext(connection) as asked:
            assert len(results(ask(address))) == 2
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("name", ["usage", "events", "account-scores"])
def test_what_has_no_number_promises_no_row(ask, client, world, name):
    ask(f"{name}/1/", status=404)
    described = client.get("/api/schema/?format=json").json()["paths"]
    lists = {path.partition("{")[0] for path in described if path.endswith("{id}/")}
    assert f"/api/v1/{name}/" in {path.rstrip("?") for path in described}
    assert f"/api/v1/{name}/" not in lists
    assert "/api/v1/accounts/" in lists


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "received_from"),
        ("?received_from=2026-01-01&received_before=2026-03-01", "received_before"),
        ("?received_before=2026-03-01&developer=1", "received_before"),
        ("?occurred_from=2026-03-01", "occurred_from"),
        ("?developer=1&order=-time", "order"),
        ("?developer=1&before=x", "before"),
        ("?developer=1&after=x", "after"),
    ],
)
def test_no_list_of_events_is_without_bounds(ask, query, parameter):
    assert parameter in refused(ask(f"events/{query}", status=422))


def test_daily_scores(ask, world):
    rows = results(ask(f"account-scores/?first={days_ago(3)}&last={days_ago(1)}"))
    assert {row["account_id"] for row in rows} == {world.warm.pk, world.cold.pk}
    assert [row["day"] for row in rows] == sorted(row["day"] for row in rows)
    path = f"account-scores/?account={world.warm.pk}&first={days_ago(40)}"
    assert pages_of(ask, f"{path}&limit=7") == results(ask(path))
    by_day = results(ask(f"accounts/{world.warm.pk}/scores/?days=4"))
    assert len(by_day) == 4
    assert by_day[2]["score"] == pytest.approx(
        next(
            row["score"]
            for row in rows
            if row["account_id"] == world.warm.pk and row["day"] == by_day[2]["day"]
        ),
        abs=0.11,
    )


@pytest.mark.parametrize("what", ["accounts", "developers"])
@pytest.mark.parametrize("on", ["", f"?on={days_ago(3)}", "?lines=2", "?lines=0"])
def test_receipts_add_up_to_the_score(ask, world, what, on):
    pk = world.warm.pk if what == "accounts" else world.ada.pk
    receipt = ask(f"{what}/{pk}/receipt/{on}").json()
    parts = [*receipt["lines"], receipt["other"], receipt["breadth"]]
    shown = [part for part in parts if part]
    assert sum(Decimal(part["shown"]) for part in shown) == Decimal(receipt["points"])
    assert sum(Decimal(part["share"]) for part in shown) == Decimal(receipt["score"])
    if not on:
        row = ask(f"{what}/{pk}").json()
        assert float(receipt["score"]) == row["score"]
        assert receipt["band"] == row["band"]


@pytest.mark.parametrize("limit", ["0", "1001", "0000000011000", "1" + "0" * 5000])
def test_no_page_is_longer_than_the_limit(ask, world, limit):
    """Leading zeros once hid a larger number."""
    ask(f"accounts/?limit={limit}", status=422)


@pytest.mark.parametrize("pk", [2**63, f"{'0' * 30}{2**70}", "9" * 5000])
def test_numbers_that_no_row_has_are_not_found(ask, world, pk):
    ask(f"accounts/{pk}/", status=404)


def test_quarantine(ask, world):
    for _ in range(3):
        world.quarantine("metric_not_configured", "launchrocket", "LAUNCH_ROCKET")
    world.quarantine("poison", "")
    assert len(results(ask("quarantine/?reason=poison"))) == 1
    assert results(ask("quarantine/?status=discarded")) == []
    row = results(ask("quarantine/?subject=launchrocket&limit=1"))[0]
    assert "payload" not in row
    counts = results(ask("quarantine/counts/"))
    assert [(row["reason"], row["events"]) for row in counts] == [
        ("metric_not_configured", 3),
        ("poison", 1),
    ]


def test_a_private_segment_is_as_unknown_as_one_that_is_not(ask, client, world):
    owner, other = make_member(world.workspace), make_member(world.workspace)
    hidden = make_segment(
        world.workspace,
        subject=Subject.ACCOUNT,
        name="Mine alone",
        rule={"field": "name", "is": "equals", "value": "Warm Works"},
        is_shared=False,
        actor=owner,
    )
    refresh(hidden)

    def answer(pk):
        return ask(f"accounts/?segment={pk}", status=422).json()["errors"]

    assert answer(hidden.pk) == answer(999_999)
    for pk in (hidden.pk, 999_999):
        ask(f"segments/{pk}/", status=404)
        client.force_login(other)
        page = client.get(f"/w/acme/accounts/?segment={pk}").content.decode()
        assert "Cold Corp" in page
        assert "Mine alone" not in page
        assert client.get(f"/w/acme/segments/{pk}/").status_code == 404
        assert client.post(f"/w/acme/follow/segment/{pk}/").status_code == 404
    client.force_login(owner)
    page = client.get(f"/w/acme/accounts/?segment={hidden.pk}").content.decode()
    assert "Warm Works" in page
    assert "Cold Corp" not in page


def test_segments_lists_and_tags_with_who_is_in_them(ask, world):
    segment, curated, tag = collected(world)
    hidden = make_segment(
        world.workspace,
        subject=Subject.ACCOUNT,
        name="Mine alone",
        rule=segment.rule,
        is_shared=False,
        actor=make_member(world.workspace),
    )
    rows = {row["name"]: row for row in results(ask("segments/"))}
    assert rows["Orbit in Germany"]["size"] == 1
    assert "Germany" in rows["Orbit in Germany"]["words"]
    assert "Mine alone" not in rows
    ask(f"segments/{hidden.pk}/", status=404)
    ask(f"segments/{hidden.pk}/members/", status=404)
    for path in (
        f"segments/{segment.pk}/members/",
        f"lists/{curated.pk}/entries/",
        f"tags/{tag.pk}/marks/",
    ):
        member = results(ask(path))[0]
        assert (member["account_id"], member["developer_id"]) == (world.warm.pk, None)
        stream = ask(f"{path}?format=ndjson")
        assert json.loads(b"".join(stream.streaming_content)) == member
    assert member["by_hand"] is True
    assert results(ask(f"segments/{segment.pk}/members/?left=true")) == []
    for query in (f"segment={segment.pk}", f"list={curated.pk}", f"tag={tag.pk}"):
        names = [row["name"] for row in results(ask(f"accounts/?{query}"))]
        assert names == ["Warm Works"]
    assert refused(ask(f"accounts/?segment={hidden.pk}", status=422)) == ["segment"]
    assert refused(ask(f"developers/?tag={tag.pk}", status=422)) == ["tag"]

    Account.objects.filter(pk=world.warm.pk).update(country="FR")
    refresh(segment)
    assert results(ask(f"segments/{segment.pk}/members/")) == []
    left = results(ask(f"segments/{segment.pk}/members/?left=true"))[0]
    assert len(left["left_because"]) == 1
    assert "Germany" in left["left_because"][0]


# ---- Pages, orders, streams


def crowd(world, count):
    """Accounts and developers with equal values, some without score or visit."""
    for nth in range(count):
        account = make_account(
            world.workspace, f"Same {nth % 3}", domain=f"c{nth}.example"
        )
        if nth % 4 == 0:
            Account.objects.filter(pk=account.pk).update(last_seen_at=None)
        person = make_developer(
            world.workspace,
            account,
            email=f"p{nth}@c{nth}.example",
            display_name=f"Same {nth % 2}",
            last_seen_at=now() - timedelta(days=nth % 4),
        )
        if nth % 3:
            use(person, world.build, world.cli, {1: nth % 5 + 1})
    settle(world.workspace)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("what", "order"),
    [
        (what, order)
        for what in ("accounts", "developers")
        for order in ("id", "score", "last_seen_at", "name")
    ],
)
def test_there_and_back_again(ask, world, what, order, sign):
    crowd(world, 14)
    path = f"{what}/?order={sign}{order}&fields=id&limit=4"
    first = ask(path).json()
    pages, there = [first["results"]], first
    while there["next"]:
        there = ask(there["next"].partition(API)[2]).json()
        pages.append(there["results"])
    ids = [row["id"] for page in pages for row in page]
    assert len(ids) == len(set(ids)) == (16 if what == "accounts" else 18)
    back = there
    for page in reversed(pages[:-1]):
        back = ask(back["previous"].partition(API)[2]).json()
        assert back["results"] == page
    assert back["previous"] is None


def test_rows_without_a_value_come_last_either_way(ask, world):
    never = make_account(world.workspace, "Never", domain="never.example")
    Account.objects.filter(pk=never.pk).update(last_seen_at=None)
    for order in ("score", "-score", "last_seen_at", "-last_seen_at"):
        rows = results(ask(f"accounts/?order={order}"))
        assert rows[-1]["name"] == "Never"
    assert rows[-1]["trend"] is None


@pytest.mark.parametrize("name", SCOPES)
def test_streams_hold_what_pages_hold(ask, world, name, monkeypatch):
    crowd(world, 7)
    world.add_events(5)
    for _ in range(3):
        world.quarantine("metric_not_configured", "launchrocket")
    monkeypatch.setattr(resource.Resource, "chunk_size", 3)
    collected(world)
    path = f"{name}/{query_of(name, world) or '?'}"
    rows = pages_of(ask, f"{path}&limit=5")
    answer = ask(f"{path}&format=ndjson")
    assert answer["Content-Type"] == "application/x-ndjson; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    assert [json.loads(line) for line in text.splitlines()] == rows
    accepted = ask(path, Accept="text/csv")
    assert accepted["Content-Type"] == "text/csv; charset=utf-8"
    table = b"".join(accepted.streaming_content).decode().removeprefix("\ufeff")
    lines = list(csv.DictReader(io.StringIO(table)))
    assert len(lines) == len(rows) > 0
    assert list(lines[0]) == list(rows[0])


# ---- What is refused


def refused(answer):
    """The parameters that a problem names."""
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert problem["code"] == "invalid_parameter"
    return [one["parameter"] for one in problem["errors"]]


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=٣", "limit"),
        ("order=nonsense", "order"),
        ("order=--id", "order"),
        ("fields=id,nonsense", "fields"),
        ("after=nonsense", "after"),
        ("after=bnVsbA", "after"),
        ("format=xml", "format"),
        ("format=csv&limit=3", "limit"),
        ("format=ndjson&after=x", "after"),
        ("nonsense=1", "nonsense"),
        ("page=2", "page"),
    ],
)
def test_wrong_parameters_are_named(ask, world, name, query, parameter):
    path = f"{name}/{query_of(name, world) or '?'}&{query}"
    assert parameter in refused(ask(path, status=422))


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("accounts/?band=hot", "band"),
        ("accounts/?product=none", "product"),
        ("accounts/?seen_from=soon", "seen_from"),
        ("accounts/?seen_from=0001-01-01T00:00:00%2B14:00", "seen_from"),
        ("accounts/?q=" + "x" * 101, "q"),
        ("accounts/?q=%00", "q"),
        ("developers/?account=0", "account"),
        ("developers/?account=99999999999999999999", "account"),
        ("usage/?group=week", "group"),
        ("usage/?first=2020-01-01", "first"),
        ("usage/?first=2026-02-02&last=2026-02-01", "last"),
        ("usage/?last=0001-01-01&first=0001-01-02", "last"),
        ("usage/?before=x", "before"),
        ("accounts/1/?band=high", "band"),
        ("accounts/1/?format=csv", "format"),
        ("accounts/1/receipt/?on=yesterday", "on"),
        ("accounts/1/receipt/?on=2020-01-01", "on"),
        ("accounts/1/receipt/?lines=2001", "lines"),
        ("accounts/1/receipt/?day=1", "day"),
        ("accounts/1/scores/?days=91", "days"),
    ],
)
def test_wrong_values_are_named(ask, world, path, parameter):
    path = path.replace("accounts/1/", f"accounts/{world.warm.pk}/")
    assert parameter in refused(ask(path, status=422))


def test_cursors_of_another_order_are_refused(ask, world):
    cursor = ask("accounts/?order=name&limit=1").json()["next"]
    after = cursor.partition("after=")[2].partition("&")[0]
    assert refused(ask(f"accounts/?order=score&after={after}", status=422)) == ["after"]
    usage = ask("usage/?group=day&limit=1").json()["next"]
    after = usage.partition("after=")[2].partition("&")[0]
    assert refused(ask(f"usage/?group=product&after={after}", status=422)) == ["after"]


def test_odd_numbers_and_formats(ask):
    for pk in ("0", "99999999999999999999999", "9223372036854775808"):
        ask(f"accounts/{pk}/", status=404)
    answer = ask("accounts/", Accept="image/png", status=406)
    assert answer["Content-Type"] == "application/problem+json"
    ask("accounts/", Accept="*/*")


# ---- Limits


def test_answers_say_what_is_left_and_then_when_to_come_back(ask, world, monkeypatch):
    now = [100.0]
    small = TokenBuckets(3 / 60, depth=3, clock=lambda: now[0])
    monkeypatch.setattr(limits, "buckets", small)
    answer = ask("products/")
    assert answer["RateLimit-Policy"] == '"key";q=3;w=60'
    assert answer["RateLimit"] == '"key";r=2;t=20'
    ask("products/")
    assert ask("products/")["RateLimit"] == '"key";r=0;t=60'
    refusal = ask("products/", status=429)
    assert refusal["Retry-After"] == "20"
    assert refusal["RateLimit"] == '"key";r=0;t=60'
    problem = refusal.json()
    assert problem["violated-policies"] == ["key"]
    assert problem["type"].endswith("#quota-exceeded")
    _, other = make_key(world.workspace, "other", kind=ApiKey.Kind.READ)
    ask("products/", key=other)
    now[0] += 20
    ask("products/")


def test_no_limit_says_nothing(ask, monkeypatch):
    monkeypatch.setattr(limits, "buckets", TokenBuckets(0))
    assert "RateLimit" not in ask("products/").headers


# ---- Costs and description

QUERIES = {
    "products": 2,
    "metrics": 2,
    "accounts": 4,
    "account-scores": 2,
    "developers": 4,
    "identities": 2,
    "usage": 4,
    "events": 6,
    "segments": 2,
    "lists": 2,
    "tags": 2,
    "quarantine": 2,
}


@pytest.mark.parametrize("name", SCOPES)
def test_few_questions_however_many_rows(ask, world, name, django_assert_num_queries):
    crowd(world, 12)
    world.add_events(9)
    for _ in range(9):
        world.quarantine("metric_not_configured", "launchrocket")
    path = f"{name}/{query_of(name, world) or '?'}"
    ask(path)
    for limit in (2, 9):
        with django_assert_num_queries(QUERIES[name]):
            ask(f"{path}&limit={limit}")


def test_every_example_has_the_fields_of_a_row():
    for _, view, _ in router.registry:
        found = view.resource
        assert list(found.serializer.example) == found.known_fields()


def test_usage_of_people_reads_more_days_the_emptier_they_are(
    ask, world, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        ask(f"usage/?group=day,developer&first={days_ago(365)}&metric=DEPLOY")
