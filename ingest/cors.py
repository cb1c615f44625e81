"""Cross-origin answers for routes that pages of other sites call.

Rule 7 of contracts/README. No route of `reo` or of the native API is one: their keys
are secrets, and a page that carries one has given it away.
"""

from django.http import HttpResponse

PREFLIGHT_SECONDS = 86_400
HEADERS = ("content-type", "content-encoding", "idempotency-key")


def preflight() -> HttpResponse:
    """Allow any site to POST what senders send, without cookies."""
    response = HttpResponse(status=204, headers={"Content-Length": "0"})
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = ", ".join(HEADERS)
    response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return allow_any_origin(response)


def allow_any_origin(response: HttpResponse) -> HttpResponse:
    """Let the page that called read the answer, and when to try again."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "Retry-After"
    return response
