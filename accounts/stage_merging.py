"""What a merge of developers does to their stages, and how it is taken back.

The history of both becomes that of one (`accounts.hanging` moves the rows); one stay
lasts, the others end. The next judgement puts the person where the rules want them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from accounts.statements import statement

MERGED = "Merged with another developer"


def end_stays(
    cursor: CursorWrapper,
    corrections: Sequence[int],
    keeps: Sequence[int],
    others: Sequence[int],
) -> None:
    """Let one stay of each merged developer last. Before the rows are moved."""
    cursor.execute(
        statement("stage_merge"),
        {
            "corrections": list(corrections),
            "keeps": list(keeps),
            "others": list(others),
            "left_reason": MERGED,
        },
    )


def reopen_stays(cursor: CursorWrapper, before: Mapping[str, Any]) -> None:
    """Let go on what a merge ended. After the rows were given back."""
    entries = before.get("ended_stages")
    if entries:
        cursor.execute(statement("stage_reopen"), {"entries": entries})
