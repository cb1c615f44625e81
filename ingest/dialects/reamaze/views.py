"""The routes of the dialect ``reamaze``: servers with an API key, and browsers without.

Source: contracts/reamaze.md.
"""

import hashlib
from pathlib import Path

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema_view

from ingest.credentials import basic_pair, cache, verify
from ingest.dialects.base import DialectView, Reading, Scope
from ingest.dialects.reamaze import docs, door, form
from ingest.dialects.reamaze.door import Account
from ingest.inbox import Answer
from ingest.refusals import AUTHENTICATION, STATUS, Reason, Refused
from ingest.verified_key import VerifiedKey

OK = Answer(200, b'{"status": "ok"}')
FORBIDDEN = 403
UNAUTHORIZED = 401
# Where a refusal that is about no field of the user or the event is told.
PLACES = {
    **dict.fromkeys(AUTHENTICATION, "authorization"),
    Reason.WRONG_ACCOUNT: "account",
    Reason.WRONG_AUTHKEY: "user.authkey",
    Reason.NOT_JSON: "body",
    Reason.BAD_ENCODING: "body",
    Reason.TOO_LARGE: "body",
    Reason.BAD_IDEMPOTENCY_KEY: "idempotency_key",
    Reason.IDEMPOTENCY_KEY_REUSED: "idempotency_key",
}
WRONG_AUTHKEY = (
    "is wrong: it must be the SHA-256, in hexadecimal, of the user's id, a colon and "
    "the account API key (in PHP, join them with . and not with +)"
)
SCRIPT = Path(__file__).with_name("reamaze.js").read_bytes()
SCRIPT_TAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:16]}"'


class ReamazeView(DialectView):
    """What all routes share: accounts, authkeys and the form of the answers."""

    dialect = form.KEY
    challenge = 'Basic realm="Uptick"'
    read_body: bytes | None = None
    # Of a request without Basic Auth: the key that its authkey proves.
    proved = ""

    def token(self, request: HttpRequest) -> str:
        """Return the user name of HTTP Basic; the password does not matter."""
        pair = basic_pair(request.META.get("HTTP_AUTHORIZATION", ""))
        return pair[0].strip() if pair else ""

    def authenticate(self, request: HttpRequest, address: str) -> VerifiedKey:
        """Return the account's key: sent by Basic Auth, or proved by the authkey."""
        token = self.token(request)
        if token:
            key = verify(token, dialect=self.dialect, address=address)
            try:
                self._check(request, key, token)
            except Refused as refused:
                refused.key = key
                raise
            return key
        account = self._account_alone(request)
        try:
            self.proved = self._prove(request, account, account.tokens)
        except Refused as refused:
            refused.workspace_id = account.workspace_id
            raise
        return verify(self.proved, dialect=self.dialect, address=address)

    def forget(self, request: HttpRequest) -> None:
        """Look up the key, and the account with all its keys, the next time."""
        cache.forget(self.token(request) or self.proved)
        door.forget()

    def body_of(self, request: HttpRequest) -> bytes:
        """Return the body, which authentication may have read before."""
        if self.read_body is None:
            self.read_body = super().body_of(request)
        return self.read_body

    def answer(self, reading: Reading, key: VerifiedKey) -> Answer:  # noqa: ARG002
        """Say that it is kept."""
        return OK

    def refusal(self, refused: Refused) -> Answer:
        """Return the errors by field; the answers of 403 have no ``status``."""
        status = STATUS[refused.reason]
        if refused.reason in AUTHENTICATION:
            status = UNAUTHORIZED
        errors = (
            refused.errors
            if isinstance(refused, form.Misfilled)
            else {PLACES.get(refused.reason, "request"): [refused.message]}
        )
        body: dict[str, object] = {"errors": errors}
        if status != FORBIDDEN:
            body = {"status": "error", **body}
        return Answer(status, msgspec.json.encode(body))

    def _account_alone(self, request: HttpRequest) -> Account:
        """Return the account of a request without an API key, if it may go without."""
        account = door.named_account(request)
        if account is None or not account.accepts_authkey_alone:
            raise Refused(Reason.NO_KEY, "the account API key is required")
        return account

    def _check(self, request: HttpRequest, key: VerifiedKey, token: str) -> None:
        """Compare the key's account with the one named, and prove the authkey."""
        account = door.account_of(key.workspace_id)
        named = door.named_account(request)
        if account is None or (
            named is not None and named.workspace_id != account.workspace_id
        ):
            raise door.wrong_account("the API key belongs to another account")
        self._prove(request, account, (token, *account.tokens))

    def _prove(
        self, request: HttpRequest, account: Account, tokens: tuple[str, ...]
    ) -> str:
        """Return the key that the authkey was made with."""
        body = self.body_of(request)
        user = form.read(body)[0].user or form.User()
        if user.id in (None, "") or user.authkey in (None, ""):
            # Names both, and whatever else is wrong.
            self.parse(body, Scope())
        token = door.matching_token(account, tokens, user)
        if token is None:
            raise Refused(Reason.WRONG_AUTHKEY, WRONG_AUTHKEY)
        return token


@extend_schema_view(post=docs.users)
class UsersView(ReamazeView):
    """``POST /data/users``."""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one profile."""
        return form.parse_users(body, scope)


@extend_schema_view(post=docs.events)
class EventsView(ReamazeView):
    """``POST /data/events``."""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one event."""
        return form.parse_events(body, scope)


@extend_schema_view(post=docs.hidden)
class UsersAliasView(UsersView):
    """The same under its other addresses."""


@extend_schema_view(post=docs.hidden)
class EventsAliasView(EventsView):
    """The same under its other addresses."""


class BrowserView(ReamazeView):
    """What the browser script sends: never an API key, always account and authkey."""

    for_browsers = True

    def token(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Return none: a key that reached a page would be no secret."""
        return ""

    def _account_alone(self, request: HttpRequest) -> Account:
        named = form.read(self.body_of(request))[0].account
        account = door.named_account(request, str(named or "").strip())
        if account is None:
            raise door.wrong_account("is required")
        return account


@extend_schema_view(post=docs.browser_users)
class BrowserUsersView(BrowserView):
    """``POST /data/browser/users``."""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one profile; the address is the person's own."""
        return form.parse_users(body, scope, infers_ip=True)


@extend_schema_view(post=docs.browser_events)
class BrowserEventsView(BrowserView):
    """``POST /data/browser/events``."""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one event; the address is the person's own."""
        return form.parse_events(body, scope, infers_ip=True)


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """Serve the browser script, cached for an hour, then only if it changed."""
    headers = {"ETag": SCRIPT_TAG, "Cache-Control": "public, max-age=3600"}
    if request.headers.get("If-None-Match") == SCRIPT_TAG:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(
        SCRIPT,
        content_type="text/javascript; charset=utf-8",
        headers={
            **headers,
            "Content-Length": str(len(SCRIPT)),
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )
