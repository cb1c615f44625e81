"""What people do on the pages: correct who is who, settle the quarantine.

Each is a POST that calls one function of another app and leads back to its page.
"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.corrections import merge_developers, move_developer
from accounts.errors import AccountsError
from accounts.models import Correction, Developer, Identity
from accounts.peer import peer_address
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, workspace_page
from dashboards.forms import MergeForm, MoveForm, SettleForm, UndoForm
from dashboards.views.pages import show_developer
from ingest.models import QuarantinedEvent
from ingest.quarantine import discard as discard_events
from ingest.quarantine import replay as replay_events
from ingest.split import split_identity, undo_correction


@require_POST
@workspace_page(Action.CORRECT)
def move(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Say which account a developer belongs to; it is never overwritten by a rule."""
    person = _developer(request, pk)
    form = MoveForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        return show_developer(request, pk, move_form=form)
    account = form.cleaned_data["account"]
    try:
        move_developer(
            person,
            account,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            ip=_address(request),
        )
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        where = f"to {account.name}" if account else "out of every account"
        messages.success(request, f"{person} was moved {where}. Undo it below.")
    return _to_developer(request, pk)


@require_POST
@workspace_page(Action.CORRECT)
def merge(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Say that two developers are one person; this one stays."""
    keep = _developer(request, pk)
    form = MergeForm(request.POST, developer=keep)
    if not form.is_valid():
        return show_developer(request, pk, merge_form=form)
    other = form.cleaned_data["other"]
    try:
        merge_developers(
            keep,
            other,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            ip=_address(request),
        )
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{other} was merged into {keep}. Undo it below.")
    return _to_developer(request, pk)


@require_POST
@workspace_page(Action.CORRECT)
def split(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Say that an identity belongs to somebody else: a new developer."""
    identity = get_object_or_404(
        Identity.objects.in_workspace(request.workspace).select_related("developer"),
        pk=pk,
    )
    before = identity.developer_id
    try:
        split_identity(identity, actor=request.user, ip=_address(request))
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{identity.value} is a developer of its own now. Undo it below."
        )
    return _to_developer(request, before)


@require_POST
@workspace_page(Action.CORRECT)
def undo(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Take a correction back."""
    correction = get_object_or_404(Correction, pk=pk, workspace=request.workspace)
    try:
        undone = undo_correction(correction, actor=request.user, ip=_address(request))
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Undone: {correction.get_kind_display().lower()}.")
        for sentence in undone.left:
            messages.warning(request, sentence)
    form = UndoForm(request.POST)
    shown = form.cleaned_data["developer"] if form.is_valid() else None
    here = Developer.objects.in_workspace(request.workspace)
    if shown is not None and here.filter(pk=shown).exists():
        return _to_developer(request, shown)
    return redirect("dashboards:developers", slug=request.workspace.slug)


@require_POST
@workspace_page(Action.REPLAY)
def replay(request: WorkspaceRequest) -> HttpResponse:
    """Put quarantined events of one cause through the digest again."""
    form = SettleForm(request.POST)
    if form.is_valid():
        count = replay_events(
            request.workspace,
            reason=form.cleaned_data["reason"],
            subject=form.cleaned_data["subject"],
            actor=request.user,
            ip=_address(request),
        )
        messages.success(
            request,
            f"{count:,} events go through the digest again. What still cannot be "
            "used comes back here.",
        )
    return redirect("dashboards:ingestion", slug=request.workspace.slug)


@require_http_methods(["GET", "POST"])
@workspace_page(Action.DISCARD)
def discard(request: WorkspaceRequest) -> HttpResponse:
    """Ask, then give up quarantined events of one cause for good."""
    form = SettleForm(request.POST or request.GET)
    if not form.is_valid():
        return redirect("dashboards:ingestion", slug=request.workspace.slug)
    reason, subject = form.cleaned_data["reason"], form.cleaned_data["subject"]
    if request.method == "POST":
        count = discard_events(
            request.workspace,
            reason=reason,
            subject=subject,
            actor=request.user,
            ip=_address(request),
        )
        messages.success(request, f"{count:,} events were discarded.")
        return redirect("dashboards:ingestion", slug=request.workspace.slug)
    waiting = QuarantinedEvent.objects.filter(
        workspace=request.workspace,
        reason=reason,
        subject=subject,
        status=QuarantinedEvent.Status.WAITING,
    )
    return render(
        request,
        "dashboards/discard.html",
        {
            "page_title": "Discard events",
            "count": waiting.count(),
            "reason": reason,
            "subject": subject,
        },
    )


def _address(request: WorkspaceRequest) -> str | None:
    return peer_address(request) or None


def _developer(request: WorkspaceRequest, pk: int) -> Developer:
    return get_object_or_404(Developer.objects.in_workspace(request.workspace), pk=pk)


def _to_developer(request: WorkspaceRequest, pk: int) -> HttpResponse:
    return redirect("dashboards:developer", slug=request.workspace.slug, pk=pk)
