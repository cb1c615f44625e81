"""What a key may read: its scopes, and its product where it has one."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import READERS
from accounts.models import ApiKey
from accounts.models.api_key import Dialect, ReadScope


class MayRead(BasePermission):
    """Read and management keys, within their scopes.

    A key that is limited to senders must be good for the Uptick API, and one for a
    product reads only what belongs to products: an account's score has many.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the key may read this; `message` says why not."""
        key = request.auth
        resource: Any = getattr(view, "resource", None)
        if not isinstance(key, ApiKey) or key.kind not in READERS:
            self.message = "This takes a read key."
        elif key.dialects and Dialect.NATIVE not in key.dialects:
            self.message = f"This takes a key for the {Dialect.NATIVE.label}."
        elif not has_scope(key, resource.scope):
            self.message = f"The key lacks the scope {resource.scope.value}."
        elif key.product_id is not None and not resource.is_by_product:
            self.message = "The key is for one product; this is about all of them."
        else:
            return True
        return False


def has_scope(key: ApiKey, scope: ReadScope) -> bool:
    """Say whether the key's scopes hold one; no scopes are all."""
    return not key.scopes or scope.value in key.scopes
