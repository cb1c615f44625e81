"""Who may change the usage of a workspace at the same time.

Digests only add to usage, so they run side by side (shared). Whoever moves usage
from one developer to another, or counts it anew, must be alone (exclusive): a digest
that already knows "this identity is developer 7" must not add to 7 after 7 was merged
away. Both locks last until the end of the transaction.

Whoever moves somebody from stage to stage owns the stages of the workspace. The order
is usage, stages, developers, scores.
"""

from collections.abc import Iterable

from django.db.backends.utils import CursorWrapper

# Upper half of the advisory lock's number; the workspace is the lower half.
USAGE_LOCKS = 0x7570
STAGE_LOCKS = 0x7573

_SHARED = """
    SELECT pg_advisory_xact_lock_shared(%s, id)
    FROM unnest(%s::int[]) AS wanted (id)
"""
_EXCLUSIVE = "SELECT pg_advisory_xact_lock(%s, %s)"
_TRY_SHARED = """
    SELECT id FROM unnest(%s::int[]) AS wanted (id)
    WHERE NOT pg_try_advisory_xact_lock_shared(%s, id)
"""


def share_usage(cursor: CursorWrapper, workspace_ids: Iterable[int]) -> None:
    """Lock the usage of these workspaces for adding; waits for who is alone on it.

    Call it before identities are looked up. Sorted, so that two callers never wait
    for each other.
    """
    cursor.execute(_SHARED, [USAGE_LOCKS, sorted(set(workspace_ids))])


def try_share_usage(cursor: CursorWrapper, workspace_ids: Iterable[int]) -> set[int]:
    """As `share_usage` without waiting; returns the workspaces that are taken."""
    cursor.execute(_TRY_SHARED, [sorted(set(workspace_ids)), USAGE_LOCKS])
    return {row[0] for row in cursor.fetchall()}


def own_usage(cursor: CursorWrapper, workspace_id: int) -> None:
    """Lock the usage of one workspace for moving or recounting it.

    Waits until no digest of the workspace is under way. A digest that already shares
    the lock may call it too (two at once end in a deadlock that one survives and the
    other repeats), and must then look up its identities anew.
    """
    cursor.execute(_EXCLUSIVE, [USAGE_LOCKS, workspace_id])


def own_stages(cursor: CursorWrapper, workspace_id: int) -> None:
    """Lock the stages of one workspace: who is in which, and how many."""
    cursor.execute(_EXCLUSIVE, [STAGE_LOCKS, workspace_id])
