"""``POST …/apps/{appId}/events``: all of a request's events, or none of them.

Source: contract ``productiv``, Events.
"""

import re
from typing import Any

import msgspec
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_view

from accounts.kinds import normalise
from accounts.models import EventDefinition, Identity
from ingest.body import not_json, parse_json
from ingest.dialects import fields
from ingest.dialects.base import Reading, Scope
from ingest.dialects.fields import Complaints, Scalar
from ingest.dialects.productiv import docs
from ingest.dialects.productiv.access import (
    KEY,
    MOST_NAMED,
    SUCCESS,
    ApplicationView,
    DefinedEvent,
    KnownApplication,
    body_object,
    check_product,
    find_application,
    listed,
    refuse_all,
)
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import Answer
from ingest.refusals import Reason, Refused
from ingest.verified_key import VerifiedKey

LONGEST_EMAIL = 320
LOCAL_PART = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}")
LOGIN = EventDefinition.Category.LOGIN.value
# Property of an event that holds the application that was logged into.
TARGET = "target_app"


class UsageEvent(msgspec.Struct, rename="camel"):
    """One event; the rules are in `_event`."""

    timestamp: Scalar = None
    email: Scalar = None
    event_name: Scalar = None
    target_app: Scalar = None


class Body(msgspec.Struct):
    """What a request holds."""

    events: list[UsageEvent]


_BODY = msgspec.json.Decoder(Body)


def parse(
    body: bytes, scope: Scope, app_id: str, application: KnownApplication
) -> Reading:
    """Return the events of a body.

    Raises:
        Refused: one of them is wrong, or there are none or too many. Nothing is taken
            then.
        StoreUnavailable: nobody can say which events the application has.
    """
    items = listed(_items(body), "events")
    if _names_unknown(items, application):
        # It may have been defined a moment ago.
        application = find_application(scope.workspace_id, app_id, is_fresh=True)
    complaints = Complaints()
    events = []
    for index, item in enumerate(items):
        own = Complaints()
        place = f"events[{index}]"
        events.append(_event(own, place, _form(own, place, item), app_id, application))
        complaints += own
        if len(complaints) >= MOST_NAMED:
            break
    refuse_all(complaints)
    return Reading(events)


def parse_line(body: bytes, scope: Scope) -> Reading:
    """Return the events of a line of a file: a request's body with ``appId`` in it.

    Raises:
        Refused: something is wrong, or the workspace has no such application.
        StoreUnavailable: nobody can say.
    """
    data = body_object(parse_json(body), "appId and events")
    app_id = data.get("appId")
    if not isinstance(app_id, str) or not app_id.strip():
        raise Refused(Reason.INVALID, "appId is required")
    app_id = app_id.strip()
    application = find_application(scope.workspace_id, app_id)
    check_product(application, scope)
    return parse(body, scope, app_id, application)


def email_address(complaints: Complaints, field: str, value: Scalar) -> str:
    """Return an e-mail address as its identity is written, or ""."""
    written = fields.text(
        complaints, field, value, required=True, longest=LONGEST_EMAIL
    )
    if not written:
        return ""
    address = normalise(Identity.Kind.EMAIL, written)
    local, _, host = address.rpartition("@")
    if (
        not LOCAL_PART.fullmatch(local)
        or len(host) > fields.LONGEST_HOST
        or not fields.HOST.fullmatch(host)
    ):
        complaints.add(field, "must be an e-mail address")
    return address


def _items(body: bytes) -> Any:
    """Return the events of a body as forms, or as they are if one is odd."""
    try:
        return _BODY.decode(body).events
    except msgspec.ValidationError:
        return body_object(parse_json(body), "events").get("events")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None


def _names_unknown(items: list[Any], application: KnownApplication) -> bool:
    known = application.events
    return any(
        isinstance(item, UsageEvent)
        and isinstance(item.event_name, str)
        and item.event_name.strip() not in known
        for item in items
    )


def _form(complaints: Complaints, place: str, item: Any) -> UsageEvent:
    if isinstance(item, UsageEvent):
        return item
    if not isinstance(item, dict):
        complaints.add(place, "must be an object")
        return UsageEvent()
    return fields.read_form(complaints, UsageEvent, item, below=f"{place}.")


def _event(
    complaints: Complaints,
    place: str,
    form: UsageEvent,
    app_id: str,
    application: KnownApplication,
) -> NormalizedEvent:
    if complaints and complaints[0].field == place:
        # It is no event at all: that is the one thing to say about it.
        return NormalizedEvent("", "", 0.0, [])
    at = _milliseconds(complaints, f"{place}.timestamp", form.timestamp)
    address = email_address(complaints, f"{place}.email", form.email)
    name = fields.text(complaints, f"{place}.eventName", form.event_name, required=True)
    definition = application.events.get(name)
    if name and definition is None:
        complaints.add(
            f"{place}.eventName", "must be one of the application's defined events"
        )
    target = fields.text(complaints, f"{place}.targetApp", form.target_app)
    if definition and definition.category == LOGIN and not target:
        complaints.add(f"{place}.targetApp", "is required for a Login event")
    definition = definition or DefinedEvent("", "")
    written = str(int(at)) if at.is_integer() else repr(at)
    return NormalizedEvent(
        metric=definition.metric,
        product=application.product,
        occurred_at=at / 1000,
        identities=[(Identity.Kind.EMAIL.value, address)],
        key=event_key(KEY, app_id, written, address, name),
        properties={TARGET: target} if target else {},
    )


def _milliseconds(complaints: Complaints, field: str, value: Scalar) -> float:
    """Return Unix milliseconds of the years 1 to 9999."""
    at = fields.number(complaints, field, value)
    if at is None:
        # Keeps what is wrong with it, if that was said already.
        complaints.add(field, "is required")
        return 0.0
    if not fields.EARLIEST <= at / 1000 <= fields.LATEST:
        complaints.add(field, "must be Unix time in milliseconds")
        return 0.0
    return at


@extend_schema_view(post=docs.events)
class EventsView(ApplicationView):
    """``POST …/apps/{appId}/events`` and its alias ``…/usage-events``."""

    def read(self, request: HttpRequest, body: bytes, scope: Scope) -> Reading:
        """Read the events, which are all taken or all refused."""
        application = self.application(request, scope)
        return parse(body, scope, self.app_id, application)

    def answer(self, reading: Reading, key: VerifiedKey) -> Answer:  # noqa: ARG002
        """Return the documented body."""
        return SUCCESS
