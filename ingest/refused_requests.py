"""Keeps the last refused requests of each key and dialect, without their secrets.

A request only puts a reference into memory; masking and writing is done beside the
requests, by the flush of the refusal counters.
"""

import base64
import binascii
import re
import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.http import HttpRequest

from accounts.peer import peer_address
from ingest import opt_outs, rehearsal
from ingest.answer import Answer
from ingest.statements import statement

# Of one key and dialect, in the database and in memory.
KEPT = 5
# How many keys' requests wait in memory at most; the rest is only counted.
WAITING = 50
DAYS = 7
LONGEST_BODY = 16_384
LONGEST_HEADER = 500
LONGEST_LINE = 8_000
TOO_LONG = "(The body was too long to be kept.)"
# Nothing can be learned from the request itself.
UNTOLD = frozenset(
    {
        "rate_limited_key",
        "rate_limited_app",
        "rate_limited_address",
        "store_unavailable",
        "too_large",
    }
)
HEADERS = (
    "HTTP_HOST",
    "CONTENT_TYPE",
    "HTTP_CONTENT_ENCODING",
    "HTTP_AUTHORIZATION",
    "HTTP_X_API_KEY",
    "HTTP_USER_AGENT",
    "HTTP_IDEMPOTENCY_KEY",
)
API_KEY, ACCESS_TOKEN = "{API_KEY}", "{ACCESS_TOKEN}"
BASIC, AUTHKEY, SECRET = "{BASIC}", "{AUTHKEY}", "{SECRET}"
OURS = re.compile(r"up_([a-z]{1,10})_[0-9A-Za-z]{30}_[0-9A-Za-z]{6}", re.ASCII)
# Values of JSON fields and of form fields whose names say that nobody should see them.
HIDDEN = r"[\w.\-]*(?:secret|password|passwd|token|api_?key|authkey|signature)"
IN_JSON = re.compile(
    rf'("({HIDDEN})"\s*:\s*)("(?:[^"\\]|\\.)*"|[\w.+-]+)', re.IGNORECASE
)
IN_FORM = re.compile(rf"((?:^|[?&])({HIDDEN})=)([^&\s]*)", re.IGNORECASE)
IN_PART = re.compile(
    rf'(name="({HIDDEN})"\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([^\r\n]*)', re.IGNORECASE
)


class Slot(NamedTuple):
    """Whose requests they are."""

    workspace_id: int
    key_id: int | None
    dialect: str


class Seen(NamedTuple):
    """A refused request as it was, secrets included; never leaves this process."""

    at: datetime
    reason: str
    line: str
    headers: dict[str, str]
    peer: str
    # None where it is too long to keep; a part could end inside a secret.
    body: bytes | None
    answer: Answer


_waiting: dict[Slot, deque[Seen]] = {}
_guard = threading.Lock()


def remember(
    request: HttpRequest,
    *,
    dialect: str,
    key_id: int | None,
    workspace_id: int | None,
    reason: str,
    answer: Answer,
) -> None:
    """Keep a request that was turned away until the next flush; costs microseconds.

    One that belongs to no workspace is nobody's to look into and is not kept.
    """
    if workspace_id is None or reason in UNTOLD or rehearsal.is_on():
        return
    slot = Slot(workspace_id, key_id, dialect)
    meta = request.META
    query = meta.get("QUERY_STRING", "")
    body: bytes = getattr(request, "ingest_body", b"")
    seen = Seen(
        at=datetime.now(UTC),
        reason=reason,
        line=f"{request.method} {request.path}{'?' if query else ''}{query}",
        headers={name: str(meta[name]) for name in HEADERS if meta.get(name)},
        peer=peer_address(request),
        body=body if len(body) <= LONGEST_BODY else None,
        answer=answer,
    )
    with _guard:
        if slot not in _waiting and len(_waiting) >= WAITING:
            return
        _waiting.setdefault(slot, deque(maxlen=KEPT)).append(seen)


def write() -> None:
    """Write what waits, and let go of what is more than is kept."""
    with _guard:
        taken = dict(_waiting)
        _waiting.clear()
    rows = [
        (slot, seen)
        for slot, some in taken.items()
        for seen in some
        if not _names_who_opted_out(slot, seen)
    ]
    if not rows:
        return
    values: dict[str, Any] = {
        "workspace_ids": [slot.workspace_id for slot, _ in rows],
        "key_ids": [slot.key_id for slot, _ in rows],
        "dialects": [slot.dialect for slot, _ in rows],
        "ats": [seen.at for _, seen in rows],
        "reasons": [str(seen.reason) for _, seen in rows],
        "statuses": [seen.answer.status for _, seen in rows],
        "peers": [_plain(seen.peer)[:64] for _, seen in rows],
        "requests": [as_text(seen) for _, seen in rows],
        "answers": [
            masked(_plain(seen.answer.body.decode("utf-8", "replace")))[:LONGEST_BODY]
            for _, seen in rows
        ],
        "kept": KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("refused_add"), values)
        cursor.execute(statement("refused_trim"), values)


def _names_who_opted_out(slot: Slot, seen: Seen) -> bool:
    """Say whether keeping a request would keep what somebody wants not to be kept."""
    body = b"" if seen.body is None else seen.body
    told = f"{seen.line} {body.decode('utf-8', 'replace')}"
    return opt_outs.is_named(slot.workspace_id, told)


def forget() -> None:
    """Drop what waits; for tests."""
    with _guard:
        _waiting.clear()


def as_text(seen: Seen) -> str:
    """Return a request as HTTP/1.1 with its secrets replaced by words in braces."""
    lines = [masked(seen.line)[:LONGEST_LINE] + " HTTP/1.1"]
    for name, value in seen.headers.items():
        title = name.removeprefix("HTTP_").replace("_", "-").title()
        lines.append(f"{title}: {_header(name, value)[:LONGEST_HEADER]}")
    body = TOO_LONG if seen.body is None else seen.body.decode("utf-8", "replace")
    return _plain("\n".join([*lines, "", masked(body)]))


def masked(text: str) -> str:
    """Replace everything in a text that looks like a secret."""
    text = OURS.sub(_word, text)
    for pattern in (IN_JSON, IN_FORM, IN_PART):
        text = pattern.sub(_field, text)
    return text


def _word(match: re.Match[str]) -> str:
    return ACCESS_TOKEN if match[1] == "access" else API_KEY


def _field(match: re.Match[str]) -> str:
    before, name, value = match.groups()
    if value.strip('"') in {API_KEY, ACCESS_TOKEN, "", "null"}:
        return match[0]
    word = AUTHKEY if name.lower().endswith("authkey") else SECRET
    return f'{before}"{word}"' if before.rstrip().endswith(":") else f"{before}{word}"


def _header(name: str, value: str) -> str:
    value = " ".join(value.split())
    if name not in {"HTTP_AUTHORIZATION", "HTTP_X_API_KEY"}:
        return masked(value)
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            known = OURS.search(base64.b64decode(rest).decode("utf-8", "replace"))
        except (binascii.Error, ValueError):
            known = None
        return f"Basic {BASIC if known else SECRET}"
    word = OURS.sub(_word, value)
    if word != value:
        return word if word.split()[-1] in {API_KEY, ACCESS_TOKEN} else SECRET
    return f"{scheme} {SECRET}" if rest else SECRET


def _plain(text: str) -> str:
    """Return what PostgreSQL takes as text."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()
