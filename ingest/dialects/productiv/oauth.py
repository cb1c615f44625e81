"""``POST /oauth2/token``: a client's id and secret for an access token.

RFC 6749, client credentials (4.4) with the leniencies of the contract ``productiv``:
parameters also in the query, the secret also as a field, short names of scopes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema_view

from accounts.keys import digest_of
from accounts.models import ApiKey
from accounts.models.api_key import Scope as OAuthScope
from accounts.tokens import new_token, shown_prefix
from ingest import commit, rehearsal
from ingest.credentials import basic_pair, cache, verify
from ingest.dialects.base import DialectView
from ingest.dialects.productiv import docs
from ingest.dialects.productiv.access import KEY
from ingest.inbox import Accepted, Answer, KeyNoLongerValid
from ingest.prepared import Prepared
from ingest.refusals import AUTHENTICATION, STATUS, Reason, Refused
from ingest.verified_key import VerifiedKey

ADD_TOKEN = Prepared("access_token_add")
GRANT = "client_credentials"
VENDOR = "https://api.productiv.com/"
SCOPES: Mapping[str, str] = {
    **{scope: scope for scope in OAuthScope.values},
    **{f"{VENDOR}{scope}": scope for scope in OAuthScope.values},
}
# Names of the first scope, as the contract has it.
ALIASES = frozenset({OAuthScope.READ.value})
MOST_PARAMETERS = 50
# RFC 6749, 5.2, for what it has a word for.
ERRORS: Mapping[Reason, str] = {
    Reason.INVALID_SCOPE: "invalid_scope",
    Reason.UNSUPPORTED_GRANT: "unsupported_grant_type",
    Reason.RATE_LIMITED_ADDRESS: "temporarily_unavailable",
    Reason.RATE_LIMITED_KEY: "temporarily_unavailable",
    Reason.STORE_UNAVAILABLE: "temporarily_unavailable",
}


class Credentials(NamedTuple):
    """Who the client says it is."""

    client_id: str
    secret: str


@extend_schema_view(post=docs.token)
class TokenView(DialectView):
    """Gives access tokens."""

    dialect = KEY
    read_body: bytes | None = None

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer what must never be cached (RFC 6749, 5.1)."""
        return _uncached(super().post(request))

    def dispatch(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        """Refuse other methods than POST, in the words of the protocol."""
        response = super().dispatch(request)
        if response.status_code == STATUS[Reason.NO_KEY]:
            response["WWW-Authenticate"] = 'Basic realm="Uptick"'
        return response

    def refusal(self, refused: Refused) -> Answer:
        """Return ``{"error": …}``; why a client is wrong is nobody's business."""
        if refused.reason in AUTHENTICATION:
            return _error(STATUS[Reason.NO_KEY], "invalid_client")
        status = STATUS[refused.reason]
        if refused.reason is Reason.INVALID:
            status = 400
        error = ERRORS.get(refused.reason, "invalid_request")
        return _error(status, error)

    def authenticate(self, request: HttpRequest, address: str) -> VerifiedKey:
        """Return the client whose id and secret the request states."""
        self.given = _parameters(request, self.body_of(request))
        _check_grant(self.given)
        self.credentials = _credentials(request, self.given)
        return _client(self.credentials, address)

    def forget(self, request: HttpRequest) -> None:  # noqa: ARG002
        """Look the client up in the database the next time."""
        cache.forget(self.credentials.secret)

    def body_of(self, request: HttpRequest) -> bytes:
        """Return the body, which authentication has read before."""
        if self.read_body is None:
            self.read_body = super().body_of(request)
        return self.read_body

    def act(
        self,
        request: HttpRequest,  # noqa: ARG002
        body: bytes,  # noqa: ARG002 (its parameters are known by now)
        key: VerifiedKey,
        address: str,  # noqa: ARG002
    ) -> Accepted:
        """Give a token, stored and committed before the answer."""
        return Accepted(_issue(key, self.given))


def _parameters(request: HttpRequest, body: bytes) -> dict[str, str]:
    """Return the parameters of body and query; empty ones are not sent.

    Raises:
        Refused: one is there twice with two values, or they cannot be read.
    """
    query: str = request.META.get("QUERY_STRING", "")
    found: dict[str, str] = {}
    for part in (body, query.encode("utf-8", "replace")):
        try:
            pairs = parse_qsl(
                part.decode(), max_num_fields=MOST_PARAMETERS, errors="strict"
            )
        except ValueError:
            raise Refused(
                Reason.INVALID, "the parameters cannot be read as a form"
            ) from None
        for name, value in pairs:
            if found.setdefault(name, value) != value:
                raise Refused(Reason.INVALID, "a parameter is given twice")
    return found


def _check_grant(given: Mapping[str, str]) -> None:
    grant = given.get("grant_type")
    if not grant:
        raise Refused(Reason.INVALID, "grant_type is required")
    if grant != GRANT:
        rehearsal.note_objection("grant_type", f"must be {GRANT}")
        raise Refused(Reason.UNSUPPORTED_GRANT, f"grant_type must be {GRANT}")


def _credentials(request: HttpRequest, given: Mapping[str, str]) -> Credentials:
    """Return id and secret from the header, or else from the fields.

    Raises:
        Refused: there are none, or two different ones.
    """
    fields = Credentials(given.get("client_id", ""), given.get("client_secret", ""))
    pair = basic_pair(request.META.get("HTTP_AUTHORIZATION", ""))
    if pair is None:
        return fields
    client_id, secret = pair
    # Both are encoded like form fields first (RFC 6749, 2.3.1).
    basic = Credentials(unquote_plus(client_id), unquote_plus(secret))
    if any(mine and mine != theirs for mine, theirs in zip(fields, basic, strict=True)):
        raise Refused(Reason.INVALID, "header and fields name two clients")
    return basic


def _client(credentials: Credentials, address: str) -> VerifiedKey:
    """Return the client if both id and secret are its own.

    Raises:
        Refused: they are not.
        StoreUnavailable: nobody can say.
    """
    key = verify(
        credentials.secret, dialect=KEY, address=address, kind=ApiKey.Kind.CLIENT
    )
    # The secret alone proves who it is; the id is its beginning, so it is no secret.
    if credentials.client_id != shown_prefix(credentials.secret):
        refused = Refused(Reason.UNKNOWN_KEY, "the client is not known")
        refused.key = key
        raise refused
    return key


def _issue(key: VerifiedKey, given: Mapping[str, str]) -> Answer:
    """Store a new token and return the answer.

    Raises:
        Refused: the scope is not the client's.
        KeyNoLongerValid: nothing was stored; look the client up again.
        StoreUnavailable: it is not known to be stored.
    """
    scopes = _scopes(key, given.get("scope", ""))
    token = new_token("access")
    seconds: int = settings.ACCESS_TOKEN_SECONDS
    rows = commit.ask(
        ADD_TOKEN,
        {
            "key_id": key.id,
            "version": key.version,
            "digest": digest_of(token),
            "prefix": shown_prefix(token),
            "scopes": ",".join(scopes),
            "seconds": seconds,
        },
    )
    if not rows:
        raise KeyNoLongerValid
    body: dict[str, Any] = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": seconds,
    }
    if "scope" not in given:
        # Who asked for none must be told what it is (RFC 6749, 5.1).
        body["scope"] = " ".join(scopes)
    return Answer(200, msgspec.json.encode(body))


def _scopes(key: VerifiedKey, asked: str) -> list[str]:
    """Return the scopes of a new token: those asked for, or all of the client's.

    In a request ``report.read`` is another name of ``connector.write`` (contract,
    Token): senders that ask by it push events all the same. Only of a client that its
    workspace lets read and no more is it the name of just that.

    Raises:
        Refused: one is unknown, or not the client's.
    """
    allowed = key.scopes or frozenset(OAuthScope.values)
    names = asked.split()
    if not names:
        return sorted(allowed)
    wanted = {SCOPES.get(name, "") for name in names}
    if OAuthScope.WRITE in allowed:
        wanted = {
            OAuthScope.WRITE.value if name in ALIASES else name for name in wanted
        }
    if not wanted <= allowed:
        raise Refused(
            Reason.INVALID_SCOPE, f"scope must be {' or '.join(sorted(allowed))}"
        )
    return sorted(wanted)


def _error(status: int, error: str) -> Answer:
    return Answer(status, msgspec.json.encode({"error": error}))


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
