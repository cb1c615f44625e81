"""What the OpenAPI description says about the dialect ``reamaze``."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from ingest.dialects.documents import IDEMPOTENCY_KEY, RETRY_AFTER, Schema, field, form

TEXT = "string"
TEXT_OR_NUMBER = ["string", "number"]
FREE = field("object", "Anything; keys merge into the profile, null takes a key away.")
AUTHKEY = field(
    TEXT,
    "Hexadecimal SHA-256 of the id, a colon and the account API key; or, where the "
    "workspace has an SSO secret, HMAC-SHA256 with it over the id, a colon and the "
    "e-mail address.",
)
PROFILE = {
    "id": field(TEXT_OR_NUMBER, "The person's id in your own system."),
    "authkey": AUTHKEY,
    "email": field(TEXT, "Becomes known as the same person's, and tells the company."),
    "name": field(TEXT, "Shown as the developer's name."),
    "avatar": field(TEXT, "Address of a picture."),
    "created": field(TEXT_OR_NUMBER, "When the person signed up; kept as it is."),
    "ip": field(TEXT, "IPv4 or IPv6 address of the person; may tell the company."),
    "tz_offset": field(TEXT_OR_NUMBER, "Minutes; kept as it is."),
    "facebook": field(TEXT, "Kept with the profile."),
    "twitter": field(TEXT, "Kept with the profile."),
    "sms": field(TEXT, "Kept with the profile."),
    "data": FREE,
}
TIMESTAMP = field(
    TEXT_OR_NUMBER, "Ours: Unix seconds or ISO 8601; the time of arrival without it."
)
EVENT = form(
    {
        "name": field(TEXT, "The metric; a new one registers itself."),
        "value": field(TEXT_OR_NUMBER, "Adds to the lifetime value."),
        "timestamp": TIMESTAMP,
        "data": field("object", "Anything else about the event; kept whole."),
    },
    required=("name",),
)
ACCOUNT = {"account": field(TEXT, "The workspace's slug.")}


def _users(more: Schema) -> Schema:
    user = form(PROFILE, required=("id", "authkey", "email"))
    return form(
        {**more, "user": user, "timestamp": TIMESTAMP}, required=(*more, "user")
    )


def _events(more: Schema) -> Schema:
    user = form(PROFILE, required=("id", "authkey"))
    return form(
        {**more, "user": user, "event": EVENT}, required=(*more, "user", "event")
    )


ERRORS = field("object", "Field → what is wrong with it, in sentences.")
FAILURE = form(
    {"status": field(TEXT, "", enum=["error"]), "errors": ERRORS},
    required=("status", "errors"),
)
STORED = form({"status": field(TEXT, "", enum=["ok"])}, required=("status",))
RESPONSES = {
    200: OpenApiResponse(STORED, "Stored."),
    400: OpenApiResponse(FAILURE, "Not JSON."),
    401: OpenApiResponse(FAILURE, "No API key, or one that does not open this."),
    403: OpenApiResponse(
        form({"errors": ERRORS}, required=("errors",)),
        "Wrong authkey, or two accounts that disagree.",
    ),
    413: OpenApiResponse(FAILURE, "Larger than 1 MiB, unpacked."),
    422: OpenApiResponse(FAILURE, "Wrong fields, each named."),
    429: OpenApiResponse(FAILURE, "Too many requests."),
    503: OpenApiResponse(FAILURE, "The store cannot be reached; try again."),
}
EXAMPLES = [
    OpenApiExample(
        "Stored", {"status": "ok"}, response_only=True, status_codes=["200"]
    ),
    OpenApiExample(
        "Wrong fields",
        {"status": "error", "errors": {"user.email": ["is required"]}},
        response_only=True,
        status_codes=["422"],
    ),
]
# The two bodies of the vendor's page.
BOB = {
    "id": "1", "email": "bob@example.com", "authkey": "xxxxxx", "data": {"foo": "bar"}
}  # fmt: skip
PURCHASE = {
    "user": {"id": "1", "authkey": "xxxxxx"},
    "event": {"name": "purchase", "data": {"foo": "bar"}},
}
PARAMETERS = [IDEMPOTENCY_KEY, RETRY_AFTER]
SERVER = (
    "For programs that already send data to Reamaze: only the host and the key change. "
    "The account is the workspace's slug: the key's, and where the first label of the "
    "host or the path (`/{account}/data/…`) names one, the same. Also as `.json`."
)
BROWSER = (
    "What `/assets/reamaze.js` sends from pages: the account and an authkey, and never "
    "the API key. Answers preflights of any site."
)
hidden = extend_schema(exclude=True)

users = extend_schema(
    operation_id="reamaze_users",
    tags=["Reamaze"],
    summary="Tell who a person is",
    description=SERVER,
    auth=[{"basic": []}],  # type: ignore[list-item] # passed through as it is
    parameters=PARAMETERS,
    request={"application/json": _users({})},
    responses=RESPONSES,
    examples=[
        OpenApiExample("A person", {"user": BOB}, request_only=True),
        *EXAMPLES,
    ],
)
events = extend_schema(
    operation_id="reamaze_events",
    tags=["Reamaze"],
    summary="Tell what a person did",
    description=SERVER,
    auth=[{"basic": []}],  # type: ignore[list-item] # passed through as it is
    parameters=PARAMETERS,
    request={"application/json": _events({})},
    responses=RESPONSES,
    examples=[
        OpenApiExample("A purchase", PURCHASE, request_only=True),
        *EXAMPLES,
    ],
)
browser_users = extend_schema(
    operation_id="reamaze_browser_users",
    tags=["Reamaze"],
    summary="Tell who a person is, from a page",
    description=BROWSER,
    auth=[],
    parameters=PARAMETERS,
    request={"application/json": _users(ACCOUNT)},
    responses=RESPONSES,
    examples=[
        OpenApiExample("A person", {"account": "acme", "user": BOB}, request_only=True),
        *EXAMPLES,
    ],
)
browser_events = extend_schema(
    operation_id="reamaze_browser_events",
    tags=["Reamaze"],
    summary="Tell what a person did, from a page",
    description=BROWSER,
    auth=[],
    parameters=PARAMETERS,
    request={"application/json": _events(ACCOUNT)},
    responses=RESPONSES,
    examples=[
        OpenApiExample(
            "A purchase", {"account": "acme", **PURCHASE}, request_only=True
        ),
        *EXAMPLES,
    ],
)
