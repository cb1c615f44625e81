"""A growth person builds a segment with the keyboard alone, then compares it."""

import pytest
from selenium.webdriver import Keys

pytestmark = pytest.mark.browser

MOST_STOPS = 200


def tab_to(person, element_id):
    for _ in range(MOST_STOPS):
        person.tab()
        # By now the page may have renewed the element: ask which one it is at once.
        if focused(person) == element_id:
            return
    pytest.fail(f"Tab never reaches {element_id}")


def focused(person):
    return person.driver.execute_script("return document.activeElement.id")


def test_a_segment_is_built_by_keyboard(person, demo):
    slug = demo["workspace_slug"]
    person.go(f"/w/{slug}/segments/")
    person.sees("Surging accounts")
    person.go(f"/w/{slug}/segments/new/?subject=account")
    tab_to(person, "new-0")
    person.keys("Score")
    tab_to(person, "add-0")
    person.keys(Keys.ENTER)
    person.find("#is-0-0")
    person.wait.until(lambda _: focused(person) == "is-0-0")
    tab_to(person, "value-0-0")
    person.keys("2o")
    person.keys(Keys.ENTER)
    person.sees("The value must be a number.")
    tab_to(person, "value-0-0")
    person.keys(Keys.CONTROL + "a" + Keys.NULL, "5", Keys.ENTER)
    person.sees("Accounts where score is at least 5.")
    tab_to(person, "segment-name")
    person.keys("Built by keyboard", Keys.TAB, "Somewhat warm companies")
    tab_to(person, "save")
    person.keys(Keys.ENTER)
    person.wait.until(lambda _: person.find("h1").text == "Built by keyboard")
    assert "Somewhat warm companies" in person.text
    assert person.all("main table tbody tr")


def test_the_preview_follows_what_is_chosen(person, demo):
    person.go(f"/w/{demo['workspace_slug']}/segments/new/?subject=developer")
    person.sees("All developers.")
    person.find("#add-0").click()
    person.find("#lower-0-0").send_keys("3", Keys.TAB)
    # Nobody pressed a button: the page looked by itself.
    person.sees("Developers where something was used at least 3 times in the last 30")
