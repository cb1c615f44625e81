"""The ledger of event keys: what makes an event count once."""

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from struct import Struct

import psycopg
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from ingest.copying import copy_rows
from ingest.statements import statement

# Fields of one row: workspace (8 bytes), key (16), seen_on (4: days since 2000).
_row = Struct(">hiqi16sii").pack
_POSTGRES_DAY = date(2000, 1, 1)
# When keys that are kept for ever count as seen, so that no pruning finds them.
NEVER_PRUNED = date(9999, 12, 31)


def enter_keys(
    cursor: CursorWrapper,
    keys: dict[int, set[str]],
    lasting: AbstractSet[str] = frozenset(),
) -> dict[int, set[str]]:
    """Enter the keys of a batch by workspace, and return those that are new.

    Those of ``lasting`` are never pruned.

    Keys are hexadecimal. They are looked up first and the new ones sent with COPY,
    which takes less than half the time of INSERT … ON CONFLICT; should another worker
    enter one of them in between, that statement takes over.
    """
    fresh = {workspace: set(found) for workspace, found in keys.items()}
    if not any(fresh.values()):
        return fresh
    cursor.execute(statement("keys_seen"), _arrays(fresh))
    for workspace, key in cursor.fetchall():
        fresh[workspace].discard(key)
    if not any(fresh.values()):
        return fresh
    try:
        with transaction.atomic():
            _copy(cursor, fresh, lasting)
    except psycopg.errors.UniqueViolation:
        cursor.execute(
            statement("keys_add"),
            {
                **_arrays(fresh),
                "lasting": sorted(lasting),
                "never_pruned": NEVER_PRUNED,
            },
        )
        fresh = {workspace: set() for workspace in keys}
        for workspace, key in cursor.fetchall():
            fresh[workspace].add(key)
    return fresh


def _copy(
    cursor: CursorWrapper, keys: dict[int, set[str]], lasting: AbstractSet[str]
) -> None:
    today = (datetime.now(UTC).date() - _POSTGRES_DAY).days
    never = (NEVER_PRUNED - _POSTGRES_DAY).days
    rows = [
        _row(
            *(3, 8, workspace, 16, bytes.fromhex(key), 4),
            never if key in lasting else today,
        )
        for workspace, found in sorted(keys.items())
        for key in sorted(found)
    ]
    copy_rows(cursor, "ingest_eventkey (workspace_id, key, seen_on)", rows)


def _arrays(keys: dict[int, set[str]]) -> dict[str, str]:
    pairs = [
        (workspace, key)
        for workspace, found in sorted(keys.items())
        for key in sorted(found)
    ]
    # As literals: the driver would look up a dumper per element.
    return {
        "workspaces": "{" + ",".join([str(workspace) for workspace, _ in pairs]) + "}",
        "keys": "{" + ",".join([key for _, key in pairs]) + "}",
    }
