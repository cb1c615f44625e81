"""``/api/v1/developers/`` and ``/api/v1/identities/``: people; personal data."""

from types import MappingProxyType
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.models import Identity
from accounts.models.api_key import ReadScope
from accounts.models.developer import AttributionRule
from accounts.receipts import receipt_for_developer
from accounts.score_lists import with_score, with_worth
from dashboards.api.fields import SCORED, BandField, ChangeField, ScoreField, TrendField
from dashboards.api.receipts import ScoredView
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.stages import with_stage
from dashboards.api.views import RowView
from dashboards.filters import DeveloperFilter
from dashboards.filters.developers import BY_NAME, BY_SEEN, BY_WORTH
from dashboards.filters.identities import IdentityFilter
from dashboards.filters.subjects import BY_SCORE
from dashboards.paging import BY_ID


class KnownAs(RowSerializer):
    """One way a developer is known."""

    kind = serializers.ChoiceField(choices=Identity.Kind.choices)
    value = serializers.CharField()


class DeveloperRow(RowSerializer):
    """A developer."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="display_name")
    identities = KnownAs(many=True, source="known_as")
    account_id = serializers.IntegerField(allow_null=True)
    account_name = serializers.CharField(source="account.name", allow_null=True)
    account_domain = serializers.CharField(source="account.domain", allow_null=True)
    rule = serializers.ChoiceField(
        choices=AttributionRule.choices, help_text="Rule that found the account."
    )
    confidence = serializers.FloatField(help_text="0 to 1, from the rule.")
    rule_detail = serializers.CharField(help_text="What the rule saw.")
    is_anonymous = serializers.BooleanField()
    traits = serializers.DictField()
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
    lifetime_value = serializers.FloatField(source="worth")
    stage = serializers.CharField(source="stage_name", allow_null=True)
    first_seen_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 301,
        "name": "Ada",
        "identities": [
            {"kind": "email", "value": "ada@analytical.example"},
            {"kind": "github", "value": "ada"},
        ],
        "account_id": 17,
        "account_name": "Analytical Engines",
        "account_domain": "analytical.example",
        "rule": "email_domain",
        "confidence": 0.9,
        "rule_detail": "analytical.example",
        "is_anonymous": False,
        "traits": {"plan": "pro"},
        **SCORED,
        "lifetime_value": 0.0,
        "stage": "Evaluate",
        "first_seen_at": "2026-03-01T09:00:00Z",
        "last_seen_at": "2026-11-20T16:04:11Z",
        "created_at": "2026-03-01T09:00:02Z",
    }


class IdentityRow(RowSerializer):
    """An identity."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Identity.Kind.choices)
    value = serializers.CharField(help_text="Normalised for its kind.")
    developer_id = serializers.IntegerField()
    joined_by = serializers.CharField(
        help_text="Rule that joined it to this developer; empty for the first."
    )
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 512,
        "kind": "email",
        "value": "ada@analytical.example",
        "developer_id": 301,
        "joined_by": "",
        "first_seen_at": "2026-03-01T09:00:00Z",
        "last_seen_at": "2026-11-20T16:04:11Z",
    }


class Developers(Resource):
    """Developers of a workspace; the nameless user of pre-counted events is none."""

    name = "developers"
    scope = ReadScope.PEOPLE
    serializer = DeveloperRow
    filters = DeveloperFilter
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
        """Fetch account, score, stage and identities along."""
        rows = with_score(
            with_worth(rows.select_related("account", "score")),
            self.filterset.score_model,
            self.today,
        )
        if self.wants("identities"):
            known = Identity.objects.order_by("kind", "value")
            rows = rows.prefetch_related(
                Prefetch("identities", queryset=known, to_attr="known_as")
            )
        return with_stage(rows, "developer") if self.wants("stage") else rows


class Identities(Resource):
    """Identities of a workspace's developers."""

    name = "identities"
    scope = ReadScope.PEOPLE
    serializer = IdentityRow
    filters = IdentityFilter


@extend_schema_view(
    list=extend_schema(summary="List developers"),
    retrieve=extend_schema(summary="Show a developer"),
    receipt=extend_schema(summary="Show the receipt of a developer's score"),
    scores=extend_schema(summary="List a developer's scores by day"),
)
class DeveloperView(ScoredView):
    """People who use a product. Needs the scope people:read."""

    resource = Developers
    tag = "Developers and identities"
    receipt_of = staticmethod(receipt_for_developer)


@extend_schema_view(
    list=extend_schema(summary="List identities"),
    retrieve=extend_schema(summary="Show an identity"),
)
class IdentityView(RowView):
    """Ways developers are known. Needs the scope people:read."""

    resource = Identities
    tag = "Developers and identities"
