"""Dialect ``reo``: product usage, one event or one pre-counted sum a request.

Source: contracts/reo.md, routes R1 and R2. Reads and answers exactly as written
there, odd mix of types included.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_view

from accounts.kinds import anonymous_value, guess_kind, is_address
from accounts.models import Identity
from accounts.models.api_key import Dialect as DialectName
from ingest.body import not_json, parse_json
from ingest.dialects import fields, reo_docs
from ingest.dialects.base import Dialect, DialectView, Reading, Route, Scope
from ingest.dialects.fields import Complaints, Free, Scalar
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import Answer
from ingest.refusals import AUTHENTICATION, STATUS, Reason, Refused
from ingest.verified_key import VerifiedKey

KEY = DialectName.REO.value
TELEMETRY = "TELEMETRY"
SOURCES = (TELEMETRY, "SAAS_PRODUCT", "PRODUCT_CLOUD")
MODES = ("DOMAIN",)
IDENTITY_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "EMAIL": Identity.Kind.EMAIL,
        "SOCIAL": Identity.Kind.SOCIAL,
        "LINKEDIN": Identity.Kind.LINKEDIN,
        "GITHUB": Identity.Kind.GITHUB,
        "USERNAME": Identity.Kind.USERNAME,
        "ANONYMOUS": Identity.Kind.ANONYMOUS,
    }
)
STORED = Answer(
    200,
    b'{"response_code": "200", "response": "Data Uploaded", "status": "success"}',
)
# Where this contract differs from the ordinary status of a refusal.
OWN_STATUS = {
    **dict.fromkeys(AUTHENTICATION, 400),
    Reason.INVALID: 400,
    Reason.IDEMPOTENCY_KEY_REUSED: 400,
}
# Where a sender's own address is noted when the event names none. It is never used to
# find the company: it may be a server's.
PEER_PROPERTY = "$peer_ip"


class Usage(msgspec.Struct):
    """The payload of R1; the rules are in `parse_usage`."""

    source: Scalar = None
    activity_type: Scalar = None
    product_id: Scalar = None
    event_id: Scalar = None
    event_at: Scalar = None
    ip_addr: Scalar = None
    domain: Scalar = None
    user_id_type: Scalar = None
    user_id: Scalar = None
    user_agent: Scalar = None
    environment: Scalar = None
    meta: Free = None


class Aggregate(msgspec.Struct):
    """The payload of R2; the rules are in `parse_aggregate`."""

    mode: Scalar = None
    source: Scalar = None
    activity_type: Scalar = None
    product_id: Scalar = None
    event_id: Scalar = None
    event_at: Scalar = None
    ip_addr: Scalar = None
    domain: Scalar = None
    count: Scalar = None
    user_agent: Scalar = None
    environment: Scalar = None
    meta: Free = None


class UsageBody(msgspec.Struct):
    """The body of R1."""

    payload: Usage


class AggregateBody(msgspec.Struct):
    """The body of R2."""

    payload: Aggregate


_USAGE = msgspec.json.Decoder(UsageBody)
_AGGREGATE = msgspec.json.Decoder(AggregateBody)


def parse_usage(body: bytes, scope: Scope) -> Reading:
    """Return the one event of an R1 body.

    Raises:
        Refused: not JSON, or with every wrong field named.
    """
    complaints = Complaints()
    try:
        form = _USAGE.decode(body).payload
    except msgspec.ValidationError:
        form = fields.read_form(complaints, Usage, _payload(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None
    event = _usage_event(complaints, form, scope)
    if complaints:
        raise Refused(Reason.INVALID, str(complaints))
    return Reading([event])


def parse_aggregate(body: bytes, scope: Scope) -> Reading:
    """Return the one pre-counted event of an R2 body.

    Raises:
        Refused: not JSON, or with every wrong field named.
    """
    complaints = Complaints()
    try:
        form = _AGGREGATE.decode(body).payload
    except msgspec.ValidationError:
        form = fields.read_form(complaints, Aggregate, _payload(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None
    event = _aggregate_event(complaints, form, scope)
    if complaints:
        raise Refused(Reason.INVALID, str(complaints))
    return Reading([event])


def parse_line(body: bytes, scope: Scope) -> Reading:
    """Return the event of a body of either route; only R2 has a ``mode``."""
    is_aggregate = "mode" in _payload(body)
    return (parse_aggregate if is_aggregate else parse_usage)(body, scope)


def _payload(body: bytes) -> dict[str, Any]:
    data = parse_json(body)
    if not isinstance(data, dict):
        raise Refused(Reason.INVALID, "payload: the body must be an object with it")
    payload = data.get("payload")
    if payload is None:
        raise Refused(Reason.INVALID, "payload: is required")
    if not isinstance(payload, dict):
        raise Refused(Reason.INVALID, "payload: must be an object")
    return payload


def _usage_event(complaints: Complaints, form: Usage, scope: Scope) -> NormalizedEvent:
    source = _one_of(complaints, "source", form.source, SOURCES)
    is_telemetry = source == TELEMETRY
    metric = fields.metric(complaints, "activity_type", form.activity_type)
    product = _product(complaints, form.product_id, scope)
    event_id = fields.text(complaints, "event_id", form.event_id, required=is_telemetry)
    occurred_at = _event_at(complaints, form.event_at)
    ip = fields.ip_address(complaints, "ip_addr", form.ip_addr)
    domain = fields.domain(complaints, "domain", form.domain)
    if is_telemetry and not ip and not domain:
        complaints.add("ip_addr", "is required, or domain", "required")
    agent = fields.user_agent(complaints, "user_agent", form.user_agent)
    identity = _identity(complaints, form, is_required=source in SOURCES[1:])
    if identity is None:
        if not agent:
            complaints.add("user_agent", "is required without user_id", "required")
        identity = (
            Identity.Kind.ANONYMOUS.value,
            anonymous_value(ip or domain, agent),
        )
    properties = fields.free_object(complaints, "meta", form.meta)
    if not ip and scope.peer:
        properties = {**properties, PEER_PROPERTY: scope.peer}
    return NormalizedEvent(
        metric=metric,
        product=product,
        occurred_at=occurred_at,
        identities=[identity],
        key=event_key(KEY, product, event_id) if event_id else None,
        source=source,
        event_id=event_id,
        domain=domain,
        ip=ip,
        environment=fields.text(complaints, "environment", form.environment).upper(),
        user_agent=agent,
        properties=properties,
    )


def _aggregate_event(
    complaints: Complaints, form: Aggregate, scope: Scope
) -> NormalizedEvent:
    _one_of(complaints, "mode", form.mode, MODES)
    source = _one_of(complaints, "source", form.source, (TELEMETRY,))
    metric = fields.metric(complaints, "activity_type", form.activity_type)
    product = _product(complaints, form.product_id, scope)
    event_id = fields.text(complaints, "event_id", form.event_id, required=True)
    occurred_at = _event_at(complaints, form.event_at)
    domain = fields.domain(complaints, "domain", form.domain)
    ip = fields.ip_address(complaints, "ip_addr", form.ip_addr)
    if not domain and not ip:
        complaints.add("domain", "is required, or ip_addr", "required")
    return NormalizedEvent(
        metric=metric,
        product=product,
        occurred_at=occurred_at,
        identities=[(Identity.Kind.AGGREGATE.value, domain or ip)],
        key=event_key(KEY, product, event_id),
        count=fields.positive_integer(complaints, "count", form.count, required=True),
        source=source,
        event_id=event_id,
        domain=domain,
        ip=ip,
        environment=fields.text(complaints, "environment", form.environment).upper(),
        user_agent=fields.user_agent(complaints, "user_agent", form.user_agent),
        properties=fields.free_object(complaints, "meta", form.meta),
        is_aggregate=True,
    )


def _one_of(
    complaints: Complaints, field: str, value: Scalar, allowed: tuple[str, ...]
) -> str:
    word = fields.text(complaints, field, value, required=True).upper()
    if word and word not in allowed:
        complaints.add(field, f"must be {' or '.join(allowed)}")
    return word


def _product(complaints: Complaints, value: Scalar, scope: Scope) -> str:
    product = fields.text(complaints, "product_id", value, required=True)
    if scope.product is not None and product and product != scope.product:
        complaints.add("product_id", f"this API key only takes {scope.product}")
    return product


def _event_at(complaints: Complaints, value: Scalar) -> float:
    seconds = fields.unix_time(complaints, "event_at", value)
    if seconds is None:
        # Keeps what is wrong with it, if that was said already.
        complaints.add("event_at", "is required", "required")
        return 0.0
    return seconds


def _identity(
    complaints: Complaints, form: Usage, *, is_required: bool
) -> tuple[str, str] | None:
    """Return who did it, or None when no one is named and no one needs to be."""
    value = fields.text(
        complaints, "user_id", form.user_id, required=is_required, longest=2000
    )
    word = fields.text(
        complaints, "user_id_type", form.user_id_type, required=is_required
    ).upper()
    kind = IDENTITY_KINDS.get(word)
    if word and kind is None:
        complaints.add("user_id_type", f"must be {' or '.join(IDENTITY_KINDS)}")
    if not value:
        return None
    if kind is None or (kind == Identity.Kind.EMAIL and not is_address(value)):
        # A name where an address was announced is still somebody's name.
        kind = guess_kind(value)
    normalised = fields.identity(kind, value) if value.strip("@ ") else ""
    if not normalised:
        complaints.add("user_id", "names nobody")
    return str(kind), normalised


class ReoView(DialectView):
    """What both routes share: the key's header and the shape of the answers."""

    dialect = KEY

    def token(self, request: HttpRequest) -> str:
        """Return the key of ``X-API-KEY`` (contract reo, R1)."""
        header: str = request.META.get("HTTP_X_API_KEY", "")
        return header.strip()

    def answer(self, reading: Reading, key: VerifiedKey) -> Answer:  # noqa: ARG002
        """Return the documented body: here ``response_code`` is text."""
        return STORED

    def refusal(self, refused: Refused) -> Answer:
        """Return the documented body: here ``response_code`` is a number."""
        status = OWN_STATUS.get(refused.reason) or STATUS[refused.reason]
        message = (
            "Authentication Failure"
            if refused.reason in AUTHENTICATION
            else refused.message
        )
        body = {"response_code": status, "response": message, "status": "failure"}
        return Answer(status, msgspec.json.encode(body))


@extend_schema_view(post=reo_docs.usage)
class UsageView(ReoView):
    """R1: ``POST /api/product/usage``."""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one event."""
        return parse_usage(body, scope)


@extend_schema_view(post=reo_docs.aggregate)
class AggregateUsageView(ReoView):
    """R2: ``POST /api/product/aggregateusage``."""

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read one pre-counted event."""
        return parse_aggregate(body, scope)


DIALECT = Dialect(
    key=KEY,
    label=DialectName.REO.label,
    routes=(
        Route("api/product/usage", UsageView.as_view(), "reo-usage"),
        Route(
            "api/product/aggregateusage",
            AggregateUsageView.as_view(),
            "reo-aggregate-usage",
        ),
    ),
    parse=parse_line,
)
