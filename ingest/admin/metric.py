"""Metrics: which events score, how much, and what waits for one of them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from accounts.admin.base import WorkspaceForm, person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.tools import Page, Tool, ToolsAdmin
from accounts.models import Metric
from accounts.peer import peer_address
from accounts.roles import Action
from accounts.score_models import sync_weights
from accounts.score_store import touch_users_of
from ingest.models import QuarantinedEvent
from ingest.quarantine import replay


class MetricForm(WorkspaceForm):
    """Tells two spellings of one key before the database does."""

    def _get_validation_exclusions(self) -> set[str]:
        # It is not asked for, and still what must be unique.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"folded_key"}


def waiting_for(metric: Metric) -> QuerySet[QuarantinedEvent]:
    """Return the quarantined events that configuring this metric mends."""
    return QuarantinedEvent.objects.filter(
        workspace=metric.workspace_id,
        reason=QuarantinedEvent.Reason.METRIC_NOT_CONFIGURED,
        subject=metric.folded_key,
        status=QuarantinedEvent.Status.WAITING,
    )


@admin.register(Metric)
class MetricAdmin(ToolsAdmin):
    """Metrics. Usage refers to them, so none is deleted: weight 0 scores nothing."""

    form = MetricForm
    add_action = Action.CONFIGURE
    change_action = Action.CONFIGURE
    own_pages = (Page("replay", Action.REPLAY),)
    list_display = (
        *("key", "label", "level", "weight", "daily_cap", "adds_to_lifetime_value"),
        "created_at",
    )
    list_filter = ("level", "adds_to_lifetime_value")
    list_select_related = ("workspace",)
    search_fields = ("key", "label")
    ordering = ("key",)
    fields = (
        *("workspace", "key", "label", "level", "weight", "daily_cap"),
        "adds_to_lifetime_value",
    )
    actions = ("replay_waiting",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: senders put it into their events."""
        del request
        return ("key",) if obj else ()

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Bring the score model in step, and offer what has waited for the metric."""
        super().save_model(request, obj, form, change)
        sync_weights(obj.workspace, actor=person(request))
        if "adds_to_lifetime_value" in form.changed_data:
            touch_users_of(obj)
        number = waiting_for(obj).count()
        if number:
            self.message_user(
                request,
                format_html(
                    "{} events in quarantine have waited for this metric. "
                    '<a href="{}">Replay them</a>',
                    number,
                    self.address("replay", obj.pk),
                ),
                messages.WARNING,
            )

    # ---- Replay

    def tools(self, obj: Any) -> list[Tool]:
        """Offer the replay while something waits."""
        number = waiting_for(obj).count()
        label = f"Replay {number:,} waiting events"
        return [self.tool(label, "replay", obj)] if number else []

    def replay_view(self, request: HttpRequest, metric: Metric) -> HttpResponse:
        """Ask, then put what waits for the metric through the digest again."""
        if is_confirmed(request):
            number = self._replay(request, metric)
            self.message_user(request, f"On the way: {number:,}.")
            return self.to_page("changelist")
        return confirmation(
            self,
            request,
            title="Replay",
            explanation=f"{waiting_for(metric).count():,} events in quarantine wait "
            f"for the metric {metric.key}. Replayed, they count as on the day they "
            "happened.",
            button="Replay them",
            obj=metric,
        )

    @admin.action(description="Replay what waits for these metrics")
    def replay_waiting(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Put what waits for the ticked metrics through the digest again."""
        rows = self.allowed_rows(request, queryset, Action.REPLAY)
        number = sum(self._replay(request, metric) for metric in rows)
        self.message_user(request, f"On the way: {number:,}.")

    def _replay(self, request: HttpRequest, metric: Metric) -> int:
        return replay(
            metric.workspace,
            reason=QuarantinedEvent.Reason.METRIC_NOT_CONFIGURED,
            subject=metric.folded_key,
            actor=person(request),
            ip=peer_address(request) or None,
        )
