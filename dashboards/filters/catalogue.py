"""Which products and metrics: ``/api/v1/products/`` and ``/api/v1/metrics/``."""

import django_filters  # type: ignore[import-untyped]

from accounts.models import Metric, Product
from dashboards.filters.base import ListFilter


class ProductListFilter(ListFilter):
    """Products of a workspace."""

    key = django_filters.CharFilter(max_length=200, help_text="Its key.")
    is_discovered = django_filters.BooleanFilter(
        help_text="Registered itself through an event, confirmed by nobody yet."
    )

    class Meta:
        model = Product
        fields = ()


class MetricListFilter(ListFilter):
    """Metrics of a workspace."""

    key = django_filters.CharFilter(max_length=200, help_text="Its key, as written.")
    level = django_filters.CharFilter(
        max_length=20, help_text="primary, secondary1, secondary2, …"
    )

    class Meta:
        model = Metric
        fields = ()
