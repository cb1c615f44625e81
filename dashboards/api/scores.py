"""``/api/v1/account-scores/``: the scores of all accounts, day by day."""

from types import MappingProxyType
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.models.api_key import ReadScope
from dashboards.api.fields import ScoreField
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.views import ReadView
from dashboards.filters.scores import BY_DAY, AccountScoreFilter


class AccountScoreRow(RowSerializer):
    """The score of one account at the end of one UTC day."""

    day = serializers.DateField()
    account_id = serializers.IntegerField()
    score = ScoreField()
    points = serializers.FloatField(help_text="As of that day.")
    model_version = serializers.IntegerField()

    example: ClassVar[dict[str, Any]] = {
        "day": "2026-11-19",
        "account_id": 17,
        "score": 71.4,
        "points": 469.3,
        "model_version": 1,
    }


class AccountScores(Resource):
    """Daily scores of accounts; a day without a row is a score under a half."""

    name = "account-scores"
    scope = ReadScope.ACCOUNTS
    serializer = AccountScoreRow
    filters = AccountScoreFilter
    orders = MappingProxyType({"day": BY_DAY})


@extend_schema_view(list=extend_schema(summary="List the daily scores of accounts"))
class AccountScoreView(ReadView):
    """Scores of past days; today's are on the accounts themselves."""

    resource = AccountScores
    tag = "Accounts"
