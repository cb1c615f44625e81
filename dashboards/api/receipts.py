"""Scores of one account or developer: by day, and with the receipt of each."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.clock import today_utc
from accounts.receipts import Receipt
from accounts.score_history import trend
from accounts.scoring import Band
from dashboards.api.problems import InvalidParameters
from dashboards.api.views import RowView

LONGEST_DAYS = 90
LARGEST_LINES, LINES = 2_000, 200


class ReceiptLineRow(serializers.Serializer):  # type: ignore[type-arg]
    """Uses of one metric on one day: ``weight × damp × age_factor = points``."""

    metric = serializers.CharField()
    products = serializers.CharField(source="product")
    day = serializers.DateField()
    developers = serializers.IntegerField()
    count = serializers.IntegerField()
    counted = serializers.IntegerField(help_text="Uses after the metric's daily cap.")
    weight = serializers.FloatField()
    damp = serializers.FloatField()
    age_days = serializers.IntegerField()
    age_factor = serializers.FloatField()
    points = serializers.FloatField()
    shown = serializers.DecimalField(max_digits=None, decimal_places=2)
    share = serializers.DecimalField(
        max_digits=None, decimal_places=1, help_text="Its part of the score."
    )


class OtherUsesRow(serializers.Serializer):  # type: ignore[type-arg]
    """What is older or smaller than the lines above it, as one line."""

    lines = serializers.IntegerField()
    count = serializers.IntegerField()
    points = serializers.FloatField()
    shown = serializers.DecimalField(max_digits=None, decimal_places=2)
    share = serializers.DecimalField(max_digits=None, decimal_places=1)


class BreadthRow(serializers.Serializer):  # type: ignore[type-arg]
    """What an account gains because several people use the product."""

    effective_developers = serializers.FloatField()
    bonus = serializers.FloatField()
    points = serializers.FloatField()
    shown = serializers.DecimalField(max_digits=None, decimal_places=2)
    share = serializers.DecimalField(max_digits=None, decimal_places=1)


class ReceiptAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """A score and everything that made it; ``shown`` and ``share`` add up exactly."""

    as_of = serializers.DateField()
    score = serializers.DecimalField(
        max_digits=None, decimal_places=1, source="shown_score"
    )
    band = serializers.ChoiceField(choices=[band.value for band in Band])
    points = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="shown_points"
    )
    scale = serializers.FloatField(help_text="Points that score 63.")
    half_life_days = serializers.FloatField()
    damping = serializers.CharField()
    model_version = serializers.IntegerField()
    lines = ReceiptLineRow(many=True)
    other = OtherUsesRow(allow_null=True)
    breadth = BreadthRow(allow_null=True)


class DayScore(serializers.Serializer):  # type: ignore[type-arg]
    """The score at the end of one UTC day; today's is the score of now."""

    day = serializers.DateField()
    score = serializers.FloatField()
    model_version = serializers.IntegerField(help_text="Version that judged the day.")


class DayScores(serializers.Serializer):  # type: ignore[type-arg]
    """Scores by day, the oldest first."""

    results = DayScore(many=True)


ON = OpenApiParameter(
    "on",
    {"type": "string", "format": "date"},
    OpenApiParameter.QUERY,
    description=f"Day up to {LONGEST_DAYS} ago, as of its end; now where none is said.",
)
MOST = OpenApiParameter(
    "lines",
    int,
    OpenApiParameter.QUERY,
    description=f"Lines, the largest first: 0 to {LARGEST_LINES:,}; the rest as "
    f"`other`. {LINES} where nothing is said.",
)
DAYS = OpenApiParameter(
    "days",
    int,
    OpenApiParameter.QUERY,
    description=f"Days, today the last: 1 to {LONGEST_DAYS}, which is the default.",
)
EXAMPLES: dict[str, Any] = {
    "receipt": {
        "as_of": "2026-11-20",
        "score": "7.7",
        "band": "low",
        "points": "10.00",
        "scale": 125.0,
        "half_life_days": 14.0,
        "damping": "log2",
        "model_version": 1,
        "lines": [
            {
                "metric": "Deploy",
                "products": "Orbit CLI",
                "day": "2026-11-20",
                "developers": 1,
                "count": 1,
                "counted": 1,
                "weight": 10.0,
                "damp": 1.0,
                "age_days": 0,
                "age_factor": 1.0,
                "points": 10.0,
                "shown": "10.00",
                "share": "7.7",
            }
        ],
        "other": None,
        "breadth": None,
    },
    "scores": {
        "results": [
            {"day": "2026-11-19", "score": 0.0, "model_version": 1},
            {"day": "2026-11-20", "score": 7.7, "model_version": 1},
        ]
    },
}


class ScoredView(RowView):
    """A list of which every row has a score."""

    receipt_of: ClassVar[Callable[..., Receipt]]
    examples = EXAMPLES

    @extend_schema(parameters=[ON, MOST], responses={200: ReceiptAnswer})
    @action(detail=True, methods=["get"])
    def receipt(self, request: Request, pk: str) -> Response:
        """Return what made the score, line by line, as of now or of a past day."""
        params = request.query_params
        _only({"on", "lines"}, params)
        on, lines = _day(params), _number(params, "lines", 0, LARGEST_LINES, LINES)
        receipt = self.receipt_of(self.find(pk), on=on)
        return Response(ReceiptAnswer(receipt.folded(lines)).data)

    @extend_schema(parameters=[DAYS], responses={200: DayScores})
    @action(detail=True, methods=["get"])
    def scores(self, request: Request, pk: str) -> Response:
        """Return the score of each of the last days."""
        params = request.query_params
        _only({"days"}, params)
        days = _number(params, "days", 1, LONGEST_DAYS, LONGEST_DAYS)
        points = trend(self.find(pk), days=days)
        rows = [
            {
                "day": point.day,
                "score": round(point.score, 1),
                "model_version": point.version,
            }
            for point in points
        ]
        return Response(DayScores({"results": rows}).data)


def _only(known: set[str], params: Any) -> None:
    if unknown := [name for name in params if name not in known]:
        message = f"No such parameter here; there are {', '.join(sorted(known))}."
        raise InvalidParameters({name: [message] for name in unknown})


def _number(params: Any, name: str, least: int, most: int, default: int) -> int:
    text = params.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most:
        return int(text)
    raise InvalidParameters({name: [f"Give a number from {least} to {most:,}."]})


def _day(params: Any) -> date | None:
    text = params.get("on", "")
    if not text:
        return None
    today = today_utc()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not today - timedelta(days=LONGEST_DAYS) <= day <= today:
        message = f"Give a day such as {today}, of the last {LONGEST_DAYS}."
        raise InvalidParameters({"on": [message]})
    return day
