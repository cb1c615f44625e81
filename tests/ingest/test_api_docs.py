"""The API's description: complete, valid, and a page under the strict policy."""

import base64
import json
import re
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from ingest.dialects import DIALECTS
from ingest.dialects.documents import MULTIPART, URLENCODED
from tests.factories import make_key
from tests.ingest.test_reo import SEED_CURL, SEED_SAMPLE

JSON = "application/json"
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


def examples(schema, path, method="post"):
    """Of one operation: the examples of each form of a body, by its type."""
    content = schema["paths"][path][method]["requestBody"]["content"]
    return {
        kind: [example["value"] for example in described["examples"].values()]
        for kind, described in content.items()
    }


def test_every_form_of_a_licence_record_has_an_example_that_works(schema, token):
    path = "/api/v1/send-telemetry-data"
    forms = examples(schema, path)
    assert set(forms) == {JSON, URLENCODED, MULTIPART}
    for kind, (example,) in forms.items():
        fields = {**example, "api_key": token}
        client = Client()
        if kind == MULTIPART:
            response = client.post(path, fields)
        else:
            written = json.dumps(fields) if kind == JSON else urlencode(fields)
            response = client.post(path, written, content_type=kind)
        # The product of the examples is not there; all else is as it should be.
        assert response.json()["response"]["errors"] == {
            "product_id": ["The selected product id is invalid."]
        }


def test_the_examples_of_a_token_request_work(schema, workspace):
    key, secret = make_key(workspace, kind="client")
    basic = base64.b64encode(f"{key.prefix}:{secret}".encode()).decode()
    header, fields = examples(schema, "/oauth2/token")[URLENCODED]
    fields |= {"client_id": key.prefix, "client_secret": secret}
    for sent, headers in ((header, {"Authorization": f"Basic {basic}"}), (fields, {})):
        response = Client().post(
            "/oauth2/token", urlencode(sent), content_type=URLENCODED, headers=headers
        )
        assert response.status_code == 200
        assert response.json()["token_type"] == "Bearer"


def test_taking_seats_away_says_what_body_it_takes(schema):
    path = "/services/push/v1/customer/apps/{app_id}/users"
    assert examples(schema, path, "delete") == examples(schema, path)
    assert "x-body-of" not in json.dumps(schema)


def test_the_description_gives_no_warning(tmp_path):
    call_command(
        *("spectacular", "--validate", "--fail-on-warn"),
        *("--file", str(tmp_path / "schema.yml")),
    )


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
