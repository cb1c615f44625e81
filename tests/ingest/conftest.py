"""A workspace, a key, and a sender that uses it."""

import gzip
import json

import pytest
from django.db.models import Sum
from django.test import Client

from ingest import app_ids, commit, counters, opt_outs
from ingest.credentials import cache
from ingest.events import decode_events
from ingest.models import InboxEntry, IngestCounter
from ingest.throttle import throttle
from tests.factories import make_key, make_workspace

USAGE = "/api/product/usage"
AGGREGATE = "/api/product/aggregateusage"
EVENTS = "/api/v1/events"


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    """As if the web process had just started, and ended with the test.

    It looks into the opt-out register once; a test that changes it says so.
    """
    monkeypatch.setattr(opt_outs, "LOOK_SECONDS", 3600.0)
    cache.clear()
    app_ids.forget()
    opt_outs.register.forget()
    throttle.keys.buckets.clear()
    throttle.apps.buckets.clear()
    throttle.addresses.buckets.clear()
    counters.forget()
    yield
    commit.close()


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def token(workspace):
    return make_key(workspace)[1]


class Sender:
    """Posts as a client program does, in either dialect."""

    def __init__(self, token):
        self.token = token
        self.client = Client()

    def post(self, path, body, **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if headers.pop("packed", False):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        credentials = (
            {"Authorization": f"Bearer {self.token}"}
            if path.startswith(EVENTS)
            else {"X-API-KEY": self.token}
        )
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            path,
            body,
            content_type="application/json",
            headers={**credentials, **headers},
        )

    def usage(self, payload, **headers):
        return self.post(USAGE, {"payload": payload}, **headers)

    def aggregate(self, payload, **headers):
        return self.post(AGGREGATE, {"payload": payload}, **headers)

    def events(self, body, **headers):
        return self.post(EVENTS, body, **headers)


@pytest.fixture
def sender(token):
    return Sender(token)


def kept():
    """Every event in the inbox, oldest first."""
    return [
        event
        for entry in InboxEntry.objects.order_by("id")
        for event in decode_events(bytes(entry.payload))
    ]


def refusals():
    """Outcome → count of everything refused so far."""
    counters.flush()
    rows = IngestCounter.objects.values("outcome").annotate(n=Sum("count"))
    return dict(rows.values_list("outcome", "n"))
