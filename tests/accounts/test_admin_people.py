"""Workspaces, members, products and the rest of what admins configure."""

import base64
import json
import re

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.models import (
    Account,
    AccountNetwork,
    AuditEntry,
    Membership,
    Product,
    ScoreModel,
    User,
    Workspace,
)
from tests.factories import (
    make_account,
    make_member,
    make_operator,
    make_product,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def admin(client, workspace):
    person = make_member(workspace, "admin", "ada@example.com")
    client.force_login(person)
    return person


def address(model, page, row=None):
    return reverse(f"admin:accounts_{model}_{page}", args=[row.pk] if row else [])


def errors(response, field):
    return " ".join(response.context["adminform"].form.errors.get(field, []))


# ---- Workspaces --------------------------------------------------------------------


def test_an_operator_makes_a_workspace_that_is_ready(client):
    client.force_login(make_operator())
    client.post(address("workspace", "add"), {"name": "Acme", "slug": "acme"})
    workspace = Workspace.objects.get()
    assert workspace.metrics.get().key == "CALL_HOME"
    assert workspace.score_models.get().version == 1


def test_the_slug_stays(client, workspace, admin):
    form = {"name": "Renamed", "slug": "renamed"}
    form |= {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1}
    client.post(address("workspace", "change", workspace), form)
    workspace.refresh_from_db()
    assert (workspace.name, workspace.slug) == ("Renamed", "acme")


def test_the_settings_page_leads_to_the_pages(client, workspace, admin):
    make_workspace("other", "Somebody else")
    text = client.get(reverse("admin:index")).content.decode()
    for page in ("overview", "accounts", "developers", "ingestion"):
        assert reverse(f"dashboards:{page}", args=["acme"]) in text
    assert "Somebody else" not in text
    for group in ("What is measured", "Senders", "Customers", "People and access"):
        assert group in text
    assert re.search(r'<summary class="is-current">.*menu-here">Settings<', text)


def test_an_operator_without_workspaces_is_led_to_the_first(client):
    client.force_login(make_operator())
    text = client.get(reverse("admin:index")).content.decode()
    assert "No workspace yet" in text
    assert address("workspace", "add") in text


# ---- Members -----------------------------------------------------------------------


def invite(client, workspace, email, role="viewer"):
    form = {"workspace": workspace.pk, "email": email, "role": role}
    return client.post(address("membership", "add"), form)


def test_someone_known_becomes_a_member(client, workspace, admin):
    user = make_user("mia@example.com")
    invite(client, workspace, "Mia@Example.com", "member")
    assert Membership.objects.get(user=user).role == "member"
    assert user.check_password("correct-horse-7")
    entry = AuditEntry.objects.get(subject="mia@example.com")
    assert (entry.actor, entry.ip) == (admin, "127.0.0.1")


def test_someone_new_sets_a_password_with_a_link(client, workspace, admin):
    response = invite(client, workspace, "mia@example.com")
    page = client.get(response["Location"]).content.decode()
    link = page.split('<pre id="invitation">')[1].split("</pre>")[0]
    assert link.startswith("http://testserver/invitation/")
    client.logout()
    path = link.removeprefix("http://testserver")
    form = client.get(path, follow=True)
    password = {"new_password1": "their-horse-9", "new_password2": "their-horse-9"}
    client.post(form.request["PATH_INFO"], password)
    mia = User.objects.get(email="mia@example.com")
    assert mia.check_password("their-horse-9")
    assert client.session["_auth_user_id"] == str(mia.pk)
    # The link is dead now, and nobody gets another one.
    client.logout()
    assert "form" not in client.get(path, follow=True).context or (
        client.get(path, follow=True).context["form"] is None
    )
    client.force_login(admin)
    membership = Membership.objects.get(user=mia)
    page = client.get(address("membership", "change", membership)).content.decode()
    assert "/invitation/" not in page


def test_the_link_is_for_admins_only(client, workspace, admin):
    invite(client, workspace, "mia@example.com")
    membership = Membership.objects.get(user__email="mia@example.com")
    client.force_login(make_member(workspace, "member"))
    page = client.get(address("membership", "change", membership)).content.decode()
    assert "mia@example.com" in page
    assert "/invitation/" not in page


def link_to(client, membership):
    """The invitation link on the page of a member, if there is one."""
    page = client.get(address("membership", "change", membership)).content.decode()
    link = re.search(r"/invitation/[^<]+", page)
    return link and link[0]


def test_someone_who_is_invited_elsewhere_is_not_handed_out(client, workspace, admin):
    other = make_workspace("other")
    Membership.objects.create(
        workspace=other, user=make_user("mia@example.com", password=None), role="admin"
    )
    assert "yet to accept" in errors(
        invite(client, workspace, "mia@example.com"), "email"
    )
    # Put into both by an operator, they get their link from an operator.
    mine = Membership.objects.create(
        workspace=workspace, user=User.objects.get(email="mia@example.com")
    )
    assert link_to(client, mine) is None
    client.force_login(make_operator())
    assert link_to(client, mine)


def test_a_link_dies_with_a_second_invitation(client, workspace, admin):
    invite(client, workspace, "mia@example.com")
    first = Membership.objects.get(user__email="mia@example.com")
    old = link_to(client, first)
    client.post(address("membership", "delete", first), {"post": "yes"})
    other = make_workspace("other")
    client.force_login(make_member(other, "admin"))
    invite(client, other, "mia@example.com")

    new = link_to(client, Membership.objects.get(user__email="mia@example.com"))

    assert client.get(new, follow=True).context["validlink"]
    assert not client.get(old, follow=True).context["validlink"]


@pytest.mark.parametrize("email", ["", "no address", "ada@example.com"])
def test_who_cannot_be_added(client, workspace, admin, email):
    assert errors(invite(client, workspace, email), "email")
    assert Membership.objects.count() == 1


def test_an_admin_cannot_add_to_another_workspace(client, admin):
    other = make_workspace("other")
    assert errors(invite(client, other, "mia@example.com"), "workspace")
    assert not Membership.objects.filter(workspace=other).exists()


def test_changing_a_role(client, workspace, admin):
    mia = make_member(workspace, "viewer", "mia@example.com")
    membership = Membership.objects.get(user=mia)
    client.post(address("membership", "change", membership), {"role": "member"})
    membership.refresh_from_db()
    assert membership.role == "member"
    detail = AuditEntry.objects.get(subject="mia@example.com").detail
    assert detail == {"before": "viewer", "after": "member"}


def test_the_last_admin_stays(client, workspace, admin):
    membership = Membership.objects.get(user=admin)
    response = client.post(
        address("membership", "change", membership), {"role": "viewer"}
    )
    assert "last admin" in errors(response, "role")
    response = client.post(
        address("membership", "delete", membership), {"post": "yes"}, follow=True
    )
    assert "last admin" in response.content.decode()
    membership.refresh_from_db()
    assert membership.role == "admin"


def test_removing_a_member(client, workspace, admin):
    mia = make_member(workspace, "viewer", "mia@example.com")
    membership = Membership.objects.get(user=mia)
    client.post(address("membership", "delete", membership), {"post": "yes"})
    assert not Membership.objects.filter(user=mia).exists()
    assert User.objects.filter(pk=mia.pk).exists()
    assert AuditEntry.objects.filter(subject="mia@example.com").exists()


def test_an_operator_cannot_lock_themselves_out(client):
    operator = make_operator()
    client.force_login(operator)
    form = {"email": operator.email, "name": "Me"}
    client.post(address("user", "change", operator), form)
    operator.refresh_from_db()
    assert (operator.name, operator.is_superuser) == ("Me", True)
    assert operator.is_active


def test_an_operator_makes_and_stops_people(client):
    client.force_login(make_operator())
    form = {"email": "mia@example.com", "usable_password": "true"}
    password = {"password1": "their-horse-9", "password2": "their-horse-9"}
    client.post(address("user", "add"), form | password)
    mia = User.objects.get(email="mia@example.com")
    assert mia.check_password("their-horse-9")
    client.post(address("user", "change", mia), {"email": mia.email})
    mia.refresh_from_db()
    assert not mia.is_active


# ---- Products, accounts, score models ----------------------------------------------


def test_confirming_discovered_products(client, workspace, admin):
    found = make_product(workspace, "found", is_discovered=True)
    foreign = make_product(make_workspace("other"), "foreign", is_discovered=True)
    form = {"action": "confirm", "_selected_action": [found.pk, foreign.pk]}
    client.post(address("product", "changelist"), form)
    assert list(Product.objects.filter(is_discovered=True)) == [foreign]


def test_actions_ask_for_the_role_in_each_workspace(client, workspace, admin):
    """Admin of one workspace, viewer of another: the action does the first only."""
    other = make_workspace("other")
    Membership.objects.create(workspace=other, user=admin, role="viewer")
    mine = make_product(workspace, "mine", is_discovered=True)
    theirs = make_product(other, "theirs", is_discovered=True)
    form = {"action": "confirm", "_selected_action": [mine.pk, theirs.pk]}
    response = client.post(address("product", "changelist"), form, follow=True)
    assert "1 products confirmed" in response.content.decode()
    assert list(Product.objects.filter(is_discovered=True)) == [theirs]


def test_one_key_twice_is_said_on_the_form(client, workspace, admin):
    make_product(workspace, "sdk")
    form = {"workspace": workspace.pk, "key": "sdk", "name": "again"}
    response = client.post(address("product", "add"), form)
    assert response.status_code == 200
    assert Product.objects.count() == 1


def inline_forms(**lines):
    """Management data of the account's two inlines, with at most one new line each."""
    data = {}
    for prefix in ("domains", "networks"):
        line = lines.get(prefix)
        data |= {
            f"{prefix}-TOTAL_FORMS": 1 if line else 0,
            f"{prefix}-INITIAL_FORMS": 0,
        }
        data |= {f"{prefix}-0-{key}": value for key, value in (line or {}).items()}
    return data


def test_an_account_with_domain_and_range(client, workspace, admin):
    form = {"workspace": workspace.pk, "name": "Initech", "domain": "initech.example"}
    lines = inline_forms(
        domains={"domain": "initech.test"}, networks={"network": "203.0.113.9/24"}
    )
    client.post(address("account", "add"), form | lines)
    account = Account.objects.get()
    assert account.domains.get().workspace == workspace
    network = account.networks.get()
    assert (network.network, network.workspace) == ("203.0.113.0/24", workspace)
    assert network.created_by == admin


def test_a_range_twice_is_said_on_the_form(client, workspace, admin):
    taken, account = make_account(workspace, "Taken"), make_account(workspace)
    AccountNetwork.objects.create(
        workspace=workspace, account=taken, network="203.0.113.0/24"
    )
    form = {"name": "Initech", "domain": "initech.example"}
    lines = inline_forms(networks={"network": "203.0.113.7/24"})
    response = client.post(address("account", "change", account), form | lines)
    assert response.status_code == 200
    assert AccountNetwork.objects.count() == 1


def test_members_edit_accounts_but_not_ranges(client, workspace):
    account = make_account(workspace)
    client.force_login(make_member(workspace, "member"))
    form = {"name": "Renamed", "domain": "initech.example"}
    lines = inline_forms(
        domains={"domain": "initech.test"}, networks={"network": "203.0.113.0/24"}
    )
    client.post(address("account", "change", account), form | lines)
    account.refresh_from_db()
    assert account.name == "Renamed"
    assert account.domains.count() == 1
    assert not AccountNetwork.objects.exists()


def test_versions_of_the_score_model_lead_to_their_page(client, workspace, admin):
    model = ScoreModel.objects.get()
    for page in (
        address("scoremodel", "changelist"),
        address("scoremodel", "change", model),
    ):
        assert f"/w/{workspace.slug}/scoring/" in client.get(page).content.decode()
    client.post(address("scoremodel", "change", model), {"half_life_days": 30})
    model.refresh_from_db()
    assert model.half_life_days == 14.0


# ---- Attribution follows the tables ------------------------------------------------


@pytest.fixture
def told(redis_server):
    """The workspaces that the workers were told of, read from the real broker."""

    def read():
        bodies = [
            json.loads(one)["body"] for one in redis_server.lrange("celery", 0, -1)
        ]
        return [json.loads(base64.b64decode(body))[0][0] for body in bodies]

    redis_server.delete("celery")
    yield read
    redis_server.delete("celery")


@pytest.mark.django_db(transaction=True)
def test_a_range_has_its_effect(client, workspace, admin, told):
    account = make_account(workspace)
    form = {"account": account.pk, "network": "203.0.113.0/24"}
    add = form | {"workspace": workspace.pk}
    client.post(address("accountnetwork", "add"), add)
    network = AccountNetwork.objects.get()
    change = address("accountnetwork", "change", network)
    client.post(change, form | {"note": ""})
    assert told() == [workspace.pk]
    client.post(change, form | {"network": "203.0.113.0/25"})
    client.post(address("accountnetwork", "delete", network), {"post": "yes"})
    assert told() == [workspace.pk] * 3


@pytest.mark.django_db(transaction=True)
def test_a_lost_broker_is_said(client, workspace, admin, monkeypatch):
    def fail(_):
        raise OperationalError("gone")

    monkeypatch.setattr("accounts.admin.later.reattribute_workspace.delay", fail)
    account = make_account(workspace)
    form = {"name": account.name, "domain": account.domain}
    lines = inline_forms(domains={"domain": "initech.test"})
    change = address("account", "change", account)
    response = client.post(change, form | lines, follow=True)
    assert "reattribute --workspace acme" in response.content.decode()
    assert account.domains.exists()
