"""Whose account a reamaze request is for, and whether its authkey is right.

Source: contracts/reamaze.md, Routes and authkey.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from accounts.errors import AccountsError
from accounts.models.workspace import SLUG_PATTERN
from accounts.sealing import unseal
from ingest import commit
from ingest.app_ids import Memory
from ingest.dialects import fields
from ingest.dialects.fields import Complaints
from ingest.dialects.reamaze.form import User
from ingest.prepared import Prepared
from ingest.refusals import Reason, Refused

FIND_ACCOUNT = Prepared("reamaze_account")
FIND_KEYS = Prepared("reamaze_keys")
SLUG = re.compile(SLUG_PATTERN)
# What comes behind the account where it stands in the path.
DATA = "data"


class Account(NamedTuple):
    """A workspace as senders of this dialect know it."""

    workspace_id: int
    slug: str
    accepts_authkey_alone: bool
    # Secret that the vendor's own plug-ins sign with, or "".
    sso_secret: str
    # Texts of the keys that an authkey may be made with.
    tokens: tuple[str, ...]


# By slug, and by the workspace's number.
_accounts: Memory[Account] = Memory()


def forget() -> None:
    """Ask the database about every account the next time."""
    _accounts.clear()


def account_of(workspace_id: int) -> Account | None:
    """Return the account of a key's workspace.

    Raises:
        StoreUnavailable: the database cannot be asked.
    """
    return _find(f"#{workspace_id}", slug="", number=workspace_id)


def account_called(slug: str) -> Account | None:
    """Return the account of this name; raises as `account_of`."""
    # What can be no slug, a NUL say, is no question for the database.
    if not SLUG.fullmatch(slug):
        return None
    return _find(slug, slug=slug, number=0)


def named_account(request: HttpRequest, also: str = "") -> Account | None:
    """Return the account that path and host (and a browser's body) name, if any does.

    Raises:
        Refused: two of them disagree, or there is no such account.
        StoreUnavailable: the database cannot be asked.
    """
    names = {name.lower() for name in (_in_path(request), also) if name}
    label, is_certain = _in_host(request.META.get("HTTP_HOST", ""))
    if label and (is_certain or account_called(label) is not None):
        names.add(label)
    if not names:
        return None
    if len(names) > 1:
        words = " and ".join(sorted(names))
        raise wrong_account(f"the request names two accounts: {words}")
    name = names.pop()
    account = account_called(name)
    if account is None:
        raise wrong_account(f"there is no account {name}")
    return account


def wrong_account(message: str) -> Refused:
    """Return the refusal of a request whose account cannot be right."""
    return Refused(Reason.WRONG_ACCOUNT, message)


def matching_token(account: Account, tokens: Iterable[str], user: User) -> str | None:
    """Return the API key that the user's authkey proves, or None when it is wrong.

    An authkey made with the workspace's SSO secret proves the first of the keys.
    Every comparison is made, in constant time, whichever of them is the right one.
    """
    candidates = list(tokens)
    user_id, email = _as_hashed(user.id), _as_hashed(user.email)
    given = _as_hashed(user.authkey).strip().lower().encode()
    found: str | None = None
    if account.sso_secret and email:
        signed = hmac.new(
            account.sso_secret.encode(), f"{user_id}:{email}".encode(), hashlib.sha256
        )
        is_right = hmac.compare_digest(signed.hexdigest().encode(), given)
        if is_right and candidates:
            found = candidates[0]
    for token in candidates:
        expected = hashlib.sha256(f"{user_id}:{token}".encode()).hexdigest()
        if hmac.compare_digest(expected.encode(), given):
            found = token
    return found


def _find(name: str, *, slug: str, number: int) -> Account | None:
    is_remembered, account = _accounts.get(name)
    if is_remembered:
        return account
    rows = commit.ask(FIND_ACCOUNT, {"slug": slug, "id": number})
    found = _account(*rows[0]) if rows else None
    _accounts.put(name, found)
    return found


def _account(workspace_id: int, slug: str, alone: bool, sealed: str) -> Account:  # noqa: FBT001 (a row)
    keys = commit.ask(FIND_KEYS, {"workspace_id": workspace_id})
    return Account(
        workspace_id=workspace_id,
        slug=slug,
        accepts_authkey_alone=alone,
        sso_secret=_opened(sealed),
        tokens=tuple(token for (key,) in keys if (token := _opened(key))),
    )


def _opened(sealed: str) -> str:
    """Return a sealed secret, or "" for none and for one that is lost to us."""
    try:
        return unseal(sealed) if sealed else ""
    except AccountsError:
        return ""


def _as_hashed(value: fields.Scalar) -> str:
    """Return a field as its sender has hashed it: text as it is, a number in digits."""
    return value if isinstance(value, str) else fields.text(Complaints(), "", value)


def _in_path(request: HttpRequest) -> str:
    """Return the account in front of ``/data/…``, or ""."""
    first, _, rest = request.path_info.strip("/").partition("/")
    return first if rest.startswith(f"{DATA}/") and first != DATA else ""


def _in_host(host: str) -> tuple[str, bool]:
    """Return the first label of a host, and whether it can only be an account.

    Our own address names none, an IP address neither. Where our address is known, what
    stands before it is an account; elsewhere the label may be just a computer's name.
    """
    name = host.strip().lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    label, dot, rest = name.rstrip(".").partition(".")
    ours = (urlsplit(settings.PUBLIC_URL).hostname or "").lower()
    if not dot or name == ours or fields.canonical_address(name):
        return "", False
    return label, bool(ours) and (rest == ours or rest.endswith(f".{ours}"))
