"""People who use the products, and the ways they are known."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin.base import WorkspaceInline, identities_like
from accounts.admin.tools import ToolsAdmin
from accounts.models import Identity
from accounts.roles import Action


class IdentityInline(WorkspaceInline):
    """The ways a developer is known; joined and split on the developer's page."""

    model = Identity
    fields = ("kind", "value", "joined_by", "first_seen_at", "last_seen_at")
    readonly_fields = fields
    extra = 0
    can_delete = False


class DeveloperAdmin(ToolsAdmin):
    """Developers. What can be done with them is added by `ingest.admin.developer`."""

    empty_note = "They come with the first events."
    change_action = Action.EDIT
    list_display = ("display_name", "account", "rule", "confidence", "last_seen_at")
    list_display_links = ("display_name",)
    list_filter = ("rule", "is_anonymous")
    list_select_related = ("workspace", "account")
    sortable_by = ("display_name", "last_seen_at")
    search_fields = ("display_name__istartswith",)
    search_help_text = "The start of a name, or a whole identity."
    # As the index `developer_by_name`: by the workspace's id, not by its name.
    ordering = ("workspace_id", "display_name", "id")
    fields = (
        *("workspace", "display_name", "account", "rule", "rule_detail"),
        *("confidence", "traits", "first_seen_at", "last_seen_at"),
    )
    readonly_fields = fields[2:]
    inlines = (IdentityInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out the nameless users that pre-counted events hang on."""
        return super().get_queryset(request).filter(is_aggregate=False)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by the start of the name, or by a whole identity (both indexed)."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:
            known = identities_like(request, search_term)
            rows |= queryset.filter(pk__in=known.values("developer"))
        return rows, duplicates

    def view_on_site(self, obj: Any) -> str:
        """Return the page that shows what the developer does."""
        return reverse("dashboards:developer", args=[obj.workspace.slug, obj.pk])
