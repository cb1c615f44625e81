"""Segments in the admin: all of a workspace's, with a preview of each rule."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts.admin.base import (
    SubjectFilter,
    WorkspaceAdmin,
    WorkspaceInline,
    person,
)
from accounts.admin.rules import RuleField, RuleForm
from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import Segment, SegmentRule, Subject
from accounts.roles import Action
from accounts.segments.filling import fill
from accounts.segments.membership import refresh
from accounts.segments.preview import preview
from accounts.segments.schema import RuleError, parse
from accounts.segments.store import change_segment, copy_segment, make_segment
from accounts.segments.words import in_words

CHANGED = ("name", "description", "notes", "is_shared", "editors")


class SegmentForm(RuleForm):
    """A segment, whose rule must be one that can be asked."""

    rule = RuleField(
        help_text="In the language of docs/segments.md, such as "
        '{"field": "band", "is": "one_of", "value": ["high"]}.'
    )

    class Meta:
        model = Segment
        fields = ("workspace", "subject", *CHANGED, "rule")


class RuleInline(WorkspaceInline):
    """The versions of a segment's rule, newest first."""

    model = SegmentRule
    extra = 0
    fields = ("created_at", "author", "words")
    readonly_fields = fields
    ordering = ("-pk",)
    verbose_name_plural = "rule changes"

    @admin.display(description="by")
    def author(self, rule: Any) -> str:
        """Return who wrote it, as text: only operators may open people."""
        return str(rule.actor or "")


@admin.register(Segment)
class SegmentAdmin(WorkspaceAdmin):
    """Segments. The pages are where they are used; here admins see all of them."""

    form = SegmentForm
    view_action = Action.CONFIGURE
    add_action = change_action = Action.CONFIGURE
    list_display = (
        *("name", "subject", "size", "is_shared", "kind", "maker"),
        *("refreshed_at", "problem"),
    )
    list_filter = (("subject", SubjectFilter), "is_shared", "is_hidden")
    list_select_related = ("workspace", "owner")
    search_fields = ("name",)
    ordering = ("name", "pk")
    inlines = (RuleInline,)
    actions = ("look_again", "share", "copy")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Ask along whose page this person may open: of others, the shared ones."""
        rows: QuerySet[Any] = super().get_queryset(request)
        seen = Segment.objects.seen_by(person(request)).filter(pk=OuterRef("pk"))
        asked: QuerySet[Any] = rows.annotate(opens=Exists(seen))
        return asked

    @admin.display(description="kind")
    def kind(self, segment: Any) -> str:
        """Say whether it came with the product."""
        if segment.is_hidden:
            return "Ready-made, hidden"
        return "Ready-made" if segment.ready_made else "Own"

    @admin.display(description="owner")
    def maker(self, segment: Any) -> str:
        """Return whose it is, as text: only operators may open people."""
        return str(segment.owner or "")

    @admin.display(description="preview")
    def preview(self, segment: Any) -> str:
        """Show the rule in words, how many match now, and the first of them."""
        try:
            rule = parse(
                segment.rule, subject=segment.subject, workspace=segment.workspace
            )
        except RuleError as error:
            return str(error)
        found = preview(rule, segment.workspace, today=today_utc())
        return format_html(
            "{}<br>{} match. {}<ul>{}</ul>",
            in_words(rule, segment.workspace),
            found.text,
            self._way_to(segment),
            format_html_join("", "<li>{}</li>", ((row,) for row in found.rows)),
        )

    @staticmethod
    def _way_to(segment: Any) -> str:
        if not segment.opens:
            whose = f"Only {segment.owner}" if segment.owner else "Nobody"
            return f"{whose} can open its page, until it is shared."
        page = reverse("dashboards:segment", args=[segment.workspace.slug, segment.pk])
        return format_html('<a href="{}">Open its page</a>', page)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave ready-made ones as they are."""
        if obj is not None and obj.ready_made:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what the rule selects."""
        del request
        return ("preview", "size", "refreshed_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the rule, and show what it selects below."""
        del request
        asked = ("workspace", "subject", *CHANGED, "rule")
        return (*asked, "preview", "size", "refreshed_at") if obj else asked

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Show the history of one that is there."""
        del request
        return self.inlines if obj else ()

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write through the store, which keeps versions and the audit log."""
        values = {name: form.cleaned_data[name] for name in CHANGED}
        rule, actor = form.cleaned_data["rule"], person(request)
        if change:
            saved = change_segment(
                Segment.objects.get(pk=obj.pk), actor=actor, rule=rule, **values
            )
        else:
            saved = make_segment(
                obj.workspace,
                subject=Subject(obj.subject),
                rule=rule,
                actor=actor,
                **values,
            )
        fill(saved)
        saved.refresh_from_db()
        obj.__dict__.update(saved.__dict__)

    @admin.action(description="Look at everybody anew", permissions=["change"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Refresh the ticked segments."""
        rows = self.allowed_rows(request, queryset, Action.CONFIGURE)
        found = [refresh(segment) for segment in rows.order_by("pk")]
        entered = sum(moves.entered for moves in found)
        left = sum(moves.left for moves in found)
        self.message_user(
            request,
            f"Looked at: {len(found)}. {entered:,} entered, {left:,} left.",
        )

    @admin.action(description="Share with all members", permissions=["change"])
    def share(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let every member see the ticked segments."""
        rows = self.allowed_rows(request, queryset, Action.CONFIGURE)
        private = rows.filter(is_shared=False)
        for segment in private:
            change_segment(segment, actor=person(request), is_shared=True)
        self.message_user(request, f"Shared: {len(private)}.")

    @admin.action(description="Copy", permissions=["change"])
    def copy(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Make own segments of the ticked ones."""
        allowed = self.allowed_rows(request, queryset, Action.CONFIGURE)
        rows = list(allowed.select_related("workspace"))
        for segment in rows:
            try:
                copy_segment(segment, actor=person(request))
            except AccountsError as error:
                self.message_user(request, str(error), messages.ERROR)
                return
        self.message_user(request, f"Copied: {len(rows)}. They are yours.")
