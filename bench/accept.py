"""How fast are events accepted? Committed before every answer, no worker beside it."""

import base64
import cProfile
import hashlib
import json
import time
from contextlib import ExitStack
from datetime import timedelta
from io import BytesIO

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from accounts.applications import define_application
from accounts.keys import create_key, digest_of
from accounts.models import AccessToken, AppId, Product, Workspace
from accounts.models.api_key import Scope
from accounts.models.app_id import fold_app_id
from accounts.tokens import new_token, shown_prefix
from bench import profiles
from bench.events import METRICS, PRODUCTS, address, reo_body
from bench.figures import Check, Row, Section, ratio_of
from bench.load import SLOT, LoadError, Sent, Target, send, wait_until_taken
from bench.machine import load_average
from bench.servers import web
from ingest import signing
from ingest.models import InboxEntry

SINGLE_TARGET = 0.20
BATCH_TARGET = 30_000
CONNECTIONS = 32
PROFILED = 3000
# How often a round is taken until all of it was answered with success.
TRIES = 3
APP_ID = "BENCH-APP"
APPLICATION = PRODUCTS[2]


def measure(
    workspace: Workspace, *, rounds: int, seconds: float, generator: str
) -> Section:
    """Measure single events beside the bare view, then batches."""
    _, key = create_key(workspace=workspace, name="bench")
    section = Section(
        "Accepting events",
        f"{CONNECTIONS} keep-alive connections, {seconds:.0f} s a round, generator, "
        "web server and database on the same cores. The bare view is the same server "
        "and the same JSON parser in a Django without middleware, and touches nothing.",
        load_average=load_average(),
    )
    # Before the servers start: they remember for seconds what they did not find.
    client = _client(workspace)
    _app(workspace)
    signing.create()
    with ExitStack() as stack:
        bare_port = stack.enter_context(
            web(settings="bench.settings", path="/bench/ready")
        )
        port = stack.enter_context(web(settings="config.settings", path="/health/live"))
        bare = Target(bare_port, "/bench/bare", reo_body(), JSON_HEADERS)
        full = Target(
            port,
            "/api/product/usage",
            reo_body(),
            {**JSON_HEADERS, "X-API-KEY": key},
        )
        batches = [_batch(port, key, size) for size in (100, 1000)]
        signals = _signals(port, workspace, 100)
        licence = _licence(port, key)
        usage = _usage(port, client, 100)
        purchase = _purchase(port, key)
        rows = {
            target: Row(name, unit, note=note)
            for target, name, unit, note in (
                (bare, "bare view", "requests/s", ""),
                (full, "single event, reo view", "requests/s", ""),
                (batches[0], "batches of 100", "events/s", "/api/v1/events"),
                (batches[1], "batches of 1,000", "events/s", "/api/v1/events"),
                (signals, "100 signals", "events/s", signals.path),
                (licence, "licence record, signed answer", "requests/s", licence.path),
                (usage, "100 usage events, productiv", "events/s", usage.path),
                (purchase, "single event, reamaze", "requests/s", purchase.path),
            )
        }
        slowest = {
            target: Row(f"{row.name}, 99th percentile", "ms")
            for target, row in rows.items()
        }
        for target in rows:
            wait_until_taken(target)
            _round(target, seconds=1, generator=generator)
        for _ in range(rounds):
            for target, row in rows.items():
                sent = _round(target, seconds=seconds, generator=generator)
                if target.port == port:
                    _check_kept(target, sent.requests * target.events)
                row.rounds.append(sent.rate * target.events)
                slowest[target].rounds.append(sent.p99_ms)
        _empty_inbox()
    section.rows = [*rows.values(), *slowest.values()]
    section.checks = [
        Check(
            "single event / bare view", ratio_of(rows[full], rows[bare]), SINGLE_TARGET
        ),
        Check("batches of 100, events/s", rows[batches[0]].median, BATCH_TARGET),
        Check("batches of 1,000, events/s", rows[batches[1]].median, BATCH_TARGET),
    ]
    section.profile = _profile(full)
    return section


JSON_HEADERS = {"Content-Type": "application/json"}


def _round(target: Target, *, seconds: float, generator: str) -> Sent:
    """Send for a while into an empty inbox; once more where not all was taken.

    On a machine that others use too, a server is sometimes kept waiting for so long
    that it asks to come back later. Such a round is no figure.
    """
    for attempt in range(1, TRIES + 1):
        _empty_inbox()
        try:
            return send(
                target, seconds=seconds, connections=CONNECTIONS, using=generator
            )
        except LoadError as error:
            if attempt == TRIES:
                raise
            print(f"  again: {error}", flush=True)
            wait_until_taken(target)
    raise AssertionError


def _batch(port: int, key: str, size: int) -> Target:
    """Return a batch of the native API; every event has an id of its own."""
    event = {
        "metric": METRICS[0],
        "product": PRODUCTS[0],
        "event_id": SLOT.decode(),
        "occurred_at": int(time.time()),
        "environment": "PRODUCTION",
        "properties": {"version": "2.4.1", "region": "eu-west", "duration_ms": 184},
    }
    events = [{**event, "user": {"email": address(number)}} for number in range(size)]
    return Target(
        port,
        "/api/v1/events",
        json.dumps({"events": events}).encode(),
        {**JSON_HEADERS, "Authorization": f"Bearer {key}"},
        events=size,
    )


def _client(workspace: Workspace) -> str:
    """Define an application and return an access token that may write to it."""
    define_application(workspace, {"id": APPLICATION, "events": [{"name": METRICS[2]}]})
    client, _ = create_key(workspace=workspace, name="bench", kind="client")
    token = new_token("access")
    AccessToken.objects.create(
        workspace=workspace,
        client=client,
        digest=digest_of(token),
        prefix=shown_prefix(token),
        scopes=[Scope.WRITE],
        expires_at=timezone.now() + timedelta(hours=4),
    )
    return token


def _usage(port: int, token: str, size: int) -> Target:
    """Return a batch of usage events of one application, each request's of its own."""
    # The slot, a number of the request's own, makes no two events the same.
    event = {
        "timestamp": int(time.time() * 1000),
        "email": f"dev-{SLOT.decode()}@bench.example",
        "eventName": METRICS[2],
    }
    return Target(
        port,
        f"/services/push/v1/customer/apps/{APPLICATION}/events",
        json.dumps({"events": [event] * size}).encode(),
        {**JSON_HEADERS, "Authorization": f"Bearer {token}"},
        events=size,
    )


def _app(workspace: Workspace) -> None:
    """Add the app that the signals are of."""
    product, _ = Product.objects.get_or_create(
        workspace=workspace, key=PRODUCTS[2], defaults={"name": PRODUCTS[2]}
    )
    AppId.objects.get_or_create(
        folded_id=fold_app_id(APP_ID),
        defaults={"workspace": workspace, "product": product, "app_id": APP_ID},
    )


def _signals(port: int, workspace: Workspace, size: int) -> Target:
    """Return a batch of signals of one app, each with a payload as SDKs send it."""
    signal = {
        "appID": APP_ID,
        "type": METRICS[1],
        "sessionID": SLOT.decode(),
        "isTestMode": "false",
        "floatValue": 184.5,
        "payload": {
            "TelemetryDeck.AppInfo.version": "2.4.1",
            "TelemetryDeck.Device.operatingSystem": "Linux",
            "TelemetryDeck.RunContext.locale": "en_US",
        },
        "telemetryClientVersion": "JavaScriptSDK 2.0.4",
    }
    signals = [{**signal, "clientUser": address(number)} for number in range(size)]
    return Target(
        port,
        f"/v2/namespace/{workspace.slug}/",
        json.dumps(signals).encode(),
        JSON_HEADERS,
        events=size,
    )


def _purchase(port: int, key: str) -> Target:
    """Return an event with HTTP Basic and an authkey, as Reamaze senders write it."""
    authkey = hashlib.sha256(f"17:{key}".encode()).hexdigest()
    credentials = base64.b64encode(f"{key}:".encode()).decode()
    body = {
        "user": {"id": "17", "authkey": authkey},
        "event": {
            "name": METRICS[0],
            "value": "19.90",
            "data": {"plan": "team", "invoice": SLOT.decode()},
        },
    }
    return Target(
        port,
        "/data/events",
        json.dumps(body).encode(),
        {**JSON_HEADERS, "Authorization": f"Basic {credentials}"},
    )


def _licence(port: int, key: str) -> Target:
    """Return a record of licence telemetry; its answer is signed, its flags asked."""
    record = {
        "data_type": "numeric-single-value",
        "numeric_data_single_value": SLOT.decode(),
        "product_id": PRODUCTS[0],
        "user_identifier": "554dddsqfqs4dqd5qsd74q",
        "license_key": "9cc2cc83-4c74-49f9-98f5-f0e1c1eb1541",
        "activation_identifier": "12135644",
        "product_version": "1.0.1",
        "data_group": METRICS[0],
    }
    return Target(
        port,
        "/api/v1/send-telemetry-data",
        json.dumps(record).encode(),
        {**JSON_HEADERS, "Authorization": f"Bearer {key}"},
    )


def _empty_inbox() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ingest_inboxentry")
        cursor.execute("CHECKPOINT")


def _check_kept(target: Target, events: int) -> None:
    """Make sure that what was answered is in the inbox: a fast lie is no figure."""
    kept = InboxEntry.objects.aggregate(n=Sum("event_count"))["n"] or 0
    if kept < events:
        message = f"{target.path}: {events} events answered, {kept} kept"
        raise RuntimeError(message)


def _profile(target: Target) -> list[str]:
    """Profile the whole view in this process, one request after the other.

    What it waits for the disk is one line of it; the rest is ours and Django's.
    """
    application = get_wsgi_application()
    profile = cProfile.Profile()
    for number in range(PROFILED):
        body = target.template.replace(SLOT, b"%d" % number)
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": target.path,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(target.port),
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_API_KEY": target.headers["X-API-KEY"],
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "http",
        }
        profile.enable()
        answer = application(environ, lambda *_: None)
        b"".join(answer)
        profile.disable()
    _empty_inbox()
    return profiles.lines(profile)
