"""Filters "segment", "list" and "tag" of accounts and developers: who is in one now."""

from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet

from accounts.models import (
    CuratedList,
    ListEntry,
    Segment,
    SegmentMember,
    Tag,
    TagMark,
)


class _Of(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    """One that holds rows of the subject of the filter set, by its number."""

    model_of_choices: Any

    def get_queryset(self, request: Any) -> QuerySet[Any]:
        """Offer those of the filter set's workspace."""
        del request
        rows = self.model_of_choices.objects.in_workspace(self.parent.workspace)
        found: QuerySet[Any] = rows.filter(subject=self.parent.subject)
        return found

    def inside(self, value: Any) -> QuerySet[Any]:
        """Return the rows that say who is in it."""
        raise NotImplementedError

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Keep those who are in it."""
        if value is None:
            return qs
        column = self.parent.subject.column
        inside = self.inside(value).filter(**{f"{column}__isnull": False})
        return qs.filter(pk__in=inside.values(column))


class SegmentFilter(_Of):
    """A segment that all members see, or the looker's own, by its number."""

    model_of_choices = Segment

    def get_queryset(self, request: Any) -> QuerySet[Any]:
        """Leave out what others keep to themselves."""
        rows: Any = super().get_queryset(request)
        user = self.parent.user
        shown: QuerySet[Any] = (
            rows.seen_by(user) if user else rows.filter(is_shared=True)
        )
        return shown

    def inside(self, value: Any) -> QuerySet[Any]:
        """Return its stays of now."""
        return SegmentMember.objects.filter(segment=value, left_at__isnull=True)


class CuratedListFilter(_Of):
    """A hand-picked list, by its number."""

    model_of_choices = CuratedList

    def inside(self, value: Any) -> QuerySet[Any]:
        """Return its entries."""
        return ListEntry.objects.filter(curated_list=value)


class TagFilter(_Of):
    """A tag, by its number."""

    model_of_choices = Tag

    def inside(self, value: Any) -> QuerySet[Any]:
        """Return its marks, without those that were taken off."""
        return TagMark.objects.filter(tag=value, is_off=False)
