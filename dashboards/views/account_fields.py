"""The page on which members write down what they know of an account."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.account_fields import field_specs
from accounts.account_values import write_by_hand
from accounts.models import Account
from accounts.peer import peer_address
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, workspace_page
from dashboards.account_form import AccountForm


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def edit(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show what is known as a form; write what was changed."""
    account = get_object_or_404(
        Account.objects.in_workspace(request.workspace).select_related("workspace"),
        pk=pk,
    )
    specs = field_specs(request.workspace)
    form = AccountForm(request.POST or None, account=account, specs=specs)
    if request.method == "POST" and form.is_valid():
        written = write_by_hand(
            account,
            form.changes(),
            actor=request.user,
            ip=peer_address(request) or None,
            specs=specs,
        )
        if written.changes:
            messages.success(request, f"{account.name}: saved what you changed.")
        return redirect("dashboards:account", slug=request.workspace.slug, pk=pk)
    return render(
        request,
        "dashboards/account_edit.html",
        {"page_title": f"Edit {account.name}", "account": account, "form": form},
        status=422 if form.errors else 200,
    )
