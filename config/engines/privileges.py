"""Which account a server runs as, and what that account can reach.

PostgreSQL refuses to run as root. Started by root we give it another account, without
changing the permissions of anything that is not ours.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from config.engines.errors import EngineError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the system, by number."""

    user: int
    group: int


def server_account(directory: Path) -> Account | None:
    """Return who owns or shall own ``directory``, or None for ourselves.

    Raises:
        EngineError: the directory is another's, or this account has no name.
    """
    ours = os.geteuid()
    owner = directory.stat() if directory.exists() else None
    if ours == 0:
        if owner is not None and owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
        return _unprivileged()
    if owner is not None and owner.st_uid != ours:
        raise EngineError(
            f"{directory} belongs to {_name(owner.st_uid)}: run as that account, "
            "as root, or set UPTICK_DATA_DIR"
        )
    return None


def require_name(account: Account | None) -> str:
    """Return the account's login name, which initdb looks up.

    Raises:
        EngineError: the user id has no entry, as on some container platforms.
    """
    user = os.geteuid() if account is None else account.user
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        raise EngineError(
            f"User id {user} has no name on this machine and PostgreSQL needs one: "
            "add it to /etc/passwd, or set DATABASE_URL"
        ) from None


def can_reach(path: Path, account: Account | None) -> bool:
    """Tell whether the account may enter every directory above ``path`` and read it."""
    if account is None:
        return os.access(path, os.R_OK)
    path = path.resolve()
    return all(_allows(parent, account, stat.S_IXOTH) for parent in path.parents) and (
        _allows(path, account, stat.S_IROTH)
    )


def _allows(path: Path, account: Account, bit: int) -> bool:
    """Apply the mode bits; ``bit`` is the one for everybody else."""
    facts = path.stat()
    if facts.st_uid == account.user:
        bit <<= 6
    elif facts.st_gid == account.group:
        bit <<= 3
    return bool(facts.st_mode & bit)


def _unprivileged() -> Account:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EngineError(
        "PostgreSQL does not run as root, and there is neither a postgres nor a nobody "
        "account: run as an ordinary user, or set DATABASE_URL"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
