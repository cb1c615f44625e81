"""Where this installation keeps what is its own, and how sockets in it are reached."""

import hashlib
import os
from pathlib import Path

from config.engines.errors import EngineError
from config.env import env_str

REPOSITORY = Path(__file__).resolve().parents[2]
# The kernel takes 107 bytes on Linux and 103 on macOS; the longest socket name we
# append is "/postgres/.s.PGSQL.5432".
LONGEST_SOCKET_PATH = 100
ALIAS_HOME = Path("/tmp")  # noqa: S108 (ownership is checked in make_alias)


def data_dir() -> Path:
    """Return the directory of databases, logs and secrets; it may not exist yet."""
    given = env_str("UPTICK_DATA_DIR")
    return Path(given).absolute() if given else REPOSITORY / ".data"


def make_data_dir(*names: str, mode: int = 0o700) -> Path:
    """Create ``data_dir()/names`` and return it; only we may enter the last part."""
    directory = data_dir()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            directory /= name
            directory.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise EngineError(f"Cannot create {directory}: {error.strerror}") from None
    return directory


def socket_path(*names: str) -> Path:
    """Return a path to a socket under the data directory that is short enough.

    A long one goes through a symbolic link with a fixed name, so that every process
    of this account computes the same address without asking.
    """
    home = _alias() if _is_too_long() else data_dir()
    return home.joinpath(*names)


def make_alias() -> None:
    """Create the short link when the data directory needs one.

    Raises:
        EngineError: the name is taken by something that is not our own link.
    """
    if not _is_too_long():
        return
    alias = _alias()
    try:
        alias.symlink_to(data_dir())
    except FileExistsError:
        ours = alias.is_symlink() and alias.lstat().st_uid == os.geteuid()
        if not ours or alias.readlink() != data_dir():
            raise EngineError(
                f"{alias} is in the way; remove it or set UPTICK_DATA_DIR"
            ) from None


def _is_too_long() -> bool:
    """Judge by the longest socket, so that all of them go the same way."""
    longest = data_dir() / "postgres" / ".s.PGSQL.5432"
    return len(os.fsencode(longest)) > LONGEST_SOCKET_PATH


def _alias() -> Path:
    digest = hashlib.sha256(os.fsencode(data_dir())).hexdigest()[:12]
    return ALIAS_HOME / f"uptick-{os.geteuid()}-{digest}"
