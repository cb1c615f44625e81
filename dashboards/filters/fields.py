"""Filters that several lists have, each strict about what it takes."""

from datetime import UTC, datetime
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField  # type: ignore[import-untyped]

from accounts.models import Metric, Product, RedFlag

ANY_FLAG = "any"
FLAGGED = ((ANY_FLAG, "Any red flag"), *RedFlag.Kind.choices)

LONGEST_SEARCH = 100
LARGEST_ID = 2**63 - 1


class SearchFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A few words to look for."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_SEARCH)
        kwargs.setdefault("label", "Search")
        super().__init__(**kwargs)


class IdFilter(django_filters.Filter):  # type: ignore[misc]
    """The number of a row."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)


class _MomentField(IsoDateTimeField):  # type: ignore[misc]
    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            # PostgreSQL knows no offset beyond 16 hours, ISO 8601 as Python reads does.
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise ValidationError("This is no moment.") from None


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """A moment in ISO 8601, in UTC where it names no offset; a day is its beginning."""

    field_class = _MomentField


class _OfTheWorkspace(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    """One of the workspace's own, by its key."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "key")
        super().__init__(**kwargs)

    def get_queryset(self, request: Any) -> QuerySet[Any]:
        """Offer those of the filter set's workspace."""
        del request
        model: Any = self.model_of_choices
        rows: QuerySet[Any] = model.objects.in_workspace(self.parent.workspace)
        return rows


class ProductFilter(_OfTheWorkspace):
    """A product, by its key."""

    model_of_choices = Product


class MetricFilter(_OfTheWorkspace):
    """A metric, by its key."""

    model_of_choices = Metric
