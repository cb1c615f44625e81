"""Today: who is suggested, in which order and why, and what members answer."""

from datetime import timedelta

import pytest

from accounts.account_values import FilledBy, Origin, write_values
from accounts.clock import now_utc
from accounts.models import (
    Account,
    AccountScore,
    CuratedList,
    FitModel,
    ListEntry,
    Role,
    ScoreSnapshot,
    Stage,
    StageEntry,
    Subject,
    TodayMark,
)
from dashboards.queries import today as today_query
from tests.dashboards.data import World, days_ago, make_account, today
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def ann(workspace):
    return make_member(workspace, Role.MEMBER, email="ann@example.com")


@pytest.fixture
def member(client, ann):
    client.force_login(ann)
    return client


def score(account, points, **fields):
    fields.setdefault("last_active_on", today())
    return AccountScore.objects.create(
        account=account, workspace=account.workspace, points=points,
        effective_developers=1, active_developers=1, model_version=1,
        scored_at=now_utc(), **fields,
    )  # fmt: skip


def remember(account, scores):
    """Scores at the end of past days, by days ago."""
    ScoreSnapshot.objects.bulk_create(
        ScoreSnapshot(
            workspace=account.workspace, account=account, day=days_ago(age),
            points=1, score=value, model_version=1,
        )
        for age, value in scores.items()
    )  # fmt: skip


def steady(account, value):
    remember(account, dict.fromkeys(range(1, 23), value))


def enter(account, stage, days):
    return StageEntry.objects.create(
        workspace=account.workspace, stage=stage, account=account,
        entered_at=now_utc() - timedelta(days=days),
    )  # fmt: skip


def stages(workspace):
    Stage.objects.in_workspace(workspace).delete()
    return [
        Stage.objects.create(
            workspace=workspace, subject=Subject.ACCOUNT, name=name, position=place
        )
        for place, name in enumerate(("Discover", "Evaluate", "Build", "Deploy"), 1)
    ]


def suggested(client, query=""):
    page = client.get(f"/w/acme/today/{query}").context["page"]
    return [row.name for row in page.suggestions]


def mark(client, account, **data):
    return client.post(f"/w/acme/today/{account.pk}/", data)


# 375 points score 63.2.
HALF = 375 * 0.6931


def test_accounts_are_ranked_by_the_sum_of_four_parts(member, workspace):
    _, _, build, deploy = stages(workspace)
    quiet = make_account(workspace, "Quiet")
    score(quiet, HALF)
    steady(quiet, 50)
    deployed = make_account(workspace, "Deployed")
    score(deployed, HALF)
    steady(deployed, 50)
    enter(deployed, deploy, days=40)
    moved = make_account(workspace, "Moved")
    score(moved, HALF)
    steady(moved, 50)
    enter(moved, build, days=7)
    Account.objects.filter(name="Quiet").update(fit="strong", fit_points=0.9)

    page = member.get("/w/acme/today/").context["page"]

    rows = {row.name: row for row in page.suggestions}
    assert list(rows) == ["Moved", "Deployed", "Quiet"]
    # 0 + 25 × 3/4 + 25 × 0.5 + 30 × (1 − 7/14), rounded so that the lines add up.
    assert [float(part.points) for part in rows["Moved"].parts] == [0, 18.7, 12.5, 15]
    assert [part.words for part in rows["Moved"].parts] == [
        "Fit not known",
        "Build, step 3 of 4",
        "Score 50.0, Medium",
        "Entered Build, 7 days ago",
    ]
    assert float(rows["Quiet"].total) == 30.5
    assert rows["Quiet"].parts[0].words == "Strong: 90 of 100"
    assert rows["Quiet"].parts[3].words == "Nothing changed in 14 days"


def test_bands_and_trends_are_changes_too(member, workspace):
    band = make_account(workspace, "Band")
    score(band, HALF)
    remember(band, dict.fromkeys(range(4, 23), 10.0) | dict.fromkeys(range(1, 4), 45.0))
    surging = make_account(workspace, "Surging")
    score(surging, HALF, trend="surging", change_7d=14)
    remember(surging, dict.fromkeys(range(3, 23), 36.0) | {1: 48.0, 2: 40.0})
    page = member.get("/w/acme/today/").context["page"]
    words = {row.name: row.parts[3].words for row in page.suggestions}
    assert words == {
        "Band": "From Low to Medium, 3 days ago",
        "Surging": "Surging: +14.0 in 7 days, yesterday",
    }


def test_done_is_done_until_something_changes_again(member, workspace, ann):
    _, evaluate, build, _ = stages(workspace)
    account = make_account(workspace, "Initech")
    score(account, HALF)
    steady(account, 50)
    entry = enter(account, evaluate, days=2)
    other = make_account(workspace, "Other")
    score(other, HALF)
    assert suggested(member) == ["Initech", "Other"]

    response = mark(member, account, mark="done")

    assert response["Location"] == "/w/acme/today/"
    assert suggested(member) == ["Other"]
    html = member.get("/w/acme/today/").content.decode()
    assert "1 of 2 done today" in html
    assert "until something changes" in html
    entry.left_at = now_utc()
    entry.save()
    enter(account, build, days=0)
    assert suggested(member) == ["Initech", "Other"]
    row = TodayMark.objects.get()
    assert (row.user, row.account, row.kind) == (ann, account, "done")


def test_snoozed_comes_back_by_itself(member, workspace):
    account = make_account(workspace, "Initech")
    score(account, HALF)
    for data in ({"days": "1"}, {"days": "7"},
                 {"until": (today() + timedelta(days=30)).isoformat()}):  # fmt: skip
        mark(member, account, mark="snooze", **data)
        assert suggested(member) == []
    row = TodayMark.objects.get()
    assert row.until.date() == today() + timedelta(days=30)
    TodayMark.objects.update(until=now_utc() - timedelta(seconds=1))
    assert suggested(member) == ["Initech"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"mark": "snooze"}, "Say until when"),
        ({"mark": "snooze", "until": "2001-01-01"}, "from tomorrow to a year"),
        ({"mark": "snooze", "until": "9999-12-31"}, "from tomorrow to a year"),
        ({"mark": "snooze", "days": "3"}, "Select a valid choice"),
        ({"mark": "shred"}, "Select a valid choice"),
        ({}, "This field is required"),
    ],
)
def test_answers_that_make_no_sense_change_nothing(member, workspace, data, message):
    account = make_account(workspace, "Initech")
    response = member.post(f"/w/acme/today/{account.pk}/", data, follow=True)
    assert message in response.content.decode()
    assert not TodayMark.objects.exists()


def test_not_relevant_stays_until_taken_back(member, workspace):
    first, *_ = stages(workspace)
    account = make_account(workspace, "Initech")
    score(account, HALF)
    mark(member, account, mark="not_relevant")
    enter(account, first, days=0)
    assert suggested(member) == []
    mark(member, account, mark="undo")
    assert suggested(member) == ["Initech"]
    assert not TodayMark.objects.exists()


def test_marks_are_each_members_own(client, member, workspace, ann):
    account = make_account(workspace, "Initech")
    score(account, HALF)
    mark(member, account, mark="done")
    client.force_login(make_member(workspace, Role.ADMIN))
    assert suggested(client) == ["Initech"]


def test_nobody_of_another_workspace_is_suggested(member, workspace):
    other = make_workspace("other")
    score(make_account(other, "Theirs"), HALF)
    mine = make_account(workspace, "Mine")
    score(mine, HALF)
    assert suggested(member) == ["Mine"]
    theirs = Account.objects.get(name="Theirs")
    assert mark(member, theirs, mark="done").status_code == 404


def test_excluded_accounts_are_not_suggested(member, workspace):
    account = make_account(workspace, "Rival")
    score(account, HALF)
    chosen = CuratedList.objects.create(
        workspace=workspace, subject="account", name="Rivals", is_exclude=True
    )
    ListEntry.objects.create(
        workspace=workspace, curated_list=chosen, value="rival.example", account=account
    )
    assert suggested(member) == []


def test_the_page_is_narrowed_to_a_product(member):
    world = World(make_workspace("world"))
    user = make_member(world.workspace, Role.MEMBER)
    member.force_login(user)
    for product, names in (
        (world.sdk, {"Warm Works"}),
        (world.cli, {"Warm Works", "Cold Corp"}),
    ):
        page = member.get(f"/w/world/today/?product={product.pk}").context["page"]
        assert {row.name for row in page.suggestions} == names
    everything = member.get("/w/world/today/?product=999999").context["page"]
    assert len(everything.suggestions) == 2


def test_ten_make_a_day_and_more_when_asked_for(member, workspace):
    for number in range(14):
        score(make_account(workspace, f"A{number:02}"), HALF + number)
    assert len(suggested(member)) == 10
    for account in Account.objects.order_by("-score__points")[:3]:
        mark(member, account, mark="done")
    page = member.get("/w/acme/today/").context["page"]
    assert (len(page.suggestions), page.done, page.goal, page.waiting) == (7, 3, 10, 4)
    assert len(suggested(member, "?more=1")) == 11
    for account in Account.objects.order_by("-score__points")[3:10]:
        mark(member, account, mark="done")
    html = member.get("/w/acme/today/").content.decode()
    assert "All done for today" in html
    assert "Show 4 more" in html


def test_many_done_accounts_crowd_nobody_out(member, workspace, ann, monkeypatch):
    monkeypatch.setattr(today_query, "EACH", 3)
    accounts = [make_account(workspace, f"A{number}") for number in range(12)]
    for number, account in enumerate(accounts):
        score(account, 1000 - number)
        steady(account, 90)
    for account in accounts[:9]:
        mark(member, account, mark="done")
    assert suggested(member, "?more=1") == ["A9", "A10", "A11"]


def test_what_to_do_when_there_is_nothing(client, member, workspace):
    html = member.get("/w/acme/today/").content.decode()
    assert "curl" in html
    make_account(workspace, "Initech")
    assert "Nothing to suggest" in member.get("/w/acme/today/").content.decode()
    client.force_login(make_member(workspace, Role.ADMIN))
    score(Account.objects.get(), HALF)
    assert (
        "Say what a good customer looks like"
        in client.get("/w/acme/today/").content.decode()
    )


def test_viewers_look_and_answer_nothing(client, workspace):
    account = make_account(workspace, "Initech")
    score(account, HALF)
    client.force_login(make_member(workspace, Role.VIEWER))
    html = client.get("/w/acme/today/").content.decode()
    assert "Initech" in html
    assert "Not relevant" not in html
    assert mark(client, account, mark="done").status_code == 403


def test_the_page_costs_as_many_queries_for_any_number(
    member, workspace, django_assert_num_queries
):
    stage = stages(workspace)[0]
    counted = None
    for count in (1, 40):
        for number in range(count):
            account = make_account(workspace, f"A{count}x{number}")
            score(account, HALF)
            steady(account, 20)
            enter(account, stage, days=1)
        with django_assert_num_queries(counted or 11) as captured:
            assert suggested(member)
        counted = len(captured)


def test_fit_criteria_show_in_the_sum(member, workspace):
    FitModel.objects.create(
        workspace=workspace, version=1,
        criteria=[{"field": "country", "first": ["DE"], "second": [], "importance": 1}],
    )  # fmt: skip
    account = make_account(workspace, "Initech")
    score(account, HALF)
    write_values(workspace, {account.pk: {"country": "DE"}}, Origin(FilledBy.HAND, "x"))
    page = member.get("/w/acme/today/").context["page"]
    assert float(page.suggestions[0].parts[0].points) == 20
