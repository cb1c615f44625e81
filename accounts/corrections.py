"""Corrections of who is who: merge, split, move, and taking each of them back.

What a correction keeps in ``before``:

- merge: ``by_rule``, whether no person decided; ``keep`` and ``other``, both developers
  as rows; ``identities`` of the other with their rule and whether they were kept apart;
  ``keep_apart``, the identities of ``keep`` that were kept apart until then;
  ``hanging``, by table, what else hung on the other one (`accounts.hanging`);
  ``ended_stages``, the stays in stages that the merge ended.
- split: ``identity`` with its rule and whether it was kept apart, ``from`` and ``to``,
  the developers by id, and ``place`` and ``place_after`` of the first.
- move: ``place`` until then and ``moved_to``, the account since.
- ``left``, once it was taken back: what could not be as it was, in sentences.

A place is ``account_id``, ``rule``, ``confidence`` and ``rule_detail``.

Usage is re-keyed here where whole developers move. Where one is divided, it must be
counted again from events, which this app does not know: `ingest.split` does both.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.attribution.reattribute import reattribute_developers
from accounts.audit import record
from accounts.errors import AccountsError
from accounts.kinds import derived_name
from accounts.locks import own_usage
from accounts.merging import Pair, merge_pairs
from accounts.models import (
    Account,
    AuditEntry,
    Correction,
    Developer,
    Identity,
    User,
)
from accounts.models.developer import CONFIDENCE, AttributionRule
from accounts.undoing import (
    Undone,
    lock,
    place_of,
    put,
    settle,
    undo_merge,
    undo_move,
    undo_split,
)

UNDO: dict[str, Callable[[CursorWrapper, Correction], Undone]] = {
    Correction.Kind.MERGE: undo_merge,
    Correction.Kind.SPLIT: undo_split,
    Correction.Kind.MOVE: undo_move,
}


@dataclass(frozen=True, slots=True)
class Divided:
    """A correction that divided usage, and whose usage is to be counted again."""

    correction: Correction
    # Developers whose daily usage no longer agrees with their events; may be empty.
    recount: tuple[int, ...] = ()


def merge_developers(
    keep: Developer,
    other: Developer,
    *,
    actor: User | None,
    reason: str = "",
    ip: str | None = None,
) -> Correction:
    """Make one developer of two: ``keep`` stays, ``other`` is gone.

    Identities and usage move, the surer account wins, a correction by hand before all
    others. Without an ``actor`` an operator did it at the command line.

    Raises:
        AccountsError: they cannot be one person, or one of them is gone.
    """
    if keep.pk == other.pk:
        raise AccountsError("A developer cannot be merged with themselves.")
    if keep.workspace_id != other.workspace_id:
        raise AccountsError("The developers belong to different workspaces.")
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, keep.workspace_id)
        lock(cursor, keep.workspace_id, keep.pk, other.pk)
        if Developer.objects.filter(pk__in=(keep.pk, other.pk), is_aggregate=True):
            raise AccountsError("Pre-counted use of a company is not a person.")
        pair = Pair(keep.pk, other.pk, reason or "Merged by hand")
        [number] = merge_pairs(
            cursor,
            keep.workspace_id,
            [pair],
            by_hand=True,
            actor_id=actor.pk if actor else None,
        )
        correction = Correction.objects.get(pk=number)
        _audit(correction, f"{other} merged into {keep}", actor, ip)
    keep.refresh_from_db()
    return correction


def move_developer(
    developer: Developer,
    account: Account | None,
    *,
    actor: User | None,
    reason: str = "",
    ip: str | None = None,
) -> Correction:
    """Say which account a developer belongs to, or that it is none. Wins for ever.

    Raises:
        AccountsError: the account is of another workspace, or the developer is gone.
    """
    if account is not None and account.workspace_id != developer.workspace_id:
        raise AccountsError("The account belongs to another workspace.")
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, developer.workspace_id)
        lock(cursor, developer.workspace_id, developer.pk)
        developer.refresh_from_db()
        correction = Correction.objects.create(
            workspace_id=developer.workspace_id,
            kind=Correction.Kind.MOVE,
            actor=actor,
            reason=reason[:200],
            before={
                "place": place_of(developer),
                "moved_to": account.pk if account else None,
            },
            developer_ids=[developer.pk],
        )
        put(
            developer,
            {
                "account_id": account.pk if account else None,
                "rule": AttributionRule.HAND,
                "confidence": CONFIDENCE[AttributionRule.HAND],
                "rule_detail": f"Moved by {actor or 'an operator'}",
            },
        )
        where = f"to {account}" if account else "out of every account"
        _audit(correction, f"{developer} moved {where}", actor, ip)
    return correction


def split_identity_pointers(
    identity: Identity,
    *,
    actor: User | None,
    reason: str = "",
    ip: str | None = None,
) -> Divided:
    """Make an identity a developer of its own; no rule will join it again.

    Call it inside a transaction that then counts the usage of ``recount`` again.

    Raises:
        AccountsError: it is the developer's only identity, or is gone.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, identity.workspace_id)
        identity.refresh_from_db()
        lock(cursor, identity.workspace_id, identity.developer_id)
        old = identity.developer
        if not old.identities.exclude(pk=identity.pk).exists():
            raise AccountsError("It is the only identity of its developer.")
        new = Developer.objects.create(
            workspace_id=identity.workspace_id,
            display_name=derived_name(identity.kind, identity.value),
        )
        correction = Correction.objects.create(
            workspace_id=identity.workspace_id,
            kind=Correction.Kind.SPLIT,
            actor=actor,
            reason=reason[:200],
            before={
                "identity": {
                    "id": identity.pk,
                    "joined_by": identity.joined_by,
                    "kept_apart": identity.kept_apart,
                },
                "from": old.pk,
                "to": new.pk,
                "place": place_of(old),
            },
            developer_ids=[old.pk, new.pk],
        )
        identity.developer = new
        identity.joined_by = ""
        identity.kept_apart = True
        identity.save(update_fields=("developer", "joined_by", "kept_apart"))
        people = (old.pk, new.pk)
        settle(cursor, old.workspace_id, people)
        reattribute_developers(cursor, people)
        old.refresh_from_db()
        correction.before["place_after"] = place_of(old)
        correction.save(update_fields=("before",))
        _audit(correction, f"{identity} split off from {old}", actor, ip)
    return Divided(correction, people)


def undo_pointers(
    correction: Correction, *, actor: User | None, ip: str | None = None
) -> Divided:
    """Take a correction back, whatever its kind.

    Call it inside a transaction that then counts the usage of ``recount`` again.

    Raises:
        AccountsError: it was undone before, or a later correction stands on it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, correction.workspace_id)
        correction = Correction.objects.select_for_update(of=("self",)).get(
            pk=correction.pk
        )
        if correction.undone_at is not None:
            raise AccountsError("It was undone before.")
        if not correction.before:
            raise AccountsError("A developer that it was about has been erased.")
        undone = UNDO[correction.kind](cursor, correction)
        correction.undone_at = timezone.now()
        correction.undone_by = actor
        correction.before["left"] = list(undone.left)
        correction.save(update_fields=("undone_at", "undone_by", "before"))
        record(
            workspace=correction.workspace,
            action=AuditEntry.Action.CORRECTION_UNDONE,
            subject=f"{correction.get_kind_display()} ({correction.pk})",
            actor=actor,
            ip=ip,
        )
    return Divided(correction, undone.recount)


def _audit(
    correction: Correction, subject: str, actor: User | None, ip: str | None
) -> None:
    record(
        workspace=correction.workspace,
        action=AuditEntry.Action.CORRECTION_MADE,
        subject=subject,
        actor=actor,
        ip=ip,
        detail={"correction": correction.pk, "reason": correction.reason},
    )
