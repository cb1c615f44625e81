"""What the OpenAPI description says about the dialect ``license``."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from ingest.dialects.documents import (
    IDEMPOTENCY_KEY,
    MULTIPART,
    RETRY_AFTER,
    URLENCODED,
    Schema,
    field,
    form,
)

TEXT = "string"
TEXT_OR_NUMBER = ["string", "number"]
AUTH: Any = [{"bearer": []}, {"licenceKey": []}]

SEND = form(
    {
        "api_key": field(TEXT, "The key, unless it is sent as a bearer token."),
        "data_type": field(
            TEXT,
            "What kind of data it is.",
            enum=["numeric-single-value", "numeric-xy-axis", "text"],
        ),
        "numeric_data_single_value": field(
            TEXT_OR_NUMBER, "Needed for numeric-single-value."
        ),
        "numeric_data_x": field(TEXT_OR_NUMBER, "Needed for numeric-xy-axis."),
        "numeric_data_y": field(TEXT_OR_NUMBER, "Needed for numeric-xy-axis."),
        "text_data": field(TEXT_OR_NUMBER, "Needed for text."),
        "product_id": field(TEXT_OR_NUMBER, "Key of a product of the workspace."),
        "user_identifier": field(TEXT_OR_NUMBER, "Who uses the software."),
        "license_key": field(TEXT_OR_NUMBER, "The licence it runs under."),
        "activation_identifier": field(TEXT_OR_NUMBER, "The licence's activation."),
        "product_version": field(TEXT_OR_NUMBER, "The version of the product."),
        "data_group": field(
            TEXT_OR_NUMBER, "Groups records together; registers itself as a metric."
        ),
        "hwid": field(TEXT_OR_NUMBER, "Hardware id; kept."),
        "country": field(TEXT_OR_NUMBER, "Kept."),
        "flags": {"description": "Anything; kept."},
        "metadata": {"description": "Anything; kept."},
    },
    text="Nothing that is missing keeps a record from being stored.",
)
ERRORS: Schema = {
    "oneOf": [
        form({}, text="Lists of sentences by field."),
        {"type": "array", "maxItems": 0, "description": "Empty: nothing is wrong."},
    ]
}


def _envelope(response: Schema) -> Schema:
    return form(
        {
            "response": response,
            "response_base64": field(TEXT, "base64 of the compact JSON of response."),
            "private_key_used": field(
                TEXT, "Which key pair signed.", enum=["global", "product"]
            ),
            "signature": field(
                TEXT,
                "base64 of RSA PKCS#1 v1.5 with SHA-256 over the text of "
                "response_base64; verify with /api/v1/public-key.pem.",
            ),
        },
        required=("response", "response_base64", "private_key_used", "signature"),
    )


SAVED = _envelope(
    form(
        {
            "code": field("integer", "830 or 831."),
            "message": field(TEXT, "What it means."),
            "errors": ERRORS,
            "timestamp": field("integer", "Unix seconds."),
        },
        required=("code", "message", "errors", "timestamp"),
    )
)
REFUSED = _envelope(
    form(
        {
            "code": field("integer", "What is wrong."),
            "message": field(TEXT, "The same in words."),
            "retry_after": field("integer", "Seconds to wait; with 429 and 503."),
            "timestamp": field("integer", "Unix seconds."),
        },
        required=("code", "message", "timestamp"),
    )
)
FLAGS = (
    *("is_correct_format", "license_key_exists", "product_exists"),
    *("product_version_exists", "activation_exists", "license_revoked"),
    "has_red_flags",
)
YES_NO = field("integer", "0 or 1.")
RECORD = form(
    {
        "id": field("integer", ""),
        **{
            name: field(TEXT, "As it was sent.")
            for name in (
                *("user_identifier", "license_key", "activation_identifier"),
                *("product_id", "product_version", "data_type", "data_group"),
            )
        },
        "data": field(TEXT, "The value or text; for x and y JSON text."),
        **dict.fromkeys(FLAGS, YES_NO),
        "created_at": field(TEXT, "ISO 8601, UTC, microseconds."),
        "updated_at": field(TEXT, "The same: records are never edited."),
    }
)
FOUND = _envelope(
    form(
        {
            "code": field("integer", "970."),
            "message": field(TEXT, "Telemetry data found."),
            "errors": ERRORS,
            "data": {"type": "array", "items": RECORD},
            "page": field("integer", "This page, from 1."),
            "per_page": field("integer", "Records of a page."),
            "has_more": field("boolean", "Whether there is another page."),
            "timestamp": field("integer", "Unix seconds."),
        }
    )
)
REFUSALS: dict[int, Any] = {
    400: OpenApiResponse(REFUSED, "The body or a filter cannot be read."),
    401: OpenApiResponse(
        REFUSED,
        "100 invalid, 101 inactive, 102 not for this, 103 not from this address.",
    ),
    403: OpenApiResponse(REFUSED, "150: not this product."),
    413: OpenApiResponse(REFUSED, "Larger than 1 MiB, unpacked."),
    429: OpenApiResponse(REFUSED, "Too many requests."),
    503: OpenApiResponse(REFUSED, "The store cannot be reached; try again."),
}
# The vendor's published answers, signatures included: they verify with its own key.
INCORRECT_EXAMPLE = {
    "response": {
        "code": 831,
        "message": "Incorrect format data saved",
        "errors": {
            "product_id": ["The selected product id is invalid."],
            "user_identifier": ["The user identifier field is required."],
            "license_key": ["The license key field is required."],
            "activation_identifier": ["The activation identifier field is required."],
            "product_version": ["The product version field is required."],
            "data_type": ["The data type field is required."],
            "data_group": ["The data group field is required."],
        },
        "timestamp": 1708999057,
    },
    "response_base64": "eyJjb2RlIjo4MzEsIm1lc3NhZ2UiOiJJbmNvcnJlY3Qg…",
    "private_key_used": "global",
    "signature": "FwhAVWpM2X0u2bGKZrcqfGmhgW4phpMYZm…",
}
CORRECT_EXAMPLE = {
    "response": {
        "code": 830,
        "message": "Correct format data saved",
        "errors": [],
        "timestamp": 1708999140,
    },
    "response_base64": (
        "eyJjb2RlIjo4MzAsIm1lc3NhZ2UiOiJDb3JyZWN0IGZvcm1hdCBkYXRhIHNhdmVkIiwiZXJyb3JzIjpb"
        "XSwidGltZXN0YW1wIjoxNzA4OTk5MTQwfQ=="
    ),
    "private_key_used": "global",
    "signature": "KdJsqHq3QQj7ekAd9+BOr8GI63Y/YAqo80qCZrAnuVaynpgPepvEsiQCAGxNAnyJ…",
}
RECORD_EXAMPLE = {
    "data_type": "numeric-single-value",
    "numeric_data_single_value": "50",
    "product_id": "1",
    "user_identifier": "554dddsqfqs4dqd5qsd74q",
    "license_key": "9cc2cc83-4c74-49f9-98f5-f0e1c1eb1541",
    "activation_identifier": "12135644",
    "product_version": "1.0.1",
    "data_group": "test_group",
}
KIND = ("data_type", "numeric_data_single_value")
COMMON = {name: RECORD_EXAMPLE[name] for name in RECORD_EXAMPLE if name not in KIND}
POINT_EXAMPLE = {
    "api_key": "up_ingest_…",
    "data_type": "numeric-xy-axis",
    "numeric_data_x": "1",
    "numeric_data_y": "2",
    **COMMON,
}
TEXT_EXAMPLE = {
    "api_key": "up_ingest_…",
    "data_type": "text",
    "text_data": "text value",
    **COMMON,
}

_SEND: dict[str, Any] = dict(  # noqa: C408 (arguments)
    tags=["Licence telemetry"],
    summary="Report a value, a point or a text from licensed software",
    description=(
        "For software that already reports to its licence server: only the host and "
        "the key change. The data is always stored; an invalid licence marks it. Also "
        "at /api/v1/send-telemetry and /v1/send-telemetry; as multipart or urlencoded "
        "form, JSON, or query parameters."
    ),
    auth=AUTH,
    parameters=[IDEMPOTENCY_KEY, RETRY_AFTER],
    request={"application/json": SEND, URLENCODED: SEND, MULTIPART: SEND},
    responses={200: OpenApiResponse(SAVED, "Stored."), **REFUSALS},
    examples=[
        OpenApiExample("A single value", RECORD_EXAMPLE, request_only=True),
        OpenApiExample(
            "A point, with the key among the fields",
            POINT_EXAMPLE,
            request_only=True,
            media_type=URLENCODED,
        ),
        OpenApiExample(
            "A text, with the key among the fields",
            TEXT_EXAMPLE,
            request_only=True,
            media_type=MULTIPART,
        ),
        OpenApiExample(
            "Correct format data saved",
            CORRECT_EXAMPLE,
            response_only=True,
            status_codes=["200"],
        ),
        OpenApiExample(
            "Incorrect format data saved",
            INCORRECT_EXAMPLE,
            response_only=True,
            status_codes=["200"],
        ),
    ],
)


def _filter(name: str, description: str, kind: Any = OpenApiTypes.STR) -> Any:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description)


_READ_BACK: dict[str, Any] = dict(  # noqa: C408 (arguments)
    tags=["Licence telemetry"],
    summary="Read stored records back",
    description="Newest first. Takes a read key. Also at /v1/get-telemetry-data.",
    auth=AUTH,
    parameters=[
        *(
            _filter(name, "Only records that say exactly this.")
            for name in (
                *("data_type", "data_group", "product_id", "user_identifier"),
                "license_key",
            )
        ),
        _filter("has_red_flags", "1: only flagged ones; 0: only clean ones."),
        _filter("page", "From 1, at most 1000.", OpenApiTypes.INT),
        _filter("per_page", "1 to 100; 50 without it.", OpenApiTypes.INT),
        RETRY_AFTER,
    ],
    responses={
        200: OpenApiResponse(FOUND, "Found, or none."),
        **{status: REFUSALS[status] for status in (400, 401, 403, 429, 503)},
    },
)

send = extend_schema(operation_id="license_send_telemetry", **_SEND)
# What the vendor's SDKs call; the same, under names of their own.
send_sdk = extend_schema(operation_id="license_send_telemetry_sdk", **_SEND)
send_short = extend_schema(operation_id="license_send_telemetry_short", **_SEND)
read_back = extend_schema(operation_id="license_get_telemetry", **_READ_BACK)
read_back_short = extend_schema(
    operation_id="license_get_telemetry_short", **_READ_BACK
)
