"""What is remembered of an API key between two requests; no secret is in it."""

import msgspec

from accounts.models import ApiKey


class VerifiedKey(msgspec.Struct, frozen=True):
    """What the accept path needs to know of a key that was found."""

    id: int
    version: int
    workspace_id: int
    kind: str = ApiKey.Kind.INGEST
    # Empty means every dialect.
    dialects: frozenset[str] = frozenset()
    # The only product it may send, or None.
    product: str | None = None
    networks: tuple[str, ...] = ()
    # Unix seconds.
    expires_at: float | None = None
    is_revoked: bool = False
    # How answers of the dialect `license` are signed.
    sdk_signature: bool = False
    # What an OAuth client may have its tokens do, or what a token may.
    scopes: frozenset[str] = frozenset()
