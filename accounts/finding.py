"""Finds the one developer or account that somebody means by what they type."""

from typing import TypeVar

from django.db.models import Q, QuerySet

from accounts.errors import AccountsError
from accounts.kinds import normalise
from accounts.models import Account, Developer, Identity, Workspace
from accounts.numbers import row_number

Row = TypeVar("Row", Account, Developer, Identity)


def find_developer(workspace: Workspace, text: str) -> Developer:
    """Return a developer by number, by ``#number`` or by any identity.

    An identity may be written as events carry it or as people write it.

    Raises:
        AccountsError: it is nobody, or several.
    """
    number = _number(text)
    wanted = Q(pk__in=_identities(workspace, text).values("developer"))
    if number is not None:
        wanted |= Q(pk=number)
    found = Developer.objects.in_workspace(workspace).filter(wanted)
    return _only_one(found, "developer", text)


def find_identity(workspace: Workspace, text: str) -> Identity:
    """Return an identity by its number, its value, or ``kind:value``.

    Raises:
        AccountsError: there is none, or there are several.
    """
    number = _number(text)
    wanted = Q(pk__in=_identities(workspace, text).values("pk"))
    if number is not None:
        wanted |= Q(pk=number)
    found = Identity.objects.in_workspace(workspace).filter(wanted)
    return _only_one(found.select_related("developer"), "identity", text)


def find_account(workspace: Workspace, text: str) -> Account:
    """Return an account by ``#number``, domain, further domain or name.

    Raises:
        AccountsError: there is none, or there are several.
    """
    text = text.strip()
    wanted = (
        Q(domain=text.lower()) | Q(domains__domain=text.lower()) | Q(name__iexact=text)
    )
    number = _number(text)
    if number is not None:
        wanted |= Q(pk=number)
    found = Account.objects.in_workspace(workspace).filter(wanted)
    return _only_one(found.distinct(), "account", text)


def _identities(workspace: Workspace, text: str) -> QuerySet[Identity]:
    """Return identities of this value, in any way of writing it."""
    text = text.strip()
    kind, colon, rest = text.partition(":")
    wanted = Q()
    if colon and kind in Identity.Kind.values:
        wanted |= Q(kind=kind, value=normalise(kind, rest))
    for each in Identity.Kind.values:
        wanted |= Q(kind=each, value=normalise(each, text))
    return Identity.objects.in_workspace(workspace).filter(wanted).exclude(value="")


def _number(text: str) -> int | None:
    return row_number(text.strip().removeprefix("#"))


def _only_one(rows: QuerySet[Row], what: str, text: str) -> Row:
    if "\0" in text:
        raise AccountsError(f"There is no such {what}.")
    found = list(rows[:2])
    if not found:
        raise AccountsError(f"There is no {what} “{text}”.")
    if len(found) > 1:
        raise AccountsError(f"“{text}” is more than one {what}; say which.")
    return found[0]
