"""Builds rows in PostgreSQL's binary COPY format by hand.

A general encoder looks up a dumper per value, and was a third of a digest's time; the
digest knows its columns, so a row is a few packed structs and prepared pieces.
"""

from collections.abc import Iterable
from itertools import islice
from socket import AF_INET, AF_INET6, inet_pton
from struct import Struct

from django.db.backends.utils import CursorWrapper

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
TRUE = b"\x00\x00\x00\x01\x01"
FALSE = b"\x00\x00\x00\x01\x00"

# Small enough that the server is never idle for long, large enough to be cheap.
ROWS_PER_WRITE = 250

# PostgreSQL counts microseconds from the year 2000, Unix from 1970.
POSTGRES_EPOCH = 946_684_800_000_000
# Binary inet: family (2 for IPv4, one more for IPv6), prefix length, is_cidr, bytes.
INET4 = b"\x00\x00\x00\x08\x02\x20\x00\x04"
INET6 = b"\x00\x00\x00\x14\x03\x80\x00\x10"

_length = Struct(">i").pack
_int8 = Struct(">iq").pack
_float8 = Struct(">id").pack


def copy_rows(cursor: CursorWrapper, target: str, rows: Iterable[bytes]) -> None:
    """Send prepared rows to ``target``, such as ``table (column, column)``.

    Rows are drawn from the iterable while the server takes the ones before, so making
    them costs little time of its own. ``target`` is our own text, never a sender's.
    Errors arrive as psycopg's own.
    """
    remaining = iter(rows)
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(HEADER)
        while chunk := b"".join(islice(remaining, ROWS_PER_WRITE)):
            copy.write(chunk)
        copy.write(TRAILER)


def int8(number: int | None) -> bytes:
    """Encode a bigint field."""
    return NULL if number is None else _int8(8, number)


def float8(number: float | None) -> bytes:
    """Encode a double precision field."""
    return NULL if number is None else _float8(8, number)


def text(value: str | None) -> bytes:
    """Encode a text field; raises UnicodeEncodeError for lone surrogates."""
    if value is None:
        return NULL
    data = value.encode()
    return _length(len(data)) + data


def bytea(data: bytes) -> bytes:
    """Encode a bytea field."""
    return _length(len(data)) + data


def timestamptz(microseconds: int) -> bytes:
    """Encode a time given in microseconds since 1970."""
    return _int8(8, microseconds - POSTGRES_EPOCH)


def inet(address: str) -> bytes:
    """Encode an IP address, empty as null; raises ValueError when it is none."""
    if not address:
        return NULL
    try:
        if ":" in address:
            return INET6 + inet_pton(AF_INET6, address)
        return INET4 + inet_pton(AF_INET, address)
    except OSError:
        raise ValueError(f"Not an IP address: {address!r}") from None


def jsonb(document: bytes) -> bytes:
    """Encode a JSON text as a jsonb field."""
    return _length(len(document) + 1) + b"\x01" + document
