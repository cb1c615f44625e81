"""Dialect ``native``: our own events API, one event or a batch a request.

Source: docs/api.md. Good events of a batch are kept although others are not; the
answer says which and why.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_view

from accounts.kinds import anonymous_value
from accounts.models import Identity
from accounts.models.api_key import Dialect as DialectName
from ingest import commit
from ingest.body import not_json, parse_json
from ingest.dialects import fields, native_docs
from ingest.dialects.base import (
    Dialect,
    DialectView,
    Reading,
    Rejection,
    Route,
    Scope,
)
from ingest.dialects.fields import Complaints, Free, Scalar
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import Answer
from ingest.prepared import Prepared
from ingest.refusals import STATUS, Reason, Refused
from ingest.verified_key import VerifiedKey

KEY = DialectName.NATIVE.value
KNOWN_KEYS = Prepared("known_keys")
PATH = "api/v1/events"
# Field of ``user`` → kind of identity, the one an event is filed under first.
IDENTITY_FIELDS = (
    ("email", Identity.Kind.EMAIL.value),
    ("github", Identity.Kind.GITHUB.value),
    ("linkedin", Identity.Kind.LINKEDIN.value),
    ("social", Identity.Kind.SOCIAL.value),
    ("id", Identity.Kind.CUSTOMER_ID.value),
    ("username", Identity.Kind.USERNAME.value),
    ("anonymous_id", Identity.Kind.ANONYMOUS.value),
)
PROFILE_FIELDS = ("name", "avatar")
YES_NO = {"true": True, "1": True, "false": False, "0": False, "": False}


class User(msgspec.Struct):
    """Who did it: any number of ways in which the person is known."""

    email: Scalar = None
    github: Scalar = None
    linkedin: Scalar = None
    social: Scalar = None
    id: Scalar = None
    username: Scalar = None
    anonymous_id: Scalar = None
    name: Scalar = None
    avatar: Scalar = None
    traits: Free = None


class Company(msgspec.Struct):
    """Where the person works, when the sender knows."""

    domain: Scalar = None


class Event(msgspec.Struct):
    """One event; the rules are in `_event`."""

    metric: Scalar = None
    product: Scalar = None
    event_id: Scalar = None
    occurred_at: Scalar = None
    user: User | None = None
    company: Company | None = None
    ip: Scalar = None
    user_agent: Scalar = None
    count: Scalar = None
    value: Scalar = None
    environment: Scalar = None
    session_id: Scalar = None
    source: Scalar = None
    is_test: bool | Scalar = None
    properties: Free = None


class Body(Event):
    """A batch, or one event alone."""

    events: list[Event] | None = None


_LIST = msgspec.json.Decoder(list[Event])
_BODY = msgspec.json.Decoder(Body)

# What is left to read of one event: a filled form, or an object still to be looked at.
Item = Event | Any


class NothingTaken(Refused):
    """Every event of the request was rejected."""

    def __init__(self, rejected: list[Rejection]) -> None:
        super().__init__(Reason.INVALID, "no event was accepted")
        self.rejected = rejected
        self.count = len(rejected)


def parse(body: bytes, scope: Scope) -> Reading:
    """Return the good events of a body, and what is wrong with the others.

    Raises:
        Refused: not JSON, no events in it, or too many.
        NothingTaken: none of the events is good.
    """
    items = _items(body)
    limit: int = settings.INGEST_MAX_EVENTS
    if not items:
        raise Refused(Reason.INVALID, "events: must hold at least one event")
    if len(items) > limit:
        raise Refused(Reason.TOO_MANY_EVENTS, f"events: at most {limit} in a request")
    events: list[NormalizedEvent] = []
    rejected: list[Rejection] = []
    for index, item in enumerate(items):
        complaints = Complaints()
        if len(items) > 1:
            complaints.within = f"[{index}]."
        event = _event(complaints, _form(complaints, item), scope)
        if not complaints:
            events.append(event)
        else:
            rejected.append(Rejection(index, complaints[0].code, str(complaints)))
    if not events:
        raise NothingTaken(rejected)
    return Reading(events, rejected)


def _items(body: bytes) -> list[Item]:
    """Return the events of a body as forms, or as plain objects if one is odd."""
    try:
        if body.lstrip()[:1] == b"[":
            return _LIST.decode(body)
        form = _BODY.decode(body)
    except msgspec.ValidationError:
        data = parse_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None
    else:
        return [form] if form.events is None else form.events
    if isinstance(data, dict) and data.get("events") is not None:
        data = data["events"]
        if not isinstance(data, list):
            raise Refused(Reason.INVALID, "events: must be an array")
    if isinstance(data, list):
        return data
    return [data]


def _form(complaints: Complaints, item: Item) -> Event:
    if isinstance(item, Event):
        return item
    if not isinstance(item, dict):
        complaints.add("event", "must be an object", "not_an_object")
        return Event()
    return fields.read_form(complaints, Event, item)


def _event(complaints: Complaints, form: Event, scope: Scope) -> NormalizedEvent:
    product = _product(complaints, form.product, scope)
    event_id = fields.text(complaints, "event_id", form.event_id)
    occurred_at = fields.moment(complaints, "occurred_at", form.occurred_at)
    ip = fields.ip_address(complaints, "ip", form.ip)
    domain = (
        fields.domain(complaints, "company.domain", form.company.domain)
        if form.company
        else ""
    )
    agent = fields.user_agent(complaints, "user_agent", form.user_agent)
    identities = _identities(complaints, form.user) if form.user else []
    is_aggregate = False
    if not identities:
        identities, is_aggregate = _nameless(complaints, ip, domain, agent)
    return NormalizedEvent(
        metric=fields.metric(complaints, "metric", form.metric),
        product=product,
        occurred_at=scope.now if occurred_at is None else occurred_at,
        identities=identities,
        key=event_key(KEY, product, event_id) if event_id else None,
        count=fields.positive_integer(complaints, "count", form.count),
        value=fields.summand(complaints, "value", form.value),
        source=fields.text(complaints, "source", form.source, longest=20),
        event_id=event_id,
        domain=domain,
        ip=ip,
        environment=fields.text(complaints, "environment", form.environment).upper(),
        session_id=fields.text(complaints, "session_id", form.session_id),
        user_agent=agent,
        is_test=_yes_no(complaints, form.is_test),
        properties=fields.free_object(complaints, "properties", form.properties),
        traits=_traits(complaints, form.user) if form.user else {},
        is_aggregate=is_aggregate,
    )


def _product(complaints: Complaints, value: Scalar, scope: Scope) -> str:
    product = fields.text(complaints, "product", value)
    if product and scope.product is not None and product != scope.product:
        complaints.add(
            "product", f"this API key only takes {scope.product}", "product_not_allowed"
        )
    product = product or scope.product or ""
    if not product:
        complaints.add("product", "is required", "required")
    return product


def _identities(complaints: Complaints, user: User) -> list[tuple[str, str]]:
    """Return every way in which the event names its person, the surest first."""
    found = []
    for field, kind in IDENTITY_FIELDS:
        value = getattr(user, field)
        if value is None:
            continue
        name = f"user.{field}"
        written = fields.text(complaints, name, value, longest=2000)
        normalised = fields.identity(kind, written) if written else ""
        if normalised:
            found.append((kind, normalised))
        elif written:
            complaints.add(name, "names nobody")
    return found


def _nameless(
    complaints: Complaints, ip: str, domain: str, agent: str
) -> tuple[list[tuple[str, str]], bool]:
    """Return the identity of nobody in particular, and whether it is a company's.

    An address or a user agent tells senders apart, if poorly. A domain alone is use
    by a whole company, as a server that counts for its customers reports it.
    """
    if ip or agent:
        return [
            (Identity.Kind.ANONYMOUS.value, anonymous_value(ip or domain, agent))
        ], False
    # Who was named badly needs no second word about naming nobody.
    if not domain and not any(wrong.field.startswith("user.") for wrong in complaints):
        complaints.add(
            "user", "is required, or ip, user_agent or company.domain", "required"
        )
    return [(Identity.Kind.AGGREGATE.value, domain)], True


def _traits(complaints: Complaints, user: User) -> dict[str, Any]:
    """Return profile data; name and avatar are traits like any other."""
    traits = dict(fields.free_object(complaints, "user.traits", user.traits))
    for field in PROFILE_FIELDS:
        value = fields.text(
            complaints, f"user.{field}", getattr(user, field), longest=2000
        )
        if value:
            traits[field] = value
    return traits


def _yes_no(complaints: Complaints, value: bool | Scalar) -> bool:  # noqa: FBT001
    if isinstance(value, bool):
        return value
    word = fields.text(complaints, "is_test", value).lower()
    if word not in YES_NO:
        complaints.add("is_test", "must be true or false")
    return YES_NO.get(word, False)


def count_duplicates(events: Iterable[NormalizedEvent], workspace_id: int) -> int:
    """Return how many of the events are known to be repeats at this moment.

    That is: digested before, or a second time in this very batch. A repeat of an
    event that still waits in the inbox is not seen here; the digest sees it, and
    counts every event once in any case.

    Raises:
        StoreUnavailable: the database cannot be asked.
    """
    keys = [event.key for event in events if event.key is not None]
    if not keys:
        return 0
    distinct = set(keys)
    rows = commit.ask(
        KNOWN_KEYS, {"workspace_id": workspace_id, "keys": list(distinct)}
    )
    known = {key for (key,) in rows}
    new = len(distinct - known)
    return len(keys) - new


@extend_schema_view(post=native_docs.events)
class EventsView(DialectView):
    """``POST /api/v1/events``."""

    dialect = KEY

    def token(self, request: HttpRequest) -> str:
        """Return the bearer token."""
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = header.strip().partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one event or a batch."""
        return parse(body, scope)

    def answer(self, reading: Reading, key: VerifiedKey) -> Answer:
        """Say how many events are kept, how many are repeats, and what is wrong."""
        duplicates = count_duplicates(reading.events, key.workspace_id)
        return _answer(
            202, len(reading.events) - duplicates, duplicates, reading.rejected
        )

    def refusal(self, refused: Refused) -> Answer:
        """Return ``{"error": {"code", "message"}}``, or the list of rejections."""
        status = STATUS[refused.reason]
        if isinstance(refused, NothingTaken):
            return _answer(status, 0, 0, refused.rejected)
        error = {"code": refused.reason, "message": refused.message}
        return Answer(status, msgspec.json.encode({"error": error}))


def _answer(
    status: int, accepted: int, duplicates: int, rejected: Iterable[Rejection]
) -> Answer:
    body = {
        "accepted": accepted,
        "duplicates": duplicates,
        "rejected": list(rejected),
    }
    return Answer(status, msgspec.json.encode(body))


DIALECT = Dialect(
    key=KEY,
    label=DialectName.NATIVE.label,
    routes=(Route(PATH, EventsView.as_view(), "events", is_read_elsewhere=True),),
    parse=parse,
)
