"""The page "Doctor": who may see it, what it shows, and that it keeps nothing."""

import json

import pytest

from accounts.models import Role
from ingest import counters
from ingest.credentials import cache
from ingest.models import InboxEntry, RefusedRequest
from tests.factories import make_key, make_member, make_workspace
from tests.ingest.test_reo import TELEMETRY

pytestmark = pytest.mark.django_db
PATH = "/w/acme/doctor/"
USAGE = "/api/product/usage"


@pytest.fixture(autouse=True)
def fresh_process():
    cache.clear()
    counters.forget()
    yield
    counters.forget()


@pytest.fixture
def workspace():
    return make_workspace("acme")


@pytest.fixture
def member(workspace, client):
    client.force_login(make_member(workspace, Role.MEMBER))
    return client


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.MEMBER, 200), (Role.ADMIN, 200)]
)
def test_members_and_admins_may(workspace, client, role, status):
    client.force_login(make_member(workspace, role))
    assert client.get(PATH).status_code == status
    assert client.post(PATH, {"request": "{}"}).status_code == status


def test_strangers_may_not(workspace, client):
    assert client.get(PATH).status_code == 302
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    assert client.get(PATH).status_code == 404


def test_a_pasted_body_with_a_key(workspace, member):
    key, token = make_key(workspace)
    response = member.post(
        PATH, {"request": json.dumps({"payload": TELEMETRY}), "key": key.pk}
    )
    page = response.content.decode()
    assert response.status_code == 200
    assert "Data Uploaded" in page
    assert "payload.activity_type" in page
    assert token not in page
    assert "style=" not in page
    assert not InboxEntry.objects.exists()


def test_nonsense_is_a_message(workspace, member):
    response = member.post(PATH, {"request": "curl 'x"})
    assert response.status_code == 422
    assert "ends inside quotes" in response.content.decode()
    assert member.post(PATH, {}).status_code == 422
    response = member.post(PATH, {"request": "<script>alert(1)</script>"})
    assert "<script>alert" not in response.content.decode()


def test_a_key_of_another_workspace_cannot_be_chosen(workspace, member):
    key, _ = make_key(make_workspace("other"))
    response = member.post(PATH, {"request": "{}", "key": key.pk})
    assert response.status_code == 422


def test_a_refused_request_is_picked_and_explained(workspace, member):
    _, token = make_key(workspace, name="CI key")
    member.post(
        USAGE,
        {"payload": {**TELEMETRY, "event_at": "never"}},
        content_type="application/json",
        headers={"X-API-KEY": token},
    )
    counters.flush()
    row = RefusedRequest.objects.get()
    page = member.get(PATH).content.decode()
    assert f'href="?refused={row.pk}"' in page
    assert "CI key" in page
    response = member.get(PATH, {"refused": row.pk})
    page = response.content.decode()
    assert "{API_KEY}" in page
    assert token not in page
    initial = response.context["form"].initial
    response = member.post(PATH, initial)
    assert response.context["explanation"].body == row.answer


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, "²", ""])
def test_an_odd_number_picks_nothing(workspace, member, number):
    assert member.get(PATH, {"refused": number}).context["picked"] is None


def test_a_refused_request_of_another_workspace_is_not_shown(workspace, member):
    other = make_workspace("other")
    _, token = make_key(other)
    member.post(
        USAGE, {}, content_type="application/json", headers={"X-API-KEY": token}
    )
    counters.flush()
    row = RefusedRequest.objects.get()
    response = member.get(PATH, {"refused": row.pk})
    assert response.context["picked"] is None
    assert not response.context["refused"]


def test_the_ingestion_page_leads_here(workspace, member, client):
    assert PATH in member.get("/w/acme/ingestion/").content.decode()
    client.force_login(make_member(workspace, Role.VIEWER))
    assert PATH not in client.get("/w/acme/ingestion/").content.decode()
