"""One list of the read API, for its pages of JSON, its streams and its exports alike.

Streams read the list in pieces, each beginning after the last row of the one before:
no cursor stays open in the database, so that memory is constant on both sides and a
pooler may hand the connection to somebody else in between.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import Product, User, Workspace
from accounts.models.api_key import ReadScope
from dashboards.api import parameters
from dashboards.api.problems import InvalidParameters
from dashboards.filters import ListFilter
from dashboards.paging import BY_ID, Order, Page, paginate
from dashboards.queries.lists import total_of


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

    @cached_property
    def plan(self) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
        """What to do for each field: its name, how to get it, how to write it.

        The library asks all of it again for each row, which takes two thirds of the
        time of a stream of a million.
        """
        return [
            (name, _getter(field), _writer(field))
            for name, field in self.fields.items()
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Write a row; what is reached over a row that is missing is null."""
        row: dict[str, Any] = {}
        for name, get, write in self.plan:
            try:
                value = get(instance)
            except ObjectDoesNotExist:
                value = None
            row[name] = None if value is None else write(value)
        return row


def _getter(field: Any) -> Callable[[Any], Any]:
    names = field.source_attrs
    *path, last = names

    def by_key(row: Any) -> Any:
        return row[names[0]] if isinstance(row, dict) else getattr(row, names[0])

    def along(row: Any) -> Any:
        for name in path:
            row = getattr(row, name)
            if row is None:
                return None
        return getattr(row, last)

    return along if path else by_key


def _writer(field: Any) -> Callable[[Any], Any]:
    """Return what writes a value that is there; most are as they should be."""
    if type(field) is serializers.DateTimeField:
        return _moment
    return _as_it_is if type(field) in AS_THEY_ARE else field.to_representation


def _moment(value: datetime) -> str:
    """Write a moment out of the database, which are all in UTC."""
    return value.isoformat().replace("+00:00", "Z")


def _as_it_is(value: Any) -> Any:
    return value


AS_THEY_ARE = frozenset(
    {
        serializers.BooleanField,
        serializers.CharField,
        serializers.ChoiceField,
        serializers.DictField,
        serializers.FloatField,
        serializers.IntegerField,
        serializers.JSONField,
    }
)


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
        user: User | None = None,
        is_strict: bool = True,
    ) -> None:
        self.workspace = workspace
        self.today = today
        self.product = product
        self.filterset = self.filters(
            params, workspace=workspace, today=today, user=user
        )
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

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the address asks for besides its parameters."""
        return rows

    def prepare(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Fetch along what the serializer reads."""
        return rows

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """All rows that the parameters choose, in no order."""
        chosen: QuerySet[Any] = self.narrowed(self.filterset.qs)
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
