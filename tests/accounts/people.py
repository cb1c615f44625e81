"""Resolves small batches of identities, and reads what became of them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection, transaction

from accounts.identity import ensure_pending_tables, resolve_pending, update_known
from accounts.locks import share_usage
from accounts.models import Account, DailyUsage, Developer, Identity

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

COLUMNS = (
    *("workspace_id", "kind", "value", "first_at", "last_at"),
    *("domain", "ip", "license_key", "is_aggregate", "traits"),
)


@dataclass
class Seen:
    """One identity of a batch."""

    kind: str
    value: str
    domain: str | None = None
    ip: str | None = None
    first: datetime = NOON
    last: datetime | None = None
    traits: dict = field(default_factory=dict)
    license_key: str | None = None

    def row(self, workspace):
        last = self.last or self.first
        traits = json.dumps(self.traits) if self.traits else None
        return (
            *(workspace.pk, self.kind, self.value, self.first, last),
            *(self.domain, self.ip, self.license_key, self.kind == "aggregate", traits),
        )


def email(value, **fields):
    return Seen("email", value, **fields)


def fill(cursor, workspace, seen, links=()):
    """Put a batch into the temporary tables, as the digest does."""
    ensure_pending_tables(cursor)
    add(cursor, workspace, seen, links)


def add(cursor, workspace, seen, links=()):
    marks = ", ".join(["%s"] * len(COLUMNS))
    cursor.executemany(
        f"INSERT INTO pending_identity ({', '.join(COLUMNS)}) VALUES ({marks})",
        [one.row(workspace) for one in seen],
    )
    cursor.executemany(
        "INSERT INTO pending_link VALUES (%s, %s, %s, %s, %s)",
        [(workspace.pk, a.kind, a.value, b.kind, b.value) for a, b in links],
    )


def resolve(workspace, *seen, links=()):
    """Digest one batch; return the developer of each identity by its value."""
    with transaction.atomic(), connection.cursor() as cursor:
        share_usage(cursor, [workspace.pk])
        fill(cursor, workspace, seen, links)
        resolve_pending(cursor)
        found = resolved(cursor)
        update_known(cursor)
    return found


def resolved(cursor):
    cursor.execute("SELECT value, developer_id, identity_id FROM pending_identity")
    rows = cursor.fetchall()
    assert all(developer and identity for _, developer, identity in rows)
    return {value: developer for value, developer, _ in rows}


def people(workspace):
    """Every developer of a workspace: the values of their identities, and where."""
    return sorted(
        (
            tuple(sorted(one.identities.values_list("value", flat=True))),
            one.account.name if one.account else None,
            one.rule,
        )
        for one in Developer.objects.filter(workspace=workspace).select_related(
            "account"
        )
    )


def developer_of(value):
    return Identity.objects.get(value=value).developer


def accounts(workspace):
    rows = Account.objects.filter(workspace=workspace)
    return sorted(rows.values_list("name", "domain"))


def usage():
    rows = DailyUsage.objects.order_by("developer_id", "day", "metric_id", "product_id")
    return list(rows.values_list("developer_id", "day", "count", "value_sum"))
