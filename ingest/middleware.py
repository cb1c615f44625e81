"""The short way in: ingestion requests skip every other middleware.

They need no session, no CSRF token and no page headers, and the stock stack would
double their time. It also never redirects them: a redirected POST loses its body.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, get_resolver

from ingest.dialects import DIALECTS

LOOKING = frozenset({"GET", "HEAD"})
SLASHES = re.compile("//+")
View = Callable[..., HttpResponse]


class IngestShortcut:
    """Answers what belongs to a dialect; hands everything else on. Must come first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        routes = [route for each in DIALECTS.values() for route in each.routes]
        self.fixed: dict[str, View] = {
            f"/{route.path}{slash}": route.view
            for route in routes
            if "<" not in route.path
            for slash in ("", "/")
        }
        self.read_elsewhere = {
            f"/{route.path}{slash}"
            for route in routes
            if route.is_read_elsewhere
            for slash in ("", "/")
        }
        # The fixed beginnings of routes with a variable part; where that comes first,
        # the fixed ends.
        varying = [route.path for route in routes if "<" in route.path]
        self.beginnings = tuple(
            f"/{path.partition('<')[0]}" for path in varying if path[0] != "<"
        )
        self.ends = tuple(
            f"{path.rpartition('>')[2]}{slash}"
            for path in varying
            if path[0] == "<"
            for slash in ("", "/")
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Find the view by one look-up, by a resolver only where a route varies."""
        path = request.path_info
        if "//" in path:
            # Of a base address that ends in a slash, and a path that begins with one.
            path = SLASHES.sub("/", path)
        view = self.fixed.get(path)
        if view is not None:
            if path in self.read_elsewhere and request.method in LOOKING:
                return self.get_response(request)
            request.path_info = path
            return view(request)
        if path.startswith(self.beginnings) or path.endswith(self.ends):
            try:
                match = get_resolver("ingest.urls").resolve(path)
            except Resolver404:
                return self.get_response(request)
            request.path_info = path
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
            return response
        return self.get_response(request)
