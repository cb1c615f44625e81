"""A first event to paste into a shell, for each dialect that a key may be used with."""

import base64
import hashlib
import json
import shlex
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from accounts.models import ApiKey, Application, EventDefinition
from accounts.models.api_key import Dialect

PRODUCT = "my-product"
METRIC = "CALL_HOME"


@dataclass(frozen=True, slots=True)
class Sample:
    """One shell command and the dialect it speaks."""

    label: str
    command: str


def samples(key: ApiKey, token: str, *, base: str) -> list[Sample]:
    """Return a command for each dialect of an ingestion key; ``base`` has no slash.

    An OAuth client gets two, of which the second needs what the first answers.
    """
    if key.kind == ApiKey.Kind.CLIENT:
        return [
            Sample("an access token", _access_token(base, key, token)),
            Sample("an event with it", _productiv(base, key)),
        ]
    if key.kind != ApiKey.Kind.INGEST:
        return []
    product = key.product.key if key.product else PRODUCT
    makers = {
        Dialect.REO: _reo,
        Dialect.LICENSE: _license,
        Dialect.REAMAZE: _reamaze,
        Dialect.NATIVE: _native,
    }
    return [
        Sample(dialect.label, maker(base, token, product))
        for dialect, maker in makers.items()
        if not key.dialects or dialect in key.dialects
    ]


def _reo(base: str, token: str, product: str) -> str:
    now = int(time.time())
    payload = {
        "source": "TELEMETRY",
        "activity_type": METRIC,
        "product_id": product,
        "event_id": str(now),
        "event_at": now,
        "domain": "example.com",
        "user_id": "dev@example.com",
        "user_id_type": "EMAIL",
    }
    return _curl(
        f"{base}/api/product/usage", f"X-API-KEY: {token}", {"payload": payload}
    )


def _license(base: str, token: str, product: str) -> str:
    record = {
        "product_id": product,
        "user_identifier": "dev",
        "license_key": "YOUR_LICENCE",
        "activation_identifier": "my-computer",
        "product_version": "1.0.0",
        "data_group": METRIC,
        "data_type": "numeric-single-value",
        "numeric_data_single_value": "50",
    }
    return _curl(
        f"{base}/api/v1/send-telemetry-data", f"Authorization: Bearer {token}", record
    )


def _access_token(base: str, key: ApiKey, secret: str) -> str:
    return _lines(
        [
            f"curl {shlex.quote(f'{base}/oauth2/token')}",
            f"--user {shlex.quote(f'{key.prefix}:{secret}')}",
            "--data grant_type=client_credentials",
            "--data scope=connector.write",
        ]
    )


def _productiv(base: str, key: ApiKey) -> str:
    """Return an event of an application that the client may push for."""
    applications = Application.objects.filter(workspace_id=key.workspace_id)
    if key.product is not None:
        applications = applications.filter(product=key.product)
    application = applications.order_by("pk").first()
    definition = (
        application.events.exclude(category=EventDefinition.Category.LOGIN)
        .order_by("pk")
        .first()
        if application
        else None
    )
    event = {
        "timestamp": int(time.time() * 1000),
        "email": "dev@example.com",
        "eventName": definition.name if definition else "EVENT_NAME",
    }
    app_id = application.app_id if application else "APP_ID"
    return _curl(
        f"{base}/services/push/v1/customer/apps/{quote(app_id)}/events",
        "Authorization: Bearer ACCESS_TOKEN",
        {"events": [event]},
    )


def _reamaze(base: str, token: str, product: str) -> str:  # noqa: ARG001 (has none)
    user_id = "1"
    authkey = hashlib.sha256(f"{user_id}:{token}".encode()).hexdigest()
    body = {
        "user": {"id": user_id, "email": "dev@example.com", "authkey": authkey},
        "event": {"name": "purchase", "value": 9.5},
    }
    credentials = base64.b64encode(f"{token}:".encode()).decode()
    return _curl(f"{base}/data/events", f"Authorization: Basic {credentials}", body)


def _native(base: str, token: str, product: str) -> str:
    event = {
        "metric": METRIC,
        "product": product,
        "user": {"email": "dev@example.com"},
    }
    return _curl(f"{base}/api/v1/events", f"Authorization: Bearer {token}", event)


def _curl(url: str, header: str, body: dict[str, Any]) -> str:
    return _lines(
        [
            f"curl {shlex.quote(url)}",
            f"--header {shlex.quote(header)}",
            "--header 'Content-Type: application/json'",
            f"--data {shlex.quote(json.dumps(body))}",
        ]
    )


def _lines(parts: list[str]) -> str:
    return " \\\n  ".join(parts)
