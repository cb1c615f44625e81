"""Reamaze from pages: the routes that browsers call, and the script in a real one."""

import functools
import hashlib
import http.server
import json
import threading
from pathlib import Path

import pytest
from django.test import Client

from ingest import commit
from ingest.dialects.reamaze import door
from tests.factories import make_key, make_workspace
from tests.ingest.conftest import kept, refusals
from tests.running import wait_until

USERS, EVENTS = "/data/browser/users", "/data/browser/events"
SCRIPT = "/assets/reamaze.js"
SNIPPET = Path(__file__).with_name("seeds") / "reamaze_snippet.html"
OK = {"status": "ok"}


@pytest.fixture(autouse=True)
def fresh_accounts():
    door.forget()


def authkey(user_id, token):
    return hashlib.sha256(f"{user_id}:{token}".encode()).hexdigest()


def post(path, body, **headers):
    return Client().post(
        path,
        json.dumps(body),
        content_type="application/json",
        headers={"Origin": "https://shop.example", **headers},
    )


@pytest.fixture
def user(token):
    return {"id": "1", "authkey": authkey("1", token), "email": "bob@example.com"}


# ---- The routes


@pytest.mark.parametrize("path", [USERS, EVENTS, USERS + "/"])
def test_the_preflight_is_answered(path):
    response = Client().options(
        path,
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,idempotency-key",
        },
    )
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response["Access-Control-Allow-Methods"]
    allowed = response["Access-Control-Allow-Headers"].lower()
    assert "content-type" in allowed
    assert "idempotency-key" in allowed


def test_the_routes_of_servers_answer_no_preflight(db):
    response = Client().options("/data/users", headers={"Origin": "https://x.example"})
    assert response.status_code == 405
    assert "Access-Control-Allow-Origin" not in response


def test_account_and_authkey_are_enough(user):
    response = post(USERS, {"account": "acme", "user": user})
    assert (response.status_code, response.json()) == (200, OK)
    assert response["Access-Control-Allow-Origin"] == "*"
    event = {"name": "purchase", "value": "9.50"}
    response = post(EVENTS, {"account": "Acme", "user": user, "event": event})
    assert (response.status_code, response.json()) == (200, OK)
    profile, happened = kept()
    assert profile.is_profile
    assert happened.value == 9.5
    # The browser is the person's own.
    assert profile.ip == happened.ip == "127.0.0.1"


def test_a_stated_address_is_the_better_one(user):
    post(USERS, {"account": "acme", "user": {**user, "ip": "156.59.87.83"}})
    assert kept()[0].ip == "156.59.87.83"


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ({}, 403, {"account": ["is required"]}),
        ({"account": ""}, 403, {"account": ["is required"]}),
        ({"account": "nobody"}, 403, {"account": ["there is no account nobody"]}),
        ({"account": "a\0"}, 403, {"account": ["there is no account a\0"]}),
        ({"account": "acme"}, 422, {
            "user.id": ["is required"],
            "user.authkey": ["is required"],
            "user.email": ["is required"],
        }),
    ],
)  # fmt: skip
def test_what_is_refused_can_be_read_by_the_page(token, body, status, found):
    response = post(USERS, body)
    assert response.status_code == status
    assert response.json()["errors"] == found
    assert response["Access-Control-Allow-Origin"] == "*"


def test_a_wrong_authkey_is_refused_and_counted_for_the_workspace(workspace, user):
    wrong = {**user, "authkey": "0" * 64}
    response = post(USERS, {"account": "acme", "user": wrong})
    assert response.status_code == 403
    assert list(response.json()["errors"]) == ["user.authkey"]
    assert refusals() == {"refused:wrong_authkey": 1}
    assert workspace.ingestcounter_set.get().outcome == "refused:wrong_authkey"


def test_an_api_key_in_a_page_opens_nothing(token):
    user = {"id": "1", "authkey": "x", "email": "bob@example.com"}
    body = {"account": "acme", "user": user}
    response = Client().post(
        USERS, json.dumps(body), content_type="text/plain", headers={"X-API-KEY": token}
    )
    assert response.status_code == 403
    assert kept() == []


# ---- The script


def test_the_script_is_served_and_cached():
    response = Client().get(SCRIPT)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(response.content) < 5000
    assert b"eval(" not in response.content
    again = Client().get(SCRIPT, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == response["ETag"]
    assert Client().post(SCRIPT).status_code == 405


class Site(http.server.SimpleHTTPRequestHandler):
    """The customer's own site: another origin than ours."""

    def log_message(self, *_args):
        """Keep the test's output clean."""


@pytest.fixture
def site(tmp_path):
    handler = functools.partial(Site, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def publish(html):
        tmp_path.joinpath("index.html").write_text(f"<!doctype html>\n{html}")
        return f"http://127.0.0.1:{server.server_port}/index.html"

    yield publish
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(live_server, transactional_db, browser, site):
    """A page with the vendor's snippet, only its placeholders and the host replaced."""
    workspace = make_workspace()
    _, token = make_key(workspace)
    browser.get_log("browser")

    def open_page(before="", after="", **changes):
        values = {
            "YOUR_ACCOUNT_ID": "acme",
            "USER_ID": "u-17",
            "AUTH_KEY": authkey("u-17", token),
            "USER_EMAIL": "bob@shop.example",
            "USER_NAME": "Bob Builder",
            "USER_AVATAR_URL": "https://shop.example/bob.png",
            "USER_CREATE_TIME": "2014-02-03 04:05:06 UTC",
            "cdn.reamaze.com": live_server.url.partition("//")[2],
            **changes,
        }
        snippet = SNIPPET.read_text()
        for placeholder, value in values.items():
            assert snippet.count(placeholder) == 1
            snippet = snippet.replace(placeholder, value)
        # The vendor's `key: value` names a variable, which the page brings.
        head = f"<script>var value = 'gold'; {before}</script>\n{snippet}"
        html = f"<html><head>{head}</head><body>{after}</body></html>"
        browser.get(site(html))
        return browser

    yield open_page
    commit.close()


def wait_for(number):
    wait_until(f"{number} in the inbox", lambda: len(kept()) >= number, seconds=10)
    return kept()


@pytest.mark.browser
def test_the_vendors_snippet_tells_who_the_person_is(shop):
    browser = shop()
    (profile,) = wait_for(1)
    assert profile.is_profile
    assert profile.identities == [
        ("customer_id", "u-17"),
        ("email", "bob@shop.example"),
    ]
    assert profile.traits == {
        "name": "Bob Builder",
        "avatar": "https://shop.example/bob.png",
        "created": "2014-02-03 04:05:06 UTC",
        "key": "gold",
    }
    assert profile.ip == "127.0.0.1"
    # The vendor's call, with the bracket that its print has lost.
    browser.execute_script(
        "reamaze.event({ name: 'EVENT_NAME', value: '19.90', data: { key: 'x' } });"
    )
    _, event = wait_for(2)
    assert event.metric == "EVENT_NAME"
    assert event.value == 19.9
    assert event.properties == {"key": "x"}
    assert event.identities == profile.identities
    assert complaints(browser) == []


@pytest.mark.browser
def test_events_of_before_the_script_came_are_sent_with_it(shop):
    browser = shop(
        before="var reamaze = {q: [], event: function (e) { this.q.push(e); }};"
        " reamaze.event({name: 'early', value: 3});"
    )
    events = {event.metric: event.value for event in wait_for(2)}
    assert events == {"": None, "early": 3.0}
    assert complaints(browser) == []


@pytest.mark.browser
def test_fields_may_stand_under_user(shop):
    nested = (
        "_support.user = {id: _support.id, authkey: _support.authkey,"
        " email: _support.email, name: 'Nested', data: {plan: 'pro'}};"
        " delete _support.id; delete _support.authkey; delete _support.email;"
    )
    browser = shop(after=f"<script>{nested}</script>")
    (profile,) = wait_for(1)
    assert profile.identities[0] == ("customer_id", "u-17")
    assert profile.traits["name"] == "Nested"
    assert profile.traits["plan"] == "pro"
    assert complaints(browser) == []


@pytest.mark.browser
def test_a_wrong_authkey_is_told_in_the_console(shop):
    browser = shop(AUTH_KEY="wrong")
    said = []

    def told():
        said.extend(complaints(browser))
        return any("user.authkey" in line for line in said)

    wait_until("a warning", told, seconds=10)
    assert kept() == []


@pytest.mark.browser
def test_visitors_who_are_nobody_send_nothing(shop):
    browser = shop(after="<script>delete _support.id;</script>")
    wait_until("loaded", lambda: browser.execute_script("return !!window.reamaze"))
    browser.execute_script("reamaze.event({name: 'x'})")
    assert any("not sent" in line for line in complaints(browser))
    assert kept() == []


def complaints(browser):
    """What the console says, but for the picture of the tab that the site lacks."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if "favicon" not in entry["message"]
    ]
