"""The inbox, for operators: what waits, and what has failed."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import person
from accounts.roles import Action
from ingest.admin.dialects import DialectAdmin, DialectFilter
from ingest.models import InboxEntry


@admin.register(InboxEntry)
class InboxEntryAdmin(DialectAdmin):
    """Requests that wait to be digested; usually there are none for long."""

    empty_note = "All that has come in is digested."
    view_action = Action.CONFIGURE
    list_display = (
        "received_at",
        "event_count",
        "shown_dialect",
        "tries",
        "not_before",
    )
    list_filter = (DialectFilter,)
    list_select_related = ("workspace", "api_key")
    sortable_by = ()
    ordering = ("id",)
    fields = (
        *("workspace", "api_key", "shown_dialect", "received_at", "event_count"),
        *("tries", "not_before", "last_error"),
    )
    readonly_fields = ("shown_dialect",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to operators only."""
        return person(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let operators only see it."""
        del obj
        return person(request).is_superuser
