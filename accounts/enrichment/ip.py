"""The plug-in that is always there: country and organisation behind IP addresses.

It asks the operator's own offline databases and nobody else. Addresses are those of
an account's people that Uptick still keeps, and the IP ranges that an admin entered.
"""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import ClassVar

from django.conf import settings
from django.db import connection

from accounts.attribution.ip_country import country_of
from accounts.attribution.ip_owner import owner_of
from accounts.enrichment.plug_in import (
    FilledField,
    Found,
    KnownAccount,
    PlugInUnavailableError,
)
from accounts.statements import statement

COUNTRY, ORGANISATION = "country", "ip_organisation"
# Latest addresses of an account that are looked up.
MOST_ADDRESSES = 100


class IpPlugIn:
    """Fills the country, and the owner of the network, that most addresses share."""

    name = "IP database"
    fields: ClassVar[Sequence[FilledField]] = (
        FilledField(COUNTRY),
        FilledField(ORGANISATION, "IP organisation"),
    )

    def enrich(self, accounts: Sequence[KnownAccount]) -> Found:
        """Look up the addresses of all the accounts, which one query returns."""
        if not settings.IP_DATABASE and not settings.IP_COUNTRY_DATABASE:
            raise PlugInUnavailableError(
                "Neither IP_DATABASE nor IP_COUNTRY_DATABASE is set."
            )
        found = {}
        for pk, addresses in _addresses([one.pk for one in accounts]).items():
            owners = (owner_of(address) for address in addresses)
            values = {
                COUNTRY: most_common([country_of(address) for address in addresses]),
                ORGANISATION: most_common(
                    [owner.organisation if owner else "" for owner in owners]
                ),
            }
            found[pk] = {key: value for key, value in values.items() if value}
        return found


def most_common(words: Sequence[str]) -> str:
    """Return what more than half of the known words are, else ""."""
    known = Counter(word for word in words if word)
    if not known:
        return ""
    word, count = known.most_common(1)[0]
    return word if 2 * count > known.total() else ""


def _addresses(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            statement("enrichment_addresses"),
            {"ids": list(ids), "most": MOST_ADDRESSES},
        )
        for pk, address in cursor.fetchall():
            found[pk].append(str(ipaddress.ip_interface(address).ip))
    return found
