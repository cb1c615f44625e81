"""Hand-picked lists: making them, and who is on them.

An entry is a domain or an address. It stands for an account or a developer as soon as
one is known by it; until then it waits, so that a list may name companies that have
never come.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from accounts.attribution.domains import registrable_domain
from accounts.audit import record
from accounts.errors import AccountsError
from accounts.kinds import guess_kind, normalise
from accounts.models import (
    Account,
    AuditEntry,
    CuratedList,
    Developer,
    Identity,
    ListEntry,
    Subject,
    User,
    Workspace,
)
from accounts.statements import statement

# In one call of the API or of `add_entries`.
MOST_ENTRIES = 1000
# As JSON text, of what comes along with a list or with one of its entries.
LONGEST_DATA = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Someone to put on a list: a domain or an address, and what came along."""

    value: str
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that cannot be on a list, and why, in a sentence."""

    index: int
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Added:
    """What adding entries did."""

    added: int = 0
    known: int = 0
    refused: tuple[Refused, ...] = ()


def create_list(
    workspace: Workspace,
    *,
    name: str,
    subject: str,
    description: str = "",
    is_exclude: bool = False,
    mapping: Mapping[str, Any] | list[Any] | None = None,
    actor: User | None = None,
    via: str = "",
) -> CuratedList:
    """Make an empty list; ``via`` names an API key, if one did.

    Raises:
        AccountsError: the name is taken or too long, or the subject is unknown.
    """
    made = CuratedList(
        workspace=workspace,
        subject=subject,
        name=name.strip(),
        description=description,
        is_exclude=is_exclude,
        mapping=_kept(mapping or {}),
        created_by=actor,
    )
    try:
        made.full_clean()
    except ValidationError as error:
        raise AccountsError(" ".join(error.messages)) from None
    try:
        with transaction.atomic():
            made.save()
            _audit(made, AuditEntry.Action.LIST_CREATED, actor, via)
    except IntegrityError:
        raise AccountsError("This workspace has a list of that name.") from None
    return made


def change_list(curated: CuratedList, *, actor: User | None = None) -> None:
    """Save a list's name, description and kind as they were set, audited."""
    with transaction.atomic():
        curated.save(update_fields=("name", "description", "is_exclude"))
        exclude = int(curated.is_exclude)
        _audit(curated, AuditEntry.Action.LIST_CHANGED, actor, is_exclude=exclude)


def delete_list(
    curated: CuratedList, *, actor: User | None = None, via: str = ""
) -> None:
    """Delete a list and its entries; those who were on it stay as they are."""
    with transaction.atomic():
        number = curated.entries.count()
        _audit(curated, AuditEntry.Action.LIST_DELETED, actor, via, entries=number)
        curated.delete()


def clean_value(subject: str, value: str) -> str:
    """Return the one form in which an entry's value is stored.

    Raises:
        AccountsError: it is no domain of a company, or no e-mail address.
    """
    if subject == Subject.ACCOUNT:
        domain = registrable_domain(value)
        if domain is None:
            raise AccountsError(f"“{value[:100]}” is no domain such as example.com.")
        return domain
    if guess_kind(value) != Identity.Kind.EMAIL:
        raise AccountsError(f"“{value[:100]}” is no e-mail address.")
    return normalise(Identity.Kind.EMAIL, value)


def judge_entries(
    subject: str, entries: Iterable[Entry]
) -> tuple[dict[str, dict[str, Any]], list[Refused]]:
    """Return what can be put on a list, by stored value, and what cannot.

    A value that comes twice counts once; the later one's data wins.
    """
    good: dict[str, dict[str, Any]] = {}
    refused = []
    for index, entry in enumerate(entries):
        try:
            value = clean_value(subject, entry.value)
            data = _clean_data(entry.data)
        except AccountsError as error:
            refused.append(Refused(index, entry.value[:320], str(error)))
        else:
            good[value] = {**good.get(value, {}), **data}
    return good, refused


def add_entries(
    curated: CuratedList,
    entries: Sequence[Entry],
    *,
    actor: User | None = None,
    via: str = "",
) -> Added:
    """Put up to `MOST_ENTRIES` on a list, the good ones although others are not.

    Someone who is on it already stays, with new data beside the old. One statement.

    Raises:
        AccountsError: these are more than `MOST_ENTRIES`.
    """
    if len(entries) > MOST_ENTRIES:
        raise AccountsError(f"At most {MOST_ENTRIES:,} entries can be added at a time.")
    good, refused = judge_entries(curated.subject, entries)
    added = 0
    if good:
        with transaction.atomic(), connection.cursor() as cursor:
            # Two at a time would not see that both put the same account on it.
            CuratedList.objects.select_for_update().get(pk=curated.pk)
            cursor.execute(
                statement("list_add"),
                {
                    "list": curated.pk,
                    "workspace": curated.workspace_id,
                    "subject": curated.subject,
                    "actor": actor.pk if actor else None,
                    "values": list(good),
                    "data": [json.dumps(data) for data in good.values()],
                },
            )
            added = sum(is_new for (is_new,) in cursor.fetchall())
            if added:
                action = AuditEntry.Action.LIST_CHANGED
                _audit(curated, action, actor, via, added=added)
    return Added(added, len(good) - added, tuple(refused))


def pick(
    curated: CuratedList, one: Account | Developer, *, actor: User | None
) -> ListEntry:
    """Put an account or developer on a list, under the value they are known by."""
    if isinstance(one, Account) != (curated.subject == Subject.ACCOUNT):
        raise AccountsError(
            f"“{curated}” is a list of {curated.get_subject_display()}."
        )
    if one.workspace_id != curated.workspace_id:
        raise AccountsError("The list belongs to another workspace.")
    place: dict[str, Account | Developer]
    if isinstance(one, Account):
        value, place = one.domain, {"account": one}
    else:
        address = one.identities.filter(kind=Identity.Kind.EMAIL).first()
        value, place = address.value if address else "", {"developer": one}
    with transaction.atomic():
        CuratedList.objects.select_for_update().get(pk=curated.pk)
        known = curated.entries.filter(**place).first()
        if known is None and value:
            known = curated.entries.filter(value=value).first()
        if known is not None:
            return known
        entry = ListEntry.objects.create(
            workspace_id=curated.workspace_id,
            curated_list=curated,
            value=value,
            added_by=actor,
            **place,
        )
        _audit(curated, AuditEntry.Action.LIST_CHANGED, actor, added=1)
    return entry


def remove_entries(
    curated: CuratedList,
    entries: QuerySet[ListEntry],
    *,
    actor: User | None = None,
    via: str = "",
) -> int:
    """Take entries off their list; return how many."""
    with transaction.atomic():
        number, _ = entries.filter(curated_list=curated).delete()
        if number:
            _audit(curated, AuditEntry.Action.LIST_CHANGED, actor, via, removed=number)
    return number


def resolve_waiting() -> int:
    """Find whom waiting entries stand for; return how many were found.

    One statement for all workspaces; safe to repeat.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("list_resolve"))
        found: int = cursor.rowcount
    return found


def _clean_data(data: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict(_kept(data or {}))


def _kept(data: Any) -> Any:
    """Return JSON as it came, if it can be kept."""
    try:
        # What PostgreSQL takes: no endless numbers, no halves of surrogate pairs.
        text = json.dumps(data, allow_nan=False)
        json.dumps(data, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise AccountsError("What comes along must be JSON that can be kept.") from None
    if len(text) > LONGEST_DATA:
        raise AccountsError(
            f"What comes along may have {LONGEST_DATA:,} characters of JSON."
        )
    if "\\u0000" in text:
        raise AccountsError("What comes along holds a NUL character.")
    return data


def _audit(
    curated: CuratedList,
    action: AuditEntry.Action,
    actor: User | None,
    via: str = "",
    **numbers: int,
) -> None:
    detail: dict[str, Any] = {**numbers, **({"via": via} if via else {})}
    record(
        workspace=curated.workspace,
        action=action,
        subject=f"List {curated.name}",
        actor=actor,
        detail=detail,
    )
