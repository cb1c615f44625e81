"""One installation with demo data for all stories, and a person in front of it."""

import json

import pytest

from tests.running import Uptick
from tests.stories.person import Person


@pytest.fixture(scope="session")
def uptick(tmp_path_factory):
    installation = Uptick(
        tmp_path_factory.mktemp("uptick"),
        demo=True,
        settings={"UPTICK_POSTGRES_FSYNC": "0"},
    )
    try:
        installation.start(seconds=180)
        yield installation
    finally:
        installation.stop()


@pytest.fixture(scope="session")
def demo(uptick):
    return json.loads(uptick.inside("demo_login"))


@pytest.fixture
def stranger(browser, uptick):
    """Nobody has logged in; whatever the console says in the end is a failure."""
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    person = Person(browser, uptick.address)
    person.looks(width=1280)
    yield person
    assert person.complaints() == []


@pytest.fixture
def person(stranger, demo):
    """The demo's admin, logged in."""
    stranger.log_in(demo["email"], demo["password"])
    return stranger
