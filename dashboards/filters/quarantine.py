"""Which quarantined events: ``/api/v1/quarantine/`` and the export of the page."""

from types import MappingProxyType

import django_filters  # type: ignore[import-untyped]

from dashboards.filters.base import ListFilter
from dashboards.filters.fields import MomentFilter
from dashboards.paging import NEWEST_FIRST
from ingest.models import QuarantinedEvent


class QuarantineFilter(ListFilter):
    """Events of a workspace that could not be used, and what became of them."""

    sorts = MappingProxyType({"id": ("Newest", NEWEST_FIRST)})

    reason = django_filters.ChoiceFilter(
        choices=QuarantinedEvent.Reason.choices, help_text="Why it could not be used."
    )
    subject = django_filters.CharFilter(
        max_length=200, help_text="Folded metric key or app id that is missing."
    )
    status = django_filters.ChoiceFilter(
        choices=QuarantinedEvent.Status.choices, help_text="What became of it."
    )
    dialect = django_filters.CharFilter(max_length=20, help_text="Who sent it.")
    received_from = MomentFilter(
        field_name="received_at", lookup_expr="gte", help_text="Received then or after."
    )
    received_before = MomentFilter(
        field_name="received_at", lookup_expr="lt", help_text="Received before."
    )

    class Meta:
        model = QuarantinedEvent
        fields = ()
