"""Lists within a row of another list: members of a segment, entries of a list."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponseBase
from rest_framework.request import Request

from dashboards.api.resource import Resource
from dashboards.api.views import RowView


class Nested(Resource):
    """Rows that belong to one row, named by `parent_column`."""

    parent_column: ClassVar[str]

    def within(self, parent: Any) -> "Nested":
        """Keep the rows of one parent."""
        self.parent = parent
        return self

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the parent."""
        return rows.filter(**{self.parent_column: self.parent})


class ParentView(RowView):
    """A list of which each row has a list of its own."""

    # By the name of the action.
    nested: ClassVar[Mapping[str, type[Nested]]]

    def send_nested(self, request: Request, pk: str, name: str) -> HttpResponseBase:
        """Send a page of a row's own list, or all of it as a stream."""
        inner = self.asked(resource=self.nested[name])
        assert isinstance(inner, Nested)  # noqa: S101 narrows the type
        return self.send(request, inner.within(self.find(pk)))
