"""Taking lists elsewhere: small ones at once, large ones as a file when it is done."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from accounts.clock import today_utc
from dashboards import export_jobs
from dashboards.access import WorkspaceRequest, workspace_page
from dashboards.export_sources import PAGES, parts_of
from dashboards.exports import CONTENT_TYPES, CSV, download
from dashboards.models import ExportJob

MOST_LISTED = 50
LONGEST_QUERY = 2_000


@require_POST
@workspace_page()
def start(request: WorkspaceRequest, source: str) -> HttpResponseBase:
    """Send what a page shows, all of it, or begin to write it into a file."""
    if source not in PAGES:
        raise Http404
    form = request.POST.get("format", CSV)
    if form not in CONTENT_TYPES:
        form = CSV
    rows = PAGES[source](
        request.workspace, request.GET, today=today_utc(), user=request.user
    )
    if rows.is_small():
        name = f"{slugify(request.workspace.slug)}-{source}-{today_utc()}"
        return download(name, form, (text for _, text in parts_of(rows, form)))
    query = request.GET.urlencode()
    if len(query) > LONGEST_QUERY:
        # Cut off it would be another list.
        messages.error(
            request,
            f"What was filtered by takes more than {LONGEST_QUERY:,} characters in the "
            "address, too many for an export that is written into a file. Search for "
            "fewer words, or use fewer filters.",
        )
        return redirect("dashboards:exports", slug=request.workspace.slug)
    try:
        job = export_jobs.start(
            request.workspace,
            source=source,
            form=form,
            query=query,
            user=request.user,
        )
    except export_jobs.TooManyExports:
        messages.warning(
            request, "Your other exports are being written; this one was not begun."
        )
        return redirect("dashboards:exports", slug=request.workspace.slug)
    return redirect("dashboards:export-job", slug=request.workspace.slug, pk=job.pk)


@require_GET
@workspace_page()
def exports(request: WorkspaceRequest) -> HttpResponse:
    """List this member's exports."""
    jobs = list(_mine(request)[:MOST_LISTED])
    return render(
        request,
        "dashboards/exports.html",
        {
            "page_title": "Exports",
            "rows": [(job, export_jobs.is_available(job)) for job in jobs],
            "is_moving": any(not job.is_finished for job in jobs),
        },
    )


@require_GET
@workspace_page()
def job(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show how far an export is, and where its file can be had."""
    found = _find(request, pk)
    return render(
        request,
        "dashboards/export.html",
        {
            "page_title": "Export",
            "job": found,
            "is_available": export_jobs.is_available(found),
            "is_moving": not found.is_finished,
        },
    )


@require_GET
@workspace_page()
def file(request: WorkspaceRequest, pk: int) -> HttpResponseBase:
    """Send the file of an export."""
    found = _find(request, pk)
    if not export_jobs.is_available(found):
        raise Http404
    response = FileResponse(
        found.path.open("rb"),
        as_attachment=True,
        filename=f"{request.workspace.slug}-{found.source}-"
        f"{found.created_at.date()}.{found.format}",
        content_type=CONTENT_TYPES[found.format],
    )
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@workspace_page()
def delete(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Remove an export, or stop one that is being written."""
    export_jobs.delete(_find(request, pk))
    messages.success(request, "The export was removed.")
    return redirect(reverse("dashboards:exports", args=[request.workspace.slug]))


def _mine(request: WorkspaceRequest) -> QuerySet[Any]:
    """Return this member's exports: whoever may look now, but nobody else's."""
    rows = ExportJob.objects.in_workspace(request.workspace)
    return rows.filter(user=request.user).select_related("workspace")


def _find(request: WorkspaceRequest, pk: int) -> ExportJob:
    found: ExportJob = get_object_or_404(_mine(request), pk=pk)
    return found
