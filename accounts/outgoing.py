"""Requests that go out to addresses people typed in: webhooks.

Whoever may configure a webhook must not reach what only this server can reach: its own
services, the network around it, a cloud's metadata. So the name is resolved here, once;
every address it has must be public; the connection goes to the address that was
checked; redirects are not followed (DESIGN, Guards).
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.util import Timeout

from accounts.errors import AccountsError

# Seconds for everything: resolving aside, no answer may take longer.
LONGEST = 15.0
CONNECT_SECONDS = 5.0
# Of an answer, for the delivery log.
LONGEST_ANSWER = 2000
LONGEST_URL = 2000
PORTS = {"https": 443, "http": 80}
# Embed an IPv4 address that a gateway may lead to (RFC 6052, RFC 8215).
NAT64 = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
)
# Reserved, but public to Python: IETF assignments, the old relays of 6to4, site-local
# addresses of old, and RFC 9637's documentation.
RESERVED = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20")
)
# The middle of an IPv6 address that ends in an IPv4 one (ISATAP, RFC 5214).
ISATAP = 0x5EFE
# A name is letters, digits, hyphens and dots, and does not end like a number: what
# resolvers take for an address in one of its older forms (0x7f.1, 2130706433).
NAME = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.?$")
NUMBER = re.compile(r"^(?:0x[0-9a-f]*|[0-9]+)$")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutgoingError(AccountsError):
    """A request that was not sent, or got no answer; the message says why."""


class RefusedAddressError(OutgoingError):
    """An address that requests must not go to, whenever it is tried."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: what it says, and the addresses that were checked."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the beginning of the body as text."""

    status: int
    text: str

    @property
    def is_success(self) -> bool:
        """Say whether the receiver took it; a redirect is none."""
        return 200 <= self.status < 300  # noqa: PLR2004 HTTP


def check_url(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of an address, as far as text can tell.

    For forms: names are not resolved here.

    Raises:
        RefusedAddressError: it is no web address, or one that is never allowed.
    """
    if (
        len(url) > LONGEST_URL
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise RefusedAddressError(
            "Write the address in plain characters, international names as xn--…"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedAddressError("This is no web address.") from None
    if parts.scheme not in PORTS:
        raise RefusedAddressError("A web address starts with https://")
    if parts.scheme == "http" and not settings.WEBHOOK_ALLOWED_NETWORKS:
        raise RefusedAddressError("Use https:// so that nobody reads along.")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise RefusedAddressError("The address must not hold a user name or password.")
    host = (parts.hostname or "").lower()
    if not host:
        raise RefusedAddressError("The address names no host.")
    literal = _literal(host)
    if literal is not None:
        _require_public(literal)
    elif not NAME.match(host) or NUMBER.match(host.rstrip(".").rpartition(".")[2]):
        raise RefusedAddressError(f"“{host}” is not the name of a host.")
    if port == 0:
        raise RefusedAddressError("There is no port 0.")
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return parts.scheme, host, port or PORTS[parts.scheme], f"{path}{query}"


def resolve(url: str) -> Target:
    """Find the addresses behind a web address, all of which must be public.

    Raises:
        RefusedAddressError: one of them is not.
        OutgoingError: the name has no address.
    """
    scheme, host, port, path = check_url(url)
    literal = _literal(host)
    if literal is not None:
        return Target(scheme, host, port, path, (literal,))
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutgoingError(f"The name {host} cannot be resolved.") from None
    # Scope ids (fe80::1%eth0) are no part of the address.
    texts = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)
    addresses = tuple(ipaddress.ip_address(text) for text in texts)
    if not addresses:
        raise OutgoingError(f"The name {host} has no address.")
    for address in addresses:
        _require_public(address)
    return Target(scheme, host, port, path, addresses)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a POST and return what came back, whatever its status.

    Raises:
        RefusedAddressError: the address is not allowed.
        OutgoingError: nothing came back in time.
    """
    target = resolve(url)
    deadline = time.monotonic() + LONGEST
    fault: Exception | None = None
    for address in target.addresses:
        if time.monotonic() >= deadline:
            break
        try:
            return _post(target, address, body, headers, deadline)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            fault = error
            if not isinstance(error, _UNCONNECTED):
                break
    raise OutgoingError(_in_words(target, fault))


_UNCONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
)


def _post(
    target: Target,
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    deadline: float,
) -> Answer:
    default = target.port == PORTS[target.scheme]
    host = f"[{target.host}]" if ":" in target.host else target.host
    named = {**headers, "Host": host if default else f"{host}:{target.port}"}
    with _pool(target, address) as pool, _cut_off(pool, deadline):
        response = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers=named,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            text = response.read(LONGEST_ANSWER, decode_content=False)
        finally:
            # Never back into a pool: what is left of the body is of no interest.
            response.close()
    return Answer(response.status, text.decode("utf-8", "replace").replace("\0", ""))


@contextmanager
def _pool(target: Target, address: Address) -> Iterator[urllib3.HTTPConnectionPool]:
    """Open a pool of one connection to the checked address, under the host's name."""
    timeout = Timeout(connect=CONNECT_SECONDS, read=LONGEST)
    plain: dict[str, Any] = {
        "host": str(address),
        "port": target.port,
        "timeout": timeout,
        "maxsize": 1,
    }
    pool: urllib3.HTTPConnectionPool
    if target.scheme == "http":
        pool = urllib3.HTTPConnectionPool(**plain)
    else:
        pool = urllib3.HTTPSConnectionPool(
            **plain,
            ssl_context=ssl.create_default_context(),
            server_hostname=target.host.rstrip("."),
            assert_hostname=target.host.rstrip("."),
        )
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def _cut_off(pool: urllib3.HTTPConnectionPool, deadline: float) -> Iterator[None]:
    """Close the connection at the deadline.

    Time-outs of a socket start anew with every byte: a receiver that sends one every
    ten seconds would hold a worker for hours.
    """
    made: list[Any] = []
    make = pool._new_conn  # noqa: SLF001 (no public way to see the connection)

    def remember() -> Any:
        connection = make()
        made.append(connection)
        return connection

    pool._new_conn = remember  # type: ignore[method-assign] # noqa: SLF001

    def close() -> None:
        for connection in made:
            sock = getattr(connection, "sock", None)
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(deadline - time.monotonic(), 0.0), close)
    timer.daemon = True
    timer.start()
    try:
        yield
        if time.monotonic() >= deadline:
            # What was cut off reads like the end of a short answer.
            raise urllib3.exceptions.TimeoutError
    finally:
        timer.cancel()


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _require_public(address: Address) -> None:
    allowed = [ipaddress.ip_network(text) for text in settings.WEBHOOK_ALLOWED_NETWORKS]
    if any(address in network for network in allowed):
        return
    if not all(_is_public(each) for each in _all_meant(address)):
        raise RefusedAddressError(
            f"{address} is not a public address. An operator can allow networks of "
            "your own with WEBHOOK_ALLOWED_NETWORKS."
        )


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in RESERVED)
    )


def _all_meant(address: Address) -> list[Address]:
    """Return an address and the IPv4 addresses that hide in it."""
    meant: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        meant += [each for each in hidden if each is not None]
        if any(address in network for network in NAT64):
            meant.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        # The bit says whether the IPv4 address is thought to be unique.
        if (int(address) >> 32) & 0xFDFFFFFF == ISATAP:
            meant.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        # Of old: ::127.0.0.1
        if int(address) >> 32 == 0:
            meant.append(ipaddress.IPv4Address(int(address)))
        if address.ipv4_mapped is not None:
            # Judged by what it stands for; as IPv6 it is never global.
            meant.remove(address)
    return meant


def _in_words(target: Target, fault: Exception | None) -> str:
    if isinstance(fault, urllib3.exceptions.NewConnectionError):
        return f"{target.host} could not be reached."
    if fault is None or isinstance(fault, urllib3.exceptions.TimeoutError):
        return f"{target.host} did not answer in time."
    if isinstance(fault, urllib3.exceptions.SSLError):
        return f"{target.host} has no certificate that can be trusted."
    return f"{target.host} broke the connection off."
