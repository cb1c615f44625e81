"""Corrections that divide the usage of a developer, and so count events again.

Who is who changes in `accounts.corrections`; raw events are known only here.
"""

from django.db import connection, transaction
from django.db.models import Q

from accounts.corrections import Divided, split_identity_pointers, undo_pointers
from accounts.models import Correction, DailyUsage, Identity, User
from ingest.models import EventHorizon
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

    What could not be as it was says `Correction.left` of the one it returns.

    Raises:
        AccountsError: it was undone before, or a later correction stands on it.
    """
    with transaction.atomic():
        divided = undo_pointers(correction, actor=actor, ip=ip)
        undone = _recounted(divided)
        if left := _uncounted(divided):
            undone.before["left"] = [*undone.left, left]
            undone.save(update_fields=("before",))
        return undone


def _uncounted(divided: Divided) -> str:
    """Say which usage stays where it is, for want of events to count it by."""
    horizon = (
        EventHorizon.objects.filter(
            Q(workspace=divided.correction.workspace_id) | Q(workspace=None)
        )
        .order_by("-day")
        .first()
    )
    if horizon is None or not divided.recount:
        return ""
    old = DailyUsage.objects.filter(
        developer_id__in=divided.recount, day__lt=horizon.day
    )
    if not old.exists():
        return ""
    return (
        f"Use from before {horizon.day} stays where it is: its events are not kept any"
        " more."
    )


def _recounted(divided: Divided) -> Correction:
    # The workspace's usage is already ours alone: whoever moved the pointers locked it.
    with connection.cursor() as cursor:
        recount_developers(cursor, divided.recount)
    return divided.correction
