"""Who owns the network of an IP address, by the operator's own offline database.

Uptick ships no such database: those that name organisations may not be passed on.
``IP_DATABASE`` names an MMDB file of any of the usual makers.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb
from django.conf import settings
from iporigin import UNKNOWN, classify

from accounts.attribution.domains import company_domain

# Where makers put the organisation, best first: what the customer calls itself, then
# what announces the route. MaxMind and DB-IP, then IPinfo.
NAME_KEYS = (
    "organization",
    "organisation",
    "autonomous_system_organization",
    "as_name",
    "company",
    "name",
    "isp",
)
DOMAIN_KEYS = ("domain", "as_domain")
KIND_KEYS = ("user_type", "connection_type", "usage_type", "as_type", "type")
# A network that a database says is of one of these kinds tells no company.
NOT_COMPANIES = frozenset(
    {
        "cable/dsl",
        "cafe",
        "cdn",
        "cellular",
        "consumer_privacy_network",
        "content_delivery_network",
        "dialup",
        "hosting",
        "isp",
        "mobile",
        "residential",
        "satellite",
        "search_engine_spider",
        "traveler",
        "vpn",
    }
)
# Databases without a kind still name the network. These words are those of access
# providers and of hosts; being wrong here costs one attribution of the weakest rule.
_CONSUMER_WORDS = re.compile(
    r"""
    \b(?: tele(?:com\w*|fon\w*|phone|kom\w*|net|via) | \w*telecom\w* | broadband
    | cable(?:com|vision)? | communications? | dsl | fib(?:er|re) | cellular | mobil[ei]
    | wireless | wi-?fi | internet | isp | vodafone | verizon | comcast | t-mobile
    | at&t | charter | cox | orange | residential | host(?:ing|s|ed)?
    | data[ ]?cent(?:er|re)s? | cloud\w* | vpn | proxy | colo(?:cation)? | servers?
    | vps | cdn | transit | backbone
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_DEPTH = 2


@dataclass(frozen=True, slots=True)
class IpOwner:
    """The organisation behind an address; the domain is empty when not known."""

    organisation: str
    domain: str
    network: str


def clean_address(text: str) -> str:
    """Return an IP address in canonical form, or an empty string when it is none.

    An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
    """
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address).partition("%")[0]


def owner_of(ip: str) -> IpOwner | None:
    """Return the company that owns the network of an address.

    None without a database, for private and reserved addresses, for hosting, VPN,
    Tor and crawlers, and for consumer networks (contracts/README, account rule 5).
    """
    opened = configured(settings.IP_DATABASE)
    return _owner(*opened, clean_address(ip)) if opened else None


def configured(path: str) -> tuple[maxminddb.Reader, int] | None:
    """Return a reader of a file that a setting names, and the file's version.

    None without a file, or with one that cannot be read: a mistake of the operator's,
    which `check_ip_database` shows; no event is held up for the weakest of the rules.
    """
    if not path:
        return None
    try:
        modified = Path(path).stat().st_mtime_ns
    except OSError:
        return None
    reader = _reader(path, modified)
    return (reader, modified) if reader else None


def open_database(path: str) -> maxminddb.Reader:
    """Open an MMDB file.

    Raises:
        OSError: it cannot be read.
        maxminddb.InvalidDatabaseError: it is not one.
    """
    return maxminddb.open_database(path)


# Two files, and for a moment the newer ones of both.
@lru_cache(maxsize=4)
def _reader(path: str, _modified: int) -> maxminddb.Reader | None:
    try:
        return open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError):
        return None


@lru_cache(maxsize=65_536)
def _owner(reader: maxminddb.Reader, _version: int, ip: str) -> IpOwner | None:
    return find_owner(reader, ip)


def find_owner(reader: maxminddb.Reader, ip: str) -> IpOwner | None:
    """Return the company behind a clean address, by this database."""
    if not is_company_address(ip):
        return None
    try:
        record, prefix = reader.get_with_prefix_len(ip)
    except (ValueError, maxminddb.InvalidDatabaseError):
        # An IPv6 address in an IPv4 database, or a damaged file.
        return None
    network = ipaddress.ip_network(f"{ip}/{prefix}", strict=False)
    return owner_in(record, str(network))


def is_company_address(ip: str) -> bool:
    """Say whether a clean address may tell a company.

    None that is private or reserved does, nor one of a hosting, VPN, Tor or crawler
    network.
    """
    if not ip or not ipaddress.ip_address(ip).is_global:
        return False
    return bool(classify(ip).kind == UNKNOWN)  # type: ignore[no-untyped-call]


def owner_in(record: object, network: str) -> IpOwner | None:
    """Read the owner out of one record of a database, whoever made it."""
    fields = dict(reversed(list(_texts(record))))
    kinds = {fields[key].lower() for key in KIND_KEYS if key in fields}
    if kinds & NOT_COMPANIES:
        return None
    name = next((fields[key] for key in NAME_KEYS if key in fields), "")
    # "AS64500 Acme Inc" is how some write the name.
    name = re.sub(r"^AS\d+\s+", "", name)[:200].strip()
    if not name or (not kinds and _CONSUMER_WORDS.search(name)):
        return None
    domain = next((fields[key] for key in DOMAIN_KEYS if key in fields), "")
    return IpOwner(name, company_domain(domain) or "", network)


def _texts(record: object, depth: int = _DEPTH) -> Iterator[tuple[str, str]]:
    """Yield the texts of a record, of its outer level first, then of inner ones."""
    if not isinstance(record, dict):
        return
    inner: list[dict[str, Any]] = []
    for key, value in record.items():
        if isinstance(value, str) and value.strip():
            yield str(key).lower(), value.strip()
        elif isinstance(value, dict) and depth > 1:
            inner.append(value)
    for part in inner:
        yield from _texts(part, depth - 1)
