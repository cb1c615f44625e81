"""Which accounts: the account list, ``/api/v1/accounts/`` and their exports."""

from types import MappingProxyType
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Account, AccountDomain, Developer, Fit, Subject
from accounts.models.developer import AttributionRule
from dashboards.filters.fields import SearchFilter
from dashboards.filters.subjects import BY_SCORE, BY_SEEN, BY_WORTH, SubjectFilter
from dashboards.paging import BY_NAME

# In addresses; an empty value would be no filter.
NO_FIT = "none"


class AccountFilter(SubjectFilter):
    """Accounts of a workspace."""

    subject = Subject.ACCOUNT
    bar = ("q", "stage", "band", "trend", "fit", "product", "rule", "flagged")
    # By account_score_order, account_value_order, which holds those who have one,
    # account_by_seen and account_by_name.
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
    fit = django_filters.ChoiceFilter(
        label="Fit",
        choices=[*Fit.choices, (NO_FIT, "Not known")],
        empty_label="Any fit",
        method="of_fit",
        help_text="Fit by the criteria in force; none where nothing is known.",
    )
    rule = django_filters.ChoiceFilter(
        label="Attribution",
        choices=AttributionRule.choices,
        empty_label="Any attribution",
        method="of_rule",
        help_text="Rule by which at least one of its developers was attributed.",
    )
    domain = django_filters.CharFilter(
        method="of_domain", max_length=253, help_text="Its domain, or a further one."
    )
    country = django_filters.CharFilter(
        lookup_expr="iexact", max_length=2, help_text="ISO 3166 code, such as DE."
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

    def of_fit(self, rows: QuerySet[Any], _name: str, fit: str) -> QuerySet[Any]:
        """Keep those of this fit."""
        return rows.filter(fit="" if fit == NO_FIT else fit)

    def of_rule(self, rows: QuerySet[Any], _name: str, rule: str) -> QuerySet[Any]:
        """Keep those who have a developer attributed so."""
        people = Developer.objects.filter(account_id=OuterRef("pk"), rule=rule)
        return rows.filter(Exists(people))

    def of_domain(self, rows: QuerySet[Any], _name: str, domain: str) -> QuerySet[Any]:
        """Keep the one that a domain belongs to."""
        domain = domain.lower()
        further = AccountDomain.objects.in_workspace(self.workspace).filter(
            domain=domain
        )
        return rows.filter(Q(domain=domain) | Q(pk__in=further.values("account")))
