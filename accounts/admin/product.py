"""Products: what is measured, and those that announced themselves."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import WorkspaceAdmin, WorkspaceInline
from accounts.models import Product, ProductVersion
from accounts.roles import Action


class VersionInline(WorkspaceInline):
    """Versions that were really released; licence telemetry of others is flagged."""

    model = ProductVersion
    add_action = change_action = delete_action = Action.CONFIGURE
    fields = ("version", "released_on", "is_supported")
    verbose_name = "version"


@admin.register(Product)
class ProductAdmin(WorkspaceAdmin):
    """Products. Events refer to them, so they are renamed but not deleted."""

    add_action = Action.CONFIGURE
    change_action = Action.CONFIGURE
    list_display = ("name", "key", "is_discovered", "created_at")
    list_filter = ("is_discovered",)
    list_select_related = ("workspace",)
    search_fields = ("name", "key")
    ordering = ("name",)
    fields = ("workspace", "key", "name", "is_discovered")
    actions = ("confirm",)
    inlines = (VersionInline,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask about discovery only where it happened."""
        fields = tuple(super().get_fields(request, obj))
        if obj is None:
            return tuple(name for name in fields if name != "is_discovered")
        return fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: senders put it into their events."""
        del request
        return ("key",) if obj else ()

    @admin.action(description="Confirm discovered products", permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Say that these products are really ours."""
        rows = self.allowed_rows(request, queryset, Action.CONFIGURE)
        number = rows.filter(is_discovered=True).update(is_discovered=False)
        self.message_user(request, f"{number} products confirmed.")
