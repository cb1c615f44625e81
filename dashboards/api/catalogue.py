"""``/api/v1/products/`` and ``/api/v1/metrics/``: what is measured."""

from types import MappingProxyType
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.models import Product
from accounts.models.api_key import ReadScope
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.views import RowView
from dashboards.filters.catalogue import MetricListFilter, ProductListFilter
from dashboards.paging import BY_ID, Order

ORDERS = MappingProxyType(
    {"id": BY_ID, "key": Order("key", "pk", False, lambda row: row.key, str)}
)


class ProductRow(RowSerializer):
    """A product."""

    id = serializers.IntegerField()
    key = serializers.CharField(help_text="What events call it.")
    name = serializers.CharField()
    is_discovered = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 3,
        "key": "orbit-cli",
        "name": "Orbit CLI",
        "is_discovered": False,
        "created_at": "2026-03-01T09:00:00Z",
    }


class MetricRow(RowSerializer):
    """A metric, with what its use is worth in scores."""

    id = serializers.IntegerField()
    key = serializers.CharField(help_text="What events call it.")
    label = serializers.CharField()  # type: ignore[assignment]
    level = serializers.CharField()
    weight = serializers.FloatField()
    daily_cap = serializers.IntegerField(allow_null=True)
    adds_to_lifetime_value = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 7,
        "key": "DEPLOY",
        "label": "Deploy",
        "level": "primary",
        "weight": 10.0,
        "daily_cap": None,
        "adds_to_lifetime_value": False,
        "created_at": "2026-03-01T09:00:00Z",
    }


class Products(Resource):
    """Products of a workspace."""

    name = "products"
    scope = ReadScope.PRODUCTS
    serializer = ProductRow
    filters = ProductListFilter
    orders = ORDERS
    is_by_product = True

    def of_product(self, rows: QuerySet[Any], product: Product) -> QuerySet[Any]:
        """Keep that one."""
        return rows.filter(pk=product.pk)


class Metrics(Resource):
    """Metrics of a workspace; all products share them."""

    name = "metrics"
    scope = ReadScope.PRODUCTS
    serializer = MetricRow
    filters = MetricListFilter
    orders = ORDERS
    is_by_product = True

    def of_product(self, rows: QuerySet[Any], product: Product) -> QuerySet[Any]:
        """Keep all."""
        del product
        return rows


@extend_schema_view(
    list=extend_schema(summary="List products"),
    retrieve=extend_schema(summary="Show a product"),
)
class ProductView(RowView):
    """What is measured: an SDK, an app, a CLI."""

    resource = Products
    tag = "Products and metrics"


@extend_schema_view(
    list=extend_schema(summary="List metrics"),
    retrieve=extend_schema(summary="Show a metric"),
)
class MetricView(RowView):
    """Named kinds of events, with their weight in scores."""

    resource = Metrics
    tag = "Products and metrics"
