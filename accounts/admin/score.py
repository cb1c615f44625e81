"""Versions of the score model, to be read; the page of the score model makes them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import WorkspaceAdmin
from accounts.models import ScoreModel
from accounts.score_models import CHANGEABLE


@admin.register(ScoreModel)
class ScoreModelAdmin(WorkspaceAdmin):
    """How usage becomes scores, version by version."""

    list_display = (
        *("version", "half_life_days", "damp", "developer_scale", "account_scale"),
        *("note", "maker", "created_at", "editor"),
    )
    list_display_links = ("version",)
    list_select_related = ("workspace", "created_by")
    sortable_by = ()
    ordering = ("workspace", "-version")
    fields = (
        *("workspace", "version", *CHANGEABLE, "landmark", "weights", "note"),
        *("maker", "created_at", "applied_at", "editor"),
    )

    @admin.display(description="created by")
    def maker(self, model: Any) -> str:
        """Return who wrote it: as text, since only operators may open people."""
        return str(model.created_by or "Uptick")

    @admin.display(description="change it")
    def editor(self, model: Any) -> SafeString:
        """Lead to the page with preview and history, where versions are made."""
        return format_html(
            '<a href="{}">Preview and change</a>', self.view_on_site(model)
        )

    def view_on_site(self, obj: Any) -> str:
        """Return the page of the score model."""
        return reverse("dashboards:scoring", args=[obj.workspace.slug])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let nothing be changed: scores name the version that made them."""
        del request, obj
        return self.fields
