"""The page of red flags, and what members say about one."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts import red_flags
from accounts.models import RedFlag
from accounts.peer import peer_address
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.queries import red_flags as query
from dashboards.red_flag_form import RedFlagForm, ResolveForm


@require_GET
@workspace_page()
def page(request: WorkspaceRequest) -> HttpResponse:
    """Show what is odd, the latest first."""
    form = RedFlagForm(request.GET)
    return render(
        request,
        "dashboards/red_flags.html",
        {
            "page_title": "Red flags",
            "form": form,
            "page": query.build(request.workspace, form, request.GET),
            "may_edit": may(request, Action.EDIT),
        },
    )


@require_POST
@workspace_page(Action.EDIT)
def resolve(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Say that somebody looked at it, and what came of it."""
    form = ResolveForm(request.POST)
    if form.is_valid():
        red_flags.resolve(
            _flag(request, pk),
            note=form.cleaned_data["note"],
            actor=request.user,
            ip=peer_address(request) or None,
        )
        messages.success(
            request, "Resolved. The flag opens again if it happens after this."
        )
    else:
        messages.error(request, "The note is too long, or holds odd characters.")
    return _back(request, form)


@require_POST
@workspace_page(Action.EDIT)
def reopen(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Take back that it was resolved."""
    form = ResolveForm(request.POST)
    form.is_valid()
    red_flags.reopen(
        _flag(request, pk), actor=request.user, ip=peer_address(request) or None
    )
    messages.success(request, "The flag is open again.")
    return _back(request, form)


def _flag(request: WorkspaceRequest, pk: int) -> RedFlag:
    return get_object_or_404(RedFlag.objects.in_workspace(request.workspace), pk=pk)


def _back(request: WorkspaceRequest, form: ResolveForm) -> HttpResponseRedirect:
    """Return to the page of ours that the form was on."""
    target = form.cleaned_data.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts=None
    )
    pages = reverse("dashboards:red-flags", args=[request.workspace.slug])
    return HttpResponseRedirect(target if is_ours else pages)
