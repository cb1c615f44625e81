"""The accept path around the dialects: keys, throttle, shortcut, statements, limits."""

import gzip
import re
import threading
import time
import zlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.keys import change, revoke, rotate
from accounts.models import ApiKey
from accounts.models.api_key import Dialect
from config.chunked import ChunkedBodies
from ingest import background, counters, hints
from ingest.body import inflate, read_body
from ingest.counters import count_refusal
from ingest.credentials import REMEMBERED, cache, verify
from ingest.dialects import DIALECTS
from ingest.models import InboxEntry, IngestCounter
from ingest.refusals import STATUS, Reason, Refused
from ingest.throttle import TokenBuckets, throttle
from ingest.verified_key import VerifiedKey
from tests.factories import make_key, make_workspace
from tests.ingest.conftest import USAGE, Sender, refusals
from tests.ingest.test_native import EVENT
from tests.ingest.test_reo import TELEMETRY


def statements(captured):
    return [query["sql"].split()[0] for query in captured.captured_queries]


def test_a_request_is_one_statement_once_its_key_is_known(
    sender, django_assert_num_queries
):
    # The key, the opt-out register (looked at once a second), and the event.
    with django_assert_num_queries(3):
        assert sender.usage(TELEMETRY).status_code == 200
    with django_assert_num_queries(1) as captured:
        assert sender.usage(TELEMETRY).status_code == 200
    assert "INSERT INTO ingest_inboxentry" in captured.captured_queries[0]["sql"]
    with django_assert_num_queries(1):
        assert sender.events([EVENT] * 500).status_code == 202
    with django_assert_num_queries(2):
        assert sender.events([{**EVENT, "event_id": "1"}] * 500).status_code == 202


@pytest.mark.parametrize(
    "token", ["", "x", "up_ingest_000000000000000000000000000000_000000", "ü" * 50]
)
def test_a_wrong_checksum_costs_no_query(workspace, token, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(Refused):
        verify(token, dialect="reo", address="")


def test_an_unknown_key_is_remembered_too(workspace, django_assert_num_queries):
    _, token = make_key(workspace)
    ApiKey.objects.all().delete()
    with django_assert_num_queries(1):
        for _ in range(3):
            assert Sender(token).usage(TELEMETRY).status_code == 400
    assert refusals() == {"refused:unknown_key": 3}


def test_what_is_remembered_of_keys_is_bounded(workspace):
    _, token = make_key(workspace)
    cache.entries.update({str(n): (0.0, None) for n in range(REMEMBERED)})
    verify(token, dialect="reo", address="")
    assert len(cache.entries) == REMEMBERED
    assert "0" not in cache.entries


def remove(key):
    """Without what hangs on it, which a key's deletion would take along."""
    ApiKey.objects.filter(pk=key.pk)._raw_delete("default")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda key: revoke(key, actor=None), "revoked_key"),
        (
            lambda key: change(
                key, {"expires_at": timezone.now() - timedelta(seconds=1)}
            ),
            "expired_key",
        ),
        (lambda key: change(key, {"dialects": ["native"]}), "wrong_dialect"),
        (
            lambda key: change(key, {"allowed_networks": ["203.0.113.0/24"]}),
            "wrong_network",
        ),
        (
            lambda key: ApiKey.objects.filter(pk=key.pk)._raw_delete("default"),
            "unknown_key",
        ),
    ],
)
def test_a_change_of_a_key_counts_from_the_next_request(workspace, spoil, reason):
    key, token = make_key(workspace)
    sender = Sender(token)
    assert sender.usage(TELEMETRY).status_code == 200
    spoil(key)
    response = sender.usage(TELEMETRY)
    assert response.status_code == 400
    assert response.json()["response"] == "Authentication Failure"
    assert InboxEntry.objects.count() == 1
    assert refusals() == {f"refused:{reason}": 1}


def test_a_key_that_was_only_renamed_goes_on_working(workspace):
    key, token = make_key(workspace)
    sender = Sender(token)
    sender.usage(TELEMETRY)
    change(key, {"name": "other"})
    assert sender.usage(TELEMETRY).status_code == 200
    _, new = rotate(key, actor=None, overlap=timedelta(hours=1))
    assert sender.usage(TELEMETRY).status_code == 200
    assert Sender(new).usage(TELEMETRY).status_code == 200
    assert InboxEntry.objects.count() == 4


def test_a_key_that_expires_while_it_is_remembered(workspace, time_machine):
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    _, token = make_key(workspace, expires_at=now + timedelta(seconds=2))
    assert Sender(token).usage(TELEMETRY).status_code == 200
    time_machine.shift(3)
    assert Sender(token).usage(TELEMETRY).status_code == 400
    assert refusals() == {"refused:expired_key": 1}


def test_events_belong_to_the_workspace_of_the_key(workspace):
    other = make_workspace("other")
    for each in (workspace, other):
        Sender(make_key(each)[1]).usage(TELEMETRY)
    assert list(
        InboxEntry.objects.order_by("id").values_list("workspace", "api_key__workspace")
    ) == [(workspace.pk, workspace.pk), (other.pk, other.pk)]


# ---- throttle ----------------------------------------------------------------------


def test_a_bucket_refills_with_time():
    clock = [0.0]
    buckets = TokenBuckets(2, clock=lambda: clock[0])
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]
    assert buckets.take("b") == 0
    clock[0] = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 1]
    clock[0] = 1000
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]


def test_a_slow_rate_says_how_long_to_wait():
    clock = [0.0]
    buckets = TokenBuckets(0.1, clock=lambda: clock[0])
    assert (buckets.take("a"), buckets.take("a")) == (0, 10)
    clock[0] = 4.5
    assert buckets.take("a") == 6
    clock[0] = 10.1
    assert buckets.take("a") == 0


def test_buckets_are_bounded_and_zero_means_no_limit():
    buckets = TokenBuckets(1, remembered=3)
    for sender in range(10):
        buckets.take(sender)
    assert list(buckets.buckets) == [7, 8, 9]
    unlimited = TokenBuckets(0)
    assert {unlimited.take("a") for _ in range(100)} == {0}
    assert not unlimited.buckets


@pytest.mark.parametrize("which", ["keys", "addresses"])
def test_too_many_requests_is_429_with_retry_after(sender, monkeypatch, which):
    monkeypatch.setattr(throttle, which, TokenBuckets(1))
    assert sender.usage(TELEMETRY).status_code == 200
    response = sender.usage(TELEMETRY)
    assert (response.status_code, response["Retry-After"]) == (429, "1")
    assert response.json() == {
        "response_code": 429,
        "response": "Too Many Requests",
        "status": "failure",
    }
    assert sender.events(EVENT).status_code == 429
    reason = {"keys": "rate_limited_key", "addresses": "rate_limited_address"}[which]
    assert set(refusals()) == {f"refused:{reason}"}
    assert sum(refusals().values()) == 2


def test_an_address_is_limited_before_its_key_is_looked_at(monkeypatch, client, db):
    monkeypatch.setattr(throttle, "addresses", TokenBuckets(1))
    statuses = [
        client.post(USAGE, headers={"X-API-KEY": "x"}).status_code for _ in "ab"
    ]
    assert statuses == [400, 429]


# ---- bodies ------------------------------------------------------------------------


def body_of(data, **headers):
    return read_body(RequestFactory().generic("POST", "/", data, **headers))


def test_a_gzip_bomb_stops_at_the_limit(settings):
    settings.INGEST_MAX_BODY_BYTES = 1024 * 1024
    bomb = gzip.compress(b"0" * 200_000_000)
    assert len(bomb) < 250_000
    began = time.process_time()
    with pytest.raises(Refused) as refused:
        body_of(bomb, HTTP_CONTENT_ENCODING="gzip")
    assert refused.value.reason is Reason.TOO_LARGE
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "deflate"])
def test_packed_bodies(encoding):
    pack = zlib.compress if encoding == "deflate" else gzip.compress
    assert body_of(pack(b"{}"), HTTP_CONTENT_ENCODING=encoding) == b"{}"


@pytest.mark.parametrize("data", [b"", b"{}", b"\x1f\x8b", b"\x1f\x8b\x08\x00" * 9])
def test_what_is_not_gzip_is_a_clear_error(data):
    with pytest.raises(Refused) as refused:
        inflate(data, limit=100)
    assert refused.value.reason is Reason.BAD_ENCODING


@pytest.mark.parametrize(
    "rest", [b"x", b"\0", b"\x1f\x8b", gzip.compress(b"a", mtime=0)[:-1]], ids=range(4)
)
def test_gzip_with_something_after_it(rest):
    with pytest.raises(Refused) as refused:
        inflate(gzip.compress(b"{}") + rest, limit=100)
    assert refused.value.reason is Reason.BAD_ENCODING


def test_gzip_of_several_members():
    """RFC 1952, 2.2; `gzip a b` and some log shippers write it."""
    packed = b"".join(map(gzip.compress, (b'{"a":', b"", b"1}")))
    assert inflate(packed, limit=7) == b'{"a":1}'
    with pytest.raises(Refused) as refused:
        inflate(packed, limit=6)
    assert refused.value.reason is Reason.TOO_LARGE


def test_many_members_stop_at_a_bound():
    packed = gzip.compress(b"") * 50_000
    began = time.process_time()
    with pytest.raises(Refused):
        inflate(packed, limit=1024 * 1024)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "magic"])
def test_other_encodings_are_refused(sender, encoding):
    response = sender.usage(TELEMETRY, Content_Encoding=encoding)
    assert response.status_code == 400
    assert refusals() == {"refused:bad_encoding": 1}


@pytest.mark.parametrize("length", ["x", "12x", "1e3"])
def test_a_length_that_is_no_number(length):
    with pytest.raises(Refused) as refused:
        body_of(b"{}", CONTENT_LENGTH=length)
    assert refused.value.reason is Reason.BAD_ENCODING


def test_a_body_that_ends_early():
    request = RequestFactory().generic("POST", "/", b"")
    request = WSGIRequest(
        {**request.environ, "CONTENT_LENGTH": "10", "wsgi.input": BytesIO(b"{}")}
    )
    with pytest.raises(Refused) as refused:
        read_body(request)
    assert refused.value.reason is Reason.BAD_ENCODING


def test_a_stated_length_over_the_limit_is_believed_without_reading(settings):
    settings.INGEST_MAX_BODY_BYTES = 10
    request = RequestFactory().generic("POST", "/", b"x" * 11)
    request.read = None
    with pytest.raises(Refused) as refused:
        read_body(request)
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_chunked_body_over_the_limit_is_refused_by_its_view(settings):
    """The reader of such bodies announces one byte too many; here that is a 413."""
    settings.INGEST_MAX_BODY_BYTES = 10
    seen = []

    def application(environ, start_response):
        seen.append(environ)
        return []

    environ = RequestFactory().generic("POST", "/", b"").environ
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(b"x" * 99)}
    ChunkedBodies(application, limit=10)(environ, None)
    request = RequestFactory().generic(
        "POST", "/", b"", CONTENT_LENGTH=seen[0]["CONTENT_LENGTH"]
    )
    with pytest.raises(Refused) as refused:
        read_body(request)
    assert refused.value.reason is Reason.TOO_LARGE


# ---- the short way in --------------------------------------------------------------


def test_ingestion_skips_every_other_middleware(sender, client):
    response = sender.usage(TELEMETRY)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in response
    assert int(response["Content-Length"]) == len(response.content)
    assert not response.cookies
    assert "Content-Security-Policy" in client.get("/api/docs/")


@pytest.mark.parametrize(
    "path", ["/%2Fapi/product/usage", "/api//product/usage/", "/api/product/usage//"]
)
def test_a_slash_too_many_makes_no_difference(sender, path):
    body = {"payload": {}}
    assert sender.post(path, body).json() == sender.post(USAGE, body).json()
    assert sender.post("/v2/namespace//none//", b"[]").status_code == 404
    named = sender.post("/none//data//users", b"{}", Authorization="Basic eDo=")
    assert named.json()["errors"] == {"authorization": ["the API key is not known"]}


def test_no_csrf_token_is_asked_for(token):
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        USAGE,
        {"payload": TELEMETRY},
        content_type="application/json",
        headers={"X-API-KEY": token},
    )
    assert response.status_code == 200


def test_https_never_redirects_an_event(sender, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert sender.usage(TELEMETRY).status_code == 200


@pytest.mark.parametrize("path", ["/api/product", "/api/product/usage/x", "/api/v1/"])
def test_other_addresses_are_not_ours(client, db, path):
    assert client.post(path).status_code == 404


def test_the_routes_can_be_reversed():
    assert reverse("ingest:events") == "/api/v1/events"
    assert reverse("ingest:reo-usage") == "/api/product/usage"


def test_refusals_are_not_logged_one_by_one(sender, caplog):
    sender.usage({})
    assert not [r for r in caplog.records if r.name == "django.request"]


# ---- counters and loops ------------------------------------------------------------


def test_refusals_are_counted_by_key_and_reason(workspace):
    key, token = make_key(workspace)
    sender = Sender(token)
    for _ in range(3):
        sender.usage({})
    sender.events([{}, EVENT, {}])
    Sender("").usage(TELEMETRY)
    assert not IngestCounter.objects.exists()
    counters.flush()
    Sender(token).usage({})
    counters.flush()
    assert set(
        IngestCounter.objects.values_list(
            "workspace", "api_key", "dialect", "outcome", "count"
        )
    ) == {
        (workspace.pk, key.pk, "reo", "refused:invalid", 4),
        (workspace.pk, key.pk, "native", "refused:invalid", 2),
        (None, None, "reo", "refused:no_key", 1),
    }
    hour = IngestCounter.objects.first().hour
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)


def test_a_count_of_a_key_that_is_gone_is_kept_without_it(workspace):
    gone = VerifiedKey(id=987654, version=1, workspace_id=876543)
    count_refusal("reo", Reason.INVALID, gone)
    count_refusal("reo", Reason.INVALID)
    counters.flush()
    assert list(IngestCounter.objects.values_list("workspace", "count")) == [(None, 2)]


def test_every_reason_has_a_status_and_fits_its_column():
    assert set(STATUS) == set(Reason)
    assert all(len(f"refused:{reason}") <= 60 for reason in Reason)


def test_the_dialects_are_those_a_key_can_be_limited_to():
    assert set(DIALECTS) <= set(Dialect.values)
    assert all(len(name) <= 20 for name in DIALECTS)


def test_a_loop_runs_soon_and_not_once_per_wake():
    runs = []
    done = threading.Event()

    def work():
        runs.append(time.monotonic())
        if len(runs) == 2:
            done.set()

    loop = background.Loop("test", work, pause=0.05)
    loop.wake()
    assert not runs, "not enabled yet"
    loop.flush()
    loop.flush()
    assert len(runs) == 1
    loop.is_enabled = True
    for _ in range(100):
        loop.wake()
    assert done.wait(5)
    time.sleep(0.2)
    assert len(runs) <= 4


def test_a_loop_outlives_an_error():
    runs = []
    done = threading.Event()

    def work():
        runs.append(1)
        if len(runs) == 1:
            loop.wake()
            message = "first time"
            raise OSError(message)
        done.set()

    loop = background.Loop("test", work, pause=0.01)
    loop.is_enabled = True
    loop.wake()
    assert done.wait(5)


def test_an_accepted_event_is_hinted_once_for_many(sender, redis_server):
    redis_server.delete("celery")
    hints.flush()
    redis_server.delete("celery")
    for _ in range(5):
        sender.usage(TELEMETRY)
    sender.usage({})
    assert redis_server.llen("celery") == 0, "nothing is sent while a sender waits"
    hints.flush()
    hints.flush()
    (message,) = redis_server.lrange("celery", 0, -1)
    assert b"ingest.tasks.digest_inbox" in message
    redis_server.delete("celery")


def test_every_reason_is_in_the_documentation():
    page = Path(__file__).parents[2] / "docs" / "api.md"
    rows = re.findall(
        r"^\| (`[^|]+) \| (\d+) \|", page.read_text("utf-8"), re.MULTILINE
    )
    documented = {
        (reason, int(status))
        for reasons, status in rows
        for reason in re.findall(r"`(\w+)`", reasons)
    }
    assert documented == {(str(reason), STATUS[reason]) for reason in Reason}
