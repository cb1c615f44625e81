"""Secrets that the server must be able to read back, encrypted for the database.

``FIELD_KEY`` may hold several keys, separated by commas: the first one seals, all of
them open, so a key is replaced without downtime (see `reseal_keys`).
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from accounts.errors import AccountsError

# Binds the derived key to its use: another use of FIELD_KEY gets another key.
PURPOSE = b"uptick sealed fields 1"


def seal(text: str) -> str:
    """Encrypt and sign ``text``; the result is safe to store."""
    return _box(settings.FIELD_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed; raises AccountsError when no key of ours opens it."""
    try:
        return _box(settings.FIELD_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise AccountsError(
            "This secret was sealed with another FIELD_KEY and cannot be read."
        ) from None


def reseal(sealed: str) -> str:
    """Seal again with the first key, whichever of the keys sealed it before."""
    return seal(unseal(sealed))


@lru_cache(maxsize=4)
def _box(field_key: str) -> MultiFernet:
    words = [word.strip() for word in field_key.split(",")]
    return MultiFernet([Fernet(_derived(word)) for word in words if word])


def _derived(word: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(word.encode()))
