"""Stages in the admin: counted before saved, ordered, removed with a target."""

import json

import pytest

from accounts.judging import judge_rescored
from accounts.models import AuditEntry, Rescored, Role, Stage, StageEntry, Subject
from accounts.stages import judge, set_stage, stages_of
from tests.accounts.test_stages import seen
from tests.factories import make_developer, make_member, make_workspace

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/stage/"


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def admin(client, workspace):
    client.force_login(make_member(workspace, Role.ADMIN))
    return client


@pytest.fixture
def ada(workspace):
    return make_developer(workspace, "ada@x.example", first_seen_at=seen())


def stage(workspace, name):
    return stages_of(workspace, Subject.DEVELOPER).get(name=name)


def names(workspace):
    return [one.name for one in stages_of(workspace, Subject.DEVELOPER)]


def fields(one, **changes):
    return {
        "workspace": one.workspace_id,
        "subject": one.subject,
        "name": one.name,
        "colour": one.colour,
        "description": one.description,
        "rule": json.dumps(one.rule),
    } | changes


def test_a_changed_rule_is_counted_before_it_is_saved(admin, workspace, ada):
    judge(workspace, Subject.DEVELOPER)
    one = stage(workspace, "Evaluate")
    data = fields(one, rule='{"all": []}')

    asked = admin.post(f"{LIST}{one.pk}/change/", data)

    html = asked.content.decode()
    assert "All developers. — this matches 1 developers now" in html
    assert "1 of them would be in Evaluate" in html
    assert "0 are in it now" in html
    one.refresh_from_db()
    assert one.rule != {"all": []}
    assert not Rescored.objects.exists()

    saved = admin.post(f"{LIST}{one.pk}/change/", data | {"confirmed": "1"})

    assert saved.status_code == 302
    one.refresh_from_db()
    assert one.rule == {"all": []}
    judge_rescored()
    assert StageEntry.objects.get(left_at__isnull=True).stage == one
    assert AuditEntry.objects.filter(action="stages_changed").count() == 1


def test_a_name_and_a_colour_are_saved_at_once(admin, workspace):
    one = stage(workspace, "Evaluate")

    answer = admin.post(
        f"{LIST}{one.pk}/change/", fields(one, name="Try", colour="pink")
    )

    assert answer.status_code == 302
    one.refresh_from_db()
    assert (one.name, one.colour) == ("Try", "pink")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{", "Enter a valid JSON"),
        ('{"all": {}}', "A group holds a list"),
        ('{"usage": {"metric": "NOPE", "at_least": 1}}', "There is no metric “NOPE”"),
        ('{"field": "stage", "is": "one_of", "value": [STAGE]}', "cannot depend on"),
        ("[]", "This is no condition"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_said_on_the_form(
    admin, workspace, rule, problem
):
    one = stage(workspace, "Evaluate")
    rule = rule.replace("STAGE", str(one.pk))

    answer = admin.post(f"{LIST}{one.pk}/change/", fields(one, rule=rule))

    assert answer.status_code == 200
    assert problem in answer.content.decode()


def test_a_stage_is_added_at_the_end(admin, workspace, ada):
    data = {
        "workspace": workspace.pk,
        "subject": "developer",
        "name": "Champion",
        "colour": "orange",
        "description": "",
        "rule": "",
    }
    answer = admin.post(f"{LIST}add/", data)

    assert answer.status_code == 302
    made = stage(workspace, "Champion")
    assert (made.position, made.rule) == (5, None)
    again = admin.post(f"{LIST}add/", data)
    assert "There is a stage of that name" in again.content.decode()


def test_the_list_shows_badges_sizes_and_words(admin, workspace, ada):
    judge(workspace, Subject.DEVELOPER)

    html = admin.get(LIST).content.decode()

    assert '<span class="badge hue-teal">Deploy</span>' in html
    assert "All developers." in html
    assert html.count("Not evaluated yet") == 4


def act(client, action, *rows):
    return client.post(
        LIST,
        {"action": action, "_selected_action": [row.pk for row in rows]},
        follow=True,
    )


def test_stages_move_up_and_down(admin, workspace):
    act(admin, "move_up", stage(workspace, "Deploy"))
    assert names(workspace) == ["Discover", "Evaluate", "Deploy", "Build"]
    act(admin, "move_down", stage(workspace, "Discover"), stage(workspace, "Evaluate"))
    assert names(workspace) == ["Deploy", "Discover", "Evaluate", "Build"]
    act(admin, "move_up", stage(workspace, "Deploy"))
    assert names(workspace) == ["Deploy", "Discover", "Evaluate", "Build"]


def test_evaluate_now_has_everybody_judged(admin, workspace, ada):
    answer = act(admin, "evaluate_now", stage(workspace, "Build"))

    assert "judged by these rules within seconds" in answer.content.decode()
    judge_rescored()
    assert StageEntry.objects.get().stage.name == "Discover"


def test_a_stage_is_removed_with_a_target(admin, workspace, ada):
    build, deploy = stage(workspace, "Build"), stage(workspace, "Deploy")
    set_stage(ada, build, actor=None)
    path = f"{LIST}{build.pk}/delete/"

    assert "1 are in Build" in admin.get(path).content.decode()
    refused = admin.post(path, {"confirmed": "1", "target": ""})
    assert "say where they go" in refused.content.decode()
    assert names(workspace) == ["Discover", "Evaluate", "Build", "Deploy"]

    assert admin.post(path, {"confirmed": "1", "target": deploy.pk}).status_code == 302

    assert names(workspace) == ["Discover", "Evaluate", "Deploy"]
    assert StageEntry.objects.get(left_at__isnull=True).stage == deploy
    assert admin.get(f"{LIST}{build.pk}/change/").status_code == 302


def test_admins_of_another_workspace_and_members_change_nothing(client, workspace):
    build = stage(workspace, "Build")
    other = make_workspace("other")
    stranger = make_member(other, Role.ADMIN)
    member = make_member(workspace, Role.MEMBER)
    both = make_member(other, Role.ADMIN)
    workspace.memberships.create(user=both, role=Role.VIEWER)
    for person in (stranger, member, both):
        client.force_login(person)
        for action in ("move_up", "evaluate_now"):
            act(client, action, build)
        for what in ("change", "delete"):
            client.post(
                f"{LIST}{build.pk}/{what}/",
                fields(build, name="Mine", rule='{"all": []}', confirmed="1"),
            )
            answer = client.post(f"{LIST}{build.pk}/{what}/", fields(build, rule="{}"))
            assert answer.status_code in {302, 403}
    assert names(workspace) == ["Discover", "Evaluate", "Build", "Deploy"]
    assert Stage.objects.get(pk=build.pk).rule == build.rule
    assert not Rescored.objects.exists()
