"""How rows write scores, bands and the keys of products."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models.score import Trend
from accounts.scoring import Band, band_of

SCORED = {
    "score": 71.4,
    "band": "high",
    "change_7d": 4.2,
    "trend": "steady",
    "score_is_stale": False,
    "score_model_version": 3,
}


class ScoreField(serializers.FloatField):
    """A score of 0 to 100 with one decimal, as pages write it."""

    def to_representation(self, value: Any) -> float:  # type: ignore[override]
        """Round as pages do; a band is decided on what is shown."""
        return round(float(value), 1)


@extend_schema_field({"type": "string", "enum": [band.value for band in Band]})
class BandField(serializers.Field):  # type: ignore[type-arg]
    """The band that a score lies in."""

    def to_representation(self, value: Any) -> str:
        """Return the band by the score model in force."""
        return band_of(float(value), self.context["resource"].filterset.score_model)


class TrendField(serializers.ChoiceField):
    """Where a score is going; null until first worked out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=Trend.choices, source="score.trend", allow_null=True, **kwargs
        )


class ChangeField(serializers.FloatField):
    """Points of the score won or lost in seven days."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="score.change_7d", allow_null=True, **kwargs)
