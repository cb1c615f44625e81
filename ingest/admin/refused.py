"""Refused requests, to look into: read-only, and a way to the doctor."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.roles import Action
from ingest.admin.dialects import DialectAdmin, DialectFilter
from ingest.models import RefusedRequest


@admin.register(RefusedRequest)
class RefusedRequestAdmin(DialectAdmin):
    """The last requests of each key and dialect that were turned away, of some days.

    For those who may use the doctor: what a sender wrote may be about people.
    """

    empty_note = "Requests that are turned away stay here for a week."
    view_action = Action.VIEW_KEY
    list_display = ("at", "shown_reason", "status", "shown_dialect", "api_key", "peer")
    list_filter = (DialectFilter,)
    list_select_related = ("workspace", "api_key")
    search_fields = ("reason__istartswith",)
    search_help_text = "The start of a reason: invalid, not_json, …"
    sortable_by = ()
    ordering = ("-at", "-id")
    fields = (
        *(
            "workspace",
            "at",
            "shown_dialect",
            "api_key",
            "peer",
            "shown_reason",
            "status",
        ),
        *("shown_request", "shown_answer", "doctor"),
    )
    readonly_fields = (
        *("shown_dialect", "shown_reason", "shown_request", "shown_answer", "doctor"),
    )

    @admin.display(description="reason")
    def shown_reason(self, row: Any) -> str:
        """Return the reason in words."""
        return str(row.reason).replace("_", " ").capitalize()

    @admin.display(description="request")
    def shown_request(self, row: Any) -> SafeString:
        """Return the request as text, its secrets replaced long before."""
        return format_html("<pre>{}</pre>", row.request)

    @admin.display(description="answer")
    def shown_answer(self, row: Any) -> SafeString:
        """Return what the sender was told."""
        return format_html("<pre>{}</pre>", row.answer)

    @admin.display(description="doctor")
    def doctor(self, row: Any) -> SafeString:
        """Return the way to the page that says what is wrong with it."""
        address = reverse("dashboards:doctor", args=[row.workspace.slug])
        return format_html(
            '<a href="{}?refused={}">Explain this request</a>', address, row.pk
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the long texts out of the list."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        return rows.defer("request", "answer") if is_list else rows
