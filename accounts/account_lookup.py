"""Accounts by their domains, as files and licences name them."""

from collections.abc import Iterable

from accounts.attribution.domains import company_name, registrable_domain
from accounts.models import Account, AccountDomain, Workspace

BATCH = 1000


def read_domain(text: str) -> str:
    """Return the registrable domain that somebody typed.

    Raises:
        ValueError: it is none.
    """
    domain = registrable_domain(text)
    if not domain:
        raise ValueError(f"“{text}” is no domain such as example.com.")
    return domain


def accounts_by_domain(workspace: Workspace, domains: Iterable[str]) -> dict[str, int]:
    """Return the ids of the accounts that have these domains; two queries.

    An admin's further domain comes before an account's own, as in attribution.
    """
    wanted = set(domains) - {""}
    own = Account.objects.in_workspace(workspace).filter(domain__in=wanted)
    further = AccountDomain.objects.in_workspace(workspace).filter(domain__in=wanted)
    return {
        **dict(own.values_list("domain", "pk")),
        **dict(further.values_list("domain", "account")),
    }


def create_accounts(workspace: Workspace, domains: Iterable[str]) -> None:
    """Make accounts of domains that have none, named after the domain."""
    Account.objects.bulk_create(
        (
            Account(workspace=workspace, domain=domain, name=company_name(domain))
            for domain in sorted(set(domains) - {""})
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
