"""The pages in a real browser: the policy holds, nothing overflows, htmx swaps."""

import time

import pytest
from django.conf import settings
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import Role
from ingest.models import Event, IngestCounter, QuarantinedEvent
from tests.dashboards.data import World
from tests.factories import make_member, make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATIENCE = 10


@pytest.fixture
def world():
    world = World(make_workspace("acme", "Acme"))
    world.add_ingestion()
    world.add_events(3)
    yield world
    # Not a managed table, so the test database is not emptied of it.
    Event.objects.all().delete()


LIGHT = {"name": "prefers-color-scheme", "value": "light"}


@pytest.fixture
def visit(browser, live_server, client, world):
    """Open an address as an admin of the workspace."""
    client.force_login(make_member(world.workspace, Role.ADMIN))
    browser.get(f"{live_server.url}/static/dashboards/logo.svg")
    browser.delete_all_cookies()
    browser.add_cookie(
        {
            "name": settings.SESSION_COOKIE_NAME,
            "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        }
    )
    browser.get_log("browser")
    # Whatever tests before this one made it look like.
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [LIGHT]})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def open_page(path):
        browser.get(live_server.url + path)
        return browser

    yield open_page
    # A page left open goes on asking, by a connection that nobody closes.
    browser.get("about:blank")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def every_path(world):
    return [
        "/w/acme/overview/",
        "/w/acme/accounts/",
        f"/w/acme/accounts/{world.warm.pk}/",
        "/w/acme/developers/",
        f"/w/acme/developers/{world.ada.pk}/",
        "/w/acme/ingestion/?live=off",
        "/admin/",
        "/admin/accounts/account/",
    ]


def wait(browser, condition):
    return WebDriverWait(browser, PATIENCE).until(condition)


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_pages_fit_and_break_no_rule_of_the_policy(visit, world, width):
    for path in every_path(world):
        browser = visit(path)
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False},
        )
        overflow = browser.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
        assert overflow <= 0, path
        assert browser.get_log("browser") == [], path


def test_charts_are_drawn_as_wide_as_their_place(visit, world):
    browser = visit("/w/acme/overview/")

    bars = browser.find_elements(By.CSS_SELECTOR, "#uses .bar")
    plot = browser.find_element(By.CSS_SELECTOR, "#uses .plot-area").rect
    tallest = max(bars, key=lambda bar: bar.rect["height"])
    assert len(bars) == 30
    assert tallest.rect["height"] > 50
    assert all(plot["x"] <= bar.rect["x"] <= plot["x"] + plot["width"] for bar in bars)
    # Colour comes from the style sheet, by class.
    assert tallest.value_of_css_property("fill") not in {"rgb(0, 0, 0)", ""}


def test_filters_swap_the_list_and_keep_an_address_to_share(visit, world):
    browser = visit("/w/acme/accounts/")
    browser.execute_script("window.same = true")

    browser.find_element(By.ID, "id_q").send_keys("cold")

    wait(browser, lambda b: "q=cold" in b.current_url)
    wait(browser, lambda b: b.find_element(By.ID, "list-status").text.startswith("1 "))
    assert "Warm Works" not in browser.find_element(By.ID, "results").text
    assert browser.execute_script("return window.same") is True
    browser.refresh()
    assert "Cold Corp" in browser.find_element(By.ID, "results").text
    assert browser.get_log("browser") == []


def test_new_events_appear_in_the_tail_by_themselves(visit, world):
    browser = visit("/w/acme/ingestion/")
    before = browser.find_elements(By.CSS_SELECTOR, "#tail tbody tr")
    world.add_events(1)

    wait(
        browser,
        lambda b: (
            len(b.find_elements(By.CSS_SELECTOR, "#tail tbody tr")) == len(before) + 1
        ),
    )
    assert browser.get_log("browser") == []


def test_the_first_event_of_all_appears_by_itself(visit, world):
    Event.objects.all().delete()
    IngestCounter.objects.all().delete()
    QuarantinedEvent.objects.all().delete()
    browser = visit("/w/acme/ingestion/")
    assert "No events yet" in browser.find_element(By.ID, "content").text

    world.add_events(1)

    wait(browser, lambda b: b.find_elements(By.CSS_SELECTOR, "#tail tbody tr"))
    assert browser.get_log("browser") == []


def test_everything_works_without_script(visit, world):
    browser = visit("/w/acme/overview/")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})

    browser = visit("/w/acme/accounts/")
    browser.find_element(By.ID, "id_q").send_keys("warm")
    browser.find_element(By.CSS_SELECTOR, ".filters button").click()
    wait(browser, lambda b: "q=warm" in b.current_url)
    browser.find_element(By.LINK_TEXT, "Warm Works").click()
    wait(browser, lambda b: "Why this score" in b.page_source)
    summary = browser.find_element(By.CSS_SELECTOR, "#usage summary")
    summary.click()
    assert browser.find_element(By.CSS_SELECTOR, "#usage table").is_displayed()
    # A switch that could do nothing is not offered.
    assert not browser.find_element(By.CLASS_NAME, "theme-toggle").is_displayed()


def test_the_menu_opens_with_the_keyboard_and_closes_with_escape(visit, world):
    browser = visit("/w/acme/overview/")
    menu = browser.find_element(By.CSS_SELECTOR, "#user-tools details.menu")
    summary = menu.find_element(By.TAG_NAME, "summary")

    summary.send_keys("\n")
    assert menu.find_element(By.CSS_SELECTOR, "#logout-form button").is_displayed()
    summary.send_keys("\ue00c")
    wait(browser, lambda _: menu.get_attribute("open") is None)


def test_the_theme_follows_the_switch(visit, world):
    browser = visit("/w/acme/overview/")

    def ground():
        body = browser.find_element(By.TAG_NAME, "body")
        return body.value_of_css_property("background-color")

    light = ground()
    for _ in range(3):
        browser.find_element(By.CLASS_NAME, "theme-toggle").click()
        if (
            browser.execute_script("return document.documentElement.dataset.theme")
            == "dark"
        ):
            break
    time.sleep(0.3)
    dark = ground()
    browser.execute_script("localStorage.clear()")

    assert light != dark
