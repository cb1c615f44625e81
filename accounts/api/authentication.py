"""Who calls the REST API: an API key, as a bearer token or in ``X-API-KEY``."""

from datetime import timedelta
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.keys import find_key, mark_used, network_allowed
from accounts.models import ApiKey
from accounts.models.api_key import Dialect, ReadScope
from accounts.peer import peer_address

# "Last used" is right to this much, so that reading does not write.
USED_STEP = timedelta(minutes=5)
READERS = frozenset({ApiKey.Kind.READ.value, ApiKey.Kind.MANAGE.value})


class KeyAuthentication(BaseAuthentication):
    """Finds the key; what it may do is asked by `MayUseLicences`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey]:
        """Return nobody in particular, and the key.

        Raises:
            AuthenticationFailed: there is no key, or it does not work (any more, from
                here).
        """
        key = find_key(_token(request))
        if key is None:
            raise AuthenticationFailed("An API key is required.")
        if not key.is_usable():
            raise AuthenticationFailed("The API key is revoked or has expired.")
        # DRF hands the attributes of Django's request on.
        address = peer_address(cast("Any", request))
        if not network_allowed(key.allowed_networks, address):
            raise AuthenticationFailed("The API key may not be used from here.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > USED_STEP:
            with connection.cursor() as cursor:
                mark_used(cursor, [(key.pk, now)])
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """Make it 401 instead of 403."""
        del request
        return "Bearer"


class MayUseLicences(BasePermission):
    """Read keys read, management keys also write; both only for licence telemetry."""

    message = (
        "This takes a read key, or a management key to change something; one with "
        "scopes needs licences:read."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the key may do this."""
        del view
        key = request.auth
        if not isinstance(key, ApiKey):
            return False
        if key.dialects and Dialect.LICENSE not in key.dialects:
            return False
        if key.scopes and ReadScope.LICENCES not in key.scopes:
            return False
        if request.method in SAFE_METHODS:
            return key.kind in READERS
        return key.kind == ApiKey.Kind.MANAGE


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the two headers in the OpenAPI description."""

    target_class = "accounts.api.authentication.KeyAuthentication"
    name = ["bearer", "apiKey"]  # noqa: RUF012 (the library's own attribute)

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return both schemes."""
        del auto_schema
        return [
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
        ]


def _token(request: Request) -> str:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return str(token.strip())
    return str(request.META.get("HTTP_X_API_KEY", "").strip())
