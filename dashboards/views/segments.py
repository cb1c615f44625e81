"""Segments: the list, one of them, the rule builder, and two compared."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.alerts import follows
from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import Segment, Subject
from accounts.roles import Action
from accounts.segments.filling import fill
from accounts.segments.schema import RuleError
from accounts.segments.store import (
    change_segment,
    copy_segment,
    delete_segment,
    hide_segment,
    make_segment,
    mark,
    may_change,
    may_delete,
    set_default,
)
from dashboards import segment_draft as drafts
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.queries import segment_builder
from dashboards.queries import segments as query
from dashboards.segment_form import SegmentForm


@require_GET
@workspace_page()
def segments(request: WorkspaceRequest) -> HttpResponse:
    """List the segments."""
    return render(
        request,
        "dashboards/segments.html",
        {
            "page_title": "Segments",
            "page": query.index(request.workspace, request.user),
            "may_edit": may(request, Action.EDIT),
        },
    )


@require_GET
@workspace_page()
def segment(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show one segment."""
    found = _segment(request, pk)
    page = query.build(found, request.user, request.GET, today=today_utc())
    others = Segment.objects.in_workspace(request.workspace).seen_by(request.user)
    return render(
        request,
        "dashboards/segment.html",
        {
            "page_title": found.name,
            "page": page,
            "segment": found,
            "sort": request.GET.get("sort") or "score",
            "others": others.filter(subject=found.subject, is_hidden=False).exclude(
                pk=pk
            ),
            "export_query": f"segment={pk}",
            "is_followed": follows(request.workspace, request.user, found),
            "may_edit": may(request, Action.EDIT),
            "may_change": may_change(request.user, found),
            "may_delete": may_delete(request.user, found),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def new_segment(request: WorkspaceRequest) -> HttpResponse:
    """Build a rule and save it as a segment."""
    subject = _subject(request)
    if request.method == "GET":
        form = SegmentForm(initial={"is_shared": True})
        return _builder(request, subject, drafts.empty(), form=form)
    return _posted(request, subject, None)


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def edit_segment(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Change a segment's rule, name or notes."""
    found = _segment(request, pk)
    if not may_change(request.user, found):
        messages.info(
            request, "This segment is not yours to change. Make a copy of your own."
        )
        return _to(request, found)
    subject = Subject(found.subject)
    if request.method == "GET":
        draft = drafts.from_rule(found.rule)
        form = SegmentForm(instance=found)
        return _builder(request, subject, draft, form=form, segment=found)
    return _posted(request, subject, found)


@require_GET
@workspace_page()
def compare_segments(request: WorkspaceRequest) -> HttpResponse:
    """Show who is in both of two segments, and who in one alone."""
    seen = Segment.objects.in_workspace(request.workspace).seen_by(request.user)
    choices = list(seen.filter(is_hidden=False).select_related("workspace"))
    known = {str(one.pk): one for one in choices}
    a, b = (known.get(request.GET.get(name, "")) for name in ("a", "b"))
    problem, page = "", None
    if a and b:
        if a == b:
            problem = "Choose two different segments."
        elif a.subject != b.subject:
            problem = "One selects accounts and the other developers."
        else:
            page = query.compare(a, b, request.GET, today=today_utc())
    return render(
        request,
        "dashboards/segment_compare.html",
        {
            "page_title": "Compare segments",
            "choices": choices,
            "a": a,
            "b": b,
            "problem": problem,
            "page": page,
            "sort": request.GET.get("sort") or "score",
        },
    )


@require_POST
@workspace_page()
def mark_segment(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Make a segment one's favourite or what one sees first, or take that back."""
    found = _segment(request, pk)
    match request.POST.get("mark"):
        case "favourite" | "no-favourite" as what:
            mark(found, request.user, is_favourite=what == "favourite")
        case "default" | "no-default" as what:
            mark(found, request.user, is_default=what == "default")
    return _to(request, found)


@require_POST
@workspace_page(Action.EDIT)
def copy(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Make an own segment of one that is there."""
    found = _segment(request, pk)
    try:
        made = copy_segment(found, actor=request.user)
    except AccountsError as error:
        messages.error(request, str(error))
        return _to(request, found)
    messages.success(request, "This is your copy. Change it as you like.")
    return redirect("dashboards:segment-edit", slug=request.workspace.slug, pk=made.pk)


@require_POST
@workspace_page(Action.EDIT)
def hide(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Hide a ready-made segment from everybody's list, or show it again."""
    found = _segment(request, pk)
    if not found.ready_made:
        raise Http404
    hidden = request.POST.get("hidden") == "1"
    hide_segment(found, hidden=hidden, actor=request.user)
    if not hidden:
        fill(found)
    messages.success(
        request, f"“{found.name}” {'is hidden' if hidden else 'is shown again'}."
    )
    return redirect("dashboards:segments", slug=request.workspace.slug)


@require_POST
@workspace_page(Action.CONFIGURE)
def make_default(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Choose what every member of the workspace sees first."""
    found = _segment(request, pk)
    try:
        set_default(
            found, is_default=request.POST.get("default") == "1", actor=request.user
        )
    except AccountsError as error:
        messages.error(request, str(error))
    return _to(request, found)


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def drop_segment(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Ask whether a segment may go, then delete it."""
    found = _segment(request, pk)
    if not may_delete(request.user, found):
        raise Http404
    if request.method == "POST":
        delete_segment(found, actor=request.user)
        messages.success(request, f"“{found.name}” was deleted.")
        return redirect("dashboards:segments", slug=request.workspace.slug)
    return render(
        request,
        "dashboards/segment_delete.html",
        {"page_title": f"Delete {found.name}", "segment": found},
    )


def _posted(
    request: WorkspaceRequest, subject: Subject, found: Segment | None
) -> HttpResponse:
    """Do what was pressed in the builder: change the tree, look, or save."""
    draft = drafts.from_post(request.POST)
    form = SegmentForm(request.POST, instance=found)
    button = request.POST.get("do", "look")
    if button != "save":
        drafts.press(draft, button, request.POST)
        return _builder(
            request,
            subject,
            draft,
            form=form,
            segment=found,
            count_all=button == "count",
        )
    if form.is_valid():
        rule: Any = drafts.as_rule(draft)
        if found is not None and rule == {"all": [found.rule]}:
            # The builder shows a lone condition in a group.
            rule = found.rule
        values = form.cleaned_data
        try:
            if found is None:
                saved = make_segment(
                    request.workspace,
                    subject=subject,
                    rule=rule,
                    actor=request.user,
                    **values,
                )
            else:
                saved = change_segment(found, actor=request.user, rule=rule, **values)
        except RuleError:
            pass
        except AccountsError as error:
            form.add_error("name", str(error))
        else:
            fill(saved)
            messages.success(request, f"“{saved.name}” was saved.")
            return _to(request, saved)
    return _builder(
        request, subject, draft, form=form, segment=found, is_final=True, status=422
    )


def _builder(
    request: WorkspaceRequest,
    subject: Subject,
    draft: drafts.Draft,
    *,
    form: SegmentForm,
    segment: Segment | None = None,
    is_final: bool = False,
    count_all: bool = False,
    status: int = 200,
) -> HttpResponse:
    today = today_utc()
    page = segment_builder.build(
        draft,
        request.workspace,
        subject,
        today=today,
        is_final=is_final,
        count_all=count_all,
    )
    rows = page.preview.rows if page.preview else ()
    return render(
        request,
        "dashboards/segment_edit.html",
        {
            "page_title": f"Edit {segment.name}" if segment else "New segment",
            "page": page,
            "rows": query.preview_rows(request.workspace, subject, rows, today=today),
            "form": form,
            "shows_form_errors": is_final,
            "segment": segment,
            "subject": subject,
        },
        status=status,
    )


def _subject(request: WorkspaceRequest) -> Subject:
    wanted = request.POST.get("subject") or request.GET.get("subject") or ""
    return Subject(wanted) if wanted in Subject.values else Subject.ACCOUNT


def _segment(request: WorkspaceRequest, pk: int) -> Segment:
    seen = Segment.objects.in_workspace(request.workspace).seen_by(request.user)
    return get_object_or_404(seen.select_related("workspace", "owner"), pk=pk)


def _to(request: WorkspaceRequest, segment: Segment) -> HttpResponse:
    return redirect("dashboards:segment", slug=request.workspace.slug, pk=segment.pk)
