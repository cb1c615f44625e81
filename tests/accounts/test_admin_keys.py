"""The life of a key in the admin: made, shown once, shown again, replaced, revoked."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from accounts.keys import find_key
from accounts.models import ApiKey, AuditEntry
from ingest.models import IngestCounter
from tests.factories import make_key, make_member, make_product, make_workspace

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r"up_ingest_[0-9A-Za-z]{30}_[0-9A-Za-z]{6}")


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def as_role(client, workspace):
    """Log in as a new member of this role."""

    def log_in(role):
        person = make_member(workspace, role)
        client.force_login(person)
        return person

    return log_in


def address(page, key=None):
    args = [key.pk] if key else []
    return reverse(f"admin:accounts_apikey_{page}", args=args)


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_an_admin_makes_a_key_and_sees_it_once(client, workspace, as_role):
    admin = as_role("admin")
    product = make_product(workspace, "sdk")
    response = client.post(
        address("add"),
        {
            "workspace": workspace.pk,
            "name": "CI",
            "dialects": ["reo"],
            "product": product.pk,
            "allowed_networks": "203.0.113.7/24\n2001:db8::/32",
            "expires_at_0": "2099-01-01",
            "expires_at_1": "12:00",
        },
    )
    key = ApiKey.objects.get()
    assert response["Location"] == address("created", key)
    page = client.get(response["Location"])
    text = page.content.decode()
    (token,) = set(TOKEN.findall(text))
    assert find_key(token) == key
    assert (key.name, key.dialects, key.product) == ("CI", ["reo"], product)
    assert key.allowed_networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert key.expires_at.year == 2099
    assert key.created_by == admin
    # Only the senders that the key is for, ready to paste.
    assert f"X-API-KEY: {token}" in text
    assert "/api/product/usage" in text
    assert "Bearer" not in text
    assert "no-store" in page["Cache-Control"]
    assert LogEntry.objects.get().action_flag == 1
    assert actions() == ["key_created", "key_viewed"]
    # The second time it takes the button.
    assert client.get(address("created", key))["Location"] == address("change", key)
    assert token not in client.get(address("change", key)).content.decode()


def test_the_new_key_is_shown_to_its_maker_only(client, workspace, as_role):
    key, _ = make_key(workspace)
    as_role("admin")
    assert client.get(address("created", key)).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        ("allowed_networks", "elsewhere", "not an IP network"),
        ("dialects", ["klingon"], "valid choice"),
        ("expires_at_0", "2020-01-01", "in the past"),
        ("name", "", "required"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(client, workspace, as_role, wrong):
    field, value, message = wrong
    as_role("admin")
    form = {"workspace": workspace.pk, "name": "CI", "expires_at_1": "12:00"}
    if not field.startswith("expires"):
        del form["expires_at_1"]
    response = client.post(address("add"), form | {field: value})
    assert message in response.content.decode()
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("role", ["member", "admin"])
def test_members_show_and_copy_a_key(client, workspace, as_role, role):
    key, token = make_key(workspace)
    person = as_role(role)
    page = client.post(address("reveal", key), REMOTE_ADDR="203.0.113.9")
    text = page.content.decode()
    assert f'<pre id="token">{token}</pre>' in text
    assert 'data-copy="#token"' in text
    entry = AuditEntry.objects.get(action="key_viewed")
    assert (entry.actor, entry.ip) == (person, "203.0.113.9")


def test_showing_takes_a_post(client, workspace, as_role):
    """A link in a mail must not write a line that somebody looked at a key."""
    key, _ = make_key(workspace)
    as_role("admin")
    assert client.get(address("reveal", key))["Location"] == address("change", key)
    assert actions() == ["key_created"]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_make_or_end_keys(client, workspace, as_role, role):
    key, _ = make_key(workspace)
    as_role(role)
    for page in ("rotate", "revoke"):
        answer = client.post(address(page, key), {"confirmed": "1", "overlap": "0"})
        assert answer.status_code in {403, 404}
    assert client.post(address("add"), {"name": "x"}).status_code == 403
    assert client.post(address("change", key), {"name": "x"}).status_code == 403
    answer = client.post(address("reveal", key))
    assert answer.status_code == (404 if role == "viewer" else 200)
    key.refresh_from_db()
    assert (key.version, key.name) == (1, "test key")
    assert ApiKey.objects.count() == 1


def test_members_read_a_key_without_its_text(client, workspace, as_role):
    key, token = make_key(workspace, networks=["203.0.113.0/24"], dialects=["reo"])
    as_role("member")
    text = client.get(address("change", key)).content.decode()
    assert "203.0.113.0/24" in text
    assert "Show key" in text
    assert "Revoke" not in text
    assert "Replace" not in text
    assert token not in text


def test_changing_a_key(client, workspace, as_role):
    key, _ = make_key(workspace, dialects=["reo"])
    as_role("admin")
    form = {"name": "renamed", "allowed_networks": "198.51.100.1"}
    assert client.post(address("change", key), form).status_code == 302
    key.refresh_from_db()
    assert (key.name, key.dialects) == ("renamed", [])
    assert key.allowed_networks == ["198.51.100.1/32"]
    assert key.version == 2
    detail = AuditEntry.objects.get(action="key_changed").detail
    assert detail["before"] == {
        "name": "test key",
        "dialects": "['reo']",
        "allowed_networks": "[]",
    }
    # Saving without a change writes nothing.
    client.post(address("change", key), form)
    key.refresh_from_db()
    assert key.version == 2
    assert actions() == ["key_created", "key_changed"]


def test_replacing_a_key(client, workspace, as_role):
    key, old = make_key(workspace, "CI", dialects=["native"])
    as_role("admin")
    question = client.get(address("rotate", key))
    assert ApiKey.objects.count() == 1
    assert "Both work for a week" in question.content.decode()
    answer = client.post(address("rotate", key), {"confirmed": "1", "overlap": "24"})
    new = ApiKey.objects.get(rotated_from=key)
    assert answer["Location"] == address("created", new)
    text = client.get(answer["Location"]).content.decode()
    (token,) = set(TOKEN.findall(text))
    assert find_key(token) == new != key
    left = find_key(old).expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert LogEntry.objects.count() == 2
    # Once only.
    answer = client.post(address("rotate", key), {"confirmed": "1", "overlap": "24"})
    assert answer["Location"] == address("change", key)
    assert ApiKey.objects.count() == 2
    page = client.get(address("change", key)).content.decode()
    assert f"Replaced by {new}" in page.replace("&#x27;", "'")


def test_an_overlap_that_is_not_offered(client, workspace, as_role):
    key, _ = make_key(workspace)
    as_role("admin")
    answer = client.post(address("rotate", key), {"confirmed": "1", "overlap": "9999"})
    assert answer.status_code == 200
    assert ApiKey.objects.count() == 1


def test_revoking_asks_first(client, workspace, as_role):
    key, token = make_key(workspace)
    as_role("admin")
    assert (
        "stops working at once" in client.get(address("revoke", key)).content.decode()
    )
    client.post(address("revoke", key))
    assert find_key(token).is_usable()
    client.post(address("revoke", key), {"confirmed": "1"})
    assert not find_key(token).is_usable()
    assert LogEntry.objects.get().change_message == "Revoked"
    assert actions()[-1] == "key_revoked"
    # It cannot be changed or shown any more, and is still there to be read.
    page = client.get(address("change", key))
    assert "Revoked" in page.content.decode()
    assert "Show key" not in page.content.decode()
    assert client.post(address("change", key), {"name": "x"}).status_code == 403
    assert client.post(address("reveal", key)).status_code == 302


def test_keys_are_never_deleted(client, workspace, as_role):
    key, _ = make_key(workspace)
    as_role("admin")
    assert client.post(address("delete", key), {"post": "yes"}).status_code == 403
    client.post(
        address("changelist"), {"action": "delete_selected", "_selected_action": key.pk}
    )
    assert ApiKey.objects.count() == 1


def test_the_list_says_what_each_key_does(client, workspace, as_role):
    now = timezone.now()
    key, _ = make_key(workspace, "busy", dialects=["reo"])
    make_key(workspace, "old", expires_at=now - timedelta(days=1))
    make_key(workspace, "ending", expires_at=now + timedelta(days=1))
    common = {"workspace": workspace, "api_key": key, "dialect": "reo"}
    for days, outcome, count in (
        (0, "accepted", 1000),
        (6, "accepted", 234),
        (0, "duplicate", 7),
        (8, "accepted", 9999),
    ):
        hour = now - timedelta(days=days)
        IngestCounter.objects.create(hour=hour, outcome=outcome, count=count, **common)
    as_role("member")
    text = client.get(address("changelist")).content.decode()
    for words in ("1,234", "Active", "Expired", "Expires", f"{key.prefix}…", "Reo"):
        assert words in text
