"""What the addresses of the read API share: the key, the page, the stream, problems."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.http import Http404, HttpResponseBase, QueryDict
from rest_framework import viewsets
from rest_framework.exceptions import Throttled
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from accounts.api.authentication import KeyAuthentication
from accounts.clock import today_utc
from accounts.models import ApiKey
from dashboards.api import limits, parameters
from dashboards.api.access import MayRead
from dashboards.api.limits import KeyThrottle
from dashboards.api.problems import (
    InvalidParameters,
    NotAcceptableFormat,
    as_problem,
)
from dashboards.api.resource import Resource
from dashboards.api.schema import Pages, ReadSchema
from dashboards.exports import CONTENT_TYPES, download, text_of

LARGEST_ID = 2**63 - 1
# Python refuses to read numbers of thousands of digits.
LONGEST_ID = len(str(LARGEST_ID))
STREAMS = {kind.partition(";")[0]: name for name, kind in CONTENT_TYPES.items()}


class ReadView(viewsets.GenericViewSet):  # type: ignore[type-arg]
    """Reading a list: ``GET`` only, for keys, in JSON or as a stream."""

    resource: ClassVar[type[Resource]]
    # Heading of its part of the description.
    tag: ClassVar[str] = "Read API"
    schema = ReadSchema()
    authentication_classes = (KeyAuthentication,)
    permission_classes = (MayRead,)
    throttle_classes = (KeyThrottle,)
    renderer_classes = (JSONRenderer,)
    filter_backends = ()
    pagination_class = Pages
    http_method_names = ("get", "head", "options")

    # ---- HTTP

    def perform_authentication(self, request: Request) -> None:
        """Count the address first: a wrong key costs us a look-up too."""
        if wait := limits.address_may_ask(request):
            raise Throttled(wait)
        super().perform_authentication(request)

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002 (the library's own)
    ) -> tuple[Any, Any]:
        """Answer in JSON; what is streamed is not rendered."""
        del request, force
        return JSONRenderer(), "application/json"

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Say what is wrong as problem details."""
        return as_problem

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Add what is left of the key's requests; keep answers out of caches."""
        final: HttpResponseBase = super().finalize_response(
            request, response, *args, **kwargs
        )
        if isinstance(request.auth, ApiKey):
            limits.write_headers(final, request.auth)
        final["Cache-Control"] = "no-store"
        return final

    # ---- Lists

    @property
    def key(self) -> ApiKey:
        """The key that asks."""
        return cast("ApiKey", self.request.auth)

    def asked(
        self, params: Any = None, resource: type[Resource] | None = None
    ) -> Resource:
        """Return the list that the parameters choose."""
        return (resource or self.resource)(
            self.key.workspace,
            self.request.query_params if params is None else params,
            today=today_utc(),
            product=self.key.product,
        )

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send a page, or everything as a stream."""
        del args, kwargs
        return self.send(request, self.asked())

    def send(self, request: Request, resource: Resource) -> HttpResponseBase:
        """Send a page of a list, or all of it as a stream."""
        form = self.format_of(request)
        params = request.query_params
        if form != parameters.JSON:
            paging = [name for name in ("limit", "after", "before") if name in params]
            if paging:
                message = "A stream holds every row; it has no pages."
                raise InvalidParameters({name: [message] for name in paging})
            parts = text_of(form, resource.columns, resource.written())
            return download(resource.name, form, parts)
        page = resource.page(
            resource.read_cursors(params),
            parameters.read_limit(params),
        )
        rows = resource.serializer(
            page.rows, many=True, only=resource.only, context={"resource": resource}
        )
        return Response(
            {
                "next": self._neighbour("after", page.next_cursor),
                "previous": self._neighbour("before", page.previous_cursor),
                "results": rows.data,
            }
        )

    def format_of(self, request: Request) -> str:
        """Return the format asked for: by the parameter, else by ``Accept``."""
        asked = request.query_params.get("format")
        if asked:
            if asked not in parameters.FORMATS:
                known = ", ".join(parameters.FORMATS)
                raise InvalidParameters({"format": [f"Use one of {known}."]})
            return str(asked)
        # DRF hands the methods of Django's request on.
        preferred = cast("Any", request).get_preferred_type(
            ["application/json", *STREAMS]
        )
        if preferred is None:
            raise NotAcceptableFormat
        return STREAMS.get(preferred, parameters.JSON)

    def _neighbour(self, name: str, cursor: str) -> str | None:
        if not cursor:
            return None
        address = self.request.build_absolute_uri()
        for other in parameters.CURSORS:
            address = remove_query_param(address, other)
        return replace_query_param(address, name, cursor)


class RowView(ReadView):
    """Reading a list of which each row has a number, and one row by it."""

    lookup_value_regex = "[0-9]+"

    def retrieve(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Send one row."""
        del kwargs
        resource = self.one_only(request)
        row = self.find(pk, resource)
        serializer = resource.serializer(
            row, only=resource.only, context={"resource": resource}
        )
        return Response(serializer.data)

    def one_only(self, request: Request) -> Resource:
        """Return the list without any filters, for what takes only ``fields``."""
        params = request.query_params
        allowed = {"fields", "format"}
        if unknown := [name for name in params if name not in allowed]:
            message = "No such parameter here; there is fields."
            raise InvalidParameters({name: [message] for name in unknown})
        if params.get("format", parameters.JSON) != parameters.JSON:
            raise InvalidParameters({"format": ["One row comes as JSON."]})
        chosen = QueryDict(mutable=True)
        if "fields" in params:
            chosen["fields"] = params["fields"]
        return self.asked(chosen)

    def find(self, pk: str, resource: Resource | None = None) -> Any:
        """Return one row of the list by its number, with all that is read of it.

        Raises:
            Http404: there is none in the key's workspace.
        """
        chosen = resource or self.asked(QueryDict())
        if len(pk) > LONGEST_ID or int(pk) > LARGEST_ID:
            raise Http404
        row = chosen.prepare(chosen.rows).filter(pk=int(pk)).first()
        if row is None:
            raise Http404
        return row
