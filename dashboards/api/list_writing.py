"""Making lists and filling them over REST, with a management key."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.nested_errors import flattened
from accounts.errors import AccountsError
from accounts.lists import (
    MOST_ENTRIES,
    Entry,
    add_entries,
    clean_value,
    create_list,
    delete_list,
    remove_entries,
)
from accounts.models import ApiKey, CuratedList, Subject
from dashboards.api.access import MayRead
from dashboards.api.nested import ParentView
from dashboards.api.problems import InvalidParameters
from dashboards.api.segments import ListEntries, ListRow, Lists


class MayWriteLists(MayRead):
    """As for reading; to change something it takes a management key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the key may do this; `message` says why not."""
        if not super().has_permission(request, view):
            return False
        kind = getattr(request.auth, "kind", "")
        if request.method in SAFE_METHODS or kind == ApiKey.Kind.MANAGE:
            return True
        self.message = "This takes a management key."
        return False


class ListToMake(serializers.Serializer):  # type: ignore[type-arg]
    """What makes a list."""

    name = serializers.CharField(max_length=150)
    subject = serializers.ChoiceField(choices=Subject.choices)
    description = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default=""
    )
    is_exclude = serializers.BooleanField(required=False, default=False)


class EntryToAdd(serializers.Serializer):  # type: ignore[type-arg]
    """Someone to put on a list: a domain or an address, and what came along."""

    value = serializers.CharField(max_length=2048)
    data = serializers.DictField(required=False, default=dict)  # type: ignore[assignment]


class EntriesToAdd(serializers.Serializer):  # type: ignore[type-arg]
    """Up to 1,000 entries to add."""

    entries = serializers.ListField(
        child=EntryToAdd(), max_length=MOST_ENTRIES, allow_empty=False
    )


class EntriesToRemove(serializers.Serializer):  # type: ignore[type-arg]
    """Up to 1,000 values to take off."""

    values = serializers.ListField(
        child=serializers.CharField(max_length=2048),
        max_length=MOST_ENTRIES,
        allow_empty=False,
    )


class RefusedEntry(serializers.Serializer):  # type: ignore[type-arg]
    """An entry that cannot be on the list."""

    index = serializers.IntegerField()
    value = serializers.CharField()
    message = serializers.CharField()


class AddedEntries(serializers.Serializer):  # type: ignore[type-arg]
    """What adding did."""

    added = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Were on it already.")
    refused = RefusedEntry(many=True)


class RemovedEntries(serializers.Serializer):  # type: ignore[type-arg]
    """What taking off did."""

    removed = serializers.IntegerField()


@extend_schema_view(
    list=extend_schema(summary="List lists"),
    retrieve=extend_schema(summary="Show a list"),
    entries=extend_schema(summary="List a list's entries"),
)
class ListView(ParentView):
    """Hand-picked accounts or developers: read, made, filled and deleted."""

    resource = Lists
    tag = "Segments, lists and tags"
    nested = MappingProxyType({"entries": ListEntries})
    http_method_names = ("get", "post", "delete", "head", "options")  # type: ignore[assignment]
    permission_classes = (MayWriteLists,)

    @extend_schema(
        summary="Make a list",
        request=ListToMake,
        responses={201: ListRow},
        parameters=[],
    )
    def create(self, request: Request) -> Response:
        """Make an empty list."""
        given = _read(ListToMake, request)
        try:
            made = create_list(self.key.workspace, via=self.key.prefix, **given)
        except AccountsError as error:
            raise InvalidParameters({"name": [str(error)]}) from None
        row = self.find(str(made.pk))
        return Response(ListRow(row).data, status=HTTPStatus.CREATED)

    @extend_schema(
        summary="Delete a list", request=None, responses={204: None}, parameters=[]
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a list with its entries."""
        del request
        delete_list(self.find(pk), via=self.key.prefix)
        return Response(status=HTTPStatus.NO_CONTENT)

    @action(detail=True, methods=["get"])
    def entries(self, request: Request, pk: str) -> HttpResponseBase:
        """List who is on it, and who is not known yet."""
        return self.send_nested(request, pk, "entries")

    @extend_schema(
        operation_id="lists_entries_add",
        summary="Add up to 1,000 entries to a list",
        request=EntriesToAdd,
        responses=AddedEntries,
        parameters=[],
    )
    @entries.mapping.post
    def add(self, request: Request, pk: str) -> Response:
        """Add entries, the good ones although others are not."""
        curated: CuratedList = self.find(pk)
        given = _read(EntriesToAdd, request)["entries"]
        done = add_entries(
            curated,
            [Entry(one["value"], one["data"]) for one in given],
            via=self.key.prefix,
        )
        return Response(AddedEntries(done).data)

    @extend_schema(
        operation_id="lists_entries_remove",
        summary="Take up to 1,000 entries off a list",
        request=EntriesToRemove,
        responses=RemovedEntries,
        parameters=[],
    )
    @action(detail=True, methods=["post"], url_path="entries/remove")
    def remove(self, request: Request, pk: str) -> Response:
        """Take entries off by their values; those it does not hold do no harm."""
        curated: CuratedList = self.find(pk)
        values = set()
        for index, text in enumerate(_read(EntriesToRemove, request)["values"]):
            try:
                values.add(clean_value(curated.subject, text))
            except AccountsError as error:
                name = f"values[{index}]"
                raise InvalidParameters({name: [str(error)]}) from None
        number = remove_entries(
            curated, curated.entries.filter(value__in=values), via=self.key.prefix
        )
        return Response({"removed": number})


def _read(form: type[Any], request: Request) -> dict[str, Any]:
    """Return what a body says, or name what is wrong with it."""
    read = form(data=request.data)
    if read.is_valid():
        given: dict[str, Any] = read.validated_data
        return given
    raise InvalidParameters(
        {place or "body": texts for place, texts in flattened(read.errors)}
    )
