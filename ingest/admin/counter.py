"""Ingestion counters: what each key sent, by hour and outcome."""

from django.contrib import admin

from accounts.admin.base import ScopedFilter, WorkspaceAdmin
from ingest.models import IngestCounter


@admin.register(IngestCounter)
class IngestCounterAdmin(WorkspaceAdmin):
    """Counters, newest hour first. Refusals without a known key: operators only."""

    list_display = ("hour", "outcome", "count", "dialect", "api_key")
    list_display_links = None
    list_filter = ("dialect", ("api_key", ScopedFilter))
    list_select_related = ("workspace", "api_key")
    search_fields = ("outcome__istartswith",)
    search_help_text = "The start of an outcome: accepted, duplicate, refused:…"
    sortable_by = ()
    ordering = ("-hour", "id")
