"""Fields of a workspace's own, versions of the fit criteria, and enrichment."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin.base import WorkspaceAdmin, WorkspaceForm, person
from accounts.admin.later import rate_soon
from accounts.audit import record
from accounts.models import (
    AccountField,
    AuditEntry,
    EnrichmentState,
    FitModel,
)
from accounts.models.account_field import FieldKind
from accounts.peer import peer_address
from accounts.roles import Action

MOST_CHOICES = 100
LONGEST_CHOICE = 100


class AccountFieldForm(WorkspaceForm):
    """A field; the values to choose from stand one in a line."""

    choices = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One in a line; only for a field that is one of several.",
    )

    class Meta:
        model = AccountField
        fields = ("workspace", "key", "label", "kind", "choices", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(self.instance.choices or ())

    def clean_choices(self) -> list[str]:
        """Read the lines."""
        lines = self.cleaned_data["choices"].splitlines()
        choices = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        kind = self.cleaned_data.get("kind") or self.instance.kind
        if choices and kind != FieldKind.CHOICE:
            raise ValidationError("Only a field that is one of several has choices.")
        if len(choices) > MOST_CHOICES:
            raise ValidationError(f"{MOST_CHOICES} choices at most.")
        if any(len(choice) > LONGEST_CHOICE for choice in choices):
            raise ValidationError(f"A choice has {LONGEST_CHOICE} characters at most.")
        return choices


@admin.register(AccountField)
class AccountFieldAdmin(WorkspaceAdmin):
    """What the workspace keeps about accounts beside the built-in fields."""

    empty_note = "Add what you know of accounts beside country, industry and employees."
    form = AccountFieldForm
    add_action = change_action = delete_action = Action.CONFIGURE
    list_display = ("label", "key", "kind", "position")
    list_select_related = ("workspace",)
    sortable_by = ()
    ordering = ("workspace_id", "position", "label", "id")
    fields = ("workspace", "key", "label", "kind", "choices", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep key and kind: values are stored by the one and read by the other."""
        del request
        return ("key", "kind") if obj else ()

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Audit it, and let criteria that ask for the field have their effect."""
        super().save_model(request, obj, form, change)
        if form.has_changed():
            _audit(request, obj, "changed" if change else "added")
            rate_soon(request, obj.workspace)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Audit it; the accounts keep their values, which nothing shows any more."""
        _audit(request, obj, "deleted")
        super().delete_model(request, obj)
        rate_soon(request, obj.workspace)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Audit each of them."""
        found = list(queryset.select_related("workspace"))
        for field in found:
            _audit(request, field, "deleted")
        super().delete_queryset(request, queryset)
        for workspace in {field.workspace for field in found}:
            rate_soon(request, workspace)


def _audit(request: HttpRequest, field: AccountField, what: str) -> None:
    record(
        workspace=field.workspace,
        action=AuditEntry.Action.ACCOUNT_FIELD_CHANGED,
        subject=field.label,
        actor=person(request),
        ip=peer_address(request) or None,
        detail={"key": field.key, "kind": field.kind, "what": what},
    )


@admin.register(FitModel)
class FitModelAdmin(WorkspaceAdmin):
    """Versions of the fit criteria; written on the page Fit, which previews them."""

    empty_note = "Criteria are written on the page Fit, which previews them."
    list_display = ("version", "strong_from", "moderate_from", "maker", "created_at")
    list_display_links = ("version",)
    list_select_related = ("workspace", "created_by")
    sortable_by = ()
    ordering = ("workspace_id", "-version")
    fields = (
        *("workspace", "version", "criteria", "strong_from", "moderate_from"),
        *("note", "maker", "created_at"),
    )
    readonly_fields = ("maker",)

    @admin.display(description="created by")
    def maker(self, model: Any) -> str:
        """Return who wrote it: as text, since only operators may open people."""
        return str(model.created_by or "Uptick")

    def view_on_site(self, obj: Any) -> str:
        """Return the page that edits them."""
        return reverse("dashboards:fit", args=[obj.workspace.slug])


@admin.register(EnrichmentState)
class EnrichmentStateAdmin(WorkspaceAdmin):
    """How each plug-in fared last, and what stands in its way."""

    empty_note = "A plug-in stands here once it has run."
    list_display = (
        *("plug_in", "ran_at", "accounts", "values_written", "failed_at", "error"),
    )
    list_select_related = ("workspace",)
    sortable_by = ()
    ordering = ("workspace_id", "plug_in")
    fields = (
        *("workspace", "plug_in", "ran_at", "accounts", "values_written"),
        *("failed_at", "error"),
    )
