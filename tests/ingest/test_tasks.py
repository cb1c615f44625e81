"""Background work goes through a real broker."""

import json

import pytest

from ingest import tasks
from ingest.digest import DigestResult
from ingest.models import Event
from tests.ingest.digesting import event, put, waiting


@pytest.fixture
def queue(redis_server):
    """Names of the tasks that wait in the broker; starts and ends empty."""

    def names():
        return [
            json.loads(message)["headers"]["task"]
            for message in redis_server.lrange("celery", 0, -1)
        ]

    redis_server.delete("celery")
    yield names
    redis_server.delete("celery")


def test_a_digest_has_the_touched_developers_scored_once(workspace, queue):
    for number in range(3):
        put(workspace, event(key=str(number)))
    tasks.digest_inbox()
    assert Event.objects.count() == 3
    assert waiting() == []
    assert queue() == ["accounts.tasks.score_touched"]


def test_an_empty_inbox_asks_for_nothing(db, queue):
    tasks.digest_inbox()
    assert queue() == []


def test_what_a_long_digest_leaves_gets_a_task_of_its_own(db, queue, monkeypatch):
    monkeypatch.setattr(
        tasks, "digest_until_empty", lambda at_most: DigestResult(more=True)
    )
    tasks.digest_inbox()
    assert queue() == ["ingest.tasks.digest_inbox"]


def test_the_nightly_tasks_run(db):
    tasks.ensure_partitions()
    tasks.prune()
