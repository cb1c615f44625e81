"""Versions of the score model, to be read; the page of the score model makes them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.admin.base import WorkspaceAdmin
from accounts.models import Metric, ScoreModel
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
        *("workspace", "version", *CHANGEABLE, "landmark", "shown_weights", "note"),
        *("maker", "created_at", "applied_at", "editor"),
    )

    @admin.display(description="created by")
    def maker(self, model: Any) -> str:
        """Return who wrote it: as text, since only operators may open people."""
        return str(model.created_by or "Uptick")

    @admin.display(description="weights")
    def shown_weights(self, model: Any) -> SafeString:
        """Return what each metric counts for, by its label, the weightiest first."""
        metrics = Metric.objects.filter(workspace=model.workspace_id)
        labels = {str(metric.pk): metric.label or metric.key for metric in metrics}
        lines = sorted(
            (-weight, labels.get(key, f"Metric {key}"), weight, cap)
            for key, (weight, cap) in model.weights.items()
        )
        return format_html_join(
            mark_safe("<br>"),
            "{}: {}{}",
            (
                (label, f"{weight:g}", f", at most {cap:,} a day" if cap else "")
                for _, label, weight, cap in lines
            ),
        )

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
