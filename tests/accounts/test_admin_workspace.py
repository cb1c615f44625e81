"""The settings of a workspace: secrets go in and never come out."""

import pytest

from accounts.keys import reseal_keys
from accounts.models import AuditEntry
from accounts.sealing import unseal
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def change(client, workspace):
    """Send the form as an admin of the workspace; return the page after it."""
    client.force_login(make_member(workspace, "admin"))
    address = f"/admin/accounts/workspace/{workspace.pk}/change/"

    def send(**values):
        form = {
            "name": "Acme",
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
            **values,
        }
        response = client.post(address, form)
        assert response.status_code == 302, response.content.decode()
        workspace.refresh_from_db()
        return client.get(address).content.decode()

    return send


def test_the_secret_is_sealed_and_never_shown(change, workspace):
    page = change(sso_secret="s3cret-word")
    assert unseal(workspace.reamaze_sso_sealed) == "s3cret-word"
    assert "s3cret-word" not in page
    assert "One is set" in page
    entry = AuditEntry.objects.get(action="workspace_changed")
    assert entry.detail == {"changed": ["sso_secret"]}


def test_an_empty_field_keeps_the_secret_and_a_tick_forgets_it(change, workspace):
    change(sso_secret="s3cret-word")
    change(outside_images="on")
    assert unseal(workspace.reamaze_sso_sealed) == "s3cret-word"
    page = change(forget_sso_secret="on")
    assert workspace.reamaze_sso_sealed == ""
    assert "None is set" in page


def test_settings_are_switched(change, workspace):
    assert (workspace.reamaze_authkey_alone, workspace.outside_images) == (False, False)
    change(reamaze_authkey_alone="on", outside_images="on")
    assert (workspace.reamaze_authkey_alone, workspace.outside_images) == (True, True)
    change()
    assert (workspace.reamaze_authkey_alone, workspace.outside_images) == (False, False)


def test_viewers_see_that_there_is_a_secret_and_not_which(client, change, workspace):
    change(sso_secret="s3cret-word")
    client.force_login(make_member(workspace, "viewer"))
    page = client.get(f"/admin/accounts/workspace/{workspace.pk}/change/")
    assert page.status_code == 200
    assert "s3cret-word" not in page.content.decode()
    assert workspace.reamaze_sso_sealed not in page.content.decode()


def test_a_new_field_key_seals_the_secret_too(change, workspace, settings):
    change(sso_secret="s3cret-word")
    settings.FIELD_KEY = f"new-field-key,{settings.FIELD_KEY}"
    reseal_keys()
    settings.FIELD_KEY = "new-field-key"
    workspace.refresh_from_db()
    assert unseal(workspace.reamaze_sso_sealed) == "s3cret-word"
