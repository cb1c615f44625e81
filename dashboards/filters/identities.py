"""Which identities: ``/api/v1/identities/``."""

from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import Q, QuerySet

from accounts.identity import normalise
from accounts.models import Identity, Workspace
from dashboards.filters.base import ListFilter
from dashboards.filters.fields import IdFilter, MomentFilter

LONGEST_VALUE = 320


class IdentityFilter(ListFilter):
    """Identities of a workspace's people."""

    kind = django_filters.ChoiceFilter(
        choices=Identity.Kind.choices, help_text="How somebody is known."
    )
    value = django_filters.CharFilter(
        method="of_value",
        max_length=LONGEST_VALUE,
        help_text="The whole value, in any way that senders write it.",
    )
    developer = IdFilter(help_text="Number of a developer.")
    account = IdFilter(
        field_name="developer__account", help_text="Number of an account."
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
        model = Identity
        fields = ()

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Leave out what pre-counted events hang on."""
        rows = super().everything(workspace)
        return rows.filter(developer__is_aggregate=False)

    def of_value(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Keep those of this value, as each kind writes it; index identity_once."""
        wanted = Q(kind__in=())
        for kind in Identity.Kind.values:
            wanted |= Q(kind=kind, value=normalise(kind, value))
        return rows.filter(wanted)
