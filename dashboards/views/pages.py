"""The pages: form in, one query function, a template out."""

from typing import cast

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from accounts.alerts import follows
from accounts.clock import now_utc, today_utc
from accounts.flags import open_flags
from accounts.models import Account, Application, Developer, License, Subject
from accounts.roles import Action
from accounts.score_lists import with_worth
from accounts.segments.store import default_segment
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.context import SESSION_KEY, build_navigation
from dashboards.exports import table_response
from dashboards.filters import AccountFilter, DeveloperFilter
from dashboards.forms import (
    LicenceForm,
    MergeForm,
    MoveForm,
    PeriodForm,
    SignalsForm,
)
from dashboards.queries import account as account_query
from dashboards.queries import accounts as accounts_query
from dashboards.queries import adoption as adoption_query
from dashboards.queries import curated as curated_query
from dashboards.queries import developer as developer_query
from dashboards.queries import developers as developers_query
from dashboards.queries import ingestion as ingestion_query
from dashboards.queries import licences as licences_query
from dashboards.queries import overview as overview_query
from dashboards.queries import signals as signals_query
from dashboards.queries import stages as stages_query
from dashboards.queries.segment_stays import stays_of
from dashboards.receipt_form import ReceiptForm


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the workspace visited last, or say how to get one."""
    workspace = build_navigation(request).workspace
    if workspace is None:
        return render(
            request, "dashboards/no_workspace.html", {"page_title": "Welcome"}
        )
    return redirect("dashboards:overview", slug=workspace.slug)


@require_GET
@workspace_page()
def workspace_home(request: WorkspaceRequest) -> HttpResponse:
    """Lead to the overview."""
    return redirect("dashboards:overview", slug=request.workspace.slug)


@require_GET
@workspace_page()
def overview(request: WorkspaceRequest) -> HttpResponse:
    """Show how much is used, by how many, and who moved."""
    _remember(request)
    form = PeriodForm(request.GET)
    period = form.period(today_utc())
    page = overview_query.build(request.workspace, period, today=today_utc())
    return render(
        request,
        "dashboards/overview.html",
        {
            "page_title": "Overview",
            "form": form,
            "period": period,
            "page": page,
            "open_flags": open_flags(request.workspace)
            if may(request, Action.CARE)
            else 0,
        },
    )


@require_GET
@workspace_page()
def accounts(request: WorkspaceRequest) -> HttpResponse:
    """List the accounts; a bare address opens with the member's default segment."""
    if to_default := _default_list(request, Subject.ACCOUNT):
        return to_default
    filters = AccountFilter(
        request.GET,
        workspace=request.workspace,
        today=today_utc(),
        user=request.user,
    )
    return render(
        request,
        "dashboards/accounts.html",
        {
            "page_title": "Accounts",
            "filters": filters,
            "page": accounts_query.build(filters, request.GET),
            "sort": filters.sort,
            "may_edit": may(request, Action.EDIT),
        },
    )


@require_GET
@workspace_page()
def account(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show one account."""
    found = get_object_or_404(
        with_worth(
            Account.objects.in_workspace(request.workspace).select_related(
                "workspace", "score"
            )
        ),
        pk=pk,
    )
    form = PeriodForm(request.GET)
    period = form.period(today_utc())
    receipt_form = ReceiptForm(request.GET, today=today_utc())
    return render(
        request,
        "dashboards/account.html",
        {
            "page_title": found.name,
            "form": form,
            "period": period,
            "page": account_query.build(
                found,
                period,
                lines=receipt_form.limit,
                on=receipt_form.day,
                today=today_utc(),
            ),
            "receipt_form": receipt_form,
            "may_edit": may(request, Action.EDIT),
            "may_flag": may(request, Action.EDIT),
            "said": curated_query.said_of(found),
            "stays": stays_of(found, request.user),
            "is_followed": follows(request.workspace, request.user, found),
            "stage": stages_query.card_of(found),
        },
    )


@require_GET
@workspace_page()
def developers(request: WorkspaceRequest) -> HttpResponse:
    """List the developers; a bare address opens with the member's default segment."""
    if to_default := _default_list(request, Subject.DEVELOPER):
        return to_default
    filters = DeveloperFilter(
        request.GET,
        workspace=request.workspace,
        today=today_utc(),
        user=request.user,
    )
    return render(
        request,
        "dashboards/developers.html",
        {
            "page_title": "Developers",
            "filters": filters,
            "page": developers_query.build(filters, request.GET),
            "sort": filters.sort,
        },
    )


@require_GET
@workspace_page()
def developer(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show one developer."""
    return show_developer(request, pk)


def show_developer(
    request: WorkspaceRequest,
    pk: int,
    *,
    move_form: MoveForm | None = None,
    merge_form: MergeForm | None = None,
) -> HttpResponse:
    """Show one developer, perhaps with a correction that was refused and why."""
    found = get_object_or_404(
        with_worth(
            Developer.objects.in_workspace(request.workspace).select_related(
                "workspace", "account", "score"
            )
        ),
        pk=pk,
    )
    receipt_form = ReceiptForm(request.GET, today=today_utc())
    form = PeriodForm(request.GET)
    period = form.period(today_utc())
    refused = move_form is not None or merge_form is not None
    page = developer_query.build(
        found,
        period,
        request.GET,
        lines=receipt_form.limit,
        on=receipt_form.day,
        today=today_utc(),
    )
    response = render(
        request,
        "dashboards/developer.html",
        {
            "page_title": str(found),
            "form": form,
            "period": period,
            "page": page,
            "receipt_form": receipt_form,
            "may_correct": may(request, Action.CORRECT),
            "may_flag": may(request, Action.EDIT),
            "may_care": may(request, Action.CARE),
            "may_edit": may(request, Action.EDIT),
            "said": curated_query.said_of(found),
            "stays": stays_of(found, request.user),
            "is_followed": follows(request.workspace, request.user, found),
            "stage": stages_query.card_of(found),
            "move_form": move_form or MoveForm(workspace=request.workspace),
            "merge_form": merge_form or MergeForm(developer=found),
        },
        status=422 if refused else 200,
    )
    if page.picture:
        # Of this page alone, and for this source alone.
        allow_images = csp_update({"img-src": [page.picture.source]})
        return cast("HttpResponse", allow_images(lambda _: response)(request))
    return response


@require_GET
@workspace_page()
def signals(request: WorkspaceRequest) -> HttpResponse:
    """Show what apps have signalled, production and test mode apart."""
    form = SignalsForm(request.GET, workspace=request.workspace)
    period = form.period(today_utc())
    return render(
        request,
        "dashboards/signals.html",
        {
            "page_title": "Signals",
            "form": form,
            "period": period,
            "page": signals_query.build(request.workspace, period, form),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_GET
@workspace_page()
def adoption(request: WorkspaceRequest) -> HttpResponse:
    """Show who uses the seats of an application, and what for."""
    return render(
        request,
        "dashboards/adoption.html",
        {
            "page_title": "Adoption",
            "page": adoption_query.build(
                request.workspace, request.GET, today=today_utc()
            ),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_GET
@workspace_page()
def adoption_export(request: WorkspaceRequest) -> StreamingHttpResponse:
    """Send who never used their seat in an application, as CSV or NDJSON."""
    application = get_object_or_404(
        Application.objects.in_workspace(request.workspace),
        # PostgreSQL's text has no NUL, so no id has one.
        app_id=request.GET.get("app", "").replace("\0", ""),
    )
    people = adoption_query.everybody_who_never_came(application.pk)
    return table_response(
        f"never-came-{slugify(application.app_id) or application.pk}",
        ("app_id", "app_user_id", "email", "username", "license", "seat_since"),
        (
            (
                *(application.app_id, one.app_user_id, one.email),
                *(one.username, one.license, one.created_at),
            )
            for one in people
        ),
        form=request.GET.get("format", ""),
    )


@require_GET
@workspace_page()
def ingestion(request: WorkspaceRequest) -> HttpResponse:
    """Show what arrives, what waits and what could not be used."""
    return render(
        request,
        "dashboards/ingestion.html",
        {
            "page_title": "Ingestion",
            "page": ingestion_query.build(request.workspace, now=now_utc()),
            "is_live": request.GET.get("live") != "off",
            "may_replay": may(request, Action.REPLAY),
            "may_discard": may(request, Action.DISCARD),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_GET
@workspace_page()
def licences(request: WorkspaceRequest) -> HttpResponse:
    """Show licence telemetry: clean and flagged, and what it says."""
    form = LicenceForm(request.GET, workspace=request.workspace)
    return render(
        request,
        "dashboards/licences.html",
        {
            "page_title": "Licence telemetry",
            "form": form,
            "may_flag": may(request, Action.EDIT),
            "page": licences_query.build(
                request.workspace, form, request.GET, now=now_utc()
            ),
        },
    )


@require_GET
@workspace_page()
def licence(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show one licence, and what it reported."""
    found = get_object_or_404(
        License.objects.in_workspace(request.workspace).select_related(
            "workspace", "account", "product"
        ),
        pk=pk,
    )
    return render(
        request,
        "dashboards/licence.html",
        {
            "page_title": found.key,
            "may_flag": may(request, Action.EDIT),
            "page": licences_query.build_licence(found, request.GET, now=now_utc()),
            "may_edit": may(request, Action.EDIT),
        },
    )


def _default_list(request: WorkspaceRequest, subject: Subject) -> HttpResponse | None:
    """Lead to the segment that the member sees first, if there is one.

    Only from a bare address: ``?segment=`` is all of the list.
    """
    if request.GET:
        return None
    chosen = default_segment(request.workspace, request.user, subject)
    return redirect(f"{request.path}?segment={chosen.pk}") if chosen else None


def _remember(request: WorkspaceRequest) -> None:
    """Keep the workspace visited last for the pages that name none."""
    if request.session.get(SESSION_KEY) != request.workspace.slug:
        request.session[SESSION_KEY] = request.workspace.slug
