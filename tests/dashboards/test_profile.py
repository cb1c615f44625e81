"""A person's profile and picture, and lifetime value wherever it is shown."""

import hashlib

import pytest
from django.db import connection

from accounts.models import AccountScore, DeveloperScore, Role
from dashboards.queries.profile import profile_of
from tests.dashboards.data import World, happen, make_account, now
from tests.dashboards.test_pages import names, text_of
from tests.factories import make_developer, make_member, make_metric, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def member(client, world):
    client.force_login(make_member(world.workspace, Role.MEMBER))
    return client


@pytest.fixture
def rich(world):
    """Ada has bought, Bob has given back more than that."""
    make_metric(world.workspace, "purchase", adds_to_lifetime_value=True)
    DeveloperScore.objects.filter(developer=world.ada).update(lifetime_value=1234.5)
    DeveloperScore.objects.filter(developer=world.bob).update(lifetime_value=-20)
    AccountScore.objects.filter(account=world.warm).update(lifetime_value=1214.5)


def page_of(member, developer):
    return member.get(f"/w/acme/developers/{developer.pk}/")


# ---- Profile


def test_the_profile_stands_on_the_page(member, world):
    world.ada.traits = {
        "name": "Ada",
        "avatar": "https://x.example/a.png",
        "plan": "<b>pro</b>",
        "seats": 5,
        "beta": False,
        "address": {"city": "Köln"},
        "tz_offset": -120,
        "created": "2014-02-03",
        "long": "x" * 500,
    }
    world.ada.save()
    assert [(one.label, one.value) for one in profile_of(world.ada)] == [
        ("Customer since", "2014-02-03"),
        ("Time zone offset", "-120 minutes"),
        ("address", '{"city": "Köln"}'),
        ("beta", "no"),
        ("long", "x" * 300 + "…"),
        ("plan", "<b>pro</b>"),
        ("seats", "5"),
    ]
    page = page_of(member, world.ada)
    assert "&lt;b&gt;pro&lt;/b&gt;" in page.content.decode()
    assert "Profile As senders told it Customer since 2014-02-03" in text_of(page)


def test_no_profile_no_section(member, world):
    assert "As senders told it" not in text_of(page_of(member, world.bob))


# ---- Pictures


def policy(response):
    directives = response["Content-Security-Policy"].split("; ")
    return next(one for one in directives if one.startswith("img-src"))


OWN = "img-src 'self' data:"


def test_pictures_from_elsewhere_only_where_they_are_wanted(member, world):
    world.ada.traits = {"avatar": "https://x.example/a.png"}
    world.ada.save()
    response = page_of(member, world.ada)
    assert "<img" not in response.content.decode()
    assert policy(response) == OWN
    world.workspace.outside_images = True
    world.workspace.save()
    response = page_of(member, world.ada)
    assert 'src="https://x.example/a.png"' in response.content.decode()
    assert policy(response) == f"{OWN} https://x.example"
    # Of this page alone.
    assert policy(member.get("/w/acme/developers/")) == OWN


def test_without_avatar_the_gravatar_of_the_address(member, world):
    world.workspace.outside_images = True
    world.workspace.save()
    response = page_of(member, world.ada)
    digest = hashlib.sha256(b"ada@warm-works.example").hexdigest()
    assert f"https://www.gravatar.com/avatar/{digest}" in response.content.decode()
    assert policy(response) == f"{OWN} https://www.gravatar.com"


@pytest.mark.parametrize(
    "avatar",
    [
        "http://x.example/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "//x.example/a.png",
        "USER_AVATAR_URL",
        "https://x.example;script-src *",
        "https://x.example *",
        "https://user:pw@x.example/a.png",
        "https://[::1",
        "https://",
        7,
        {"url": "x"},
    ],
)
def test_other_addresses_are_no_pictures(member, world, avatar):
    world.workspace.outside_images = True
    world.workspace.save()
    world.ada.traits = {"avatar": avatar}
    world.ada.save()
    response = page_of(member, world.ada)
    assert response.status_code == 200
    assert policy(response) in {OWN, f"{OWN} https://www.gravatar.com"}


# ---- Lifetime value


def test_lifetime_value_stands_where_values_are_added_up(member, world, rich):
    assert "Lifetime value 1,234.5" in text_of(page_of(member, world.ada))
    assert "Lifetime value 0" in text_of(page_of(member, world.loner))
    account = member.get(f"/w/acme/accounts/{world.warm.pk}/")
    assert "Lifetime value 1,214.5" in text_of(account)
    assert "1,214.5" in text_of(member.get("/w/acme/accounts/"))
    assert "1,234.5" in text_of(member.get("/w/acme/developers/"))


def test_the_timeline_says_what_was_paid(member, world):
    purchase = make_metric(world.workspace, "purchase", adds_to_lifetime_value=True)
    happen(world.ada, purchase, world.cli, now(), value=1234.5)
    happen(world.ada, world.build, world.cli, now(), value=180)
    text = text_of(page_of(member, world.ada))
    assert "purchase of 1,234.5 in Orbit CLI" in text
    assert "Build in Orbit CLI" in text


def test_and_nowhere_else(member, world):
    for path in (
        "developers/",
        "accounts/",
        f"developers/{world.ada.pk}/",
        f"accounts/{world.warm.pk}/",
    ):
        html = member.get(f"/w/acme/{path}").content.decode()
        assert "<dt>Lifetime value" not in html
        assert "sort=worth" not in html


def test_lists_sort_by_it(member, world, rich):
    accounts = member.get("/w/acme/accounts/?sort=worth")
    assert names(accounts) == ["Warm Works", "Cold Corp"]
    people = member.get("/w/acme/developers/?sort=worth")
    # Those who have one.
    assert [row.worth for row in people.context["page"].rows] == ["1,234.5", "-20"]
    assert people.context["page"].total.count == 2


def test_sorted_pages_follow_each_other(member, world, rich):
    for number in range(40):
        person = make_developer(world.workspace, f"p{number}@x.example")
        DeveloperScore.objects.create(
            developer=person,
            workspace=world.workspace,
            points=1,
            lifetime_value=number // 2 + 1,
            model_version=1,
            last_active_on="2026-11-21",
            scored_at="2026-11-21T00:00Z",
        )
    seen, query = [], "?sort=worth"
    while True:
        page = member.get(f"/w/acme/developers/{query}").context["page"]
        seen += [float(row.worth.replace(",", "")) for row in page.rows]
        if not page.next_cursor:
            break
        query = f"?sort=worth&after={page.next_cursor}"
    assert len(seen) == 42
    assert seen == sorted(seen, reverse=True)


def test_the_list_by_lifetime_value_walks_its_index(member, world, rich):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT developer_id FROM accounts_developerscore"
            " WHERE workspace_id = %s AND (lifetime_value < 0 OR lifetime_value > 0)"
            " ORDER BY lifetime_value DESC, developer_id DESC LIMIT 26",
            [world.workspace.pk],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "developer_value_order" in plan


@pytest.mark.parametrize(
    ("path", "queries"),
    [("accounts/?sort=worth", 13), ("developers/?sort=worth", 13)],
)
@pytest.mark.usefixtures("rich")
def test_it_costs_no_question_more(member, path, queries, django_assert_num_queries):
    member.get("/w/acme/overview/")
    with django_assert_num_queries(queries):
        member.get(f"/w/acme/{path}")


def test_accounts_by_value_come_in_both_directions_and_the_others_last(
    member, world, rich
):
    for number in range(40):
        account = make_account(world.workspace, f"Company {number:02}")
        if number % 2:
            AccountScore.objects.create(
                account=account,
                workspace=world.workspace,
                points=1,
                effective_developers=1,
                active_developers=1,
                lifetime_value=-number if number % 3 else number * 1000,
                model_version=1,
                last_active_on="2026-11-21",
                scored_at="2026-11-21T00:00Z",
            )

    def walk(sort):
        seen, query = [], f"?sort={sort}"
        while True:
            page = member.get(f"/w/acme/accounts/{query}").context["page"]
            seen += [(row.pk, float(row.worth.replace(",", ""))) for row in page.rows]
            if not page.next_cursor:
                return seen
            query = f"?sort={sort}&after={page.next_cursor}"

    down, up = walk("worth"), walk("worth-low")
    assert len({pk for pk, _ in down}) == len(down) == len(up) == 42
    valued = [value for _, value in down if value]
    assert valued == sorted(valued, reverse=True)
    assert [value for _, value in up if value] == valued[::-1]
    # Who has none comes last, either way.
    assert not any(value for _, value in down[len(valued) :] + up[len(valued) :])
    # And back again.
    last = member.get("/w/acme/accounts/?sort=worth").context["page"].next_cursor
    page = member.get(f"/w/acme/accounts/?sort=worth&after={last}").context["page"]
    back = member.get(f"/w/acme/accounts/?sort=worth&before={page.previous_cursor}")
    assert [row.pk for row in back.context["page"].rows] == [pk for pk, _ in down[:25]]


def test_the_header_turns_the_order_round(member, world, rich):
    page = member.get("/w/acme/accounts/?sort=worth").content.decode()
    assert 'aria-sort="descending"' in page
    assert "sort=worth-low" in page
    page = member.get("/w/acme/accounts/?sort=worth-low").content.decode()
    assert 'aria-sort="ascending"' in page


def test_the_account_list_by_lifetime_value_walks_its_index(member, world, rich):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT account_id FROM accounts_accountscore"
            " WHERE workspace_id = %s AND (lifetime_value < 0 OR lifetime_value > 0)"
            " ORDER BY lifetime_value DESC, account_id DESC LIMIT 26",
            [world.workspace.pk],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "account_value_order" in plan
