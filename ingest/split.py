"""Corrections that divide the usage of a developer, and so count events again.

Who is who changes in `accounts.corrections`; raw events are known only here.
"""

from django.db import connection, transaction

from accounts.corrections import Divided, split_identity_pointers, undo_pointers
from accounts.models import Correction, Identity, User
from ingest.recount import recount_developers


def split_identity(
    identity: Identity,
    *,
    actor: User | None,
    reason: str = "",
    ip: str | None = None,
) -> Correction:
    """Make an identity a developer of its own, with the usage of its own events.

    No rule will join it again. Usage from before the event horizon stays with the
    developer it was split from.

    Raises:
        AccountsError: it is the developer's only identity, or is gone.
    """
    with transaction.atomic():
        return _recounted(
            split_identity_pointers(identity, actor=actor, reason=reason, ip=ip)
        )


def undo_correction(
    correction: Correction, *, actor: User | None, ip: str | None = None
) -> Correction:
    """Take a correction back, whatever its kind; usage follows the identities.

    Raises:
        AccountsError: it was undone before, or a later correction stands on it.
    """
    with transaction.atomic():
        return _recounted(undo_pointers(correction, actor=actor, ip=ip))


def _recounted(divided: Divided) -> Correction:
    # The workspace's usage is already ours alone: whoever moved the pointers locked it.
    with connection.cursor() as cursor:
        recount_developers(cursor, divided.recount)
    return divided.correction
