"""Routes for browsers answer the preflight; the others do not exist for pages."""

import json

from django.test import RequestFactory

from ingest.dialects.reo import UsageView
from tests.ingest.conftest import EVENTS, USAGE
from tests.ingest.test_reo import TELEMETRY

ASKS = {
    "Origin": "https://shop.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}


class BrowserView(UsageView):
    """A route as a dialect for browsers declares it."""

    for_browsers = True


def ask(method, body=b"", **headers):
    request = RequestFactory().generic(method, "/x", body, headers=headers)
    return BrowserView.as_view()(request)


def test_the_preflight_is_answered_without_a_key():
    response = ask("OPTIONS", **ASKS)
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response["Access-Control-Allow-Methods"]
    assert "content-type" in response["Access-Control-Allow-Headers"]
    assert int(response["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in response


def test_an_options_request_that_asks_nothing_is_answered_too():
    response = ask("OPTIONS")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (204, "*")


def test_answers_can_be_read_by_the_page_good_and_bad(token):
    body = json.dumps({"payload": TELEMETRY}).encode()
    good = ask("POST", body, **{"X-API-KEY": token})
    bad = ask("POST", body)
    assert (good.status_code, bad.status_code) == (200, 400)
    for response in (good, bad):
        assert response["Access-Control-Allow-Origin"] == "*"


def test_routes_with_secret_keys_are_closed_to_pages(client):
    for path in (USAGE, EVENTS):
        response = client.options(path, headers=ASKS)
        assert response.status_code == 405
        assert "Access-Control-Allow-Origin" not in response
