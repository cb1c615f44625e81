"""Which company a developer belongs to, by which rule, and how sure that is."""

from accounts.attribution.domains import (
    company_domain,
    company_name,
    registrable_domain,
)
from accounts.attribution.ip_owner import clean_address, owner_of
from accounts.attribution.reattribute import reattribute, reattribute_developers

__all__ = [
    "clean_address",
    "company_domain",
    "company_name",
    "owner_of",
    "reattribute",
    "reattribute_developers",
    "registrable_domain",
]
