"""Which events: ``/api/v1/events/``."""

from datetime import timedelta
from typing import Any

import django_filters  # type: ignore[import-untyped]

from accounts.models import Identity
from dashboards.filters.base import ListFilter
from dashboards.filters.fields import (
    IdFilter,
    MetricFilter,
    MomentFilter,
    ProductFilter,
)

LONGEST = timedelta(days=31)
# Of as many identities the events are merged one by one; those of more are read by
# the time that they arrived.
MOST_IDENTITIES = 1_000
WHO = ("developer", "identity", "account")


class EventFilter(ListFilter):
    """Raw events: somebody's, or those that arrived within a month.

    The event store answers, so the filters only hold what it is asked.
    """

    developer = IdFilter(method="as_it_is", help_text="Number of a developer.")
    identity = IdFilter(method="as_it_is", help_text="Number of an identity.")
    account = IdFilter(method="as_it_is", help_text="Number of an account.")
    product = ProductFilter(method="as_it_is", help_text="Key of a product.")
    metric = MetricFilter(method="as_it_is", help_text="Key of a metric.")
    occurred_from = MomentFilter(
        method="as_it_is", help_text="Occurred then or after; of somebody only."
    )
    occurred_before = MomentFilter(
        method="as_it_is", help_text="Occurred before; of somebody only."
    )
    received_from = MomentFilter(
        method="as_it_is", help_text="Received then or after; needed without somebody."
    )
    received_before = MomentFilter(
        method="as_it_is",
        help_text=f"Received before; at most {LONGEST.days} days later, now where "
        "nothing is said.",
    )
    is_test = django_filters.BooleanFilter(
        method="as_it_is", help_text="Events of tests, or all others."
    )

    class Meta:
        # Whose rows say which events there may be.
        model = Identity
        fields = ()

    def as_it_is(self, rows: Any, _name: str, _value: Any) -> Any:
        """Leave it to the event store."""
        return rows
