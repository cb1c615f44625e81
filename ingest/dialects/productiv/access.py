"""What routes below ``…/apps/{appId}`` share: token, scope, application, answers."""

import time
from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import ApiKey
from accounts.models.api_key import Dialect as DialectName
from accounts.models.api_key import Scope as OAuthScope
from ingest import commit, rehearsal
from ingest.credentials import access_tokens, verify
from ingest.dialects.base import DialectView, Scope
from ingest.dialects.fields import Complaints
from ingest.inbox import Answer
from ingest.prepared import Prepared
from ingest.refusals import AUTHENTICATION, STATUS, Reason, Refused
from ingest.verified_key import VerifiedKey

KEY = DialectName.PRODUCTIV.value
FIND_APPLICATION = Prepared("find_application")
# Items of one request, and wrong fields that are named (contract, Events).
MOST_ITEMS = 1000
MOST_NAMED = 20
# Applications that are remembered; the oldest is dropped beyond.
REMEMBERED = 1000
SUCCESS = Answer(200, b'{"success":true}')
# Here too many events are an invalid payload, and so is a reused Idempotency-Key.
OWN_STATUS = {Reason.TOO_MANY_EVENTS: 422}
PHRASES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class DefinedEvent(msgspec.Struct, array_like=True, frozen=True):
    """What the definition of an event says that its acceptance depends on."""

    category: str
    metric: str


class KnownApplication(msgspec.Struct, frozen=True):
    """An application of a workspace, as far as the door needs it."""

    id: int
    product: str
    events: dict[str, DefinedEvent]


_EVENTS = msgspec.json.Decoder(dict[str, DefinedEvent])
_remembered: dict[tuple[int, str], tuple[float, KnownApplication]] = {}


def find_application(
    workspace_id: int, app_id: str, *, is_fresh: bool = False
) -> KnownApplication:
    """Return an application; with ``is_fresh`` as it is now, not seconds ago.

    Only what exists is remembered, so a new application works at once.

    Raises:
        Refused: the workspace has none of that id.
        StoreUnavailable: nobody can say.
    """
    place = (workspace_id, app_id)
    now = time.monotonic()
    entry = _remembered.get(place)
    if entry is not None and entry[0] > now and not is_fresh:
        return entry[1]
    rows = []
    if "\0" not in app_id:
        rows = commit.ask(
            FIND_APPLICATION, {"workspace_id": workspace_id, "app_id": app_id}
        )
    if not rows:
        _remembered.pop(place, None)
        raise Refused(
            Reason.UNKNOWN_APPLICATION, f"there is no application {app_id[:100]}"
        )
    number, product, events = rows[0]
    found = KnownApplication(number, product, _EVENTS.decode(events))
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[place] = (now + settings.INGEST_KEY_CACHE_SECONDS, found)
    return found


def forget_applications() -> None:
    """Ask the database the next time."""
    _remembered.clear()


class ApplicationView(DialectView):
    """A route of one application, opened by an access token."""

    dialect = KEY
    methods: ClassVar[tuple[str, ...]] = ("POST",)
    app_id = ""

    def dispatch(
        self, request: HttpRequest, *_args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Note which application the address names."""
        self.app_id = str(kwargs.get("app_id", "")).strip()
        if request.method != "POST" and request.method in self.methods:
            return self.post(request)
        response = super().dispatch(request)
        if "Allow" in response:
            response["Allow"] = ", ".join(self.methods)
        return response

    def token(self, request: HttpRequest) -> str:
        """Return the bearer token (RFC 6750, 2.1)."""
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = header.strip().partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def scopes(self, request: HttpRequest) -> frozenset[str]:
        """Return the scopes of which the request needs one."""
        del request
        return frozenset({OAuthScope.WRITE.value})

    def authenticate(self, request: HttpRequest, address: str) -> VerifiedKey:
        """Return the client of the access token, with the token's scopes.

        Raises:
            Refused: the token is none, has ended, or is not for this.
            StoreUnavailable: nobody can say.
        """
        key = verify(
            self.token(request),
            dialect=self.dialect,
            address=address,
            kind=ApiKey.Kind.CLIENT,
            known=access_tokens,
        )
        needed = self.scopes(request)
        if not key.scopes & needed:
            refused = Refused(
                Reason.MISSING_SCOPE,
                f"the access_token lacks the scope {' or '.join(sorted(needed))}",
            )
            refused.key = key
            raise refused
        return key

    def forget(self, request: HttpRequest) -> None:
        """Look the token up in the database the next time."""
        access_tokens.forget(self.token(request))

    def application(self, request: HttpRequest, scope: Scope) -> KnownApplication:
        """Return the application of the address; no query parameter is known here.

        Raises:
            Refused: there are parameters, or no such application.
            StoreUnavailable: nobody can say.
        """
        if request.META.get("QUERY_STRING"):
            name = next(iter(request.GET), "")
            rehearsal.note_objection(name, "is an unexpected query parameter")
            raise Refused(Reason.BAD_QUERY, f"unexpected query parameter {name[:100]}")
        found = find_application(scope.workspace_id, self.app_id)
        check_product(found, scope)
        return found

    def refusal(self, refused: Refused) -> Answer:
        """Return the documented body; here ``code`` is text."""
        if refused.reason in AUTHENTICATION:
            return _failure(STATUS[Reason.NO_KEY], "Invalid access_token")
        status = OWN_STATUS.get(refused.reason) or STATUS[refused.reason]
        phrase = PHRASES[status]
        same = refused.message == phrase
        return _failure(status, phrase if same else f"{phrase}: {refused.message}")


def check_product(application: KnownApplication, scope: Scope) -> None:
    """Raise Refused when the client is for another product than the application."""
    if scope.product is not None and scope.product != application.product:
        raise Refused(
            Reason.NOT_ALLOWED, f"this client is only for the product {scope.product}"
        )


def listed(value: Any, field: str) -> list[Any]:
    """Return the items of a request; an object instead of the array is one item.

    Raises:
        Refused: there are none, or too many.
    """
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list):
        what = "is required" if items is None or items == "" else "must be an array"
        raise Refused(Reason.INVALID, f"{field} {what}")
    if not items:
        raise Refused(Reason.INVALID, f"{field} must hold at least one item")
    if len(items) > MOST_ITEMS:
        raise Refused(
            Reason.TOO_MANY_EVENTS,
            f"{field} must hold at most {MOST_ITEMS} items, not {len(items)}",
        )
    return items


def body_object(data: Any, field: str) -> dict[str, Any]:
    """Return a body that is an object; raises Refused for any other."""
    if not isinstance(data, dict):
        raise Refused(Reason.INVALID, f"the body must be an object with {field}")
    return data


def refuse_all(complaints: Complaints) -> None:
    """Raise Refused if there are complaints, naming the first MOST_NAMED of them."""
    if not complaints:
        return
    named = [f"{field} {message}" for field, message, _ in complaints[:MOST_NAMED]]
    raise Refused(Reason.INVALID, "; ".join(named))


def _failure(status: int, message: str) -> Answer:
    body = {"code": str(status), "message": message, "success": False}
    return Answer(status, msgspec.json.encode(body))
