"""What is done with the data of a person: flag it as wrong, export it, erase it."""

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import flags
from accounts.errors import AccountsError
from accounts.models import Account, Developer, Identity
from accounts.models.api_key import Dialect
from accounts.peer import peer_address
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, workspace_page
from dashboards.care_form import EraseForm, FlagForm, TargetForm
from ingest.erasure import erase_developer, preview
from ingest.models import Event
from ingest.person_export import export_developer, file_name


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def flag(request: WorkspaceRequest) -> HttpResponse:
    """Ask what is wrong with a record, and queue it for the admins."""
    target = _target(request)
    form = FlagForm(request.POST if request.method == "POST" else None)
    back = _page_of(request, target)
    if request.method == "POST" and form.is_valid():
        try:
            flags.flag(
                target,
                problem=form.cleaned_data["problem"],
                text=form.cleaned_data["text"],
                actor=request.user,
                ip=_address(request),
            )
        except AccountsError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, "Flagged. An admin will look into it.")
        return redirect(back)
    return render(
        request,
        "dashboards/flag.html",
        {
            "page_title": "Flag as wrong",
            "form": form,
            "target": target,
            "back": back,
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@workspace_page(Action.CARE)
def erase(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show what would go, then erase a developer everywhere."""
    developer = _developer(request, pk)
    form = EraseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            receipt = erase_developer(
                developer,
                actor=request.user,
                reason=form.cleaned_data["reason"],
                opt_out=form.cleaned_data["opt_out"],
                ip=_address(request),
            )
        except AccountsError as error:
            messages.error(request, str(error))
            return redirect("dashboards:developers", slug=request.workspace.slug)
        messages.success(request, "Erased. This is the receipt.")
        return redirect("admin:accounts_erasure_change", receipt.pk)
    return render(
        request,
        "dashboards/erase.html",
        {
            "page_title": f"Erase {developer}",
            "developer": developer,
            "form": form,
            "preview": preview(developer),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@workspace_page(Action.CARE)
def export(request: WorkspaceRequest, pk: int) -> StreamingHttpResponse:
    """Send everything that is held about a developer, as it is read."""
    developer = _developer(request, pk)
    parts = export_developer(developer, actor=request.user, ip=_address(request))
    response = StreamingHttpResponse(parts, content_type="application/zip")
    name = file_name(developer)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _target(request: WorkspaceRequest) -> flags.Target:
    """Return the record that the address names; raises Http404 where there is none."""
    form = TargetForm(request.GET)
    if not form.is_valid():
        raise Http404
    asked = form.cleaned_data
    if asked["account"]:
        return flags.of_account(
            get_object_or_404(
                Account.objects.in_workspace(request.workspace), pk=asked["account"]
            )
        )
    if not asked["identity"]:
        return flags.of_developer(_developer(request, asked["developer"] or 0))
    identity = get_object_or_404(
        Identity.objects.in_workspace(request.workspace).select_related(
            "developer__workspace"
        ),
        pk=asked["identity"],
    )
    if not asked["event"]:
        return flags.of_identity(identity)
    # By the identity: events have no index on their number.
    event = get_object_or_404(
        Event.objects.filter(workspace=request.workspace, identity=identity),
        pk=asked["event"],
    )
    is_record = event.dialect == Dialect.LICENSE
    return flags.of_event(identity, event.pk, is_license_record=is_record)


def _page_of(request: WorkspaceRequest, target: flags.Target) -> str:
    slug = request.workspace.slug
    if target.account is not None:
        return reverse("dashboards:account", args=[slug, target.account.pk])
    assert target.developer is not None  # noqa: S101 (for the type checker)
    return reverse("dashboards:developer", args=[slug, target.developer.pk])


def _developer(request: WorkspaceRequest, pk: int) -> Developer:
    return get_object_or_404(
        Developer.objects.in_workspace(request.workspace).select_related("workspace"),
        pk=pk,
    )


def _address(request: WorkspaceRequest) -> str | None:
    return peer_address(request) or None
