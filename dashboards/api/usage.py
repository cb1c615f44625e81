"""``/api/v1/usage/``: uses per day, summed by what is asked for.

Rows come in the order of what they are summed by, days first. With days among it a page
reads a few of them and no more; of developers it walks the primary key. Only sums over
all of a period, by account or by nothing finer than products, are made anew each page.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.models import Metric, Product, WorkspaceUsage
from accounts.models.api_key import ReadScope
from dashboards.api.parameters import CURSORS
from dashboards.api.problems import InvalidParameters
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.views import ReadView
from dashboards.filters.usage import UsageFilter
from dashboards.paging import Order, Page

COLUMNS = {
    "day": "day",
    "developer": "developer_id",
    "account": "account_key",
    "product": "product_id",
    "metric": "metric_id",
}
# What WorkspaceUsage, which has a row where DailyUsage has thousands, can answer.
COARSE = frozenset({"day", "product", "metric"})
# Sums over a whole period are not made again for every piece of a stream.
LARGE_CHUNK = 50_000
Key = tuple[Any, ...]


class UsageRow(RowSerializer):
    """Uses; what they are not summed by is null."""

    day = serializers.DateField(allow_null=True)
    developer_id = serializers.IntegerField(allow_null=True)
    account_id = serializers.IntegerField(
        allow_null=True, help_text="Where the developer is now; also null for nobody's."
    )
    product = serializers.CharField(allow_null=True, help_text="Key of the product.")
    metric = serializers.CharField(allow_null=True, help_text="Key of the metric.")
    count = serializers.IntegerField()
    value_sum = serializers.FloatField(help_text="Sum of the values of the events.")

    example: ClassVar[dict[str, Any]] = {
        "day": "2026-11-20",
        "developer_id": None,
        "account_id": None,
        "product": "orbit-cli",
        "metric": "DEPLOY",
        "count": 812,
        "value_sum": 0.0,
    }


class Usage(Resource):
    """Daily usage of a workspace."""

    name = "usage"
    scope = ReadScope.USAGE
    serializer = UsageRow
    filters = UsageFilter
    orders: ClassVar[Mapping[str, Order]] = {
        "key": Order("day", "pk", False, lambda row: row["day"], date)
    }
    is_by_product = True
    filterset: UsageFilter

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """The usage that the parameters choose, from the smallest table that has it."""
        filters = self.filterset
        finer = {"account", "developer"} & {
            name for name in filters.filters if filters.value(name)
        }
        if not finer and COARSE.issuperset(filters.groups):
            rows: QuerySet[Any] = WorkspaceUsage.objects.filter(
                workspace=self.workspace
            )
            for name in ("product", "metric"):
                if chosen := filters.value(name):
                    rows = rows.filter(**{name: chosen})
        else:
            rows = filters.qs
            if "account" in filters.groups:
                rows = rows.annotate(
                    account_key=Coalesce(F("developer__account_id"), Value(0))
                )
        if self.product is not None:
            rows = rows.filter(product=self.product)
        return rows.filter(day__range=filters.period)

    def read_cursors(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the cursor among the parameters, refusing what is none."""
        given = {name: params[name] for name in CURSORS if params.get(name)}
        if len(given) == len(CURSORS):
            raise InvalidParameters({"before": ["A page is either after or before."]})
        for name, cursor in given.items():
            if self._decoded(cursor) is None:
                message = "This cursor is not of usage summed by the same."
                raise InvalidParameters({name: [message]})
        return given

    def page(self, cursors: Mapping[str, str], size: int) -> Page[Any]:
        """Return the rows after a cursor, or before one."""
        is_back = "before" in cursors
        edge = self._decoded(cursors.get("before") or cursors.get("after", ""))
        found = self._read(
            edge, size + 1, descending=self.order.descending is not is_back
        )
        more, found = len(found) > size, found[:size]
        if is_back:
            found.reverse()
        has_next, has_previous = (True, more) if is_back else (more, edge is not None)
        return Page(
            tuple(self._named(row) for row in found),
            self._encoded(found[-1]) if found and has_next else "",
            self._encoded(found[0]) if found and has_previous else "",
        )

    def count(self) -> int | None:
        """Count the rows."""
        return self._sums(self.rows).count()

    @property
    def chunk_size(self) -> int:  # type: ignore[override]
        """Rows of one piece of a stream."""
        is_walked = {"day", "developer"} & set(self.filterset.groups)
        return Resource.chunk_size if is_walked else LARGE_CHUNK

    # ---- Parts

    @property
    def _columns(self) -> tuple[str, ...]:
        return tuple(COLUMNS[name] for name in self.filterset.groups)

    def _sums(self, rows: QuerySet[Any], *, descending: bool = False) -> QuerySet[Any]:
        sign = "-" if descending else ""
        sums: QuerySet[Any] = (
            rows.order_by()
            .values(*self._columns)
            .annotate(uses=Sum("count"), worth=Sum("value_sum"))
            .order_by(*(f"{sign}{column}" for column in self._columns))
        )
        return sums

    def _read(
        self, edge: Key | None, size: int, *, descending: bool
    ) -> list[dict[str, Any]]:
        """Return the rows beyond a key, in one direction or the other."""
        rows = self.rows
        if edge is not None:
            rows = rows.filter(self._beyond(edge, descending=descending))
        if self._columns[0] != "day":
            return list(self._sums(rows, descending=descending)[:size])
        found: list[dict[str, Any]] = []
        for days in self._stretches(edge, descending=descending):
            some = self._sums(rows.filter(day__range=days), descending=descending)
            found += some[: size - len(found)]
            if len(found) >= size:
                break
        return found

    def _stretches(
        self, edge: Key | None, *, descending: bool
    ) -> Iterator[tuple[date, date]]:
        """Cut the period up: of developers a day, and more the emptier days are."""
        first, last = self.filterset.period
        if edge is not None:
            first, last = (
                (first, min(edge[0], last))
                if descending
                else (max(edge[0], first), last)
            )
        days, done, width = (last - first).days + 1, 0, 1
        if self.rows.model is WorkspaceUsage:
            width = self.filterset.longest_days
        while done < days:
            width = min(width, days - done)
            begin = (
                last - timedelta(days=done + width - 1)
                if descending
                else first + timedelta(days=done)
            )
            yield begin, begin + timedelta(days=width - 1)
            done, width = done + width, width * 2

    def _beyond(self, edge: Key, *, descending: bool) -> Q:
        """Keep what comes after a key, or before it, column by column."""
        columns, way = self._columns, "lt" if descending else "gt"
        beyond = Q()
        for nth, column in enumerate(columns):
            same = dict(zip(columns[:nth], edge[:nth], strict=True))
            beyond |= Q(**same, **{f"{column}__{way}": edge[nth]})
        return Q(**{f"{columns[0]}__{way}e": edge[0]}) & beyond

    def _encoded(self, row: Mapping[str, Any]) -> str:
        key = [row[column] for column in self._columns]
        if isinstance(key[0], date):
            key[0] = key[0].isoformat()
        packed = json.dumps([",".join(self.filterset.groups), *key]).encode()
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()

    def _decoded(self, cursor: str) -> Key | None:
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            groups, *key = json.loads(packed)
            if groups != ",".join(self.filterset.groups):
                return None
            if groups.startswith("day"):
                key[0] = date.fromisoformat(key[0])
            numbers = key[1:] if groups.startswith("day") else key
            if len(key) != len(self._columns) or not all(
                type(one) is int and 0 <= one < 2**63 for one in numbers
            ):
                return None
        except (ValueError, TypeError, IndexError, RecursionError):
            return None
        return tuple(key)

    @cached_property
    def _keys(self) -> tuple[dict[int, str], dict[int, str]]:
        models: tuple[Any, Any] = (Product, Metric)
        products, metrics = (
            dict(model.objects.in_workspace(self.workspace).values_list("pk", "key"))
            for model in models
        )
        return products, metrics

    def _named(self, row: Mapping[str, Any]) -> dict[str, Any]:
        products, metrics = self._keys
        product, metric = row.get("product_id"), row.get("metric_id")
        return {
            "day": row.get("day"),
            "developer_id": row.get("developer_id"),
            "account_id": row.get("account_key") or None,
            "product": None if product is None else products.get(product),
            "metric": None if metric is None else metrics.get(metric),
            "count": row["uses"],
            "value_sum": row["worth"],
        }


@extend_schema_view(list=extend_schema(summary="List daily usage"))
class UsageView(ReadView):
    """Uses per day, developer, account, product and metric, as far as asked for."""

    resource = Usage
    tag = "Usage and events"
