"""Ingestion counters: what each key sent, by hour and outcome."""

from django.contrib import admin

from accounts.admin.base import ScopedFilter
from ingest.admin.dialects import DialectAdmin, DialectFilter
from ingest.models import IngestCounter


@admin.register(IngestCounter)
class IngestCounterAdmin(DialectAdmin):
    """Counters, newest hour first. Refusals without a known key: operators only."""

    empty_note = "They begin with the first request."
    list_display = ("hour", "outcome", "count", "shown_dialect", "api_key")
    list_display_links = None
    list_filter = (DialectFilter, ("api_key", ScopedFilter))
    list_select_related = ("workspace", "api_key")
    search_fields = ("outcome__istartswith",)
    search_help_text = "The start of an outcome: accepted, duplicate, refused:…"
    sortable_by = ()
    ordering = ("-hour", "id")
