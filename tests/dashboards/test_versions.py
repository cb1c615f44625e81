"""The version radar: numbers, drill-down, CSV, what is behind, and other pages."""

import csv
import io
from datetime import timedelta

import pytest

from accounts.models import Identity, ProductVersion, Role, VersionSeen
from accounts.version_counts import count_all_versions
from tests.dashboards.data import World, days_ago, make_account, make_developer, now
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db
RADAR = "/w/acme/versions/"


@pytest.fixture
def world(db):
    world = World(make_workspace("acme"))
    for version, age in (("1.9", 90), ("1.10", 10), ("2.0", -30)):
        ProductVersion.objects.create(
            workspace=world.workspace,
            product=world.cli,
            version=version,
            released_on=days_ago(age),
            is_supported=version != "1.9",
        )
    ran(world.ada, world.cli, "1.9", 40)
    ran(world.ada, world.cli, "1.10", 2)
    ran(world.bob, world.cli, "1.9", 1)
    ran(world.cid, world.cli, "1.9", 3)
    ran(world.counted, world.cli, "1.8", 5)
    ran(world.loner, world.cli, "=cmd", 6)
    ran(world.ada, world.sdk, "7", 1)
    count_all_versions()
    return world


@pytest.fixture
def member(client, world):
    client.force_login(make_member(world.workspace))
    return client


def ran(developer, product, version, age):
    at = now() - timedelta(days=age)
    VersionSeen.objects.create(
        workspace_id=developer.workspace_id,
        product=product,
        version=version,
        identity=developer.identities.first(),
        first_seen_at=at,
        last_seen_at=at,
    )


def read(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_radar_says_who_runs_what(member, world):
    products = member.get(RADAR).context["products"]
    cli, sdk = products
    assert (cli.name, cli.accounts, cli.developers) == ("Orbit CLI", 2, 4)
    assert (cli.newest, cli.behind, cli.behind_share) == ("1.10", 1, "50 %")
    assert [
        (one.version, one.status, one.accounts, one.developers, one.share)
        for one in cli.versions
    ] == [
        ("2.0", "not out yet", 0, 0, "0 %"),
        ("1.10", "newest", 1, 1, "50 %"),
        ("1.9", "no longer supported", 2, 2, "100 %"),
        ("1.8", "not on the list", 1, 0, "50 %"),
        ("=cmd", "not on the list", 0, 1, "0 %"),
    ]
    assert (sdk.name, sdk.newest, sdk.versions[0].status) == ("Orbit SDK", "", "")
    page = read(member, RADAR)
    assert "not yet</td>" in page
    assert "?version=%3Dcmd" in page


def test_accounts_on_a_version_and_behind(member, world):
    def listed(query):
        page = member.get(f"{RADAR}{world.cli.pk}/?{query}").context["page"]
        return [
            (row.name, [one.version for one in row.runs], row.developers)
            for row in page.rows
        ]

    assert listed("version=1.9") == [
        ("Cold Corp", ["1.9", "1.8"], 1),
        ("Warm Works", ["1.10", "1.9"], 2),
    ]
    assert listed("version=1.10") == [("Warm Works", ["1.10", "1.9"], 2)]
    assert listed("version=1.8") == [("Cold Corp", ["1.9", "1.8"], 1)]
    assert listed("behind=1") == [("Cold Corp", ["1.9", "1.8"], 1)]
    assert listed("version=4.4") == []
    assert "No account runs this version" in read(
        member, f"{RADAR}{world.cli.pk}/?version=%00x"
    )
    assert "Versions of Orbit CLI" in read(member, f"{RADAR}{world.cli.pk}/")
    assert (
        member.get(f"{RADAR}{world.cli.pk}/?after=nonsense&behind=1").status_code == 200
    )


def test_csv_is_safe_and_whole(member, world):
    world.warm.name = "=HYPERLINK(1)"
    world.warm.save()
    answer = member.get(f"{RADAR}{world.cli.pk}/accounts.csv?version=1.9")
    assert answer["Content-Type"].startswith("text/csv")
    assert 'filename="cli-1-9.csv"' in answer["Content-Disposition"]
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["account", "domain", "versions", "developers", "last_seen_at"]
    assert [row[:4] for row in rows[1:]] == [
        ["'=HYPERLINK(1)", "warm-works.example", "1.10, 1.9", "2"],
        ["Cold Corp", "cold-corp.example", "1.9, 1.8", "1"],
    ]
    behind = member.get(f"{RADAR}{world.cli.pk}/accounts.csv?behind=1").getvalue()
    assert behind.count(b"\r\n") == 2
    assert member.get(f"{RADAR}{world.cli.pk}/accounts.csv").status_code == 404


def test_paging_shows_every_account_once(member, world):
    for nth in range(60):
        account = make_account(world.workspace, f"Company {nth:02}")
        person = make_developer(world.workspace, account, email=f"p{nth}@x.example")
        ran(person, world.cli, "1.9", 2)
    seen, after = [], ""
    while True:
        page = member.get(
            f"{RADAR}{world.cli.pk}/?version=1.9" + (f"&after={after}" if after else "")
        ).context["page"]
        seen += [row.name for row in page.rows]
        after = page.next_cursor
        if not after:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 62


def test_versions_on_the_pages_of_account_and_developer(member, world):
    account = read(member, f"/w/acme/accounts/{world.warm.pk}/")
    assert "Versions in use" in account
    assert "1.10" in account
    cold = read(member, f"/w/acme/accounts/{world.cold.pk}/")
    assert "behind 1.10" in cold
    developer = read(member, f"/w/acme/developers/{world.bob.pk}/")
    assert "behind 1.10" in developer
    quiet = make_account(world.workspace, "Quiet")
    assert "Versions in use" not in read(member, f"/w/acme/accounts/{quiet.pk}/")


def test_who_may_look(client, world):
    paths = [
        RADAR,
        f"{RADAR}{world.cli.pk}/",
        f"{RADAR}{world.cli.pk}/?version=1.9",
        f"{RADAR}{world.cli.pk}/accounts.csv?behind=1",
    ]
    for path in paths:
        assert client.get(path).status_code == 302
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    for path in paths:
        assert client.get(path).status_code == 404
        assert client.get(path.replace("/acme/", "/other/")).status_code in {200, 404}
    assert client.get(f"/w/other/versions/{world.cli.pk}/").status_code == 404
    for role in Role:
        client.force_login(make_member(world.workspace, role))
        for path in paths:
            assert client.get(path).status_code == 200


def test_the_pages_ask_few_questions(member, world, django_assert_num_queries):
    member.get("/w/acme/overview/")
    for nth in range(30):
        person = make_developer(world.workspace, world.warm, email=f"x{nth}@w.example")
        ran(person, world.sdk, f"7.{nth}", nth)
    count_all_versions()
    with django_assert_num_queries(8):
        read(member, RADAR)
    with django_assert_num_queries(9):
        read(member, f"{RADAR}{world.sdk.pk}/")
    with django_assert_num_queries(9):
        read(member, f"{RADAR}{world.cli.pk}/?version=1.9")


def test_an_empty_page_says_where_versions_come_from(client):
    workspace = make_workspace("empty")
    client.force_login(make_member(workspace))
    assert "No versions seen yet" in read(client, "/w/empty/versions/")


def test_several_identities_are_one_developer(member, world):
    second = Identity.objects.create(
        workspace=world.workspace, developer=world.ada, kind="github", value="ada"
    )
    VersionSeen.objects.create(
        workspace=world.workspace,
        product=world.cli,
        version="1.9",
        identity=second,
        first_seen_at=now(),
        last_seen_at=now(),
    )
    count_all_versions(world.workspace)
    cli = member.get(RADAR).context["products"][0]
    assert {one.version: one.developers for one in cli.versions}["1.10"] == 0
    assert cli.developers == 4
