"""The filter "stage" of the lists: those who are in one now."""

from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet

from accounts.models import Stage, StageEntry
from accounts.stages import stages_of


class StageFilter(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    """A stage of the workspace, of the subject of the filter set, by its number."""

    def get_queryset(self, request: Any) -> QuerySet[Stage]:
        """Offer the stages in use, in order."""
        del request
        return stages_of(self.parent.workspace, self.parent.subject)

    def filter(self, qs: QuerySet[Any], value: Stage | None) -> QuerySet[Any]:
        """Keep those who are in it."""
        if value is None:
            return qs
        column = self.parent.subject.column
        inside = StageEntry.objects.filter(stage=value, left_at__isnull=True)
        return qs.filter(pk__in=inside.values(column))
