"""Which accounts: the account list, ``/api/v1/accounts/`` and their exports."""

from datetime import datetime
from types import MappingProxyType
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Account, AccountDomain, Developer, Fit, Subject
from accounts.models.developer import AttributionRule
from accounts.models.score import Trend
from accounts.red_flags import flagged_accounts
from accounts.score_lists import in_band, in_trend
from accounts.scoring import Band
from dashboards.filters.base import ListFilter
from dashboards.filters.fields import (
    ANY_FLAG,
    FLAGGED,
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
from dashboards.paging import BY_NAME, Order
from dashboards.queries.usage import uses_product

# Each order walks an index: account_score_order, account_by_seen and account_by_name.
# Accounts that lack the value come last, by their number.
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
# By account_value_order, which holds those who have one.
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
# In addresses; an empty value would be no filter.
NO_FIT = "none"


class AccountFilter(ListFilter):
    """Accounts of a workspace."""

    bar = ("q", "stage", "band", "trend", "fit", "product", "rule", "flagged")
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
        method="search", help_text="Part of the name or of any domain, in any case."
    )
    stage = StageFilter(
        Subject.ACCOUNT,
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
    fit = django_filters.ChoiceFilter(
        label="Fit",
        choices=[*Fit.choices, (NO_FIT, "Not known")],
        empty_label="Any fit",
        method="of_fit",
        help_text="Fit by the criteria in force; none where nothing is known.",
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
        method="of_rule",
        help_text="Rule by which at least one of its developers was attributed.",
    )
    flagged = django_filters.ChoiceFilter(
        label="Red flags",
        choices=FLAGGED,
        empty_label="Flagged or not",
        method="of_flagged",
        help_text="With an open red flag, its own or of a developer.",
    )
    segment = SegmentFilter(
        Subject.ACCOUNT, help_text="Number of a segment: who is in it now."
    )
    list = CuratedListFilter(Subject.ACCOUNT, help_text="Number of a list.")
    tag = TagFilter(Subject.ACCOUNT, help_text="Number of a tag.")
    domain = django_filters.CharFilter(
        method="of_domain", max_length=253, help_text="Its domain, or a further one."
    )
    country = django_filters.CharFilter(
        lookup_expr="iexact", max_length=2, help_text="ISO 3166 code, such as DE."
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
        model = Account
        fields = ()

    def search(self, rows: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        """Keep those of this name or domain."""
        further = AccountDomain.objects.in_workspace(self.workspace).filter(
            domain__icontains=text
        )
        return rows.filter(
            Q(name__icontains=text)
            | Q(domain__icontains=text)
            | Q(pk__in=further.values("account"))
        )

    def of_band(self, rows: QuerySet[Any], _name: str, band: str) -> QuerySet[Any]:
        """Keep those whose score of today lies in the band."""
        return in_band(rows, Band(band), self.score_model, self.today)

    def of_trend(self, rows: QuerySet[Any], _name: str, trend: str) -> QuerySet[Any]:
        """Keep those whose score has the trend."""
        return in_trend(rows, Trend(trend), self.workspace)

    def of_fit(self, rows: QuerySet[Any], _name: str, fit: str) -> QuerySet[Any]:
        """Keep those of this fit."""
        return rows.filter(fit="" if fit == NO_FIT else fit)

    def of_product(self, rows: QuerySet[Any], _name: str, product: Any) -> Any:
        """Keep those with recent use of the product."""
        owner = "developer__account_id"
        return rows.filter(uses_product(product, owner=owner, today=self.today))

    def of_rule(self, rows: QuerySet[Any], _name: str, rule: str) -> QuerySet[Any]:
        """Keep those who have a developer attributed so."""
        people = Developer.objects.filter(account_id=OuterRef("pk"), rule=rule)
        return rows.filter(Exists(people))

    def of_flagged(self, rows: QuerySet[Any], _name: str, kind: str) -> QuerySet[Any]:
        """Keep those with an open red flag, of any kind or of one."""
        return flagged_accounts(rows, self.workspace, "" if kind == ANY_FLAG else kind)

    def of_domain(self, rows: QuerySet[Any], _name: str, domain: str) -> QuerySet[Any]:
        """Keep the one that a domain belongs to."""
        domain = domain.lower()
        further = AccountDomain.objects.in_workspace(self.workspace).filter(
            domain=domain
        )
        return rows.filter(Q(domain=domain) | Q(pk__in=further.values("account")))
