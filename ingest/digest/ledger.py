"""The ledger of event keys: what makes an event count once."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from itertools import zip_longest
from struct import Struct

import psycopg
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from ingest.copying import HEADER, ROWS_PER_WRITE, TRAILER
from ingest.statements import statement

# Keys by workspace, hexadecimal.
Keys = dict[int, set[str]]

# Fields of one row: workspace (8 bytes), key (16), seen_on (4: days since 2000).
_row = Struct(">hiqi16sii").pack
_POSTGRES_DAY = date(2000, 1, 1)
# When keys that are kept for ever count as seen, so that no pruning finds them.
NEVER_PRUNED = date(9999, 12, 31)
_COPY = "COPY ingest_eventkey (workspace_id, key, seen_on) FROM STDIN (FORMAT BINARY)"
# After a batch with a repeat, this many look before they write.
_CAREFUL_BATCHES = 50


class Ledger:
    """Enters keys and tells which of them are new.

    Most streams have no repeats, so keys are simply copied in, which takes less than
    half the time of INSERT … ON CONFLICT. A stream that had one is probably being sent
    again: the next batches look keys up first and copy the new ones. Should another
    worker enter one of them in between, INSERT … ON CONFLICT has the last word.
    """

    def __init__(self) -> None:
        self._careful_for = 0

    def enter(
        self,
        cursor: CursorWrapper,
        keys: Keys,
        use: Callable[[Keys], Iterator[None]],
        *,
        lasting: AbstractSet[str] = frozenset(),
    ) -> None:
        """Enter keys and run ``use`` on those that are new, step by step, meanwhile.

        Those of ``lasting`` are never pruned.

        It runs while the server takes the keys, on the assumption that they are all
        new; if they turn out not to be, it runs again with those that are and must
        forget what it did before.
        """
        wanted = keys
        if self._careful_for:
            self._careful_for -= 1
            wanted = _without_seen(cursor, keys)
        try:
            with transaction.atomic():
                all_new = {where: set(wanted[where]) for where in wanted}
                _copy(cursor, wanted, use(all_new), lasting)
        except psycopg.errors.UniqueViolation:
            self._careful_for = _CAREFUL_BATCHES
            for _ in use(_insert(cursor, wanted, lasting)):
                pass


def _copy(
    cursor: CursorWrapper, keys: Keys, work: Iterator[None], lasting: AbstractSet[str]
) -> None:
    """Send the keys, sorted, and do a step of the work after each part."""
    today = (datetime.now(UTC).date() - _POSTGRES_DAY).days
    never = (NEVER_PRUNED - _POSTGRES_DAY).days
    pairs = _pairs(keys)
    with cursor.copy(_COPY) as copy:
        copy.write(HEADER)
        starts = range(0, len(pairs), ROWS_PER_WRITE)
        for start, _ in zip_longest(starts, work):
            if start is not None:
                rows = [
                    _row(
                        *(3, 8, workspace, 16, bytes.fromhex(key), 4),
                        never if key in lasting else today,
                    )
                    for workspace, key in pairs[start : start + ROWS_PER_WRITE]
                ]
                copy.write(b"".join(rows))
        copy.write(TRAILER)


def _without_seen(cursor: CursorWrapper, keys: Keys) -> Keys:
    cursor.execute(statement("keys_seen"), _arrays(keys))
    fresh = {workspace: set(found) for workspace, found in keys.items()}
    for workspace, key in cursor.fetchall():
        fresh[workspace].discard(key)
    return fresh


def _insert(cursor: CursorWrapper, keys: Keys, lasting: AbstractSet[str]) -> Keys:
    cursor.execute(
        statement("keys_add"),
        {
            **_arrays(keys),
            "lasting": sorted(lasting),
            "never_pruned": NEVER_PRUNED,
        },
    )
    fresh: Keys = {workspace: set() for workspace in keys}
    for workspace, key in cursor.fetchall():
        fresh[workspace].add(key)
    return fresh


def _pairs(keys: Keys) -> list[tuple[int, str]]:
    return [(where, key) for where in sorted(keys) for key in sorted(keys[where])]


def _arrays(keys: Keys) -> dict[str, str]:
    # As literals: the driver would look up a dumper per element.
    pairs = _pairs(keys)
    return {
        "workspaces": "{" + ",".join([str(workspace) for workspace, _ in pairs]) + "}",
        "keys": "{" + ",".join([key for _, key in pairs]) + "}",
    }
