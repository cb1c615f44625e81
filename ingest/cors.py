"""Cross-origin answers for routes that pages of other sites call.

Rule 7 of contracts/README. No route of `reo` or of the native API is one: their keys
are secrets, and a page that carries one has given it away.
"""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

PREFLIGHT_SECONDS = 86_400


def is_preflight(request: HttpRequest) -> bool:
    """Say whether a browser asks what it may send before it sends anything."""
    return (
        request.method == "OPTIONS"
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    )


def preflight(*, headers: Iterable[str] = ("content-type",)) -> HttpResponse:
    """Allow any site to POST with these headers, without cookies."""
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = "POST"
    response["Access-Control-Allow-Headers"] = ", ".join(headers)
    response["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return allow_any_origin(response)


def allow_any_origin(response: HttpResponse) -> HttpResponse:
    """Let the page that called read the answer."""
    response["Access-Control-Allow-Origin"] = "*"
    return response
