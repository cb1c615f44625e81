"""Tags with their rules, hand-picked lists and notes."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.base import (
    SubjectFilter,
    WorkspaceAdmin,
    WorkspaceInline,
    person,
)
from accounts.admin.rules import RuleField, RuleForm, rule_in_words
from accounts.lists import create_list, delete_list
from accounts.models import CuratedList, ListEntry, Note, Tag
from accounts.notes import delete_note
from accounts.roles import Action
from accounts.tag_rules import apply_rule


class TagForm(RuleForm):
    """A tag, whose rule must be one that can be asked."""

    rule = RuleField(
        required=False,
        help_text="In the language of docs/segments.md: whoever it matches has the "
        "tag. Empty: by hand only.",
    )

    class Meta:
        model = Tag
        fields = ("workspace", "subject", "name", "colour", "description", "rule")


@admin.register(Tag)
class TagAdmin(WorkspaceAdmin):
    """Tags. One with a rule is put on whom it matches as it is saved."""

    form = TagForm
    add_action = change_action = delete_action = Action.EDIT
    list_display = ("badge", "subject", "by_rule", "size")
    list_display_links = ("badge",)
    list_filter = (("subject", SubjectFilter),)
    search_fields = ("name",)
    readonly_fields = ("rule_in_words", "size")
    list_select_related = ("workspace",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count who has each."""
        rows: QuerySet[Any] = super().get_queryset(request)
        on: QuerySet[Any] = rows.annotate(
            number=Count("marks", filter=Q(marks__is_off=False))
        )
        return on

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: Any
    ) -> None:
        """Save it, and put it on whom its rule matches."""
        super().save_model(request, obj, form, change)
        if obj.rule is not None and (not change or "rule" in form.changed_data):
            number = apply_rule(obj)
            messages.info(request, f"The rule put or took it {number:,} times.")

    @admin.display(description="Tag", ordering="name")
    def badge(self, tag: Any) -> str:
        """Show it in its colour."""
        return format_html('<span class="badge hue-{}">{}</span>', tag.colour, tag.name)

    @admin.display(description="On", ordering="number")
    def size(self, tag: Any) -> str:
        """Say how many have it."""
        return f"{getattr(tag, 'number', 0):,}"

    @admin.display(description="By rule", boolean=True)
    def by_rule(self, tag: Any) -> bool:
        """Say whether a rule puts it."""
        return tag.rule is not None

    @admin.display(description="The rule in words")
    def rule_in_words(self, tag: Any) -> str:
        """Say the rule, or what is wrong with it by now."""
        return rule_in_words(tag)


class EntryInline(WorkspaceInline):
    """The newest entries of a list; its page shows all of them."""

    model = ListEntry
    fields = ("value", "account", "developer", "added_by", "added_at")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    verbose_name_plural = "newest entries"
    # As many as the page can hold: a list may have thousands.
    newest = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep the newest, whichever list is shown."""
        rows = super().get_queryset(request)
        number = (
            request.resolver_match.kwargs.get("object_id", "")
            if (request.resolver_match)
            else ""
        )
        if not str(number).isdecimal():
            return rows.none()
        newest = ListEntry.objects.filter(curated_list=int(number)).order_by("-pk")
        return rows.filter(pk__in=newest.values("pk")[: self.newest]).select_related(
            "account", "developer", "added_by"
        )


@admin.register(CuratedList)
class CuratedListAdmin(WorkspaceAdmin):
    """Hand-picked lists; they are filled on their pages, or through the API."""

    add_action = change_action = delete_action = Action.EDIT
    list_display = ("name", "subject", "is_exclude", "size", "page")
    list_filter = (("subject", SubjectFilter), "is_exclude")
    search_fields = ("name", "description")
    fields = ("workspace", "subject", "name", "description", "is_exclude", "page")
    readonly_fields = ("page",)
    inlines = (EntryInline,)
    list_select_related = ("workspace",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the entries."""
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(number=Count("entries"))
        return counted

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the subject as it is: entries are of it."""
        del request
        return ("subject", "page") if obj else ("page",)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: Any
    ) -> None:
        """Make a list as the pages do, audited."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made = create_list(
            obj.workspace,
            name=obj.name,
            subject=obj.subject,
            description=obj.description,
            is_exclude=obj.is_exclude,
            actor=person(request),
        )
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete it as the pages do, audited."""
        delete_list(obj, actor=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each as the pages do, audited."""
        for one in queryset:
            delete_list(one, actor=person(request))

    @admin.display(description="Entries", ordering="number")
    def size(self, curated: Any) -> str:
        """Say how many."""
        return f"{curated.number:,}"

    @admin.display(description="Page")
    def page(self, curated: Any) -> str:
        """Lead to where it is filled."""
        if curated.pk is None:
            return "Save it first."
        address = reverse("dashboards:list", args=[curated.workspace.slug, curated.pk])
        return format_html('<a href="{}">Open</a>', address)


@admin.register(Note)
class NoteAdmin(WorkspaceAdmin):
    """What members wrote down; they write on the pages of accounts and developers."""

    empty_note = "Members write them on the pages of accounts and developers."
    delete_action = Action.CONFIGURE
    list_display = ("__str__", "about", "author", "created_at")
    list_select_related = ("account", "developer", "author", "workspace")
    search_fields = ("text",)
    fields = ("about", "text", "author", "created_at", "edited_at")
    readonly_fields = fields

    @admin.display(description="About")
    def about(self, note: Any) -> str:
        """Name the account or developer."""
        return str(note.account or note.developer)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete it, audited."""
        delete_note(obj, actor=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each, audited."""
        for one in queryset.select_related("workspace", "account", "developer"):
            delete_note(one, actor=person(request))
