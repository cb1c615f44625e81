"""What all dialects share: the order of the accept path, and nobody's wording.

A dialect brings four parts: its routes, how it authenticates, how a body becomes
normalised events, and what it answers.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from accounts.peer import peer_address
from ingest import refused_requests, rehearsal
from ingest.body import read_body
from ingest.cors import allow_any_origin, preflight
from ingest.counters import count_refusal
from ingest.credentials import cache, verify
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import (
    Accepted,
    Answer,
    Idempotency,
    IdempotencyConflict,
    KeyNoLongerValid,
    StoreUnavailable,
    accept,
)
from ingest.refusals import STATUS, Reason, Refused
from ingest.throttle import throttle
from ingest.verified_key import VerifiedKey

RETRY_SECONDS = 2
LONGEST_IDEMPOTENCY_KEY = 255


# What a browser is told before it sends from another site's page.
class Scope(NamedTuple):
    """What a parser knows beside the body."""

    # The only product that may be named, or None.
    product: str | None = None
    # Address of the sender, noted where the body names none.
    peer: str = ""
    # Time of arrival, Unix seconds.
    now: float = 0.0
    # Whose events they are; 0 where nobody asks.
    workspace_id: int = 0
    # True for events of the past out of a file, whose times stay as they are.
    is_import: bool = False


class Rejection(msgspec.Struct, frozen=True):
    """One event of a batch that is not taken."""

    index: int
    code: str
    message: str


class Reading(NamedTuple):
    """What a body held."""

    events: list[NormalizedEvent]
    rejected: Sequence[Rejection] = ()


# Raises Refused when nothing of the body can be taken.
Parse = Callable[[bytes, Scope], Reading]


# Takes the workspace's id and its events, and returns them completed.
Complete = Callable[[int, list[NormalizedEvent]], list[NormalizedEvent]]


class Route(NamedTuple):
    """One address, without slashes at its ends; it answers with and without."""

    path: str
    view: Callable[..., Any]
    name: str
    # Whether somebody else answers who only looks here (GET, HEAD).
    is_read_elsewhere: bool = False


class Dialect(NamedTuple):
    """One kind of sender."""

    key: str
    label: str
    routes: tuple[Route, ...]
    # For bodies that arrive as lines of a file (``import_events``).
    parse: Parse
    # Adds what only the workspace's own tables tell, for many events at once.
    complete: Complete | None = None


def store_unavailable() -> Refused:
    """Return the refusal of a request that is not known to be stored: try again."""
    return Refused(
        Reason.STORE_UNAVAILABLE,
        "the store cannot be reached",
        retry_after=RETRY_SECONDS,
    )


class DialectView(APIView):
    """One ingestion route: a DRF view without what ingestion does not use.

    No session, no negotiation, no wrapped request; the answer is a plain response.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    dialect: ClassVar[str]
    # How a client without a key is asked for one.
    challenge: ClassVar[str] = "Bearer"
    # Whether pages of other sites may call the route.
    for_browsers: ClassVar[bool] = False
    # Whose request it is, as far as that is known; for the counters of refusals.
    key: VerifiedKey | None = None
    workspace_id: int | None = None

    def token(self, request: HttpRequest) -> str:
        """Return the text of the API key that the request carries, or ""."""
        raise NotImplementedError

    def authenticate(self, request: HttpRequest, address: str) -> VerifiedKey:
        """Return the key that the request is taken under.

        Raises:
            Refused: it carries none that opens this door.
            StoreUnavailable: nobody can say.
        """
        return verify(self.token(request), dialect=self.dialect, address=address)

    def forget(self, request: HttpRequest) -> None:
        """Look the request's key up in the database the next time."""
        cache.forget(self.token(request))

    def body_of(self, request: HttpRequest) -> bytes:
        """Return the whole body; asked once, unless a key must be looked for in it."""
        return read_body(request)

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Return the events of a body; raises Refused when it holds none to take."""
        raise NotImplementedError

    def read(
        self,
        request: HttpRequest,  # noqa: ARG002 (for dialects whose fields are elsewhere)
        body: bytes,
        scope: Scope,
    ) -> Reading:
        """Return the events of a request; the body alone says them in most dialects."""
        return self.parse(body, scope)

    def answer(self, reading: Reading, key: VerifiedKey) -> Answer:
        """Return what the sender is told once its events are kept."""
        raise NotImplementedError

    def refusal(self, refused: Refused) -> Answer:
        """Return what the sender is told when they are not."""
        return Answer(STATUS[refused.reason], refused.message.encode())

    def dispatch(
        self, request: HttpRequest, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Hand a POST on, answer a browser's preflight, and refuse the rest."""
        if request.method == "POST":
            response = self.post(request)
            return allow_any_origin(response) if self.for_browsers else response
        if self.for_browsers and request.method == "OPTIONS":
            return preflight()
        refused = Refused(Reason.METHOD_NOT_ALLOWED, "Method Not Allowed")
        return self._refuse(refused)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the request or refuse it, and count the refusal by reason."""
        address = peer_address(request)
        try:
            throttle.address(address)
            accepted = self.take(request, address)
        except Refused as error:
            refused = error
        except KeyNoLongerValid:
            refused = Refused(Reason.REVOKED_KEY, "the API key is revoked")
        except StoreUnavailable:
            refused = store_unavailable()
        except IdempotencyConflict:
            refused = Refused(
                Reason.IDEMPOTENCY_KEY_REUSED,
                "the Idempotency-Key was used before, with another body",
            )
        else:
            response = self._respond(accepted.answer)
            if accepted.is_repeat:
                response["Idempotent-Replayed"] = "true"
            return response
        refused.key = refused.key or self.key
        if refused.workspace_id is None:
            refused.workspace_id = self.workspace_id
        return self._refuse(refused)

    def take(self, request: HttpRequest, address: str) -> Accepted:
        """Take a request that carries a key; routes without keys do it their way.

        Raises:
            Refused: it is not taken.
            KeyNoLongerValid: neither, the key has just been revoked.
            StoreUnavailable: nothing is known to be stored.
            IdempotencyConflict: nothing was stored.
        """
        self.key = self.authenticate(request, address)
        throttle.key(self.key.id)
        body = self.body_of(request)
        try:
            return self.act(request, body, self.key, address)
        except KeyNoLongerValid:
            # What we remembered is out of date; look again, and only once.
            self.forget(request)
            self.key = self.authenticate(request, address)
            return self.act(request, body, self.key, address)

    def act(
        self, request: HttpRequest, body: bytes, key: VerifiedKey, address: str
    ) -> Accepted:
        """Do what a request asks that may: keep its events. Raises as `take`."""
        idempotency = idempotency_of(request, self.dialect, body)
        scope = Scope(
            product=key.product,
            peer=address,
            now=time.time(),
            workspace_id=key.workspace_id,
        )
        reading = self.read(request, body, scope)
        accepted = accept(
            key=key,
            dialect=self.dialect,
            events=reading.events,
            idempotency=idempotency,
            answer=self.answer(reading, key),
        )
        if reading.rejected and not accepted.is_repeat:
            count_refusal(
                self.dialect, Reason.INVALID, key, count=len(reading.rejected)
            )
            refused_requests.remember(
                request,
                dialect=self.dialect,
                key_id=key.id,
                workspace_id=key.workspace_id,
                reason=Reason.INVALID,
                answer=accepted.answer,
            )
        return accepted

    def _respond(self, answer: Answer) -> HttpResponse:
        # The length, because no middleware adds it here and chunks cost both sides.
        return HttpResponse(
            answer.body,
            status=answer.status,
            headers={
                "Content-Type": "application/json",
                "Content-Length": str(len(answer.body)),
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _refuse(self, refused: Refused) -> HttpResponse:
        count_refusal(
            self.dialect,
            refused.reason,
            refused.key,
            workspace_id=refused.workspace_id,
            count=refused.count,
        )
        rehearsal.note_refusal(refused.reason, refused.message)
        answer = self.refusal(refused)
        key = refused.key
        refused_requests.remember(
            self.request,
            dialect=self.dialect,
            key_id=key.id if key else None,
            workspace_id=key.workspace_id if key else refused.workspace_id,
            reason=refused.reason,
            answer=answer,
        )
        response = self._respond(answer)
        # Refusals are counted by reason; a log line each would be a way to fill disks.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        if refused.retry_after is not None:
            response["Retry-After"] = str(refused.retry_after)
        if refused.reason is Reason.METHOD_NOT_ALLOWED:
            response["Allow"] = "POST"
        if answer.status == STATUS[Reason.NO_KEY]:
            response["WWW-Authenticate"] = self.challenge
        return response


def idempotency_of(
    request: HttpRequest, dialect: str, body: bytes
) -> Idempotency | None:
    """Return the request's Idempotency-Key and body as hashes, if it carries one.

    Source: contracts/README, rule 5.
    """
    header = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None or not header.strip():
        return None
    text = header.strip()
    if len(text) > LONGEST_IDEMPOTENCY_KEY:
        raise Refused(
            Reason.BAD_IDEMPOTENCY_KEY,
            f"Idempotency-Key must have at most {LONGEST_IDEMPOTENCY_KEY} characters",
        )
    # The path belongs to it: the same body means something else on another route. So
    # do query parameters, which are the body of some senders.
    hasher = hashlib.blake2b(request.path_info.rstrip("/").encode(), digest_size=16)
    hasher.update(request.META.get("QUERY_STRING", "").encode())
    hasher.update(b"\0")
    hasher.update(body)
    return Idempotency(
        digest=event_key("idempotency", dialect, text),
        body_digest=UUID(bytes=hasher.digest()),
    )
