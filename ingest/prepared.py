"""Statements of the accept path in the two forms they are run in.

Through Django they take named parameters as everywhere else. Over our own line they
are prepared once and take values in PostgreSQL's binary form, which spares a batch of
payloads the escaping.
"""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from ingest.statements import statement

# Every parameter of such a statement names its type: %(name)s::type.
PARAMETER = re.compile(r"%\((\w+)\)s::([a-z]+(?:\[\])?)")

Encode = Callable[[Any], bytes]
# Type → (its number in PostgreSQL's catalogue, how a value of it is written).
TYPES: dict[str, tuple[int, Encode]] = {
    "bigint": (20, struct.Struct("!q").pack),
    "bytea": (17, bytes),
    "text": (25, str.encode),
    "uuid": (2950, lambda value: value.bytes),
}
DECODERS: dict[int, Callable[[bytes], Any]] = {
    16: lambda data: data != b"\0",
    20: lambda data: struct.unpack("!q", data)[0],
    17: bytes,
    25: bytes.decode,
    701: lambda data: struct.unpack("!d", data)[0],
    2950: lambda data: UUID(bytes=bytes(data)),
}
_LENGTH = struct.Struct("!i")
# Dimensions, "has nulls", element type, length, lower bound.
_ARRAY_HEAD = struct.Struct("!iiIii")


class Prepared:
    """One file of ``ingest/sql``."""

    def __init__(self, name: str) -> None:
        self.name = name.encode()
        # For a Django cursor, with a mapping of Python values.
        self.sql = statement(name)

    @cached_property
    def bare_sql(self) -> bytes:
        """The text for our own line, with the values that `encode` returns."""
        numbers = {name: place for place, name in enumerate(self._encoders, start=1)}
        return PARAMETER.sub(
            lambda match: f"${numbers[match[1]]}::{match[2]}", self.sql
        ).encode()

    def encode(self, values: Mapping[str, Any]) -> list[bytes]:
        """Return the values in the order of ``$1``, ``$2``, …, in binary form."""
        return [encode(values[name]) for name, encode in self._encoders.items()]

    @cached_property
    def _encoders(self) -> dict[str, Encode]:
        return {match[1]: _encoder(match[2]) for match in PARAMETER.finditer(self.sql)}


def decode(oid: int, data: bytes | None) -> Any:
    """Return one value of an answer in binary form."""
    return None if data is None else DECODERS[oid](data)


def _encoder(type_name: str) -> Encode:
    element = type_name.removesuffix("[]")
    oid, encode = TYPES[element]
    if element == type_name:
        return encode

    def encode_array(values: Sequence[Any]) -> bytes:
        parts = [_ARRAY_HEAD.pack(1, 0, oid, len(values), 1)]
        for value in values:
            data = encode(value)
            parts += _LENGTH.pack(len(data)), data
        return b"".join(parts)

    return encode_array
