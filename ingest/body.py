"""Request bodies: read within bounds, unpacked within bounds, parsed strictly.

Rule 6 of contracts/README. What PostgreSQL's jsonb or the inbox cannot hold is found
here, at the door, and never becomes a server error.
"""

import re
import zlib
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from ingest.refusals import Reason, Refused

# gzip or zlib, told apart by their first bytes.
GZIP_OR_ZLIB = 47
# An empty one takes 20 bytes, and each is a new unpacker and a copy of the rest.
MOST_MEMBERS = 100
PACKED = frozenset({"gzip", "x-gzip", "deflate"})
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Levels of objects and lists inside the free part of an event. Far above what a
# sender means, far below where a parser of any later step gives up.
MAX_DEPTH = 32
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1

_DECODER = msgspec.json.Decoder()
# msgspec's messages name positions; only that part is worth telling.
_POSITION = re.compile(r"\(byte \d+\)")


def read_body(request: HttpRequest) -> bytes:
    """Return the whole body, unpacked.

    Raises:
        Refused: it is larger than INGEST_MAX_BODY_BYTES (a stated length is believed
            and nothing is read), cannot be unpacked, or the sender went away.
    """
    limit: int = settings.INGEST_MAX_BODY_BYTES
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Refused(Reason.BAD_ENCODING, "Content-Length is not a number") from None
    if length > limit:
        raise _too_large(limit)
    try:
        body = request.read(length)
    except UnreadablePostError:
        body = b""
    if len(body) < length:
        raise Refused(Reason.BAD_ENCODING, "the body ended before its Content-Length")
    packing = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if packing in PACKED:
        body = inflate(body, limit=limit)
    elif packing not in {"", "identity"}:
        raise Refused(
            Reason.BAD_ENCODING, "Content-Encoding must be gzip, deflate or identity"
        )
    # As it was sent, for whoever explains a refusal: the stream is read only once.
    request.ingest_body = body  # type: ignore[attr-defined]
    return body.removeprefix(BYTE_ORDER_MARK)


def inflate(packed: bytes, *, limit: int) -> bytes:
    """Unpack gzip or zlib data; stops at ``limit`` bytes, whatever it would become.

    Gzip may come in several members, one after the other (RFC 1952, 2.2).

    Raises:
        Refused: it is larger, or not made of complete streams of either kind.
    """
    parts: list[bytes] = []
    size = members = 0
    while packed or not members:
        unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
        try:
            part = unpacker.decompress(packed, limit + 1 - size)
        except zlib.error:
            raise Refused(Reason.BAD_ENCODING, "the body is not valid gzip") from None
        parts.append(part)
        size += len(part)
        members += 1
        if size > limit:
            raise _too_large(limit)
        if not unpacker.eof or members > MOST_MEMBERS:
            raise Refused(
                Reason.BAD_ENCODING, "the body is not made of complete gzip streams"
            )
        packed = unpacker.unused_data
    return b"".join(parts)


def parse_json(body: bytes) -> Any:
    """Return what strict JSON in UTF-8 says: no NaN, no lone surrogate.

    Raises:
        Refused: it is something else.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None


def not_json(error: Exception) -> Refused:
    """Return the refusal of a body that is not JSON, with where if that is known."""
    if isinstance(error, RecursionError):
        why = "nested too deeply"
    elif isinstance(error, UnicodeDecodeError):
        why = "not UTF-8"
    elif isinstance(error, msgspec.ValidationError):
        why = "a number is out of range"
    else:
        position = _POSITION.search(str(error))
        why = position[0].strip("()") if position else "it ends too early or is broken"
    return Refused(Reason.NOT_JSON, f"the body is not valid JSON ({why})")


def problem_in(value: dict[str, Any], *, depth: int = 1) -> str:
    """Say why a free object cannot be stored, or return an empty string.

    The answer starts with the path below the object: ``.a.b must not contain NUL``.
    """
    for key, item in value.items():
        if "\0" in key:
            return " must not have NUL characters in a key"
        problem = _problem_of(item, depth)
        if problem:
            return f".{key[:50]}{problem}"
    return ""


def _problem_of(item: Any, depth: int) -> str:
    kind = type(item)
    if kind is str and "\0" in item:
        return " must not contain NUL characters"
    if kind is int and not SMALLEST_INTEGER <= item <= LARGEST_INTEGER:
        return " must be a number of at most 64 bits; send it as text"
    if kind is not dict and kind is not list:
        return ""
    if depth >= MAX_DEPTH:
        return f" must not nest deeper than {MAX_DEPTH} levels"
    if kind is dict:
        return problem_in(item, depth=depth + 1)
    problems = (
        (place, _problem_of(each, depth + 1)) for place, each in enumerate(item)
    )
    return next((f"[{place}]{problem}" for place, problem in problems if problem), "")


def _too_large(limit: int) -> Refused:
    return Refused(Reason.TOO_LARGE, f"the body is larger than {limit} bytes")
