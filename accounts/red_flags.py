"""Red flags: raised and counted, looked for again, resolved and opened again.

What each kind means to people is in `red_flag_words`; what events show is the digest's.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.utils import timezone

from accounts.attribution import company_domain
from accounts.audit import record
from accounts.locks import share_usage
from accounts.models import (
    Account,
    AuditEntry,
    CompanySign,
    Developer,
    Identity,
    RedFlag,
    User,
    Workspace,
)
from accounts.models.red_flag import RedFlagQuerySet
from accounts.statements import statement

# Signs of two companies further apart are a change of jobs.
TWO_COMPANIES_WITHIN = timedelta(days=90)
LONGEST_SUBJECT = 400
# Kinds of identity that may well be several people.
NOBODY = frozenset({Identity.Kind.ANONYMOUS, Identity.Kind.AGGREGATE})


class Raised(NamedTuple):
    """One red flag of a batch; what it means is in `RedFlag`."""

    workspace_id: int
    kind: str
    identity_id: int | None
    subject_key: str
    evidence: dict[str, Any]
    first_at: datetime
    last_at: datetime
    often: int = 1
    account_id: int | None = None


class Sign(NamedTuple):
    """A sign of a company that came with an identity; microseconds since 1970."""

    workspace_id: int
    identity_id: int
    identity_kind: str
    kind: str
    value: str
    first: int
    last: int


def note_signs(cursor: CursorWrapper, signs: Iterable[Sign]) -> list[tuple[int, int]]:
    """Note signs of companies; return the (workspace id, identity id) to look at.

    Those are the identities that showed one for the first time, or again after an
    hour. Free mailers are no companies, and identities that name nobody count for none.
    """
    found: dict[tuple[int, int, str, str], list[int]] = {}
    for sign in signs:
        value: str | None = sign.value
        if sign.kind == CompanySign.Kind.DOMAIN:
            value = company_domain(sign.value)
        if not value or sign.identity_kind in NOBODY:
            continue
        key = (sign.workspace_id, sign.identity_id, sign.kind, value)
        times = found.setdefault(key, [sign.first, sign.last])
        times[0], times[1] = min(times[0], sign.first), max(times[1], sign.last)
    if not found:
        return []
    workspaces, identities, kinds, values = zip(*found, strict=True)
    cursor.execute(
        statement("company_signs"),
        {
            "workspaces": list(workspaces),
            "identities": list(identities),
            "kinds": list(kinds),
            "values": list(values),
            "firsts": [first for first, _ in found.values()],
            "lasts": [last for _, last in found.values()],
        },
    )
    return list(cursor.fetchall())


def raise_flags(
    cursor: CursorWrapper, flags: Iterable[Raised], *, absolute: bool
) -> int:
    """Raise flags, or note that they happened again; return how many were written.

    ``absolute`` numbers say how often it happened in all, so that looking again adds
    nothing; otherwise they say how often since the last time. One row per workspace,
    kind and subject.
    """
    rows = [
        {
            **flag._asdict(),
            "subject_key": flag.subject_key[:LONGEST_SUBJECT],
            "first_at": flag.first_at.isoformat(),
            "last_at": flag.last_at.isoformat(),
        }
        for flag in flags
    ]
    if not rows:
        return 0
    cursor.execute(
        statement("red_flags_add"), {"flags": json.dumps(rows), "absolute": absolute}
    )
    return int(cursor.rowcount)


def look_for_two_companies(identities: Collection[tuple[int, int]]) -> int:
    """Flag those (workspace id, identity id) that showed signs of two companies.

    In a transaction of its own, after the signs were committed: of two digests that
    each brought one sign, at least the later looks at both.
    """
    if not identities:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        # Nobody merges developers while flags are given to them.
        share_usage(cursor, {workspace for workspace, _ in identities})
        cursor.execute(
            statement("red_flags_two_companies"),
            {
                "identities": sorted(identity for _, identity in identities),
                "days": TWO_COMPANIES_WITHIN.days,
            },
        )
        flags = [_two_companies(*row) for row in cursor.fetchall()]
        return raise_flags(cursor, flags, absolute=True)


def resolve(
    flag: RedFlag, *, note: str, actor: User | None, ip: str | None = None
) -> RedFlag:
    """Say that somebody looked at a flag and what came of it; resolved ones stay so.

    It opens again by itself when it happens after this moment.
    """
    with transaction.atomic():
        fresh = RedFlag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
        if fresh.is_open:
            fresh.resolved_at = timezone.now()
            fresh.resolved_by = actor
            fresh.note = note.strip()[:500]
            fresh.save(update_fields=("resolved_at", "resolved_by", "note"))
            _audit(AuditEntry.Action.RED_FLAG_RESOLVED, fresh, actor, ip)
    return fresh


def reopen(flag: RedFlag, *, actor: User | None, ip: str | None = None) -> RedFlag:
    """Take back that a flag was resolved; the note stays."""
    with transaction.atomic():
        fresh = RedFlag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
        if not fresh.is_open:
            fresh.resolved_at = None
            fresh.reopened_at = timezone.now()
            fresh.save(update_fields=("resolved_at", "reopened_at"))
            _audit(AuditEntry.Action.RED_FLAG_REOPENED, fresh, actor, ip)
    return fresh


def flagged_accounts(
    accounts: QuerySet[Account], workspace: Workspace, kind: str = ""
) -> QuerySet[Account]:
    """Keep accounts with an open red flag, their own or of one of their developers."""
    flags = _open(workspace, kind)
    theirs = flags.filter(developer__account__isnull=False)
    naming = flags.filter(account__isnull=False)
    return accounts.filter(
        pk__in=theirs.values("developer__account").union(naming.values("account"))
    )


def flagged_developers(
    developers: QuerySet[Developer], workspace: Workspace, kind: str = ""
) -> QuerySet[Developer]:
    """Keep developers with an open red flag."""
    flags = _open(workspace, kind).filter(developer__isnull=False)
    return developers.filter(pk__in=flags.values("developer"))


def _open(workspace: Workspace, kind: str) -> RedFlagQuerySet:
    flags = RedFlag.objects.in_workspace(workspace).open()
    return flags.filter(kind=kind) if kind else flags


def _two_companies(  # noqa: PLR0917 (the columns of red_flags_two_companies.sql)
    workspace_id: int,
    identity_id: int,
    account_id: int | None,
    often: int,
    first_at: datetime,
    last_at: datetime,
    companies: str,
) -> Raised:
    return Raised(
        workspace_id,
        RedFlag.Kind.TWO_ACCOUNTS.value,
        identity_id,
        f"identity:{identity_id}",
        {"companies": json.loads(companies)},
        first_at,
        last_at,
        often,
        account_id,
    )


def _audit(
    action: AuditEntry.Action, flag: RedFlag, actor: User | None, ip: str | None
) -> None:
    record(
        workspace=flag.workspace,
        action=action,
        subject=f"{flag.get_kind_display()} ({flag.pk})",
        actor=actor,
        ip=ip,
        detail={"red_flag": flag.pk, "note": flag.note},
    )
