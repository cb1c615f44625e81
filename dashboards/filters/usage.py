"""Which daily usage, and what it is summed by: ``/api/v1/usage/``."""

from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import DailyUsage, Workspace
from dashboards.filters.fields import IdFilter, MetricFilter, ProductFilter
from dashboards.filters.periods import PeriodFilter

# In the order in which rows are sorted.
GROUPS = ("day", "developer", "account", "product", "metric")
DEFAULT_GROUPS = ("day", "product", "metric")


def known_groups(text: str) -> None:
    """Refuse what nothing is summed by.

    Raises:
        ValidationError: it names something else.
    """
    asked = {name.strip() for name in text.split(",")}
    if unknown := sorted(asked - set(GROUPS)):
        message = f"“{unknown[0]}” is none of {', '.join(GROUPS)}."
        raise ValidationError(message)


class UsageFilter(PeriodFilter):
    """Uses per day."""

    product = ProductFilter(help_text="Key of a product.")
    metric = MetricFilter(help_text="Key of a metric.")
    account = IdFilter(
        field_name="developer__account", help_text="Number of an account."
    )
    developer = IdFilter(help_text="Number of a developer.")
    group = django_filters.CharFilter(
        method="of_group",
        max_length=100,
        validators=[known_groups],
        help_text=f"What to sum by: some of {', '.join(GROUPS)}, separated by commas; "
        f"{','.join(DEFAULT_GROUPS)} where nothing is said.",
    )

    class Meta:
        model = DailyUsage
        fields = ()

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Return the usage of a workspace."""
        return DailyUsage.objects.filter(workspace=workspace)

    def of_group(self, rows: Any, _name: str, _groups: str) -> Any:
        """Leave it to who sums."""
        return rows

    @property
    def groups(self) -> tuple[str, ...]:
        """What to sum by, in the order of rows."""
        asked = {name.strip() for name in str(self.value("group")).split(",")}
        return tuple(name for name in GROUPS if name in asked) or DEFAULT_GROUPS
