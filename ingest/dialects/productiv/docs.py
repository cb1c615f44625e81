"""What the OpenAPI description says about the dialect ``productiv``."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from ingest.dialects.documents import (
    IDEMPOTENCY_KEY,
    RETRY_AFTER,
    URLENCODED,
    Schema,
    field,
    form,
)

TEXT = "string"
TEXT_OR_NUMBER = ["string", "number"]
TAGS = ["Productiv"]
BEARER: list[dict[str, list[str]]] = [{"accessToken": []}]
APP_ID = OpenApiParameter(
    "app_id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The application's id, from its definition.",
)
PARAMETERS = [APP_ID, RETRY_AFTER]

EVENT = form(
    {
        "timestamp": field(
            TEXT_OR_NUMBER, "Unix time in milliseconds. Age never refuses."
        ),
        "email": field(TEXT, "E-mail address of the person."),
        "eventName": field(TEXT, "One of the application's defined events."),
        "targetApp": field(
            TEXT, "Application being logged into; required for Login events."
        ),
    },
    required=("timestamp", "email", "eventName"),
)
EVENTS = form(
    {
        "events": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": EVENT,
            "description": "All are stored, or none. One event may stand here alone, "
            "without an array.",
        }
    },
    required=("events",),
)
PERSON = form(
    {
        "appUserId": field(TEXT_OR_NUMBER, "The person's id in the application."),
        "email": field(TEXT, "E-mail address; use is found by it."),
        "username": field(TEXT, "Name in the application."),
        "license": field(TEXT, "What kind of seat it is."),
    },
    required=("appUserId", "email"),
)
PEOPLE = form(
    {
        "provisionedUsers": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": PERSON,
        }
    },
    required=("provisionedUsers",),
)
PEOPLE_ANSWER = form(
    {"provisionedUsers": {"type": "array", "items": PERSON}},
    required=("provisionedUsers",),
)
SUCCESS = form({"success": field("boolean", "")}, required=("success",))
REMOVED = form(
    {
        "numUsersDeleted": field("integer", "Seats that there were."),
        "success": field("boolean", "True only when all of them were there."),
    },
    required=("numUsersDeleted", "success"),
)
FAILURE = form(
    {
        "code": field(TEXT, "The HTTP status, as text."),
        "message": field(TEXT, "One sentence; names every wrong field, at most 20."),
        "success": field("boolean", "False."),
    },
    required=("code", "message", "success"),
)
FAILURES = {
    400: OpenApiResponse(FAILURE, "A query parameter, or a body that is not JSON."),
    401: OpenApiResponse(FAILURE, "Missing, invalid or expired access_token."),
    403: OpenApiResponse(FAILURE, "The access_token lacks the scope."),
    404: OpenApiResponse(FAILURE, "The workspace has no such application."),
    413: OpenApiResponse(FAILURE, "Larger than 1 MiB, unpacked."),
    422: OpenApiResponse(FAILURE, "An invalid item, none, or more than 1,000."),
    429: OpenApiResponse(FAILURE, "Too many requests."),
    503: OpenApiResponse(FAILURE, "The store cannot be reached; try again."),
}
INVALID_TOKEN = OpenApiExample(
    "Invalid token",
    {"code": "401", "message": "Invalid access_token", "success": False},
    response_only=True,
    status_codes=["401"],
)
STORED = OpenApiExample(
    "Stored", {"success": True}, response_only=True, status_codes=["200"]
)
ONE_PERSON: Schema = {
    "provisionedUsers": [
        {
            "appUserId": "u-1027",
            "email": "ada@analytical.example",
            "username": "ada",
            "license": "Team",
        }
    ]
}

token = extend_schema(
    operation_id="productiv_token",
    tags=TAGS,
    summary="Trade a client's id and secret for an access token",
    description=(
        "OAuth 2.0 client credentials (RFC 6749, 4.4). Id and secret stand in the "
        "Basic header or are the fields client_id and client_secret; the parameters "
        "stand in the body or in the query."
    ),
    auth=[{"client": []}],  # type: ignore[list-item] # passed through as it is
    parameters=[RETRY_AFTER],
    request={
        URLENCODED: form(
            {
                "grant_type": field(TEXT, "", enum=["client_credentials"]),
                "scope": field(
                    TEXT,
                    "https://api.productiv.com/connector.write, or one of its other "
                    "names, connector.write and report.read; several with a space "
                    "between. All of the client's when left out.",
                ),
                "client_id": field(TEXT, "Instead of the Basic header."),
                "client_secret": field(TEXT, "Instead of the Basic header."),
            },
            required=("grant_type",),
        )
    },
    responses={
        200: OpenApiResponse(
            form(
                {
                    "access_token": field(TEXT, "For the Authorization header."),
                    "token_type": field(TEXT, "", enum=["Bearer"]),
                    "expires_in": field("integer", "Seconds."),
                    "scope": field(TEXT, "Only when the request named none."),
                },
                required=("access_token", "token_type", "expires_in"),
            ),
            "A token.",
        ),
        **{
            status: OpenApiResponse(
                form(
                    {"error": field(TEXT, "A word of RFC 6749.")}, required=("error",)
                ),
                text,
            )
            for status, text in (
                (400, "invalid_request, invalid_scope or unsupported_grant_type."),
                (401, "invalid_client."),
                (413, "invalid_request: larger than 1 MiB."),
                (429, "temporarily_unavailable: too many requests."),
                (503, "temporarily_unavailable: the store cannot be reached."),
            )
        },
    },
    examples=[
        OpenApiExample(
            "For sending events",
            {
                "grant_type": "client_credentials",
                "scope": "https://api.productiv.com/connector.write",
            },
            request_only=True,
            media_type=URLENCODED,
        ),
        OpenApiExample(
            "Id and secret as fields",
            {
                "grant_type": "client_credentials",
                "scope": "connector.write",
                "client_id": "up_client_…",
                "client_secret": "up_client_…",
            },
            request_only=True,
            media_type=URLENCODED,
        ),
        OpenApiExample(
            "A wrong secret",
            {"error": "invalid_client"},
            response_only=True,
            status_codes=["401"],
        ),
        OpenApiExample(
            "A scope that there is not",
            {"error": "invalid_scope"},
            response_only=True,
            status_codes=["400"],
        ),
        OpenApiExample(
            "A token",
            {
                "access_token": "up_access_…",
                "token_type": "Bearer",
                "expires_in": 3600,
            },
            response_only=True,
            status_codes=["200"],
        ),
    ],
)

events = extend_schema(
    tags=TAGS,
    summary="Report what people did in an application",
    description=(
        "For programs that already push usage events to Productiv: only host and "
        "client change. An event is identified for ever by application, timestamp, "
        "email and eventName, so sending it again is harmless. `…/usage-events` is "
        "the same."
    ),
    auth=BEARER,  # type: ignore[arg-type] # passed through as it is
    parameters=[APP_ID, IDEMPOTENCY_KEY, RETRY_AFTER],
    request={"application/json": EVENTS},
    responses={
        200: OpenApiResponse(SUCCESS, "All stored; repeats too, once."),
        **FAILURES,
    },
    examples=[
        OpenApiExample(
            "One event",
            {
                "events": [
                    {
                        "timestamp": 1566340678676,
                        "email": "ada@analytical.example",
                        "eventName": "opened_file",
                    }
                ]
            },
            request_only=True,
        ),
        STORED,
        INVALID_TOKEN,
    ],
)

users_list = extend_schema(
    operation_id="productiv_users_list",
    tags=TAGS,
    summary="List who has a seat in an application",
    auth=BEARER,  # type: ignore[arg-type] # passed through as it is
    parameters=PARAMETERS,
    responses={
        200: OpenApiResponse(PEOPLE_ANSWER, "Everybody, in order of appUserId."),
        **{status: FAILURES[status] for status in (400, 401, 403, 404, 429, 503)},
    },
    examples=[
        OpenApiExample(
            "One person", ONE_PERSON, response_only=True, status_codes=["200"]
        ),
        INVALID_TOKEN,
    ],
)
users_put = extend_schema(
    operation_id="productiv_users_put",
    tags=TAGS,
    summary="Say who has a seat in an application",
    description="Adds people by appUserId, and brings known ones up to date.",
    auth=BEARER,  # type: ignore[arg-type] # passed through as it is
    parameters=PARAMETERS,
    request={"application/json": PEOPLE},
    responses={200: OpenApiResponse(SUCCESS, "All stored."), **FAILURES},
    examples=[
        OpenApiExample("One person", ONE_PERSON, request_only=True),
        STORED,
        INVALID_TOKEN,
    ],
)
users_remove = extend_schema(
    operation_id="productiv_users_remove",
    tags=TAGS,
    summary="Take seats in an application away",
    description="Takes the same list; people are found by appUserId.",
    auth=BEARER,  # type: ignore[arg-type] # passed through as it is
    parameters=PARAMETERS,
    # Without a part of its own: the generator knows no body of a DELETE.
    extensions={"x-body-of": "post"},
    responses={200: OpenApiResponse(REMOVED, "How many there were."), **FAILURES},
    examples=[
        OpenApiExample(
            "Removed",
            {"numUsersDeleted": 1, "success": True},
            response_only=True,
            status_codes=["200"],
        ),
        INVALID_TOKEN,
    ],
)
