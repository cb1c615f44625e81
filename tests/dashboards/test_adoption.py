"""Adoption: shares that can be counted by hand, the list to take licences back from."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.applications import define_application
from accounts.models import Metric, ProvisionedUser, Role
from dashboards import exports
from dashboards.queries import adoption
from tests.dashboards.data import days_ago, make_developer, use
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db

PATH = "/w/acme/adoption/"
EXPORT = f"{PATH}never.csv?app=drive"
DRIVE = {
    "id": "drive",
    "name": "Drive",
    "category": "Storage",
    "events": [
        {
            "name": "opened_file",
            "category": "Consume",
            "actions": ["Files"],
            "minimumLicenseTier": "Free",
        },
        {"name": "shared_file", "category": "Collaborate", "actions": ["Files"]},
        {"name": "made_report", "category": "Produce", "actions": ["Reports"]},
        {"name": "login", "category": "Login"},
    ],
}


@pytest.fixture
def acme(db):
    return make_workspace("acme", "Acme")


@pytest.fixture
def drive(acme):
    return define_application(acme, DRIVE)


@pytest.fixture
def member(client, acme):
    client.force_login(make_member(acme, Role.VIEWER))
    return client


def seat(application, email, **fields):
    fields.setdefault("app_user_id", f"id of {email}")
    return ProvisionedUser.objects.create(
        workspace=application.workspace,
        application=application,
        email=email,
        folded_email=email.lower(),
        **fields,
    )


def came(application, email, event, *days):
    workspace = application.workspace
    developer = make_developer(workspace, email=email)
    metric = Metric.objects.get(workspace=workspace, key=event)
    use(developer, metric, application.product, dict.fromkeys(days, 1))
    return developer


@pytest.fixture
def full(drive):
    """Ten seats: three of the week, five of the month, three never used."""
    for name in ("ann", "bob", "cid", "dan", "eve", "fay", "gus"):
        seat(drive, f"{name}@b.example", license="Team")
    # An address in another spelling is the same person.
    seat(drive, "Hal@B.example")
    seat(drive, "=ida@b.example", username="+ida", license="Free")
    seat(drive, "jim@b.example")
    opened = Metric.objects.get(workspace=drive.workspace, key="opened_file")
    shared = Metric.objects.get(workspace=drive.workspace, key="shared_file")
    ann = came(drive, "ann@b.example", "opened_file", 0, 10, 40)
    use(ann, shared, drive.product, {20: 3})
    came(drive, "bob@b.example", "opened_file", 6)
    came(drive, "hal@b.example", "shared_file", 1)
    came(drive, "cid@b.example", "opened_file", 7)
    came(drive, "dan@b.example", "shared_file", 29)
    # Too long ago; in another product; without a seat.
    came(drive, "eve@b.example", "opened_file", 30)
    came(drive, "fay@b.example", "opened_file", 300)
    mail = define_application(drive.workspace, {**DRIVE, "id": "mail"})
    gus = make_developer(drive.workspace, email="gus@b.example")
    use(gus, opened, mail.product, {0: 5})
    came(drive, "zoe@b.example", "opened_file", 0)
    return drive


def text_of(response):
    html = response.content.decode()
    body = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_shares_of_the_seats(member, full):
    page = member.get(PATH).context["page"]
    assert page.chosen == adoption.ApplicationRow(
        full.pk, "drive", "Drive", "Storage", seats=10, week=3, month=5, never=3
    )
    assert (page.chosen.week_share, page.chosen.month_share) == (30, 50)
    assert [(row.app_id, row.seats) for row in page.applications] == [
        ("drive", 10),
        ("mail", 0),
    ]


def test_shares_by_category_group_and_event(member, full):
    page = member.get(PATH).context["page"]

    def rows(chart):
        return [(row.label, row.value, row.share) for row in chart.rows]

    assert rows(page.categories) == [
        ("Collaborate", 3, "30 %"),
        ("Consume", 3, "30 %"),
        ("Login", 0, "0 %"),
        ("Produce", 0, "0 %"),
    ]
    # Ann did both, and is one of the five.
    assert rows(page.groups) == [("Files", 5, "50 %"), ("Reports", 0, "0 %")]
    assert page.groups.finding == (
        "Files: 5 of 10 people with a seat (50 %), 3 of them in the last 7 days."
    )
    assert [(row.name, row.note, row.week, row.month) for row in page.events] == [
        ("opened_file", "Consume, Free", 2, 3),
        ("shared_file", "Collaborate", 1, 3),
        ("login", "Login", 0, 0),
        ("made_report", "Produce", 0, 0),
    ]


def test_people_who_never_came(member, full):
    page = member.get(PATH).context["page"]
    assert [row.email for row in page.never] == [
        "=ida@b.example",
        "gus@b.example",
        "jim@b.example",
    ]
    text = text_of(member.get(PATH))
    assert "Download all 3 as CSV" in text


def test_an_application_is_chosen_by_its_id(member, full):
    assert member.get(f"{PATH}?app=mail").context["page"].chosen.app_id == "mail"
    assert member.get(f"{PATH}?app=nothing").context["page"].chosen.app_id == "drive"
    assert "Nobody has a seat in mail yet" not in text_of(member.get(PATH))
    assert "provisionedUsers" in text_of(member.get(f"{PATH}?app=mail"))


def test_a_merged_person_has_come_under_any_address(member, drive):
    seat(drive, "work@b.example")
    person = came(drive, "home@b.example", "opened_file", 2)
    person.identities.create(
        workspace=drive.workspace, kind="email", value="work@b.example"
    )
    chosen = member.get(PATH).context["page"].chosen
    assert (chosen.seats, chosen.week, chosen.never) == (1, 1, 0)
    assert "Everybody with a seat has come." in text_of(member.get(PATH))


def test_the_list_goes_on(member, drive):
    for number in range(60):
        seat(drive, f"p{number:02}@b.example")
    found, address = [], PATH
    for length in (25, 25, 10):
        page = member.get(address).context["page"]
        assert len(page.never) == length
        found += [row.email for row in page.never]
        address = f"{PATH}?after={page.next_cursor}"
    assert found == [f"p{number:02}@b.example" for number in range(60)]
    assert page.next_cursor == ""
    assert page.is_further


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=WyJ2IiwiYSIsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
        "after=WyJ2IiwiYSIsLTFd",
        "app=%00",
        "app=" + "x" * 3000,
    ],
)
def test_strange_addresses_show_the_page(member, full, query):
    page = member.get(f"{PATH}?{query}").context["page"]
    assert [row.email for row in page.never][:1] == ["=ida@b.example"]


def test_the_export(member, full):
    answer = member.get(EXPORT)
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        answer["Content-Disposition"] == 'attachment; filename="never-came-drive.csv"'
    )
    text = answer.getvalue().decode()
    assert text.startswith("\ufeffapp_id,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["email"] for row in rows] == [
        "'=ida@b.example",
        "gus@b.example",
        "jim@b.example",
    ]
    assert rows[0]["username"] == "'+ida"
    assert rows[1]["license"] == "Team"


def test_an_export_comes_in_parts(member, drive, monkeypatch):
    monkeypatch.setattr(adoption, "EXPORT_SIZE", 10)
    for number in range(20):
        seat(drive, f"p{number:02}@b.example")
    answer = member.get(EXPORT)
    with CaptureQueriesContext(connection) as queries:
        lines = answer.getvalue().decode().splitlines()
    assert len(lines) == 21
    assert len(queries) == 3


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (-5, -5),
    ],
)
def test_cells_are_no_formulas(cell, written):
    assert exports.safe(cell) == written


def test_without_applications_the_next_step_is_named(client, acme):
    client.force_login(make_member(acme, Role.VIEWER))
    text = text_of(client.get(PATH))
    assert "No applications yet" in text
    assert "define_application drive.json --workspace acme" in text
    assert b"/admin/accounts/application/add/" not in client.get(PATH).content
    client.force_login(make_member(acme, Role.ADMIN))
    assert b"/admin/accounts/application/add/" in client.get(PATH).content


@pytest.mark.parametrize("path", [PATH, EXPORT])
def test_who_may_look(client, full, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    assert client.get(path).status_code == 404
    for role in Role:
        client.force_login(make_member(full.workspace, role))
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("app", ["", "nothing", "%00"])
def test_no_export_of_what_there_is_not(member, full, app):
    assert member.get(f"{PATH}never.csv?app={app}").status_code == 404


def test_another_workspaces_application_is_not_exported(client, full):
    other = make_workspace("other")
    client.force_login(make_member(other, Role.ADMIN))
    assert client.get("/w/other/adoption/never.csv?app=drive").status_code == 404
    assert b"Drive" not in client.get("/w/other/adoption/").content


def test_few_questions_however_many_people(member, full, django_assert_num_queries):
    member.get("/w/acme/overview/")
    with django_assert_num_queries(8):
        member.get(PATH)
    for number in range(40):
        seat(full, f"p{number}@b.example")
        came(full, f"q{number}@b.example", "opened_file", 1)
    with django_assert_num_queries(8):
        member.get(PATH)


def test_days_are_those_of_the_page(drive):
    seat(drive, "ann@b.example")
    came(drive, "ann@b.example", "opened_file", 0)
    page = adoption.build(drive.workspace, {}, today=days_ago(-7))
    assert (page.chosen.week, page.chosen.month) == (0, 1)
