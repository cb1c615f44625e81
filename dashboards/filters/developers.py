"""Which developers: the developer list, ``/api/v1/developers/`` and their exports."""

from datetime import datetime
from types import MappingProxyType
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import F, Q, QuerySet

from accounts.models import Developer, Identity, Subject, Workspace
from accounts.models.developer import AttributionRule
from accounts.models.score import Trend
from accounts.red_flags import flagged_developers
from accounts.score_lists import in_band, in_trend
from accounts.scoring import Band
from dashboards.filters.base import ListFilter
from dashboards.filters.fields import (
    ANY_FLAG,
    FLAGGED,
    IdFilter,
    MomentFilter,
    ProductFilter,
    SearchFilter,
)
from dashboards.filters.membership import (
    CuratedListFilter,
    SegmentFilter,
    TagFilter,
)
from dashboards.filters.stages import StageFilter
from dashboards.paging import Order
from dashboards.queries.usage import uses_product

# Each order walks an index: developer_score_order, developer_by_seen and
# developer_by_name; by lifetime value, developer_value_order, which holds those who
# have one. A developer exists through an event or a profile, so none lacks a last
# visit; who has used nothing, and who did in the last seconds, lacks a score.
BY_SCORE = Order(
    "score__points",
    "pk",
    True,
    lambda row: row.score.points,
    float,
    present=Q(score__workspace=F("workspace")),
    absent=Q(score__isnull=True),
)
BY_WORTH = Order(
    "score__lifetime_value",
    "pk",
    True,
    lambda row: row.score.lifetime_value,
    float,
    present=Q(score__workspace=F("workspace"))
    & (Q(score__lifetime_value__lt=0) | Q(score__lifetime_value__gt=0)),
)
BY_SEEN = Order(
    "last_seen_at",
    "pk",
    True,
    lambda row: row.last_seen_at,
    datetime,
    present=Q(last_seen_at__isnull=False),
)
BY_NAME = Order("display_name", "pk", False, lambda row: row.display_name, str)


class DeveloperFilter(ListFilter):
    """Developers of a workspace; the nameless user of pre-counted events is none."""

    bar = ("q", "stage", "band", "trend", "product", "rule", "flagged")
    sorts = MappingProxyType(
        {
            "score": ("Score", BY_SCORE),
            "worth": ("Lifetime value", BY_WORTH),
            "worth-low": ("Lifetime value, low first", BY_WORTH.reversed()),
            "seen": ("Last seen", BY_SEEN),
            "name": ("Name", BY_NAME),
        }
    )

    q = SearchFilter(
        method="search", help_text="Part of the name or of any identity, in any case."
    )
    stage = StageFilter(
        Subject.DEVELOPER,
        label="Stage",
        empty_label="Any stage",
        help_text="Number of the stage it is in now.",
    )
    band = django_filters.ChoiceFilter(
        label="Band",
        choices=[(band.value, band.label) for band in Band],
        empty_label="Any band",
        method="of_band",
        help_text="Band of the score of today.",
    )
    trend = django_filters.ChoiceFilter(
        label="Trend",
        choices=Trend.choices,
        empty_label="Any trend",
        method="of_trend",
        help_text="Where the score is going; the rules are in docs/scores.md.",
    )
    product = ProductFilter(
        label="Product",
        empty_label="Any product",
        method="of_product",
        help_text="Key of a product used in the last 90 days.",
    )
    rule = django_filters.ChoiceFilter(
        label="Attribution",
        choices=AttributionRule.choices,
        empty_label="Any attribution",
        help_text="Rule that found the account.",
    )
    flagged = django_filters.ChoiceFilter(
        label="Red flags",
        choices=FLAGGED,
        empty_label="Flagged or not",
        method="of_flagged",
        help_text="With an open red flag.",
    )
    segment = SegmentFilter(
        Subject.DEVELOPER, help_text="Number of a segment: who is in it now."
    )
    list = CuratedListFilter(Subject.DEVELOPER, help_text="Number of a list.")
    tag = TagFilter(Subject.DEVELOPER, help_text="Number of a tag.")
    account = IdFilter(help_text="Number of an account.")
    anonymous = django_filters.BooleanFilter(
        field_name="is_anonymous",
        help_text="Known by nothing but anonymous identities.",
    )
    seen_from = MomentFilter(
        field_name="last_seen_at",
        lookup_expr="gte",
        help_text="Last seen then or after.",
    )
    seen_before = MomentFilter(
        field_name="last_seen_at", lookup_expr="lt", help_text="Last seen before."
    )

    class Meta:
        model = Developer
        fields = ()

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Return people, and nobody else."""
        return super().everything(workspace).filter(is_aggregate=False)

    def search(self, rows: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        """Keep those of this name or identity."""
        known = Identity.objects.in_workspace(self.workspace).filter(
            value__icontains=text
        )
        return rows.filter(
            Q(display_name__icontains=text) | Q(pk__in=known.values("developer"))
        )

    def of_band(self, rows: QuerySet[Any], _name: str, band: str) -> QuerySet[Any]:
        """Keep those whose score of today lies in the band."""
        return in_band(rows, Band(band), self.score_model, self.today)

    def of_trend(self, rows: QuerySet[Any], _name: str, trend: str) -> QuerySet[Any]:
        """Keep those whose score has the trend."""
        return in_trend(rows, Trend(trend), self.workspace)

    def of_product(self, rows: QuerySet[Any], _name: str, product: Any) -> Any:
        """Keep those with recent use of the product."""
        owner = "developer_id"
        return rows.filter(uses_product(product, owner=owner, today=self.today))

    def of_flagged(self, rows: QuerySet[Any], _name: str, kind: str) -> QuerySet[Any]:
        """Keep those with an open red flag, of any kind or of one."""
        wanted = "" if kind == ANY_FLAG else kind
        return flagged_developers(rows, self.workspace, wanted)
