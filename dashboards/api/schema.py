"""How the read API describes itself: parameters, streams, problems and examples."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

import django_filters  # type: ignore[import-untyped]
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import BasePagination

from dashboards.api import parameters
from dashboards.exports import CONTENT_TYPES
from dashboards.filters.fields import IdFilter

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "What is wrong with which parameter.",
            "items": {
                "type": "object",
                "properties": {
                    "parameter": {"type": "string"},
                    "message": {"type": "string"},
                },
                "required": ["parameter", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}
PROBLEMS = {
    401: "No key, or one that does not work.",
    403: "A key that is not for this: kind, scope, product or network.",
    404: "There is no such row in the key's workspace.",
    422: "A parameter cannot be used, or means nothing here; `errors` names it.",
    429: "Too many requests: come back after `Retry-After` seconds.",
}
INVALID = {
    "type": "about:blank",
    "title": HTTPStatus.UNPROCESSABLE_ENTITY.phrase,
    "status": HTTPStatus.UNPROCESSABLE_ENTITY.value,
    "detail": "limit: Ask for 1 to 1,000 rows; a stream has them all.",
    "code": "invalid_parameter",
    "errors": [
        {
            "parameter": "limit",
            "message": "Ask for 1 to 1,000 rows; a stream has them all.",
        }
    ],
}
HEADERS = {
    "RateLimit-Policy": 'Requests (q) in so many seconds (w): "key";q=300;w=60.',
    "RateLimit": 'Requests left (r), and when all are again (t): "key";r=9;t=1.',
}


class Pages(BasePagination):
    """The frame of a page, for the description; `ReadView.send` makes it."""

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """Describe a page."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "description": "Address of the next page."},
                "previous": {**address, "description": "Address of the page before."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        """Leave the parameters to `ReadSchema`."""
        del view
        return []


class ReadSchema(AutoSchema):
    """Describes a `ReadView` from its resource."""

    # A `ReadView`; the library knows of plain ones only.
    view: Any

    def get_tags(self) -> list[str]:
        """Keep one resource's addresses together."""
        return [str(self.view.tag)]

    def get_override_parameters(self) -> list[Any]:
        """Describe what a list, or a row, may be asked for."""
        found: list[Any] = []
        if "{pk}" in self.path or "{id}" in self.path:
            name = "pk" if "{pk}" in self.path else "id"
            found.append(
                OpenApiParameter(
                    name, int, OpenApiParameter.PATH, description="Number."
                )
            )
        resource = self._resource
        if self._is_list:
            found += [
                *filter_parameters(resource.filters),
                *list_parameters(resource.orders, resource.known_fields()),
            ]
        elif self.view.action == "retrieve":
            found.append(fields_parameter(resource.known_fields()))
        return found

    @property
    def _resource(self) -> Any:
        """The list that is answered: a row's own one, or that of the view."""
        nested = getattr(self.view, "nested", {})
        return nested.get(self.view.action, self.view.resource)

    @property
    def _is_list(self) -> bool:
        nested = getattr(self.view, "nested", {})
        return self.view.action == "list" or self.view.action in nested

    def get_request_serializer(self) -> Any:
        """Take no body to read; what changes a list says what it takes."""
        if self.method == "GET":
            return None
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        """Describe a row of the resource, unless the action says otherwise."""
        if self._is_list or self.view.action == "retrieve":
            return {200: self._resource.serializer(many=self._is_list)}
        return super().get_response_serializers()

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        good = next(bodies[code] for code in bodies if code.startswith("2"))
        good["headers"] = {
            name: {"schema": {"type": "string"}, "description": text}
            for name, text in HEADERS.items()
        }
        serializer = self._resource.serializer
        if self._is_list:
            page = {"next": None, "previous": None, "results": [serializer.example]}
            _exemplify(good, "A page", page)
            for name, kind in CONTENT_TYPES.items():
                good["content"][kind.partition(";")[0]] = {
                    "schema": {"type": "string", "description": f"All rows as {name}."}
                }
        elif self.view.action in {"retrieve", "create"}:
            _exemplify(good, "A row", serializer.example)
        elif example := getattr(self.view, "examples", {}).get(self.view.action):
            _exemplify(good, "An answer", example)
        for status, text in PROBLEMS.items():
            bodies[str(status)] = {
                "description": text,
                "content": {"application/problem+json": {"schema": PROBLEM}},
            }
        _exemplify(bodies["422"], "A wrong parameter", INVALID)
        bodies["429"]["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}
        }
        return bodies


def _exemplify(body: dict[str, Any], title: str, value: Any) -> None:
    kind = next(iter(body["content"]))
    body["content"][kind]["examples"] = {
        title.replace(" ", ""): {"summary": title, "value": value}
    }


def list_parameters(orders: Mapping[str, Any], fields: list[str]) -> list[Any]:
    """Describe what every list takes besides its filters."""
    query: Literal["query"] = "query"
    return [
        OpenApiParameter(
            "order",
            str,
            query,
            enum=[sign + name for name in orders for sign in ("", "-")],
            description="Minus before a name: the largest first.",
        ),
        OpenApiParameter(
            "limit",
            int,
            query,
            description=f"Rows of a page: 1 to {parameters.LARGEST_LIMIT:,}, "
            f"{parameters.LIMIT} where nothing is said.",
        ),
        OpenApiParameter("after", str, query, description="Cursor, out of `next`."),
        OpenApiParameter(
            "before", str, query, description="Cursor, out of `previous`."
        ),
        fields_parameter(fields),
        OpenApiParameter(
            "format",
            str,
            query,
            enum=list(parameters.FORMATS),
            description="`csv` and `ndjson` stream every row; as good as `Accept`.",
        ),
    ]


def fields_parameter(fields: list[str]) -> Any:
    """Describe the choice of fields."""
    return OpenApiParameter(
        "fields",
        str,
        OpenApiParameter.QUERY,
        description=f"Only these fields, separated by commas, of: {', '.join(fields)}.",
    )


def filter_parameters(filters: Any) -> list[Any]:
    """Describe the filters of a list as they are declared."""
    return [
        OpenApiParameter(
            name,
            _kind_of(each),
            OpenApiParameter.QUERY,
            enum=_choices_of(each),
            description=str(each.extra.get("help_text") or each.label or ""),
            required=bool(each.extra.get("required")),
        )
        for name, each in filters.base_filters.items()
    ]


def _kind_of(each: Any) -> Any:
    if isinstance(each, IdFilter):
        return int
    is_choice = isinstance(each, django_filters.ModelChoiceFilter)
    if is_choice and not each.extra.get("to_field_name"):
        return int
    if isinstance(each, django_filters.IsoDateTimeFilter):
        return {"type": "string", "format": "date-time"}
    if isinstance(each, django_filters.DateFilter):
        return {"type": "string", "format": "date"}
    if isinstance(each, django_filters.NumberFilter):
        return float
    return bool if isinstance(each, django_filters.BooleanFilter) else str


def _choices_of(each: Any) -> list[str] | None:
    choices = each.extra.get("choices")
    # Choices that a workspace makes are asked for with a request only.
    if not choices or callable(choices):
        return None
    return [str(value) for value, _ in choices]
