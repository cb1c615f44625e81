"""Customer companies, and the domains and IP ranges they are recognised by."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.admin.base import WorkspaceAdmin, WorkspaceInline, person
from accounts.models import Account, AccountDomain, AccountNetwork, Workspace
from accounts.roles import Action
from accounts.tasks import reattribute_workspace


def reattribute_soon(request: HttpRequest, workspace: Workspace) -> None:
    """Have the workspace's developers judged anew once this change is committed."""
    transaction.on_commit(partial(_send, request, workspace))


def _send(request: HttpRequest, workspace: Workspace) -> None:
    try:
        reattribute_workspace.delay(workspace.pk)
    except OperationalError:
        messages.warning(
            request,
            "Saved, but the workers cannot be told. When they are back, run "
            f"manage.py reattribute --workspace {workspace.slug}.",
        )
    else:
        messages.info(request, "Developers are being sorted into accounts anew.")


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
    # As the index `account_by_name`: by the workspace's id, not by its name.
    ordering = ("workspace_id", "name", "id")
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
