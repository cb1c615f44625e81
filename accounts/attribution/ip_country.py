"""Which country an IP address is in, by the operator's own offline database.

``IP_COUNTRY_DATABASE`` names an MMDB file of any of the usual makers; without it,
``IP_DATABASE`` is asked, which may know it too.
"""

from functools import lru_cache
from typing import Any

import maxminddb
from django.conf import settings

from accounts.attribution.ip_owner import clean_address, configured, is_company_address
from accounts.countries import country_code

# MaxMind and DB-IP have a map of the country, the others a code or a name.
CODE_KEYS = ("country_code", "country_iso_code", "country")


def country_of(ip: str) -> str:
    """Return the ISO 3166 code of an address's country, "" where nothing tells it.

    Private addresses have none; nor have those of hosts, VPNs, Tor and crawlers, for
    these say where a machine stands.
    """
    opened = configured(settings.IP_COUNTRY_DATABASE or settings.IP_DATABASE)
    return _country(*opened, clean_address(ip)) if opened else ""


@lru_cache(maxsize=65_536)
def _country(reader: maxminddb.Reader, _version: int, ip: str) -> str:
    if not is_company_address(ip):
        return ""
    try:
        return country_in(reader.get(ip))
    except (ValueError, maxminddb.InvalidDatabaseError):
        # An IPv6 address in an IPv4 database, or a damaged file.
        return ""


def country_in(record: object) -> str:
    """Read the country out of one record of a database, whoever made it."""
    if not isinstance(record, dict):
        return ""
    for key in CODE_KEYS:
        value: Any = record.get(key)
        if isinstance(value, dict):
            value = value.get("iso_code")
        if isinstance(value, str) and (code := country_code(value)):
            return code
    return ""
