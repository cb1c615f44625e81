"""Which developers: the developer list, ``/api/v1/developers/`` and their exports."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import Q, QuerySet

from accounts.models import Developer, Identity, Subject, Workspace
from accounts.models.developer import AttributionRule
from dashboards.filters.fields import IdFilter, SearchFilter
from dashboards.filters.subjects import BY_SCORE, SubjectFilter
from dashboards.filters.subjects import BY_SEEN as SEEN_OR_NOT
from dashboards.filters.subjects import BY_WORTH as WORTH_OR_NOT
from dashboards.paging import Order

# Of a million developers the order by lifetime value holds only those who have one. A
# developer exists through an event or a profile, so none lacks a last visit; who has
# used nothing, and who did in the last seconds, lacks a score.
BY_WORTH = replace(WORTH_OR_NOT, absent=None)
BY_SEEN = replace(SEEN_OR_NOT, absent=None)
BY_NAME = Order("display_name", "pk", False, lambda row: row.display_name, str)


class DeveloperFilter(SubjectFilter):
    """Developers of a workspace; the nameless user of pre-counted events is none."""

    subject = Subject.DEVELOPER
    bar = ("q", "stage", "band", "trend", "product", "rule", "flagged")
    # By developer_score_order, developer_value_order, developer_by_seen and
    # developer_by_name.
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
    rule = django_filters.ChoiceFilter(
        label="Attribution",
        choices=AttributionRule.choices,
        empty_label="Any attribution",
        help_text="Rule that found the account.",
    )
    account = IdFilter(help_text="Number of an account.")
    anonymous = django_filters.BooleanFilter(
        field_name="is_anonymous",
        help_text="Known by nothing but anonymous identities.",
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
