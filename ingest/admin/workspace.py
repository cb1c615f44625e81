"""Workspaces, and how long each keeps its data."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from kombu.exceptions import OperationalError

from accounts.admin.base import ModelForm, person
from accounts.admin.tools import Page, Tool
from accounts.admin.workspace import RETENTION_FIELDS, WorkspaceModelAdmin
from accounts.audit import record
from accounts.models import AuditEntry, Workspace
from accounts.peer import peer_address
from accounts.roles import Action
from ingest.admin.removal import RemovableAdmin
from ingest.retention import days_of, plan
from ingest.tasks import apply_retention


class RetentionForm(ModelForm):
    """Days to keep each kind of data."""

    class Meta:
        model = Workspace
        fields = RETENTION_FIELDS
        widgets = {  # noqa: RUF012 (as Django's documentation has it)
            name: forms.NumberInput(attrs={"min": 1}) for name in RETENTION_FIELDS
        }


@admin.register(Workspace)
class KeepingWorkspaceAdmin(RemovableAdmin, WorkspaceModelAdmin):
    """Tenants, with a page that shows what a setting would delete before it does."""

    own_pages = (Page("retention", Action.CARE),)

    def tools(self, obj: Any) -> list[Tool]:
        """Offer the page on retention."""
        return [self.tool("Retention", "retention", obj)]

    def retention_view(
        self, request: HttpRequest, workspace: Workspace
    ) -> HttpResponse:
        """Show what would go; save, or let it go now."""
        here = HttpResponseRedirect(request.path)
        if request.method == "POST" and "apply" in request.POST:
            # The nightly run does the same should the broker be away.
            with suppress(OperationalError):
                apply_retention.delay(workspace.pk, person(request).pk)
            self.message_user(request, "It goes now, in the background.")
            return here
        days, saved = days_of(workspace), days_of(workspace)
        form = RetentionForm(
            request.POST if request.method == "POST" else None, instance=workspace
        )
        if request.method == "POST" and form.is_valid():
            if "save" in request.POST:
                self._save(request, form)
                return here
            days = {name: form.cleaned_data[name] for name in RETENTION_FIELDS}
        context = {
            **self.admin_site.each_context(request),
            "title": "Retention",
            "opts": self.opts,
            "original": workspace,
            "form": form,
            "due": plan(workspace, days),
            "is_saved": days == saved,
        }
        return TemplateResponse(
            request,
            "admin/accounts/workspace/retention.html",
            context,
            status=422 if form.errors else 200,
        )

    def _save(self, request: HttpRequest, form: RetentionForm) -> None:
        workspace = form.save()
        if form.changed_data:
            record(
                workspace=workspace,
                action=AuditEntry.Action.WORKSPACE_CHANGED,
                subject=workspace.slug,
                actor=person(request),
                ip=peer_address(request) or None,
                detail={"changed": form.changed_data, "days": days_of(workspace)},
            )
        self.message_user(request, "Saved. What is listed below goes tonight.")
