"""Which segments, lists and tags, and which of their members, over REST."""

from datetime import datetime
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet

from accounts.models import (
    CuratedList,
    ListEntry,
    Segment,
    SegmentMember,
    Subject,
    Tag,
    TagMark,
    Workspace,
)
from dashboards.filters.base import ListFilter
from dashboards.filters.fields import IdFilter, MomentFilter
from dashboards.paging import Order

BY_ENTRY = Order("entered_at", "pk", False, lambda row: row.entered_at, datetime)


class SegmentListFilter(ListFilter):
    """Segments that all members of a workspace see."""

    subject = django_filters.ChoiceFilter(
        choices=Subject.choices, help_text="What it selects."
    )
    name = django_filters.CharFilter(
        lookup_expr="icontains", max_length=100, help_text="Part of the name."
    )

    class Meta:
        model = Segment
        fields = ()

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Leave out what members keep to themselves."""
        return super().everything(workspace).filter(is_shared=True)


class SegmentMemberFilter(ListFilter):
    """Stays in one segment."""

    left = django_filters.BooleanFilter(
        method="of_left",
        help_text="true: those who left. Those who are in it, where nothing is said.",
    )
    entered_from = MomentFilter(
        field_name="entered_at", lookup_expr="gte", help_text="Entered then or after."
    )
    entered_before = MomentFilter(
        field_name="entered_at", lookup_expr="lt", help_text="Entered before."
    )

    class Meta:
        model = SegmentMember
        fields = ()

    def of_left(self, rows: Any, _name: str, _left: Any) -> Any:
        """Leave it to `filter_queryset`, which also knows when nothing is said."""
        return rows

    def filter_queryset(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep who is in it now, unless those are asked for who left."""
        found: QuerySet[Any] = super().filter_queryset(rows)
        return found.filter(left_at__isnull=not self.value("left"))


class CuratedListListFilter(ListFilter):
    """Hand-picked lists of a workspace."""

    subject = django_filters.ChoiceFilter(
        choices=Subject.choices, help_text="What it holds."
    )
    is_exclude = django_filters.BooleanFilter(help_text="The exclude list, or others.")

    class Meta:
        model = CuratedList
        fields = ()


class ListEntryFilter(ListFilter):
    """Entries of one list."""

    known = django_filters.BooleanFilter(
        method="of_known", help_text="Whether it stands for somebody already."
    )

    class Meta:
        model = ListEntry
        fields = ()

    def of_known(self, rows: QuerySet[Any], _name: str, known: bool) -> Any:  # noqa: FBT001
        """Keep those that stand for somebody, or wait."""
        nobody = {"account__isnull": True, "developer__isnull": True}
        return rows.exclude(**nobody) if known else rows.filter(**nobody)


class TagListFilter(ListFilter):
    """Tags of a workspace."""

    subject = django_filters.ChoiceFilter(
        choices=Subject.choices, help_text="What it is for."
    )

    class Meta:
        model = Tag
        fields = ()


class TagMarkFilter(ListFilter):
    """Who has one tag."""

    by_hand = django_filters.BooleanFilter(help_text="Put there by a person.")
    account = IdFilter(help_text="Number of an account.")
    developer = IdFilter(help_text="Number of a developer.")

    class Meta:
        model = TagMark
        fields = ()

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Leave out marks that a person took away."""
        return super().everything(workspace).filter(is_off=False)
