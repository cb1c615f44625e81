"""The page on which a workspace says what a good customer looks like."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.account_fields import field_specs
from accounts.errors import AccountsError
from accounts.fit import Bounds
from accounts.fit_store import (
    Rubric,
    current_fit_model,
    make_rubric,
    new_fit_model,
    preview_fit,
)
from accounts.peer import peer_address
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.fit_form import FitForm, hints
from dashboards.queries import fit as fit_query


@require_http_methods(["GET", "POST"])
@workspace_page()
def page(request: WorkspaceRequest) -> HttpResponse:
    """Show the criteria; a POST previews others or puts them in force."""
    may_configure = may(request, Action.CONFIGURE)
    if request.method == "POST" and not may_configure:
        raise PermissionDenied
    workspace = request.workspace
    specs = field_specs(workspace)
    model = current_fit_model(workspace)
    form = FitForm(
        request.POST if request.method == "POST" else None, model=model, specs=specs
    )
    in_force = make_rubric(model, specs) if model else Rubric((), Bounds(1.0, 1.0))
    wanted = form.rubric() if request.method == "POST" else None
    preview = None
    if wanted and "save" in request.POST:
        try:
            made = new_fit_model(
                workspace, wanted, actor=request.user, ip=peer_address(request) or None
            )
        except AccountsError as error:
            form.errors.append(str(error))
        else:
            messages.success(request, f"{made} are in force; all accounts are rated.")
            return redirect("dashboards:fit", slug=workspace.slug)
    elif wanted:
        preview = preview_fit(workspace, wanted, most=fit_query.MOST_CHANGES)
    refused = request.method == "POST" and preview is None
    return render(
        request,
        "dashboards/fit.html",
        {
            "page_title": "Fit",
            "page": fit_query.build(workspace, in_force, preview),
            "model": model,
            "form": form,
            "hints": hints(specs),
            "preview": preview,
            "may_configure": may_configure,
        },
        status=422 if refused else 200,
    )
