"""What do filling, scoring and looking cost at the size of the demo data?"""

import time
from collections.abc import Callable
from http.client import HTTPConnection
from statistics import median

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection

from accounts.models import Account, DailyUsage, Developer, User, Workspace
from accounts.score_store import score_workspace
from bench.figures import Row, Section
from bench.machine import load_average
from bench.servers import web
from ingest.models import Event

PAGES = ("overview", "accounts", "developers", "signals", "ingestion")
REQUESTS = 10


def measure(*, rounds: int, events: int) -> Section:
    """Load the demo data through the digest, score it, and ask for its pages."""
    load = load_average()
    size = {"events": events} if events else {}
    seconds = _timed(lambda: call_command("seed_demo", **size))
    workspace = Workspace.objects.get(is_demo=True)
    counts = {
        name: model.objects.filter(workspace=workspace).count()
        for name, model in (
            ("events", Event),
            ("rows of daily usage", DailyUsage),
            ("developers", Developer),
            ("accounts", Account),
        )
    }
    described = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    section = Section(
        "At the size of the demo data",
        f"{described}. Pages through the web server, logged in, one at a time; "
        f"the median of {REQUESTS} requests makes a round.",
        rows=[
            Row("seed_demo", "s", [seconds]),
            Row("seed_demo", "events/s", [counts["events"] / seconds]),
        ],
        load_average=load,
    )
    scoring = Row("score the whole workspace", "s")
    for _ in range(rounds):
        scoring.rounds.append(_timed(lambda: score_workspace(workspace)))
    section.rows.append(scoring)
    connection.close()
    with web(settings="config.settings", path="/health/live") as port:
        client = HTTPConnection("127.0.0.1", port, timeout=60)
        cookie = _log_in(User.objects.filter(workspaces=workspace).earliest("pk"))
        paths = {page: f"/w/{workspace.slug}/{page}/" for page in PAGES}
        best = Account.objects.filter(workspace=workspace, score__isnull=False)
        account = best.latest("score__points")
        paths["one account"] = f"{paths['accounts']}{account.pk}/"
        for name, path in paths.items():
            row = Row(f"page: {name}", "ms")
            _get(client, path, cookie)
            row.rounds = [
                _page_milliseconds(client, path, cookie) for _ in range(rounds)
            ]
            section.rows.append(row)
        client.close()
    return section


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _log_in(user: User) -> str:
    """Return the cookie of a new session; the log-in page is not what is measured."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _get(client: HTTPConnection, path: str, cookie: str) -> None:
    client.request("GET", path, headers={"Cookie": cookie})
    answer = client.getresponse()
    answer.read()
    if answer.status != 200:
        message = f"{path} answered {answer.status}"
        raise RuntimeError(message)


def _page_milliseconds(client: HTTPConnection, path: str, cookie: str) -> float:
    times = [_timed(lambda: _get(client, path, cookie)) for _ in range(REQUESTS)]
    return median(times) * 1000
