"""Makes one developer of two: the statements, for rules and for people alike.

Set-based: a hundred pairs cost as many statements as one.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from accounts.hanging import move_hanging
from accounts.locks import own_stages
from accounts.models import Developer
from accounts.score_store import rescore_accounts
from accounts.stage_merging import end_stays
from accounts.statements import statement


class Pair(NamedTuple):
    """``other`` becomes part of ``keep``."""

    keep: int
    other: int
    reason: str


def merge_pairs(
    cursor: CursorWrapper,
    workspace_id: int,
    pairs: Collection[Pair],
    *,
    by_hand: bool,
    actor_id: int | None = None,
) -> list[int]:
    """Merge developers; return the ids of the corrections that remember how it was.

    No developer is in more than one pair as ``other``, nor as both. The caller owns
    the workspace's usage (`accounts.locks`) in the same transaction and has locked the
    developers (`lock_developers`). ``by_hand`` false means that a rule decided.
    """
    keeps = [pair.keep for pair in pairs]
    others = [pair.other for pair in pairs]
    values = {
        "actor": actor_id,
        "by_hand": by_hand,
        "keeps": keeps,
        "others": others,
        "reasons": [pair.reason for pair in pairs],
    }
    accounts = accounts_of({*keeps, *others})
    cursor.execute(statement("merge_remember"), values)
    corrections = [number for (number,) in cursor.fetchall()]
    move_usage(cursor, [(pair.other, pair.keep) for pair in pairs])
    cursor.execute(statement("merge_move_identities"), values)
    end_stays(cursor, corrections, keeps, others)
    move_hanging(cursor, corrections, keeps, others)
    cursor.execute(statement("merge_keep"), values)
    drop_developers(cursor, workspace_id, gone=others, stay=sorted(set(keeps)))
    rescore_accounts(accounts)
    return corrections


def move_usage(cursor: CursorWrapper, moves: Collection[tuple[int, int]]) -> None:
    """Add all daily usage of each first developer to the second; the first has none."""
    cursor.execute(
        statement("merge_move_usage"),
        {
            "others": [source for source, _ in moves],
            "keeps": [target for _, target in moves],
        },
    )


def lock_developers(
    cursor: CursorWrapper, workspace_id: int, developers: Collection[int]
) -> set[int]:
    """Lock developers until the transaction ends; return those that still exist.

    And the stages of the workspace before them, for what happens to theirs.
    """
    own_stages(cursor, workspace_id)
    cursor.execute(
        statement("merge_lock"),
        {"workspace": workspace_id, "developers": sorted(developers)},
    )
    return {number for (number,) in cursor.fetchall()}


def drop_developers(
    cursor: CursorWrapper,
    workspace_id: int,
    *,
    gone: Sequence[int],
    stay: Sequence[int],
) -> None:
    """Remove developers who have nothing left, and queue the others for scoring."""
    cursor.execute(
        statement("merge_drop"),
        {"workspace": workspace_id, "gone": list(gone), "stay": list(stay)},
    )


def accounts_of(developers: Collection[int]) -> list[int]:
    """Return the accounts that these developers count for."""
    found = Developer.objects.filter(pk__in=developers, account__isnull=False)
    return list(found.order_by().values_list("account_id", flat=True).distinct())
