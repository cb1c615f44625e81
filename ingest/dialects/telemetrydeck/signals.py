"""Signals: what a body of any of the six routes holds, one normalised event each.

Source: contracts/telemetrydeck.md, "Signal". A bad signal never costs the good ones: it
becomes an event for the quarantine, with its reason.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import msgspec
from django.conf import settings

from accounts.kinds import hash_again, visitor_of_day
from accounts.models import Identity
from accounts.models.app_id import LONGEST_APP_ID, fold_app_id
from ingest.body import parse_json, problem_in
from ingest.dialects import fields
from ingest.dialects.base import Scope
from ingest.dialects.fields import Complaints
from ingest.events import NormalizedEvent
from ingest.models import QuarantinedEvent
from ingest.refusals import Reason, Refused

V1, V2, V3 = "v1", "v2", "v3"
PAGE_VIEW = "pageView"
DURATION = "TelemetryDeck.Signal.durationInSeconds"
VERSION = "TelemetryDeck.API.Ingest.version"
NAMESPACE = "TelemetryDeck.API.namespace"
CLIENT_VERSION = "telemetryClientVersion"
RESERVED = "TelemetryDeck.Presets.Onboarding.step"
RESERVED_PREFIX = "TelemetryDeck.Metrics.Swift."
# Kept apart from the payload where both stand at the top level (v3).
OWN_FIELDS = frozenset(
    {"appID", "clientUser", "type", "sessionID", "isTestMode", "floatValue"}
    | {"receivedAt"}
)
VIEW_FIELDS = frozenset({"url", "referrer"})
UTM = re.compile(r"utm_[a-z_]{1,30}")
YES_NO = {"true": True, "1": True, "false": False, "0": False, "": False}
# A signal that was sent late keeps at most this age, in seconds.
OLDEST = 86_400.0
LONGEST_TYPE = 200
LONGEST_TEXT = 2000
LONGEST_RAW = 8000
LONGEST_NUMBER = 19
BAD_SIGNAL = QuarantinedEvent.Reason.BAD_SIGNAL.value


class Signal(NamedTuple):
    """One signal, and how many of its payload keys are not taken."""

    event: NormalizedEvent
    dropped: int = 0

    @property
    def is_bad(self) -> bool:
        """Say whether nothing but the quarantine can take it."""
        return self.event.quarantine == BAD_SIGNAL


class Visitor(NamedTuple):
    """Whoever looks at a web page, by what their browser shows of them."""

    address: str = ""
    agent: str = ""


def read_batch(body: bytes, scope: Scope, version: str) -> list[Signal]:
    """Return the signals of an array.

    Raises:
        Refused: not JSON, no array, or too long a one.
    """
    items = decode(body)
    if not isinstance(items, list):
        raise Refused(Reason.INVALID, "the body must be an array of signals")
    limit: int = settings.INGEST_MAX_EVENTS
    if len(items) > limit:
        raise Refused(Reason.TOO_MANY_EVENTS, f"at most {limit} signals in a request")
    if len(items) == 1:
        return [read_signal(items[0], scope, version)]
    return [
        read_signal(item, scope, version, within=f"[{index}].")
        for index, item in enumerate(items)
    ]


def read_view(
    body: bytes, scope: Scope, version: str, visitor: Visitor
) -> list[Signal]:
    """Return the one page view of an object.

    Raises:
        Refused: not JSON, or no object.
    """
    item = decode(body)
    if not isinstance(item, dict):
        raise Refused(Reason.INVALID, "the body must be an object")
    return [read_signal(item, scope, version, visitor)]


def decode(body: bytes) -> Any:
    """Return what JSON in UTF-8 says.

    Numbers that no number type holds and lone surrogates are JSON still; they must
    not cost the signals beside them, so a second, more patient reader has a look.

    Raises:
        Refused: it is not JSON.
    """
    try:
        return parse_json(body)
    except Refused as refused:
        try:
            return json.loads(
                body.decode(),
                parse_int=_integer,
                parse_float=_float,
                parse_constant=_no_constant,
            )
        except (ValueError, RecursionError):
            raise refused from None


def read_signal(
    item: Any,
    scope: Scope,
    version: str,
    visitor: Visitor | None = None,
    *,
    within: str = "",
) -> Signal:
    """Return one signal; a page view where there is a visitor.

    ``within`` is where it stands in its batch, for whoever explains what is wrong.
    """
    complaints = Complaints()
    complaints.within = within
    if not isinstance(item, dict):
        complaints.add("signal", "must be an object")
        return _bad(complaints, item, scope, "")
    try:
        return _read(complaints, item, scope, version, visitor)
    except RecursionError:
        complaints.add("payload", "is nested too deeply")
        return _bad(complaints, item, scope, "")


def _read(
    complaints: Complaints,
    item: dict[str, Any],
    scope: Scope,
    version: str,
    visitor: Visitor | None,
) -> Signal:
    folded = _app_id(complaints, item)
    # The old route for pages knows nothing but page views.
    is_plain_view = visitor is not None and version == V2
    metric = (
        PAGE_VIEW
        if is_plain_view
        else _type(complaints, item, default=PAGE_VIEW if visitor else "")
    )
    identity = _identity(complaints, item, scope, visitor)
    value = fields.summand(
        complaints, "floatValue", _scalar(complaints, item, "floatValue")
    )
    if is_plain_view:
        properties = {}
    elif version == V3:
        properties = _flat(item, without=VIEW_FIELDS if visitor else frozenset())
    else:
        properties = _payload(complaints, item)
        value = _value_in(properties) if value is None else value
    if visitor is not None:
        properties |= _view(complaints, item, needs_url=is_plain_view)
    reserved = [key for key in properties if _is_reserved(key)]
    for key in reserved:
        del properties[key]
    client_version = _text(complaints, item, CLIENT_VERSION)
    if client_version:
        properties[CLIENT_VERSION] = client_version
    properties[VERSION] = version
    _check(complaints, properties)
    occurred_at = _received_at(complaints, item, scope)
    is_test = _is_test(complaints, item)
    session = _text(complaints, item, "sessionID")
    if complaints:
        return _bad(complaints, item, scope, folded)
    event = NormalizedEvent(
        metric=metric,
        # Filled in by the digest: an app may change hands while a signal waits.
        product="",
        occurred_at=occurred_at,
        identities=[identity],
        value=value,
        session_id=session or str(uuid4()),
        is_test=is_test,
        properties=properties,
        registers_metric=True,
        app_id=folded,
    )
    return Signal(event, len(reserved))


def _app_id(complaints: Complaints, item: dict[str, Any]) -> str:
    """Return the folded app id; none where it is not one that could be looked up."""
    app_id = _text(complaints, item, "appID", longest=LONGEST_APP_ID, required=True)
    folded = fold_app_id(app_id)
    if len(folded) > LONGEST_APP_ID:
        complaints.add("appID", f"must have at most {LONGEST_APP_ID} characters")
    return "" if complaints else folded


def _type(complaints: Complaints, item: dict[str, Any], *, default: str) -> str:
    metric = _text(complaints, item, "type", longest=LONGEST_TYPE, required=not default)
    return fields.metric(complaints, "type", metric, required=False) or default


def _identity(
    complaints: Complaints, item: dict[str, Any], scope: Scope, visitor: Visitor | None
) -> tuple[str, str]:
    user = _text(
        complaints, item, "clientUser", longest=LONGEST_TEXT, required=visitor is None
    )
    if visitor is not None and not user:
        day = datetime.fromtimestamp(scope.now, UTC).date()
        value = visitor_of_day(visitor.address, visitor.agent, day)
        return Identity.Kind.ANONYMOUS.value, value
    hashed = hash_again(user)
    if not hashed:
        complaints.add("clientUser", "names nobody")
    return Identity.Kind.USER_HASH.value, hashed


def _payload(complaints: Complaints, item: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of v1 and v2: text, but for what is kept numeric."""
    payload = item.get("payload")
    if payload is None or payload == "":
        return {}
    if isinstance(payload, list):
        if not all(isinstance(entry, str) for entry in payload):
            complaints.add("payload", 'must hold texts of the form "key:value"')
            return {}
        payload = {
            key: value for key, _, value in (entry.partition(":") for entry in payload)
        }
    if not isinstance(payload, dict):
        complaints.add("payload", "must be an object or an array")
        return {}
    return {
        key: _stored(key, value) for key, value in payload.items() if value is not None
    }


def _stored(key: str, value: Any) -> Any:
    if key == DURATION:
        number = _number(value)
        if number is not None:
            return number
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _flat(item: dict[str, Any], *, without: frozenset[str]) -> dict[str, Any]:
    """Return the payload of v3: everything else at the top level, types kept."""
    kept = {
        key: value
        for key, value in item.items()
        if key not in OWN_FIELDS and key not in without
    }
    number = _number(kept.get(DURATION))
    if number is not None:
        kept[DURATION] = number
    return kept


def _value_in(properties: dict[str, Any]) -> float | None:
    """Take a numeric ``floatValue`` out of the payload, where the npm SDK puts it."""
    number = _number(properties.get("floatValue"))
    if number is not None and abs(number) > fields.LARGEST_VALUE:
        return None
    if number is not None:
        del properties["floatValue"]
    return number


def _view(
    complaints: Complaints, item: dict[str, Any], *, needs_url: bool
) -> dict[str, Any]:
    """Return host, path and campaign of a page view; nothing else of its address.

    A flat event of the newer route may be about no page.
    """
    url = _text(complaints, item, "url", longest=10 * LONGEST_TEXT, required=needs_url)
    referrer = _text(complaints, item, "referrer", longest=10 * LONGEST_TEXT)
    found: dict[str, Any] = {}
    try:
        address = urlsplit(url)
        if url:
            found["host"] = address.hostname or ""
            found["path"] = (address.path or "/")[:LONGEST_TEXT]
        for name, value in parse_qsl(address.query, max_num_fields=200):
            if UTM.fullmatch(name):
                found[name] = value[: fields.LONGEST]
    except ValueError:
        complaints.add("url", "must be the address of a page")
    if referrer:
        try:
            source = urlsplit(referrer)
        except ValueError:
            complaints.add("referrer", "must be the address of a page")
        else:
            found["referrer"] = f"{source.hostname or ''}{source.path}"[:LONGEST_TEXT]
    locale = _text(complaints, item, "locale")
    if locale:
        found["locale"] = locale
    return found


def _received_at(complaints: Complaints, item: dict[str, Any], scope: Scope) -> float:
    """Return when it happened; an import keeps what a sender had long before."""
    moment = fields.moment(
        complaints, "receivedAt", _scalar(complaints, item, "receivedAt")
    )
    if moment is None:
        return scope.now
    return moment if scope.is_import else max(moment, scope.now - OLDEST)


def _is_test(complaints: Complaints, item: dict[str, Any]) -> bool:
    value = item.get("isTestMode")
    if isinstance(value, bool):
        return value
    word = _text(complaints, item, "isTestMode").lower()
    if word not in YES_NO:
        complaints.add("isTestMode", "must be true or false")
    return YES_NO.get(word, False)


def _scalar(complaints: Complaints, item: dict[str, Any], field: str) -> Any:
    value = item.get(field)
    if isinstance(value, bool | dict | list):
        complaints.add(field, "must be text or a number")
        return None
    return value


def _text(
    complaints: Complaints,
    item: dict[str, Any],
    field: str,
    *,
    longest: int = fields.LONGEST,
    required: bool = False,
) -> str:
    value = _scalar(complaints, item, field)
    if isinstance(value, str) and not _has_utf8(value):
        complaints.add(field, "must not contain half characters")
        return ""
    return fields.text(complaints, field, value, longest=longest, required=required)


def _number(value: Any) -> float | None:
    """Return a finite number, also out of a text; None for anything else."""
    if isinstance(value, str):
        if not fields.NUMBER.fullmatch(value.strip()):
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _check(complaints: Complaints, properties: dict[str, Any]) -> None:
    """Note what neither jsonb nor the inbox can hold."""
    try:
        problem = problem_in(properties)
        if not problem:
            msgspec.json.encode(properties)
    except (UnicodeEncodeError, RecursionError):
        problem = " must be text that UTF-8 can hold"
    if problem:
        path, _, message = problem.partition(" ")
        complaints.add(f"payload{path}", message)


def _is_reserved(key: str) -> bool:
    return key == RESERVED or key.startswith(RESERVED_PREFIX)


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(complaints: Complaints, item: Any, scope: Scope, app_id: str) -> Signal:
    """Return an event for the quarantine with the signal as it came, user hashed."""
    if isinstance(item, dict) and "clientUser" in item:
        user = item["clientUser"]
        hidden = hash_again(user) if isinstance(user, str | int | float) else ""
        item = {**item, "clientUser": hidden}
    return Signal(
        NormalizedEvent(
            metric="",
            product="",
            occurred_at=scope.now,
            identities=[],
            properties={"signal": _raw(item), "why": _whole(str(complaints))},
            quarantine=BAD_SIGNAL,
            quarantine_subject=_whole(complaints[0].field)[:100],
            app_id=app_id,
        )
    )


def _raw(item: Any) -> str:
    try:
        # In ASCII: half characters cannot be kept in any other way.
        text = json.dumps(item)
    except (RecursionError, ValueError):
        return "(nested too deeply to be kept)"
    return text[:LONGEST_RAW]


def _whole(text: str) -> str:
    """Return text without half characters, cut to what is worth keeping."""
    return text.encode(errors="replace").decode()[:LONGEST_TEXT]


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _no_constant(name: str) -> Any:
    raise ValueError(name)
