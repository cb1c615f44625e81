"""Pages of hand-picked lists, and what members say about accounts and developers."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.clock import today_utc
from accounts.csv_forms import (
    PROBLEMS_SHOWN,
    ROWS_SHOWN,
    CsvForm,
    report_response,
    wants_report,
)
from accounts.errors import AccountsError
from accounts.lists import (
    MOST_ENTRIES,
    Entry,
    add_entries,
    change_list,
    create_list,
    delete_list,
    pick,
    remove_entries,
)
from accounts.models import (
    Account,
    CuratedList,
    Developer,
    ListEntry,
    Note,
    Subject,
    Tag,
)
from accounts.notes import change_note, delete_note, write_note
from accounts.numbers import row_numbers
from accounts.roles import Action
from accounts.tags import put_tag, tag_named, take_tag
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.exports import table_response
from dashboards.list_forms import (
    AddForm,
    EditListForm,
    NewListForm,
    NoteForm,
    PickForm,
    TagForm,
)
from dashboards.queries import curated as query


@require_GET
@workspace_page()
def lists(request: WorkspaceRequest) -> HttpResponse:
    """Show all lists."""
    return _show_lists(request, NewListForm())


@require_POST
@workspace_page(Action.EDIT)
def new_list(request: WorkspaceRequest) -> HttpResponse:
    """Make an empty list."""
    form = NewListForm(request.POST)
    if form.is_valid():
        try:
            made = create_list(
                request.workspace, actor=request.user, **form.cleaned_data
            )
        except AccountsError as error:
            form.add_error("name", str(error))
        else:
            return _to_list(request, made)
    return _show_lists(request, form)


@require_GET
@workspace_page()
def one_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show one list."""
    return _show_list(request, _list(request, pk))


@require_POST
@workspace_page(Action.EDIT)
def edit_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Give a list another name or description."""
    curated = _list(request, pk)
    form = EditListForm(request.POST, instance=curated)
    if not form.is_valid():
        return _show_list(request, _list(request, pk), edit_form=form)
    change_list(curated, actor=request.user)
    messages.success(request, "Saved.")
    return _to_list(request, curated)


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def drop_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Ask whether a list may go, then delete it."""
    curated = _list(request, pk)
    if request.method == "POST":
        delete_list(curated, actor=request.user)
        messages.success(request, f"“{curated.name}” was deleted.")
        return redirect("dashboards:lists", slug=request.workspace.slug)
    return render(
        request,
        "dashboards/list_delete.html",
        {
            "page_title": f"Delete {curated.name}",
            "curated": curated,
            "number": curated.entries.count(),
        },
    )


@require_POST
@workspace_page(Action.EDIT)
def add_to_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Put domains or addresses on a list."""
    curated = _list(request, pk)
    form = AddForm(request.POST, curated=curated)
    if not form.is_valid():
        return _show_list(request, curated, add_form=form)
    values = [Entry(value) for value in form.cleaned_data["values"]]
    done = add_entries(curated, values, actor=request.user)
    if done.refused:
        refused = " ".join(one.message for one in done.refused[:5])
        more = len(done.refused) - 5
        if more > 0:
            refused = f"{refused} And {more:,} more."
        messages.warning(request, refused)
    if done.added or done.known:
        messages.success(request, _in_words(done.added, done.known))
    return _to_list(request, curated)


@require_POST
@workspace_page(Action.EDIT)
def remove_from_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Take the ticked entries off a list."""
    curated = _list(request, pk)
    ticked = row_numbers(request.POST.getlist("entry"))
    number = remove_entries(
        curated, ListEntry.objects.filter(pk__in=ticked), actor=request.user
    )
    if number:
        messages.success(request, f"{number:,} taken off the list.")
    else:
        messages.info(request, "Tick who is to be taken off the list.")
    return _to_list(request, curated)


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def upload_to_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Ask for a CSV file, show what it would put on the list, then do that."""
    curated = _list(request, pk)
    sent = request.method == "POST"
    form = CsvForm(request.POST, request.FILES) if sent else CsvForm()
    upload = None
    if sent and form.is_valid():
        text = form.cleaned_data["text"]
        upload = query.read_upload(curated, text)
        if wants_report(request):
            return report_response(upload.problems, text, name="upload-errors")
        if "confirmed" in request.POST and upload.good:
            added = known = 0
            entries = upload.entries
            for first in range(0, len(entries), MOST_ENTRIES):
                batch = entries[first : first + MOST_ENTRIES]
                done = add_entries(curated, batch, actor=request.user)
                added, known = added + done.added, known + done.known
            messages.success(request, _in_words(added, known))
            return _to_list(request, curated)
    return render(
        request,
        "dashboards/list_upload.html",
        {
            "page_title": f"Upload into {curated.name}",
            "curated": curated,
            "form": form,
            "upload": upload,
            "text": form.cleaned_data["text"] if upload else "",
            "previewed": list(upload.good.items())[:ROWS_SHOWN] if upload else (),
            "more": len(upload.good) - ROWS_SHOWN if upload else 0,
            "problems": upload.problems[:PROBLEMS_SHOWN] if upload else (),
            "more_problems": len(upload.problems) - PROBLEMS_SHOWN if upload else 0,
        },
        status=422 if sent and not form.is_valid() else 200,
    )


@require_GET
@workspace_page()
def export_list(request: WorkspaceRequest, pk: int) -> StreamingHttpResponse:
    """Send a list as CSV or NDJSON."""
    curated = _list(request, pk)
    entries = curated.entries.select_related("account", "developer").order_by("pk")
    return table_response(
        f"list-{slugify(curated.name) or curated.pk}",
        (curated.key_name, "id", "name", "added_at"),
        (
            (entry.value, one.pk if one else "", str(one or ""), entry.added_at)
            for entry in entries.iterator(chunk_size=2000)
            for one in (entry.account or entry.developer,)
        ),
        form=request.GET.get("format", ""),
    )


# ---- What members say about somebody


@require_POST
@workspace_page(Action.EDIT)
def tag(request: WorkspaceRequest, subject: str, pk: int) -> HttpResponse:
    """Put a tag on somebody, made by its name if there is none."""
    one = _one(request, subject, pk)
    form = TagForm(request.POST)
    if form.is_valid():
        try:
            found = tag_named(
                request.workspace,
                subject,
                form.cleaned_data["name"],
                actor=request.user,
            )
            put_tag(found, one, actor=request.user)
        except AccountsError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, "Say which tag, in at most 50 characters.")
    return _to_one(request, one)


@require_POST
@workspace_page(Action.EDIT)
def untag(request: WorkspaceRequest, subject: str, pk: int, tag: int) -> HttpResponse:
    """Take a tag away."""
    one = _one(request, subject, pk)
    tags = Tag.objects.in_workspace(request.workspace).filter(subject=subject)
    take_tag(get_object_or_404(tags, pk=tag), one, actor=request.user)
    return _to_one(request, one)


@require_POST
@workspace_page(Action.EDIT)
def put_on_list(request: WorkspaceRequest, subject: str, pk: int) -> HttpResponse:
    """Put somebody on a list."""
    one = _one(request, subject, pk)
    form = PickForm(request.POST, workspace=request.workspace, subject=subject)
    if form.is_valid():
        pick(form.cleaned_data["curated"], one, actor=request.user)
    else:
        messages.error(request, "Choose a list.")
    return _to_one(request, one)


@require_POST
@workspace_page(Action.EDIT)
def take_off_list(
    request: WorkspaceRequest, subject: str, pk: int, entry: int
) -> HttpResponse:
    """Take somebody off a list."""
    one = _one(request, subject, pk)
    theirs: QuerySet[ListEntry] = one.list_entries.filter(pk=entry)
    found = get_object_or_404(theirs.select_related("curated_list__workspace"))
    remove_entries(found.curated_list, theirs, actor=request.user)
    return _to_one(request, one)


@require_POST
@workspace_page(Action.EDIT)
def note(request: WorkspaceRequest, subject: str, pk: int) -> HttpResponse:
    """Write a note down."""
    one = _one(request, subject, pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        write_note(one, form.cleaned_data["text"], author=request.user)
    else:
        messages.error(request, "A note holds one to 5,000 characters.")
    return _to_one(request, one)


@require_http_methods(["GET", "POST"])
@workspace_page(Action.EDIT)
def edit_note(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Change or delete a note: one's own, an admin any."""
    found = get_object_or_404(
        Note.objects.in_workspace(request.workspace).select_related(
            "account", "developer", "author", "workspace"
        ),
        pk=pk,
    )
    one = found.account or found.developer
    assert one is not None  # noqa: S101 (a constraint holds it)
    if found.author_id != request.user.pk and not may(request, Action.CONFIGURE):
        messages.error(request, "This note is somebody else's.")
        return _to_one(request, one)
    sent = request.method == "POST"
    if sent and "delete" in request.POST:
        delete_note(found, actor=request.user)
        messages.success(request, "The note was deleted.")
        return _to_one(request, one)
    form = NoteForm(request.POST if sent else None, instance=found)
    if sent and form.is_valid():
        change_note(found, form.cleaned_data["text"])
        return _to_one(request, one)
    return render(
        request,
        "dashboards/note.html",
        {"page_title": "Edit note", "form": form, "note": found, "one": one},
        status=422 if sent else 200,
    )


def _show_lists(request: WorkspaceRequest, form: NewListForm) -> HttpResponse:
    return render(
        request,
        "dashboards/lists.html",
        {
            "page_title": "Lists",
            "rows": query.index(request.workspace),
            "form": form,
            "may_edit": may(request, Action.EDIT),
        },
        status=422 if form.errors else 200,
    )


def _show_list(
    request: WorkspaceRequest,
    curated: CuratedList,
    *,
    add_form: AddForm | None = None,
    edit_form: EditListForm | None = None,
) -> HttpResponse:
    refused = add_form is not None or edit_form is not None
    return render(
        request,
        "dashboards/list.html",
        {
            "page_title": curated.name,
            "page": query.build(curated, request.GET, today=today_utc()),
            "add_form": add_form or AddForm(curated=curated),
            "edit_form": edit_form or EditListForm(instance=curated),
            "may_edit": may(request, Action.EDIT),
        },
        status=422 if refused else 200,
    )


def _list(request: WorkspaceRequest, pk: int) -> CuratedList:
    lists = CuratedList.objects.in_workspace(request.workspace)
    return get_object_or_404(lists.select_related("workspace", "created_by"), pk=pk)


def _one(request: WorkspaceRequest, subject: str, pk: int) -> Account | Developer:
    if subject == Subject.ACCOUNT:
        return get_object_or_404(Account.objects.in_workspace(request.workspace), pk=pk)
    people = Developer.objects.in_workspace(request.workspace)
    return get_object_or_404(people, pk=pk)


def _to_list(request: WorkspaceRequest, curated: CuratedList) -> HttpResponse:
    return redirect("dashboards:list", slug=request.workspace.slug, pk=curated.pk)


def _to_one(request: WorkspaceRequest, one: Account | Developer) -> HttpResponse:
    name = "account" if isinstance(one, Account) else "developer"
    page = redirect(f"dashboards:{name}", slug=request.workspace.slug, pk=one.pk)
    page["Location"] = f"{page['Location']}#said"
    return page


def _in_words(added: int, known: int) -> str:
    there = f", {known:,} were on it already" if known else ""
    return f"{added:,} put on the list{there}."
