"""The funnel, stages in lists and on pages, and setting them there."""

import re
from datetime import timedelta

import pytest

from accounts.models import Developer, Role, Stage, StageDay, StageEntry, Subject
from accounts.stages import PATIENCE_DAYS, judge, set_stage, stages_of
from tests.dashboards.data import World, make_account, make_developer, now
from tests.factories import make_member, make_operator, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def member(client, world):
    client.force_login(make_member(world.workspace, Role.MEMBER))
    return client


def text_of(response):
    html = response.content.decode()
    body = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#x27;", "’")


def stage(world, name, subject=Subject.DEVELOPER):
    return stages_of(world.workspace, subject).get(name=name)


def go(world, who, *steps):
    """Write stays: (stage, days ago it began), in order; the last one lasts."""
    before, column = (
        None,
        "account" if who._meta.model_name == "account" else "developer",
    )
    for name, ago in steps:
        here = stage(world, name, Subject(column))
        at = now() - timedelta(days=ago)
        if before:
            before.left_at = at
            before.save()
        entry = StageEntry.objects.create(
            workspace=world.workspace,
            stage=here,
            entered_at=at,
            came_from=before.stage if before else None,
            is_advance=before is None or here.position > before.stage.position,
            **{column: who},
        )
        count(here, at, entered=1, advanced=int(entry.is_advance))
        if before:
            count(before.stage, at, left=1)
        before = entry


def count(stage, at, **numbers):
    day, _ = StageDay.objects.get_or_create(
        workspace=stage.workspace, stage=stage, day=at.date()
    )
    for name, number in numbers.items():
        setattr(day, name, getattr(day, name) + number)
    day.save()


def page_of(client, query=""):
    return client.get(f"/w/acme/funnel/{query}").context["page"]


# ---- The funnel


def test_it_counts_who_is_where_and_who_goes_on(member, world):
    people = [
        make_developer(world.workspace, email=f"f{n}@x.example") for n in range(5)
    ]
    go(world, people[0], ("Discover", 20), ("Evaluate", 16), ("Build", 10))
    go(world, people[1], ("Discover", 20), ("Evaluate", 14))
    go(world, people[2], ("Discover", 9), ("Build", 1))
    go(world, people[3], ("Discover", 8))
    # Before the period, and back within it.
    go(world, people[4], ("Evaluate", 80), ("Discover", 5))

    page = page_of(member, "?of=developers")
    steps = {step.stage.name: step.drawn for step in page.steps}

    assert [(name, one.now) for name, one in steps.items()] == [
        ("Discover", 2),
        ("Evaluate", 1),
        ("Build", 2),
        ("Deploy", 0),
    ]
    assert [one.reached for one in steps.values()] == [4, 2, 2, 0]
    assert [one.fell_back for one in steps.values()] == [1, 0, 0, 0]
    assert [(one.followed, one.went_on) for one in steps.values()] == [
        (4, 3),
        (2, 1),
        (2, 0),
        (0, 0),
    ]
    # 4, 6 and 8 days; 6 days.
    assert steps["Discover"].median == pytest.approx(6 * 86400, rel=0.01)
    assert steps["Evaluate"].median == pytest.approx(6 * 86400, rel=0.01)
    assert steps["Build"].median is None
    assert page.chart.finding.startswith("The narrowest step is after Build: of 2")


def test_the_numbers_lead_to_the_lists_of_those_they_count(member, world):
    judge(world.workspace, Subject.ACCOUNT)
    judge(world.workspace, Subject.DEVELOPER)

    for query in ("", "?of=developers"):
        for step in page_of(member, query).steps:
            listed = member.get(step.drawn.href).context["page"]
            assert listed.total.count == step.drawn.now
            assert {row.stage.name for row in listed.rows} <= {step.stage.name}


def test_accounts_and_developers_are_apart(member, world):
    judge(world.workspace, Subject.DEVELOPER)

    assert sum(step.drawn.now for step in page_of(member).steps) == 0
    assert sum(step.drawn.now for step in page_of(member, "?of=developers").steps) == 4
    assert page_of(member, "?of=bogus").subject == "account"


def test_the_latest_moves_say_why(member, world):
    judge(world.workspace, Subject.ACCOUNT)
    actor = make_member(world.workspace, Role.MEMBER, "ana@acme.example")
    set_stage(
        world.cold,
        stage(world, "Deploy", Subject.ACCOUNT),
        actor=actor,
        reason="signed",
    )

    response = member.get("/w/acme/funnel/")
    moves = response.context["page"].moves

    assert (moves[0].name, moves[0].to.name) == ("Cold Corp", "Deploy")
    assert (moves[0].who, moves[0].why, moves[0].direction) == (
        *("ana@acme.example", "signed"),
        "up",
    )
    assert {one.who for one in moves[1:]} == {"the rules"}
    assert "in the last 30 days" in text_of(response)
    assert "by ana@acme.example signed" in text_of(response)
    assert len(moves) == 3
    later = page_of(member, "?first=2020-01-01&last=2020-02-01")
    assert later.moves == ()


def test_the_period_keeps_whose_funnel_it_is(member, world):
    judge(world.workspace, Subject.DEVELOPER)

    html = member.get("/w/acme/funnel/?of=developers").content.decode()

    assert "?of=developers&amp;days=7" in html
    assert '<input type="hidden" name="of" value="developers">' in html


def test_an_empty_workspace_and_one_without_stages(client):
    fresh = make_workspace("fresh")
    client.force_login(make_member(fresh, Role.ADMIN))

    assert "No events yet" in text_of(client.get("/w/fresh/funnel/"))
    Stage.objects.all().delete()
    assert "Add the first stage" in text_of(client.get("/w/fresh/funnel/"))


def test_it_costs_the_same_for_many(member, world, django_assert_num_queries):
    judge(world.workspace, Subject.DEVELOPER)
    member.get("/w/acme/funnel/?of=developers")
    with django_assert_num_queries(12):
        member.get("/w/acme/funnel/?of=developers")
    for n in range(40):
        make_developer(world.workspace, email=f"many{n}@x.example")
    judge(world.workspace, Subject.DEVELOPER)
    with django_assert_num_queries(12):
        member.get("/w/acme/funnel/?of=developers")


# ---- On pages and in lists


def test_pages_show_the_stage_and_its_history(member, world):
    judge(world.workspace, Subject.DEVELOPER)
    set_stage(world.loner, stage(world, "Build"), actor=None, reason="seen at the fair")

    text = text_of(member.get(f"/w/acme/developers/{world.loner.pk}/"))

    assert "Set by hand: no rule moves it until it is released" in text
    assert "by an operator · seen at the fair" in text
    assert "by the rules · All developers." in text


def test_leaving_every_stage_is_told(member, world):
    Stage.objects.filter(name="Discover").update(
        rule={"usage": {"at_least": 1, "days": 3}}
    )
    judge(world.workspace, Subject.DEVELOPER)
    world.ada.usage.all().delete()
    judge(world.workspace, Subject.DEVELOPER)
    waiting = text_of(member.get(f"/w/acme/developers/{world.ada.pk}/"))
    assert "Its rule has not matched since" in waiting
    a_week_later = now() + timedelta(days=PATIENCE_DAYS)
    judge(world.workspace, Subject.DEVELOPER, at=a_week_later)

    response = member.get(f"/w/acme/developers/{world.ada.pk}/")
    changes = response.context["stage"].changes

    assert [one.to.name if one.to else None for one in changes] == [None, "Build"]
    assert changes[0].why == "No rule matched any more"
    assert "In no stage any more" in text_of(response)


def test_lists_show_and_filter_by_stage(member, world):
    judge(world.workspace, Subject.ACCOUNT)
    build = stage(world, "Build", Subject.ACCOUNT)

    everything = member.get("/w/acme/accounts/").context["page"].rows
    assert {row.name: row.stage.name for row in everything} == {
        "Warm Works": "Build",
        "Cold Corp": "Discover",
    }
    shown = member.get(f"/w/acme/accounts/?stage={build.pk}").context["page"]
    assert [row.name for row in shown.rows] == ["Warm Works"]
    for wrong in ("999999", "x", "9" * 30, stage(world, "Build").pk):
        page = member.get(f"/w/acme/accounts/?stage={wrong}").context["page"]
        assert len(page.rows) == 2


def test_somebody_in_no_stage_is_listed_without(member, world):
    make_account(world.workspace, "Quiet Ltd")
    Developer.objects.filter(pk=world.ada.pk).update(first_seen_at=None)

    assert b"none" in member.get("/w/acme/accounts/").content
    page = text_of(member.get(f"/w/acme/developers/{world.ada.pk}/"))
    assert "In no stage yet" in page


# ---- By hand


def post(client, who, what, data=None, **options):
    kind = f"{who._meta.model_name}s"
    return client.post(f"/w/acme/{kind}/{who.pk}/{what}", data or {}, **options)


@pytest.mark.parametrize("which", ["warm", "ada"])
def test_members_set_and_release(member, world, which):
    who = getattr(world, which)
    subject = Subject.ACCOUNT if which == "warm" else Subject.DEVELOPER
    deploy = stage(world, "Deploy", subject)

    answer = post(
        member,
        who,
        "stage/",
        {"stage": deploy.pk, "reason": "signed"},
        follow=True,
    )
    assert "by hand now, until released" in answer.content.decode()
    entry = StageEntry.objects.get()
    assert (entry.stage, entry.by_hand, entry.reason) == (deploy, True, "signed")
    assert entry.actor is not None
    assert "Release to the rules" in answer.content.decode()

    answer = post(member, who, "stage/release/", follow=True)
    assert "Released: by the rules" in answer.content.decode()
    assert StageEntry.objects.get(left_at__isnull=True).by_hand is False
    again = post(member, who, "stage/release/", follow=True)
    assert "is in no stage by hand" in again.content.decode()


def test_what_makes_no_stage_changes_nothing(member, world):
    other = stages_of(make_workspace("other"), Subject.DEVELOPER)[0]
    for wrong in ("", "x", "999999", other.pk, stage(world, "Build", "account").pk):
        answer = post(member, world.ada, "stage/", {"stage": wrong}, follow=True)
        assert answer.status_code == 200
        assert list(answer.context["messages"])
    assert not StageEntry.objects.exists()


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("anonymous", 302),
        ("outsider", 404),
        ("viewer", 403),
        ("member", 302),
        ("admin", 302),
        ("operator", 302),
    ],
)
def test_who_may_set_a_stage(client, world, persona, status):
    if persona == "outsider":
        client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    elif persona == "operator":
        client.force_login(make_operator())
    elif persona != "anonymous":
        client.force_login(make_member(world.workspace, persona))
    data = {"stage": stage(world, "Build").pk}

    answer = post(client, world.ada, "stage/", data)
    assert answer.status_code == status
    is_done = StageEntry.objects.filter(by_hand=True).exists()
    assert is_done == (status == 302 and persona != "anonymous")
    assert post(client, world.ada, "stage/release/").status_code == status
    for what in ("stage/", "stage/release/"):
        path = f"/w/acme/developers/{world.ada.pk}/{what}"
        assert client.get(path).status_code in {405, 302, 404, 403}


def test_viewers_are_offered_nothing(client, world):
    client.force_login(make_member(world.workspace, Role.VIEWER))

    assert (
        b"Set by hand" not in client.get(f"/w/acme/accounts/{world.warm.pk}/").content
    )
