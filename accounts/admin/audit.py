"""The audit log, for admins."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import WorkspaceAdmin
from accounts.models import AuditEntry
from accounts.roles import Action


@admin.register(AuditEntry)
class AuditEntryAdmin(WorkspaceAdmin):
    """Who did what to keys, people and data. Written once, never changed."""

    view_action = Action.MANAGE_MEMBERS
    list_display = ("at", "action", "subject", "who", "ip")
    list_filter = ("action",)
    list_select_related = ("workspace",)
    sortable_by = ()
    search_fields = ("subject", "actor_label")
    ordering = ("-id",)
    fields = ("workspace", "at", "action", "subject", "who", "ip", "detail")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name the actor by the copied address."""
        del request, obj
        return ("who",)

    @admin.display(description="who")
    def who(self, entry: Any) -> str:
        """Return the actor's address as it was then."""
        return str(entry.actor_label)
