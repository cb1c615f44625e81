"""Mail hosts that tell no company: free, disposable, and forwarding addresses.

The free list is vendored (`accounts/data/free_mail/VENDOR.md` says from where; the
command `update_free_mail` renews it), the disposable one is an installed package.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from disposable_email_domains import blocklist
from django.conf import settings

FREE_MAIL_DIR = Path(__file__).parents[1] / "data" / "free_mail"
FREE_MAIL_FILE = FREE_MAIL_DIR / "domains.json"

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


def mail_lists() -> MailLists:
    """Return the lists, with FREE_MAIL_DOMAINS and NOT_FREE_MAIL_DOMAINS applied."""
    return _merged(
        tuple(settings.FREE_MAIL_DOMAINS), tuple(settings.NOT_FREE_MAIL_DOMAINS)
    )


@cache
def _merged(added: tuple[str, ...], removed: tuple[str, ...]) -> MailLists:
    spared = frozenset(word.lower() for word in removed)
    disposable = frozenset(blocklist) - spared
    vendored = frozenset(json.loads(FREE_MAIL_FILE.read_text("utf-8")))
    own = FORWARDERS | MISSING | RESERVED
    free = vendored | own | {word.lower() for word in added}
    # The vendored list calls itself "free and disposable": 8,997 of its 14,125
    # entries are in the disposable one too, and are tested there.
    return MailLists(disposable, free - disposable - spared)
