"""Segments: built without script, shown, shared, compared; who may do what."""

import re
from datetime import timedelta

import pytest
from django.http import QueryDict

from accounts.models import (
    Account,
    AuditEntry,
    Role,
    Segment,
    SegmentMark,
    SegmentSize,
)
from accounts.segments.membership import refresh, refresh_all
from accounts.segments.store import (
    change_segment,
    default_segment,
    make_segment,
    mark,
    set_default,
)
from dashboards.queries.segment_stays import stays_of
from dashboards.segment_draft import as_rule, from_post, from_rule
from tests.dashboards.data import World, days_ago, now
from tests.dashboards.forms_without_script import Form
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def user(world):
    return make_member(world.workspace, Role.MEMBER)


@pytest.fixture
def member(client, user):
    client.force_login(user)
    return client


def country(*codes):
    return {"field": "country", "is": "one_of", "value": list(codes)}


def segment_of(world, rule=None, subject="account", name="Ours", **fields):
    fields.setdefault("is_shared", True)
    made = make_segment(
        world.workspace,
        subject=subject,
        name=name,
        rule=rule or {"all": []},
        **fields,
    )
    refresh(made)
    made.refresh_from_db()
    return made


def text_of(response):
    html = response.content.decode()
    body = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


class Browser:
    """Presses the builder's buttons and keeps the page that comes back."""

    def __init__(self, client, path):
        self.client = client
        self.path = path
        self.page = client.get(path)

    def press(self, button, **fields):
        data = Form(self.page.content.decode(), "builder").data(button, **fields)
        self.page = self.client.post(self.path, data)
        return self.page


# ---- The builder


def test_a_rule_is_built_without_script(member, world, user):
    Account.objects.filter(pk=world.warm.pk).update(country="DE")
    browser = Browser(member, "/w/acme/segments/new/?subject=account")
    assert "this selects everybody" in text_of(browser.page)

    browser.press("add:0", new__0="score")
    assert "Complete the rule" in text_of(browser.page)
    assert "A value is missing" not in text_of(browser.page)
    browser.press("look", **{"value-0-0": "not a number"})
    assert "The value must be a number." in text_of(browser.page)
    browser.press("group:0", **{"value-0-0": "1", "is-0-0": "at_least"})
    browser.press("add:0-1", **{"new-0-1": "country"})
    browser.press("add:0-1", **{"new-0-1": "usage", "value-0-1-0": ["DE", "US"]})
    browser.press("look", **{"lower-0-1-1": "1000000", "days-0-1-1": "30"})
    text = text_of(browser.page)
    assert "1 account " in text
    assert "Warm Works" in text
    page = browser.press("save", name="German ones", is_shared="on")

    assert page.status_code == 302
    made = Segment.objects.get(name="German ones")
    assert page.url == f"/w/acme/segments/{made.pk}/"
    assert made.rule == {
        "all": [
            {"field": "score", "is": "at_least", "value": 1},
            {
                "any": [
                    country("DE", "US"),
                    {"usage": {"at_least": 1000000, "days": 30}},
                ]
            },
        ]
    }
    assert (made.owner, made.size) == (user, 1)
    assert "1 account" in text_of(member.get(page.url))


def test_parts_can_be_removed_and_turned_round(member, world):
    browser = Browser(member, "/w/acme/segments/new/?subject=developer")
    browser.press("add:0", new__0="has_account")
    browser.press("add:0", new__0="rule")
    browser.press("add:0", new__0="trait")
    browser.press("remove:0-1")
    browser.press(
        "save",
        name="Turned",
        **{
            "not-0-0": "1",
            "key-0-1": "plan.tier",
            "is-0-1": "one_of",
            "value-0-1": 'gold, 5, "5", true',
            "free-0-1": "1",
        },
    )

    assert Segment.objects.get(name="Turned").rule == {
        "all": [
            {"not": {"field": "has_account", "is": "yes"}},
            {
                "field": "trait",
                "key": "plan.tier",
                "is": "one_of",
                "value": ["gold", 5, "5", True],
            },
        ]
    }


def test_saving_says_what_is_wrong_at_the_condition(member, world):
    browser = Browser(member, "/w/acme/segments/new/")
    browser.press("add:0", new__0="band")
    browser.press("add:0", new__0="first_seen")
    page = browser.press("save", name="Unfinished")

    assert page.status_code == 422
    html = page.content.decode()
    assert "2 places of the rule are not right yet" in text_of(page)
    for path in ("0-0", "0-1"):
        wrong = html.index(f'id="wrong-{path}"')
        assert "A value is missing." in html[wrong : wrong + 200]
        assert f'aria-describedby="wrong-{path}"' in html
    assert not Segment.objects.filter(name="Unfinished").exists()


def test_a_segment_needs_a_name(member, world):
    page = Browser(member, "/w/acme/segments/new/").press("save", name=" ")

    assert page.status_code == 422
    assert "This field is required." in text_of(page)


def test_what_nobody_can_press_changes_nothing(member, world):
    browser = Browser(member, "/w/acme/segments/new/")
    data = Form(browser.page.content.decode(), "builder").data("look")
    for button in ("remove:0", "add:9-9", "group:x", "add", "", "x" * 5000):
        assert member.post(browser.path, {**data, "do": button}).status_code == 200
    for extra in (
        {"kind-0": "usage"},
        {"kind-0-0": "field", "field-0-0": "\0", "is-0-0": "x"},
        {"kind-0-0": "field", "field-0-0": "account_field", "key-0-0": "nope"},
        {"kind-0-0": "field", "field-0-0": "developer.trait", "is-0-0": "equals"},
        {"kind-0-0": "usage", "count-0-0": "x", "lower-0-0": "1e999"},
        {f"kind-0{'-0' * depth}": "group" for depth in range(30)},
        {f"kind-0-{place}": "usage" for place in range(200)},
    ):
        assert member.post(browser.path, {**data, **extra}).status_code == 200


RULES = [
    {"all": []},
    country("DE"),
    {"not": {"any": [country("DE"), {"not": country("US")}]}},
    {"usage": {"metric": "CALL_HOME", "above": 1, "below": 7, "days": 3}},
    {"usage": {"level": "secondary1", "never": True}},
    {"usage": {"product": "cli", "first": True, "days": 9}},
    {"usage": {"at_least": 2, "count": "days", "by": {"developers": 3}}},
    {"field": "developer.trait", "key": "a", "is": "one_of", "value": ["5", 5, True]},
    {"field": "developer.trait", "key": "a.b", "is": "equals", "value": "true"},
    {"field": "first_seen", "is": "before", "value": "2026-05-01"},
    {"field": "lifetime_value", "is": "above", "value": 1234567.25},
    {"field": "unused_seat", "is": "no"},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rules_survive_the_form(member, world, rule):
    made = segment_of(world, rule, editors="members")
    browser = Browser(member, f"/w/acme/segments/{made.pk}/edit/")
    page = browser.press("save")

    assert page.status_code == 302, text_of(browser.page)
    assert Segment.objects.get(pk=made.pk).rule == made.rule
    assert made.rules.count() == 1


def test_drafts_read_back_what_they_wrote():
    for rule in RULES:
        draft = from_rule(rule)
        assert as_rule(draft) in (rule, {"all": [rule]}), rule
    assert as_rule(from_post(QueryDict(""))) == {"all": []}


# ---- Looking


def test_the_page_of_a_segment_tells_its_story(member, world):
    Account.objects.filter(pk=world.warm.pk).update(country="DE")
    made = segment_of(world, country("DE"), notes="Ask them in May.")
    SegmentSize.objects.create(
        workspace=world.workspace, segment=made, day=days_ago(10), size=4
    )
    Account.objects.filter(pk=world.cold.pk).update(country="DE")
    refresh(made, at=now() - timedelta(seconds=1))
    Account.objects.filter(pk=world.warm.pk).update(country="")
    refresh(made)

    text = text_of(member.get(f"/w/acme/segments/{made.pk}/"))

    assert "Accounts where country is Germany." in text
    assert "Ask them in May." in text
    assert "Cold Corp" in text
    assert "no longer: country is Germany" in text
    assert "The segment shrank from 4 to 1." in text


def test_accounts_and_developers_list_their_segments(
    member, world, user, django_assert_num_queries
):
    austrians = segment_of(world, country("AT"), name="Austrians")
    segment_of(world, name="Everybody")
    segment_of(world, name="Of somebody", is_shared=False)
    segment_of(world, subject="developer", name="All people")
    path = f"/w/acme/accounts/{world.warm.pk}/"
    Account.objects.filter(pk=world.warm.pk).update(country="AT")
    refresh(austrians)

    inside = text_of(member.get(path))
    assert "In no segment" not in inside
    assert re.search(r"Austrians since .{1,30} country is Austria ", inside)
    assert re.search(
        r"Everybody since .{1,30} matched when the rule was made or changed", inside
    )
    assert "Of somebody" not in inside
    assert "All people" not in inside
    assert "All people since" in text_of(
        member.get(f"/w/acme/developers/{world.ada.pk}/")
    )

    Account.objects.filter(pk=world.warm.pk).update(country="")
    refresh(austrians)
    gone = text_of(member.get(path))
    assert "Left in the last 30 days · 1" in gone
    assert re.search(r"Austrians left .{1,30} no longer: country is Austria", gone)
    with django_assert_num_queries(1):
        stays_of(world.warm, user)


def test_the_list_has_mine_shared_and_ready_made(member, world, user):
    segment_of(world, name="Of mine", actor=user, is_shared=False)
    segment_of(world, name="Of all")
    segment_of(world, name="Of somebody", is_shared=False)

    text = text_of(member.get("/w/acme/segments/"))

    for shown in ("Of mine", "only you", "Of all", "Surging accounts", "Unused seats"):
        assert shown in text
    assert "Of somebody" not in text


def test_two_segments_are_compared(member, world):
    a = segment_of(world, name="All")
    b = segment_of(
        world, {"field": "name", "is": "equals", "value": "Warm Works"}, name="One"
    )

    path = f"/w/acme/segments/compare/?a={a.pk}&b={b.pk}"
    text = text_of(member.get(path))
    assert "In both 1" in text
    assert f"Only in All {Account.objects.count() - 1}" in text
    assert "Only in One 0" in text
    assert "Warm Works" in text
    only = text_of(member.get(f"{path}&show=a"))
    assert "Cold Corp" in only
    people = segment_of(world, subject="developer")
    wrong = text_of(member.get(f"/w/acme/segments/compare/?a={a.pk}&b={people.pk}"))
    assert "One selects accounts and the other developers." in wrong


def test_members_are_paged_by_score_and_exported(member, world):
    for number in range(30):
        Account.objects.create(workspace=world.workspace, name=f"Company {number:02}")
    made = segment_of(world)

    first = member.get(f"/w/acme/segments/{made.pk}/").context["page"]
    after = first.next_cursor
    second = member.get(f"/w/acme/segments/{made.pk}/?after={after}").context["page"]

    scores = [row.score.value for row in (*first.rows, *second.rows)]
    assert scores == sorted(scores, reverse=True)
    assert len({row.pk for row in (*first.rows, *second.rows)}) == len(scores) == 32
    exported = member.post(
        f"/w/acme/exports/accounts/?segment={made.pk}", {"format": "csv"}
    )
    assert len(b"".join(exported.streaming_content).splitlines()) == 33


# ---- Marks and rights


def test_favourites_and_what_is_seen_first(member, world, user):
    mine = segment_of(world, name="Chosen by me")
    theirs = segment_of(world, name="Chosen by the admin")
    member.post(f"/w/acme/segments/{mine.pk}/mark/", {"mark": "favourite"})
    member.post(f"/w/acme/segments/{mine.pk}/mark/", {"mark": "default"})
    assert default_segment(world.workspace, user, "account") == mine

    assert (
        member.post(
            f"/w/acme/segments/{theirs.pk}/default/", {"default": "1"}
        ).status_code
        == 403
    )
    member.force_login(make_member(world.workspace, Role.ADMIN))
    member.post(f"/w/acme/segments/{theirs.pk}/default/", {"default": "1"})

    assert default_segment(world.workspace, user, "account") == theirs
    assert SegmentMark.objects.get().is_favourite


def test_lists_open_with_the_default_segment(member, world, user):
    mine = segment_of(
        world, {"field": "name", "is": "equals", "value": "Warm Works"}, name="Mine"
    )
    path = "/w/acme/accounts/"
    assert member.get(path).status_code == 200
    member.post(f"/w/acme/segments/{mine.pk}/mark/", {"mark": "default"})

    opened = member.get(path)
    assert opened.url == f"{path}?segment={mine.pk}"
    page = member.get(opened.url)
    assert "Segment: Mine × Without segment Mine All accounts" in text_of(page)
    assert [row.name for row in page.context["page"].rows] == ["Warm Works"]
    everything = member.get(f"{path}?segment=")
    assert len(everything.context["page"].rows) == Account.objects.count()
    assert "Segment: Mine" not in text_of(everything)
    # An address that says what it wants is left alone, and the chip leads back to it.
    narrowed = member.get(f"{path}?q=w&segment={mine.pk}&after=x")
    assert [chip.href for chip in narrowed.context["filters"].chips] == [
        "?q=w&segment="
    ]
    assert member.get(f"{path}?q=cold").status_code == 200
    # Of accounts: developers open with all of them.
    assert member.get("/w/acme/developers/").status_code == 200


def test_everybodys_default_wins_over_ones_own(member, world, user):
    mine, theirs = segment_of(world, name="Mine"), segment_of(world, name="Theirs")
    mark(mine, user, is_default=True)
    set_default(theirs, is_default=True, actor=make_member(world.workspace, Role.ADMIN))

    opened = member.get("/w/acme/accounts/")

    assert opened.url == f"/w/acme/accounts/?segment={theirs.pk}"
    assert "Theirs (everybody’s default)" in text_of(member.get(opened.url))
    listed = text_of(member.get("/w/acme/segments/"))
    assert "Theirs everybody’s default" in listed
    assert "my default" not in listed
    theirs.refresh_from_db()
    change_segment(theirs, actor=None, is_shared=False)
    assert member.get("/w/acme/accounts/").url.endswith(f"?segment={mine.pk}")


def test_ready_made_ones_are_hidden_and_copied_not_changed(member, world, user):
    ready = Segment.objects.get(ready_made="new")
    edit = member.get(f"/w/acme/segments/{ready.pk}/edit/")
    assert edit.status_code == 302
    assert member.get(f"/w/acme/segments/{ready.pk}/delete/").status_code == 404

    member.post(f"/w/acme/segments/{ready.pk}/hide/", {"hidden": "1"})
    assert "Hidden (1)" in text_of(member.get("/w/acme/segments/"))
    member.post(f"/w/acme/segments/{ready.pk}/hide/", {"hidden": "0"})
    copied = member.post(f"/w/acme/segments/{ready.pk}/copy/")

    made = Segment.objects.get(owner=user)
    assert copied.url == f"/w/acme/segments/{made.pk}/edit/"
    assert (made.rule, made.ready_made) == (ready.rule, "")


def test_who_may_change_a_segment(client, world):
    owner, other, viewer, admin = (
        make_member(world.workspace, role)
        for role in (Role.MEMBER, Role.MEMBER, Role.VIEWER, Role.ADMIN)
    )
    made = segment_of(world, actor=owner)
    path = f"/w/acme/segments/{made.pk}/edit/"

    def status(user):
        client.force_login(user)
        return client.get(path).status_code

    assert [status(one) for one in (owner, other, viewer, admin)] == [
        *(200, 302, 403, 200)
    ]
    change_segment(made, actor=owner, editors="members")
    assert status(other) == 200
    change_segment(made, actor=owner, is_shared=False)
    assert [status(one) for one in (owner, other)] == [200, 404]
    client.force_login(other)
    assert client.get(f"/w/acme/segments/{made.pk}/").status_code == 404
    client.force_login(viewer)
    assert client.get("/w/acme/segments/new/").status_code == 403
    page = client.get("/w/acme/segments/").content
    assert b"New segment" not in page


def test_changes_are_audited(member, world, user):
    made = segment_of(world, actor=user)
    browser = Browser(member, f"/w/acme/segments/{made.pk}/edit/")
    browser.press("add:0", new__0="unused_seat")
    browser.press("save", name="Another name")
    member.post(f"/w/acme/segments/{made.pk}/delete/")

    entries = AuditEntry.objects.filter(action="segment_changed").order_by("pk")
    assert [entry.detail["what"] for entry in entries] == ["made", "changed", "deleted"]
    assert entries[1].detail["changed"] == ["name", "rule"]


def test_other_workspaces_segments_are_not_found(client, world):
    made = segment_of(world)
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))

    for path in ("", "edit/", "delete/"):
        for slug in ("acme", "other"):
            page = client.get(f"/w/{slug}/segments/{made.pk}/{path}")
            assert page.status_code == 404
    for path in ("mark", "copy", "hide", "default"):
        page = client.post(f"/w/other/segments/{made.pk}/{path}/")
        assert page.status_code == 404


# ---- Cost


def test_pages_ask_few_questions(member, world, user, django_assert_max_num_queries):
    made = segment_of(
        world,
        {
            "all": [
                {"field": "score", "is": "at_least", "value": 0},
                {"usage": {"at_least": 0}},
            ]
        },
        actor=user,
    )
    refresh_all(world.workspace)
    member.get("/w/acme/segments/")
    for path, most in (
        ("", 16),
        (f"{made.pk}/", 22),
        (f"{made.pk}/edit/", 20),
        (f"compare/?a={made.pk}&b={Segment.objects.get(ready_made='new').pk}", 14),
    ):
        with django_assert_max_num_queries(most):
            assert member.get(f"/w/acme/segments/{path}").status_code == 200
