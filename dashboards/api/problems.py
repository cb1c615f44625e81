"""What goes wrong, said in one shape: problem details, naming the parameter.

Source: RFC 9457; for too many requests draft-ietf-httpapi-ratelimit-headers-10.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
POLICY = "key"


class InvalidParameters(APIException):
    """Parameters that cannot be used: their names, and why each cannot."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "invalid_parameter"

    def __init__(self, messages: Mapping[str, Iterable[str]]) -> None:
        self.messages = {
            name: [str(one) for one in messages[name]] for name in messages
        }
        super().__init__(
            " ".join(
                f"{name}: {text}"
                for name, texts in self.messages.items()
                for text in texts
            )
        )


class NotAcceptableFormat(APIException):
    """None of the formats that the client accepts is offered."""

    status_code = HTTPStatus.NOT_ACCEPTABLE
    default_code = "not_acceptable"
    default_detail = (
        "JSON, CSV (text/csv) and NDJSON (application/x-ndjson) are offered."
    )


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an error, None for those that are our own fault."""
    response = exception_handler(error, context)
    if response is None:
        return None
    # The handler has made an APIException of Http404 and PermissionDenied.
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    status = HTTPStatus(response.status_code)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": str(detail),
        "code": getattr(detail, "code", "error"),
    }
    if isinstance(error, InvalidParameters):
        problem["errors"] = [
            {"parameter": name, "message": text}
            for name, texts in error.messages.items()
            for text in texts
        ]
    elif isinstance(error, ValidationError):
        problem["detail"] = str(error)
        problem["code"] = "invalid"
    elif isinstance(error, Throttled):
        problem["type"] = QUOTA_EXCEEDED
        problem["violated-policies"] = [POLICY]
    response.data = problem
    response.content_type = CONTENT_TYPE
    return response
