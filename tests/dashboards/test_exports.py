"""Lists taken elsewhere: at once, as a job with a file, and by command."""

import csv
import io
import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.clock import now_utc
from accounts.models import Account, Erasure, Role
from accounts.segments.membership import refresh
from accounts.segments.store import make_segment
from dashboards import export_jobs
from dashboards.models import ExportJob
from dashboards.queries import lists
from tests.dashboards.data import World, make_account
from tests.factories import make_member, make_user, make_workspace

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/exports/"


@pytest.fixture
def world():
    return World(make_workspace("acme", "Acme"))


@pytest.fixture
def member(client, world):
    user = make_member(world.workspace, Role.VIEWER)
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def files(settings, tmp_path):
    settings.EXPORT_DIR = tmp_path / "exports"
    return settings.EXPORT_DIR


@pytest.fixture
def long(monkeypatch):
    """Lists count as long from the second row on."""
    monkeypatch.setattr(lists, "COUNTED_UP_TO", 1)


def text_of(response):
    return b"".join(response.streaming_content).decode()


def table_of(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


# ---- At once


def test_a_short_list_is_sent_at_once_as_the_page_shows_it(member, world):
    answer = member.post(f"{PAGE}accounts/?sort=name&after=x", {"format": "csv"})

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    rows = table_of(text_of(answer))
    assert [row["name"] for row in rows] == ["Cold Corp", "Warm Works"]
    assert rows[1]["country"] == "DE"
    narrow = member.post(f"{PAGE}accounts/?q=warm&band=bogus", {"format": "ndjson"})
    only = [json.loads(line) for line in text_of(narrow).splitlines()]
    assert [row["name"] for row in only] == ["Warm Works"]
    assert ExportJob.objects.count() == 0


def test_a_private_segment_is_exported_to_its_owner_alone(member, world, files, long):
    """It was passed over, so that the owner got all accounts."""
    rule = {"field": "name", "is": "equals", "value": "Warm Works"}
    segment = make_segment(
        world.workspace, subject="account", name="Mine", rule=rule, actor=member.user
    )
    refresh(segment)
    at_once = member.post(f"{PAGE}accounts/?segment={segment.pk}", {"format": "csv"})
    assert [row["name"] for row in table_of(text_of(at_once))] == ["Warm Works"]
    page = member.get(f"/w/acme/accounts/?segment={segment.pk}").context["page"]
    assert [row.name for row in page.rows] == ["Warm Works"]

    job = export_jobs.start(
        world.workspace,
        source="accounts",
        form="csv",
        query=f"segment={segment.pk}",
        user=member.user,
    )
    assert export_jobs.run(job.pk)
    assert [row["name"] for row in table_of(job.path.read_text())] == ["Warm Works"]

    member.force_login(make_member(world.workspace, Role.VIEWER))
    page = member.get(f"/w/acme/accounts/?segment={segment.pk}").context["page"]
    assert len(page.rows) == 2


def test_no_cell_is_a_formula(member, world):
    names = ['=HYPERLINK("x")', "+1", "-1", "@x", " =1", "\t=1", "\r=1"]
    for nth, name in enumerate(names):
        make_account(world.workspace, name, domain=f"f{nth}.example")
    Account.objects.filter(name="+1").update(fields={"note": "=1+1"})

    answer = member.post(f"{PAGE}accounts/?sort=name", {"format": "csv"})

    rows = table_of(text_of(answer))
    assert len(rows) == len(names) + 2
    for row in rows:
        for cell in row.values():
            if not cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r")):
                continue
            pytest.fail(f"{cell!r} is a formula")


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("developers", "identities"),
        ("quarantine", "reason"),
        ("licence-telemetry", "license_key"),
    ],
)
def test_other_lists(member, world, source, column):
    world.quarantine("metric_not_configured", "launchrocket")
    for form in ("csv", "ndjson"):
        answer = member.post(f"{PAGE}{source}/", {"format": form})
        assert answer.status_code == 200
        text = text_of(answer)
        if form == "csv":
            assert column in text.splitlines()[0]


def test_there_is_no_list_of_that_name(member):
    assert member.post(f"{PAGE}secrets/").status_code == 404
    assert member.get(f"{PAGE}accounts/").status_code == 405


# ---- As a job


def test_a_long_list_is_written_into_a_file(
    member, world, files, long, django_capture_on_commit_callbacks
):
    answer = member.post(f"{PAGE}developers/?rule=email_domain", {"format": "csv"})
    job = ExportJob.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"{PAGE}{job.pk}/"
    page = member.get(answer["Location"]).content.decode()
    assert "Waiting" in page
    assert "<progress" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert member.get(f"{PAGE}{job.pk}/file/").status_code == 404

    assert export_jobs.waiting_ids() == [job.pk]
    assert export_jobs.run(job.pk)
    assert not export_jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, job.rows_total, job.rows_done) == ("done", 2, 2)
    assert stat.S_IMODE(job.path.stat().st_mode) == 0o600
    assert job.size == job.path.stat().st_size
    assert "Download" in member.get(f"{PAGE}{job.pk}/").content.decode()
    assert "Download" in member.get(PAGE).content.decode()
    sent = member.get(f"{PAGE}{job.pk}/file/")
    rows = table_of(text_of(sent))
    assert {row["name"] for row in rows} == {
        "ada@warm-works.example",
        "bob@warm-works.example",
    }


def make_job(world, user, **fields):
    fields.setdefault("source", "accounts")
    return ExportJob.objects.create(workspace=world.workspace, user=user, **fields)


def test_nobody_else_gets_the_file(client, member, world, files):
    job = make_job(world, member.user)
    export_jobs.run(job.pk)
    sent = member.get(f"{PAGE}{job.pk}/file/")
    assert sent.status_code == 200
    assert text_of(sent)

    for other in (make_member(world.workspace, Role.ADMIN), make_user()):
        client.force_login(other)
        for path in (f"{PAGE}{job.pk}/", f"{PAGE}{job.pk}/file/"):
            assert client.get(path).status_code == 404
        assert client.post(f"{PAGE}{job.pk}/remove/").status_code == 404


def test_files_have_their_time(member, world, files, settings):
    old, new, erased = (make_job(world, member.user) for _ in range(3))
    for job in (old, new, erased):
        export_jobs.run(job.pk)
    past = now_utc() - timedelta(hours=settings.EXPORT_HOURS, minutes=1)
    ExportJob.objects.filter(pk=old.pk).update(finished_at=past, created_at=past)

    assert export_jobs.prune() == 1
    assert [job.path.exists() for job in (old, new, erased)] == [False, True, True]
    assert "had its time" in member.get(f"{PAGE}{old.pk}/").content.decode()

    Erasure.objects.create(workspace=world.workspace, actor_label="x")
    assert member.get(f"{PAGE}{new.pk}/file/").status_code == 404
    assert export_jobs.prune() == 2


def test_files_of_a_workspace_that_is_gone_go(member, world, files, settings):
    job = make_job(world, member.user)
    export_jobs.run(job.pk)
    others = Path(settings.EXPORT_DIR) / "notes.csv"
    others.write_text("not ours")
    ExportJob.objects.all().delete()

    assert export_jobs.prune() == 1
    assert not job.path.exists()
    assert others.exists()


def test_one_that_stands_still_is_begun_again_but_not_for_ever(member, world, files):
    job = make_job(world, member.user, status="running", rows_done=7)
    assert export_jobs.waiting_ids() == []
    for tries in range(1, export_jobs.MOST_TRIES + 1):
        ExportJob.objects.filter(pk=job.pk).update(
            status="running", moved_at=now_utc() - timedelta(minutes=3)
        )
        assert export_jobs.waiting_ids() == [job.pk]
        assert export_jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.tries, job.rows_done) == (tries, 2)
    ExportJob.objects.filter(pk=job.pk).update(
        status="running", moved_at=now_utc() - timedelta(minutes=3)
    )
    assert not export_jobs.run(job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert "could not be written" in member.get(f"{PAGE}{job.pk}/").content.decode()


def test_what_goes_wrong_is_said_and_leaves_nothing(
    member, world, files, monkeypatch, caplog
):
    job = make_job(world, member.user)
    monkeypatch.setattr(export_jobs, "parts_of", lambda *_: 1 / 0)

    assert not export_jobs.run(job.pk)

    job.refresh_from_db()
    assert job.status == "failed"
    assert "ZeroDivisionError" in caplog.text
    assert list(files.iterdir()) == []


def test_a_removed_job_stops(member, world, files, monkeypatch):
    job = make_job(world, member.user)
    parts = export_jobs.parts_of

    def interrupted(*args):
        for part in parts(*args):
            member.post(f"{PAGE}{job.pk}/remove/")
            yield part

    monkeypatch.setattr(export_jobs, "parts_of", interrupted)
    assert not export_jobs.run(job.pk)
    assert ExportJob.objects.count() == 0
    assert list(files.iterdir()) == []


def test_a_few_at_a_time(member, world, files, long):
    for _ in range(export_jobs.MOST_UNFINISHED):
        make_job(world, member.user)
    answer = member.post(f"{PAGE}accounts/", follow=True)
    assert "this one was not begun" in answer.content.decode()
    assert ExportJob.objects.count() == export_jobs.MOST_UNFINISHED


def test_what_is_too_long_to_be_kept_is_refused_not_cut(member, world, files, long):
    """It was cut off, and the file held rows that the page had not shown."""
    answer = member.post(
        f"{PAGE}accounts/?pad={'x' * 2000}&sort=name", {"format": "csv"}, follow=True
    )
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "takes more than 2,000 characters" in answer.content.decode()
    assert not ExportJob.objects.exists()


def test_lists_offer_their_export(member, world):
    world.quarantine("metric_not_configured", "launchrocket")
    for page, action in (
        ("accounts/?q=warm", "exports/accounts/?q=warm"),
        ("developers/", "exports/developers/?"),
        ("ingestion/", "exports/quarantine/?status=waiting"),
    ):
        html = member.get(f"/w/acme/{page}").content.decode()
        assert f'action="/w/acme/{action}"' in html


# ---- By command


@pytest.mark.parametrize(
    ("what", "rows"),
    [("accounts", 2), ("developers", 4), ("events", 3), ("usage", 9)],
)
def test_the_command_writes_files(world, tmp_path, what, rows, capsys):
    world.add_events(3)
    for form in ("csv", "ndjson"):
        out = tmp_path / f"{what}.{form}"
        call_command("export", what, workspace="acme", format=form, out=out)
        text = out.read_text(encoding="utf-8")
        found = table_of(text) if form == "csv" else text.splitlines()
        assert len(found) == rows
        assert f"{rows} rows" in capsys.readouterr().err
    with pytest.raises(CommandError, match="exists already"):
        call_command("export", what, workspace="acme", out=tmp_path / f"{what}.csv")


def test_the_command_filters_as_the_api_does(world, capsys):
    call_command(
        "export",
        "accounts",
        workspace="acme",
        filter=["q=warm", "fields=name,domain"],
    )
    said = capsys.readouterr()
    assert said.out.removeprefix("\ufeff").splitlines() == [
        "name,domain",
        "Warm Works,warm-works.example",
    ]
    for wrong in ("bands=high", "band=hot", "limit=3", "nonsense"):
        with pytest.raises(CommandError):
            call_command("export", "accounts", workspace="acme", filter=[wrong])
    with pytest.raises(CommandError, match="no workspace"):
        call_command("export", "accounts", workspace="none")
