"""Accounts from CSV: matched, judged line by line, written, and reported."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.account_import import read_accounts, write_accounts
from accounts.account_values import FilledBy, Origin, write_values
from accounts.csv_files import error_report, read_csv
from accounts.models import Account, AccountDomain, AccountField, AuditEntry, Role
from tests.factories import make_account, make_member, make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def account(workspace):
    return make_account(workspace, "Initech", domain="initech.com", country="DE")


def lines(*rows, heading="domain,country,employees,industry"):
    return "\n".join((heading, *rows))


def problems(preview):
    return [(problem.line, problem.message) for problem in preview.problems]


def test_good_lines_are_written_and_bad_ones_named(workspace, account):
    AccountDomain.objects.create(
        workspace=workspace, account=account, domain="initech.de"
    )
    other = make_account(workspace, "Globex", domain="globex.com")
    text = lines(
        "www.globex.com,FR,50-200,Energy",
        "nobody.com,FR,,",
        ",FR,,",
        "not a domain,FR,,",
        "initech.de,,1200,Software",
        "initech.com,,1,",
        "globex.org,Atlantis,many,",
    )
    preview = read_accounts(text, workspace, create=False)
    assert problems(preview) == [
        (3, "No account has the domain nobody.com."),
        (4, "The domain is missing."),
        (5, "“not a domain” is no domain such as example.com."),
        (7, "The account is that of line 6 already."),
        (8, "Country: “Atlantis” is no country; write DE or Germany."),
        (8, "Employees: “many” is no number of people such as 120 or 50-200."),
    ]
    assert (preview.added, preview.changed, preview.unchanged) == (0, 2, 0)
    assert Account.objects.get(pk=other.pk).country == ""

    write_accounts(preview, workspace, file_name="crm.csv")

    rows = Account.objects.order_by("name").values_list(
        "name", "domain", "country", "employees", "industry"
    )
    assert list(rows) == [
        ("Globex", "globex.com", "FR", 50, "Energy"),
        ("Initech", "initech.com", "DE", 1200, "Software"),
    ]
    other.refresh_from_db()
    assert other.field_sources["country"]["by"] == "import"
    assert other.field_sources["country"]["who"] == "crm.csv by command line"
    assert AuditEntry.objects.get().detail == {
        "added": 0, "changed": 2, "values": 5, "kept": 0, "left_out": 6,
    }  # fmt: skip


def test_missing_accounts_are_made_where_that_is_wanted(workspace):
    text = lines("globex.com,FR,", "initech.com,,5", heading="domain,country,name")
    preview = read_accounts(text, workspace, create=True)
    assert preview.added == 2
    assert [row.name for row in preview.rows] == ["Globex", "5"]
    assert not Account.objects.exists()
    write_accounts(preview, workspace)
    rows = Account.objects.order_by("domain").values_list("name", "domain", "country")
    assert list(rows) == [("Globex", "globex.com", "FR"), ("5", "initech.com", "")]


def test_what_somebody_entered_stays_and_the_preview_says_so(workspace, account):
    hand = Origin(FilledBy.HAND, "ann@example.com")
    write_values(workspace, {account.pk: {"industry": "Software"}}, hand)
    text = lines("initech.com,DE,50-200,Mining")
    preview = read_accounts(text, workspace, create=False)
    told = [(one.label, one.is_kept, one.note) for one in preview.rows[0].cells]
    assert told == [
        ("Employees", False, "lower end of 50-200"),
        ("Industry", True, "kept, entered by hand"),
    ]
    write_accounts(preview, workspace)
    account.refresh_from_db()
    assert (account.employees, account.industry) == (50, "Software")


def test_own_fields_by_key_or_label_and_columns_that_are_none(workspace, account):
    AccountField.objects.create(workspace=workspace, key="plan", label="Service plan")
    text = lines("initech.com;Gold;x", heading="Domain;SERVICE PLAN;Colour")
    preview = read_accounts(text, workspace, create=False)
    assert preview.passed_over == ("colour",)
    write_accounts(preview, workspace)
    account.refresh_from_db()
    assert account.fields == {"plan": "Gold"}
    again = read_accounts(text, workspace, create=False)
    assert (again.changed, again.unchanged) == (0, 1)


def test_accounts_of_another_workspace_are_nobody(workspace):
    make_account(make_workspace("other"), "Initech", domain="initech.com")
    preview = read_accounts(lines("initech.com,DE,,"), workspace, create=False)
    assert preview.rows == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column “domain”"),
        ("name\nInitech", "no column “domain”"),
        ('domain\n"a' + "x" * 200_000, "no CSV"),
        ("domain,country\na.com,DE,5", "More values than columns"),
    ],
)
def test_files_that_are_none(workspace, text, message):
    preview = read_accounts(text, workspace, create=True)
    assert not preview.rows
    assert message in preview.problems[0].message


def test_reading_takes_as_many_queries_for_any_file(
    workspace, django_assert_num_queries
):
    for size in (2, 3000):
        text = lines(*(f"d{n}.com,DE,5,x" for n in range(size)))
        with django_assert_num_queries(3):
            assert read_accounts(text, workspace, create=True).added == size


def test_the_error_report_is_safe_to_open():
    text = "domain,country\n=cmd|'/c calc'!A1,DE\nb.com,x"
    found = read_csv(text, needed="domain")
    assert len(found.lines) == 2
    preview_like = [type("P", (), {"line": 2, "message": "Wrong."})()]
    report = error_report(preview_like, text)
    rows = list(csv.reader(io.StringIO(report.removeprefix("\ufeff"))))
    assert rows == [
        ["line", "problem", "as_sent"],
        ["2", "Wrong.", "'=cmd|'/c calc'!A1,DE"],
    ]


# ---- The page


ADDRESS = "admin:accounts_account_import"


@pytest.fixture
def member(client, workspace):
    client.force_login(make_member(workspace, Role.MEMBER, email="ann@example.com"))
    return client


def test_the_page_previews_reports_and_then_writes(member, workspace, account):
    text = lines("initech.com,FR,,", "nobody.com,FR,,", "initech.com,FR,,")
    upload = SimpleUploadedFile("crm.csv", ("\ufeff" + text).encode())
    address = reverse(ADDRESS)
    assert member.get(address).status_code == 200
    response = member.post(address, {"workspace": workspace.pk, "file": upload})
    html = response.content.decode()
    assert "No account has the domain nobody.com." in html
    assert "Germany (DE), not France (FR)" in html
    assert "entered by hand" in html
    Account.objects.filter(pk=account.pk).update(country="")
    again = {
        "workspace": workspace.pk,
        "text": response.context["form"].cleaned_data["text"],
        "file_name": response.context["form"].cleaned_data["file_name"],
    }
    report = member.post(address, again | {"report": "1"})
    assert report["Content-Type"] == "text/csv; charset=utf-8"
    assert "3,No account has the domain nobody.com." in report.content.decode()
    refused = member.post(address, again | {"all_or_nothing": "on", "confirmed": "1"})
    assert "all or nothing is nothing" in refused.content.decode()
    account.refresh_from_db()
    assert account.country == ""
    made = member.post(address, again | {"create": "on", "confirmed": "1"})
    assert made["Location"] == reverse("admin:accounts_account_changelist")
    account.refresh_from_db()
    assert account.country == "FR"
    assert account.field_sources["country"]["who"] == "crm.csv by ann@example.com"
    assert Account.objects.filter(domain="nobody.com").exists()


def test_a_viewer_imports_nothing(client, workspace):
    client.force_login(make_member(workspace, Role.VIEWER))
    assert client.get(reverse(ADDRESS)).status_code == 403


# ---- The command


def test_the_command_does_the_same(workspace, account, tmp_path, capsys):
    file = tmp_path / "crm.csv"
    file.write_text(lines("initech.com,,7,", "nobody.com,FR,,"), "utf-8")
    report = tmp_path / "errors.csv"
    arguments = ("import_accounts", str(file), "--workspace", "acme")
    call_command(*arguments, "--dry-run", "--errors", str(report))
    out = capsys.readouterr()
    assert out.out == "Would be: 0 added, 1 changed, 0 as they were, 1 problems.\n"
    assert "line 3: No account has the domain nobody.com." in out.err
    assert "nobody.com,FR" in report.read_text("utf-8")
    with pytest.raises(CommandError, match="Nothing written: 1 problems"):
        call_command(*arguments, "--all-or-nothing")
    account.refresh_from_db()
    assert account.employees is None
    call_command(*arguments, "--create")
    account.refresh_from_db()
    assert account.employees == 7
    assert Account.objects.get(domain="nobody.com").country == "FR"
    for wrong in (("no-such.csv", "acme"), (str(file), "nowhere")):
        with pytest.raises(CommandError):
            call_command("import_accounts", wrong[0], "--workspace", wrong[1])
