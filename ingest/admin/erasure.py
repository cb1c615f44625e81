"""Receipts of erasures: what went, when, by whom, and nobody's name."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.admin.base import WorkspaceAdmin
from accounts.admin.care import digests_typed
from accounts.models import Erasure
from accounts.roles import Action
from ingest.erasure import receipt_lines


@admin.register(Erasure)
class ErasureAdmin(WorkspaceAdmin):
    """Receipts, newest first. The page of one is fit to be printed."""

    empty_note = "Developers are erased from their own page."
    view_action = Action.CARE
    list_display = ("at", "number", "actor_label", "reason", "total", "opted_out")
    list_display_links = ("at",)
    list_filter = ("opted_out",)
    list_select_related = ("workspace",)
    sortable_by = ()
    search_fields = ("reason",)
    search_help_text = "A reason, or a whole identity of whoever was erased."
    ordering = ("-id",)
    fields = (
        *("workspace", "number", "at", "actor_label", "reason", "opted_out"),
        *("fingerprints", "went"),
    )
    readonly_fields = ("number", "fingerprints", "went")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by reason, or by an identity that is typed in whole."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:
            rows |= queryset.filter(
                digests__overlap=digests_typed(request, search_term)
            )
        return rows, duplicates

    @admin.display(description="receipt")
    def number(self, row: Any) -> str:
        """Return the number that the audit log names."""
        return str(row)

    @admin.display(description="rows")
    def total(self, row: Any) -> str:
        """Return how many rows went."""
        return f"{row.rows:,}"

    @admin.display(description="identities")
    def fingerprints(self, row: Any) -> str:
        """Return the starts of the keyed hashes of the identities."""
        return ", ".join(str(digest)[:8] for digest in row.digests)

    @admin.display(description="what went")
    def went(self, row: Any) -> SafeString:
        """Return the counts as a table."""
        context = {"lines": receipt_lines(row), "total": row.rows}
        return render_to_string("admin/accounts/erasure/lines.html", context)
