"""The page of licence telemetry: right numbers, words for flags, ways further down."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Activation, ProductVersion, Role
from dashboards import charts
from ingest.dialects.license_record import complete, read
from ingest.digest import digest_until_empty
from ingest.inbox import accept_without_request
from ingest.license_retention import prune_all
from ingest.models import Event
from ingest.recount import check_usage, rebuild_usage
from tests.dashboards.test_pages import text_of
from tests.factories import (
    make_account,
    make_license,
    make_member,
    make_product,
    make_workspace,
)

pytestmark = pytest.mark.django_db

RECORD = {
    "data_type": "numeric-single-value",
    "numeric_data_single_value": "50",
    "product_id": "app",
    "user_identifier": "ann",
    "license_key": "KEY-1",
    "activation_identifier": "PC-1",
    "product_version": "1.0",
    "data_group": "starts",
}


@pytest.fixture
def workspace():
    workspace = make_workspace("acme")
    product = make_product(workspace, "app")
    ProductVersion.objects.create(workspace=workspace, product=product, version="1.0")
    return workspace


@pytest.fixture
def licence(workspace):
    buyer = make_account(workspace, "Buyer")
    made = make_license(workspace, "KEY-1", account=buyer, seats=3)
    Activation.objects.create(workspace=workspace, license=made, identifier="PC-1")
    return made


def report(workspace, *changes, ago=timedelta(0), **common):
    """Records as the door would have kept them, digested."""
    at = (timezone.now() - ago).timestamp()
    events = [
        read({**RECORD, **common, **change}, now=at).event
        for change in changes or ({},)
    ]
    accept_without_request(workspace, "license", complete(workspace.pk, events))
    digest_until_empty()


@pytest.fixture
def member(client, workspace):
    client.force_login(make_member(workspace, Role.MEMBER))
    return client


def page(client, query=""):
    response = client.get(f"/w/acme/licences/?{query}")
    assert response.status_code == 200
    return response.context["page"]


def test_totals_and_shares(member, workspace, licence):
    report(workspace, *([{}] * 6), {"license_key": "pirate"}, {"product_version": "9"})
    report(workspace, {"license_key": "pirate"}, ago=timedelta(days=3))
    report(workspace, {}, ago=timedelta(days=40))
    shown = page(member, "days=1")
    assert (shown.total, shown.flagged, shown.clean) == ("8", "2", "6")
    assert (shown.flagged_share, shown.clean_share) == ("25 %", "75 %")
    assert page(member, "days=7").total == "9"
    assert page(member).total == "9"
    assert page(member, "days=90").total == "10"
    assert page(member, "days=nonsense").total == "9"
    by_name = {layer.name: layer.total for layer in page(member, "days=7").trend.layers}
    assert by_name == {"Clean": "6", "Flagged": "3"}
    flags = {row.label: row.records for row in page(member, "days=7").flags}
    assert flags["Unknown licence key"] == "2"
    assert flags["Unknown product version"] == "1"
    assert flags["Revoked licence"] == "0"


@pytest.mark.parametrize("number", ["1e100", "1e160", "-1.7e308"])
def test_numbers_past_all_sense_break_no_page(member, workspace, licence, number):
    single = {"numeric_data_single_value": number}
    line = {"data_type": "numeric-xy-axis", "numeric_data_x": number}
    report(workspace, single, single, {**single, "numeric_data_single_value": "2"})
    for x in (number, "1"):
        report(workspace, {**line, "numeric_data_x": x, "numeric_data_y": number})
    shown = page(member)
    assert shown.total == "5"
    assert [card.title for card in shown.numbers] == ["starts"]


def test_filters(member, workspace, licence):
    make_product(workspace, "other")
    report(workspace, {}, {"license_key": "pirate"}, {"product_id": "other"})
    other = workspace.products.get(key="other")
    shown = page(member, f"product={other.pk}")
    assert (shown.total, len(shown.records.rows)) == ("1", 1)
    assert [row.license_key for row in page(member, "show=clean").records.rows] == [
        "KEY-1"
    ]
    flagged = page(member, "show=flagged")
    # The shares stay those of all records.
    assert flagged.total == "3"
    assert len(flagged.records.rows) == 2
    (row,) = page(member, "license=pirate").records.rows
    assert row.flags == ("Unknown licence key", "Unknown activation")
    assert row.license_id is None


def test_data_groups_by_kind(member, workspace, licence):
    xy = {"data_type": "numeric-xy-axis", "data_group": "curve"}
    report(
        workspace,
        {"numeric_data_single_value": "10"},
        {"numeric_data_single_value": "20"},
        {**xy, "numeric_data_x": 3, "numeric_data_y": 9},
        {**xy, "numeric_data_x": 1, "numeric_data_y": "1.5"},
        {**xy, "numeric_data_x": 1e300, "numeric_data_y": 1},
        {"data_type": "text", "text_data": "<b>hello</b>", "data_group": "notes"},
        {"data_type": "oddity"},
    )
    shown = page(member)
    (number,) = shown.numbers
    assert (number.title, number.value) == ("starts", "15")
    assert number.note == "average of 2 records; 10 to 20, latest 20"
    (curve,) = shown.lines
    assert curve.title == "curve"
    assert [cell.value for row in curve.table.rows for cell in row] == [1, 1.5, 3, 9]
    (texts,) = shown.texts
    assert [text for _, text in texts.rows] == ["<b>hello</b>"]
    html = member.get("/w/acme/licences/").content.decode()
    assert "<b>hello</b>" not in html
    assert 'class="chart chart-points"' in html


def test_records_lead_to_the_licence_and_its_account(member, workspace, licence):
    report(workspace, {"hwid": "AB-12"})
    response = member.get("/w/acme/licences/")
    (row,) = response.context["page"].records.rows
    assert (row.account, row.license_id, row.flags) == ("Buyer", licence.pk, ())
    html = response.content.decode()
    assert f'href="/w/acme/licences/{licence.pk}/"' in html
    assert f'href="/w/acme/accounts/{licence.account_id}/"' in html
    response = member.get(f"/w/acme/licences/{licence.pk}/")
    text = text_of(response)
    for words in ("KEY-1", "Active", "Buyer", "1 of 3", "PC-1", "AB-12"):
        assert words in text
    assert len(response.context["page"].records.rows) == 1


def test_activations_are_seen(workspace, licence):
    report(workspace, {"hwid": "new"})
    report(workspace, {"hwid": "old"}, ago=timedelta(days=2))
    seen = Activation.objects.get()
    assert seen.hwid == "old"
    assert timezone.now() - seen.first_seen_at > timedelta(days=1)
    assert timezone.now() - seen.last_seen_at < timedelta(minutes=1)


def test_records_are_leafed_through(member, workspace, licence):
    for number in range(3):
        report(
            workspace,
            *([{"text_data": str(number), "data_type": "text"}] * 9),
            ago=timedelta(minutes=number),
        )
    first = page(member).records
    assert len(first.rows) == 25
    second = page(member, f"after={first.next_cursor}").records
    assert len(second.rows) == 2
    assert not second.next_cursor
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert page(member, "after=nonsense").records == first


def test_an_empty_page_says_what_to_do(member):
    text = text_of(member.get("/w/acme/licences/"))
    assert "No licence telemetry in this time" in text
    assert "/api/v1/send-telemetry-data" in text


@pytest.mark.parametrize("records", [1, 40])
def test_the_number_of_queries_does_not_grow(
    member, workspace, licence, records, django_assert_max_num_queries
):
    report(workspace, *({"user_identifier": f"u{n}"} for n in range(records)))
    member.get("/w/acme/licences/")
    with django_assert_max_num_queries(13):
        member.get("/w/acme/licences/")
    with django_assert_max_num_queries(12):
        member.get(f"/w/acme/licences/{licence.pk}/")


def test_who_may_see_it(client, workspace, licence):
    other = make_workspace("other")
    for path in ("/w/acme/licences/", f"/w/acme/licences/{licence.pk}/"):
        client.logout()
        assert client.get(path).status_code == 302
        client.force_login(make_member(other, Role.ADMIN))
        assert client.get(path).status_code == 404
        client.force_login(make_member(workspace, Role.VIEWER))
        assert client.get(path).status_code == 200
    client.force_login(make_member(other, Role.ADMIN))
    assert client.get(f"/w/other/licences/{licence.pk}/").status_code == 404


def test_points_may_be_any_numbers():
    for values in (
        [(1.0, 1.0)],
        [(1.0, -1.0), (1.0, 1.0)],
        [(-1e15, 1e15), (1e15, -1e15)],
        [(1e-9, 1e-9), (0.0, 0.0)],
    ):
        drawn = charts.points(key="k", title="t", values=values)
        assert len(drawn.points) == len(values)
        assert all(0 <= point.x <= 100 for point in drawn.points)
    assert charts.points(key="k", title="t", values=[]).empty


# ---- Retention


def test_old_records_go_and_usage_stays(workspace, licence, capsys):
    report(workspace, {}, {"user_identifier": "bob"}, ago=timedelta(days=50))
    report(workspace, {})
    workspace.license_days = 30
    workspace.save()
    command = "prune_licence_telemetry"
    call_command(command, "--dry-run")
    assert "acme: 2 records would be deleted." in capsys.readouterr().out
    assert Event.objects.count() == 3
    call_command(command, "--days", "60", "--workspace", "acme")
    assert "acme: 0 records deleted." in capsys.readouterr().out
    assert prune_all() == {"acme": 2}
    assert Event.objects.count() == 1
    assert check_usage() == []
    assert rebuild_usage() == 0
    assert prune_all() == {"acme": 0}


def test_other_events_and_other_workspaces_are_left_alone(workspace, licence):
    other = make_workspace("other")
    report(other, {}, ago=timedelta(days=50))
    report(workspace, {}, ago=timedelta(days=50))
    events = [read(RECORD, now=(timezone.now() - timedelta(days=50)).timestamp()).event]
    accept_without_request(workspace, "telemetry", events)
    digest_until_empty()
    call_command("prune_licence_telemetry", "--days", "30", "--workspace", "acme")
    assert sorted(Event.objects.values_list("workspace__slug", "dialect")) == [
        ("acme", "telemetry"),
        ("other", "license"),
    ]
