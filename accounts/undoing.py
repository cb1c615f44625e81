"""Takes corrections back, each kind in its way, and what that shares with making them.

Corrections are taken back in reverse where they stand on each other: one that meets
people changed since says so and does nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.models import Q

from accounts.errors import AccountsError
from accounts.hanging import give_back_hanging
from accounts.merging import (
    drop_developers,
    lock_developers,
    move_usage,
)
from accounts.models import Account, Correction, Developer, Identity
from accounts.score_store import rescore_accounts
from accounts.stage_merging import reopen_stays
from accounts.statements import statement

PLACE = ("account_id", "rule", "confidence", "rule_detail")
CHANGED_SINCE = "A later correction stands on this one: undo that first."


@dataclass(frozen=True, slots=True)
class Undone:
    """What follows from a correction that was taken back."""

    # Developers whose usage is to be counted again.
    recount: tuple[int, ...] = ()
    # What could not be as it was, each in a sentence.
    left: tuple[str, ...] = ()


def lock(cursor: CursorWrapper, workspace_id: int, *developers: int) -> None:
    """Lock developers until the transaction ends.

    Raises:
        AccountsError: one of them is gone.
    """
    if lock_developers(cursor, workspace_id, developers) != set(developers):
        raise AccountsError("The developer is gone: merged with another one?")


def place_of(developer: Developer) -> dict[str, Any]:
    """Return a developer's account with the rule that gave it."""
    return {name: getattr(developer, name) for name in PLACE}


def put(developer: Developer, place: Mapping[str, Any]) -> None:
    """Give a developer an account; the scores of both accounts follow at once."""
    before = developer.account_id
    for name in PLACE:
        setattr(developer, name, place[name])
    developer.account_id = _existing(place["account_id"])
    developer.save(update_fields=("account", *PLACE[1:]))
    changed = {before, developer.account_id} - {None}
    if before != developer.account_id:
        rescore_accounts([number for number in changed if number is not None])


def settle(cursor: CursorWrapper, workspace_id: int, developers: Sequence[int]) -> None:
    """Make times seen follow the identities that developers have now; queue scoring."""
    cursor.execute(
        statement("correction_settle"),
        {"workspace": workspace_id, "developers": list(developers)},
    )


def undo_merge(cursor: CursorWrapper, correction: Correction) -> Undone:
    """Bring the other developer back, under their old number, with their identities."""
    before = correction.before
    was, other_was = before["keep"], before["other"]
    _lock_for_undo(cursor, correction, was["id"])
    # None: they had none left, after a split or a merge that was undone.
    identities = before["identities"] or []
    if identities and not _still_with(was["id"], identities):
        raise _changed_since(correction)
    keep = Developer.objects.get(pk=was["id"])
    other = _row(other_was)
    other.account_id = _existing(other.account_id)
    other.save(force_insert=True)
    left = [
        *_elsewhere(keep.pk, identities),
        *_without_account(other, other_was["account_id"]),
    ]
    cursor.execute(
        statement("correction_give_back"),
        {
            "from": keep.pk,
            "to": other.pk,
            "by_rule": before["by_rule"],
            "identities": json.dumps(identities),
        },
    )
    give_back_hanging(cursor, before, source=keep.pk, target=other.pk)
    reopen_stays(cursor, before)
    keep.identities.filter(pk__in=before["keep_apart"] or ()).update(kept_apart=True)
    _give_up(keep, was, other_was)
    people = (keep.pk, other.pk)
    settle(cursor, correction.workspace_id, people)
    return Undone(people, tuple(left))


def undo_split(cursor: CursorWrapper, correction: Correction) -> Undone:
    """Put the identity back; its own developer goes when nothing else is left."""
    before, number = correction.before, correction.before["identity"]["id"]
    _lock_for_undo(cursor, correction, before["from"], before["to"])
    if not _still_with(before["to"], [before["identity"]]):
        raise _changed_since(correction)
    Identity.objects.filter(pk=number).update(
        developer_id=before["from"],
        joined_by=before["identity"]["joined_by"],
        kept_apart=before["identity"]["kept_apart"],
    )
    old = Developer.objects.get(pk=before["from"])
    new = Developer.objects.get(pk=before["to"])
    accounts = [number for number in (new.account_id,) if number is not None]
    divided = new.identities.exists()
    people = (old.pk, new.pk) if divided else (old.pk,)
    if not divided:
        # All of its usage goes back as it is, older days too than events are kept.
        move_usage(cursor, [(new.pk, old.pk)])
        drop_developers(cursor, correction.workspace_id, gone=[new.pk], stay=[old.pk])
        rescore_accounts(accounts)
    settle(cursor, correction.workspace_id, people)
    old.refresh_from_db()
    if place_of(old) == before["place_after"] != before["place"]:
        put(old, before["place"])
    left = [f"{new} stays: other identities joined them since."] if divided else []
    return Undone(people if divided else (), tuple(left))


def undo_move(cursor: CursorWrapper, correction: Correction) -> Undone:
    """Put the developer back to where they were."""
    [number] = correction.developer_ids
    _lock_for_undo(cursor, correction, number)
    developer = Developer.objects.get(pk=number)
    before = correction.before
    now = (developer.rule, developer.account_id)
    if now != ("hand", _existing(before["moved_to"])):
        raise _changed_since(correction)
    put(developer, before["place"])
    return Undone(
        left=tuple(_without_account(developer, before["place"]["account_id"]))
    )


def _lock_for_undo(
    cursor: CursorWrapper, correction: Correction, *developers: int
) -> None:
    found = lock_developers(cursor, correction.workspace_id, developers)
    if found != set(developers):
        raise _changed_since(correction, "The developer is gone. ")


def _changed_since(correction: Correction, why: str = "") -> AccountsError:
    """Return the refusal that names what stands on a correction."""
    same = Q()
    for number in correction.developer_ids:
        same |= Q(developer_ids__contains=[number])
    later = Correction.objects.filter(
        same,
        workspace=correction.workspace_id,
        pk__gt=correction.pk,
        undone_at__isnull=True,
    ).first()
    if later is None:
        return AccountsError(f"{why}It cannot be taken back any more.")
    at = f"{later.created_at:%Y-%m-%d %H:%M} UTC"
    return AccountsError(
        f"{why}{CHANGED_SINCE} It is number {later.pk}, {later}, {at}."
    )


def _elsewhere(developer: int, identities: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the identities that moved on since, and so do not come back."""
    numbers = [identity["id"] for identity in identities]
    moved = Identity.objects.filter(pk__in=numbers).exclude(developer_id=developer)
    return [
        f"{one.value} stays with {one.developer}: a later correction put it there."
        for one in moved.select_related("developer").order_by("pk")
    ]


def _without_account(developer: Developer, account: int | None) -> list[str]:
    if account is None or developer.account_id is not None:
        return []
    return [f"{developer} is of no company: the one of before was deleted since."]


def _still_with(developer: int, identities: Sequence[Mapping[str, Any]]) -> bool:
    numbers = [identity["id"] for identity in identities]
    return Identity.objects.filter(pk__in=numbers, developer_id=developer).exists()


def _row(data: Mapping[str, Any]) -> Developer:
    """Make a developer of a remembered row; columns added since get their defaults."""
    columns = {field.attname for field in Developer._meta.concrete_fields}  # noqa: SLF001
    return Developer(**{name: data[name] for name in columns & data.keys()})


def _existing(account: int | None) -> int | None:
    """Return the account's number unless it was deleted since."""
    if account is None or not Account.objects.filter(pk=account).exists():
        return None
    return account


def _give_up(keep: Developer, was: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Take from a developer what came from the other one and is unchanged since."""
    if keep.display_name == other["display_name"]:
        keep.display_name = was["display_name"]
    keep.traits = {
        name: value
        for name, value in keep.traits.items()
        if name in was["traits"] or other["traits"].get(name) != value
    }
    keep.save(update_fields=("display_name", "traits"))
    place = {name: was[name] for name in PLACE}
    came_along = place_of(keep) == {name: other[name] for name in PLACE}
    if came_along and place_of(keep) != place:
        put(keep, place)
