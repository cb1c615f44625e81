"""Queues whom scoring wrote, for what is judged by their use afterwards.

Written in the transaction that scores: whatever crashes, nobody is forgotten.
`accounts.judging` takes the queue.
"""

from collections.abc import Collection

from django.db.backends.utils import CursorWrapper

from accounts.models import Rescored, Subject
from accounts.statements import statement


def queue_rescored(
    cursor: CursorWrapper,
    *,
    developers: Collection[int] = (),
    accounts: Collection[int] = (),
) -> None:
    """Queue some developers and accounts."""
    cursor.execute(
        statement("rescored_queue"),
        {"developers": list(developers), "accounts": list(accounts)},
    )


def queue_workspace(workspace_id: int) -> None:
    """Queue everybody in a workspace."""
    Rescored.objects.bulk_create(
        Rescored(workspace_id=workspace_id, subject=subject) for subject in Subject
    )
