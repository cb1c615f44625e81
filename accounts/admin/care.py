"""The opt-out register and the queue of flagged records, for admins."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import flags, opt_outs
from accounts.admin.base import WorkspaceAdmin, WorkspaceForm, person
from accounts.admin.confirm import confirm_action, confirmation, is_confirmed
from accounts.admin.tools import Page, Tool, ToolsAdmin
from accounts.errors import AccountsError
from accounts.models import Correction, FlaggedRecord, OptOut, Workspace
from accounts.peer import peer_address
from accounts.roles import Action

# Corrections named beside a flag.
MOST_CORRECTIONS = 5


class OptOutForm(WorkspaceForm):
    """Takes an identity as people write it; only its keyed hash is stored."""

    typed_kind = forms.ChoiceField(label="Kind", choices=opt_outs.TYPED_KINDS)
    value = forms.CharField(
        label="Identity",
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="As you know it: an address, a handle, a customer's id. It is "
        "hashed and forgotten; the register cannot be read back.",
    )
    everything = forms.BooleanField(
        label="And everything else they are known by",
        required=False,
        initial=True,
        help_text="Where a developer has this identity, all of theirs opt out.",
    )

    class Meta:
        model = OptOut
        fields = ("workspace", "reason", "label")

    def clean(self) -> dict[str, Any]:
        """Understand the identity, and refuse a label that tells it."""
        data = super().clean()
        kind, value = data.get("typed_kind"), data.get("value")
        workspace = data.get("workspace")
        if not kind or not value or not isinstance(workspace, Workspace):
            return data
        try:
            identity = opt_outs.understood(kind, value)
        except AccountsError as error:
            self.add_error("value", str(error))
            return data
        if identity[1].lower() in str(data.get("label", "")).lower():
            self.add_error("label", "It must not name the identity itself.")
        data["identities"] = (
            opt_outs.everything_of(workspace, identity)
            if data.get("everything")
            else [identity]
        )
        return data


@admin.register(OptOut)
class OptOutAdmin(WorkspaceAdmin):
    """Whose events are never kept: by date and reason, and by no name."""

    empty_note = "Whoever is entered here leaves no more events."
    form = OptOutForm
    view_action = Action.CARE
    add_action = Action.CARE
    list_display = ("at", "kind", "fingerprint", "reason", "label", "who")
    list_display_links = ("at",)
    list_filter = ("reason", "kind")
    list_select_related = ("workspace", "actor")
    sortable_by = ()
    search_fields = ("label",)
    search_help_text = "The start of a label, or a whole identity."
    ordering = ("-id",)
    actions = ("opt_back_in",)
    fields = ("workspace", "at", "kind", "fingerprint", "reason", "label", "who")
    readonly_fields = ("fingerprint", "who")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the identity once; it cannot be shown again."""
        if obj is None:
            return (
                *("workspace", "typed_kind", "value", "everything", "reason"),
                "label",
            )
        return super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the facts of a row; ask for others."""
        del request
        return self.readonly_fields if obj else ()

    @admin.display(description="fingerprint")
    def fingerprint(self, row: Any) -> str:
        """Return the start of the keyed hash."""
        return str(row.digest)[:8]

    @admin.display(description="who")
    def who(self, row: Any) -> str:
        """Return who entered it."""
        return str(row.actor or "command line")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by label, or by an identity that is typed in whole."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:
            rows |= queryset.filter(digest__in=digests_typed(request, search_term))
        return rows, duplicates

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Register through `accounts.opt_outs`, which audits it."""
        del change
        data = form.cleaned_data
        added = opt_outs.add(
            obj.workspace,
            data["identities"],
            actor=person(request),
            reason=data["reason"],
            label=data["label"],
            ip=peer_address(request) or None,
        )
        found = opt_outs.find(obj.workspace, data["identities"])
        obj.__dict__.update(found[0].__dict__)
        if not added:
            self.message_user(request, "That stood in it already.", messages.WARNING)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Leave out what the form was filled in with."""
        del message
        return super().log_addition(request, obj, [{"added": {}}])

    def has_optin_permission(self, request: HttpRequest) -> bool:
        """Offer the way back to those who keep the register somewhere."""
        return self._may(request, Action.CARE, None)

    @admin.action(description="Opt back in", permissions=["optin"])
    def opt_back_in(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Take the ticked rows out of the register."""
        rows = self.allowed_rows(request, queryset, Action.CARE)
        if is_confirmed(request):
            number = opt_outs.remove(
                list(rows), actor=person(request), ip=peer_address(request) or None
            )
            self.message_user(request, f"{number:,} opted back in.")
            return None
        return confirm_action(
            self,
            request,
            rows,
            title="Opt back in",
            explanation="Events that name these identities are kept again from now "
            "on. What was left out meanwhile is gone.",
            button="Let them back in",
        )


class SettleForm(forms.Form):
    """What came of a flag."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you found, and what you did about it.",
    )


@admin.register(FlaggedRecord)
class FlaggedRecordAdmin(ToolsAdmin):
    """Records that somebody says are wrong; the open ones first."""

    empty_note = "Members flag what is wrong on the page of an account or developer."
    view_action = Action.CARE
    own_pages = (Page("resolve", Action.CARE), Page("dismiss", Action.CARE))
    list_display = ("flagged_at", "what", "problem", "status", "who")
    list_display_links = ("flagged_at",)
    list_filter = ("status", "problem", "subject")
    sortable_by = ()
    fields = (
        *("workspace", "what", "problem", "text", "who", "flagged_at"),
        *("corrections", "status", "note", "settler", "settled_at"),
    )
    readonly_fields = ("what", "who", "settler", "corrections")

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put open ones first; a queue is short enough to be sorted."""
        del request
        is_open = When(status=FlaggedRecord.Status.OPEN, then=Value(0))
        return (Case(is_open, default=Value(1)).asc(), "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch what is flagged, who flagged and who settled it with the rows."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(
            *("workspace", "account", "developer", "identity"),
            *("flagged_by", "settled_by"),
        )

    @admin.display(description="record")
    def what(self, row: Any) -> SafeString:
        """Lead to the page of what is flagged."""
        kind = "account" if row.account_id else "developer"
        owner = row.account or row.developer
        address = reverse(
            f"dashboards:{kind}", args=[row.workspace.slug, row.account_id or owner.pk]
        )
        of = f"{row.get_subject_display()} {row.event_id or ''}".strip()
        known_as = f" ({row.identity})" if row.identity_id else ""
        return format_html('{}: <a href="{}">{}</a>{}', of, address, owner, known_as)

    @admin.display(description="flagged by")
    def who(self, row: Any) -> str:
        """Return who flagged it."""
        return str(row.flagged_by or "command line")

    @admin.display(description="settled by")
    def settler(self, row: Any) -> str:
        """Return who settled it, if somebody did."""
        return str(row.settled_by or "")

    @admin.display(description="corrections since")
    def corrections(self, row: Any) -> SafeString | str:
        """Link the corrections of the developer, which may be the mending of it."""
        if row.developer_id is None:
            return "None: accounts are changed on their own page."
        found = Correction.objects.filter(
            workspace=row.workspace_id,
            developer_ids__contains=[row.developer_id],
            created_at__gte=row.flagged_at,
        )[:MOST_CORRECTIONS]
        links = format_html_join(
            ", ",
            '<a href="{}">{}, {}</a>',
            (
                (
                    reverse("admin:accounts_correction_change", args=[one.pk]),
                    one,
                    f"{one.created_at:%-d %B, %H:%M}",
                )
                for one in found
            ),
        )
        return links or "None yet: move, merge and split on the developer's page."

    def tools(self, obj: Any) -> list[Tool]:
        """Offer to settle it, while it is open."""
        if obj.status != FlaggedRecord.Status.OPEN:
            return []
        return [
            self.tool("Resolve", "resolve", obj),
            self.tool("Dismiss", "dismiss", obj),
        ]

    def resolve_view(self, request: HttpRequest, row: FlaggedRecord) -> HttpResponse:
        """Ask for a note, then say that it was right and is mended."""
        status = FlaggedRecord.Status.RESOLVED
        return self._settle(request, row, status, "It was wrong, and is mended now.")

    def dismiss_view(self, request: HttpRequest, row: FlaggedRecord) -> HttpResponse:
        """Ask for a note, then say that the record is as it should be."""
        status = FlaggedRecord.Status.DISMISSED
        return self._settle(request, row, status, "The record is as it should be.")

    def _settle(
        self, request: HttpRequest, row: FlaggedRecord, status: str, explanation: str
    ) -> HttpResponse:
        verb = "Resolve" if status == FlaggedRecord.Status.RESOLVED else "Dismiss"
        form = SettleForm(request.POST if is_confirmed(request) else None)
        if is_confirmed(request) and form.is_valid():
            try:
                flags.settle(
                    row,
                    status,
                    note=form.cleaned_data["note"],
                    actor=person(request),
                    ip=peer_address(request) or None,
                )
            except AccountsError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                done = row.get_status_display().lower()
                self.message_user(request, f"The flag is {done}.")
            return self.to_page("change", row.pk)
        return confirmation(
            self,
            request,
            title=verb,
            explanation=f"{explanation} The note stays with the flag.",
            button=verb,
            obj=row,
            form=form,
        )


def digests_typed(request: HttpRequest, typed: str) -> list[Any]:
    """Return the keyed hashes of what is typed, of any kind, in each workspace."""
    identities = []
    for kind, _ in opt_outs.TYPED_KINDS:
        try:
            identities.append(opt_outs.understood(kind, typed))
        except AccountsError:
            continue
    visible = Workspace.objects.visible_to(person(request))
    return [
        opt_outs.digest_of(number, *identity)
        for number in visible.values_list("pk", flat=True)
        for identity in identities
    ]
