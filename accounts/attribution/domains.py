"""From a domain or an e-mail address to the domain of a company, or to none.

Pure text. Suffixes come from the public suffix list as it was packaged.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from publicsuffixlist import PSLFILE, PublicSuffixList

from accounts.attribution.mail_lists import mail_lists
from accounts.kinds import ascii_domain

MAX_LENGTH = 253
# Reserved for documentation and tests (RFC 2606): nobody's, so they harm nobody, and
# demo data needs domains that can never be somebody's.
RESERVED_SUFFIXES = ("example", "test")
# On the suffix list, but not where companies live: reverse look-ups, Tor services.
UNUSABLE_SUFFIXES = (".arpa", ".onion")

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"^{_LABEL}(?:\.{_LABEL})+$")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_END_OF_HOST = re.compile(r"[/?#\\]")
_PORT = re.compile(r":\d*$")


def registrable_domain(text: str) -> str | None:
    """Return the domain that somebody registered: `a.b.co.uk` gives `b.co.uk`.

    Takes a domain, an e-mail address or a web address in any case; returns the ASCII
    form. None for addresses, bare suffixes, names of local networks and garbage.
    """
    host = _host(text)
    if host is None or host.endswith(UNUSABLE_SUFFIXES):
        return None
    found = _suffixes().privatesuffix(host)
    return str(found) if found else None


def company_domain(domain_or_email: str) -> str | None:
    """Return the registrable domain, unless it is of a free or disposable mailer.

    A listed host below a company's domain says nothing about the company: mail from
    ``users.noreply.github.com`` is not GitHub's, mail from ``github.com`` is.
    Source: contracts/README, account rule 3.
    """
    host = _host(domain_or_email)
    if host is None:
        return None
    return _company(
        host, tuple(settings.FREE_MAIL_DOMAINS), tuple(settings.NOT_FREE_MAIL_DOMAINS)
    )


# Thousands of people of a batch share a few hosts; a look-up takes 10 microseconds.
@lru_cache(maxsize=65_536)
def _company(
    host: str, free_mail: tuple[str, ...], not_free_mail: tuple[str, ...]
) -> str | None:
    registrable = registrable_domain(host)
    if registrable is None:
        return None
    lists = mail_lists(free_mail, not_free_mail)
    # The host, and each domain above it down to the registrable one.
    extra = host.removesuffix(registrable).count(".")
    parts = host.split(".")
    names = {".".join(parts[start:]) for start in range(extra + 1)}
    # Disposable first: the free list holds many of those as well.
    return None if names & lists.disposable or names & lists.free else registrable


def company_name(domain: str) -> str:
    """Return what to call the company of a registrable domain: Acme Labs.

    People may rename the account; this is its name until then.
    """
    label = domain.partition(".")[0]
    if label.startswith("xn--"):
        try:
            label = label.encode().decode("idna")
        except UnicodeError:
            return domain
    words = re.split(r"[-_]+", label)
    return " ".join(_capital(word) for word in words if word) or domain


def _capital(word: str) -> str:
    # Nobody pronounces "Hp"; four letters without a vowel are an abbreviation.
    if len(word) <= 4 and not re.search(r"[aeiouy\d]|[^\x00-\x7f]", word):  # noqa: PLR2004
        return word.upper()
    return word[:1].upper() + word[1:]


def _host(text: str) -> str | None:
    """Cut a host out of what people write for one."""
    text = _SCHEME.sub("", text.strip())
    text = _END_OF_HOST.split(text, maxsplit=1)[0]
    host = ascii_domain(_PORT.sub("", text.rpartition("@")[2]))
    if len(host) > MAX_LENGTH or not _DOMAIN.match(host):
        return None
    # An IPv4 address, or a piece of one.
    return None if host.rpartition(".")[2].isdigit() else host


@cache
def _suffixes() -> PublicSuffixList:
    """Return the list with its private part: `foo.github.io` is foo's, not GitHub's."""
    lines = Path(PSLFILE).read_text("utf-8").splitlines()
    return PublicSuffixList([*lines, *RESERVED_SUFFIXES], accept_unknown=False)
