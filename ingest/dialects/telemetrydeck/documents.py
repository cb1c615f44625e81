"""What the OpenAPI description says about the dialect ``telemetrydeck``."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from ingest.dialects.documents import IDEMPOTENCY_KEY, RETRY_AFTER, Schema, field, form

TEXT = "string"
TEXT_OR_NUMBER = ["string", "number"]
TEXT_OR_BOOLEAN = ["string", "boolean"]

APP_ID = field(
    TEXT,
    "The app. One that the workspace does not have, or has switched off, is kept in "
    "quarantine.",
)
IS_TEST = field(
    TEXT_OR_BOOLEAN,
    "true or false, also as text in any case. Test signals are kept apart.",
)
COMMON = {
    "appID": APP_ID,
    "clientUser": field(TEXT, "A hash of the user's id. Hashed again before stored."),
    "type": field(
        TEXT, "The kind of signal, such as Actions.LoginView.loginButtonSucceeded."
    ),
    "sessionID": field([TEXT, "null"], "The session; a random one when missing."),
    "isTestMode": IS_TEST,
    "floatValue": field([*TEXT_OR_NUMBER, "null"], "A measurement."),
    "receivedAt": field(
        TEXT, "ISO 8601; at most 24 hours back. Without it, the time of arrival."
    ),
}
CLIENT_VERSION = field(TEXT, "Which SDK sends.")
PAYLOAD = field(
    ["object", "array", "null"],
    'Primitive values, or "key:value" texts. Stored as text; nested values as JSON.',
    items={"type": TEXT},
    additionalProperties=True,
)
REQUIRED = ("appID", "clientUser", "type")
SIGNAL = form(
    {**COMMON, "telemetryClientVersion": CLIENT_VERSION, "payload": PAYLOAD},
    required=REQUIRED,
)
FLAT_SIGNAL = {**form(COMMON, required=REQUIRED), "additionalProperties": True}
VIEW = form(
    {
        "appID": APP_ID,
        "url": field(TEXT, "Address of the page; host, path and utm_… are kept."),
        "referrer": field(TEXT, "Where the visitor came from; without its query."),
        "telemetryClientVersion": CLIENT_VERSION,
        "locale": field(TEXT, "Language of the browser."),
        "isTestMode": IS_TEST,
    },
    required=("appID", "url"),
    text="The visitor is derived from address and browser, another one each day; the "
    "address is not stored.",
)
FLAT_VIEW = {**VIEW, "additionalProperties": True}
ANSWER = form(
    {
        "accepted": field("integer", "Signals that will be counted."),
        "quarantined": field("integer", "Signals that wait: unknown app, bad signal."),
    },
    required=("accepted", "quarantined"),
)
FAILURE = form(
    {
        "error": form(
            {"code": field(TEXT, "The reason."), "message": field(TEXT, "A sentence.")},
            required=("code", "message"),
        )
    },
    required=("error",),
)
NAMESPACE = OpenApiParameter(
    "namespace",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The slug of the workspace.",
)
SEED_SIGNAL = {
    "appID": "AAAA-BBBBBBBB-CCCC-DDDD",
    "clientUser": "myClientUserHash",
    "type": "Actions.LoginView.loginButtonSucceeded",
}
SEED_PAYLOAD = {
    "appID": "AAAA-BBBBBBBB-CCCC-DDDD",
    "clientUser": "myClientUserHash",
    "type": "Curl.Development.apiCall",
    "sessionID": "mySessionID",
    "isTestMode": False,
    "floatValue": 3.14159,
    "payload": {
        "TelemetryDeck.RunContext.locale": "en_US",
        "TelemetryDeck.Device.architecture": "x86_64",
    },
}
OLD_SIGNAL = {
    **SEED_SIGNAL,
    "isTestMode": "false",
    "payload": ["TelemetryDeck.Device.architecture:x86_64", "floatValue:3.14159"],
}
FLAT = {
    **SEED_SIGNAL,
    "floatValue": 3.14159,
    "TelemetryDeck.Device.architecture": "x86_64",
    "Cart.items": 3,
}
SEED_VIEW = {
    "appID": "AAAA-BBBBBBBB-CCCC-DDDD",
    "url": "https://example.com/pricing?utm_source=newsletter",
    "referrer": "https://www.example.org/",
    "telemetryClientVersion": "WebSDK 1.0",
    "locale": "en-GB",
}
ANSWERS = [
    OpenApiExample(
        "Stored",
        {"accepted": 1, "quarantined": 0},
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample(
        "No such namespace",
        {
            "error": {
                "code": "unknown_namespace",
                "message": "there is no such namespace",
            }
        },
        response_only=True,
        status_codes=["404"],
    ),
]


def _route(
    operation_id: str,
    summary: str,
    body: Schema,
    examples: dict[str, Any],
    *,
    is_namespaced: bool = False,
) -> Any:
    responses = {
        200: OpenApiResponse(ANSWER, "Stored. A bad signal costs no good one."),
        400: OpenApiResponse(
            FAILURE, "Not JSON, or not the array or object asked for."
        ),
        413: OpenApiResponse(FAILURE, "Over 1,000 signals, or over 1 MiB unpacked."),
        422: OpenApiResponse(FAILURE, "The Idempotency-Key came with another body."),
        429: OpenApiResponse(FAILURE, "Too many requests of this address or app."),
        503: OpenApiResponse(FAILURE, "The store cannot be reached; try again."),
    }
    answers = ANSWERS[:1]
    parameters = [IDEMPOTENCY_KEY, RETRY_AFTER]
    if is_namespaced:
        responses[404] = OpenApiResponse(FAILURE, "No workspace has this slug.")
        answers = ANSWERS
        parameters = [NAMESPACE, *parameters]
    return extend_schema(
        operation_id=operation_id,
        tags=["TelemetryDeck"],
        summary=summary,
        description="Needs no key: namespace and app id are public. Pages of any site "
        "may call it.",
        auth=[],
        parameters=parameters,
        request={"application/json": body},
        responses=responses,
        examples=[
            *(
                OpenApiExample(name, value, request_only=True)
                for name, value in examples.items()
            ),
            *answers,
        ],
    )


def _array(signal: Schema) -> Schema:
    return {"type": "array", "items": signal, "maxItems": 1000}


namespaced = _route(
    "telemetrydeck_signals_of_namespace",
    "Send signals to a namespace",
    _array(SIGNAL),
    {"One signal": [SEED_SIGNAL], "With a payload": [SEED_PAYLOAD]},
    is_namespaced=True,
)
batch = _route(
    "telemetrydeck_signals",
    "Send signals of known apps",
    _array(SIGNAL),
    {"With a payload": [SEED_PAYLOAD]},
)
old_batch = _route(
    "telemetrydeck_signals_v1",
    "Send signals as old SDKs do",
    _array(SIGNAL),
    {"Payload as texts": [OLD_SIGNAL]},
)
flat_batch = _route(
    "telemetrydeck_events_v3",
    "Send flat events",
    _array(FLAT_SIGNAL),
    {"A flat event": [FLAT]},
    is_namespaced=True,
)
page_view = _route(
    "telemetrydeck_page_view", "Report a page view", VIEW, {"A page view": SEED_VIEW}
)
flat_page_view = _route(
    "telemetrydeck_page_view_v3",
    "Report a page view as a flat event",
    FLAT_VIEW,
    {"A page view": SEED_VIEW},
)
