"""What a body of the dialect ``reamaze`` says: a person's profile, or an event.

Source: contracts/reamaze.md and its seed. Fields are read liberally; every wrong one
is named.
"""

from typing import Any

import msgspec

from accounts.kinds import guess_kind, normalise
from accounts.models import Identity
from accounts.models.api_key import Dialect as DialectName
from ingest.body import not_json, parse_json
from ingest.dialects import fields
from ingest.dialects.base import Reading, Scope
from ingest.dialects.fields import Complaints, Free, Scalar
from ingest.events import NormalizedEvent
from ingest.refusals import Reason, Refused

KEY = DialectName.REAMAZE.value
# Reamaze knows no products. A key that is bound to one says which it is.
PRODUCT = KEY
SOURCE = "REAMAZE"
# Text of the profile that becomes traits as it is.
TEXTS = ("name", "avatar", "facebook", "twitter", "sms")
# Traits that are ours: free data under such a name goes under ``data.<name>``.
OWN_TRAITS = frozenset({*TEXTS, "created", "tz_offset", "email", "ip"})
# Sums of what is larger than this would lose whole units.
LARGEST_VALUE = 1e15
LONGEST_TEXT = 2000
# Minutes; the largest offset in use is 14 hours.
LARGEST_OFFSET = 24 * 60


class User(msgspec.Struct):
    """Who it is about; the rules are in `_identities` and `_traits`."""

    id: Scalar = None
    authkey: Scalar = None
    email: Scalar = None
    name: Scalar = None
    avatar: Scalar = None
    created: Scalar = None
    ip: Scalar = None
    tz_offset: Scalar = None
    facebook: Scalar = None
    twitter: Scalar = None
    sms: Scalar = None
    data: Free = None


class Event(msgspec.Struct):
    """What happened."""

    name: Scalar = None
    value: Scalar = None
    # Ours: when it happened, for what is sent later or imported.
    timestamp: Scalar = None
    data: Free = None


class Body(msgspec.Struct):
    """A whole body of any route."""

    # Named by browsers alone.
    account: Scalar = None
    user: User | None = None
    event: Event | None = None
    # Ours, beside ``event.timestamp``: when the profile was so.
    timestamp: Scalar = None


class Misfilled(Refused):
    """Fields that are wrong, by name."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__(Reason.INVALID, str(complaints))
        self.errors = {each.field: [each.message] for each in complaints}


_BODY = msgspec.json.Decoder(Body)


def read(body: bytes) -> tuple[Body, Complaints]:
    """Return the form that a body fills, and which fields are of a wrong type.

    Raises:
        Refused: not JSON, or no object.
    """
    complaints = Complaints()
    try:
        return _BODY.decode(body), complaints
    except msgspec.ValidationError:
        data = parse_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None
    if not isinstance(data, dict):
        complaints.add("body", "must be an object")
        raise Misfilled(complaints)
    return fields.read_form(complaints, Body, data), complaints


def parse_users(body: bytes, scope: Scope, *, infers_ip: bool = False) -> Reading:
    """Return the profile of a ``/data/users`` body.

    Args:
        body: the request's.
        scope: where it came from.
        infers_ip: True where the sender is the person's own browser, so that its
            address may tell where the person works.

    Raises:
        Refused: not JSON, or with every wrong field named.
    """
    form, complaints = read(body)
    user = form.user or User()
    identities = _identities(complaints, user, scope, needs_email=True)
    occurred_at = fields.moment(complaints, "timestamp", form.timestamp)
    profile = NormalizedEvent(
        metric="",
        product="",
        occurred_at=scope.now if occurred_at is None else occurred_at,
        identities=identities,
        source=SOURCE,
        ip=_address(complaints, user, scope, infers_ip=infers_ip),
        traits=_traits(complaints, user),
        is_profile=True,
    )
    if complaints:
        raise Misfilled(complaints)
    return Reading([profile])


def parse_events(body: bytes, scope: Scope, *, infers_ip: bool = False) -> Reading:
    """Return the event of a ``/data/events`` body; as `parse_users` otherwise."""
    form, complaints = read(body)
    user, event = form.user or User(), form.event or Event()
    identities = _identities(complaints, user, scope)
    metric = fields.metric(complaints, "event.name", event.name)
    value = fields.number(complaints, "event.value", event.value)
    if value is not None and abs(value) > LARGEST_VALUE:
        complaints.add("event.value", "must lie between -10^15 and 10^15")
    stated = form.timestamp if event.timestamp is None else event.timestamp
    occurred_at = fields.moment(complaints, "event.timestamp", stated)
    happened = NormalizedEvent(
        metric=metric,
        product=scope.product or PRODUCT,
        occurred_at=scope.now if occurred_at is None else occurred_at,
        identities=identities,
        value=value,
        source=SOURCE,
        ip=_address(complaints, user, scope, infers_ip=infers_ip),
        properties=fields.free_object(complaints, "event.data", event.data),
        traits=_traits(complaints, user),
        registers_metric=True,
    )
    if complaints:
        raise Misfilled(complaints)
    return Reading([happened])


def parse_line(body: bytes, scope: Scope) -> Reading:
    """Return what a line of a file says; only a body of events has an ``event``."""
    data = parse_json(body)
    is_event = isinstance(data, dict) and data.get("event") is not None
    return (parse_events if is_event else parse_users)(body, scope)


def _identities(
    complaints: Complaints, user: User, scope: Scope, *, needs_email: bool = False
) -> list[tuple[str, str]]:
    """Return the customer id, and the address where it is given: one person's."""
    written = fields.text(complaints, "user.id", user.id, required=True)
    # Whoever imports a file is trusted anyway.
    if not scope.is_import:
        fields.text(complaints, "user.authkey", user.authkey, required=True)
    address = fields.text(
        complaints, "user.email", user.email, required=needs_email, longest=LONGEST_TEXT
    )
    customer = normalise(Identity.Kind.CUSTOMER_ID, written)
    if written and not customer:
        complaints.add("user.id", "names nobody")
    identities = [(Identity.Kind.CUSTOMER_ID.value, customer)]
    if address:
        if guess_kind(address) != Identity.Kind.EMAIL:
            complaints.add("user.email", "must be an e-mail address")
        email = normalise(Identity.Kind.EMAIL, address)
        identities.append((Identity.Kind.EMAIL.value, email))
    return identities


def _traits(complaints: Complaints, user: User) -> dict[str, Any]:
    """Return the profile as traits; free data merges, and null takes a key away."""
    free = fields.free_object(complaints, "user.data", user.data)
    traits = {
        f"data.{key}" if key in OWN_TRAITS else key: value
        for key, value in free.items()
    }
    for name in TEXTS:
        written = fields.text(
            complaints, f"user.{name}", getattr(user, name), longest=LONGEST_TEXT
        )
        if written:
            traits[name] = written
    # In whatever way the sender writes times: it is shown, and nothing is made of it.
    created = fields.text(complaints, "user.created", user.created)
    if created:
        traits["created"] = created
    offset = fields.number(complaints, "user.tz_offset", user.tz_offset)
    if offset is not None:
        if abs(offset) > LARGEST_OFFSET:
            complaints.add("user.tz_offset", "must be minutes")
        traits["tz_offset"] = int(offset) if offset.is_integer() else offset
    return traits


def _address(
    complaints: Complaints, user: User, scope: Scope, *, infers_ip: bool
) -> str:
    address = fields.ip_address(complaints, "user.ip", user.ip)
    return address or (scope.peer if infers_ip else "")
