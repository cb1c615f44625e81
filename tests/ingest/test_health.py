"""Alive, ready, degraded: what monitors and load balancers are told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Workspace
from config import health
from ingest.inbox import accept_without_request
from ingest.models import InboxEntry
from tests.factories import make_workspace
from tests.ingest.test_accept_without_request import some_events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_probe(monkeypatch):
    monkeypatch.setattr(health, "broker_probe", health.BrokerProbe())


def test_live_touches_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_ready_when_all_is_well(client):
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "broker": "ok",
        "inbox": {"status": "ok", "oldest_seconds": None},
    }


def wait_in_the_inbox(seconds):
    moment = timezone.now() - timedelta(seconds=seconds)
    workspace = Workspace.objects.first() or make_workspace()
    accept_without_request(workspace, "reo", some_events(1), moment)


def test_a_late_digest_degrades_and_only_strict_monitors_fail(client, settings):
    wait_in_the_inbox(settings.HEALTH_INBOX_SECONDS - 20)
    assert client.get("/health/ready").json()["status"] == "ok"
    InboxEntry.objects.all().delete()
    wait_in_the_inbox(settings.HEALTH_INBOX_SECONDS + 20)
    wait_in_the_inbox(0)
    response = client.get("/health/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "degraded"
    assert body["inbox"]["status"] == "late"
    assert settings.HEALTH_INBOX_SECONDS < body["inbox"]["oldest_seconds"] < 1000
    assert client.get("/health/ready?strict=1").status_code == 503
    assert client.get("/health/ready?strict=0").status_code == 200


def test_a_missing_broker_degrades(client, monkeypatch):
    class Elsewhere:
        def connection_for_write(self, **_):
            return current_app.connection_for_write(
                "redis://127.0.0.1:1/0", connect_timeout=1
            )

    current_app = health.current_app
    monkeypatch.setattr(health, "current_app", Elsewhere())
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["broker"] == "unreachable"
    assert client.get("/health/ready?strict=1").status_code == 503


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_is_not_ready(client):
    place = connection.settings_dict
    host, place["HOST"] = place["HOST"], "/nonexistent"
    connection.close()
    try:
        response = client.get("/health/ready")
    finally:
        place["HOST"] = host
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["database"] == "unreachable"
    assert response.json()["inbox"] == {"status": "unknown", "oldest_seconds": None}
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_only_reading(client, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200
