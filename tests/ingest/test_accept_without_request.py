"""Events that no request brought: many at once, and files of request bodies."""

import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from ingest import inbox
from ingest.commit import StoreUnavailable
from ingest.dialects import DIALECTS
from ingest.events import NormalizedEvent, event_key
from ingest.importing import import_lines
from ingest.inbox import accept_without_request
from ingest.models import InboxEntry
from tests.ingest.conftest import kept
from tests.ingest.test_native import EVENT
from tests.ingest.test_reo import SUM, TELEMETRY


def some_events(count):
    return [
        NormalizedEvent(
            metric="CALL_HOME",
            product="sdk",
            occurred_at=float(number),
            identities=[("username", f"u{number}")],
            key=event_key("test", str(number)),
        )
        for number in range(count)
    ]


def test_many_events_become_rows_of_a_thousand(workspace, django_assert_num_queries):
    events = some_events(2500)
    # And one that asks, once a second, who has opted out.
    with django_assert_num_queries(2):
        accept_without_request(workspace, "native", events)
    entries = InboxEntry.objects.order_by("id")
    assert [entry.event_count for entry in entries] == [1000, 1000, 500]
    assert {entry.api_key_id for entry in entries} == {None}
    assert kept() == events


def test_statements_are_bounded_too(workspace, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(inbox, "EVENTS_PER_ENTRY", 10)
    monkeypatch.setattr(inbox, "ENTRIES_PER_STATEMENT", 3)
    with django_assert_num_queries(5):
        accept_without_request(workspace, "native", some_events(95))
    assert len(kept()) == 95


def test_the_arrival_can_be_stated(workspace):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    accept_without_request(workspace, "reo", some_events(1), moment)
    assert InboxEntry.objects.get().received_at == moment
    accept_without_request(workspace, "reo", [])
    assert InboxEntry.objects.count() == 1


def import_file(path, dialect="reo", workspace="acme", **options):
    out, err = io.StringIO(), io.StringIO()
    failure = None
    try:
        call_command(
            "import_events",
            str(path),
            workspace=workspace,
            dialect=dialect,
            stdout=out,
            stderr=err,
            **options,
        )
    except CommandError as error:
        failure = str(error)
    return out.getvalue(), err.getvalue(), failure


def write_lines(path, lines):
    path.write_text(
        "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines) + "\n"
    )
    return path


def test_a_file_of_both_reo_routes(workspace, tmp_path):
    lines = [{"payload": TELEMETRY}, "", {"payload": SUM}, "   "]
    out, err, failure = import_file(write_lines(tmp_path / "x.ndjson", lines))
    assert (failure, err) == (None, "")
    assert out == "Imported 2 events from 2 lines; 0 errors.\n"
    assert [event.is_aggregate for event in kept()] == [False, True]
    assert kept()[0].key == event_key("reo", "sdk", "e1"), "as if it had been sent"
    assert "$peer_ip" not in kept()[0].properties


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_another_system(workspace, tmp_path, end):
    path = tmp_path / "x.ndjson"
    lines = [json.dumps({"payload": payload}) for payload in (TELEMETRY, SUM)]
    path.write_bytes(b"\xef\xbb\xbf" + end.join(lines).encode())
    assert import_file(path)[0] == "Imported 2 events from 2 lines; 0 errors.\n"


def test_without_its_store_an_import_says_so(workspace, tmp_path, monkeypatch):
    def away(*_):
        raise StoreUnavailable("connection refused")

    path = write_lines(tmp_path / "x", [{"appId": "drive", "events": []}])
    monkeypatch.setattr("ingest.commit.ask", away)
    failure = import_file(path, "productiv")[2]
    assert failure == "The database failed: connection refused"


def test_bad_lines_are_named_and_the_others_kept(workspace, tmp_path):
    lines = [
        {"payload": TELEMETRY},
        "{broken",
        {"payload": {**TELEMETRY, "event_at": "x"}},
        {"payload": SUM},
    ]
    out, err, failure = import_file(write_lines(tmp_path / "x.ndjson", lines))
    assert failure == "Not everything could be imported."
    assert out == "Imported 2 events from 4 lines; 2 errors.\n"
    assert err.splitlines() == [
        "line 2: the body is not valid JSON (byte 1)",
        "line 3: event_at: must be a number",
    ]
    assert len(kept()) == 2


def test_rejected_events_of_a_batch_are_named(workspace, tmp_path):
    path = write_lines(tmp_path / "x.ndjson", [[EVENT, {}], EVENT, [1]])
    out, err, failure = import_file(path, "native")
    assert failure is not None
    assert out == "Imported 2 events from 3 lines; 2 errors.\n"
    assert err.splitlines()[0].startswith("line 1: event 1: product: is required")
    assert err.splitlines()[1] == "line 3: no event was accepted"


def test_standard_input(workspace, monkeypatch):
    class Input:
        buffer = io.BytesIO(json.dumps({"payload": TELEMETRY}).encode())

    monkeypatch.setattr("sys.stdin", Input)
    assert import_file("-")[0] == "Imported 1 events from 1 lines; 0 errors.\n"


def test_what_cannot_be_read_is_said_in_one_line(workspace, tmp_path):
    missing = tmp_path / "missing"
    assert (
        import_file(missing)[2] == f"Cannot read {missing}: No such file or directory."
    )
    path = write_lines(tmp_path / "x", [])
    assert import_file(path, workspace="nobody")[2] == "There is no workspace nobody."
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("import_events", str(path), "--workspace=acme", "--dialect=x")


def test_many_errors_are_counted_and_not_all_shown(workspace, tmp_path):
    _, err, _ = import_file(write_lines(tmp_path / "x", ["{"] * 80))
    assert len(err.splitlines()) == 51
    assert err.splitlines()[-1] == "Further errors are only counted."


def test_memory_stays_bounded(workspace, monkeypatch):
    monkeypatch.setattr("ingest.importing.EVENTS_PER_COMMIT", 100)
    lines = (
        json.dumps({"payload": {**TELEMETRY, "event_id": number}}).encode()
        for number in range(1050)
    )
    reports = []
    result = import_lines(
        lines,
        workspace=workspace,
        dialect=DIALECTS["reo"],
        report=lambda *line: reports.append(line),
    )
    assert (result.lines, result.events, result.errors, reports) == (1050, 1050, 0, [])
    counts = InboxEntry.objects.order_by("id").values_list("event_count", flat=True)
    assert list(counts) == [100] * 10 + [50]
