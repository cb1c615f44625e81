"""The generator sends what it says it sends, and counts what came back."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import load


class Listener(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(
            (self.path, self.headers["X-API-KEY"], json.loads(body))
        )
        answer = b"{}"
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.seen, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def target(server, events=1):
    slot = load.SLOT.decode()
    body = json.dumps({"events": [{"id": slot} for _ in range(events)]}).encode()
    return load.Target(server.server_port, "/here", body, {"X-API-KEY": "key"}, events)


@pytest.mark.parametrize("using", ["python", "wrk"])
def test_every_event_has_a_number_of_its_own(server, using):
    if using == "wrk" and load.generator() != "wrk":
        pytest.skip("wrk not installed")
    sent = load.send(target(server, events=3), seconds=1, connections=4, using=using)
    assert sent.requests > 10
    # wrk counts no answer that arrives after its time.
    assert 0 <= len(server.seen) - sent.requests <= (4 if using == "wrk" else 0)
    assert {(path, key) for path, key, _ in server.seen} == {("/here", "key")}
    ids = [event["id"] for _, _, body in server.seen for event in body["events"]]
    assert len(ids) == len(set(ids)) == 3 * len(server.seen)
    assert 0 < sent.p50_ms <= sent.p99_ms


@pytest.mark.parametrize("using", ["python", "wrk"])
def test_a_refusal_makes_no_figure(server, using):
    if using == "wrk" and load.generator() != "wrk":
        pytest.skip("wrk not installed")
    server.status = 429
    with pytest.raises(load.LoadError, match="/here"):
        load.send(target(server), seconds=1, connections=2, using=using)


def test_a_server_that_asks_to_come_back_is_waited_for(server, monkeypatch):
    def come_round(_seconds):
        server.status = 200

    server.status = 503
    monkeypatch.setattr(load.time, "sleep", come_round)
    load.wait_until_taken(target(server))
    assert len(server.seen) == 2


def test_a_refusal_for_good_is_told_with_its_answer(server):
    server.status = 401
    with pytest.raises(load.LoadError, match=r"/here: 401 \{\}"):
        load.wait_until_taken(target(server))
    assert len(server.seen) == 1
