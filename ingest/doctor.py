"""Explains a request: which dialect it is, what is wrong, what it would be answered.

Everything is said by the dialects' own code in a rehearsal (`ingest.rehearsal`). What a
field is used for is found by sending the request once more without it.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, get_resolver

from accounts.models import ApiKey, Application, Metric, Workspace
from accounts.models.catalogue import fold_metric_key
from accounts.sealing import unseal
from ingest import pasted, refused_requests, signing
from ingest.app_ids import find_apps
from ingest.body import PACKED
from ingest.commit import StoreUnavailable
from ingest.credentials import access_tokens
from ingest.dialects import DIALECTS
from ingest.dialects.base import Scope
from ingest.events import NormalizedEvent
from ingest.middleware import SLASHES, IngestShortcut
from ingest.parts import parts_of
from ingest.pasted import NotReadable, Pasted
from ingest.refusals import Refused
from ingest.rehearsal import Objection, Rehearsal, rehearse

# Fields that are looked into; each costs a rehearsal.
MOST_FIELDS = 40
LONGEST_VALUE = 200
SHOWN_EVENTS = 20
LARGEST = 1024 * 1024
# Clocks move between two rehearsals of one request.
SAME_SECONDS = 5.0
# Tried in this order for a body alone; licences last, which take whatever comes.
BY_BODY = ("reo", "productiv", "reamaze", "telemetrydeck", "native", "license")
CULPRIT = "wrong: without it the request is taken"
TOKEN_ROUTE = "/oauth2/token"  # noqa: S105 (an address)


class NotOurs(Exception):  # noqa: N818 (an outcome, named like one)
    """No dialect answers at this address; the message says what there is."""


@dataclass(frozen=True, slots=True)
class FieldFinding:
    """One field of the request and what the dialect makes of it."""

    path: str
    value: str
    is_wrong: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it would be stored, by field, without what is empty."""

    fields: tuple[tuple[str, str], ...]
    note: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to say about one request."""

    dialect: str
    label: str
    line: str
    # How it was told which dialect it is.
    why: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    reason: str
    message: str
    fields: tuple[FieldFinding, ...]
    # Wrong fields that the request does not have.
    missing: tuple[Objection, ...]
    events: tuple[StoredEvent, ...]
    more_events: int
    assumptions: tuple[str, ...]

    @property
    def is_taken(self) -> bool:
        """Say whether the sender is told that all is well."""
        return self.status < 400  # noqa: PLR2004 (HTTP)


@dataclass(frozen=True, slots=True)
class _Run:
    response: HttpResponse
    seen: Rehearsal


class _Passed(Exception):  # noqa: N818 (never leaves this module)
    """The shortcut handed the request on: it is for no dialect."""


def _hand_on(_: HttpRequest) -> HttpResponse:
    raise _Passed


def explain(
    text: str,
    *,
    workspace: Workspace | None = None,
    dialect: str = "",
    key: ApiKey | None = None,
    peer: str = "",
    host: str = "localhost",
) -> Explanation:
    """Explain a pasted request, storing nothing.

    Args:
        text: HTTP as text, a curl line, or a body alone.
        workspace: whose it would be, where the request does not say.
        dialect: which one it is meant for, where only a body was pasted.
        key: the API key whose text takes the place of ``{API_KEY}`` and the like, and
            that a bare body is sent with.
        peer: the address it would come from.
        host: the address it would be sent to, where the text names none.

    Raises:
        NotReadable: there is no request in the text.
        NotOurs: no dialect answers at its address.
    """
    if len(text) > LARGEST:
        raise NotReadable("That is more than one MiB; paste one request.")
    if workspace is not None and key is not None and key.workspace_id != workspace.pk:
        raise NotReadable("That key belongs to another workspace.")
    request = pasted.read(text)
    assumptions: list[str] = []
    why = "by its address"
    # Before the rehearsal: a key pair made inside would be remembered, and undone.
    with suppress(StoreUnavailable):
        signing.signer()
    if not request.method:
        name, why = (
            (dialect, "as you said") if dialect else _guessed(request, workspace)
        )
        request = _addressed(request, name, workspace, key)
        assumptions.append(
            f"Only a body was given; it is explained as {request.method} "
            f"{request.path}" + (f" with the key {key.name}." if key else ".")
        )
    shortcut = IngestShortcut(_hand_on)
    with rehearse():
        # One transaction around all, so that a token made here is good here.
        request, filled = _filled(request, key, shortcut, peer, host)
        assumptions += filled
        found = _dialect_of(request)
        try:
            run = _run(shortcut, request, peer, host)
        except _Passed:
            raise NotOurs(
                f"No dialect answers at {request.path}. There are: {_addresses()}."
            ) from None
        fields, missing = _fields(shortcut, request, peer, host, run)
        known = _known_metrics(workspace, run.seen.events)
        apps = _usable_apps(workspace, run.seen.events)
        is_full = _is_full(workspace)
    if found == "productiv" and request.path.rstrip("/") == TOKEN_ROUTE:
        assumptions.append(
            "The token in this answer was never stored and opens nothing."
        )
    return Explanation(
        dialect=found,
        label=DIALECTS[found].label,
        line=f"{request.method} {refused_requests.masked(_target(request))}",
        why=why,
        status=run.response.status_code,
        headers=tuple(run.response.items()),
        body=_readable(run.response.content),
        reason=run.seen.reason,
        message=run.seen.message,
        fields=fields,
        missing=missing,
        events=tuple(
            _stored(event, known, apps, is_full=is_full)
            for event in run.seen.events[:SHOWN_EVENTS]
        ),
        more_events=max(len(run.seen.events) - SHOWN_EVENTS, 0),
        assumptions=tuple(assumptions),
    )


# ---- Which dialect, and as whom


def _dialect_of(request: Pasted) -> str:
    """Return the dialect whose route has the address; "" for none."""
    try:
        path = SLASHES.sub("/", request.path)
        match = get_resolver("ingest.urls").resolve(path)
    except Resolver404:
        return ""
    for name, dialect in DIALECTS.items():
        if any(route.name == match.url_name for route in dialect.routes):
            return name
    return ""


def _guessed(request: Pasted, workspace: Workspace | None) -> tuple[str, str]:
    """Return the dialect that objects least to a body, and how that was found."""
    scope = Scope(workspace_id=workspace.pk if workspace else 0)
    best, fewest = "", 0
    for name in BY_BODY:
        with rehearse() as seen:
            try:
                reading = DIALECTS[name].parse(request.body, scope)
            except (Refused, StoreUnavailable):
                objections = len(seen.objections) or MOST_FIELDS
            else:
                objections = len(reading.rejected)
                if not objections and name != "license":
                    return name, "its body fits this dialect and no other before it"
        if name != "license" and (not best or objections < fewest):
            best, fewest = name, objections
    if b'"activity_type"' in request.body:
        # Without its envelope: no reader gets as far as to object to a field.
        return "reo", "its fields are those of product usage"
    looks_licensed = b"license_key" in request.body or b"data_group" in request.body
    if looks_licensed:
        return "license", "its fields are those of licence telemetry"
    return best, "this dialect objects least to the body"


def _addressed(
    request: Pasted, dialect: str, workspace: Workspace | None, key: ApiKey | None
) -> Pasted:
    """Return a bare body as the dialect's clients would send it."""
    text = request.body
    slug = workspace.slug if workspace else "NAMESPACE"
    app_id = _named(text, "appId") or _application(workspace)
    paths: Mapping[str, str] = {
        "reo": "/api/product/aggregateusage"
        if b'"mode"' in text
        else "/api/product/usage",
        "license": "/api/v1/send-telemetry-data",
        "telemetrydeck": f"/v2/namespace/{slug}/",
        "productiv": f"/services/push/v1/customer/apps/{app_id}/events",
        "reamaze": "/data/events" if b'"event"' in text else "/data/users",
        "native": "/api/v1/events",
    }
    credentials: Mapping[str, tuple[tuple[str, str], ...]] = {
        "reo": (("X-API-KEY", "{API_KEY}"),),
        "productiv": (("Authorization", "Bearer {ACCESS_TOKEN}"),),
        "reamaze": (("Authorization", "Basic {BASIC}"),),
        "telemetrydeck": (),
    }
    bearer = (("Authorization", "Bearer {API_KEY}"),)
    is_json = text.lstrip()[:1] in {b"{", b"["}
    kind = "application/json" if is_json else pasted.FORM
    headers = credentials.get(dialect, bearer) if key else ()
    return request._replace(
        method="POST", path=paths[dialect], headers=(("Content-Type", kind), *headers)
    )


def _application(workspace: Workspace | None) -> str:
    first = Application.objects.filter(workspace=workspace).order_by("pk").first()
    return str(first.app_id) if first else "APP_ID"


def _named(body: bytes, name: str) -> str:
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    value = data.get(name) if isinstance(data, dict) else None
    return value.strip().replace("/", "") if isinstance(value, str) else ""


def _filled(
    request: Pasted, key: ApiKey | None, shortcut: IngestShortcut, peer: str, host: str
) -> tuple[Pasted, list[str]]:
    """Put a key's secrets where a masked request has words in braces."""
    words = (
        refused_requests.API_KEY,
        refused_requests.ACCESS_TOKEN,
        refused_requests.BASIC,
        refused_requests.AUTHKEY,
    )
    everything = "\n".join(
        [request.query, *(value for _, value in request.headers)]
    ) + request.body.decode("utf-8", "replace")
    used = [word for word in words if word in everything]
    if not used:
        return request, []
    if key is None:
        return request, [f"{' and '.join(used)} stayed as written: no key was chosen."]
    secret = unseal(key.sealed)
    name = key.prefix if key.kind == ApiKey.Kind.CLIENT else secret
    password = secret if key.kind == ApiKey.Kind.CLIENT else ""
    values = {
        refused_requests.API_KEY: secret,
        refused_requests.BASIC: base64.b64encode(
            f"{name}:{password}".encode()
        ).decode(),
    }
    if refused_requests.ACCESS_TOKEN in used:
        values[refused_requests.ACCESS_TOKEN] = _token(
            shortcut, values[refused_requests.BASIC], peer, host
        )
    if refused_requests.AUTHKEY in used:
        user_id = _user_id(request.body)
        digest = hashlib.sha256(f"{user_id}:{secret}".encode())
        values[refused_requests.AUTHKEY] = digest.hexdigest()

    def fill(text: str) -> str:
        for word, value in values.items():
            text = text.replace(word, value)
        return text

    filled = request._replace(
        query=fill(request.query),
        headers=tuple((header, fill(value)) for header, value in request.headers),
        body=_replaced(request.body, values),
    )
    return filled, [
        f"{' and '.join(used)} stood for the secrets of the key {key.name}."
    ]


def _token(shortcut: IngestShortcut, basic: str, peer: str, host: str) -> str:
    """Return an access token that is good until the rehearsal ends."""
    asked = Pasted(
        b"grant_type=client_credentials",
        "POST",
        TOKEN_ROUTE,
        headers=(("Content-Type", pasted.FORM), ("Authorization", f"Basic {basic}")),
    )
    response = shortcut(_request(asked, peer, host))
    token = str(msgspec.json.decode(response.content).get("access_token", ""))
    access_tokens.forget(token)
    return token


def _user_id(body: bytes) -> str:
    try:
        data = msgspec.json.decode(body)
        return str(data["user"]["id"])
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError):
        return ""


def _replaced(body: bytes, values: Mapping[str, str]) -> bytes:
    for word, value in values.items():
        body = body.replace(word.encode(), value.encode())
    return body


# ---- Sending it, for show


def _run(shortcut: IngestShortcut, request: Pasted, peer: str, host: str) -> _Run:
    with rehearse() as seen:
        response = shortcut(_request(request, peer, host))
    return _Run(response, seen)


def _request(request: Pasted, peer: str, host: str) -> WSGIRequest:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        # WSGI wants the bytes of a path as Latin-1.
        "PATH_INFO": _unquoted(request.path),
        "SCRIPT_NAME": "",
        "QUERY_STRING": request.query,
        "SERVER_NAME": host.partition(":")[0],
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "REMOTE_ADDR": peer,
        # The proxies in front of us would have written this.
        "HTTP_X_FORWARDED_FOR": peer,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": BytesIO(request.body),
        "wsgi.url_scheme": "http",
    }
    for name, value in request.headers:
        known = name.upper().replace("-", "_")
        if known in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            # The text that was pasted is not as long as it was.
            continue
        if known == "CONTENT_ENCODING" and value.strip().lower() in PACKED:
            # Nor is it packed. What nobody can unpack stays what was refused.
            continue
        if known != "X_FORWARDED_FOR":
            environ[known if known == "CONTENT_TYPE" else f"HTTP_{known}"] = value
    return WSGIRequest(environ)


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")


def _target(request: Pasted) -> str:
    return f"{request.path}?{request.query}" if request.query else request.path


def _addresses() -> str:
    paths = [f"/{route.path}" for each in DIALECTS.values() for route in each.routes]
    return ", ".join(dict.fromkeys(paths))


# ---- Field by field


def _fields(
    shortcut: IngestShortcut, request: Pasted, peer: str, host: str, run: _Run
) -> tuple[tuple[FieldFinding, ...], tuple[Objection, ...]]:
    """Say of each field what it is used for, by leaving it out once."""
    named = [*run.seen.objections, *_told(run.response.content)]
    # The reader's own words first; the answer may say the same once more.
    objections = list({each.field: each for each in reversed(named)}.values())[::-1]
    findings = []
    for part in parts_of(request, MOST_FIELDS):
        mine = [each for each in objections if _is_about(each.field, part.name)]
        if mine:
            objections = [each for each in objections if each not in mine]
            verdict = "; ".join(each.message for each in mine)
        else:
            other = _run(shortcut, part.left_out(), peer, host)
            verdict = _difference(run, other)
        is_wrong = bool(mine) or verdict == CULPRIT
        findings.append(FieldFinding(part.label, _short(part.value), is_wrong, verdict))
    return tuple(findings), tuple(objections)


def _told(content: bytes) -> list[Objection]:
    """Return the wrong fields that an answer names: ``{"errors": {field: [text]}}``.

    Some dialects object to a field without reading it as one: a wrong proof of who
    somebody is, a record that is stored although it is wrong.
    """
    try:
        data = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    inner = data.get("response") if isinstance(data, dict) else None
    answer = inner if isinstance(inner, dict) else data
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(errors, dict):
        return []
    return [
        Objection(field, " ".join(map(str, texts)))
        for field, texts in errors.items()
        if isinstance(texts, list)
    ]


def _is_about(field: str, name: str) -> bool:
    """Say whether an objection's field is this one; readers leave the envelope out."""
    if field.startswith("["):
        # Of this one event of the batch.
        return name.endswith(field)
    return name == field or name.endswith((f".{field}", f"].{field}"))


def _difference(run: _Run, other: _Run) -> str:
    """Say what changed when a field was left out."""
    before, after = run.seen, other.seen
    if any(each not in before.objections for each in after.objections):
        return "fine, and needed"
    if after.reason and after.reason != before.reason:
        return f"needed; without it: {after.message}"
    if before.reason or not before.events:
        return CULPRIT if before.reason and not after.reason else "no objection"
    if len(before.events) != len(after.events):
        return "needed for an event of its own"
    names = _changed(before.events, after.events)
    if names:
        return f"becomes {', '.join(names)}"
    is_told = run.response.content != other.response.content
    return "read, and not stored" if is_told else "not used"


def _changed(
    before: list[NormalizedEvent], after: list[NormalizedEvent]
) -> dict[str, None]:
    """Return the fields of events that differ, in their order."""
    return dict.fromkeys(
        name
        for one, two in zip(before, after, strict=True)
        for name in NormalizedEvent.__struct_fields__
        if not _is_same(getattr(one, name), getattr(two, name))
    )


def _is_same(one: Any, two: Any) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two) < SAME_SECONDS and (one == two or one > 1e6)  # noqa: PLR2004 (a time)
    return bool(one == two)


# ---- What would be stored


def _known_metrics(
    workspace: Workspace | None, events: list[NormalizedEvent]
) -> frozenset[str] | None:
    if workspace is None:
        return None
    keys = {fold_metric_key(event.metric) for event in events}
    found = Metric.objects.filter(workspace=workspace, folded_key__in=keys)
    return frozenset(found.values_list("folded_key", flat=True))


def _is_full(workspace: Workspace | None) -> bool:
    """Say whether no further metric may register itself."""
    here = Metric.objects.filter(workspace=workspace)
    most: int = settings.INGEST_MAX_METRICS
    return workspace is not None and here.count() >= most


def _usable_apps(
    workspace: Workspace | None, events: list[NormalizedEvent]
) -> frozenset[str]:
    """Return the app ids of these events that can be used now."""
    wanted = sorted({event.app_id for event in events if event.app_id})
    return frozenset(
        name
        for name, app in find_apps(wanted).items()
        if app.is_enabled and (workspace is None or workspace.pk == app.workspace_id)
    )


def _stored(
    event: NormalizedEvent,
    known: frozenset[str] | None,
    apps: Collection[str],
    *,
    is_full: bool,
) -> StoredEvent:
    default = NormalizedEvent("", "", 0.0, [])
    shown = []
    for name in NormalizedEvent.__struct_fields__:
        value = getattr(event, name)
        if value != getattr(default, name):
            shown.append((name, _short(value)))
    note = ""
    if event.quarantine:
        note = f"It would wait in quarantine: {event.quarantine}."
    elif event.app_id and event.app_id not in apps:
        note = f"It would wait in quarantine: {event.app_id} is no app in use here."
    elif event.is_profile:
        note = "A profile: people and traits, and no use of anything."
    elif known is not None and fold_metric_key(event.metric) not in known:
        note = _note_on_new_metric(event, is_full=is_full)
    return StoredEvent(tuple(shown), note)


def _note_on_new_metric(event: NormalizedEvent, *, is_full: bool) -> str:
    if not event.registers_metric:
        return f"It would wait in quarantine: {event.metric} is not a metric here yet."
    if is_full:
        return (
            f"It would wait in quarantine: {event.metric} is new, and the workspace "
            "has as many metrics as may register themselves."
        )
    return ""


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = refused_requests.masked(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _readable(content: bytes) -> str:
    return content.decode("utf-8", "replace")
