"""The API's description: complete, valid, and a page under the strict policy."""

import json
import re

import pytest
from drf_spectacular.validation import validate_schema

from ingest.dialects import DIALECTS
from tests.ingest.test_reo import SEED_CURL, SEED_SAMPLE

# Addresses that answer as a described one does, and the browser script.
OTHER_SPELLINGS = {
    *("data/users.json", "data/events.json"),
    *("{account}/data/users", "{account}/data/events"),
    *("{account}/data/users.json", "{account}/data/events.json"),
    "assets/reamaze.js",
}
# What senders call that cannot keep a secret.
KEYLESS = re.compile(r"^/(v[123](/|$)|data/browser/)(?!.*telemetry)")

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(client):
    response = client.get("/api/schema/?format=json")
    assert response.status_code == 200
    return json.loads(response.content)


def test_it_is_valid_and_complete(schema):
    validate_schema(schema)
    described = {path.strip("/") for path in schema["paths"]}
    routes = [route for each in DIALECTS.values() for route in each.routes]
    paths = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path) for route in routes}
    assert paths - described == OTHER_SPELLINGS
    assert not [path for path in schema["paths"] if path.endswith("product/usage/")]


def test_the_seeds_examples_are_in_it(schema):
    content = schema["paths"]["/api/product/usage"]["post"]["requestBody"]["content"]
    examples = [
        example["value"] for example in content["application/json"]["examples"].values()
    ]
    assert examples == [json.loads(SEED_CURL), json.loads(SEED_SAMPLE)]


def test_every_operation_says_how_to_authenticate(schema):
    schemes = schema["components"]["securitySchemes"]
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            names = [name for each in operation.get("security", ()) for name in each]
            assert bool(names) is not bool(KEYLESS.match(path)), path
            assert set(names) <= set(schemes) | {"cookieAuth"}


def test_documented_request_examples_are_accepted(schema, sender):
    for route in (
        "/api/v1/events",
        "/api/product/usage",
        "/api/product/aggregateusage",
    ):
        content = schema["paths"][route]["post"]["requestBody"]["content"]
        for example in content["application/json"]["examples"].values():
            response = sender.post(route, example["value"])
            assert response.status_code in {200, 202}, response.content
            assert not response.json().get("rejected")


def test_the_page_shows_every_route_field_and_answer(client, schema):
    response = client.get("/api/docs/")
    assert response.status_code == 200
    page = response.content.decode()
    for path in schema["paths"]:
        assert path in page
    for text in ("payload.event_at", "user.email", "company.domain", "Data Uploaded"):
        assert text in page
    assert "curl -X POST http://testserver/api/v1/events" in page


def test_the_page_needs_no_log_in_and_no_script(client):
    page = client.get("/api/docs/").content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert "onclick" not in page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_breaks_no_policy(browser, live_server):
    browser.get(f"{live_server.url}/api/docs/")
    assert browser.title == "API | Uptick"
    assert not [entry["message"] for entry in browser.get_log("browser")]
    wide = "return document.documentElement.scrollWidth <= window.innerWidth"
    assert browser.execute_script(wide)
