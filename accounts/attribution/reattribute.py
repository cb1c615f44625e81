"""Attributes known developers again, after the tables that rules read were changed."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.attribution.evidence import Candidate, ensure_evidence_table, weigh
from accounts.locks import own_usage
from accounts.models import Developer, Workspace
from accounts.statements import statement

# Developers judged in one transaction: a second or two, in which digests wait.
BATCH = 10_000


def reattribute(workspace: Workspace, *, dry_run: bool = False) -> int:
    """Apply the account rules anew; return how many developers change company.

    For changed IP ranges, further domains, mail lists or IP databases. Unlike a digest
    it also takes accounts away that nothing speaks for any more. Corrections by hand
    stay. What is kept decides: e-mail addresses, the latest IP address of those whom
    nothing better places, the domain an event named.
    """
    changed = last = 0
    while True:
        ids = list(
            Developer.objects.filter(workspace=workspace, pk__gt=last)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if not ids:
            return changed
        last = ids[-1]
        with transaction.atomic(), connection.cursor() as cursor:
            own_usage(cursor, workspace.pk)
            changed += reattribute_developers(cursor, ids)
            if dry_run:
                transaction.set_rollback(True)


def reattribute_developers(cursor: CursorWrapper, developers: Sequence[int]) -> int:
    """Apply the account rules to these developers; return how many change company.

    The caller owns the workspace's usage, in the same transaction, and calls this once
    in it. Whoever changes is queued for scoring, which follows on both accounts.
    """
    ensure_evidence_table(cursor)
    asked = {"developers": list(developers)}
    cursor.execute(statement("attribution_candidates"), asked)
    weigh(cursor, [Candidate(*row) for row in cursor.fetchall()])
    cursor.execute(statement("attribution_apply"), asked)
    return int(cursor.fetchone()[0])
