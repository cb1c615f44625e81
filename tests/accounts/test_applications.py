"""Applications: defined out of a file and in the admin, with the metrics they need."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.applications import define_application
from accounts.errors import AccountsError
from accounts.models import (
    AccessToken,
    ApiKey,
    Application,
    AuditEntry,
    EventDefinition,
    Metric,
    Product,
    ProvisionedUser,
    Role,
)
from accounts.score_models import current_model
from tests.factories import make_key, make_member, make_product, make_workspace

pytestmark = pytest.mark.django_db

DRIVE = {
    "id": "drive",
    "name": "Drive",
    "icon": "https://drive.example/icon.png",
    "category": "Storage",
    "subCategory": "Files",
    "description": "Where files live",
    "sso": True,
    "events": [
        {
            "name": "opened_file",
            "description": "A file was opened",
            "category": "Consume",
            "actions": ["Files", " Files ", "Daily"],
            "minimumLicenseTier": "Free",
        },
        {"name": "login", "category": "Login"},
    ],
}


@pytest.fixture
def acme():
    return make_workspace("acme")


def events(application):
    return sorted(
        EventDefinition.objects.filter(application=application).values_list(
            "name", "category", "actions", "minimum_tier", "metric__key"
        )
    )


def test_everything_a_definition_says(acme):
    application = define_application(acme, DRIVE)
    application.refresh_from_db()
    assert application.product.key == "drive"
    assert application.product.name == "Drive"
    assert not application.product.is_discovered
    assert application.icon == DRIVE["icon"]
    assert (application.category, application.subcategory) == ("Storage", "Files")
    assert application.description == "Where files live"
    assert application.has_sso
    assert events(application) == [
        ("login", "Login", [], "", "login"),
        ("opened_file", "Consume", ["Daily", "Files"], "Free", "opened_file"),
    ]


def test_new_metrics_score(acme):
    define_application(acme, DRIVE)
    metric = Metric.objects.get(key="opened_file")
    assert (metric.label, metric.weight) == ("Opened file", 6.0)
    assert str(metric.pk) in current_model(acme).weights


def test_a_metric_that_is_there_is_used(acme):
    mine = Metric.objects.create(workspace=acme, key="OPENED FILE", label="Mine")
    theirs = make_workspace("other")
    define_application(theirs, DRIVE)
    application = define_application(acme, DRIVE)
    assert application.events.get(name="opened_file").metric == mine
    mine.refresh_from_db()
    assert mine.label == "Mine"


def test_defining_again_brings_up_to_date(acme):
    first = define_application(acme, DRIVE)
    ids = dict(first.events.values_list("name", "pk"))
    changed = {
        **DRIVE,
        "name": "Drive 2",
        "category": "",
        "events": [
            {"name": "opened_file", "category": "Other"},
            {"name": "new_one"},
        ],
    }
    second = define_application(acme, changed)
    assert second.pk == first.pk
    assert Product.objects.get(workspace=acme).name == "Drive 2"
    assert events(second) == [
        ("new_one", "Other", [], "", "new_one"),
        ("opened_file", "Other", [], "", "opened_file"),
    ]
    assert second.events.get(name="opened_file").pk == ids["opened_file"]


def test_a_product_that_announced_itself_becomes_the_application(acme):
    product = make_product(acme, "drive", name="drive", is_discovered=True)
    application = define_application(acme, DRIVE)
    product.refresh_from_db()
    assert application.product == product
    assert (product.name, product.is_discovered) == ("Drive", False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "id: is required."),
        ({"id": 7}, "id: must be text."),
        ({"id": "a/b"}, "app_id: An id is made of"),
        ({"id": "x" * 201}, "id: must have at most 200"),
        ({"name": "x" * 201}, "name: must have at most 200"),
        ({"sso": "yes"}, "sso: must be true or false."),
        ({"icon": "nonsense"}, "icon: "),
        ({"category": "x" * 101}, "category: "),
        ({"events": {}}, "events: must be an array."),
        ({"events": ["x"]}, "events[0]: must be an object."),
        ({"events": [{}]}, "events[0].name: is required."),
        ({"events": [{"name": "a", "category": "Eat"}]}, "events[0].category: "),
        ({"events": [{"name": "a", "actions": "x"}]}, "events[0].actions: must be"),
        ({"events": [{"name": "a", "actions": [""]}]}, "events[0].actions: must be"),
        ({"events": [{"name": "a"}, {"name": "A"}]}, "events: two of them"),
    ],
)
def test_wrong_definitions_change_nothing(acme, changes, message):
    with pytest.raises(AccountsError) as refused:
        define_application(acme, {**DRIVE, **changes})
    assert str(refused.value).startswith(message)
    assert not Application.objects.exists()
    assert not Product.objects.exists()
    assert Metric.objects.count() == 1


def test_the_command(acme, tmp_path, capsys):
    path = tmp_path / "drive.json"
    path.write_text(json.dumps(DRIVE))
    call_command("define_application", str(path), "--workspace", "acme")
    assert capsys.readouterr().out == "Defined Drive (drive) with 2 events.\n"


@pytest.mark.parametrize(
    ("text", "workspace", "message"),
    [
        ("{}", "nowhere", "There is no workspace nowhere."),
        ("{", "acme", "is not JSON"),
        ("[]", "acme", "The definition must be an object."),
        ("{}", "acme", "id: is required."),
    ],
)
def test_what_the_command_refuses(acme, tmp_path, text, workspace, message):
    path = tmp_path / "drive.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=message):
        call_command("define_application", str(path), "--workspace", workspace)
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("define_application", str(tmp_path / "x"), "--workspace", "acme")


def test_deleting_a_workspace_takes_everything_along(acme):
    application = define_application(acme, DRIVE)
    ProvisionedUser.objects.create(
        workspace=acme, application=application, app_user_id="1", email="a@b.example"
    )
    acme.delete()
    assert not Application.objects.exists()
    assert not ProvisionedUser.objects.exists()


# ---- In the admin


@pytest.fixture
def admin(client, acme):
    client.force_login(make_member(acme, Role.ADMIN))
    return client


def form(rows=(), **fields):
    """What the page posts: an application and its rows of events."""
    data = {
        "app_id": "drive",
        "category": "Storage",
        **fields,
        "events-TOTAL_FORMS": len(rows),
        "events-INITIAL_FORMS": sum("id" in row for row in rows),
    }
    for number, given in enumerate(rows):
        row = {"category": "Other", **given}
        data |= {f"events-{number}-{name}": value for name, value in row.items()}
    return data


def test_an_application_with_events_is_added(admin, acme):
    product = make_product(acme, "drive")
    rows = [
        {"name": "opened_file", "category": "Consume", "actions": "Files, Daily"},
        {"name": "login", "category": "Login"},
    ]
    answer = admin.post(
        reverse("admin:accounts_application_add"),
        form(rows, workspace=acme.pk, product=product.pk),
    )
    assert answer.status_code == 302
    assert events(Application.objects.get()) == [
        ("login", "Login", [], "", "login"),
        ("opened_file", "Consume", ["Files", "Daily"], "", "opened_file"),
    ]


def test_events_are_renamed_and_removed(admin, acme):
    application = define_application(acme, DRIVE)
    ids = dict(application.events.values_list("name", "pk"))
    rows = [
        {"id": ids["login"], "application": application.pk, "name": "signed_in"},
        {
            "id": ids["opened_file"],
            "application": application.pk,
            "name": "opened_file",
            "DELETE": "on",
        },
    ]
    address = reverse("admin:accounts_application_change", args=[application.pk])
    assert admin.post(address, form(rows)).status_code == 302
    assert events(application) == [("signed_in", "Other", [], "", "signed_in")]


def test_two_names_of_one_metric_are_refused(admin, acme):
    application = define_application(acme, {**DRIVE, "events": []})
    address = reverse("admin:accounts_application_change", args=[application.pk])
    answer = admin.post(address, form([{"name": "a_b"}, {"name": "A B"}]))
    assert answer.status_code == 200
    assert "would be one metric" in answer.content.decode()
    assert events(application) == []


def test_deleting_an_application_leaves_its_product(admin, acme):
    application = define_application(acme, DRIVE)
    address = reverse("admin:accounts_application_delete", args=[application.pk])
    assert admin.post(address, {"post": "yes"}).status_code == 302
    assert not Application.objects.exists()
    assert Product.objects.filter(key="drive").exists()
    assert Metric.objects.filter(key="opened_file").exists()


def test_a_client_is_made_and_shown_with_its_commands(admin, acme):
    define_application(acme, DRIVE)
    answer = admin.post(
        reverse("admin:accounts_apikey_add"),
        {
            "workspace": acme.pk,
            "name": "Drive's pusher",
            "kind": "client",
            "scopes": ["connector.write"],
        },
        follow=True,
    )
    key = ApiKey.objects.get(kind="client")
    assert key.scopes == ["connector.write"]
    page = answer.content.decode()
    assert f'<pre id="client-id">{key.prefix}</pre>' in page
    assert f'<pre id="token">{key.prefix}' in page
    assert "/oauth2/token" in page
    assert f"--user {key.prefix}:{key.prefix}" in page
    assert "/services/push/v1/customer/apps/drive/events" in page
    assert "opened_file" in page


def token(client):
    return AccessToken.objects.create(
        workspace=client.workspace,
        client=client,
        digest=bytes([AccessToken.objects.count()]) * 32,
        prefix="up_access_abcdef",
        scopes=["connector.write"],
        expires_at=timezone.now() + timedelta(hours=1),
    )


def test_tokens_are_revoked_by_admins_alone(client, acme):
    key, _ = make_key(acme, kind="client")
    first, second = token(key), token(key)
    address = reverse("admin:accounts_accesstoken_changelist")
    data = {"action": "revoke", "_selected_action": [first.pk]}
    client.force_login(make_member(acme, Role.MEMBER))
    client.post(address, data)
    assert AccessToken.objects.filter(revoked_at=None).count() == 2
    client.force_login(make_member(acme, Role.ADMIN))
    client.post(address, data)
    assert list(AccessToken.objects.filter(revoked_at=None)) == [second]
    entry = AuditEntry.objects.get(action="tokens_revoked")
    assert entry.detail == {"key_id": key.pk, "tokens": 1}
    page = client.get(address).content.decode()
    assert "Revoked" in page
    assert "Active" in page
