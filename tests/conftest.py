"""What every test may ask for: engines, a browser, and an honest list of skips."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from redis import Redis

from config import engines
from tests.browser import start_chromium

TOOLS = {
    "browser": (("chromium", "chromedriver"), "UPTICK_REQUIRE_BROWSER"),
    "node": (("node",), "UPTICK_REQUIRE_BROWSER"),
}
# Files of minutes: whoever began one last would keep everybody waiting.
LONGEST = (
    "tests/stories/test_every_page.py",
    "tests/survival/test_survival.py",
    "tests/config/test_run.py",
)


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[Redis]:
    """A real Redis for the whole run; this worker's database starts empty."""
    with engines.lease_redis():
        client = Redis.from_url(os.environ["REDIS_URL"])
        client.flushdb()
        yield client
        client.close()


@pytest.fixture(autouse=True)
def no_events_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the event table after tests that commit.

    Django empties the tables that it manages, and the partitioned one is not among
    them.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction")
    )
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE ingest_event")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """End what still holds the database when all tests are done: threads of servers."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def browser() -> Iterator["object"]:
    """A headless Chromium, one for the run; mark its tests with ``browser``."""
    driver = start_chromium()
    yield driver
    driver.quit()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; skip what there is no tool for, unless it must be."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for name, (programs, requirement) in TOOLS.items():
        missing = [program for program in programs if shutil.which(program) is None]
        if not missing or os.environ.get(requirement) == "1":
            continue
        reason = f"{' and '.join(missing)} not installed"
        for item in items:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many tests did not run, and why."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        terminalreporter.section("Not tested here")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:5d}  {reason}")
