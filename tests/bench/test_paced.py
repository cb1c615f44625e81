"""The paced generator sends all it planned, by the clock and not by the answers."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.paced import SLOT_NUMBER, SLOT_PERSON, Load, Plan, run


class Listener(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go out in one piece, as from a server.
    wbufsize = -1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(
            (self.path, self.headers["X-API-KEY"], json.loads(body))
        )
        time.sleep(self.server.pause)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.seen, server.status, server.pause = [], 200, 0.0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def plan(server, **values):
    template = json.dumps({"user": SLOT_PERSON, "id": SLOT_NUMBER})
    values = {"rate": 40.0, "seconds": 0.5, "connections": 4, **values}
    return Plan(
        port=server.server_port,
        path="/here",
        headers={"X-API-KEY": "key"},
        template=template,
        people=["ada@example.org", "zoë@example.org"],
        **values,
    )


def test_it_sends_what_was_planned_in_sessions(server):
    paced = run(plan(server, session=5, numbers="n"))

    assert (paced.planned, paced.answered) == (20, 20)
    assert (paced.refused, paced.broken) == (0, 0)
    assert {(path, key) for path, key, _ in server.seen} == {("/here", "key")}
    ids = sorted(int(body["id"].removeprefix("n-")) for _, _, body in server.seen)
    assert ids == list(range(1, 21))
    user = {body["id"]: body["user"] for _, _, body in server.seen}
    for first in range(1, 20, 5):
        assert len({user[f"n-{number}"] for number in range(first, first + 5)}) == 1


def test_a_late_answer_makes_later_requests_late_and_none_less(server):
    server.pause = 0.1
    paced = run(plan(server, connections=1))

    # One at a time they take two seconds, of which the last was due in half of one.
    assert paced.answered == 20
    assert paced.most_ms > 1000
    assert paced.p50_ms > 300


def test_refusals_are_counted(server):
    server.status = 429
    paced = run(plan(server))
    assert (paced.answered, paced.refused) == (20, 20)


def test_it_runs_in_a_process_of_its_own(server):
    paced = Load(plan(server)).result()
    assert paced.answered == 20
    assert paced.cpu_seconds > 0


def test_a_load_that_nobody_takes_is_an_error(server, capfd):
    nobody = plan(server, rate=1.0)
    server.shutdown()
    server.server_close()
    with pytest.raises(RuntimeError, match="failed"):
        Load(nobody).result()
    assert "Connection refused" in capfd.readouterr().err
