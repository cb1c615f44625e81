"""What the OpenAPI description says about the native events API."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from ingest.dialects.documents import IDEMPOTENCY_KEY, RETRY_AFTER, field, form

TEXT = "string"
TEXT_OR_NUMBER = ["string", "number"]

USER = form(
    {
        "email": field(TEXT, "E-mail address."),
        "github": field(TEXT, "GitHub handle or the address of the profile."),
        "linkedin": field(TEXT, "LinkedIn handle or the address of the profile."),
        "social": field(TEXT, "Address of another profile."),
        "id": field(TEXT, "Your own id of the customer."),
        "username": field(TEXT, "Name in your product."),
        "anonymous_id": field(TEXT, "An id that names nobody."),
        "name": field(TEXT, "What to call the person."),
        "avatar": field(TEXT, "Address of a picture."),
        "traits": field("object", "Profile data; null removes a key."),
    },
    text="Who did it. Several identities on one event are known to be one person.",
)
EVENT = form(
    {
        "metric": field(TEXT, "What was done: the key of a metric."),
        "product": field(
            TEXT, "With what; may be left out when the API key is for one product."
        ),
        "event_id": field(TEXT, "Your own id. Per product, the same id counts once."),
        "occurred_at": field(
            TEXT_OR_NUMBER,
            "ISO 8601 (UTC without an offset) or Unix seconds; now by default.",
        ),
        "user": USER,
        "company": form(
            {"domain": field(TEXT, "Domain of the company.")},
            text="Where the person works. Alone, without user, ip and user_agent, the "
            "use counts for the company.",
        ),
        "ip": field(TEXT, "Address of the person's system; may tell the company."),
        "user_agent": field(TEXT, "Cut after 1,000 characters."),
        "count": field("integer", "How many uses this is; 1 by default."),
        "value": field("number", "Summed up beside the count."),
        "environment": field(TEXT, "Stored in upper case."),
        "session_id": field(TEXT, "Groups events of one sitting."),
        "source": field(TEXT, "Where it was seen; at most 20 characters."),
        "is_test": field("boolean", "Kept apart from production figures."),
        "properties": field("object", "Anything else; kept whole."),
    },
    required=("metric", "product"),
    text="Needs one of user, ip, user_agent and company.domain.",
)
RESULT = form(
    {
        "accepted": field("integer", "Events stored, on disk."),
        "duplicates": field(
            "integer",
            "Events with an event_id that was digested before or stands twice in this "
            "request. A repeat of one that still waits is counted as accepted here; "
            "either way it counts once.",
        ),
        "rejected": {
            "type": "array",
            "description": "Events that were not taken.",
            "items": form(
                {
                    "index": field("integer", "Place in the request, from 0."),
                    "code": field(
                        TEXT,
                        "Of the first wrong field.",
                        enum=[
                            "required",
                            "invalid",
                            "product_not_allowed",
                            "not_an_object",
                        ],
                    ),
                    "message": field(TEXT, "Names every wrong field."),
                }
            ),
        },
    },
    required=("accepted", "duplicates", "rejected"),
)
ERROR = form(
    {
        "error": form(
            {
                "code": field(TEXT, "The reason, as the ingestion page names it."),
                "message": field(TEXT, "One sentence."),
            }
        )
    }
)
RESPONSES = {
    202: OpenApiResponse(RESULT, "At least one event is stored."),
    400: OpenApiResponse(ERROR, "Not JSON, or not readable at all."),
    401: OpenApiResponse(ERROR, "No API key, or one that is not valid."),
    403: OpenApiResponse(ERROR, "The API key is not for this interface or address."),
    413: OpenApiResponse(ERROR, "Larger than 1 MiB, unpacked, or over 1,000 events."),
    422: OpenApiResponse(
        {"oneOf": [RESULT, ERROR]},
        "Nothing is stored: no event is good, there is none, or the Idempotency-Key "
        "was used with another body.",
    ),
    429: OpenApiResponse(ERROR, "Too many requests."),
    503: OpenApiResponse(ERROR, "The store cannot be reached; try again."),
}

events = extend_schema(
    operation_id="events",
    tags=["Events"],
    summary="Report events",
    description=(
        "One event, an array of them, or an object with events; at most 1,000. The "
        "good ones are stored although others are not, and the answer says which and "
        "why. Numbers may be text and text may be numbers; unknown keys are ignored."
    ),
    auth=[{"bearer": []}],  # type: ignore[list-item] # passed through as it is
    parameters=[IDEMPOTENCY_KEY, RETRY_AFTER],
    request={
        "application/json": {
            "oneOf": [
                EVENT,
                form({"events": {"type": "array", "items": EVENT, "maxItems": 1000}}),
                {"type": "array", "items": EVENT, "maxItems": 1000},
            ]
        }
    },
    responses=RESPONSES,
    examples=[
        OpenApiExample(
            "One event",
            {
                "metric": "BUILD",
                "product": "cli",
                "event_id": "build-4711",
                "occurred_at": "2026-11-21T09:30:00Z",
                "user": {"email": "dev@example.com", "github": "octocat"},
                "properties": {"version": "2.4.1", "duration": 12.5},
            },
            request_only=True,
        ),
        OpenApiExample(
            "A batch",
            {
                "events": [
                    {
                        "metric": "BUILD",
                        "product": "cli",
                        "user": {"username": "dev", "name": "Dev Eloper"},
                        "company": {"domain": "example.com"},
                    },
                    {
                        "metric": "DOWNLOAD",
                        "product": "cli",
                        "company": {"domain": "example.org"},
                        "count": 25,
                    },
                ]
            },
            request_only=True,
        ),
        OpenApiExample(
            "Two taken, one not",
            {
                "accepted": 1,
                "duplicates": 1,
                "rejected": [
                    {
                        "index": 2,
                        "code": "required",
                        "message": "metric: is required",
                    }
                ],
            },
            response_only=True,
            status_codes=["202"],
        ),
        OpenApiExample(
            "Unknown key",
            {
                "error": {
                    "code": "unknown_key",
                    "message": "the API key is not known",
                }
            },
            response_only=True,
            status_codes=["401"],
        ),
    ],
)
