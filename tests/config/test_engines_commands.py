import json
import subprocess
import sys
import time

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError
from redis import Redis

from config import engines
from config.engines import broker
from config.engines.secrets import local_secret
from tests.config.conftest import servers
from tests.engines import REPOSITORY

ASK = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT 6 * 7")
    print("answer", cursor.fetchone()[0])
"""


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_that_needs_no_database_starts_none(home):
    assert manage("--version").returncode == 0
    assert manage("help", "migrate").returncode == 0
    assert not (home / "postgres").exists()


def test_a_command_that_needs_one_starts_it_and_stops_it_again(home):
    done = manage("shell", "--no-imports", "-c", ASK)
    assert "answer 42" in done.stdout, done.stderr
    assert "Creating a PostgreSQL" in done.stderr
    assert servers(home) == []


def test_a_command_attaches_to_the_server_that_runs(home):
    with engines.lease_postgres():
        mark = home / "postgres" / "postmaster.pid"
        before = mark.read_text()
        assert "answer 42" in manage("shell", "--no-imports", "-c", ASK).stdout
        assert mark.read_text() == before


def test_a_server_that_cannot_run_is_one_line_and_no_traceback(home):
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    done = manage("shell", "--no-imports", "-c", ASK)
    assert done.returncode == 1
    assert done.stderr.startswith("The data directory needs PostgreSQL 9")
    assert done.stderr.count("\n") == 1


def test_redis_answers_on_a_socket_and_keeps_its_queue(home):
    for expected in (None, b"kept"):
        with engines.lease_redis(), Redis.from_url(engines.redis_url()) as client:
            assert client.get("key") == expected
            assert client.config_get("port")["port"] == "0"
            client.set("key", "kept")
    assert (home / "redis" / "redis.sock").exists() is False


def test_publishing_without_a_broker_fails_at_once(home):
    options = engines.broker_transport_options()
    began = time.monotonic()
    connection = Connection(engines.broker_url(), transport_options=options)
    with connection, pytest.raises(OperationalError):
        _ = connection.default_channel
    assert time.monotonic() - began < 1


@pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning"  # kombu's
)
def test_without_any_redis_the_database_carries_the_messages(home):
    with engines.lease_postgres():
        url = broker.celery_url(None, engines.database_url())
        options = broker.transport_options(url, longest_task=600)
        with Connection(url, transport_options=options) as connection:
            assert connection.transport.polling_interval == broker.POLLING_SECONDS
            queue = connection.SimpleQueue("hints")
            queue.put({"work": 1})
            assert queue.get(timeout=5).payload == {"work": 1}
            queue.close()
            connection.default_channel._engine_from_config().dispose()


@pytest.mark.parametrize(
    ("redis", "expected"),
    [
        ("redis://broker:6379/1", "redis://broker:6379/1"),
        ("unix:///run/a.sock", "redis+socket:///run/a.sock?virtual_host=0"),
        ("unix:///run/a.sock?db=3", "redis+socket:///run/a.sock?virtual_host=3"),
    ],
)
def test_broker_addresses_are_spelled_for_celery(redis, expected):
    assert broker.celery_url(redis, "postgresql://x") == expected


def test_a_killed_workers_tasks_come_back_after_the_longest_task():
    options = broker.transport_options("redis://x", longest_task=600)
    assert options["visibility_timeout"] == 660
    assert options["unacked_restore_interval"] == 2
    assert options["unacked_restore_throttle"] == 1


def test_local_secrets_are_made_once_and_only_we_can_read_them(home, start):
    secret = local_secret("SECRET_KEY")
    code = (
        "from config.engines.secrets import local_secret as s; print(s('SECRET_KEY'))"
    )
    assert start("-c", code).communicate()[0].strip() == secret
    assert local_secret("OTHER") != secret
    path = home / "secrets.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["SECRET_KEY"] == secret


def test_a_given_address_is_used_as_it_is(home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/uptick")
    monkeypatch.setenv("REDIS_URL", "redis://broker.example/2")
    assert engines.database_url() == "postgresql://db.example/uptick"
    assert engines.database_backend() == "django.db.backends.postgresql"
    assert engines.broker_url() == "redis://broker.example/2"
