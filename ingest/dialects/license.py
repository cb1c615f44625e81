"""Dialect ``license``: licence-aware telemetry, always stored, flagged, signed answers.

Source: contracts/license. Fields and flags are in `license_record`, the four forms of a
body in `license_form`, reading back in `license_read`.
"""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema_view

from accounts.models import ApiKey
from accounts.models.api_key import Dialect as DialectName
from ingest import license_records, signing
from ingest.credentials import verify
from ingest.dialects import license_docs, license_form, license_record
from ingest.dialects.base import (
    Dialect,
    DialectView,
    Reading,
    Route,
    Scope,
)
from ingest.dialects.license_record import Judged
from ingest.inbox import Accepted, Answer
from ingest.refusals import STATUS, Reason, Refused
from ingest.verified_key import VerifiedKey

KEY = DialectName.LICENSE.value
CORRECT, INCORRECT = 830, 831
CORRECT_TEXT = "Correct format data saved"
INCORRECT_TEXT = "Incorrect format data saved"
FOUND, FOUND_TEXT = 970, "Telemetry data found"
# HTTP status, code and message of the refusals that the contract names.
_INACTIVE = (401, 101, "Inactive API Key")
_INCAPABLE = (
    401,
    102,
    "The used API key doesn't have the required capability to access this endpoint",
)
REFUSALS: Mapping[Reason, tuple[int, int, str]] = MappingProxyType(
    {
        Reason.NO_KEY: (401, 100, "Invalid API Key"),
        Reason.UNKNOWN_KEY: (401, 100, "Invalid API Key"),
        Reason.REVOKED_KEY: _INACTIVE,
        Reason.EXPIRED_KEY: _INACTIVE,
        Reason.WRONG_KIND_OF_KEY: _INCAPABLE,
        Reason.WRONG_DIALECT: _INCAPABLE,
        Reason.WRONG_NETWORK: (
            *(401, 103),
            "API key can't be used from this IP address",
        ),
        Reason.NOT_ALLOWED: (403, 150, "Access denied"),
        Reason.RATE_LIMITED_KEY: (429, 429, "Too many requests"),
        Reason.RATE_LIMITED_ADDRESS: (429, 429, "Too many requests"),
        # No validation problem has another status in the contract; these are ours.
        Reason.INVALID: (400, 400, ""),
    }
)


class LicenseReading(Reading):
    """A reading that remembers what its answer says."""

    judged: Judged


class LicenseView(DialectView):
    """What sending and reading back share: where the key is, and the envelope."""

    dialect = KEY
    # What the key must be good for.
    kind: str = ApiKey.Kind.INGEST

    def token(self, request: HttpRequest) -> str:
        """Return the bearer token, else the parameter ``api_key``."""
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
        named = self._readable_fields(request).get("api_key")
        return named.strip() if isinstance(named, str) else ""

    def _readable_fields(self, request: HttpRequest) -> dict[str, Any]:
        """Return the fields that can be read: the key is asked for before the rest.

        Raises:
            Refused: the body, in which the key may be, is too large to look into.
        """
        try:
            return self.fields(request)
        except Refused as refused:
            if refused.reason is Reason.TOO_LARGE:
                raise
            return license_form.query_fields(request)

    def fields(self, request: HttpRequest) -> dict[str, Any]:
        """Return the request's fields, wherever they stand."""
        return license_form.query_fields(request)

    def authenticate(self, request: HttpRequest, address: str) -> VerifiedKey:
        """Return the key, found in a header or among the fields."""
        token = self.token(request)
        return verify(token, dialect=KEY, address=address, kind=self.kind)

    def refusal(self, refused: Refused) -> Answer:
        """Return ``code``, ``message`` and ``timestamp`` in the signed envelope."""
        plain = STATUS[refused.reason]
        status, code, message = REFUSALS.get(refused.reason) or (plain, plain, "")
        response: dict[str, Any] = {
            "code": code,
            "message": message or refused.message,
        }
        if refused.retry_after is not None:
            response["retry_after"] = refused.retry_after
        response["timestamp"] = int(time.time())
        is_sdk = refused.key is not None and refused.key.sdk_signature
        pair = signing.known_signer()
        return Answer(status, signing.envelope(response, pair, is_sdk=is_sdk))


@extend_schema_view(post=license_docs.send)
class SendView(LicenseView):
    """``POST /api/v1/send-telemetry-data`` and its aliases."""

    def body_of(self, request: HttpRequest) -> bytes:
        """Return the body, read once although the key may be in it."""
        known: bytes | None = getattr(request, "_license_body", None)
        if known is None:
            known = super().body_of(request)
            request._license_body = known  # type: ignore[attr-defined]  # noqa: SLF001
        return known

    def fields(self, request: HttpRequest) -> dict[str, Any]:
        """Return query parameters and body in one mapping; the body wins."""
        known: dict[str, Any] | None = getattr(request, "_license_fields", None)
        if known is None:
            body = self.body_of(request)
            known = license_form.query_fields(request)
            known |= license_form.body_fields(request, body)
            request._license_fields = known  # type: ignore[attr-defined]  # noqa: SLF001
        return known

    def read(
        self,
        request: HttpRequest,
        body: bytes,  # noqa: ARG002 (the fields are remembered)
        scope: Scope,
    ) -> LicenseReading:
        """Read one record and judge it."""
        record = license_record.read(
            self.fields(request),
            now=scope.now,
            peer=scope.peer,
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
        )
        (judged,) = license_record.judge(
            scope.workspace_id, [record], only=scope.product
        )
        reading = LicenseReading([judged.event])
        reading.judged = judged
        return reading

    def parse(self, body: bytes, scope: Scope) -> Reading:
        """Read a record of a file."""
        return parse_line(body, scope)

    def answer(self, reading: Reading, key: VerifiedKey) -> Answer:
        """Say whether the format was right, signed with the product's key pair."""
        assert isinstance(reading, LicenseReading)  # noqa: S101 (our own)
        errors = reading.judged.errors
        response = {
            "code": INCORRECT if errors else CORRECT,
            "message": INCORRECT_TEXT if errors else CORRECT_TEXT,
            # Empty it is an array, in the vendor's answers too.
            "errors": errors or [],
            "timestamp": int(time.time()),
        }
        pair = signing.signer(reading.judged.signing_id)
        body = signing.envelope(response, pair, is_sdk=key.sdk_signature)
        return Answer(200, body)


@extend_schema_view(post=license_docs.send_sdk)
class SdkSendView(SendView):
    """``POST /api/v1/send-telemetry``: the same handler, described by itself."""


@extend_schema_view(post=license_docs.send_short)
class ShortSendView(SendView):
    """``POST /v1/send-telemetry``: the same handler."""


@extend_schema_view(get=license_docs.read_back)
class ReadView(LicenseView):
    """``GET /api/v1/get-telemetry-data`` and its alias; takes a read key."""

    kind = ApiKey.Kind.READ
    http_method_names = ("get", "head")

    def dispatch(
        self, request: HttpRequest, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Answer a GET, and refuse what is none."""
        if request.method in {"GET", "HEAD"}:
            return self.get(request)
        refused = Refused(Reason.METHOD_NOT_ALLOWED, "Method Not Allowed")
        response = self._refuse(refused)
        response["Allow"] = "GET, HEAD"
        return response

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return records that fit the filters, or refuse."""
        return self.post(request)

    def body_of(self, request: HttpRequest) -> bytes:  # noqa: ARG002
        """Return none: what is asked stands in the query."""
        return b""

    def act(
        self,
        request: HttpRequest,
        body: bytes,  # noqa: ARG002
        key: VerifiedKey,
        address: str,  # noqa: ARG002
    ) -> Accepted:
        """Look for the records."""
        return Accepted(self._found(request, key))

    def _found(self, request: HttpRequest, key: VerifiedKey) -> Answer:
        wanted = license_records.filters(self.fields(request))
        if key.product is not None:
            if wanted.product_id and wanted.product_id != key.product:
                raise Refused(Reason.NOT_ALLOWED, "Access denied")
            wanted = wanted._replace(product_id=key.product)
        page = license_records.page(key.workspace_id, wanted)
        response = {
            "code": FOUND,
            "message": FOUND_TEXT,
            "errors": [],
            "data": page.records,
            "page": wanted.page,
            "per_page": wanted.per_page,
            "has_more": page.has_more,
            "timestamp": int(time.time()),
        }
        pair = signing.signer()
        body = signing.envelope(response, pair, is_sdk=key.sdk_signature)
        return Answer(200, body)


@extend_schema_view(get=license_docs.read_back_short)
class ShortReadView(ReadView):
    """``GET /v1/get-telemetry-data``: the same handler."""


def parse_line(body: bytes, scope: Scope) -> Reading:
    """Return the record of one line of a file: a JSON body, or one as read back.

    Its ``created_at`` (ISO 8601) is when it happened.

    Raises:
        Refused: it is no JSON object, or its time is none.
    """
    fields = _as_sent(license_form.json_fields(body))
    at: float | None = scope.now
    if fields.get("created_at") is not None:
        at = license_record.stated_time(fields["created_at"])
    if at is None:
        raise Refused(Reason.INVALID, "created_at: must be ISO 8601")
    return Reading([license_record.read(fields, now=at).event])


def _as_sent(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that was read back as its sender wrote them."""
    data = fields.get("data")
    kind = fields.get("data_type")
    names = license_record.VALUES.get(kind) if isinstance(kind, str) else None
    if data is None or names is None or any(name in fields for name in names):
        return fields
    if kind != license_record.XY:
        return {**fields, names[0]: data}
    try:
        pair = msgspec.json.decode(data) if isinstance(data, str) else data
    except msgspec.DecodeError:
        return fields
    if not isinstance(pair, dict):
        return fields
    return {**fields, names[0]: pair.get("x"), names[1]: pair.get("y")}


DIALECT = Dialect(
    key=KEY,
    label=DialectName.LICENSE.label,
    routes=(
        Route("api/v1/send-telemetry-data", SendView.as_view(), "license-send"),
        Route("api/v1/send-telemetry", SdkSendView.as_view(), "license-send-sdk"),
        Route("v1/send-telemetry", ShortSendView.as_view(), "license-send-short"),
        Route("api/v1/get-telemetry-data", ReadView.as_view(), "license-read"),
        Route("v1/get-telemetry-data", ShortReadView.as_view(), "license-read-short"),
    ),
    parse=parse_line,
    complete=license_record.complete,
)
