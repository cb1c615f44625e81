"""``/api/v1/segments/``, ``/lists/`` and ``/tags/``, each with who is in it."""

from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from accounts.models import SegmentRule, Subject
from accounts.models.api_key import ReadScope
from accounts.models.palette import Hue
from accounts.segments.membership import reasons_of
from dashboards.api.nested import Nested, ParentView
from dashboards.api.resource import Resource, RowSerializer
from dashboards.filters.segments import (
    BY_ENTRY,
    CuratedListListFilter,
    ListEntryFilter,
    SegmentListFilter,
    SegmentMemberFilter,
    TagListFilter,
    TagMarkFilter,
)
from dashboards.paging import BY_ID, BY_NAME

SUBJECTS = Subject.choices
ORDERS = MappingProxyType({"id": BY_ID, "name": BY_NAME})


class SegmentRow(RowSerializer):
    """A segment."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    subject = serializers.ChoiceField(choices=SUBJECTS)
    description = serializers.CharField()
    rule = serializers.JSONField(help_text="In the language of docs/segments.md.")
    words = serializers.CharField(allow_null=True, help_text="The rule in words.")
    size = serializers.IntegerField(help_text="Members when last refreshed.")
    ready_made = serializers.CharField(help_text="Its name among the ready-made ones.")
    is_default = serializers.BooleanField()
    problem = serializers.CharField(help_text="Why the rule cannot be used, or empty.")
    refreshed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 4,
        "name": "Surging accounts",
        "subject": "account",
        "description": "Won ten points or more in a week.",
        "rule": {"field": "trend", "is": "one_of", "value": ["surging"]},
        "words": "trend is surging",
        "size": 12,
        "ready_made": "surging",
        "is_default": False,
        "problem": "",
        "refreshed_at": "2026-11-20T16:00:00Z",
        "created_at": "2026-03-01T09:00:00Z",
        "changed_at": "2026-03-01T09:00:00Z",
    }


class Reasons(serializers.ListField):
    """The conditions that turned, in words."""

    child = serializers.CharField()

    def to_representation(self, value: Any) -> list[str]:
        """Look the words up in the version of the rule that was in force."""
        version = value.get("rule") if isinstance(value, dict) else None
        parts = self.context["resource"].parts.get(version, [])
        return list(reasons_of(value, parts))


class SegmentMemberRow(RowSerializer):
    """A stay of an account or a developer in a segment."""

    id = serializers.IntegerField()
    account_id = serializers.IntegerField(allow_null=True)
    developer_id = serializers.IntegerField(allow_null=True)
    entered_at = serializers.DateTimeField()
    because = Reasons(help_text="Conditions that came to hold.")
    left_at = serializers.DateTimeField(allow_null=True)
    left_because = Reasons(help_text="Conditions that ceased to hold.")

    example: ClassVar[dict[str, Any]] = {
        "id": 88,
        "account_id": 17,
        "developer_id": None,
        "entered_at": "2026-11-18T08:00:00Z",
        "because": ["trend is surging"],
        "left_at": None,
        "left_because": [],
    }


class ListRow(RowSerializer):
    """A hand-picked list."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    subject = serializers.ChoiceField(choices=SUBJECTS)
    description = serializers.CharField()
    is_exclude = serializers.BooleanField(help_text="Whoever is on it is left out.")
    size = serializers.IntegerField(help_text="Entries, those that wait included.")
    created_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 2,
        "name": "Design partners",
        "subject": "account",
        "description": "",
        "is_exclude": False,
        "size": 9,
        "created_at": "2026-03-01T09:00:00Z",
    }


class ListEntryRow(RowSerializer):
    """An entry of a list."""

    id = serializers.IntegerField()
    value = serializers.CharField(help_text="Domain or e-mail address, or empty.")
    account_id = serializers.IntegerField(allow_null=True)
    developer_id = serializers.IntegerField(allow_null=True)
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="What came along with it."
    )
    added_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 31,
        "value": "analytical.example",
        "account_id": 17,
        "developer_id": None,
        "data": {},
        "added_at": "2026-03-01T09:00:00Z",
    }


class TagRow(RowSerializer):
    """A tag."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    subject = serializers.ChoiceField(choices=SUBJECTS)
    colour = serializers.ChoiceField(choices=Hue.choices)
    description = serializers.CharField()
    rule = serializers.JSONField(allow_null=True)
    created_at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 5,
        "name": "Champion",
        "subject": "developer",
        "colour": "green",
        "description": "",
        "rule": None,
        "created_at": "2026-03-01T09:00:00Z",
    }


class TagMarkRow(RowSerializer):
    """A tag on an account or a developer."""

    id = serializers.IntegerField()
    account_id = serializers.IntegerField(allow_null=True)
    developer_id = serializers.IntegerField(allow_null=True)
    by_hand = serializers.BooleanField()
    at = serializers.DateTimeField()

    example: ClassVar[dict[str, Any]] = {
        "id": 61,
        "account_id": None,
        "developer_id": 301,
        "by_hand": True,
        "at": "2026-11-18T08:00:00Z",
    }


class Segments(Resource):
    """Segments that all members of a workspace see."""

    name = "segments"
    scope = ReadScope.SEGMENTS
    serializer = SegmentRow
    filters = SegmentListFilter
    orders = ORDERS

    def prepare(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Fetch the words of the rule in force along."""
        latest = SegmentRule.objects.filter(segment=OuterRef("pk")).order_by("-pk")
        words: QuerySet[Any] = rows.annotate(words=Subquery(latest.values("words")[:1]))
        return words


class SegmentMembers(Nested):
    """Who is in a segment, or left it."""

    name = "segment-members"
    scope = ReadScope.SEGMENTS
    serializer = SegmentMemberRow
    filters = SegmentMemberFilter
    orders = MappingProxyType({"entered_at": BY_ENTRY})
    parent_column = "segment"

    @cached_property
    def parts(self) -> dict[int, list[str]]:
        """The words of the conditions of each version of the segment's rule."""
        rules = SegmentRule.objects.filter(segment=self.parent)
        return dict(rules.values_list("pk", "parts"))


class Lists(Resource):
    """Hand-picked lists of a workspace."""

    name = "lists"
    scope = ReadScope.LISTS
    serializer = ListRow
    filters = CuratedListListFilter
    orders = ORDERS

    def prepare(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Count the entries along."""
        sizes: QuerySet[Any] = rows.annotate(size=Count("entries"))
        return sizes


class ListEntries(Nested):
    """Entries of a list."""

    name = "list-entries"
    scope = ReadScope.LISTS
    serializer = ListEntryRow
    filters = ListEntryFilter
    parent_column = "curated_list"


class Tags(Resource):
    """Tags of a workspace."""

    name = "tags"
    scope = ReadScope.LISTS
    serializer = TagRow
    filters = TagListFilter
    orders = ORDERS


class TagMarks(Nested):
    """Who has a tag."""

    name = "tag-marks"
    scope = ReadScope.LISTS
    serializer = TagMarkRow
    filters = TagMarkFilter
    parent_column = "tag"


@extend_schema_view(
    list=extend_schema(summary="List segments"),
    retrieve=extend_schema(summary="Show a segment"),
    members=extend_schema(summary="List a segment's members"),
)
class SegmentView(ParentView):
    """Saved rules; those that members keep to themselves are not among them."""

    resource = Segments
    tag = "Segments, lists and tags"
    nested = MappingProxyType({"members": SegmentMembers})

    @action(detail=True, methods=["get"])
    def members(self, request: Request, pk: str) -> HttpResponseBase:
        """List who is in it since when and why, or who left."""
        return self.send_nested(request, pk, "members")


@extend_schema_view(
    list=extend_schema(summary="List tags"),
    retrieve=extend_schema(summary="Show a tag"),
    marks=extend_schema(summary="List who has a tag"),
)
class TagView(ParentView):
    """Coloured words on accounts or developers."""

    resource = Tags
    tag = "Segments, lists and tags"
    nested = MappingProxyType({"marks": TagMarks})

    @action(detail=True, methods=["get"])
    def marks(self, request: Request, pk: str) -> HttpResponseBase:
        """List who has it."""
        return self.send_nested(request, pk, "marks")
