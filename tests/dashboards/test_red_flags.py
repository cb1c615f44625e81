"""The page of red flags, what members may do there, and flags on other pages."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, RedFlag, Role
from tests.dashboards.data import World, happen, make_developer, now
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/red-flags/"


@pytest.fixture
def world(db):
    return World(make_workspace("acme"))


@pytest.fixture
def member(client, world):
    client.force_login(make_member(world.workspace))
    return client


def flag(developer, kind="clock", **fields):
    at = fields.pop("at", now())
    fields.setdefault("subject_key", f"{kind}:{developer.pk}:{RedFlag.objects.count()}")
    fields.setdefault(
        "evidence",
        {
            "what": "ahead",
            "stated_at": "2031-02-03T04:05:00+00:00",
            "received_at": "2026-11-20T12:00:00+00:00",
        },
    )
    return RedFlag.objects.create(
        workspace_id=developer.workspace_id,
        developer=developer,
        identity=developer.identities.first(),
        kind=kind,
        first_at=at,
        last_at=at,
        **fields,
    )


def read(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_flags_say_what_when_who_and_what_to_do(member, world):
    flag(world.ada, count=3)
    page = read(member, PAGE)
    assert "1 open red flag" in page
    assert "Impossible clock" in page
    assert "Said 3 Feb 2031, 04:05, arrived 20 Nov 2026, 12:00." in page
    assert "3 events" in page
    assert "ada@warm-works.example" in page
    assert "Warm Works" in page
    assert "Have the sender&#x27;s clock or time unit mended" in page
    assert reverse("dashboards:developer", args=["acme", world.ada.pk]) in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"a", "b", "d"}),
        ("?kind=clock", {"a"}),
        ("?kind=burst", {"b"}),
        ("?state=resolved", {"c"}),
        ("?state=all", {"a", "b", "c", "d"}),
        ("?state=resolved&kind=burst", set()),
        ("?account={warm}", {"a", "b"}),
        ("?account={cold}", {"b", "d"}),
        ("?account={cold}&state=all", {"b", "c", "d"}),
        ("?developer={ada}", {"a"}),
        ("?kind=nonsense&state=odd&account=x", {"a", "b", "d"}),
        ("?account=9223372036854775807", set()),
    ],
)
def test_filters(member, world, query, shown):
    flag(world.ada, subject_key="a")
    flag(
        world.bob, "burst", subject_key="b", evidence={"event_id": "b"},
        account=world.cold,
    )  # fmt: skip
    flag(world.cid, subject_key="c", resolved_at=now(), note="Known.")
    flag(world.cid, "two_accounts", subject_key="d", evidence={"companies": []})
    query = query.format(warm=world.warm.pk, cold=world.cold.pk, ada=world.ada.pk)
    context = member.get(PAGE + query).context
    subjects = dict(RedFlag.objects.values_list("pk", "subject_key"))
    assert {subjects[row.pk] for row in context["page"].rows} == shown


def test_paging_there_and_back(member, world):
    for age in range(60):
        flag(world.ada, at=now() - timedelta(hours=age // 3))
    seen, cursor = [], ""
    while True:
        page = member.get(PAGE + (f"?after={cursor}" if cursor else "")).context["page"]
        seen += [row.pk for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    expected = RedFlag.objects.order_by("-last_at", "-pk").values_list("pk", flat=True)
    assert seen == list(expected)


def test_members_resolve_with_a_note_and_open_again(member, world):
    one = flag(world.ada)
    here = PAGE + "?kind=clock"
    answer = member.post(
        f"{PAGE}{one.pk}/resolve/", {"note": "A wrong clock <b>", "next": here}
    )
    assert (answer.status_code, answer.url) == (302, here)
    one.refresh_from_db()
    assert (one.is_open, one.note) == (False, "A wrong clock <b>")
    assert one.resolved_by.email in read(member, PAGE + "?state=resolved")
    assert "A wrong clock &lt;b&gt;" in read(member, PAGE + "?state=resolved")
    member.post(f"{PAGE}{one.pk}/reopen/")
    one.refresh_from_db()
    assert one.is_open
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))[
        -2:
    ] == ["red_flag_resolved", "red_flag_reopened"]


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "x", ""],
)
def test_no_form_leads_away(member, world, target):
    one = flag(world.ada)
    answer = member.post(f"{PAGE}{one.pk}/resolve/", {"next": target})
    assert answer.url == PAGE


@pytest.mark.parametrize("act", ["resolve", "reopen"])
def test_who_may_resolve(client, world, act):
    one = flag(world.ada)
    address = f"{PAGE}{one.pk}/{act}/"
    outsider = make_member(make_workspace("other"), Role.ADMIN)
    for person, status in (
        (None, 302),
        (outsider, 404),
        (make_member(world.workspace, Role.VIEWER), 403),
        (make_member(world.workspace, Role.MEMBER), 302),
        (make_member(world.workspace, Role.ADMIN), 302),
    ):
        client.logout()
        if person:
            client.force_login(person)
        assert client.post(address).status_code == status
        assert client.get(address).status_code in {302, 403, 404, 405}
    assert "Resolve</button>" not in read_as_viewer(client, world)
    client.force_login(outsider)
    assert client.post(f"/w/other/red-flags/{one.pk}/{act}/").status_code == 404


def read_as_viewer(client, world):
    flag(world.bob)
    client.force_login(make_member(world.workspace, Role.VIEWER))
    return read(client, PAGE)


def test_flags_on_the_pages_of_account_and_developer(member, world):
    for _ in range(7):
        flag(world.ada)
    flag(world.cid, "two_accounts", evidence={"companies": []}, account=world.warm)
    flag(world.bob, resolved_at=now())
    account = read(member, f"/w/acme/accounts/{world.warm.pk}/")
    assert "8 red flags" in account
    assert "All 8, and resolved ones" in account
    assert "7 red flags" in read(member, f"/w/acme/developers/{world.ada.pk}/")
    assert (
        "red-flags"
        not in read(member, f"/w/acme/developers/{world.loner.pk}/").split("</nav>", 2)[
            -1
        ]
    )


def test_lists_filter_by_red_flags(member, world):
    flag(world.ada, "burst", evidence={"event_id": "1"})
    flag(world.cid, resolved_at=now())
    flag(world.loner, account=world.cold)

    def names(path):
        return [row.name for row in member.get(path).context["page"].rows]

    assert names("/w/acme/accounts/?flagged=any&sort=name") == [
        "Cold Corp",
        "Warm Works",
    ]
    assert names("/w/acme/accounts/?flagged=burst") == ["Warm Works"]
    assert names("/w/acme/accounts/?flagged=two_accounts") == []
    assert names("/w/acme/developers/?flagged=any&sort=name") == [
        "ada@warm-works.example",
        "loner@mail.example",
    ]
    assert names("/w/acme/developers/?flagged=clock") == ["loner@mail.example"]
    assert len(names("/w/acme/developers/?flagged=odd")) == 4


def test_events_are_marked_by_their_bits_and_bursts_by_their_flag(member, world):
    happen(world.ada, world.deploy, world.cli, now(), flags=128 | 4)
    happen(world.ada, world.build, world.cli, now())
    page = read(member, f"/w/acme/developers/{world.ada.pk}/")
    assert "Clock too early</span>" in page
    assert "Unknown licence key</span>" in page
    assert "One event sent again and again</span>" not in page
    world.ada.identities.first()
    burst = happen(world.bob, world.build, world.cli, now())
    type(burst).objects.filter(pk=burst.pk).update(event_id="again")
    flag(world.bob, "burst", evidence={"event_id": "again"})
    page = read(member, f"/w/acme/developers/{world.bob.pk}/")
    assert page.count("One event sent again and again</span>") == 2
    assert "Clock too early" in read(member, "/w/acme/ingestion/")


def test_the_page_asks_few_questions(member, world, django_assert_num_queries):
    member.get("/w/acme/overview/")
    for nth in range(30):
        person = make_developer(world.workspace, world.warm, email=f"x{nth}@w.example")
        flag(person)
    with django_assert_num_queries(8):
        read(member, PAGE)
    with django_assert_num_queries(9):
        read(member, f"{PAGE}?account={world.warm.pk}&kind=clock")


def test_an_empty_page_says_what_it_looks_for(member):
    assert "Nothing odd" in read(member, PAGE)
    assert "No red flag is like that" in read(member, f"{PAGE}?state=resolved")


def test_nothing_of_another_workspace(member, world):
    other = make_workspace("other")
    flag(make_developer(other, email="eve@other.example"))
    assert "Nothing odd" in read(member, PAGE)


def test_the_admin_resolves_several_at_once(client, world):
    several = [flag(world.ada), flag(world.bob), flag(world.cid)]
    client.force_login(make_member(world.workspace, Role.MEMBER))
    page = "/admin/accounts/redflag/"
    assert "Said 3 Feb 2031" in read(client, page)
    assert "clock or time unit" in read(client, f"{page}{several[0].pk}/change/")
    ticked = {
        "action": "resolve",
        "_selected_action": [one.pk for one in several[:2]],
    }
    answer = client.post(page, ticked)
    assert "open again by themselves" in answer.content.decode()
    assert RedFlag.objects.open().count() == 3
    confirmed = {**ticked, "confirmed": "yes"}
    assert client.post(page, confirmed).status_code == 302
    assert list(RedFlag.objects.open()) == [several[2]]
    assert AuditEntry.objects.filter(action="red_flag_resolved").count() == 2
    client.force_login(make_member(world.workspace, Role.VIEWER))
    client.post(page, {**confirmed, "_selected_action": [several[2].pk]})
    assert RedFlag.objects.open().count() == 1
