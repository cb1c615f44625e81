"""What people come for, told from log-in to the figure they wanted."""

import re
import time

import pytest
from selenium.webdriver.common.by import By

from tests.running import wait_until

pytestmark = pytest.mark.browser


def send(uptick, key, **fields):
    """Send one event as a customer's software would; return the answer's words."""
    payload = {
        "activity_type": "LOGIN_ACTIVITY",
        "source": "PRODUCT_CLOUD",
        "product_id": "story-app",
        "event_id": str(time.time_ns()),
        "event_at": int(time.time()),
        "user_id_type": "EMAIL",
        **fields,
    }
    answer = uptick.post("/api/product/usage", {"payload": payload}, X_API_KEY=key)
    return answer.json()["response"]


def number(text):
    return float(text.replace(",", "").replace("−", "-"))


def score(person):
    """Load an account's page again and read its score; 0 while it has none."""
    person.driver.refresh()
    found = re.search(r"Score ([\d.]+)", person.find("#receipt-card").text)
    return float(found.group(1)) if found else 0.0


def test_from_log_in_to_the_reason_of_a_score(stranger, demo):
    stranger.log_in(demo["email"], demo["password"])
    assert stranger.path == f"/w/{demo['workspace_slug']}/overview/"
    stranger.sees("Warming up")

    stranger.follow("Accounts", within="nav[aria-label=Main]")
    rows = stranger.all("#results tbody tr")
    assert len(rows) > 5
    name = rows[0].find_element(By.CSS_SELECTOR, "th a").text
    shown = rows[0].find_element(By.CSS_SELECTOR, ".score strong").text

    stranger.follow(name, within="#results")
    assert stranger.find("h1").text == name
    receipt = stranger.find("#receipt-card")
    assert f"Score {shown}" in receipt.text
    cells = receipt.find_elements(By.CSS_SELECTOR, "tbody td:last-child")
    total = receipt.find_element(By.CSS_SELECTOR, "tfoot td:last-child").text
    # To the digit that is shown: a receipt has to add up.
    assert len(cells) > 1
    assert round(sum(number(cell.text) for cell in cells), 6) == number(total)


def test_a_new_key_moves_the_score_of_an_account(person, uptick, demo):
    # It opens a menu, and no page.
    person.find(".nav-more > summary").click()
    person.follow("Settings", within="nav[aria-label=Main]")
    person.follow("API keys", within="#content")
    person.follow("Add API key", within="#content")
    person.fill("Name", "Story")
    person.press("Save")
    key = re.search(r"\bup_ingest_\w{30}_\w{6}\b", person.text).group()

    assert send(uptick, key, user_id="ada@story-analytics.com") == "Data Uploaded"
    person.go(f"/w/{demo['workspace_slug']}/ingestion/?live=off")
    person.reloads_until("story-app")
    row = next(row for row in person.all("#tail tbody tr") if "story-app" in row.text)
    metric = row.find_element(By.CSS_SELECTOR, "[data-label=Event] strong").text
    person.click(row.find_element(By.CSS_SELECTOR, "[data-label=Account] a"))

    before = wait_until("a first score", lambda: score(person))
    assert metric in person.find("#receipt-card tbody").text
    for visitor in range(20):
        send(uptick, key, user_id=f"person{visitor}@story-analytics.com")
    wait_until("a higher score", lambda: score(person) > before)


def test_a_metric_is_configured_and_what_waited_is_counted(person, uptick, demo):
    ingestion = f"/w/{demo['workspace_slug']}/ingestion/?live=off"
    sent = send(
        uptick,
        demo["api_key"],
        activity_type="STORY_EXPORT",
        product_id="story-exporter",
        user_id="grace@story-exports.com",
    )
    assert sent == "Data Uploaded"
    person.go(ingestion)
    person.reloads_until("STORY_EXPORT")
    row = next(
        row
        for row in person.all("section[aria-labelledby=quarantine] tbody tr")
        if "STORY_EXPORT" in row.text
    )
    person.click(row.find_element(By.LINK_TEXT, "Configure this metric"))
    assert person.field("Key").get_attribute("value") == "STORY_EXPORT"
    person.press("Save")

    person.go(ingestion)
    row = next(
        row
        for row in person.all("section[aria-labelledby=quarantine] tbody tr")
        if "STORY_EXPORT" in row.text
    )
    person.click(row.find_element(By.CSS_SELECTOR, "button"))
    wait_until("replayed", lambda: latest(person, ingestion, "story-exporter"))
    assert "STORY_EXPORT" not in person.find("section[aria-labelledby=quarantine]").text


def latest(person, path, text):
    person.go(path)
    return any(text in row.text for row in person.all("#tail tbody tr"))
