"""The main pages without a mouse."""

import pytest
from selenium.webdriver import Keys

pytestmark = pytest.mark.browser

MOST_STOPS = 400
# A focus ring is an outline, or a shadow where a control draws its own.
FOCUS_IS_SHOWN = """
const style = getComputedStyle(arguments[0]);
const box = arguments[0].getBoundingClientRect();
return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
        || style.boxShadow !== "none" || style.borderStyle !== "none"
        || style.textDecorationLine.includes("underline"))
       && box.width > 0 && box.height > 0;
"""


def test_logging_in_by_keyboard(stranger, demo):
    stranger.go("/")
    stranger.field("E-mail").send_keys("")
    stranger.keys(demo["email"], Keys.TAB, demo["password"], Keys.ENTER)
    stranger.sees("Warming up")


@pytest.mark.parametrize("page", ["overview", "accounts", "developers", "ingestion"])
def test_tab_reaches_everything_and_shows_where_it_is(person, demo, page):
    person.go(f"/w/{demo['workspace_slug']}/{page}/?live=off")
    first = person.tab()
    # The way past the navigation comes first.
    assert first.get_attribute("href").endswith("#content-start")
    seen = [first]
    hidden = []
    for _ in range(MOST_STOPS):
        stop = person.tab()
        if stop.tag_name in {"body", "html"} or stop == first:
            break
        seen.append(stop)
        if not person.driver.execute_script(FOCUS_IS_SHOWN, stop):
            hidden.append(stop.get_attribute("outerHTML")[:120])
    else:
        pytest.fail(f"Tab never leaves {page}")
    assert hidden == []
    links = person.all("main a[href], main button, main select, main input")
    wanted = [one for one in links if one.is_displayed()]
    missed = [one.get_attribute("outerHTML")[:120] for one in wanted if one not in seen]
    assert missed == []


def test_from_the_overview_to_an_account_by_keyboard(person, demo):
    person.go(f"/w/{demo['workspace_slug']}/overview/")
    while person.tab().text != "Accounts":
        pass
    person.keys(Keys.ENTER)
    person.wait.until(lambda _: "/accounts/" in person.path)
    name = person.find("#results tbody th a").text
    for _ in range(MOST_STOPS):
        if person.tab().text == name:
            break
    person.keys(Keys.ENTER)
    person.sees("Why this score")
    assert person.find("h1").text == name
