"""Corrections of who is who: what was done, by whom, and taking it back."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

from accounts.admin.base import person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.tools import Page, Tool, ToolsAdmin
from accounts.errors import AccountsError
from accounts.models import Correction
from accounts.peer import peer_address
from accounts.roles import Action
from ingest.split import undo_correction


@admin.register(Correction)
class CorrectionAdmin(ToolsAdmin):
    """Corrections, newest first. Made on a developer's page, undone here or there."""

    empty_note = "Move, merge and split on the page of a developer."
    own_pages = (Page("undo", Action.CORRECT),)
    list_display = ("created_at", "kind", "who", "reason", "undone_at")
    list_filter = ("kind",)
    list_select_related = ("workspace", "actor")
    sortable_by = ()
    ordering = ("-id",)
    fields = (
        *("workspace", "kind", "who", "reason", "created_at"),
        *("developer_ids", "before", "undone_at", "undoer"),
    )
    readonly_fields = ("who", "undoer")

    @admin.display(description="who")
    def who(self, correction: Any) -> str:
        """Return the person, or say that an operator or a rule did it."""
        return str(correction.who)

    @admin.display(description="undone by")
    def undoer(self, correction: Any) -> str:
        """Return who took it back, if somebody did."""
        return str(correction.undone_by or "")

    def tools(self, obj: Any) -> list[Tool]:
        """Offer to take it back, once."""
        return [] if obj.undone_at else [self.tool("Undo", "undo", obj)]

    def undo_view(self, request: HttpRequest, correction: Correction) -> HttpResponse:
        """Ask, then take the correction back."""
        if is_confirmed(request):
            try:
                undone = undo_correction(
                    correction, actor=person(request), ip=peer_address(request) or None
                )
            except AccountsError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, "The correction is undone.")
                for sentence in undone.left:
                    self.message_user(request, sentence, messages.WARNING)
            return self.to_page("change", correction.pk)
        return confirmation(
            self,
            request,
            title="Undo",
            explanation=f"“{correction}” of {correction.created_at:%-d %B %Y, %H:%M} "
            "UTC is taken back: who is who becomes as it was, and usage and scores "
            "follow.",
            button="Undo it",
            obj=correction,
        )
