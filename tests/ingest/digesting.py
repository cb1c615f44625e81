"""What tests of the digest share: events in, whole tables out."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from accounts.models import DailyUsage, TouchedDeveloper, WorkspaceUsage
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import accept_without_request
from ingest.models import Event, InboxEntry, IngestCounter, QuarantinedEvent

REPOSITORY = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def event(who="ann@example.com", *, key=None, at=NOON, metric="CALL_HOME", **fields):
    """One event; ``key`` is a text that makes it count once."""
    fields.setdefault("product", "sdk")
    fields.setdefault("identities", [("email", who)])
    if key is not None:
        fields.setdefault("event_id", key)
        fields["key"] = event_key("test", key)
    occurred_at = at.timestamp() if isinstance(at, datetime) else at
    return NormalizedEvent(metric=metric, occurred_at=occurred_at, **fields)


def put(workspace, *events, received_at=NOON, **more):
    """One request with these events, waiting in the inbox."""
    accept_without_request(workspace, "native", events, received_at, **more)


def usage(**chosen):
    """Every row of daily usage: who, day, metric, product, count, value sum."""
    rows = DailyUsage.objects.filter(**chosen).values_list(
        "developer__identities__value",
        "day",
        "metric__key",
        "product__key",
        "count",
        "value_sum",
    )
    return sorted((who, str(day), *rest) for who, day, *rest in rows)


def workspace_usage():
    rows = WorkspaceUsage.objects.values_list(
        "workspace__slug", "day", "metric__key", "product__key", "count", "value_sum"
    )
    return sorted((slug, str(day), *rest) for slug, day, *rest in rows)


def stored(**chosen):
    """Every event: who, when, metric, product, count."""
    rows = Event.objects.filter(**chosen).values_list(
        "identity__value", "occurred_at", "metric__key", "product__key", "count"
    )
    return sorted(rows)


def counters():
    """Counters by outcome, all keys and hours together."""
    found = {}
    for outcome, count in IngestCounter.objects.values_list("outcome", "count"):
        found[outcome] = found.get(outcome, 0) + count
    return found


def quarantined():
    """Every row of the quarantine: reason, subject, status."""
    rows = QuarantinedEvent.objects.order_by("id")
    return list(rows.values_list("reason", "subject", "status"))


def waiting():
    """Requests in the inbox: number of events, tries."""
    return list(InboxEntry.objects.order_by("id").values_list("event_count", "tries"))


def make_due():
    """Let the pauses of entries that failed be over."""
    InboxEntry.objects.filter(tries__gt=0).update(not_before=NOON)


def touched():
    return set(TouchedDeveloper.objects.values_list("developer_id", flat=True))


@contextmanager
def failpoint(table, body, *, before="INSERT"):
    """Run some PL/pgSQL before each row that is inserted into a table, or deleted."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE failpoint_hits")
        cursor.execute(
            "CREATE FUNCTION failpoint() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {body} RETURN coalesce(NEW, OLD); END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER failpoint BEFORE {before} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION failpoint()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION failpoint CASCADE")
            cursor.execute("DROP SEQUENCE failpoint_hits")


def hit():
    """Say whether a failpoint that notes it was come to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_called FROM failpoint_hits")
        return cursor.fetchone()[0]


def end_others():
    """End every other connection, as the server does with those of killed processes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def start_worker(**settings):
    """A real process that digests this test's database until it is empty."""
    return start_command("digest_inbox", "--once", **settings)


def start_command(*words, **settings):
    """A real process that runs a command on this test's database."""
    info = connection.connection.info
    url = f"postgresql://{info.user}@/{info.dbname}?host={info.host}"
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=REPOSITORY,
        env=os.environ
        | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def side_by_side(*functions):
    """Run functions in threads of their own, each with its own connection."""

    def run(function):
        try:
            function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as threads:
        running = [threads.submit(run, one) for one in functions]
    for one in running:
        one.result()
