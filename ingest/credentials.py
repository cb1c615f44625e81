"""Which key a request carries, and whether it opens this door.

Keys are remembered for INGEST_KEY_CACHE_SECONDS, good and bad ones alike. That is
safe because the statement that stores an event compares the version of the key once
more: a revoked key stores nothing from the next request on.
"""

import base64
import threading
import time
from collections import OrderedDict

from django.conf import settings

from accounts.keys import checksum_ok, digest_of, network_allowed
from accounts.models import ApiKey
from accounts.models.api_key import ReadScope
from ingest import commit
from ingest.prepared import Prepared
from ingest.refusals import Reason, Refused
from ingest.verified_key import VerifiedKey

REMEMBERED = 10_000
FIND_KEY = Prepared("find_key")
FIND_ACCESS_TOKEN = Prepared("find_access_token")


class KeyCache:
    """Text of a key → what is known of it, for a few seconds, within bounds."""

    def __init__(self, statement: Prepared) -> None:
        self.statement = statement
        self.entries: OrderedDict[str, tuple[float, VerifiedKey | None]] = OrderedDict()
        self.guard = threading.Lock()

    def find(self, token: str) -> VerifiedKey | None:
        """Return the key of this text, from memory or the database.

        Raises:
            StoreUnavailable: the database cannot be asked.
        """
        entry = self.entries.get(token)
        now = time.monotonic()
        if entry is not None and entry[0] > now:
            return entry[1]
        if not checksum_ok(token):
            # Not worth a query, nor a place in memory.
            return None
        rows = commit.ask(self.statement, {"digest": digest_of(token)})
        found = _facts(*rows[0]) if rows else None
        with self.guard:
            self.entries[token] = (now + settings.INGEST_KEY_CACHE_SECONDS, found)
            self.entries.move_to_end(token)
            while len(self.entries) > REMEMBERED:
                self.entries.popitem(last=False)
        return found

    def forget(self, token: str) -> None:
        """Ask the database the next time."""
        with self.guard:
            self.entries.pop(token, None)

    def clear(self) -> None:
        """Forget all keys."""
        with self.guard:
            self.entries.clear()


cache = KeyCache(FIND_KEY)
# What an access token is good for, as a key with the scopes of the token.
access_tokens = KeyCache(FIND_ACCESS_TOKEN)


def verify(
    token: str,
    *,
    dialect: str,
    address: str,
    kind: str = ApiKey.Kind.INGEST,
    known: KeyCache = cache,
) -> VerifiedKey:
    """Return the key of this text if it may be used for this dialect from here.

    ``known`` is where it is looked up: `access_tokens` for those.

    Raises:
        Refused: it may not; a wrong checksum costs no query. Where a key was found,
            the exception carries it as ``key``.
        StoreUnavailable: nobody can say.
    """
    if not token:
        raise Refused(Reason.NO_KEY, "an API key is required")
    key = known.find(token)
    if key is None:
        raise Refused(Reason.UNKNOWN_KEY, "the API key is not known")
    problem = _problem(key, dialect, address, kind) or _lack(key, kind)
    if problem is not None:
        problem.key = key
        raise problem
    return key


def basic_pair(header: str) -> tuple[str, str] | None:
    """Return user name and password of an HTTP Basic header; None if it is none.

    Raises:
        Refused: it is one, and broken.
    """
    scheme, _, packed = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        written = base64.b64decode(packed.strip(), validate=True).decode()
    # Also what is neither ASCII nor, unpacked, UTF-8.
    except ValueError:
        raise Refused(Reason.UNKNOWN_KEY, "the Basic header is broken") from None
    name, _, password = written.partition(":")
    return name, password


def _problem(key: VerifiedKey, dialect: str, address: str, kind: str) -> Refused | None:
    if key.is_revoked:
        return Refused(Reason.REVOKED_KEY, "the API key is revoked")
    if key.expires_at is not None and key.expires_at <= time.time():
        return Refused(Reason.EXPIRED_KEY, "the API key has expired")
    if key.kind != kind:
        wanted = ApiKey.Kind(kind).label
        return Refused(
            Reason.WRONG_KIND_OF_KEY, f"this takes another kind of key: {wanted}"
        )
    if key.dialects and dialect not in key.dialects:
        return Refused(Reason.WRONG_DIALECT, "the API key is not for this interface")
    if key.networks and not network_allowed(key.networks, address):
        return Refused(
            Reason.WRONG_NETWORK, "the API key may not be used from this address"
        )
    return None


def _lack(key: VerifiedKey, kind: str) -> Refused | None:
    """Return what a key that may only read some things is refused with."""
    needed = ReadScope.LICENCES.value
    if kind != ApiKey.Kind.READ or not key.scopes or needed in key.scopes:
        return None
    return Refused(Reason.MISSING_SCOPE, f"the API key lacks the scope {needed}")


def _facts(  # noqa: PLR0917 (the columns of find_key.sql)
    key_id: int,
    version: int,
    workspace_id: int,
    kind: str,
    dialects: str,
    product: str | None,
    networks: str,
    expires_at: float | None,
    is_revoked: bool,  # noqa: FBT001
    sdk_signature: bool,  # noqa: FBT001
    scopes: str,
) -> VerifiedKey:
    return VerifiedKey(
        id=key_id,
        version=version,
        workspace_id=workspace_id,
        kind=kind,
        dialects=frozenset(dialects.split(",")) if dialects else frozenset(),
        product=product,
        networks=tuple(networks.split(",")) if networks else (),
        expires_at=expires_at,
        is_revoked=is_revoked,
        sdk_signature=sdk_signature,
        scopes=frozenset(scopes.split(",")) if scopes else frozenset(),
    )
