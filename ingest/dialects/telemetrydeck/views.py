"""The six routes of the dialect: who a request is for, and what it is answered.

Source: contracts/telemetrydeck.md, "Routes" and "Answers". There is no key: a request
belongs to the workspaces that its namespace or its apps name.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import ClassVar
from uuid import UUID

import msgspec
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_view

from accounts.models.api_key import Dialect as DialectName
from ingest.app_ids import KnownApp, Namespace, find_apps, find_namespace
from ingest.counters import count_dropped
from ingest.dialects.base import DialectView, Scope, idempotency_of
from ingest.dialects.telemetrydeck import documents
from ingest.dialects.telemetrydeck.signals import (
    NAMESPACE,
    V1,
    V2,
    V3,
    Signal,
    Visitor,
    read_batch,
    read_view,
)
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import Accepted, Answer, Idempotency, accept_open
from ingest.refusals import STATUS, Reason, Refused
from ingest.throttle import throttle

KEY = DialectName.TELEMETRYDECK.value
RESERVED_KEY = "reserved_key"
# Where this contract differs from the ordinary status of a refusal.
OWN_STATUS: Mapping[Reason, int] = {Reason.INVALID: 400}


class Sorted(msgspec.Struct):
    """Signals by the workspace that they wait in; None where nobody has the app."""

    rows: dict[int | None, list[NormalizedEvent]]
    dropped: Counter[int | None]
    accepted: int = 0
    quarantined: int = 0


class SignalsView(DialectView):
    """What all routes share: keyless, called by browsers, answered in counts."""

    dialect = KEY
    for_browsers = True
    version: ClassVar[str] = V2

    def signals(self, request: HttpRequest, body: bytes, scope: Scope) -> list[Signal]:  # noqa: ARG002
        """Return what the body holds: an array of signals on most routes."""
        return read_batch(body, scope, self.version)

    def refusal(self, refused: Refused) -> Answer:
        """Return ``{"error": {"code", "message"}}``; senders ignore it."""
        error = {"code": refused.reason, "message": refused.message}
        status = OWN_STATUS.get(refused.reason) or STATUS[refused.reason]
        return Answer(status, msgspec.json.encode({"error": error}))

    def take(self, request: HttpRequest, address: str) -> Accepted:
        """Take a request without a key: its namespace or its apps say whose it is."""
        namespace = self._namespace()
        self.workspace_id = namespace.workspace_id if namespace else None
        body = self.body_of(request)
        scope = Scope(peer=address, now=time.time())
        signals = self.signals(request, body, scope)
        apps = sorted({one.event.app_id for one in signals if one.event.app_id})
        for app_id in apps:
            throttle.app(app_id)
        idempotency = _scoped(idempotency_of(request, KEY, body), namespace, apps)
        found = _sort(signals, find_apps(apps), namespace)
        answer = {"accepted": found.accepted, "quarantined": found.quarantined}
        accepted = accept_open(
            dialect=KEY,
            rows=list(found.rows.items()),
            idempotency=idempotency,
            answer=Answer(200, msgspec.json.encode(answer)),
        )
        if not accepted.is_repeat:
            for workspace_id, count in found.dropped.items():
                count_dropped(KEY, RESERVED_KEY, workspace_id=workspace_id, count=count)
        return accepted

    def _namespace(self) -> Namespace | None:
        """Return the workspace that the path names, or None where it names none."""
        slug: str | None = self.kwargs.get("namespace")
        if slug is None:
            return None
        # What is no slug is not worth a question, and might not be fit for one.
        is_slug = slug.isascii() and slug.replace("-", "").isalnum()
        namespace = find_namespace(slug.lower()) if is_slug else None
        if namespace is None:
            raise Refused(Reason.UNKNOWN_NAMESPACE, "there is no such namespace")
        return namespace


class PageViews(SignalsView):
    """What both routes for web pages share: one object, of a visitor."""

    def signals(self, request: HttpRequest, body: bytes, scope: Scope) -> list[Signal]:
        """Return the one page view."""
        agent = request.META.get("HTTP_USER_AGENT", "")
        return read_view(body, scope, self.version, Visitor(scope.peer, agent))


@extend_schema_view(post=documents.namespaced)
class NamespaceView(SignalsView):
    """``POST /v2/namespace/{namespace}/``: the seed."""


@extend_schema_view(post=documents.batch)
class BatchView(SignalsView):
    """``POST /v2/``: what most SDKs send."""


@extend_schema_view(post=documents.old_batch)
class OldBatchView(SignalsView):
    """``POST /v1/``."""

    version = V1


@extend_schema_view(post=documents.flat_batch)
class FlatBatchView(SignalsView):
    """``POST /v3/{namespace}/``."""

    version = V3


@extend_schema_view(post=documents.page_view)
class PageView(PageViews):
    """``POST /v2/w/``."""


@extend_schema_view(post=documents.flat_page_view)
class FlatPageView(PageViews):
    """``POST /v3/w/``."""

    version = V3


def _sort(
    signals: Iterable[Signal],
    apps: Mapping[str, KnownApp],
    namespace: Namespace | None,
) -> Sorted:
    """Sort signals into the workspaces they are for, and count what will be used.

    The digest has the last word on an app; what is counted here is what it will find
    unless somebody changes the app in these seconds.
    """
    found = Sorted(rows=defaultdict(list), dropped=Counter())
    for signal in signals:
        event = signal.event
        app = apps.get(event.app_id)
        if namespace is not None:
            home: int | None = namespace.workspace_id
            name = namespace.slug
        else:
            home = app.workspace_id if app else None
            name = app.namespace if app else ""
        if name:
            event.properties[NAMESPACE] = name
        is_usable = app is not None and app.is_enabled and app.workspace_id == home
        if is_usable and not signal.is_bad:
            found.accepted += 1
        else:
            found.quarantined += 1
        found.rows[home].append(event)
        if signal.dropped:
            found.dropped[home] += signal.dropped
    return found


def _scoped(
    idempotency: Idempotency | None, namespace: Namespace | None, apps: Iterable[str]
) -> Idempotency | None:
    """Keep the Idempotency-Keys of different senders apart: no API key does it here."""
    if idempotency is None:
        return None
    sender = namespace.slug if namespace else ",".join(apps)
    digest: UUID = event_key("keyless", sender, idempotency.digest.hex)
    return Idempotency(digest=digest, body_digest=idempotency.body_digest)
