"""The account rules: what each identity says about the company, and which wins.

Rules look at a batch at once. What they find is weighed in the temporary table
``pending_evidence``; accounts are made only for what wins.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from accounts.attribution.domains import company_domain, company_name
from accounts.attribution.ip_owner import clean_address, owner_of
from accounts.models import Identity
from accounts.models.developer import CONFIDENCE, AttributionRule
from accounts.statements import statement


class Candidate(NamedTuple):
    """What is known of one identity whose developer may get a better account."""

    developer_id: int
    workspace_id: int
    kind: str
    value: str
    # Company domain as an event named it, and the address it may be told from.
    domain: str
    ip: str
    # The confidence that evidence has to beat; 0 for a developer without account.
    beats: float
    # Licence that its events were sent under, if any.
    license_key: str = ""


class Evidence(NamedTuple):
    """One rule's answer: a domain, an organisation, or something still to look up."""

    rule: AttributionRule
    detail: str
    domain: str = ""
    organisation: str = ""
    ip: str = ""


def _event_domain(candidate: Candidate) -> Evidence | None:
    # Checked like a mail domain: "gmail.com" names no company, whoever says it.
    domain = candidate.domain and company_domain(candidate.domain)
    return Evidence(AttributionRule.EVENT_DOMAIN, domain, domain) if domain else None


def _license(candidate: Candidate) -> Evidence | None:
    # Whose licence it is, is the database's question, asked for all at once.
    key = candidate.license_key
    return Evidence(AttributionRule.LICENSE, key) if key else None


def _email_domain(candidate: Candidate) -> Evidence | None:
    domain = candidate.kind == Identity.Kind.EMAIL and company_domain(candidate.value)
    return Evidence(AttributionRule.EMAIL_DOMAIN, domain, domain) if domain else None


def _network(candidate: Candidate) -> Evidence | None:
    # Which range holds the address is the database's question, asked for all at once.
    ip = candidate.ip and clean_address(candidate.ip)
    return Evidence(AttributionRule.NETWORK, ip, ip=ip) if ip else None


def _ip_owner(candidate: Candidate) -> Evidence | None:
    owner = owner_of(candidate.ip) if candidate.ip else None
    if owner is None:
        return None
    detail = f"{owner.organisation} ({owner.network})"
    return Evidence(AttributionRule.IP_OWNER, detail, owner.domain, owner.organisation)


# Rules whose answer names no account yet, and may turn out to name none.
TO_LOOK_UP = {
    AttributionRule.LICENSE: "attribution_licenses",
    AttributionRule.NETWORK: "attribution_networks",
}
# In the order of contracts/README; a correction by hand stands before all of them and
# is not found but remembered.
RULES: tuple[Callable[[Candidate], Evidence | None], ...] = (
    _event_domain,
    _license,
    _email_domain,
    _network,
    _ip_owner,
)


def evidence_of(candidate: Candidate) -> Iterator[Evidence]:
    """Yield what the rules say of one identity, best rule first.

    A licence may be unknown and an IP range nobody's, so the rule after is asked too.
    """
    for rule in RULES:
        found = rule(candidate)
        if found is None:
            continue
        if CONFIDENCE[found.rule] > candidate.beats:
            yield found
        if found.rule not in TO_LOOK_UP:
            return


def ensure_evidence_table(cursor: CursorWrapper) -> None:
    """Create ``pending_evidence``, empty, for this transaction."""
    cursor.execute(statement("attribution_table"))


def weigh(cursor: CursorWrapper, candidates: Iterable[Candidate]) -> int:
    """Fill ``pending_evidence`` with the best account for each developer.

    One row per developer that has any evidence better than what it `beats`; accounts
    that do not exist yet are made. Returns the number of rows. At most six statements,
    whatever the number of candidates; none when there is nothing to weigh. Call it once
    after each `ensure_evidence_table`.
    """
    rows = [
        (candidate, found)
        for candidate in candidates
        for found in evidence_of(candidate)
    ]
    if not rows:
        return 0
    cursor.execute(
        statement("attribution_fill"),
        {
            "developers": [candidate.developer_id for candidate, _ in rows],
            "workspaces": [candidate.workspace_id for candidate, _ in rows],
            "rules": [found.rule.value for _, found in rows],
            "confidences": [CONFIDENCE[found.rule] for _, found in rows],
            "details": [found.detail[:300] for _, found in rows],
            "domains": [found.domain for _, found in rows],
            "organisations": [found.organisation for _, found in rows],
            "names": [
                company_name(found.domain) if found.domain else found.organisation
                for _, found in rows
            ],
            "ips": [found.ip or None for _, found in rows],
        },
    )
    asked = {found.rule for _, found in rows}
    found_some = not asked <= TO_LOOK_UP.keys()
    for rule in asked & TO_LOOK_UP.keys():
        cursor.execute(statement(TO_LOOK_UP[rule]))
        found_some = found_some or bool(cursor.rowcount)
    if not found_some:
        cursor.execute("TRUNCATE pending_evidence")
        return 0
    cursor.execute(statement("attribution_winners"))
    cursor.execute(statement("attribution_accounts"))
    cursor.execute(statement("attribution_known_accounts"))
    return int(cursor.rowcount)
