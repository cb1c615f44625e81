"""Workspaces, and how long each keeps its data."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from kombu.exceptions import OperationalError

from accounts.admin.base import ModelForm, person
from accounts.admin.tools import Tool
from accounts.admin.workspace import RETENTION_FIELDS, WorkspaceModelAdmin
from accounts.audit import record
from accounts.models import AuditEntry, Workspace
from accounts.peer import peer_address
from accounts.roles import Action, can
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
class KeepingWorkspaceAdmin(WorkspaceModelAdmin):
    """Tenants, with a page that shows what a setting would delete before it does."""

    def tools(self, request: HttpRequest, obj: Any) -> list[Tool]:
        """Offer the page on retention to those who may set it."""
        if not can(person(request), Action.CARE, obj.pk):
            return []
        address = reverse("admin:accounts_workspace_retention", args=[obj.pk])
        return [Tool("Retention", address)]

    def get_urls(self) -> list[Any]:
        """Add the page on retention."""
        view = self.admin_site.admin_view(self.retention_view)
        return [
            path("<int:pk>/retention/", view, name="accounts_workspace_retention"),
            *super().get_urls(),
        ]

    def retention_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would go; save, or let it go now."""
        workspace = get_object_or_404(self.get_queryset(request), pk=pk)
        if not can(person(request), Action.CARE, pk):
            raise PermissionDenied
        here = HttpResponseRedirect(request.path)
        if request.method == "POST" and "apply" in request.POST:
            # The nightly run does the same should the broker be away.
            with suppress(OperationalError):
                apply_retention.delay(pk, person(request).pk)
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
