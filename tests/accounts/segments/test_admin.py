"""Segments in the admin: for admins, all of them, with a preview and actions."""

import json

import pytest

from accounts.models import Account, Role, Segment
from accounts.segments.store import make_segment
from tests.factories import make_account, make_member, make_workspace

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/segment/"


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def admin(client, workspace):
    client.force_login(make_member(workspace, Role.ADMIN))
    return client


def country(code):
    return {"field": "country", "is": "one_of", "value": [code]}


def test_members_are_kept_out(client, workspace):
    make_segment(workspace, subject="account", name="Secret", rule={"all": []})
    client.force_login(make_member(workspace, Role.MEMBER))

    assert client.get(LIST).status_code == 403


def test_admins_see_all_with_a_preview(admin, workspace):
    make_account(workspace, "Acme", country="DE")
    owner = make_member(workspace)
    mine = make_segment(
        workspace, subject="account", name="Mine", rule=country("DE"), actor=owner
    )

    assert b"Mine" in admin.get(LIST).content
    page = admin.get(f"{LIST}{mine.pk}/change/").content.decode()
    assert "Accounts where country is Germany." in page
    assert "1 match." in page
    assert "<li>Acme</li>" in page


def test_a_rule_is_judged_and_saved_as_a_version(admin, workspace):
    make_account(workspace, "Acme", country="DE")
    form = {
        "workspace": workspace.pk,
        "subject": "account",
        "name": "German",
        "description": "",
        "notes": "",
        "is_shared": "on",
        "editors": "owner",
        "rule": '{"field": "country", "is": "one_of"}',
    }
    wrong = admin.post(f"{LIST}add/", form)
    assert "Rule (Country): A value is missing." in wrong.content.decode()
    assert admin.post(f"{LIST}add/", {**form, "rule": "{"}).status_code == 200

    admin.post(f"{LIST}add/", {**form, "rule": json.dumps(country("DE"))})
    made = Segment.objects.get(name="German")
    assert (made.size, made.rules.count()) == (1, 1)
    inline = {
        f"rules-{name}": number
        for name, number in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
    }
    admin.post(
        f"{LIST}{made.pk}/change/",
        {**form, **inline, "rule": json.dumps(country("US"))},
    )
    made.refresh_from_db()
    assert (made.size, made.rules.count()) == (0, 2)


def test_ready_made_ones_stay_as_they_are(admin, workspace):
    ready = Segment.objects.get(ready_made="new")

    page = admin.get(f"{LIST}{ready.pk}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert admin.post(f"{LIST}{ready.pk}/change/", {}).status_code == 403


def test_actions_refresh_share_and_copy(admin, workspace):
    account = make_account(workspace, "Acme", country="DE")
    made = make_segment(workspace, subject="account", name="Own", rule=country("DE"))

    def act(name):
        return admin.post(LIST, {"action": name, "_selected_action": [made.pk]})

    act("look_again")
    made.refresh_from_db()
    assert made.size == 1
    Account.objects.filter(pk=account.pk).update(country="")
    act("look_again")
    act("share")
    act("copy")
    made.refresh_from_db()
    assert (made.size, made.is_shared) == (0, True)
    assert Segment.objects.filter(name="Own (copy)").exists()


@pytest.mark.parametrize("rule", ["[" * 100_000, '{"x": ' + "9" * 5000 + "}"])
@pytest.mark.parametrize("of", ["segment", "stage", "tag"])
def test_a_rule_that_python_cannot_read_is_refused(admin, workspace, rule, of):
    values = {"workspace": workspace.pk, "subject": "account", "name": "X"}
    page = admin.post(f"/admin/accounts/{of}/add/", {**values, "rule": rule})

    assert page.status_code == 200
    assert page.context["adminform"].errors["rule"]


def test_a_link_leads_to_the_page_of_a_segment_only_where_it_opens(admin, workspace):
    owner = make_member(workspace)
    private = make_segment(
        workspace, subject="account", name="Theirs", rule={"all": []}, actor=owner
    )
    address = f"/w/{workspace.slug}/segments/{private.pk}/"

    assert admin.get(address).status_code == 404
    page = admin.get(f"{LIST}{private.pk}/change/").content.decode()
    assert address not in page
    assert f"Only {owner} can open its page, until it is shared." in page

    Segment.objects.filter(pk=private.pk).update(is_shared=True)
    assert address in admin.get(f"{LIST}{private.pk}/change/").content.decode()
    assert admin.get(address).status_code == 200
