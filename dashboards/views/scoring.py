"""The page of the score model: look, try changes out, save them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import AccountsError
from accounts.peer import peer_address
from accounts.roles import Action
from accounts.score_drafts import (
    Draft,
    OvertakenError,
    begin_draft,
    check_draft,
    draft_calibrated,
    draft_like,
    save_draft,
)
from accounts.score_preview import Preview, PreviewTooLargeError, preview
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.queries import scoring as query
from dashboards.scoring_form import ScoringForm

# A page is waited for; the command takes as long as it needs.
PREVIEW_SECONDS = 20.0
LONGEST_VERSION = 9


@require_http_methods(["GET", "POST"])
@workspace_page()
def page(request: WorkspaceRequest) -> HttpResponse:
    """Show the score model; a POST previews a draft or saves the previewed one."""
    may_configure = may(request, Action.CONFIGURE)
    if request.method == "POST":
        if not may_configure:
            raise PermissionDenied
        return _try_out(request)
    draft = begin_draft(request.workspace)
    try:
        draft = _started(request)
    except AccountsError as error:
        messages.error(request, str(error))
    form = ScoringForm(None, workspace=request.workspace, draft=draft)
    return _show(request, form, draft=draft)


def _started(request: WorkspaceRequest) -> Draft:
    """Return the draft that the form begins with: as asked in the address."""
    version = request.GET.get("from", "")
    if version.isascii() and version.isdecimal() and len(version) <= LONGEST_VERSION:
        return draft_like(request.workspace, int(version))
    if request.GET.get("scales") == "calibrated":
        return draft_calibrated(request.workspace)
    return begin_draft(request.workspace)


def _try_out(request: WorkspaceRequest) -> HttpResponse:
    workspace = request.workspace
    start = begin_draft(workspace)
    form = ScoringForm(request.POST, workspace=workspace, draft=start)
    if not form.is_valid():
        return _show(request, form, draft=None)
    draft = form.draft()
    try:
        check_draft(workspace, draft)
        if _is_confirmed(request, form, draft):
            model = save_draft(
                workspace,
                draft,
                actor=request.user,
                ip=peer_address(request) or None,
            )
            messages.success(
                request,
                f"Version {model.version} is made. All scores are being computed with "
                "it; they change at once when it is done.",
            )
            return redirect("dashboards:scoring", slug=workspace.slug)
        found = preview(workspace, draft, seconds=PREVIEW_SECONDS)
    except PreviewTooLargeError as error:
        form.add_error(
            None,
            f"{error} The command score_model --preview takes as long as it needs; "
            "saved without a preview, this can be taken back below.",
        )
        return _show(request, form, draft=draft, may_save=True)
    except OvertakenError as error:
        form.add_error(None, str(error))
        # Their next look is at what is newest now.
        form = ScoringForm(
            {**request.POST.dict(), "based_on": start.based_on},
            workspace=workspace,
            draft=start,
        )
        form.is_valid()
        form.add_error(None, str(error))
        return _show(request, form, draft=None)
    except AccountsError as error:
        form.add_error(None, str(error))
        return _show(request, form, draft=None)
    return _show(request, form, draft=draft, found=found, may_save=True)


def _is_confirmed(request: WorkspaceRequest, form: ScoringForm, draft: Draft) -> bool:
    """Say whether this is to be saved, and is what the preview was of."""
    return (
        "save" in request.POST and form.cleaned_data["previewed"] == draft.fingerprint
    )


def _show(
    request: WorkspaceRequest,
    form: ScoringForm,
    *,
    draft: Draft | None,
    found: Preview | None = None,
    may_save: bool = False,
) -> HttpResponse:
    return render(
        request,
        "dashboards/scoring.html",
        {
            "page_title": "Score model",
            "page": query.build(request.workspace),
            "form": form,
            "fingerprint": draft.fingerprint if draft and may_save else "",
            "preview": query.shown_preview(found) if found else None,
            "bands": query.band_labels(),
            "may_configure": may(request, Action.CONFIGURE),
        },
        status=422 if request.method == "POST" and found is None else 200,
    )
