"""Red flags, for those who go through many at once."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts import red_flags
from accounts.admin.base import WorkspaceAdmin, person
from accounts.admin.confirm import confirm_action, is_confirmed
from accounts.models import RedFlag
from accounts.peer import peer_address
from accounts.red_flag_words import WORDS, counted, in_words
from accounts.roles import Action

# Each is looked at and audited on its own.
MOST_RESOLVED = 1000


class OpenFilter(admin.SimpleListFilter):
    """Open or resolved."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both."""
        del request, model_admin
        return [("open", "Open"), ("resolved", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what was chosen."""
        del request
        if self.value() in {"open", "resolved"}:
            return queryset.filter(resolved_at__isnull=self.value() == "open")
        return queryset


@admin.register(RedFlag)
class RedFlagAdmin(WorkspaceAdmin):
    """What is odd about somebody's use. Raised by the digest, resolved by people."""

    empty_note = "What is odd about somebody's use is raised by itself."
    list_display = ("kind", "seen", "how_often", "developer", "last_at", "is_open")
    list_filter = ("kind", OpenFilter)
    list_select_related = ("workspace", "developer")
    sortable_by = ()
    search_fields = ("subject_key",)
    search_help_text = "Part of what it is about: a licence key, an event's key."
    ordering = ("-last_at", "-id")
    actions = ("resolve",)
    fields = (
        *("workspace", "kind", "seen", "meaning", "what_to_do", "how_often"),
        *("first_at", "last_at", "developer", "account", "subject_key", "evidence"),
        *("resolved_at", "resolved_by", "note", "reopened_at"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the words beside the columns."""
        del request, obj
        return ("seen", "meaning", "what_to_do", "how_often")

    @admin.display(description="what was seen")
    def seen(self, flag: Any) -> str:
        """Return the flag in one sentence."""
        return in_words(flag)

    @admin.display(description="what it means")
    def meaning(self, flag: Any) -> str:
        """Return what the kind means."""
        return WORDS[flag.kind].meaning

    @admin.display(description="what to do")
    def what_to_do(self, flag: Any) -> str:
        """Return what to do about it."""
        return WORDS[flag.kind].what_to_do

    @admin.display(description="how often")
    def how_often(self, flag: Any) -> str:
        """Return the count with its noun."""
        return counted(flag)

    @admin.display(description="open", boolean=True)
    def is_open(self, flag: Any) -> bool:
        """Say whether it still wants a look."""
        return bool(flag.is_open)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Ask whether this person may resolve flags anywhere."""
        return self._may(request, Action.EDIT, None)

    @admin.action(description="Resolve red flags", permissions=["resolve"])
    def resolve(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Resolve the ticked ones; they open again when it happens again."""
        rows = self.allowed_rows(request, queryset, Action.EDIT).filter(
            resolved_at__isnull=True
        )
        if not is_confirmed(request):
            return confirm_action(
                self,
                request,
                rows,
                title="Resolve red flags",
                explanation="They leave the open ones, and open again by themselves "
                "when it happens after this moment.",
                button="Resolve",
            )
        done = 0
        for flag in rows.select_related("workspace")[:MOST_RESOLVED]:
            red_flags.resolve(
                flag, note="", actor=person(request), ip=peer_address(request) or None
            )
            done += 1
        messages.success(request, f"{done:,} resolved.")
        return None

    def view_on_site(self, obj: Any) -> str:
        """Return the page of red flags."""
        return reverse("dashboards:red-flags", args=[obj.workspace.slug])
