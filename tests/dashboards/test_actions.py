"""What people do on the pages, and who may not."""

from datetime import timedelta

import pytest

from accounts.models import Account, Correction, Developer, Identity, Role
from ingest.events import NormalizedEvent, encode_events
from ingest.models import InboxEntry, QuarantinedEvent
from tests.dashboards.data import World, add_identity, now
from tests.factories import make_member, make_metric, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def member(client, world):
    client.force_login(make_member(world.workspace, Role.MEMBER))
    return client


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def develop(world, person, what):
    return f"/w/acme/developers/{person.pk}/{what}/"


# ---- Moving


@pytest.mark.parametrize(
    "named", ["cold-corp.example", "Cold CORP", " COLD-CORP.example"]
)
def test_a_developer_is_moved_to_an_account_by_domain_or_name(member, world, named):
    response = member.post(
        develop(world, world.loner, "move"),
        {"account": named, "reason": "told us"},
        follow=True,
    )

    world.loner.refresh_from_db()
    assert world.loner.account == world.cold
    assert world.loner.rule == "hand"
    assert "was moved to Cold Corp" in messages_of(response)[0]
    assert b"told us" in response.content


def test_a_further_domain_names_the_account_too(member, world):
    world.cold.domains.create(workspace=world.workspace, domain="cold.example")

    member.post(develop(world, world.loner, "move"), {"account": "cold.example"})

    world.loner.refresh_from_db()
    assert world.loner.account == world.cold


def test_a_developer_is_moved_out_of_every_account(member, world):
    member.post(develop(world, world.ada, "move"), {"account": ""})

    world.ada.refresh_from_db()
    assert world.ada.account is None
    assert world.ada.rule == "hand"


def test_an_unknown_or_ambiguous_account_is_refused_in_place(member, world):
    Account.objects.create(workspace=world.workspace, name="Twin")
    Account.objects.create(workspace=world.workspace, name="twin")

    for named, complaint in (
        ("Nobody", "There is no account"),
        ("TWIN", "more than one"),
    ):
        response = member.post(develop(world, world.ada, "move"), {"account": named})
        assert response.status_code == 422
        assert complaint in response.content.decode()
    world.ada.refresh_from_db()
    assert world.ada.account == world.warm


def test_accounts_of_other_workspaces_cannot_be_chosen(member, world):
    Account.objects.create(workspace=make_workspace("other"), name="Foreign")

    response = member.post(develop(world, world.ada, "move"), {"account": "Foreign"})

    assert response.status_code == 422


# ---- Merging, splitting, undoing


@pytest.mark.parametrize("how", ["address", "number"])
def test_two_developers_become_one_and_two_again(member, world, how):
    named = "BOB@warm-works.example" if how == "address" else f"#{world.bob.pk}"

    response = member.post(
        develop(world, world.ada, "merge"), {"other": named}, follow=True
    )

    assert "was merged into ada@warm-works.example" in messages_of(response)[0]
    assert world.ada.identities.count() == 2
    assert not Developer.objects.filter(pk=world.bob.pk).exists()

    correction = Correction.objects.get()
    undone = member.post(
        f"/w/acme/corrections/{correction.pk}/undo/",
        {"developer": world.ada.pk},
        follow=True,
    )
    assert "Undone" in messages_of(undone)[0]
    assert world.ada.identities.count() == 1
    bob = Identity.objects.get(value="bob@warm-works.example").developer
    assert bob.pk != world.ada.pk


@pytest.mark.parametrize(
    "other", ["nobody@x.example", "999999999", "", "itself", "counted"]
)
def test_merging_with_nobody_oneself_or_the_nameless_is_refused(member, world, other):
    named = {"itself": str(world.ada.pk), "counted": str(world.counted.pk)}

    response = member.post(
        develop(world, world.ada, "merge"), {"other": named.get(other, other)}
    )

    assert response.status_code == 422
    assert Correction.objects.count() == 0


def test_developers_of_other_workspaces_cannot_be_merged_in(member, world):
    stranger = Developer.objects.create(workspace=make_workspace("other"))

    response = member.post(
        develop(world, world.ada, "merge"), {"other": str(stranger.pk)}
    )

    assert response.status_code == 422


def test_an_identity_is_split_off_and_brought_back(member, world):
    handle = add_identity(world.ada, "ada-l", Identity.Kind.GITHUB)
    world.add_events(2)

    response = member.post(f"/w/acme/identities/{handle.pk}/split/", follow=True)

    handle.refresh_from_db()
    assert handle.developer_id != world.ada.pk
    assert "ada-l is a developer of its own now" in messages_of(response)[0]
    member.post(f"/w/acme/corrections/{Correction.objects.get().pk}/undo/")
    handle.refresh_from_db()
    assert handle.developer_id == world.ada.pk


def test_the_only_identity_cannot_be_split_off(member, world):
    only = world.ada.identities.get()

    response = member.post(f"/w/acme/identities/{only.pk}/split/", follow=True)

    only.refresh_from_db()
    assert only.developer_id == world.ada.pk
    assert response.context["messages"]
    assert Correction.objects.count() == 0


def test_a_correction_is_undone_once(member, world):
    member.post(develop(world, world.ada, "move"), {"account": "cold-corp.example"})
    path = f"/w/acme/corrections/{Correction.objects.get().pk}/undo/"
    member.post(path)

    again = member.post(path, {"developer": "no number"}, follow=True)
    assert member.post(path, {"developer": "9" * 5000}).status_code == 302

    world.ada.refresh_from_db()
    assert world.ada.account == world.warm
    assert again.redirect_chain[-1][0] == "/w/acme/developers/"
    assert "Undone" not in messages_of(again)[0]


# ---- Quarantine


def wait_for_metric(world, count=2):
    for nth in range(count):
        event = NormalizedEvent(
            metric="LAUNCH ROCKET",
            product="cli",
            occurred_at=(now() - timedelta(hours=nth)).timestamp(),
            identities=[("email", "ada@warm-works.example")],
        )
        QuarantinedEvent.objects.create(
            workspace=world.workspace,
            dialect="reo",
            reason="metric_not_configured",
            subject="launchrocket",
            received_at=now(),
            payload=encode_events([event]),
        )


GROUP = {"reason": "metric_not_configured", "subject": "launchrocket"}


def test_replayed_events_leave_the_quarantine(member, world):
    wait_for_metric(world)
    make_metric(world.workspace, "LAUNCH_ROCKET")

    response = member.post("/w/acme/ingestion/replay/", GROUP, follow=True)

    assert messages_of(response)[0].startswith("2 events go through the digest")
    assert response.context["page"].quarantine == ()
    assert InboxEntry.objects.filter(workspace=world.workspace).exists()


def test_only_the_group_named_is_replayed(member, world):
    wait_for_metric(world)
    world.quarantine("unknown_app", "app-7")

    member.post("/w/acme/ingestion/replay/", GROUP)

    (left,) = QuarantinedEvent.objects.filter(status="waiting")
    assert left.subject == "app-7"


def test_a_group_whose_name_is_no_reason_changes_nothing(member, world):
    wait_for_metric(world)

    member.post("/w/acme/ingestion/replay/", {"reason": "bogus"})
    member.post("/w/acme/ingestion/replay/", {})

    assert QuarantinedEvent.objects.filter(status="waiting").count() == 2


def test_admins_discard_after_being_asked(client, world):
    wait_for_metric(world)
    client.force_login(make_member(world.workspace, Role.ADMIN))
    path = "/w/acme/ingestion/discard/"

    asked = client.get(path, GROUP)
    assert "Discard 2 events?" in asked.content.decode()
    assert QuarantinedEvent.objects.filter(status="waiting").count() == 2
    response = client.post(path, GROUP, follow=True)

    assert messages_of(response) == ["2 events were discarded."]
    assert not QuarantinedEvent.objects.filter(status="waiting").exists()
    assert client.get(path).status_code == 302


# ---- Who may

ANYONE_ELSE = (
    ("anonymous", 302),
    ("outsider", 404),
    ("viewer", 403),
)


def log_in(client, world, persona):
    if persona == "outsider":
        client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    elif persona != "anonymous":
        client.force_login(make_member(world.workspace, Role(persona)))


def every_action(world):
    handle = add_identity(world.ada, "ada-l", Identity.Kind.GITHUB)
    correction = Correction.objects.create(workspace=world.workspace, kind="move")
    return [
        (develop(world, world.ada, "move"), {"account": ""}),
        (develop(world, world.ada, "merge"), {"other": "bob@warm-works.example"}),
        (f"/w/acme/identities/{handle.pk}/split/", {}),
        (f"/w/acme/corrections/{correction.pk}/undo/", {}),
        ("/w/acme/ingestion/replay/", GROUP),
        ("/w/acme/ingestion/discard/", GROUP),
    ]


@pytest.mark.parametrize(("persona", "status"), ANYONE_ELSE)
def test_who_may_not_change_anything(client, world, persona, status):
    wait_for_metric(world)
    log_in(client, world, persona)

    for path, data in every_action(world):
        assert client.post(path, data).status_code == status, path
    world.ada.refresh_from_db()
    assert world.ada.account == world.warm
    assert Correction.objects.count() == 1
    assert QuarantinedEvent.objects.filter(status="waiting").count() == 2


def test_members_do_not_discard(member, world):
    wait_for_metric(world)

    assert member.get("/w/acme/ingestion/discard/", GROUP).status_code == 403
    assert member.post("/w/acme/ingestion/discard/", GROUP).status_code == 403
    assert b"/ingestion/discard/" not in member.get("/w/acme/ingestion/").content


def test_actions_want_a_post(member, world):
    for path, data in every_action(world)[:-1]:
        assert member.get(path, data).status_code == 405, path


def test_ids_of_other_workspaces_are_not_found(client, world):
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))

    for path, data in every_action(world)[:4]:
        foreign = path.replace("/w/acme/", "/w/other/")
        assert client.post(foreign, data).status_code == 404, path
