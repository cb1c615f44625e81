"""The funnel, and putting somebody into a stage by hand."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import Account, Developer
from accounts.peer import peer_address
from accounts.roles import Action
from accounts.stages import release_stage, set_stage, subject_of
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.queries import funnel as funnel_query
from dashboards.stage_form import FunnelForm, StageForm


@require_GET
@workspace_page()
def funnel(request: WorkspaceRequest) -> HttpResponse:
    """Show how many are in each stage, go on, and how long it takes them."""
    form = FunnelForm(request.GET)
    subject = form.subject
    period = form.period(today_utc())
    return render(
        request,
        "dashboards/funnel.html",
        {
            "page_title": "Funnel",
            "form": form,
            "period": period,
            "keep": {"of": form.cleaned_data.get("of")},
            "page": funnel_query.build(request.workspace, subject, period),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_POST
@workspace_page(Action.EDIT)
def set_account(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Put an account into a stage by hand."""
    return _set(request, _account(request, pk))


@require_POST
@workspace_page(Action.EDIT)
def release_account(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Let the rules say again where an account stands."""
    return _release(request, _account(request, pk))


@require_POST
@workspace_page(Action.EDIT)
def set_developer(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Put a developer into a stage by hand."""
    return _set(request, _developer(request, pk))


@require_POST
@workspace_page(Action.EDIT)
def release_developer(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Let the rules say again where a developer stands."""
    return _release(request, _developer(request, pk))


def _set(request: WorkspaceRequest, who: Account | Developer) -> HttpResponse:
    form = StageForm(request.POST, who=who)
    if not form.is_valid():
        for texts in form.errors.values():
            messages.error(request, " ".join(map(str, texts)))
        return _back(request, who)
    try:
        entry = set_stage(
            who,
            form.cleaned_data["stage"],
            actor=request.user,
            reason=form.cleaned_data["reason"],
            ip=peer_address(request) or None,
        )
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{who} is in {entry.stage} by hand now, until released."
        )
    return _back(request, who)


def _release(request: WorkspaceRequest, who: Account | Developer) -> HttpResponse:
    try:
        entry = release_stage(who, actor=request.user, ip=peer_address(request) or None)
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        where = f"in {entry.stage}" if entry else "in no stage"
        messages.success(request, f"Released: by the rules {who} is {where}.")
    return _back(request, who)


def _account(request: WorkspaceRequest, pk: int) -> Account:
    rows = Account.objects.in_workspace(request.workspace)
    return get_object_or_404(rows.select_related("workspace"), pk=pk)


def _developer(request: WorkspaceRequest, pk: int) -> Developer:
    rows = Developer.objects.in_workspace(request.workspace)
    return get_object_or_404(rows.select_related("workspace"), pk=pk)


def _back(request: WorkspaceRequest, who: Account | Developer) -> HttpResponse:
    page = f"dashboards:{subject_of(who).value}"
    return redirect(page, slug=request.workspace.slug, pk=who.pk)
