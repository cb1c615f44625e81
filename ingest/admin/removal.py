"""Removing a workspace, which operators alone may, and the receipts of it."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from kombu.exceptions import OperationalError

from accounts.admin.base import OperatorsLookAdmin, person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.tools import ToolsAdmin
from accounts.models import RemovedWorkspace, Workspace
from ingest.removal import begin, preview, receipt_lines
from ingest.tasks import remove_workspaces


class RemovalForm(forms.Form):
    """Asks for the slug, so that nobody removes the wrong workspace by a slip."""

    slug = forms.CharField(
        label="Slug of the workspace",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Type it to say that you mean this one.",
    )
    reason = forms.CharField(
        required=False,
        max_length=100,
        help_text="Such as the number of a ticket. It stays in the receipt.",
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace

    def clean_slug(self) -> str:
        """Compare it."""
        typed = str(self.cleaned_data["slug"]).strip()
        if typed != self.workspace.slug:
            raise forms.ValidationError("That is not the slug of this workspace.")
        return typed


class RemovableAdmin(ToolsAdmin):
    """Puts our own page behind the button Delete of a workspace."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave it to operators."""
        del obj
        return person(request).is_superuser

    def get_actions(self, request: HttpRequest) -> Any:
        """Remove one at a time, and never by ticking."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what would go, ask for the slug, and begin."""
        del extra_context
        number = int(object_id) if object_id.isascii() and object_id.isdecimal() else 0
        workspace = get_object_or_404(self.get_queryset(request), pk=number)
        if not self.has_delete_permission(request, workspace):
            raise PermissionDenied
        form = RemovalForm(
            request.POST if is_confirmed(request) else None, workspace=workspace
        )
        if is_confirmed(request) and form.is_valid():
            receipt = begin(
                workspace,
                actor=person(request),
                reason=form.cleaned_data["reason"],
            )
            # The next run of the beat does the same should the broker be away.
            with suppress(OperationalError):
                remove_workspaces.delay()
            self.message_user(request, "It goes now, in the background.")
            return HttpResponseRedirect(
                reverse("admin:accounts_removedworkspace_change", args=[receipt.pk])
            )
        lines = preview(workspace)
        rows = sum(line.rows for line in lines)
        return confirmation(
            self,
            request,
            title=f"Remove {workspace}",
            explanation=f"Everything in it goes, {rows:,} rows, and there is no way "
            "back. Its keys end at once, its members see it no more; the rows follow "
            "in the background. Log-ins of people stay.",
            button="Remove the workspace",
            obj=workspace,
            form=form,
            rows=[f"{line.label}: {line.rows:,}" for line in lines],
            is_danger=True,
        )


@admin.register(RemovedWorkspace)
class RemovedWorkspaceAdmin(OperatorsLookAdmin):
    """Receipts of workspaces that are gone, for operators; nobody changes them."""

    list_display = ("begun_at", "slug", "name", "actor_label", "total", "finished_at")
    list_display_links = ("begun_at",)
    sortable_by = ()
    ordering = ("-id",)
    show_full_result_count = False
    fields = (
        *("slug", "name", "begun_at", "finished_at", "actor_label", "reason", "went"),
    )
    readonly_fields = ("went",)

    @admin.display(description="rows")
    def total(self, row: Any) -> str:
        """Return how many rows went so far."""
        return f"{row.rows:,}"

    @admin.display(description="what went")
    def went(self, row: Any) -> SafeString:
        """Return the counts as a table."""
        context = {"lines": receipt_lines(row), "total": row.rows}
        return render_to_string("admin/accounts/erasure/lines.html", context)
