"""The inbox of alerts, how one is told, and whom one follows."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import alert_mail
from accounts.alert_messages import link_to
from accounts.alerts import follow, mail_of, mark_read, unfollow
from accounts.errors import AccountsError
from accounts.models import (
    Account,
    AlertSettings,
    Developer,
    Follow,
    Segment,
)
from accounts.models.alert import HappeningKind
from accounts.numbers import row_numbers
from dashboards.access import WorkspaceRequest, workspace_page
from dashboards.queries import alerts as query

KINDS = [
    (kind.value, kind.label) for kind in HappeningKind if kind != HappeningKind.TEST
]


class InboxForm(forms.Form):
    """Which alerts; a wrong value is as good as none."""

    kind = forms.ChoiceField(required=False, choices=[("", "Anything"), *KINDS])
    show = forms.ChoiceField(
        required=False, choices=[("", "All alerts"), ("new", "New ones")]
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.full_clean()

    @property
    def kind_wanted(self) -> str:
        """Return the kind asked for, or ""."""
        return str(self.cleaned_data.get("kind") or "")


class MailForm(forms.ModelForm):  # type: ignore[type-arg]
    """When to be mailed."""

    class Meta:
        model = AlertSettings
        fields = ("mail",)
        labels = {"mail": "By mail"}  # noqa: RUF012 (Django's form)
        widgets = {"mail": forms.RadioSelect}  # noqa: RUF012


@require_GET
@workspace_page()
def inbox(request: WorkspaceRequest) -> HttpResponse:
    """Show what happened to whom this member follows."""
    form = InboxForm(request.GET)
    chosen = mail_of(request.workspace, request.user)
    return render(
        request,
        "dashboards/alerts.html",
        {
            "page_title": "Alerts",
            "form": form,
            "mail_form": MailForm(instance=chosen),
            "sends_mail": bool(settings.EMAIL_HOST),
            "refused": query.refused_mail(chosen),
            "page": query.build(
                request.workspace, request.user, request.GET, kind=form.kind_wanted
            ),
            "is_filtered": bool(form.kind_wanted or form.cleaned_data.get("show")),
        },
    )


@require_POST
@workspace_page()
def read(request: WorkspaceRequest) -> HttpResponse:
    """Mark alerts as read: the ticked ones, or all."""
    ticked = row_numbers(request.POST.getlist("alert"))
    everything = "all" in request.POST
    mark_read(request.workspace, request.user, alerts=None if everything else ticked)
    return redirect("dashboards:alerts", slug=request.workspace.slug)


@require_POST
@workspace_page()
def choose_mail(request: WorkspaceRequest) -> HttpResponse:
    """Say when to be mailed."""
    chosen = mail_of(request.workspace, request.user)
    form = MailForm(request.POST, instance=chosen)
    back = redirect("dashboards:alerts", slug=request.workspace.slug)
    if not form.is_valid():
        messages.error(request, "Choose when to be mailed.")
        return back
    wanted = form.cleaned_data["mail"]
    if wanted != AlertSettings.Mail.NONE and not settings.EMAIL_HOST:
        messages.error(request, "No mail server is configured yet.")
        return back
    try:
        is_saved = alert_mail.choose(
            request.workspace,
            request.user,
            wanted,
            absolute=lambda path: link_to(path) or request.build_absolute_uri(path),
        )
    except AccountsError as error:
        messages.error(request, str(error))
        return back
    if is_saved:
        messages.success(request, "Saved.")
    else:
        messages.info(
            request,
            f"A mail is on its way to {request.user.email}. Open the link in it within "
            "three days; alerts are mailed from then on.",
        )
    return back


@require_GET
@workspace_page()
def confirm_mail(request: WorkspaceRequest, token: str) -> HttpResponse:
    """Begin to mail a member who got the mail with this link."""
    try:
        saved = alert_mail.confirm(request.workspace, request.user, token)
    except AccountsError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"Confirmed. You are told by mail: {saved.get_mail_display()}."
        )
    return redirect("dashboards:alerts", slug=request.workspace.slug)


# The link is what lets one in: mail programs press the button without a page before it
# (RFC 8058), and its reader need not be logged in.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether mail may stop, and stop it."""
    known = alert_mail.read_stop(token)
    is_asked = request.method == "POST" and known is not None
    if known is not None and is_asked:
        alert_mail.stop(known)
    return render(
        request,
        "dashboards/mail_stop.html",
        {"page_title": "Mail", "known": known, "is_stopped": is_asked},
        status=200 if known else 404,
    )


@require_POST
@workspace_page()
def follow_one(request: WorkspaceRequest, what: str, pk: int) -> HttpResponse:
    """Follow an account, developer or segment, or stop."""
    return _switch(request, _one(request, what, pk))


@require_POST
@workspace_page()
def follow_workspace(request: WorkspaceRequest) -> HttpResponse:
    """Follow the workspace's quarantine and products, or stop."""
    return _switch(request, None)


@require_POST
@workspace_page()
def drop_follow(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Stop following, from the list of follows."""
    theirs = Follow.objects.filter(workspace=request.workspace, user=request.user)
    get_object_or_404(theirs, pk=pk).delete()
    return redirect("dashboards:alerts", slug=request.workspace.slug)


def _switch(
    request: WorkspaceRequest, one: Account | Developer | Segment | None
) -> HttpResponse:
    name = f"“{one}”" if one is not None else "The quarantine and products"
    if "stop" in request.POST:
        unfollow(request.workspace, request.user, one)
        messages.success(request, f"{name}: no more alerts.")
    else:
        follow(request.workspace, request.user, one)
        messages.success(request, f"{name}: you are told what happens.")
    return _back(request)


def _one(
    request: WorkspaceRequest, what: str, pk: int
) -> Account | Developer | Segment:
    if what == "account":
        return get_object_or_404(Account.objects.in_workspace(request.workspace), pk=pk)
    if what == "segment":
        segments = Segment.objects.in_workspace(request.workspace)
        return get_object_or_404(segments.seen_by(request.user), pk=pk)
    people = Developer.objects.in_workspace(request.workspace)
    return get_object_or_404(people, pk=pk)


def _back(request: WorkspaceRequest) -> HttpResponse:
    """Lead back to the page the button was on."""
    address = request.POST.get("next", "")
    if address.startswith("/") and url_has_allowed_host_and_scheme(address, None):
        return redirect(address)
    return redirect("dashboards:alerts", slug=request.workspace.slug)
