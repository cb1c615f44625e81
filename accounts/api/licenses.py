"""Licences, their activations, and versions of products, over REST.

A key sees its workspace only; one for a product sees that product's rows only.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import django_filters  # type: ignore[import-untyped]
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from kombu.exceptions import OperationalError
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import KeyAuthentication, MayUseLicences
from accounts.attribution.domains import company_name, registrable_domain
from accounts.licensing import log, revoke_license
from accounts.models import (
    Account,
    AccountDomain,
    Activation,
    ApiKey,
    AuditEntry,
    License,
    Product,
    ProductVersion,
)
from accounts.tasks import reattribute_workspace

TAG = ["Licences"]


class NewestFirst(CursorPagination):
    """Pages of 50, newest first; rows that arrive in between shift none."""

    ordering = "-pk"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "per_page"


class ProductField(serializers.SlugRelatedField):  # type: ignore[type-arg]
    """A product of the key's workspace, by its key."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="key", queryset=Product.objects.all(), **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        """Offer the products that the key may name."""
        key = _key(self.context["request"])
        rows = Product.objects.filter(workspace=key.workspace_id)
        return rows if key.product_id is None else rows.filter(pk=key.product_id)

    def to_internal_value(self, data: Any) -> Any:
        """Find the product; no column holds a NUL, nor can the database be asked."""
        if isinstance(data, str) and "\0" in data:
            self.fail("does_not_exist", slug_name=self.slug_field, value=data)
        return super().to_internal_value(data)


class LicenseSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One licence; ``account_domain`` finds its account, or makes it."""

    key = serializers.CharField(max_length=200, required=False)
    product = ProductField(required=False, allow_null=True)
    account: Any = serializers.PrimaryKeyRelatedField(read_only=True)
    account_domain = serializers.CharField(
        max_length=253, required=False, allow_blank=True, source="account.domain"
    )
    state = serializers.ChoiceField(choices=License.State.choices, read_only=True)

    class Meta:
        model = License
        fields = (
            *("id", "key", "state", "product", "account", "account_domain", "holder"),
            *("seats", "expires_at", "revoked_at", "note", "created_at"),
        )
        read_only_fields = ("id", "revoked_at", "created_at")

    def to_representation(self, instance: Any) -> Any:
        """Say "" where there is no account."""
        data = super().to_representation(instance)
        data.setdefault("account_domain", "")
        return data

    def validate_key(self, key: str) -> str:
        """Refuse a key that exists, that changes, or that no sender can send."""
        if self.instance is not None and key != self.instance.key:
            raise ValidationError("The key of a licence does not change.")
        if not key.isprintable():
            raise ValidationError("A key is made of printable characters.")
        known = License.objects.filter(workspace=self._key.workspace_id, key=key)
        if self.instance is None and known.exists():
            raise ValidationError("There is a licence of that key.")
        return key

    def validate_account_domain(self, text: str) -> str:
        """Take a company's domain in any way it is written."""
        domain = registrable_domain(text) if text else ""
        if domain is None:
            raise ValidationError("This is no domain such as example.com.")
        return domain

    def create(self, validated_data: Any) -> License:
        """Make the licence in the key's workspace and product."""
        data = self._with_account(validated_data)
        if self._key.product_id is not None:
            data["product"] = self._key.product
        made: License = super().create({**data, "workspace_id": self._key.workspace_id})
        return made

    def update(self, instance: Any, validated_data: Any) -> License:
        """Change the licence."""
        changed: License = super().update(instance, self._with_account(validated_data))
        return changed

    @property
    def _key(self) -> ApiKey:
        return _key(self.context["request"])

    def _with_account(self, data: dict[str, Any]) -> dict[str, Any]:
        if "account" not in data:
            return data
        domain = data.pop("account")["domain"]
        return {**data, "account": self._account(domain) if domain else None}

    def _account(self, domain: str) -> Account:
        workspace_id = self._key.workspace_id
        further = AccountDomain.objects.filter(workspace=workspace_id, domain=domain)
        known = further.select_related("account").first()
        if known is not None:
            return known.account
        account, _ = Account.objects.get_or_create(
            workspace_id=workspace_id,
            domain=domain,
            defaults={"name": company_name(domain)},
        )
        return account


class ActivationSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One activation of a licence."""

    class Meta:
        model = Activation
        fields = ("id", "identifier", "hwid", "first_seen_at", "last_seen_at")
        read_only_fields = ("id", "first_seen_at", "last_seen_at")


class VersionSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One version of a product."""

    product = ProductField()

    class Meta:
        model = ProductVersion
        fields = ("id", "product", "version", "released_on", "is_supported")
        read_only_fields = ("id",)


class LicenseFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Which licences."""

    key = django_filters.CharFilter()
    product = django_filters.CharFilter(field_name="product__key")
    account = django_filters.NumberFilter(field_name="account_id")
    account_domain = django_filters.CharFilter(field_name="account__domain")
    holder = django_filters.CharFilter(lookup_expr="istartswith")
    state = django_filters.ChoiceFilter(
        choices=License.State.choices, method="of_state"
    )
    expires_before = django_filters.IsoDateTimeFilter(
        field_name="expires_at", method="until"
    )

    class Meta:
        model = License
        fields = ("key", "product", "account", "account_domain", "holder", "state")

    def of_state(self, rows: Any, name: str, value: str) -> Any:
        """Keep the licences that are this now."""
        del name
        return rows.in_state(value)

    def until(self, rows: Any, name: str, value: datetime) -> Any:
        """Keep the licences that end before this moment."""
        try:
            # PostgreSQL knows no offset beyond 16 hours, ISO 8601 as Python reads does.
            return rows.filter(**{f"{name}__lt": value.astimezone(UTC)})
        except OverflowError:
            raise ValidationError({"expires_before": "This is no moment."}) from None


class VersionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Which versions."""

    product = django_filters.CharFilter(field_name="product__key")

    class Meta:
        model = ProductVersion
        fields = ("product", "version", "is_supported")


class OfTheKey(viewsets.GenericViewSet):  # type: ignore[type-arg]
    """What all of them share: the key, and the rows that it may see."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = (MayUseLicences,)
    pagination_class = NewestFirst
    # One with a manager of the project's own.
    model: Any

    def get_queryset(self) -> QuerySet[Any]:
        """Keep the rows of the key's workspace and product."""
        rows: QuerySet[Any] = self.model.objects.all()
        if getattr(self, "swagger_fake_view", False):
            # The OpenAPI description asks without a key.
            return rows.none()
        key = _key(self.request)
        rows = rows.filter(workspace=key.workspace_id)
        if key.product_id is not None:
            rows = rows.filter(product=key.product_id)
        return rows


@extend_schema_view(
    list=extend_schema(summary="List licences", tags=TAG),
    create=extend_schema(summary="Make a licence", tags=TAG),
    retrieve=extend_schema(summary="Show a licence", tags=TAG),
    partial_update=extend_schema(summary="Change a licence", tags=TAG),
)
class LicenseViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    OfTheKey,
):
    """``/api/v1/licences/``; revoked, never deleted."""

    model = License
    serializer_class = LicenseSerializer
    filterset_class = LicenseFilter
    http_method_names = ("get", "post", "patch", "delete", "head", "options")

    def get_queryset(self) -> QuerySet[Any]:
        """Fetch product and account along."""
        rows = super().get_queryset()
        return rows.select_related("product", "account", "workspace")

    def perform_create(self, serializer: Any) -> None:
        """Make the licence, and write down which key did."""
        with _no_twin(), transaction.atomic():
            log(AuditEntry.Action.LICENSE_ADDED, serializer.save(), via=self._via)

    def perform_update(self, serializer: Any) -> None:
        """Change the licence, and write down which key changed what."""
        with transaction.atomic():
            changed = tuple(sorted(serializer.validated_data))
            saved = serializer.save()
            log(
                AuditEntry.Action.LICENSE_CHANGED,
                saved,
                via=self._via,
                changed=changed,
            )
            if "account" in changed:
                transaction.on_commit(partial(_reattribute_soon, saved.workspace_id))

    @extend_schema(
        summary="Revoke a licence",
        tags=TAG,
        request=None,
        responses=LicenseSerializer,
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """Stop a licence for ever; one that is revoked stays as it is."""
        del request, pk
        revoked = revoke_license(self.get_object(), via=self._via)
        return Response(self.get_serializer(revoked).data)

    @extend_schema(
        methods=["GET"],
        operation_id="licence_activations_list",
        summary="List a licence's activations",
        tags=TAG,
        filters=False,
        responses=ActivationSerializer(many=True),
    )
    @extend_schema(
        methods=["POST"],
        operation_id="licence_activations_create",
        summary="Activate a licence",
        tags=TAG,
        request=ActivationSerializer,
        responses={201: ActivationSerializer},
    )
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def activations(self, request: Request, pk: str) -> Response:
        """List the activations, or add one as far as there are seats."""
        del pk
        licence = self.get_object()
        if request.method == "GET":
            page = self.paginate_queryset(licence.activations.order_by("pk"))
            return self.get_paginated_response(
                ActivationSerializer(page, many=True).data
            )
        form = ActivationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with _no_twin(), transaction.atomic():
            # Two that come at once wait for each other's seat.
            locked = License.objects.select_for_update(of=("self",)).get(pk=licence.pk)
            if locked.state != License.State.ACTIVE:
                raise ValidationError(f"The licence is {locked.state.label.lower()}.")
            if locked.seats is not None and locked.activations.count() >= locked.seats:
                raise ValidationError(f"All {locked.seats} seats are taken.")
            form.save(license=locked, workspace_id=locked.workspace_id)
        return Response(form.data, status=201)

    @extend_schema(
        operation_id="licence_activations_destroy",
        summary="Give an activation's seat back",
        tags=TAG,
        request=None,
        responses={204: None},
    )
    @action(
        detail=True, methods=["delete"], url_path=r"activations/(?P<activation>\d+)"
    )
    def deactivate(self, request: Request, pk: str, activation: str) -> Response:
        """Remove an activation."""
        del request, pk
        rows = self.get_object().activations.all()
        # A number past PostgreSQL's largest names nobody.
        get_object_or_404(rows, pk=int(activation[:18])).delete()
        return Response(status=204)

    @property
    def _via(self) -> str:
        return _key(self.request).prefix


@extend_schema_view(
    list=extend_schema(summary="List versions", tags=TAG),
    create=extend_schema(summary="Add a version", tags=TAG),
    retrieve=extend_schema(summary="Show a version", tags=TAG),
    partial_update=extend_schema(summary="Change a version", tags=TAG),
    destroy=extend_schema(summary="Remove a version", tags=TAG),
)
class VersionViewSet(viewsets.ModelViewSet, OfTheKey):  # type: ignore[type-arg]
    """``/api/v1/product-versions/``: what was really released."""

    model = ProductVersion
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    http_method_names = ("get", "post", "patch", "delete", "head", "options")

    def get_queryset(self) -> QuerySet[Any]:
        """Fetch products along."""
        return OfTheKey.get_queryset(self).select_related("product")

    def perform_create(self, serializer: Any) -> None:
        """Add the version to the key's workspace."""
        with _no_twin(), transaction.atomic():
            serializer.save(workspace_id=_key(self.request).workspace_id)

    def perform_update(self, serializer: Any) -> None:
        """Change the version."""
        with _no_twin(), transaction.atomic():
            serializer.save()


@contextmanager
def _no_twin() -> Iterator[None]:
    """Turn the loser of a race for one name into a 400."""
    try:
        yield
    except IntegrityError as error:
        raise ValidationError("There is one of that name already.") from error


def _reattribute_soon(workspace_id: int) -> None:
    """Let a licence's new owner have its effect; ``reattribute`` does it by hand."""
    with suppress(OperationalError):
        reattribute_workspace.delay(workspace_id)


def _key(request: Any) -> ApiKey:
    key = request.auth
    assert isinstance(key, ApiKey)  # noqa: S101 (the permission asked)
    return key
