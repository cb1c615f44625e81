"""Signs answers of the dialect `license`, and publishes the keys to verify them with.

RSA takes about a millisecond, so the same answer within one second is signed once. Key
pairs are made on first use or by ``signing_keys``; the private half never leaves here.
"""

import base64
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.db import transaction
from django.utils import timezone

from accounts.errors import AccountsError
from accounts.models import Product
from accounts.sealing import reseal, seal, unseal
from ingest import commit
from ingest.commit import StoreUnavailable
from ingest.models import SigningKey
from ingest.prepared import Prepared

KEY_BITS = 2048
PUBLIC_EXPONENT = 65_537
GLOBAL = 0
# How long a process goes on signing with a pair that was replaced; it stays listed.
REMEMBERED_SECONDS = 10.0
MOST_KEYS = 256
MOST_ANSWERS = 512
# Longer answers are read-backs, no two of which are the same.
LONGEST_REMEMBERED = 4096
FIND = Prepared("signing_find")
ADD = Prepared("signing_add")

Value = TypeVar("Value")


class Signer(NamedTuple):
    """A key pair ready to sign."""

    kid: str
    private: RSAPrivateKey
    # "global" or "product", as the envelope names it.
    scope: str


class _Bounded(Generic[Value]):
    """A small map that forgets the oldest entry; safe for several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, Value] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        return self._entries.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        with self._guard:
            self._entries[key] = value
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        with self._guard:
            self._entries.clear()


# By id; a pair never changes. And which one is the installation's, until when.
_signers: _Bounded[Signer] = _Bounded(MOST_KEYS)
_global: _Bounded[tuple[float, Signer]] = _Bounded(1)
_answers: _Bounded[bytes] = _Bounded(MOST_ANSWERS)


def signer(key_id: int = GLOBAL) -> Signer:
    """Return the pair of this id, or the installation's, made if there is none.

    Raises:
        StoreUnavailable: the database cannot be asked, or the pair not be opened.
    """
    if key_id != GLOBAL:
        found = _signers.get(key_id)
        if found is None:
            found = _load(key_id)
            _signers.put(key_id, found)
        return found
    entry = _global.get(GLOBAL)
    now = time.monotonic()
    if entry is None or entry[0] <= now:
        entry = (now + REMEMBERED_SECONDS, _load(GLOBAL))
        _global.put(GLOBAL, entry)
    return entry[1]


def known_signer() -> Signer | None:
    """Return the installation's pair even where the database is away, if known."""
    try:
        return signer()
    except StoreUnavailable:
        entry = _global.get(GLOBAL)
        return entry[1] if entry else None


def envelope(
    response: dict[str, Any], pair: Signer | None, *, is_sdk: bool = False
) -> bytes:
    """Return the signed outer object around a response (contracts/license, envelope).

    With ``is_sdk`` the signature is over the outer object's own text without it, else
    over the text of ``response_base64``. Without a pair the signature is empty.
    """
    inner = msgspec.json.encode(response)
    kid = pair.kid if pair else ""
    remembered = (kid, is_sdk, inner)
    known = _answers.get(remembered)
    if known is not None:
        return known
    packed = base64.b64encode(inner)
    scope = (pair.scope if pair else "global").encode()
    outer = b'{"response":%s,"response_base64":"%s","private_key_used":"%s"' % (
        *(inner, packed, scope),
    )
    signed = outer + b"}" if is_sdk else packed
    signature = base64.b64encode(_sign(pair, signed)) if pair else b""
    body = b'%s,"signature":"%s"}' % (outer, signature)
    if pair is not None and len(inner) <= LONGEST_REMEMBERED:
        _answers.put(remembered, body)
    return body


def forget() -> None:
    """Forget all keys and answers, as a new process would have none."""
    _signers.clear()
    _global.clear()
    _answers.clear()


# ---- Making and publishing


def create(product: Product | None = None) -> SigningKey | None:
    """Make the pair of a product or of the installation; None if it has one.

    Raises:
        StoreUnavailable: the database cannot be asked.
    """
    rows = commit.ask(ADD, _new_pair(product.pk if product else GLOBAL))
    return SigningKey.objects.get(pk=rows[0][0]) if rows else None


def rotate(product: Product | None = None) -> SigningKey:
    """Replace the pair in use by a new one; the old public half stays listed."""
    with transaction.atomic():
        in_use = SigningKey.objects.select_for_update().filter(
            product=product, retired_at__isnull=True
        )
        in_use.update(retired_at=timezone.now())
        made = create(product)
        if made is None:
            raise AccountsError("Somebody else has just replaced this key pair.")
    _global.clear()
    return made


def reseal_signing_keys() -> int:
    """Seal every private half with the first of the ``FIELD_KEY``s; return how many."""
    with transaction.atomic():
        keys = list(SigningKey.objects.select_for_update().order_by("pk"))
        for key in keys:
            key.sealed = reseal(key.sealed)
        SigningKey.objects.bulk_update(keys, ["sealed"], batch_size=1000)
    return len(keys)


def global_key() -> SigningKey:
    """Return the installation's pair in use, made if there is none."""
    found = _in_use()
    if found is None:
        create()
        found = _in_use()
    if found is None:
        raise AccountsError("The key pair could not be made.")
    return found


def jwk(key: SigningKey) -> dict[str, str]:
    """Return the public half as a JSON Web Key (RFC 7517)."""
    public = load_pem_public_key(key.public_pem.encode())
    assert isinstance(public, RSAPublicKey)  # noqa: S101 (we make no other)
    return {**_numbers(public), "use": "sig", "alg": "RS256", "kid": key.kid}


def _in_use() -> SigningKey | None:
    return SigningKey.objects.filter(product=None, retired_at__isnull=True).first()


def _load(key_id: int) -> Signer:
    rows = commit.ask(FIND, {"id": key_id})
    if not rows and key_id == GLOBAL:
        commit.ask(ADD, _new_pair(GLOBAL))
        rows = commit.ask(FIND, {"id": GLOBAL})
    if not rows:
        raise StoreUnavailable("the signing key is gone")
    _, kid, sealed, is_product = rows[0]
    try:
        private = load_pem_private_key(unseal(sealed).encode(), password=None)
    except AccountsError as error:
        raise StoreUnavailable(str(error)) from error
    assert isinstance(private, RSAPrivateKey)  # noqa: S101 (we make no other)
    return Signer(kid, private, "product" if is_product else "global")


def _new_pair(product_id: int) -> dict[str, Any]:
    private = generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
    public = private.public_key()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    published = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "product": product_id,
        "kid": _thumbprint(public),
        "public": published.decode(),
        "sealed": seal(pem.decode()),
    }


def _sign(pair: Signer, text: bytes) -> bytes:
    return pair.private.sign(text, PKCS1v15(), SHA256())


def _numbers(public: RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"kty": "RSA", "n": _base64url(numbers.n), "e": _base64url(numbers.e)}


def _thumbprint(public: RSAPublicKey) -> str:
    """Return the key's name: RFC 7638, members in alphabetical order."""
    text = msgspec.json.encode(_numbers(public), order="deterministic")
    digest = hashlib.sha256(text).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
