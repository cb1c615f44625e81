"""The Today page, and what members answer there."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import today_marks
from accounts.clock import now_utc, today_utc
from accounts.errors import AccountsError
from accounts.models import Account
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.queries import today as today_query
from dashboards.today_form import MarkForm, TodayForm


@require_GET
@workspace_page()
def page(request: WorkspaceRequest) -> HttpResponse:
    """Show which accounts to work on today, and why."""
    form = TodayForm(request.GET, workspace=request.workspace)
    now = now_utc()
    return render(
        request,
        "dashboards/today.html",
        {
            "page_title": "Today",
            "form": form,
            "page": today_query.build(
                request.workspace,
                request.user,
                product=form.product_id,
                more="more" in request.GET,
                now=now,
            ),
            "day": now.date(),
            "may_edit": may(request, Action.EDIT),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_POST
@workspace_page(Action.EDIT)
def mark(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Put an account aside for this member, or take that back."""
    account = get_object_or_404(Account.objects.in_workspace(request.workspace), pk=pk)
    form = MarkForm(request.POST)
    if not form.is_valid():
        errors = [str(text) for texts in form.errors.values() for text in texts]
        messages.error(request, " ".join(errors))
        return _back(request, form)
    try:
        said = _answer(request, account, form)
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return _back(request, form)


def _answer(request: WorkspaceRequest, account: Account, form: MarkForm) -> str:
    """Do what the form says; return it in words."""
    user, name = request.user, account.name
    match form.cleaned_data["mark"]:
        case MarkForm.DONE:
            today_marks.mark_done(account, user)
            return f"{name} is done until something changes. Undo it below."
        case MarkForm.NOT_RELEVANT:
            today_marks.mark_not_relevant(account, user)
            return f"{name} is not suggested to you again. Undo it below."
        case MarkForm.SNOOZE:
            until = form.snoozed_until(today_utc())
            today_marks.snooze(account, user, until)
            return f"{name} comes back on {until:%-d %B}. Undo it below."
    today_marks.take_back(account, user)
    return f"{name} may be suggested to you again."


def _back(request: WorkspaceRequest, form: MarkForm) -> HttpResponse:
    product = form.cleaned_data.get("product")
    address = reverse("dashboards:today", args=[request.workspace.slug])
    return redirect(
        f"{address}?{urlencode({'product': product})}" if product else address
    )
