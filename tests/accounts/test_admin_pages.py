"""What the stock pages of the admin say and cost, beyond who may open them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.lists import Entry, add_entries, create_list
from accounts.models import CuratedList, Delivery, Role, Tag, TagMark, Webhook
from accounts.webhooks import create_webhook, send_test
from tests.factories import (
    make_account,
    make_member,
    make_metric,
    make_operator,
    make_product,
    make_workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def admin(client, workspace):
    client.force_login(make_member(workspace, Role.ADMIN))
    return client


def html(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_crumbs_lead_to_the_settings_and_to_no_page_of_an_app(admin, workspace):
    product = make_product(workspace, "sdk")
    for address in (
        "/admin/accounts/product/",
        "/admin/accounts/product/add/",
        f"/admin/accounts/product/{product.pk}/change/",
        f"/admin/accounts/product/{product.pk}/history/",
    ):
        page = html(admin, address)
        assert '<a href="/admin/">Settings</a>' in page
        assert 'href="/admin/accounts/"' not in page


@pytest.mark.parametrize("app", ["accounts", "ingest"])
def test_the_page_of_an_app_is_the_settings_page(admin, client, app):
    response = admin.get(f"/admin/{app}/")
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    client.logout()
    assert client.get(f"/admin/{app}/")["Location"].startswith("/admin/login/")


def test_an_empty_list_says_so(admin, workspace):
    page = html(admin, "/admin/accounts/tag/")
    assert "No tags yet" in page
    assert "Show all" not in page
    assert 'name="action"' not in page

    Tag.objects.create(workspace=workspace, subject="account", name="Partner")
    assert "No tags yet" not in html(admin, "/admin/accounts/tag/")
    found = html(admin, "/admin/accounts/tag/?q=nobody")
    assert "No tags match" in found
    assert "No tags yet" not in found


@pytest.mark.parametrize(
    "model", ["event", "ingestcounter", "quarantinedevent", "refusedrequest"]
)
def test_what_arrived_is_narrowed_to_a_dialect_without_reading_all(admin, model):
    address = f"/admin/ingest/{model}/"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = html(admin, address)
    assert "?dialect=telemetrydeck" in page
    assert "Licence telemetry" in page
    assert not [one for one in queries if "DISTINCT" in one["sql"]]
    assert admin.get(f"{address}?dialect=reo").status_code == 200
    assert admin.get(f"{address}?dialect=nonsense").status_code == 200


def test_a_webhook_that_has_sent_something_can_be_deleted(admin, workspace):
    webhook, _ = create_webhook(
        workspace, name="Ours", url="https://hooks.example.com/in"
    )
    send_test(webhook)
    address = f"/admin/accounts/webhook/{webhook.pk}/delete/"

    assert "deliveries: 1" in html(admin, address).lower()
    assert admin.post(address, {"post": "yes"}).status_code == 302
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_what_hangs_on_a_row_is_counted_and_not_listed(admin, workspace):
    curated = create_list(workspace, name="Targets", subject="account", actor=None)
    add_entries(curated, [Entry(f"company{n}.example") for n in range(120)], actor=None)
    address = f"/admin/accounts/curatedlist/{curated.pk}/delete/"

    with CaptureQueriesContext(connection) as queries:
        page = html(admin, address)
    assert "120" in page
    assert "company77.example" not in page
    assert len(queries) <= 16
    assert admin.post(address, {"post": "yes"}).status_code == 302
    assert not CuratedList.objects.exists()


def test_rows_that_are_ticked_are_counted_the_same_way(admin, workspace):
    account = make_account(workspace, "Acme")
    tags = [
        Tag.objects.create(workspace=workspace, subject="account", name=name)
        for name in ("One", "Two")
    ]
    for tag in tags:
        TagMark.objects.create(workspace=workspace, tag=tag, account=account)
    form = {
        "action": "delete_selected",
        "_selected_action": [tag.pk for tag in tags],
    }

    page = admin.post("/admin/accounts/tag/", form).content.decode()
    assert "tag marks: 2" in page.lower()
    admin.post("/admin/accounts/tag/", form | {"post": "yes"})
    assert not Tag.objects.exists()


def test_a_score_model_names_its_metrics(admin, workspace):
    metric = make_metric(workspace, "sdk_install", label="Installed the SDK")
    model = workspace.score_models.first()
    model.weights = {str(metric.pk): [6.0, 20]}
    model.save()

    page = html(admin, reverse("admin:accounts_scoremodel_change", args=[model.pk]))
    assert "Installed the SDK: 6, at most 20 a day" in page


def test_the_form_for_a_new_user_can_be_filled_by_a_browser(client):
    client.force_login(make_operator())
    page = html(client, "/admin/accounts/user/add/")
    assert 'autocomplete="username"' in page
    assert "autofocus" not in page


@pytest.mark.parametrize("model", ["stage", "segment", "tag", "curatedlist"])
def test_lists_are_narrowed_by_what_they_are_about(admin, model):
    page = html(admin, f"/admin/accounts/{model}/?subject__exact=developer")
    assert "By accounts or developers" in page
