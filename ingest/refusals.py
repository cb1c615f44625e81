"""Why a request is turned away at the door: a closed set, counted by reason.

The dialects turn a `Refused` into their own answer; nothing else in ingestion raises
towards a sender.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ingest.verified_key import VerifiedKey


class Reason(StrEnum):
    """What the ingestion counters and docs/api.md call each cause."""

    NO_KEY = "no_key"
    UNKNOWN_KEY = "unknown_key"
    REVOKED_KEY = "revoked_key"
    EXPIRED_KEY = "expired_key"
    WRONG_KIND_OF_KEY = "wrong_kind_of_key"
    WRONG_DIALECT = "wrong_dialect"
    WRONG_NETWORK = "wrong_network"
    NOT_ALLOWED = "not_allowed"
    MISSING_SCOPE = "missing_scope"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_AUTHKEY = "wrong_authkey"
    UNKNOWN_NAMESPACE = "unknown_namespace"
    UNKNOWN_APPLICATION = "unknown_application"
    RATE_LIMITED_KEY = "rate_limited_key"
    RATE_LIMITED_APP = "rate_limited_app"
    RATE_LIMITED_ADDRESS = "rate_limited_address"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
    TOO_MANY_EVENTS = "too_many_events"
    BAD_ENCODING = "bad_encoding"
    NOT_JSON = "not_json"
    BAD_QUERY = "bad_query"
    INVALID_SCOPE = "invalid_scope"
    UNSUPPORTED_GRANT = "unsupported_grant"
    INVALID = "invalid"
    BAD_IDEMPOTENCY_KEY = "bad_idempotency_key"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    STORE_UNAVAILABLE = "store_unavailable"


# What a sender is told as "authentication failed", whatever the precise cause.
AUTHENTICATION = frozenset(
    {
        Reason.NO_KEY,
        Reason.UNKNOWN_KEY,
        Reason.REVOKED_KEY,
        Reason.EXPIRED_KEY,
        Reason.WRONG_KIND_OF_KEY,
        Reason.WRONG_DIALECT,
        Reason.WRONG_NETWORK,
    }
)

# The HTTP status of each cause, unless a dialect's contract says otherwise.
STATUS: Mapping[Reason, int] = MappingProxyType(
    {
        Reason.NO_KEY: 401,
        Reason.UNKNOWN_KEY: 401,
        Reason.REVOKED_KEY: 401,
        Reason.EXPIRED_KEY: 401,
        Reason.WRONG_KIND_OF_KEY: 403,
        Reason.WRONG_DIALECT: 403,
        Reason.WRONG_NETWORK: 403,
        Reason.NOT_ALLOWED: 403,
        Reason.MISSING_SCOPE: 403,
        Reason.WRONG_ACCOUNT: 403,
        Reason.WRONG_AUTHKEY: 403,
        Reason.UNKNOWN_NAMESPACE: 404,
        Reason.UNKNOWN_APPLICATION: 404,
        Reason.RATE_LIMITED_KEY: 429,
        Reason.RATE_LIMITED_APP: 429,
        Reason.RATE_LIMITED_ADDRESS: 429,
        Reason.METHOD_NOT_ALLOWED: 405,
        Reason.TOO_LARGE: 413,
        Reason.TOO_MANY_EVENTS: 413,
        Reason.BAD_ENCODING: 400,
        Reason.NOT_JSON: 400,
        Reason.BAD_QUERY: 400,
        Reason.INVALID_SCOPE: 400,
        Reason.UNSUPPORTED_GRANT: 400,
        Reason.INVALID: 422,
        Reason.BAD_IDEMPOTENCY_KEY: 400,
        Reason.IDEMPOTENCY_KEY_REUSED: 422,
        Reason.STORE_UNAVAILABLE: 503,
    }
)


class Refused(Exception):  # noqa: N818 (an outcome, named like one)
    """A request that is not taken; the message is one sentence for its sender."""

    def __init__(
        self, reason: Reason, message: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        # Whole seconds, for the header of that name.
        self.retry_after = retry_after
        # Whose request it was, once that is known; for the counters.
        self.key: VerifiedKey | None = None
        # The same where there is no key.
        self.workspace_id: int | None = None
        # How many events it stands for in the counters.
        self.count = 1
