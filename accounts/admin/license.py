"""Licences with their activations: entered, imported from CSV, revoked."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import license_import
from accounts.admin.base import ScopedFilter, WorkspaceInline, person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.csv_import import CsvImportAdmin, CsvImportForm
from accounts.admin.later import reattribute_soon
from accounts.admin.tools import Page, Tool
from accounts.licensing import log, revoke_license
from accounts.models import Activation, AuditEntry, License
from accounts.peer import peer_address
from accounts.roles import Action

BADGES = {
    License.State.ACTIVE: "good",
    License.State.EXPIRED: "low",
    License.State.REVOKED: "bad",
}


class StateFilter(admin.SimpleListFilter):
    """Licences by what they are now."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer the states."""
        del request, model_admin
        return License.State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Keep the licences in one state."""
        del request
        chosen = self.value()
        if chosen not in License.State.values:
            return queryset
        return queryset.in_state(chosen)  # type: ignore[attr-defined]


class ActivationInline(WorkspaceInline):
    """Where a licence is activated."""

    model = Activation
    add_action = change_action = delete_action = Action.EDIT
    fields = ("identifier", "hwid", "first_seen_at", "last_seen_at")
    readonly_fields = ("first_seen_at", "last_seen_at")


class ImportForm(CsvImportForm):
    """Which columns a file of licences has."""

    def __init__(self, data: Any, files: Any, *, workspaces: Any) -> None:
        super().__init__(data, files, workspaces=workspaces)
        self.fields["file"].help_text = (
            "UTF-8, with a heading. Columns: "
            f"{', '.join(license_import.COLUMNS)}. Only key is needed; several "
            "activations stand separated by semicolons."
        )


@admin.register(License)
class LicenseAdmin(CsvImportAdmin):
    """Licences. Revoked, never deleted: what they reported names them."""

    add_action = Action.EDIT
    change_action = Action.EDIT
    own_pages = (Page("revoke", Action.EDIT), *CsvImportAdmin.own_pages)
    list_display = (
        *("key", "shown_state", "account", "product", "holder", "used_seats"),
        "expires_at",
    )
    list_filter = (StateFilter, ("product", ScopedFilter))
    list_select_related = ("workspace", "account", "product")
    search_fields = ("key__startswith", "holder__istartswith")
    search_help_text = "The start of a key or of a holder's name."
    sortable_by = ("key", "expires_at")
    ordering = ("-id",)
    autocomplete_fields = ("account",)
    inlines = (ActivationInline,)

    # ---- The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count activations by a sub-query for the licences of the page."""
        used = (
            Activation.objects.filter(license=OuterRef("pk"))
            .order_by()
            .values("license")
            .annotate(number=Count("pk"))
            .values("number")
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(used=Coalesce(Subquery(used), 0))
        return counted

    @admin.display(description="state")
    def shown_state(self, license: Any) -> SafeString:  # noqa: A002
        """Return what the licence is now."""
        state = license.state
        return format_html(
            '<span class="badge badge-{}">{}</span>', BADGES[state], state.label
        )

    @admin.display(description="activations")
    def used_seats(self, license: Any) -> str:  # noqa: A002
        """Return how many activations there are, of how many."""
        of = f" of {license.seats}" if license.seats is not None else ""
        return f"{license.used}{of}"

    # ---- The form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the state of what there is."""
        del request
        fields = (
            *("key", "account", "product", "holder", "seats", "expires_at", "note"),
        )
        if obj is None:
            return ("workspace", *fields)
        return ("workspace", "shown_state", *fields, "revoked_at", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: the software that was sold has it."""
        del request
        return ("key", "shown_state", "revoked_at", "created_at") if obj else ()

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Audit it, and let a new owner have its effect."""
        super().save_model(request, obj, form, change)
        added, changed = AuditEntry.Action.LICENSE_ADDED, tuple(form.changed_data)
        action = AuditEntry.Action.LICENSE_CHANGED if change else added
        if changed or not change:
            log(
                action,
                obj,
                actor=person(request),
                ip=peer_address(request) or None,
                changed=changed if change else (),
            )
        if change and "account" in changed:
            reattribute_soon(request, obj.workspace)

    def view_on_site(self, obj: Any) -> str:
        """Return the page that shows what the licence reports."""
        return reverse("dashboards:licence", args=[obj.workspace.slug, obj.pk])

    # ---- Pages of its own

    def tools(self, obj: Any) -> list[Tool]:
        """Offer to revoke what still works."""
        return [] if obj.revoked_at else [self.tool("Revoke", "revoke", obj)]

    def revoke_view(self, request: HttpRequest, found: License) -> HttpResponse:
        """Ask, then revoke."""
        if is_confirmed(request):
            revoke_license(
                found, actor=person(request), ip=peer_address(request) or None
            )
            self.log_change(request, found, "Revoked")
            self.message_user(request, f"Licence {found} is revoked.")
            return self.to_page("change", found.pk)
        return confirmation(
            self,
            request,
            title="Revoke",
            explanation=f"Licence {found} is revoked for ever. What it reports is "
            "still stored, with a red flag, and tells no account any more.",
            button="Revoke the licence",
            obj=found,
            is_danger=True,
        )

    # ---- The import

    import_form = ImportForm

    def read_import(self, form: Any) -> license_import.Preview:
        """Judge the file."""
        data = form.cleaned_data
        return license_import.read(data["text"], data["workspace"])

    def write_import(
        self, request: HttpRequest, form: Any, read: license_import.Preview
    ) -> str:
        """Write the licences, and let their accounts have their effect."""
        workspace = form.cleaned_data["workspace"]
        license_import.write(
            read,
            workspace,
            actor=person(request),
            ip=peer_address(request) or None,
        )
        reattribute_soon(request, workspace)
        return (
            f"{read.added} licences added, {read.changed} changed, "
            f"{len(read.problems)} lines left out."
        )
