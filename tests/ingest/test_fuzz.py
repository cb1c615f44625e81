"""Whatever arrives at any route, no sender is ever told 5xx.

A short run is part of the suite; ``UPTICK_FUZZ_EXAMPLES=2000`` makes a long one.
"""

import base64
import json
import os
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import ApiKey
from ingest.dialects import DIALECTS
from ingest.dialects.productiv.access import forget_applications
from ingest.dialects.reamaze import door
from ingest.digest import digest_until_empty
from ingest.throttle import TokenBuckets, throttle
from tests.factories import make_app, make_key, make_workspace

EXAMPLES = int(os.environ.get("UPTICK_FUZZ_EXAMPLES", "8"))
relaxed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
PATHS = sorted(
    {f"/{route.path}" for each in DIALECTS.values() for route in each.routes}
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\0", "\ud800", "a@b.example", "1e999", "2026-01-01", "٣"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)
bodies = st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode())
headers = st.dictionaries(
    st.sampled_from(
        [
            *("Authorization", "X-API-KEY", "Idempotency-Key", "Content-Encoding"),
            *("User-Agent", "Host", "Origin", "X-Forwarded-For", "Cookie"),
        ]
    ),
    st.text(max_size=60)
    | st.sampled_from(["gzip", "deflate", "Basic Og==", "Bearer", "*", "[::1"]),
)
kinds = st.sampled_from(
    [
        *("application/json", "application/x-www-form-urlencoded", "text/plain"),
        *("multipart/form-data; boundary=x", "multipart/form-data", "", "ü/\n"),
    ]
)


class Senders:
    """A workspace with all that it takes to get past the door of every dialect."""

    def __init__(self):
        self.workspace = make_workspace("fuzz")
        self.workspace.reamaze_authkey_alone = True
        self.workspace.save()
        make_app(self.workspace, "app")
        _, self.token = make_key(self.workspace)
        _, self.read = make_key(self.workspace, kind=ApiKey.Kind.READ)
        _, self.manage = make_key(self.workspace, kind=ApiKey.Kind.MANAGE)
        client, secret = make_key(self.workspace, kind=ApiKey.Kind.CLIENT)
        self.client_id = f"{client.prefix}:{secret}"
        self.client = Client(raise_request_exception=True)
        answer = self.client.post(
            "/oauth2/token",
            "grant_type=client_credentials",
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": f"Basic {self.packed(self.client_id)}"},
        )
        self.access = answer.json()["access_token"]

    @staticmethod
    def packed(text):
        return base64.b64encode(text.encode()).decode()

    def credentials(self, path, method):
        """What opens the door of a route."""
        if path.startswith("/api/product/"):
            return {"X-API-KEY": self.token}
        if path.startswith("/services/"):
            return {"Authorization": f"Bearer {self.access}"}
        if path.startswith("/oauth2/"):
            return {"Authorization": f"Basic {self.packed(self.client_id)}"}
        if "/data/" in path:
            return {"Authorization": f"Basic {self.packed(f'{self.token}:')}"}
        if "/licences" in path or "/product-versions" in path:
            return {"Authorization": f"Bearer {self.manage}"}
        token = self.read if method == "GET" else self.token
        return {"Authorization": f"Bearer {token}"}

    def send(self, method, path, body, *, kind, more):
        headers = {**self.credentials(path, method), **(more or {})}
        # As a server hands headers on: one line each, in Latin-1.
        latin = {
            name: "".join(value.split("\n"))
            .encode("latin-1", "replace")
            .decode("latin-1")
            for name, value in headers.items()
        }
        return self.client.generic(method, path, body, content_type=kind, headers=latin)


@pytest.fixture
def senders(db, monkeypatch):
    monkeypatch.setattr(throttle, "keys", TokenBuckets(0))
    monkeypatch.setattr(throttle, "apps", TokenBuckets(0))
    monkeypatch.setattr(throttle, "addresses", TokenBuckets(0))
    forget_applications()
    door.forget()
    yield Senders()
    forget_applications()
    door.forget()


@pytest.mark.parametrize("path", PATHS)
def test_anything_at_any_route(senders, path):
    parts = st.text(min_size=1, max_size=20) | st.sampled_from(["fuzz", "app", "%00"])
    methods = st.sampled_from(["POST"] * 6 + ["GET", "DELETE", "PUT", "OPTIONS"])

    @relaxed
    @given(
        part=parts,
        method=methods,
        body=bodies,
        kind=kinds,
        more=headers,
        query=st.sampled_from(["", "?a", "?%ff=%00", "?api_key=x&data=1"]),
    )
    def run(*, part, method, body, kind, more, query):
        filled = path
        if "<" in path:
            filled = (
                f"{path.partition('<')[0]}{quote(part, safe='')}"
                f"{path.rpartition('>')[2]}"
            )
        kind = kind.replace("\n", "")
        response = senders.send(method, filled + query, body, kind=kind, more=more)
        assert response.status_code < 500, response.content

    run()
    digest_until_empty()


def operations():
    schema = SchemaGenerator().get_schema(public=True)
    # Sorted: the description lists the methods of some routes in any order.
    return sorted(
        (path, method)
        for path, methods in schema["paths"].items()
        for method in methods
        if method in {"get", "post", "put", "patch", "delete"}
    )


@pytest.fixture(scope="module")
def described():
    schemathesis = pytest.importorskip(
        "schemathesis", reason="schemathesis is missing: make install-dev"
    )
    raw = SchemaGenerator().get_schema(public=True)
    return schemathesis.openapi.from_dict(json.loads(json.dumps(raw, default=str)))


@pytest.mark.parametrize(
    ("path", "method"), operations(), ids=lambda part: part.strip("/")
)
def test_what_the_description_allows(senders, described, path, method):
    """Requests made from our own OpenAPI description, all of them of its form."""
    operation = described[path][method.upper()]

    @relaxed
    @given(case=operation.as_strategy())
    def run(case):
        kind = case.media_type or ""
        body, kind = _encoded(case.body, kind)
        query = urlencode(case.query or {}, doseq=True, errors="replace")
        address = f"{case.formatted_path}?{query}" if query else case.formatted_path
        more = {
            name: str(value)
            for name, value in (case.headers or {}).items()
            if name.lower() == "idempotency-key"
        }
        response = senders.send(method.upper(), address, body, kind=kind, more=more)
        assert response.status_code < 500, response.content

    run()


def _encoded(body, kind):
    """A body in the form of its type, and the type with what belongs to it."""
    if type(body).__name__ == "NotSet":
        return b"", kind
    if isinstance(body, bytes):
        return body, kind
    if kind.endswith("form-urlencoded") and isinstance(body, dict):
        return urlencode(body, errors="replace").encode(), kind
    if kind.startswith("multipart/") and isinstance(body, dict):
        parts = "".join(
            f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            f"{value}\r\n"
            for name, value in body.items()
        )
        whole = f"{parts}--frontier--\r\n".encode(errors="replace")
        return whole, "multipart/form-data; boundary=frontier"
    return json.dumps(body).encode(), kind


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0009-09-08T09:25:49+21:26", 200),
        ("2026-01-01T00:00:00Z", 200),
        ("0001-01-01T00:00:00+20:00", 400),
        ("9999-12-31T23:59:59-20:00", 400),
    ],
)
def test_offsets_that_postgresql_does_not_know(senders, moment, status):
    """Found by the run above: such an offset was a 500."""
    path = f"/api/v1/licences/?expires_before={quote(moment)}"
    response = senders.send("GET", path, b"", kind="", more=None)
    assert response.status_code == status
