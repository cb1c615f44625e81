"""One list of the read API, for its pages of JSON, its streams and its exports alike.

Streams read the list in pieces, each beginning after the last row of the one before:
no cursor stays open in the database, so that memory is constant on both sides and a
pooler may hand the connection to somebody else in between.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import Product, Workspace
from accounts.models.api_key import ReadScope
from dashboards.api import parameters
from dashboards.api.problems import InvalidParameters
from dashboards.filters import ListFilter
from dashboards.paging import Order, Page, paginate
from dashboards.queries.lists import total_of

# Lists of which the number of rows is the order of their making.
BY_ID = Order("pk", "pk", False, lambda row: float(row.pk), float)


class RowSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Writes rows; ``only`` names the fields asked for."""

    def __init__(
        self, *args: Any, only: Sequence[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if only is not None:
            for name in set(self.fields) - set(only):
                self.fields.pop(name)

    # A row, for the description.
    example: ClassVar[dict[str, Any]] = {}


class Resource:
    """Rows of one workspace, as some parameters choose them.

    Raises:
        InvalidParameters: something that is asked for cannot be; the pages, which
            export what they show, ask without ``is_strict`` and leave it out.
    """

    # In addresses, in names of files and on the command line.
    name: ClassVar[str]
    scope: ClassVar[ReadScope]
    serializer: ClassVar[type[RowSerializer]]
    filters: ClassVar[type[ListFilter]]
    # Ascending, by name; the first is the default.
    orders: ClassVar[Mapping[str, Order]] = {"id": BY_ID}
    # Whether a key for one product may read it; `of_product` keeps that product's.
    is_by_product: ClassVar[bool] = False
    # Rows of one piece of a stream.
    chunk_size = 2_000

    def __init__(
        self,
        workspace: Workspace,
        params: Mapping[str, str],
        *,
        today: date,
        product: Product | None = None,
        is_strict: bool = True,
    ) -> None:
        self.workspace = workspace
        self.today = today
        self.product = product
        self.filterset = self.filters(params, workspace=workspace, today=today)
        self.params = params
        if is_strict:
            parameters.check_names(params, self.filterset.filters)
            self.check()
            self.order_name, self.order = parameters.read_order(params, self.orders)
            self.only = parameters.read_fields(params, self.known_fields())
        else:
            self.order_name, self.order, self.only = "", self.filterset.order, None

    def check(self) -> None:
        """Refuse values that the filters cannot use."""
        errors = self.filterset.errors
        if errors:
            raise InvalidParameters({name: errors[name] for name in errors})

    @classmethod
    def known_fields(cls) -> list[str]:
        """Return the names of the fields of a row."""
        return list(cls.serializer().fields)

    @property
    def columns(self) -> list[str]:
        """Return the names of the fields asked for."""
        return self.only if self.only is not None else self.known_fields()

    def wants(self, field: str) -> bool:
        """Say whether a field that costs something is asked for."""
        return self.only is None or field in self.only

    # ---- Rows

    def of_product(self, rows: QuerySet[Any], product: Product) -> QuerySet[Any]:
        """Keep the rows of a product; for lists with `is_by_product`."""
        return rows.filter(product=product)

    def prepare(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Fetch along what the serializer reads."""
        return rows

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """All rows that the parameters choose, in no order."""
        chosen: QuerySet[Any] = self.filterset.qs
        if self.product is not None:
            chosen = self.of_product(chosen, self.product)
        return chosen

    def read_cursors(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the cursor among the parameters, refusing what is none."""
        return parameters.read_cursors(params, self.order)

    def page(self, cursors: Mapping[str, str], size: int) -> Page[Any]:
        """Return one page."""
        return paginate(
            self.prepare(self.rows), order=self.order, params=cursors, size=size
        )

    def count(self) -> int | None:
        """Count the rows, which reads them all; None where that is no use."""
        return self.rows.order_by().count()

    def is_small(self) -> bool:
        """Say whether one can wait for all of it; stops counting at the limit."""
        return total_of(self.rows).is_exact

    def chunks(self) -> Iterator[Sequence[Any]]:
        """Return all rows, piece by piece."""
        cursors: dict[str, str] = {}
        while True:
            page = self.page(cursors, self.chunk_size)
            if page.rows:
                yield page.rows
            if not page.next_cursor:
                return
            cursors = {"after": page.next_cursor}

    def written(self) -> Iterator[list[dict[str, Any]]]:
        """Return all rows as they are sent, piece by piece."""
        serializer = self.serializer(only=self.only, context={"resource": self})
        for rows in self.chunks():
            yield [serializer.to_representation(row) for row in rows]
