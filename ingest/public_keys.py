"""The public halves of signing keys, for everybody: as PEM and as a JWK set.

Source: contracts/license, "Signature".
"""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ingest import signing
from ingest.models import SigningKey

MOST_LISTED = 500
# Short: who caches it for long does not see a rotation.
CACHED = "public, max-age=60"


@require_safe
def pem(request: HttpRequest) -> HttpResponse:
    """Return the installation's key in use, made if there is none yet."""
    del request
    return _pem(signing.global_key())


@require_safe
def key_pem(request: HttpRequest, kid: str) -> HttpResponse:
    """Return one key by its id, also a product's or one that was replaced."""
    del request
    return _pem(get_object_or_404(SigningKey, kid=kid))


@require_safe
def product_pem(request: HttpRequest, slug: str, product: str) -> HttpResponse:
    """Return the key in use of a product that has its own."""
    del request
    found = get_object_or_404(
        SigningKey,
        product__workspace__slug=slug,
        product__key=product,
        retired_at__isnull=True,
    )
    return _pem(found)


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Return the JWK set: keys in use first, then those that were replaced."""
    del request
    signing.global_key()
    keys = SigningKey.objects.order_by("-retired_at", "pk")[:MOST_LISTED]
    body = msgspec.json.encode({"keys": [signing.jwk(key) for key in keys]})
    return _answer(body, "application/jwk-set+json")


def _pem(key: SigningKey) -> HttpResponse:
    return _answer(key.public_pem.encode(), "application/x-pem-file")


def _answer(body: bytes, kind: str) -> HttpResponse:
    headers = {"Cache-Control": CACHED, "Access-Control-Allow-Origin": "*"}
    return HttpResponse(body, content_type=kind, headers=headers)
