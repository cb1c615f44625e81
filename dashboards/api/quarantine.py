"""``/api/v1/quarantine/``: events that could not be used yet, and why."""

from typing import Any, ClassVar

from django.db.models import Count, Max, Min
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models.api_key import ReadScope
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.views import RowView
from dashboards.filters.quarantine import QuarantineFilter
from ingest.models import QuarantinedEvent

# More kinds of trouble than anybody reads; the largest come first.
MOST_COUNTS = 1_000


class QuarantineRow(RowSerializer):
    """A quarantined event; what it held stays here."""

    id = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=QuarantinedEvent.Reason.choices)
    subject = serializers.CharField(help_text="What a replay is grouped by.")
    detail = serializers.CharField(help_text="What the reason is about.")
    status = serializers.ChoiceField(choices=QuarantinedEvent.Status.choices)
    dialect = serializers.CharField()
    received_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)

    example: ClassVar[dict[str, Any]] = {
        "id": 90,
        "reason": "metric_not_configured",
        "subject": "launchrocket",
        "detail": "LAUNCH_ROCKET",
        "status": "waiting",
        "dialect": "reo",
        "received_at": "2026-11-20T16:04:11Z",
        "settled_at": None,
    }


class QuarantineCount(serializers.Serializer):  # type: ignore[type-arg]
    """How many events wait for one thing to be mended."""

    reason = serializers.ChoiceField(choices=QuarantinedEvent.Reason.choices)
    subject = serializers.CharField()
    events = serializers.IntegerField()
    first_received_at = serializers.DateTimeField()
    last_received_at = serializers.DateTimeField()


class QuarantineCounts(serializers.Serializer):  # type: ignore[type-arg]
    """What waits, by reason and subject, the most first."""

    results = QuarantineCount(many=True)


class Quarantine(Resource):
    """Quarantined events of a workspace."""

    name = "quarantine"
    scope = ReadScope.QUARANTINE
    serializer = QuarantineRow
    filters = QuarantineFilter


@extend_schema_view(
    list=extend_schema(summary="List quarantined events"),
    retrieve=extend_schema(summary="Show a quarantined event"),
    counts=extend_schema(summary="Count what waits in quarantine"),
)
class QuarantineView(RowView):
    """Events that wait for their cause to be mended, or were settled."""

    resource = Quarantine
    tag = "Quarantine"
    examples: ClassVar[dict[str, Any]] = {
        "counts": {
            "results": [
                {
                    "reason": "metric_not_configured",
                    "subject": "launchrocket",
                    "events": 4,
                    "first_received_at": "2026-11-20T15:00:00Z",
                    "last_received_at": "2026-11-20T16:04:11Z",
                }
            ]
        }
    }

    @extend_schema(responses={200: QuarantineCounts})
    @action(detail=False, methods=["get"])
    def counts(self, request: Request) -> Response:
        """Return how many events wait, by reason and subject."""
        resource = self.one_only(request)
        waiting = resource.rows.filter(status=QuarantinedEvent.Status.WAITING)
        rows = (
            waiting.order_by()
            .values("reason", "subject")
            .annotate(
                events=Count("pk"),
                first_received_at=Min("received_at"),
                last_received_at=Max("received_at"),
            )
            .order_by("-events", "reason", "subject")[:MOST_COUNTS]
        )
        return Response(QuarantineCounts({"results": rows}).data)
