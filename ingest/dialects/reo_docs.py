"""What the OpenAPI description says about the dialect ``reo``."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from ingest.dialects.documents import IDEMPOTENCY_KEY, RETRY_AFTER, Schema, field, form

TEXT = "string"
TEXT_OR_NUMBER = ["string", "number"]
AGENT = (
    "Mozilla/5.0 (Macintosh, Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)

COMMON = {
    "activity_type": field(
        TEXT,
        "The metric. Case, spaces, - and _ make no difference. One that the workspace "
        "has not configured is kept in quarantine.",
    ),
    "product_id": field(TEXT, "The product; an unknown one registers itself."),
    "event_at": field(TEXT_OR_NUMBER, "Unix time in seconds. Age never refuses."),
    "ip_addr": field(TEXT, "IPv4 or IPv6 address of the system."),
    "domain": field(TEXT, "Domain of the company."),
    "user_agent": field(TEXT, "Cut after 1,000 characters."),
    "environment": field(TEXT, "Stored in upper case."),
    "meta": field("object", "Anything else; kept whole."),
}
USAGE = form(
    {
        "payload": form(
            {
                "source": field(
                    TEXT, "Where it was seen.",
                    enum=["TELEMETRY", "SAAS_PRODUCT", "PRODUCT_CLOUD"],
                ),
                **COMMON,
                "event_id": field(
                    TEXT_OR_NUMBER,
                    "Required for TELEMETRY. Per product, the same id counts once.",
                ),
                "user_id": field(
                    TEXT,
                    "Who did it. Required, with its type, unless source is TELEMETRY; "
                    "without it user_agent is required.",
                ),
                "user_id_type": field(
                    TEXT, "What user_id is.",
                    enum=["EMAIL", "SOCIAL", "LINKEDIN", "GITHUB", "USERNAME",
                          "ANONYMOUS", ""],
                ),
            },
            required=("source", "activity_type", "product_id", "event_at"),
            text="TELEMETRY needs ip_addr or domain.",
        )
    },
    required=("payload",),
)  # fmt: skip
AGGREGATE = form(
    {
        "payload": form(
            {
                "mode": field(TEXT, "What it counts for.", enum=["DOMAIN"]),
                "source": field(TEXT, "Where it was seen.", enum=["TELEMETRY"]),
                **COMMON,
                "event_id": field(TEXT_OR_NUMBER, "Per product, it counts once."),
                "count": field(TEXT_OR_NUMBER, "How many uses; 1 or more."),
            },
            required=(
                "mode", "source", "activity_type", "product_id", "event_id", "event_at",
                "count",
            ),
            text="Needs domain or ip_addr.",
        )
    },
    required=("payload",),
)  # fmt: skip


def _answer(code: Schema, status: str) -> Schema:
    return form(
        {
            "response_code": code,
            "response": field(TEXT, "One sentence."),
            "status": field(TEXT, "", enum=[status]),
        },
        required=("response_code", "response", "status"),
    )


STORED = _answer(field(TEXT, "Text, in this answer alone.", enum=["200"]), "success")
FAILURE = _answer(field("integer", "The HTTP status."), "failure")
RESPONSES = {
    200: OpenApiResponse(STORED, "Stored; also a repeat, also one in quarantine."),
    400: OpenApiResponse(FAILURE, "Wrong API key, or a payload with wrong fields."),
    413: OpenApiResponse(FAILURE, "Larger than 1 MiB, unpacked."),
    429: OpenApiResponse(FAILURE, "Too many requests."),
    503: OpenApiResponse(FAILURE, "The store cannot be reached; try again."),
}
EXAMPLES = [
    OpenApiExample(
        "Stored",
        {"response_code": "200", "response": "Data Uploaded", "status": "success"},
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample(
        "Wrong API key",
        {
            "response_code": 400,
            "response": "Authentication Failure",
            "status": "failure",
        },
        response_only=True,
        status_codes=["400"],
    ),
]
PARAMETERS = [IDEMPOTENCY_KEY, RETRY_AFTER]

usage = extend_schema(
    operation_id="reo_usage",
    tags=["Reo"],
    summary="Report one use of a product",
    description=(
        "For programs that already send product usage to Reo.Dev: only the host and "
        "the key change. Numbers may be text and text may be numbers; unknown keys are "
        "ignored; an empty string means nothing was sent."
    ),
    auth=[{"apiKey": []}],  # type: ignore[list-item] # passed through as it is
    parameters=PARAMETERS,
    request={"application/json": USAGE},
    responses=RESPONSES,
    examples=[
        OpenApiExample(
            "A known person",
            {
                "payload": {
                    "activity_type": "LOGIN_ACTIVITY",
                    "source": "TELEMETRY",
                    "environment": "PRODUCTION",
                    "user_id": "https://www.linkedin.com/in/userid",
                    "user_id_type": "LINKEDIN",
                    "ip_addr": "156.59.87.83",
                    "event_id": 1231231232,
                    "event_at": 639303296,
                    "product_id": "reoWebApp",
                    "user_agent": AGENT,
                    "meta": {"property1": "value1", "property2": "value2"},
                }
            },
            request_only=True,
        ),
        OpenApiExample(
            "An anonymous call home",
            {
                "payload": {
                    "activity_type": "CALL_HOME",
                    "source": "TELEMETRY",
                    "environment": "PRODUCTION",
                    "user_id": "",
                    "user_id_type": "",
                    "ip_addr": "156.59.87.83",
                    "event_id": "193ef456430",
                    "event_at": "639303296",
                    "product_id": "V1.2",
                    "user_agent": AGENT,
                    "meta": {},
                }
            },
            request_only=True,
        ),
        *EXAMPLES,
    ],
)

aggregate = extend_schema(
    operation_id="reo_aggregate_usage",
    tags=["Reo"],
    summary="Report use that was counted already",
    description="Counts as that many uses by the company, without a person.",
    auth=[{"apiKey": []}],  # type: ignore[list-item] # passed through as it is
    parameters=PARAMETERS,
    request={"application/json": AGGREGATE},
    responses=RESPONSES,
    examples=[
        OpenApiExample(
            "A day of one company",
            {
                "payload": {
                    "mode": "DOMAIN",
                    "source": "TELEMETRY",
                    "activity_type": "CALL_HOME",
                    "product_id": "reoWebApp",
                    "event_id": "2026-11-20/example.com",
                    "event_at": 1795219200,
                    "domain": "example.com",
                    "count": 250,
                }
            },
            request_only=True,
        ),
        *EXAMPLES,
    ],
)
