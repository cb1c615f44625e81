"""The list routes of the vendor whose dialect is `reo`, answering in its shape.

Source: issue "Segments, lists, alerts and the read API" and the vendor's documented
fields. The key says which workspace, the header ``user`` says who: a member who may
edit. Ingestion keys go into software that customers run, so they cannot do this
unless they were given the scope ``lists``.
"""

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import READERS, KeyAuthentication
from accounts.api.nested_errors import flattened
from accounts.errors import AccountsError
from accounts.lists import MOST_ENTRIES, Added, Entry, add_entries, create_list
from accounts.models import ApiKey, CuratedList, Membership, Subject, User
from accounts.models.api_key import Dialect, IngestScope, ReadScope
from accounts.roles import Action, can

TAG = ["Lists (reo)"]
SUBJECTS = {"ACCOUNT": Subject.ACCOUNT, "DEVELOPER": Subject.DEVELOPER}
TYPES = {subject.value: name for name, subject in SUBJECTS.items()}
PRIMARY_KEYS = {"ACCOUNT": "domain", "DEVELOPER": "email"}
USER = OpenApiParameter(
    "user",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="E-mail address of the member who does this.",
)


class MayUseLists(BasePermission):
    """Who may: management keys; read keys to look; others with the scope ``lists``."""

    message = (
        "This takes a management key, a read key to look, or a key with the scope "
        "lists."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the key may do this."""
        del view
        key = request.auth
        if not isinstance(key, ApiKey):
            return False
        if key.dialects and Dialect.REO not in key.dialects:
            return False
        if key.kind == ApiKey.Kind.MANAGE:
            return True
        if key.kind == ApiKey.Kind.INGEST:
            return IngestScope.LISTS in key.scopes
        may_look = not key.scopes or ReadScope.LISTS in key.scopes
        return may_look and key.kind in READERS and request.method in SAFE_METHODS


class NewList(serializers.Serializer):  # type: ignore[type-arg]
    """What makes a list."""

    name = serializers.CharField(max_length=150)
    description = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default=""
    )
    type = serializers.ChoiceField(choices=list(SUBJECTS))
    primaryKey = serializers.ChoiceField(choices=["domain", "email"])  # noqa: N815
    # How the sender's columns are called: its shape is the sender's own affair.
    mapping = serializers.JSONField(required=False, default=dict)

    def validate_mapping(self, value: Any) -> Any:
        """Take an object or a list."""
        if not isinstance(value, dict | list):
            kind = type(value).__name__
            raise serializers.ValidationError(
                f'Expected a dictionary of items but got type "{kind}".'
            )
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let accounts be given by domain and developers by address."""
        wanted = PRIMARY_KEYS[attrs["type"]]
        if attrs["primaryKey"] != wanted:
            message = f"A list of type {attrs['type']} has the primary key {wanted}."
            raise ValidationError({"primaryKey": message})
        return attrs


class NewEntry(serializers.Serializer):  # type: ignore[type-arg]
    """One entry to add."""

    primaryKey = serializers.CharField(max_length=2048)  # noqa: N815
    companyData = serializers.DictField(required=False, default=dict)  # noqa: N815


class NewEntries(serializers.Serializer):  # type: ignore[type-arg]
    """Up to 1,000 entries to add."""

    entities = serializers.ListField(
        child=NewEntry(), max_length=MOST_ENTRIES, allow_empty=False
    )


class ListAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """What a list is, in the vendor's words."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=list(SUBJECTS))
    description = serializers.CharField(allow_blank=True)


def _frame(name: str, data: Any) -> Any:
    """Describe the answer's frame around one list or all."""
    return inline_serializer(
        name,
        {
            "response_code": serializers.CharField(),
            "response": serializers.CharField(),
            "status": serializers.CharField(),
            "data": data,
        },
    )


ANSWER = _frame("ListAnswered", ListAnswer())
ANSWERS = _frame("ListsAnswered", ListAnswer(many=True))


class ListView(APIView):
    """What both addresses share: the key, the member, and the shape of answers."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = (MayUseLists,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the member once the key is known."""
        super().initial(request, *args, **kwargs)
        self.member = self._member(request)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer every refusal with the vendor's three keys."""
        if isinstance(exc, AccountsError):
            exc = ValidationError(str(exc))
        response = super().handle_exception(exc)
        said = exc.detail if isinstance(exc, APIException) else response.data
        response.data = {
            "response_code": response.status_code,
            "response": _in_words(said),
            "status": "failure",
        }
        return response

    def lists(self) -> Any:
        """Return the lists of the key's workspace."""
        return CuratedList.objects.filter(workspace=self._key.workspace_id)

    @property
    def _key(self) -> ApiKey:
        return cast("ApiKey", self.request.auth)

    def _member(self, request: Request) -> User:
        address = request.headers.get("user", "").strip().lower()
        if not address:
            raise ValidationError({"user": "This header names the member who acts."})
        found = (
            Membership.objects.filter(
                workspace=self._key.workspace_id,
                user__email=address,
                user__is_active=True,
            )
            .select_related("user")
            .first()
        )
        if found is None:
            raise ValidationError({"user": "This is no member of the workspace."})
        wanted = Action.VIEW if request.method in SAFE_METHODS else Action.EDIT
        if not can(found.user, wanted, self._key.workspace_id):
            self.permission_denied(
                request, message="The member may not change lists here."
            )
        return found.user


class Lists(ListView):
    """``/api/product/list``."""

    @extend_schema(summary="List lists", tags=TAG, parameters=[USER], responses=ANSWERS)
    def get(self, request: Request) -> Response:
        """Return every list of the workspace, by name."""
        del request
        return _answer("Lists", [_as_vendor(one) for one in self.lists()])

    @extend_schema(
        summary="Make a list",
        tags=TAG,
        parameters=[USER],
        request=NewList,
        responses=ANSWER,
    )
    def post(self, request: Request) -> Response:
        """Make an empty list."""
        form = NewList(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        made = create_list(
            self._key.workspace,
            name=given["name"],
            subject=SUBJECTS[given["type"]],
            description=given["description"],
            mapping=given["mapping"],
            actor=self.member,
            via=self._key.prefix,
        )
        return _answer("List created", _as_vendor(made))


class OneList(ListView):
    """``/api/product/list/{id}``."""

    @extend_schema(
        summary="Add up to 1,000 entries to a list",
        tags=TAG,
        parameters=[USER],
        request=NewEntries,
        responses=ANSWER,
    )
    def put(self, request: Request, pk: int) -> Response:
        """Add entries, the good ones although others are not."""
        curated = self.lists().filter(pk=pk).first()
        if curated is None:
            raise NotFound("id: There is no such list here.")
        form = NewEntries(data=request.data)
        form.is_valid(raise_exception=True)
        done = add_entries(
            curated,
            [
                Entry(one["primaryKey"], one["companyData"])
                for one in form.validated_data["entities"]
            ],
            actor=self.member,
            via=self._key.prefix,
        )
        if not done.added and not done.known:
            raise ValidationError(
                {
                    f"entities[{one.index}].primaryKey": one.message
                    for one in done.refused
                }
            )
        return _answer("List updated", {**_as_vendor(curated), **_counts(done)})


def _as_vendor(curated: CuratedList) -> dict[str, Any]:
    return {
        "id": curated.pk,
        "name": curated.name,
        "type": TYPES[curated.subject],
        "description": curated.description,
    }


def _counts(done: Added) -> dict[str, Any]:
    return {
        "added": done.added,
        "known": done.known,
        "refused": [
            {"primaryKey": one.value, "message": one.message} for one in done.refused
        ],
    }


def _answer(said: str, data: Any) -> Response:
    return Response(
        {"response_code": "200", "response": said, "status": "success", "data": data}
    )


def _in_words(said: Any) -> str:
    """Write DRF's nested errors as the dialect does: ``field: what; field: what``."""
    parts = [(place, " ".join(texts)) for place, texts in flattened(said)]
    return "; ".join(
        f"{place}: {text}" if place else text for place, text in parts if text
    )
