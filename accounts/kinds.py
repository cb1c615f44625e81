"""How each kind of identity is written down, so that one person is one row.

Pure text in, text out: nothing here knows the database, and nothing here raises,
whatever a sender puts into a field.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from urllib.parse import unquote, urlsplit

from django.conf import settings

from accounts.models import Identity

Kind = Identity.Kind

# The column holds 320 characters: the longest e-mail address there can be.
MAX_LENGTH = 320
# A longer value keeps its start, for people, and the hash of all of it, for equality.
KEPT_START = 255
# No address is longer than this; what is longer is not taken apart.
READ_LENGTH = 2048

# Segments of a GitHub address that come before a name, not after it.
GITHUB_PREFIXES = frozenset({"orgs", "users", "sponsors"})
# The same network under its older name.
SOCIAL_HOSTS = {"twitter.com": "x.com", "fb.com": "facebook.com"}

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_GITHUB = re.compile(r"^(?:git@|(?:www|gist|api)\.)?github\.com[:/]+", re.IGNORECASE)
_GITHUB_PAGES = re.compile(r"^([a-z0-9-]+)\.github\.io(?:$|[/:?#])", re.IGNORECASE)
_LINKEDIN = re.compile(r"^(?:[a-z0-9-]+\.)?linkedin\.com/+", re.IGNORECASE)
_LINKEDIN_PATH = re.compile(r"^(?:in|pub)/+", re.IGNORECASE)
_END_OF_HANDLE = re.compile(r"[/?#:\s]")
_MAILBOX = re.compile(r"<([^<>]*@[^<>]*)>\s*$")
_EMAIL = re.compile(r"^[^\s@/:]+@[^\s@/:]+\.[^\s@/:.]+$")
_HOST = re.compile(r"^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?=[/?#]|$)", re.IGNORECASE)
# What `_bounded` returns: it is finished, however its start looks like a wrapping.
_BOUNDED = re.compile(rf".{{{KEPT_START}}}…[0-9a-f]{{64}}", re.DOTALL)


def normalise(kind: str, value: object) -> str:
    """Return the one form in which an identity of this kind is stored.

    Applying it twice changes nothing more. An empty result means that the sender
    gave nothing usable. Source: contracts/README, "Who did it: identity kinds".
    """
    text = _printable(value)
    reduce = _REDUCERS.get(kind)
    if reduce is None or len(text) > READ_LENGTH or _BOUNDED.fullmatch(text):
        return _bounded(text)
    # Until nothing changes any more: people wrap an address in an address.
    for _ in range(len(text)):
        reduced = _printable(reduce(text))
        if reduced == text:
            break
        text = reduced
    return _bounded(text)


def guess_kind(value: object) -> str:
    """Say what an identity without a stated kind most likely is."""
    text = _printable(value)
    address = _SCHEME.sub("", text)
    if _EMAIL.match(_bare_address(text)):
        return Kind.EMAIL
    if _GITHUB.match(address) or _GITHUB_PAGES.match(address):
        return Kind.GITHUB
    if _LINKEDIN.match(address):
        return Kind.LINKEDIN
    if address != text:
        return Kind.SOCIAL
    return Kind.USERNAME


def hash_again(value: object) -> str:
    """Hash a sender's user hash with our own secret: 64 hexadecimal digits.

    What is stored then leads nobody back to the sender's value, let alone to the
    person (contract `telemetrydeck`, `clientUser`). Blank stays blank.
    """
    return _keyed("user_hash", _printable(value))


def anonymous_value(ip: str, user_agent: str) -> str:
    """Return the identity of a sender known by address and user agent alone.

    Keyed, because the four billion IPv4 addresses are soon tried out.
    """
    ip, user_agent = _printable(ip), _printable(user_agent)
    return _keyed("anonymous", f"{ip}\n{user_agent}" if ip or user_agent else "")


def visitor_of_day(ip: str, user_agent: str, day: date) -> str:
    """Return the identity of a web page's visitor, another one each UTC day.

    Without the secret, and with it for no other day, do two visits tell that they are
    of one person (contract `telemetrydeck`, ``/v2/w/``). The address is not kept.
    """
    return _keyed(f"visitor:{day}", f"{_printable(ip)}\n{_printable(user_agent)}")


def derived_name(kind: str, value: str) -> str:
    """Return what to call a developer of whom only this identity is known."""
    if kind == Kind.EMAIL:
        return value.partition("@")[0][:200] or value[:200]
    if kind == Kind.AGGREGATE:
        return f"Everyone at {value}"[:200]
    if kind in {Kind.ANONYMOUS, Kind.USER_HASH}:
        return f"{Kind(kind).label} {value[:8]}"
    return value[:200]


def _keyed(purpose: str, text: str) -> str:
    if not text:
        return ""
    message = f"{purpose}:{text}".encode()
    return hmac.new(settings.KEY_PEPPER.encode(), message, hashlib.sha256).hexdigest()


def _printable(value: object) -> str:
    """Return trimmed text in composed form that UTF-8 and PostgreSQL can hold.

    Control characters (NUL among them) vanish, a lone surrogate becomes "?".
    """
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(c for c in text if unicodedata.category(c) != "Cc" or c == "\t")
        # Dropping a character may bring two together that compose.
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def _bounded(text: str) -> str:
    if len(text) <= MAX_LENGTH:
        return text
    tail = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[:KEPT_START]}…{tail}"


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower()).strip()


def _bare_address(text: str) -> str:
    """Unwrap `Name <a@b.c>` and `mailto:a@b.c`."""
    mailbox = _MAILBOX.search(text)
    text = mailbox[1].strip() if mailbox else text
    return text[7:].strip() if text[:7].lower() == "mailto:" else text


def is_address(value: object) -> bool:
    """Say whether this names a mailbox somewhere: something, an @ and something."""
    local, _, domain = _printable(value).rpartition("@")
    return bool(local.strip() and domain.strip())


def _email(text: str) -> str:
    """Return the address; "" for one of which a side is missing."""
    local, at, domain = _lower(_bare_address(text)).rpartition("@")
    if not at:
        return domain
    local, domain = local.strip(), ascii_domain(domain)
    return f"{local}{at}{domain}" if local and domain else ""


def ascii_domain(domain: str) -> str:
    """Return a domain in lower case and, where it has one, in its ASCII form.

    `münchen.example` and `xn--mnchen-3ya.example` are one domain. A domain that has
    no ASCII form stays as it is.
    """
    domain = domain.strip().rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode().rstrip(".").lower()
    except UnicodeError:
        return domain


def _github(text: str) -> str:
    """Reduce any address of a profile or of its repositories to the handle."""
    address = _SCHEME.sub("", text)
    pages = _GITHUB_PAGES.match(address)
    if pages:
        return pages[1].lower()
    path = _GITHUB.sub("", address)
    if path == address and _is_address(text):
        return _social(text)
    segments = [part for part in path.split("/") if part]
    if len(segments) > 1 and segments[0].lower() in GITHUB_PREFIXES:
        del segments[0]
    return _handle(segments[0]) if segments else ""


def _linkedin(text: str) -> str:
    """Reduce any address of a profile to the handle; `/company/x` keeps its prefix."""
    address = _SCHEME.sub("", text)
    path = _LINKEDIN.sub("", address)
    if path == address and _is_address(text):
        return _social(text)
    path = path.lstrip("/")
    path = unquote(_LINKEDIN_PATH.sub("", path))
    first, _, rest = path.partition("/")
    if first.lower() in {"company", "school"} and rest:
        return f"{first.lower()}/{_handle(rest)}"
    return _handle(path)


def _is_address(text: str) -> bool:
    """Say whether this is a page somewhere, such as a profile on a server of one's own.

    Its first word is a host, which everybody there has in common.
    """
    address = _SCHEME.sub("", text)
    return address != text or ("/" in address and _HOST.match(address) is not None)


def _handle(text: str) -> str:
    handle = _END_OF_HANDLE.split(text.lstrip("@ \t"), maxsplit=1)[0]
    return _lower(handle)


def _social(text: str) -> str:
    """Reduce a profile's address to host and path, or a lone handle to itself."""
    address = _SCHEME.sub("", text)
    if address == text and not _HOST.match(address):
        return _lower(text.lstrip("@ \t"))
    try:
        parts = urlsplit(f"//{address}")
        host = ascii_domain(parts.hostname or "")
    except ValueError:
        return _lower(text)
    for prefix in ("www.", "m.", "mobile."):
        host = host.removeprefix(prefix)
    path = "/".join(part for part in parts.path.split("/") if part).lstrip("@")
    return _lower(f"{SOCIAL_HOSTS.get(host, host)}/{path}".rstrip("/"))


_REDUCERS: dict[str, Callable[[str], str]] = {
    Kind.EMAIL: _email,
    Kind.GITHUB: _github,
    Kind.LINKEDIN: _linkedin,
    Kind.SOCIAL: _social,
    Kind.AGGREGATE: _lower,
}
