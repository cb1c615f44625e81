"""Which daily scores: ``/api/v1/account-scores/``."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.models import ScoreSnapshot, Workspace
from dashboards.filters.fields import IdFilter
from dashboards.filters.periods import PeriodFilter
from dashboards.paging import Order

BY_DAY = Order("day", "pk", False, lambda row: row.day, date)


class AccountScoreFilter(PeriodFilter):
    """Scores of accounts at the ends of past days."""

    account = IdFilter(help_text="Number of an account.")

    class Meta:
        model = ScoreSnapshot
        fields = ()

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Return the snapshots of a workspace."""
        return ScoreSnapshot.objects.filter(workspace=workspace)

    def filter_queryset(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the days, by index snapshot_by_day."""
        found: QuerySet[Any] = super().filter_queryset(rows)
        return found.filter(day__range=self.period)
