"""The inbox, for operators: what waits, and what has failed."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import WorkspaceAdmin, person
from accounts.roles import Action
from ingest.models import InboxEntry


@admin.register(InboxEntry)
class InboxEntryAdmin(WorkspaceAdmin):
    """Requests that wait to be digested; usually there are none for long."""

    view_action = Action.CONFIGURE
    list_display = ("received_at", "event_count", "dialect", "tries", "not_before")
    list_filter = ("dialect",)
    list_select_related = ("workspace", "api_key")
    sortable_by = ()
    ordering = ("id",)
    fields = (
        *("workspace", "api_key", "dialect", "received_at", "event_count"),
        *("tries", "not_before", "last_error"),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to operators only."""
        return person(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let operators only see it."""
        del obj
        return person(request).is_superuser
