"""The pages: right numbers, few queries, a next step where there is nothing."""

import base64
import json
import re
from datetime import timedelta
from decimal import Decimal
from itertools import chain

import pytest

from accounts.models import (
    Account,
    AccountScore,
    Developer,
    DeveloperScore,
    Role,
    ScoreModel,
    ScoreSnapshot,
)
from accounts.models.score import Trend
from accounts.score_models import new_model_version
from tests.dashboards.data import (
    World,
    days_ago,
    make_account,
    make_developer,
    now,
    settle,
    use,
)
from tests.factories import (
    make_key,
    make_member,
    make_operator,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def member(client, world):
    user = make_member(world.workspace, Role.MEMBER)
    client.force_login(user)
    return client


def text_of(response):
    """The page without tags and with single spaces, as one would read it."""
    html = response.content.decode()
    body = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#x27;", "’")


def read(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status
    return text_of(response)


# ---- Overview


def test_overview_shows_the_numbers_of_the_data(member, world):
    page = member.get("/w/acme/overview/?days=30").context["page"]

    # Ada 4+6+2+1+10+20, Bob 7, pre-counted 1000, the loner 5 within 30 days.
    assert page.tiles[0].value == "1,055"
    # Ada's 3 of the day before the period, Cid's 50 and 60.
    assert page.tiles[0].note == "113 before"
    assert [tile.value for tile in page.tiles[1:3]] == ["3", "2"]
    assert [tile.note for tile in page.tiles[1:3]] == ["2 before", "2 before"]
    assert sum(bar.value for bar in page.uses.bars) == 1055
    assert page.uses.bars[-1].value == 14
    assert [(row.label, row.value) for row in page.products.rows] == [
        ("Orbit CLI", 1018),
        ("Orbit SDK", 37),
    ]
    assert sum(row.value for row in page.metrics.rows) == 1055
    assert sum(band.count for band in page.bands) == 2


def test_overview_counts_people_without_the_nameless(member, world):
    page = member.get("/w/acme/overview/?days=7").context["page"]

    # Yesterday Ada and the pre-counted use of Cold Corp: one person.
    assert page.developers.points[-2].value == 1
    assert page.tiles[1].value == "3"
    assert page.tiles[2].value == "2"


def test_movers_compare_with_the_day_before_the_period(member, world):
    page = member.get("/w/acme/overview/?days=7").context["page"]

    assert [mover.name for mover in page.rising] == ["Warm Works", "Cold Corp"]
    assert page.falling == ()
    assert page.rising[0].change == pytest.approx(
        page.rising[0].now.value - float(page.rising[0].before), abs=0.06
    )


def test_an_account_that_was_left_alone_cools_down(member, world):
    idle = make_account(world.workspace, "Idle Inc")
    eve = make_developer(world.workspace, idle, email="eve@idle-inc.example")
    use(eve, world.deploy, world.cli, {12: 90, 11: 90, 10: 90})
    settle(world.workspace)

    page = member.get("/w/acme/overview/?days=7").context["page"]

    assert [mover.name for mover in page.falling] == ["Idle Inc"]
    assert page.falling[0].change_text.startswith("−")


def test_custom_periods_and_what_makes_none(member):
    path = "/w/acme/overview/"
    first, last = days_ago(45).isoformat(), days_ago(40).isoformat()

    shown = member.get(f"{path}?first={first}&last={last}").context
    assert shown["period"].length == 6
    assert shown["page"].tiles[0].value == "110"
    wrong = read(member, f"{path}?first={last}&last={first}")
    assert (
        "The last day lies before the first. Last 30 days are shown instead." in wrong
    )
    assert "Enter a valid date." in read(member, f"{path}?first=never")
    assert "Select a valid choice" in read(member, f"{path}?days=31")
    assert "Days before 1900" in read(member, f"{path}?last=0001-01-01")


# ---- Lists


def names(response):
    return [row.name for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Warm Works", "Cold Corp"]),
        ("?sort=name", ["Cold Corp", "Warm Works"]),
        ("?q=warm", ["Warm Works"]),
        ("?q=COLD-CORP.EX", ["Cold Corp"]),
        ("?q=nobody", []),
        ("?rule=network", ["Cold Corp"]),
        ("?rule=email_domain", ["Warm Works"]),
        (
            "?band=bogus&sort=bogus&rule=bogus&product=999999",
            ["Warm Works", "Cold Corp"],
        ),
        ("?after=garbage", ["Warm Works", "Cold Corp"]),
    ],
)
def test_accounts_are_searched_filtered_and_sorted(member, query, expected):
    assert names(member.get(f"/w/acme/accounts/{query}")) == expected


def test_accounts_of_a_product(member, world):
    shown = member.get(f"/w/acme/accounts/?product={world.sdk.key}")

    assert names(shown) == ["Warm Works"]


def test_the_bands_divide_the_accounts(member, world):
    everything = names(member.get("/w/acme/accounts/"))
    by_band = {
        band: names(member.get(f"/w/acme/accounts/?band={band}"))
        for band in ("high", "medium", "low")
    }

    assert sorted(chain.from_iterable(by_band.values())) == sorted(everything)
    for band, found in by_band.items():
        for row in member.get("/w/acme/accounts/").context["page"].rows:
            assert (row.name in found) == (row.score.slug == band)


def test_an_account_without_any_use_is_listed_last(member, world):
    make_account(world.workspace, "Aardvark", domain="")

    shown = member.get("/w/acme/accounts/")

    assert names(shown)[-1] == "Aardvark"
    assert shown.context["page"].rows[-1].score.text == "0.0"


@pytest.mark.parametrize("sort", ["name", "score", "seen"])
@pytest.mark.parametrize("what", ["accounts", "developers"])
def test_paging_there_and_back_shows_every_row_once(member, world, sort, what):
    for nth in range(60):
        account = make_account(
            world.workspace, f"Same Name {nth % 3}", domain=f"c{nth}.example"
        )
        person = make_developer(
            world.workspace,
            account,
            email=f"p{nth}@c{nth}.example",
            display_name=f"Same {nth % 2}",
            last_seen_at=now() - timedelta(days=nth % 4),
        )
        use(person, world.build, world.cli, {1: nth % 5 + 1})
    settle(world.workspace)
    expected = 62 if what == "accounts" else 64

    def get(cursor):
        return member.get(f"/w/acme/{what}/?sort={sort}{cursor}").context["page"]

    last = get("")
    pages = [[row.pk for row in last.rows]]
    while last.next_cursor:
        last = get(f"&after={last.next_cursor}")
        pages.append([row.pk for row in last.rows])
    seen = list(chain.from_iterable(pages))
    assert len(seen) == len(set(seen)) == expected
    assert len(pages) == 3
    assert last.total.text == str(expected)

    back = get(f"&before={last.previous_cursor}")
    assert [row.pk for row in back.rows] == pages[1]
    first = get(f"&before={back.previous_cursor}")
    assert [row.pk for row in first.rows] == pages[0]
    assert first.previous_cursor == ""


def cursor_of(*parts):
    packed = json.dumps(parts).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


ODD_CURSORS = {
    "text": cursor_of("v", "x", 1),
    "number": cursor_of("v", 1.5, 1),
    "infinite": cursor_of("v", float("inf"), 1),
    "no number": cursor_of("v", float("nan"), 1),
    "huge": cursor_of("v", 10**400, 1),
    "yes": cursor_of("v", True, 1),
    "surrogate": cursor_of("v", "\ud800", 1),
    "day": cursor_of("t", "2026-01-01", 1),
    "too early": cursor_of("t", "0001-01-01T00:00:00+14:00", 1),
    "too late": cursor_of("t", "9999-12-31T23:59:59-14:00", 1),
    "no moment": cursor_of("t", 5, 1),
    "infinite key": cursor_of("t", "2026-01-01T00:00:00+00:00", float("inf")),
    "huge key": cursor_of("t", "2026-01-01T00:00:00+00:00", 10**20),
    "deep": base64.urlsafe_b64encode(b"[" * 5000).decode(),
    "no list": cursor_of(1),
    "no base64": "é",
}


@pytest.mark.parametrize("cursor", ODD_CURSORS.values(), ids=ODD_CURSORS)
def test_cursors_of_other_orders_and_of_nobody_show_a_page(member, world, cursor):
    for sort in ("score", "seen", "name"):
        for where in ("after", "before"):
            query = f"?sort={sort}&{where}={cursor}"
            for path in ("accounts/", "developers/", f"developers/{world.ada.pk}/"):
                assert member.get(f"/w/acme/{path}{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=ada@", ["ada@warm-works.example"]),
        ("?q=LONER", ["loner@mail.example"]),
        ("?rule=network", ["cid@cold-corp.example"]),
        ("?rule=none", ["loner@mail.example"]),
    ],
)
def test_developers_are_searched_and_filtered(member, query, expected):
    assert names(member.get(f"/w/acme/developers/{query}")) == expected


def test_developers_of_one_account(member, world):
    shown = member.get(f"/w/acme/developers/?account={world.warm.pk}")

    assert names(shown) == ["ada@warm-works.example", "bob@warm-works.example"]
    assert "2 developers of Warm Works" in text_of(shown)


def test_no_list_shows_the_nameless(member, world):
    shown = names(member.get("/w/acme/developers/"))

    assert len(shown) == 4
    assert str(world.counted) not in shown


# ---- One account, one developer


def test_account_page_shows_where_its_score_comes_from(member, world):
    page = member.get(f"/w/acme/accounts/{world.warm.pk}/").context["page"]

    lines = sum(line.shown for line in page.receipt.receipt.lines)
    assert (
        lines + page.receipt.receipt.breadth.shown == page.receipt.receipt.shown_points
    )
    assert page.score.value == page.receipt.receipt.score == page.meter.score
    assert page.trend.points[-1].value == pytest.approx(page.score.value, abs=0.05)
    assert [(row.metric, row.product, row.count) for row in page.metrics] == [
        ("Build", "Orbit SDK", 37),
        ("Deploy", "Orbit CLI", 13),
    ]
    stacked = {
        layer.name: sum(bar.value for bar in layer.bars) for layer in page.usage.layers
    }
    assert stacked == {"Orbit SDK": 37, "Orbit CLI": 13}
    assert next(row.name for row in page.developers) == "ada@warm-works.example"
    assert [(row.rule, row.developers, row.confidence) for row in page.rules] == [
        ("Domain of the e-mail address", 2, 90)
    ]


def test_receipt_on_the_page_adds_up_in_what_is_written(member, world):
    shown = member.get(f"/w/acme/accounts/{world.warm.pk}/")
    html = shown.content.decode()
    receipt = html[html.index('id="receipt"') :]
    body = receipt[receipt.index("<tbody>") : receipt.index("</tbody>")]
    foot = receipt[receipt.index("<tfoot>") :]

    def column(text, label):
        return re.findall(rf'data-label="{label}">([\d.]+)</td>', text)

    for label, total in (("Points", "Points"), ("Of the score", "Score")):
        written = [Decimal(number) for number in column(body, label)]
        assert len(written) == body.count("<tr>") >= 8
        assert str(sum(written)) == column(foot, total)[0]
    assert column(foot, "Score") == [shown.context["page"].score.text]
    assert f"Score {shown.context['page'].score.text}" in text_of(shown)


@pytest.mark.parametrize("kind", ["accounts", "developers"])
def test_a_receipt_of_a_past_day_is_what_the_graph_shows(member, world, kind):
    pk = {"accounts": world.warm.pk, "developers": world.ada.pk}[kind]
    path = f"/w/acme/{kind}/{pk}/"
    page = member.get(path).context["page"]
    links = {point.href: point.value for point in page.trend.points}
    assert len(links) == len(page.trend.table.rows) == 90

    for ago in (1, 7, 29, 60, 89):
        link = f"?on={days_ago(ago)}#receipt"
        shown = member.get(path + link)
        card = shown.context["page"].receipt
        assert card.on == days_ago(ago)
        assert card.kept == ""
        assert card.receipt.score == pytest.approx(links[link], abs=0.051)
        assert shown.context["page"].score == page.score
        assert shown.context["page"].trend.points == page.trend.points
        assert f"Why the score of {days_ago(ago):%-d %b %Y}" in text_of(shown)
        if card.receipt.lines:
            assert f"Score {card.score.text}" in text_of(shown)


@pytest.mark.parametrize("day", ["2001-01-01", "9999-12-31", "never", "0", "\0"])
def test_days_without_a_receipt_show_the_one_of_now(member, world, day):
    shown = member.get(f"/w/acme/accounts/{world.warm.pk}/", {"on": day})
    assert shown.status_code == 200
    assert shown.context["page"].receipt.on is None
    assert "The score of now is shown instead." in text_of(shown)


def test_a_receipt_says_when_that_night_another_score_was_kept(member, world):
    on = days_ago(7)
    world.warm.snapshots.filter(day=on).update(score=3.1)
    shown = read(member, f"/w/acme/accounts/{world.warm.pk}/?on={on}")
    assert "The score kept that night was 3.1." in shown


def test_a_receipt_says_that_another_model_judged_the_day(member, world):
    new_model_version(world.workspace, damp="linear", half_life_days=5.0)
    settle(world.workspace)
    on = days_ago(7)
    for kind, pk in (("accounts", world.warm.pk), ("developers", world.ada.pk)):
        # As they were kept, night by night, before the change.
        ScoreSnapshot.objects.update(model_version=1)
        shown = read(member, f"/w/acme/{kind}/{pk}/?on={on}")
        assert "judged by version 1" in shown
        assert "In force now is version 2" in shown
        assert "log₂(1 + uses)" in shown
        now = read(member, f"/w/acme/{kind}/{pk}/")
        assert "the number of uses" in now
        assert "it is by version 2 of the score model" in now
        assert "In 30 days" not in now


def test_lists_and_pages_say_where_a_score_is_going(member, world):
    for table in (Account, Developer):
        table.objects.update(first_seen_at=now() - timedelta(days=400))
    ScoreModel.objects.update(account_scale=60.0, developer_scale=60.0)
    settle(world.workspace)
    moved = {row.name: row.movement for row in rows_of(member, "accounts")}
    assert moved["Warm Works"].slug == "surging"
    assert moved["Warm Works"].direction == "up"
    assert moved["Cold Corp"].text.startswith("+")
    shown = read(member, "/w/acme/accounts/")
    assert f"↑ {moved['Warm Works'].text} Surging" in shown
    assert "10 points or more won in 7 days, and Medium or High now." in shown
    page = read(member, f"/w/acme/accounts/{world.warm.pk}/")
    assert f"In 7 days ↑ {moved['Warm Works'].text} Surging" in page
    assert "Surging : 10 points or more won in 7 days" in page
    assert "ada@warm-works.example" in names(member.get("/w/acme/developers/"))
    page = read(member, f"/w/acme/developers/{world.ada.pk}/")
    assert "Surging : 10 points or more won in 7 days" in page


def rows_of(member, kind, query=""):
    return member.get(f"/w/acme/{kind}/{query}").context["page"].rows


@pytest.mark.parametrize("kind", ["accounts", "developers"])
def test_the_trends_divide_those_with_a_score(member, world, kind):
    for pk, trend in ((world.warm.pk, "cooling"), (world.cold.pk, "dormant")):
        AccountScore.objects.filter(pk=pk).update(trend=trend)
    DeveloperScore.objects.filter(pk=world.ada.pk).update(trend="surging")
    everything = {row.pk: row.movement.slug for row in rows_of(member, kind)}
    for trend in Trend.values:
        found = {row.pk for row in rows_of(member, kind, f"?trend={trend}")}
        assert found == {pk for pk, slug in everything.items() if slug == trend}
    assert len(rows_of(member, kind, "?trend=bogus")) == len(everything)


def test_developer_page_shows_identities_timeline_and_receipt(member, world):
    world.add_events(3)

    shown = member.get(f"/w/acme/developers/{world.ada.pk}/")
    page = shown.context["page"]

    assert (
        sum(line.shown for line in page.receipt.receipt.lines)
        == page.receipt.receipt.shown_points
    )
    happenings = [one for _, day in page.timeline.days for one in day]
    assert [one.metric for one in happenings] == ["Deploy"] * 3
    assert happenings[0].at > happenings[-1].at
    assert sum(bar.value for bar in page.usage.bars) == 43
    text = text_of(shown)
    assert "ada@warm-works.example" in text
    assert "Domain of the e-mail address" in text
    assert "90 %" in text


def test_timeline_goes_back_page_by_page(member, world):
    events = world.add_events(90)
    path = f"/w/acme/developers/{world.ada.pk}/"

    seen, query = [], ""
    while True:
        page = member.get(path + query).context["page"].timeline
        seen += [one.pk for _, day in page.days for one in day]
        if not page.next_cursor:
            break
        query = f"?after={page.next_cursor}"

    assert seen == [event.pk for event in reversed(events)]


# ---- Ingestion


def test_ingestion_page_counts_by_outcome_key_and_reason(member, world):
    world.add_ingestion()
    world.add_events(2)

    shown = member.get("/w/acme/ingestion/")
    page = shown.context["page"]

    assert page.totals == {
        "accepted": "1,200",
        "duplicate": "30",
        "quarantined": "4",
        "refused": "9",
    }
    (sender,) = page.senders
    assert (sender.key, sender.accepted, sender.refused) == ("Orbit CI", 1200, 9)
    assert [(row.reason, row.count) for row in page.refusals] == [
        ("bad payload", 7),
        ("rate limited", 2),
    ]
    assert {layer.name: layer.bars[-1].value for layer in page.hours.layers} == {
        "Accepted": 1200,
        "Duplicate": 30,
        "Quarantined": 4,
        "Refused": 9,
    }
    assert (page.inbox.requests, page.inbox.events) == (2, 17)
    assert [(g.label, g.subject, g.count) for g in page.quarantine] == [
        ("Metric not configured", "launchrocket", 4)
    ]
    assert [one.metric for one in page.latest] == ["Deploy", "Deploy"]
    text = text_of(shown)
    assert "LAUNCH_ROCKET" in text
    assert "the disk was full" in text


def test_the_tail_polls_only_while_it_is_live(member, world):
    world.add_events(1)

    assert b'hx-trigger="every 5s"' in member.get("/w/acme/ingestion/").content
    paused = member.get("/w/acme/ingestion/?live=off").content
    assert b'hx-trigger="every 5s"' not in paused
    assert b"Resume live view" in paused


# ---- Nothing there yet


EMPTY_PAGES = ["today", "overview", "accounts", "developers", "ingestion"]


@pytest.mark.parametrize("page", EMPTY_PAGES)
def test_an_empty_workspace_says_the_next_step(client, page):
    workspace = make_workspace("fresh")
    client.force_login(make_member(workspace, Role.ADMIN))

    text = read(client, f"/w/fresh/{page}/")

    assert "No events yet" in text
    assert "create an API key" in text
    assert "curl http://testserver/api/product/usage" in text
    make_key(workspace)
    assert "one of the workspace’s API keys" in read(client, f"/w/fresh/{page}/")


@pytest.mark.parametrize("page", EMPTY_PAGES)
def test_the_next_step_is_one_that_the_reader_may_take(client, page):
    workspace = make_workspace("fresh")
    make_key(workspace)
    client.force_login(make_member(workspace, Role.VIEWER))

    assert "ask an admin of Fresh for an API key" in read(client, f"/w/fresh/{page}/")


def test_the_next_step_names_the_public_address(client, settings):
    settings.PUBLIC_URL = "https://uptick.example"
    client.force_login(make_member(make_workspace("fresh"), Role.ADMIN))

    text = read(client, "/w/fresh/overview/")

    assert "curl https://uptick.example/api/product/usage" in text


def test_pages_of_things_that_did_nothing(member, world):
    quiet = make_account(world.workspace, "Quiet Ltd")
    mute = make_developer(world.workspace, quiet, email="m@quiet.example")

    assert "there are no points" in read(member, f"/w/acme/accounts/{quiet.pk}/")
    page = read(member, f"/w/acme/developers/{mute.pk}/")
    assert "there are no points" in page
    assert "No events are kept for this developer" in page


# ---- Who may see what

PAGES = (
    "today/",
    "overview/",
    "accounts/",
    "developers/",
    "red-flags/",
    "versions/",
    "scoring/",
    "signals/",
    "licences/",
    "segments/",
    "segments/compare/",
    "lists/",
    "funnel/",
    "fit/",
    "ingestion/",
    "exports/",
    "",
)


def every_path(world):
    return [
        *(f"/w/acme/{page}" for page in PAGES),
        f"/w/acme/accounts/{world.warm.pk}/",
        f"/w/acme/developers/{world.ada.pk}/",
    ]


def test_anonymous_visitors_are_sent_to_the_login(client, world):
    for path in ["/", *every_path(world)]:
        response = client.get(path)
        assert response.status_code == 302, path
        assert response.url.startswith("/admin/login/"), path


def test_outsiders_learn_nothing(client, world):
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))

    for path in every_path(world):
        assert client.get(path).status_code == 404, path


def test_other_workspaces_rows_are_not_found_in_ones_own(client, world):
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))

    assert client.get(f"/w/other/accounts/{world.warm.pk}/").status_code == 404
    assert client.get(f"/w/other/developers/{world.ada.pk}/").status_code == 404
    listed = client.get(f"/w/other/developers/?account={world.warm.pk}&q=ada")
    assert b"warm-works" not in listed.content
    assert b"Warm Works" not in listed.content


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_every_page(client, world, role):
    world.add_ingestion()
    client.force_login(make_member(world.workspace, role))

    for path in every_path(world):
        assert client.get(path, follow=True).status_code == 200, path


def test_operators_see_every_workspace(client, world):
    client.force_login(make_operator())

    for path in every_path(world):
        assert client.get(path, follow=True).status_code == 200, path


def test_viewers_are_offered_nothing_to_change(client, world):
    world.add_ingestion()
    client.force_login(make_member(world.workspace, Role.VIEWER))

    person = client.get(f"/w/acme/developers/{world.ada.pk}/").content
    assert b"Move to another account" not in person
    assert b"Replay" not in client.get("/w/acme/ingestion/").content


def test_home_leads_to_the_workspace_visited_last(client, world):
    user = make_member(world.workspace)
    second = make_workspace("zeta")
    second.memberships.create(user=user, role=Role.VIEWER)
    client.force_login(user)

    assert client.get("/").url == "/w/acme/overview/"
    client.get("/w/zeta/overview/")
    assert client.get("/").url == "/w/zeta/overview/"


def test_home_of_somebody_without_a_workspace_says_what_to_do(client):
    client.force_login(make_user())

    assert "belong to no workspace" in read(client, "/")


def test_an_inactive_member_is_out(client, world):
    user = make_member(world.workspace)
    client.force_login(user)
    user.is_active = False
    user.save()

    assert client.get("/w/acme/overview/").status_code == 302


# ---- Cost

# Each includes what every page asks: session, user, roles, workspace, navigation.
QUERIES = {
    "overview/": 14,
    # A last page is followed by those who have no score.
    "accounts/": 14,
    "accounts/?q=a&band=low&rule=network&sort=name": 12,
    "developers/": 15,
    "developers/?q=a&rule=email_domain&sort=seen": 13,
    "funnel/": 12,
    "funnel/?of=developers&days=90": 12,
    "ingestion/": 15,
    "scoring/": 14,
}


@pytest.mark.parametrize("path", QUERIES)
def test_pages_ask_few_questions(member, world, path, django_assert_num_queries):
    world.add_ingestion()
    # Enough to fill the tail from the first stretch of time that is looked at.
    for _ in range(3):
        world.add_events(9)
    member.get("/w/acme/overview/")

    with django_assert_num_queries(QUERIES[path]):
        assert member.get(f"/w/acme/{path}").status_code == 200


def test_the_pages_of_one_cost_the_same_however_much_they_did(
    member, world, django_assert_max_num_queries
):
    world.add_events(3)
    for nth in range(15):
        person = make_developer(world.workspace, world.warm, email=f"x{nth}@w.example")
        use(person, world.build, world.cli, dict.fromkeys(range(20), 2))

    with django_assert_max_num_queries(34):
        member.get(f"/w/acme/accounts/{world.warm.pk}/")
    with django_assert_max_num_queries(34):
        member.get(f"/w/acme/developers/{world.ada.pk}/")


def test_pages_hold_nothing_that_a_strict_policy_blocks(member, world):
    world.add_ingestion()
    world.add_events(1)

    for path in every_path(world)[:-3] + every_path(world)[-2:]:
        response = member.get(path)
        html = response.content.decode()
        assert "style=" not in html, path
        assert not re.search(r"\son[a-z]+=", html), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", html), path
        assert "'none'" in response.headers["Content-Security-Policy"]
