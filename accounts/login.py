"""Slows down guessing of passwords, across all web processes.

Attempts are counted before the password is looked at, so that a thousand requests at
once get no more tries than a thousand in a row. A success gives its attempt back.
"""

import hashlib
import ipaddress
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.statements import statement

WINDOW = timedelta(minutes=15)
# Tries within the window for one address and e-mail; one address; one e-mail. The
# last is high: whoever knows an e-mail address could lock its owner out with it.
LIMITS = {"pair": 10, "address": 100, "email": 100}
# The part of an IPv6 address that one customer of a provider has for themselves.
IPV6_PREFIX = 64


def register_attempt(email: str, address: str) -> int:
    """Count one try, and return the minutes to wait: 0 means it may go on."""
    buckets = _buckets(email, address)
    with connection.cursor() as cursor:
        cursor.execute(
            statement("login_attempt"),
            {"buckets": list(buckets.values()), "seconds": WINDOW.total_seconds()},
        )
        rows: dict[UUID, tuple[int, datetime]] = {
            bucket: (attempts, since) for bucket, attempts, since in cursor.fetchall()
        }
    ends = [
        rows[bucket][1] + WINDOW
        for name, bucket in buckets.items()
        if rows[bucket][0] > LIMITS[name]
    ]
    if not ends:
        return 0
    return max(1, ceil((max(ends) - timezone.now()).total_seconds() / 60))


def forget_attempt(email: str, address: str) -> None:
    """Give an attempt back that was right, and clear away buckets of the past."""
    buckets = _buckets(email, address)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            statement("login_success"),
            {
                "buckets": list(buckets.values()),
                "pair": buckets["pair"],
                "seconds": WINDOW.total_seconds(),
            },
        )


def _buckets(email: str, address: str) -> dict[str, UUID]:
    person, place = email.strip().lower(), _place(address)
    return {
        "pair": _bucket("pair", person, place),
        "address": _bucket("address", place),
        "email": _bucket("email", person),
    }


def _bucket(*parts: str) -> UUID:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return UUID(bytes=hashlib.blake2b(text, digest_size=16).digest())


def _place(address: str) -> str:
    """Return what an address stands for: itself, or an IPv6 customer's network."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(peer, ipaddress.IPv6Address):
        if peer.ipv4_mapped:
            return str(peer.ipv4_mapped)
        return str(ipaddress.ip_network((peer, IPV6_PREFIX), strict=False))
    return str(peer)
