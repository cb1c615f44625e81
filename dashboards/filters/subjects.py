"""What the lists of accounts and of developers can both be asked, and how sorted."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

import django_filters  # type: ignore[import-untyped]
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import DailyUsage, Subject
from accounts.models.score import Trend
from accounts.red_flags import flagged_accounts, flagged_developers
from accounts.score_lists import in_band, in_trend
from accounts.scoring import Band
from dashboards import periods
from dashboards.filters.base import ListFilter
from dashboards.filters.fields import (
    ANY_FLAG,
    FLAGGED,
    MomentFilter,
    ProductFilter,
)
from dashboards.filters.membership import (
    CuratedListFilter,
    SegmentFilter,
    TagFilter,
)
from dashboards.filters.stages import StageFilter
from dashboards.paging import Order

# What lacks the value comes last, by its number, and is a part of its own: each part of
# each order walks an index. Those are named where the lists are.
SCORED, UNSCORED = Q(score__workspace=F("workspace")), Q(score__isnull=True)
BY_SCORE = Order(
    "score__points",
    "pk",
    True,
    lambda row: row.score.points,
    float,
    present=SCORED,
    absent=UNSCORED,
)
VALUED = Q(score__lifetime_value__lt=0) | Q(score__lifetime_value__gt=0)
BY_WORTH = Order(
    "score__lifetime_value",
    "pk",
    True,
    lambda row: row.score.lifetime_value or None,
    float,
    present=SCORED & VALUED,
    absent=UNSCORED | Q(score__lifetime_value=0),
)
BY_SEEN = Order(
    "last_seen_at",
    "pk",
    True,
    lambda row: row.last_seen_at,
    datetime,
    present=Q(last_seen_at__isnull=False),
    absent=Q(last_seen_at__isnull=True),
)

# A product filter asks who used it this recently.
PRODUCT_DAYS = 90
# How usage leads to the row, and how red flags are kept.
OWNERS = MappingProxyType(
    {Subject.ACCOUNT: "developer__account_id", Subject.DEVELOPER: "developer_id"}
)
KEEP_FLAGGED: MappingProxyType[Subject, Callable[..., QuerySet[Any]]] = (
    MappingProxyType(
        {Subject.ACCOUNT: flagged_accounts, Subject.DEVELOPER: flagged_developers}
    )
)


class SubjectFilter(ListFilter):
    """Accounts or developers of a workspace: ``subject`` says which."""

    subject: ClassVar[Subject]

    stage = StageFilter(
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
        help_text=f"Key of a product used in the last {PRODUCT_DAYS} days.",
    )
    flagged = django_filters.ChoiceFilter(
        label="Red flags",
        choices=FLAGGED,
        empty_label="Flagged or not",
        method="of_flagged",
        help_text="With an open red flag; of an account also that of a developer.",
    )
    segment = SegmentFilter(help_text="Number of a segment: who is in it now.")
    list = CuratedListFilter(help_text="Number of a list.")
    tag = TagFilter(help_text="Number of a tag.")
    seen_from = MomentFilter(
        field_name="last_seen_at",
        lookup_expr="gte",
        help_text="Last seen then or after.",
    )
    seen_before = MomentFilter(
        field_name="last_seen_at", lookup_expr="lt", help_text="Last seen before."
    )

    def of_band(self, rows: QuerySet[Any], _name: str, band: str) -> QuerySet[Any]:
        """Keep those whose score of today lies in the band."""
        return in_band(rows, Band(band), self.score_model, self.today)

    def of_trend(self, rows: QuerySet[Any], _name: str, trend: str) -> QuerySet[Any]:
        """Keep those whose score has the trend."""
        return in_trend(rows, Trend(trend), self.workspace)

    def of_product(self, rows: QuerySet[Any], _name: str, product: Any) -> Any:
        """Keep those with recent use of the product."""
        recent = periods.last_days(PRODUCT_DAYS, today=self.today)
        uses = DailyUsage.objects.filter(
            product_id=product.pk,
            day__gte=recent.first,
            **{OWNERS[self.subject]: OuterRef("pk")},
        )
        return rows.filter(Exists(uses))

    def of_flagged(self, rows: QuerySet[Any], _name: str, kind: str) -> QuerySet[Any]:
        """Keep those with an open red flag, of any kind or of one."""
        wanted = "" if kind == ANY_FLAG else kind
        return KEEP_FLAGGED[self.subject](rows, self.workspace, wanted)
