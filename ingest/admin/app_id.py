"""Apps: which product the signals of an app id are about, and what waits for it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import ScopedFilter, WorkspaceAdmin, WorkspaceForm, person
from accounts.app_switch import note_app, note_switched, switch_apps
from accounts.models import AppId, AuditEntry
from accounts.peer import peer_address
from accounts.roles import Action, can
from ingest.quarantine import replay_app


class AppForm(WorkspaceForm):
    """Tells two spellings of one app id before the database does."""

    def _get_validation_exclusions(self) -> set[str]:
        # It is not asked for, and still what must be unique.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"folded_id"}

    def _update_errors(self, errors: Any) -> None:
        # What is wrong with the folded id is wrong with what was typed.
        found = getattr(errors, "error_dict", {})
        if "folded_id" in found:
            found.setdefault("app_id", []).extend(found.pop("folded_id"))
        super()._update_errors(errors)  # type: ignore[misc]


@admin.register(AppId)
class AppIdAdmin(WorkspaceAdmin):
    """Apps. An id is public, so it is not revoked but switched off."""

    empty_note = (
        "An app id says which product the TelemetryDeck signals of it are about."
    )
    form = AppForm
    add_action = Action.CONFIGURE
    change_action = Action.CONFIGURE
    delete_action = Action.CONFIGURE
    list_display = ("app_id", "product", "is_enabled", "created_at")
    list_filter = ("is_enabled", ("product", ScopedFilter))
    list_select_related = ("workspace", "product")
    search_fields = ("folded_id",)
    search_help_text = "A part of the app id."
    ordering = ("app_id",)
    fields = ("workspace", "app_id", "product", "is_enabled")
    actions = ("enable", "disable")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the id: it is built into apps."""
        del request
        return ("app_id",) if obj else ()

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save and audit it, and put what has waited for it through the digest."""
        actor, ip = person(request), peer_address(request) or None
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if not change:
                note_app(AuditEntry.Action.APP_ADDED, obj, actor=actor, ip=ip)
            elif "is_enabled" in form.changed_data:
                note_switched(obj, actor=actor, ip=ip)
            if change and "product" in form.changed_data:
                note_app(AuditEntry.Action.APP_CHANGED, obj, actor=actor, ip=ip)
        self._replay(request, [obj])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Write down who removed it."""
        self._note_removed(request, [obj])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Write down who removed them."""
        self._note_removed(request, queryset.select_related("workspace", "product"))
        super().delete_queryset(request, queryset)

    def _note_removed(self, request: HttpRequest, apps: Iterable[AppId]) -> None:
        for app in apps:
            note_app(
                AuditEntry.Action.APP_REMOVED,
                app,
                actor=person(request),
                ip=peer_address(request) or None,
            )

    @admin.action(description="Switch on", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take signals of the ticked apps again, and those that have waited."""
        apps = self._switch(request, queryset, is_enabled=True)
        self.message_user(request, f"Switched on: {len(apps):,}.")
        self._replay(request, apps)

    @admin.action(description="Switch off", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Keep signals of the ticked apps in quarantine from now on."""
        apps = self._switch(request, queryset, is_enabled=False)
        self.message_user(request, f"Switched off: {len(apps):,}.")

    def _switch(
        self, request: HttpRequest, queryset: QuerySet[Any], *, is_enabled: bool
    ) -> list[AppId]:
        return switch_apps(
            self.allowed_rows(request, queryset, Action.CONFIGURE),
            is_enabled=is_enabled,
            actor=person(request),
            ip=peer_address(request) or None,
        )

    def _replay(self, request: HttpRequest, apps: list[AppId]) -> None:
        """Replay what has waited; of unknown apps in nobody's workspace, too."""
        number = sum(
            replay_app(app, actor=person(request), ip=peer_address(request) or None)
            for app in apps
            if can(person(request), Action.REPLAY, app.workspace_id)
        )
        if number:
            self.message_user(
                request,
                f"{number:,} signals have waited for this and are on their way.",
                messages.SUCCESS,
            )
