"""The yardstick of the full view: Django parses JSON and answers, nothing else.

No middleware, no authentication, no database; and the same JSON parser as the product,
so that the comparison flatters nobody.
"""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import path

ANSWER = b'{"response_code": "200", "response": "Data Uploaded", "status": "success"}'


def bare(request: HttpRequest) -> HttpResponse:
    """Parse the body and answer as the ``reo`` dialect does."""
    msgspec.json.decode(request.body)
    return HttpResponse(ANSWER, content_type="application/json")


def ready(_request: HttpRequest) -> HttpResponse:
    """Say that the server has started."""
    return HttpResponse()


urlpatterns = [path("bench/bare", bare), path("bench/ready", ready)]
