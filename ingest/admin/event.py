"""Raw events of the last days, to look something up; never edited, never counted."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.base import ScopedFilter, identities_like
from ingest.admin.dialects import DialectAdmin, DialectFilter
from ingest.models import Event

# Without a search the list shows this much: the arrival index is by block, so a
# longer time would sort everything that came in during it.
RECENT = timedelta(hours=1)
SEARCHED = timedelta(days=7)
LONGEST_PROPERTIES = 200


@admin.register(Event)
class EventAdmin(DialectAdmin):
    """Events of the last hour, or of one identity in the last seven days.

    The table has no index on its id, so an event has no page of its own.
    """

    empty_note = "The list shows the last hour, or seven days of an identity."
    list_display = (
        *("received_at", "occurred_at", "metric", "product", "identity"),
        *("count", "shown_dialect", "shown_properties"),
    )
    list_display_links = None
    list_filter = (("metric", ScopedFilter), ("product", ScopedFilter), DialectFilter)
    list_select_related = ("workspace", "metric", "product", "identity")
    search_fields = ("identity__value",)
    search_help_text = (
        "A whole identity: an e-mail address, a handle. Without one the list shows "
        "the last hour, with one the last seven days."
    )
    sortable_by = ()
    ordering = ("-received_at",)
    actions = None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Bound the list by arrival, or by identity and time (both indexed)."""
        now = timezone.now()
        if not search_term.strip():
            return queryset.filter(received_at__gte=now - RECENT), False
        # As a list: the planner cannot guess how few identities a value names.
        known = identities_like(request, search_term)
        ids = list(known.values_list("pk", flat=True)[:100])
        return (
            queryset.filter(identity__in=ids, received_at__gte=now - SEARCHED),
            False,
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> None:
        """Find nothing: see the class."""
        del request, object_id, from_field

    @admin.display(description="properties")
    def shown_properties(self, event: Any) -> str:
        """Return the beginning of the properties, as JSON."""
        text = (
            json.dumps(event.properties, ensure_ascii=False) if event.properties else ""
        )
        if len(text) > LONGEST_PROPERTIES:
            return text[:LONGEST_PROPERTIES] + "…"
        return text
