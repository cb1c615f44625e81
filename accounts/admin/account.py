"""Customer companies, and the domains and IP ranges they are recognised by."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts import account_import
from accounts.account_fields import BUILT_IN, NAME_SPEC, FieldSpec
from accounts.account_fields import read as read_value
from accounts.account_values import write_by_hand
from accounts.admin.base import (
    WorkspaceAdmin,
    WorkspaceForm,
    WorkspaceInline,
    person,
)
from accounts.admin.csv_import import CsvImportAdmin, CsvImportForm
from accounts.admin.later import reattribute_soon
from accounts.models import Account, AccountDomain, AccountNetwork, Workspace
from accounts.peer import peer_address
from accounts.roles import Action

# What people may say of an account in the admin, by key.
KNOWN: dict[str, FieldSpec] = {spec.key: spec for spec in (NAME_SPEC, *BUILT_IN)}


class DomainInline(WorkspaceInline):
    """Further domains of an account."""

    model = AccountDomain
    add_action = change_action = delete_action = Action.EDIT
    fields = ("domain",)
    verbose_name = "further domain"


class NetworkInline(WorkspaceInline):
    """IP ranges of an account."""

    model = AccountNetwork
    add_action = change_action = delete_action = Action.CONFIGURE
    fields = ("network", "note")
    verbose_name = "IP range"


class AccountForm(WorkspaceForm):
    """An account whose fields are read as everywhere: employees may be a range.

    The fields of the workspace's own are on the account's page.
    """

    country = forms.CharField(
        required=False, max_length=60, help_text="ISO 3166 code, or a name."
    )
    employees = forms.CharField(
        required=False, max_length=30, help_text="A number, or a range such as 50-200."
    )

    class Meta:
        model = Account
        fields = ("workspace", "name", "domain", "country", "industry", "employees")

    def clean_country(self) -> Any:
        """Read a code or a name."""
        return self._read("country") or ""

    def clean_employees(self) -> Any:
        """Read a number or the lower end of a range."""
        return self._read("employees")

    def _read(self, key: str) -> Any:
        try:
            return read_value(KNOWN[key], self.cleaned_data[key])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class ImportForm(CsvImportForm):
    """A file of accounts, and what to do about lines that fit none."""

    create = forms.BooleanField(
        required=False,
        label="Create missing accounts",
        help_text="Otherwise a line whose domain no account has is wrong.",
    )
    all_or_nothing = forms.BooleanField(
        required=False,
        label="All or nothing",
        help_text="Import nothing when a line is wrong.",
    )

    def __init__(self, data: Any, files: Any, *, workspaces: Any) -> None:
        super().__init__(data, files, workspaces=workspaces)
        self.fields["file"].help_text = (
            "UTF-8, with a heading. domain is needed; name, country, industry, "
            "employees and your own fields, by key or label, are read. Empty cells "
            "change nothing, and what somebody entered by hand stays."
        )

    @property
    def ticked(self) -> list[str]:
        """Return the names of the boxes that were ticked."""
        names = ("create", "all_or_nothing")
        return [name for name in names if self.cleaned_data.get(name)]


@admin.register(Account)
class AccountAdmin(CsvImportAdmin):
    """Companies. Not deleted here: their next event would only bring them back."""

    empty_note = (
        "They come with the first events of their people, from a CSV file, or by hand."
    )
    form = AccountForm
    add_action = Action.EDIT
    change_action = Action.EDIT
    list_display = (
        "name",
        "domain",
        "country",
        "industry",
        "employees",
        "last_seen_at",
    )
    list_select_related = ("workspace",)
    sortable_by = ("name", "last_seen_at")
    search_fields = ("name__istartswith", "domain__istartswith")
    search_help_text = "The start of a name or domain."
    # As the index `account_by_name`: by the workspace's id, not by its name.
    ordering = ("workspace_id", "name", "id")
    fields = ("workspace", "name", "domain", "country", "industry", "employees")
    inlines = (DomainInline, NetworkInline)

    def view_on_site(self, obj: Any) -> str:
        """Return the page that shows how the account is doing."""
        return reverse("dashboards:account", args=[obj.workspace.slug, obj.pk])

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write what is known as the account's page does: with its source, audited."""
        typed = {key: getattr(obj, key) or None for key in KNOWN}
        if change:
            changed = [key for key in KNOWN if key in form.changed_data]
            kept = [name for name in form.changed_data if name not in KNOWN]
            if kept:
                obj.save(update_fields=kept)
        else:
            # What is known of it comes below, as anybody says it.
            obj.country, obj.industry, obj.employees = "", "", None
            super().save_model(request, obj, form, change)
            changed = [key for key in KNOWN if typed[key] is not None]
        write_by_hand(
            obj,
            {key: typed[key] for key in changed},
            actor=person(request),
            ip=peer_address(request) or None,
        )

    # ---- The import

    import_form = ImportForm

    def read_import(self, form: Any) -> account_import.Preview:
        """Judge the file, missing accounts as was ticked."""
        data = form.cleaned_data
        return account_import.read_accounts(
            data["text"], data["workspace"], create=data["create"]
        )

    def import_refusal(self, form: Any, read: account_import.Preview) -> str:
        """Say what was asked for, where lines are wrong."""
        if form.cleaned_data["all_or_nothing"] and read.problems:
            return "Lines are wrong, so all or nothing is nothing."
        return ""

    def write_import(
        self, request: HttpRequest, form: Any, read: account_import.Preview
    ) -> str:
        """Make and fill the accounts."""
        account_import.write_accounts(
            read,
            form.cleaned_data["workspace"],
            actor=person(request),
            ip=peer_address(request) or None,
            file_name=form.cleaned_data["file_name"],
        )
        return (
            f"{read.added} accounts added, {read.changed} changed, "
            f"{len(read.problems)} problems left out."
        )

    def save_formset(
        self,
        request: HttpRequest,
        form: Any,
        formset: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Note who entered an IP range, and let a changed table have its effect."""
        if formset.model is AccountNetwork:
            for line in formset.forms:
                if line.instance.pk is None:
                    line.instance.created_by = person(request)
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            reattribute_soon(request, form.instance.workspace)


@admin.register(AccountNetwork)
class AccountNetworkAdmin(WorkspaceAdmin):
    """IP ranges of all accounts: the table that attribution rule 4 reads."""

    empty_note = "A range tells whose the use from its addresses is."
    add_action = change_action = delete_action = Action.CONFIGURE
    list_display = ("network", "account", "note", "created_by", "created_at")
    list_select_related = ("workspace", "account", "created_by")
    search_fields = ("note", "account__name__istartswith")
    ordering = ("network",)
    fields = ("workspace", "account", "network", "note")
    autocomplete_fields = ("account",)

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Note who entered the range."""
        if not change:
            obj.created_by = person(request)
        super().save_model(request, obj, form, change)
        if form.has_changed():
            reattribute_soon(request, obj.workspace)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Let the missing range have its effect."""
        super().delete_model(request, obj)
        reattribute_soon(request, obj.workspace)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the missing ranges have their effect."""
        ids = queryset.order_by().values_list("workspace", flat=True).distinct()
        workspaces = list(Workspace.objects.filter(pk__in=list(ids)))
        super().delete_queryset(request, queryset)
        for workspace in workspaces:
            reattribute_soon(request, workspace)
