"""Customer companies, and the domains and IP ranges they are recognised by."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin.base import WorkspaceAdmin, WorkspaceInline, person
from accounts.models import Account, AccountDomain, AccountNetwork
from accounts.roles import Action


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


@admin.register(Account)
class AccountAdmin(WorkspaceAdmin):
    """Companies. Not deleted here: their next event would only bring them back."""

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
    ordering = ("name", "id")
    fields = ("workspace", "name", "domain", "country", "industry", "employees")
    inlines = (DomainInline, NetworkInline)

    def view_on_site(self, obj: Any) -> str:
        """Return the page that shows how the account is doing."""
        return reverse("dashboards:account", args=[obj.workspace.slug, obj.pk])

    def save_formset(
        self,
        request: HttpRequest,
        form: Any,
        formset: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Note who entered an IP range."""
        if formset.model is AccountNetwork:
            for line in formset.forms:
                if line.instance.pk is None:
                    line.instance.created_by = person(request)
        super().save_formset(request, form, formset, change)


@admin.register(AccountNetwork)
class AccountNetworkAdmin(WorkspaceAdmin):
    """IP ranges of all accounts: the table that attribution rule 4 reads."""

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
