"""Writes small MMDB files: the format in as few lines as tests need of it.

Only what the reader asks for: 32-bit records, one search tree, and data of maps,
strings and unsigned integers (specification 2.0 of the format).
"""

import ipaddress
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def write(path, records, *, built=1_790_000_000, kind="Test-ASN", version=6):
    """Write networks with their records: {"192.0.2.0/24": {...}}."""
    width = 128 if version == 6 else 32
    nodes, data, offsets = [[None, None]], b"", {}
    for network, record in records.items():
        offsets[network] = len(data)
        data += _value(record)
        _insert(nodes, ipaddress.ip_network(network), offsets[network], width)
    tree = b"".join(
        struct.pack(">II", *(_record(side, len(nodes)) for side in node))
        for node in nodes
    )
    metadata = {
        "node_count": (UINT32, len(nodes)),
        "record_size": (UINT16, 32),
        "ip_version": (UINT16, version),
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": (UINT16, 2),
        "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, built),
        "description": {"en": "For tests"},
    }
    path.write_bytes(tree + b"\0" * 16 + data + MARKER + _value(metadata))
    return path


def _insert(nodes, network, offset, width):
    bits = format(int(network.network_address), f"0{network.max_prefixlen}b")
    length = network.prefixlen
    if width > network.max_prefixlen:
        # IPv4 lies in ::/96.
        bits, length = "0" * 96 + bits, length + 96
    at = 0
    for place in range(length):
        side = int(bits[place])
        if place == length - 1:
            nodes[at][side] = ("data", offset)
        elif nodes[at][side] is None:
            nodes.append([None, None])
            nodes[at][side] = ("node", len(nodes) - 1)
            at = len(nodes) - 1
        else:
            at = nodes[at][side][1]


def _record(side, count):
    if side is None:
        return count
    what, number = side
    return number if what == "node" else count + 16 + number


def _value(value):
    match value:
        case str():
            return _control(STRING, len(value.encode())) + value.encode()
        case dict():
            parts = (_value(key) + _value(one) for key, one in value.items())
            return _control(MAP, len(value)) + b"".join(parts)
        case list():
            return _control(ARRAY, len(value)) + b"".join(map(_value, value))
        case int():
            return _value((UINT32, value))
        case (kind, number):
            body = number.to_bytes(8, "big").lstrip(b"\0")
            return _control(kind, len(body)) + body
    raise TypeError(value)


def _control(kind, size):
    head, extra = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind > 7:
        return bytes([head, kind - 7]) + extra
    return bytes([kind << 5 | head]) + extra
