"""``/api/v1/accounts/``: customer companies, with score, trend, stage and fit."""

from types import MappingProxyType
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import (
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers

from accounts.models.api_key import ReadScope
from accounts.models.fit import Fit
from accounts.receipts import receipt_for_account
from accounts.score_lists import with_score, with_worth
from dashboards.api.fields import SCORED, BandField, ChangeField, ScoreField, TrendField
from dashboards.api.receipts import ScoredView
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.stages import with_stage
from dashboards.filters import AccountFilter
from dashboards.filters.subjects import BY_SCORE, BY_SEEN, BY_WORTH
from dashboards.paging import BY_ID, BY_NAME


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class Domains(serializers.Field):  # type: ignore[type-arg]
    """Further domains of an account."""

    def to_representation(self, value: Any) -> list[str]:
        """Return them in order."""
        return [one.domain for one in value]


class AccountRow(RowSerializer):
    """An account."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    domain = serializers.CharField(help_text="Empty where none is known.")
    domains = Domains(source="further", help_text="Further domains.")
    organisation = serializers.CharField(
        help_text="Owner of the network that it was recognised by, or empty."
    )
    country = serializers.CharField()
    industry = serializers.CharField()
    employees = serializers.IntegerField(allow_null=True)
    custom = serializers.DictField(
        source="fields", help_text="Values of the workspace's own fields."
    )
    score = ScoreField(source="score_now", help_text="0 to 100, as of now.")
    band = BandField(source="score_now")
    change_7d = ChangeField(help_text="Points won or lost in seven days.")
    trend = TrendField()
    score_is_stale = serializers.BooleanField(
        source="is_stale", help_text="Newer usage waits to be scored."
    )
    score_model_version = serializers.IntegerField(
        source="score.model_version",
        allow_null=True,
        help_text="Of the score model that made the score; null while there is none.",
    )
    active_developers = serializers.IntegerField(
        source="score.active_developers", allow_null=True
    )
    lifetime_value = serializers.FloatField(source="worth")
    stage = serializers.CharField(source="stage_name", allow_null=True)
    fit = serializers.ChoiceField(choices=[*Fit.choices, ("", "Unknown")])
    fit_points = serializers.FloatField(allow_null=True)
    first_seen_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 17,
        "name": "Analytical Engines",
        "domain": "analytical.example",
        "domains": ["engines.example"],
        "organisation": "",
        "country": "GB",
        "industry": "Computing",
        "employees": 240,
        "custom": {"tier": "gold"},
        **SCORED,
        "active_developers": 12,
        "lifetime_value": 0.0,
        "stage": "Build",
        "fit": "strong",
        "fit_points": 0.85,
        "first_seen_at": "2026-03-01T09:00:00Z",
        "last_seen_at": "2026-11-20T16:04:11Z",
        "created_at": "2026-03-01T09:00:02Z",
    }


class Accounts(Resource):
    """Accounts of a workspace."""

    name = "accounts"
    scope = ReadScope.ACCOUNTS
    serializer = AccountRow
    filters = AccountFilter
    orders = MappingProxyType(
        {
            "id": BY_ID,
            "score": BY_SCORE.reversed(),
            "last_seen_at": BY_SEEN.reversed(),
            "lifetime_value": BY_WORTH.reversed(),
            "name": BY_NAME,
        }
    )

    def prepare(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Fetch score, stage and domains along."""
        rows = with_score(
            with_worth(rows.select_related("score")),
            self.filterset.score_model,
            self.today,
        )
        if self.wants("domains"):
            rows = rows.prefetch_related(Prefetch("domains", to_attr="further"))
        return with_stage(rows, "account") if self.wants("stage") else rows


@extend_schema_view(
    list=extend_schema(summary="List accounts"),
    retrieve=extend_schema(summary="Show an account"),
    receipt=extend_schema(summary="Show the receipt of an account's score"),
    scores=extend_schema(summary="List an account's scores by day"),
)
class AccountView(ScoredView):
    """Customer companies."""

    resource = Accounts
    tag = "Accounts"
    receipt_of = staticmethod(receipt_for_account)
