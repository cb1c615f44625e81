"""Writes what is known of accounts, and remembers who said so and when.

What somebody entered by hand beats what a file said, and that beats what a plug-in
found. An emptied field is open to all of them again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from accounts.account_fields import (
    NAME,
    NAME_SPEC,
    FieldSpec,
    Value,
    field_specs,
    pick,
)
from accounts.audit import record
from accounts.clock import now_utc
from accounts.errors import AccountsError
from accounts.fit_store import rubric_of
from accounts.models import Account, AuditEntry, User, Workspace
from accounts.statements import statement

BATCH = 2000
EMPTY: dict[str, Any] = {NAME: "", "country": "", "industry": "", "employees": None}


class FilledBy(StrEnum):
    """Where a value came from; later ones beat earlier ones."""

    PLUG_IN = "plug_in"
    FILE = "import"
    HAND = "hand"


RANKS = {FilledBy.PLUG_IN.value: 1, FilledBy.FILE.value: 2, FilledBy.HAND.value: 3}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who fills fields: a person, a file or a plug-in, by name.

    ``yields_to`` are the names of plug-ins whose values this one leaves alone.
    """

    by: FilledBy
    who: str
    yields_to: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one account, before and after."""

    account_id: int
    key: str
    before: Value | None
    after: Value | None


@dataclass
class Written:
    """What was written, and what stayed because something better had said it."""

    changes: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)

    @property
    def accounts(self) -> int:
        """How many accounts changed."""
        return len({change.account_id for change in self.changes})


def may_write(origin: Origin, key: str, value: Value | None, source: Any) -> bool:
    """Say whether an origin may replace a value, given who filled it.

    A value without a record was there before records were kept: somebody typed it in.
    A name without one was made up from the domain, so anybody knows better.
    """
    if value is None:
        return True
    if not source:
        return key == NAME or origin.by == FilledBy.HAND
    mine, theirs = RANKS[origin.by], RANKS.get(source.get("by", ""), 0)
    if mine != theirs or origin.by != FilledBy.PLUG_IN:
        return mine >= theirs
    return source.get("who") not in origin.yields_to


def write_values(
    workspace: Workspace,
    values: Mapping[int, Mapping[str, Value | None]],
    origin: Origin,
    *,
    specs: Sequence[FieldSpec] | None = None,
) -> Written:
    """Fill fields of accounts by id and key; None empties one, by hand only.

    What beats the origin stays. Fits are rated anew along with it. Statements: three,
    and two for each 2,000 accounts.
    """
    written = Written()
    specs = specs or field_specs(workspace)
    by_key = {spec.key: spec for spec in (NAME_SPEC, *specs)}
    rubric = rubric_of(workspace, specs)
    ids = sorted(values)
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            rows = (
                Account.objects.in_workspace(workspace)
                .filter(pk__in=ids[start : start + BATCH])
                .select_for_update(no_key=True)
                .order_by("pk")
            )
            merged = []
            for account in rows:
                if _merge(account, values[account.pk], origin, by_key, written):
                    account.fit, account.fit_points = rubric.rate(
                        vars(account), account.fields
                    )
                    merged.append(account)
            _write(merged)
    return written


def write_by_hand(
    account: Account,
    values: Mapping[str, Value | None],
    *,
    actor: User | None,
    ip: str | None = None,
    specs: Sequence[FieldSpec] | None = None,
) -> Written:
    """Fill fields of one account as a person says, and audit what changed.

    Raises:
        AccountsError: the name would be empty.
    """
    if NAME in values and not values[NAME]:
        raise AccountsError("An account needs a name.")
    who = actor.email if actor else "command line"
    with transaction.atomic():
        written = write_values(
            account.workspace,
            {account.pk: values},
            Origin(FilledBy.HAND, who),
            specs=specs,
        )
        if written.changes:
            record(
                workspace=account.workspace,
                action=AuditEntry.Action.ACCOUNT_CHANGED,
                subject=account.name,
                actor=actor,
                ip=ip,
                detail={
                    "account_id": account.pk,
                    "changed": {
                        change.key: [change.before, change.after]
                        for change in written.changes
                    },
                },
            )
    return written


def _merge(
    account: Account,
    values: Mapping[str, Value | None],
    origin: Origin,
    specs: Mapping[str, FieldSpec],
    written: Written,
) -> bool:
    """Put values into one account, in memory; say whether it must be written."""
    is_changed = False
    for key, value in values.items():
        spec = specs.get(key)
        if spec is None or (value is None and origin.by != FilledBy.HAND):
            continue
        before = pick(spec, vars(account), account.fields)
        source = account.field_sources.get(key)
        if not may_write(origin, key, before, source):
            if before != value:
                written.kept.append(Change(account.pk, key, before, value))
            continue
        if before != value or type(before) is not type(value):
            written.changes.append(Change(account.pk, key, before, value))
        elif not source or source.get("by") == origin.by:
            # Said again by the same: when it was first said is worth more.
            continue
        _put(account, spec, value, origin)
        is_changed = True
    return is_changed


def _put(
    account: Account, spec: FieldSpec, value: Value | None, origin: Origin
) -> None:
    if spec.is_built_in:
        setattr(account, spec.key, EMPTY[spec.key] if value is None else value)
    elif value is None:
        account.fields.pop(spec.key, None)
    else:
        account.fields[spec.key] = value
    if value is None:
        account.field_sources.pop(spec.key, None)
    else:
        account.field_sources[spec.key] = {
            "by": origin.by.value,
            "who": origin.who[:254],
            "at": now_utc().isoformat(timespec="seconds"),
        }


def _write(accounts: Sequence[Account]) -> None:
    if not accounts:
        return
    rows = [
        {
            "id": account.pk,
            "name": account.name,
            "country": account.country,
            "industry": account.industry,
            "employees": account.employees,
            "fields": account.fields,
            "field_sources": account.field_sources,
            "fit": account.fit,
            "fit_points": account.fit_points,
        }
        for account in accounts
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement("account_values_write"), {"rows": json.dumps(rows)})
