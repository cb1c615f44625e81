"""The quarantine: what could not be used yet, replaying it, giving it up."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import person
from accounts.admin.confirm import confirm_action, is_confirmed
from accounts.models import Workspace
from accounts.peer import peer_address
from accounts.roles import Action, can_anywhere
from ingest.admin.dialects import DialectAdmin, DialectFilter
from ingest.events import decode_events
from ingest.models import QuarantinedEvent
from ingest.quarantine import discard, replay

LONGEST_RAW = 2000


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(DialectAdmin):
    """Quarantined events: read, replay, discard."""

    empty_note = "What cannot be used yet waits here."
    list_display = ("received_at", "reason", "subject", "shown_dialect", "status")
    list_filter = ("status", "reason", DialectFilter)
    list_select_related = ("workspace", "api_key")
    search_fields = ("subject",)
    search_help_text = "The metric or app that was missing."
    sortable_by = ()
    ordering = ("-id",)
    fields = (
        *("workspace", "reason", "subject", "detail", "status", "settled_at"),
        *("received_at", "shown_dialect", "api_key", "event"),
    )
    readonly_fields = ("event", "shown_dialect")
    actions = ("replay_selected", "discard_selected")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Offer the replay to whoever may do it somewhere."""
        return can_anywhere(person(request), Action.REPLAY)

    def has_discard_permission(self, request: HttpRequest) -> bool:
        """Offer discarding to whoever may do it somewhere."""
        return can_anywhere(person(request), Action.DISCARD)

    @admin.display(description="event")
    def event(self, row: Any) -> SafeString:
        """Return the event as it was understood, or the start of its bytes."""
        return format_html("<pre>{}</pre>", _readable(bytes(row.payload)))

    @admin.action(description="Replay", permissions=["replay"])
    def replay_selected(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Put the ticked events through the digest again."""
        waiting = self._waiting(request, queryset, Action.REPLAY)
        if is_confirmed(request):
            number = self._settle(request, waiting, replay)
            self.message_user(request, f"On the way: {number:,}.")
            return None
        return confirm_action(
            self,
            request,
            waiting,
            title="Replay",
            explanation="These events go through the digest again. What still cannot "
            "be used comes back here.",
            button="Replay them",
        )

    @admin.action(description="Discard", permissions=["discard"])
    def discard_selected(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Give up the ticked events."""
        waiting = self._waiting(request, queryset, Action.DISCARD)
        if is_confirmed(request):
            number = self._settle(request, waiting, discard)
            self.message_user(request, f"Discarded: {number:,}.")
            return None
        return confirm_action(
            self,
            request,
            waiting,
            title="Discard",
            explanation="These events will never be counted. They stay here, marked "
            "as discarded.",
            button="Discard them",
            is_danger=True,
        )

    def _waiting(
        self, request: HttpRequest, rows: QuerySet[Any], action: Action
    ) -> QuerySet[Any]:
        allowed = self.allowed_rows(request, rows, action)
        return allowed.filter(status=QuarantinedEvent.Status.WAITING)

    def _settle(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        how: Callable[..., int],
    ) -> int:
        """Replay or discard rows, workspace by workspace."""
        ids: dict[int | None, list[int]] = defaultdict(list)
        for workspace_id, pk in rows.values_list("workspace_id", "pk"):
            ids[workspace_id].append(pk)
        workspaces: list[Workspace | None] = [
            *Workspace.objects.filter(pk__in=[pk for pk in ids if pk])
        ]
        if None in ids:
            workspaces.append(None)
        return sum(
            how(
                workspace,
                ids=ids[workspace.pk if workspace else None],
                actor=person(request),
                ip=peer_address(request) or None,
            )
            for workspace in workspaces
        )


def _readable(payload: bytes) -> str:
    """Return an event as JSON without its empty fields, else the start of the bytes."""
    try:
        events = decode_events(payload)
    except msgspec.DecodeError:
        return repr(payload[:LONGEST_RAW])
    plain = msgspec.to_builtins([msgspec.structs.asdict(event) for event in events])
    filled = [{key: one[key] for key in one if one[key]} for one in plain]
    return json.dumps(filled, ensure_ascii=False, indent=2)
