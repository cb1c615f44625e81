"""The embedded PostgreSQL: a private server on a socket that only we may enter.

Nothing listens on TCP, no account is created and no permission outside the data
directory is changed. ``DATABASE_URL`` replaces all of this.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO
from urllib.parse import quote

from config.engines.binaries import Binaries, find_binaries, reachable_by
from config.engines.errors import EngineError
from config.engines.keeper import Spec
from config.engines.lease import Server
from config.engines.machine import has_shared_memory, memory_bytes
from config.engines.paths import data_dir, make_alias, make_data_dir, socket_path
from config.engines.privileges import Account, can_reach, require_name, server_account
from config.engines.processes import exists, processes_in

NAME = "uptick"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
# A directory below one that the server's account cannot enter is still reachable as
# the working directory it inherits. Both names are resolved by the server itself.
HERE = "/proc/self/cwd"
MIB = 1024 * 1024
ORPHAN_SECONDS = 60.0


def url() -> str:
    """Return the address of the embedded database, running or not."""
    host = quote(str(socket_path("postgres")), safe="")
    return f"postgresql://{NAME}@/{NAME}?host={host}"


def server(*, durable: bool, quiet: bool) -> Server:
    """Return how to lease the server.

    ``durable=False`` skips fsync, for tests; ``quiet`` says nothing when a database
    is made.
    """
    return Server(
        name="postgres",
        title="PostgreSQL",
        prepare=lambda log: _prepare(log, durable=durable, quiet=quiet),
        answers=_answers,
    )


def _answers() -> bool:
    """Tell whether the server has finished recovery and listens."""
    try:
        lines = (data_dir() / "postgres" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    if not lines or lines[-1].strip() != "ready":
        return False
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(socket_path("postgres", SOCKET))) == 0


def _prepare(log: Path, *, durable: bool, quiet: bool) -> Spec:
    directory = data_dir() / "postgres"
    make_data_dir()
    make_alias()
    account = server_account(directory)
    binaries = find_binaries(_major_of(directory))
    if account is not None:
        binaries = reachable_by(binaries, account)
    if not directory.exists():
        if not quiet:
            print(
                f"Creating a PostgreSQL {binaries.version} database in {directory}",
                file=sys.stderr,
            )
        _create(directory, binaries, account, log=log, durable=durable)
    _end_orphans(directory)
    _write_access_rules(directory, account)
    where = str(directory) if can_reach(directory.parent, account) else HERE
    options = {**_settings(), **({} if durable else NOT_DURABLE)}
    return Spec(
        argv=[binaries.program("postgres"), "-D", where]
        + [part for key, value in options.items() for part in ("-c", f"{key}={value}")],
        cwd=str(directory),
        env=_environment(),
        user=account.user if account else None,
        group=account.group if account else None,
        stop_signal=signal.SIGINT,  # "Fast": roll back what runs, then write and end.
        log=str(log),
        users="",
    )


def _major_of(directory: Path) -> int | None:
    """Return the version that made the data directory; no other can open it."""
    if not directory.exists():
        return None
    try:
        return int((directory / "PG_VERSION").read_text())
    except PermissionError:
        return None  # server_account has the clear words for this.
    except (OSError, ValueError):
        raise EngineError(
            f"{directory} is not a PostgreSQL data directory: move it away"
        ) from None


def _create(
    directory: Path,
    binaries: Binaries,
    account: Account | None,
    *,
    log: Path,
    durable: bool,
) -> None:
    """Make a new cluster with our role and database; all of it or nothing."""
    require_name(account)
    staging = directory.with_name("postgres.new")
    if staging.exists():
        shutil.rmtree(staging)  # Left by a start that was interrupted.
    staging.mkdir(mode=0o700)
    if account is not None:
        os.chown(staging, account.user, account.group)
    where = str(staging) if can_reach(staging.parent, account) else HERE
    initdb = [binaries.program("initdb"), "-D", where, "--username", NAME]
    initdb += ["--encoding", "UTF8", "--auth", "peer", "--no-instructions"]
    if not durable:
        initdb.append("--no-sync")
    single = [binaries.program("postgres"), "--single", "-D", where, "postgres"]
    statement = f"CREATE DATABASE {NAME}\n".encode()
    with log.open("ab") as output:
        made = any(
            _run([*initdb, *locale], b"", staging, account, output)
            for locale in _locales(binaries.major)
        )
        if not made or not _run(single, statement, staging, account, output):
            raise EngineError(f"Cannot create the database; see {log}")
    staging.rename(directory)


def _locales(major: int) -> list[list[str]]:
    """Return initdb's locale options in order of preference.

    Text sorts by code point in all of them, which never changes with an upgrade of
    the C library and so never breaks an index.
    """
    builtin = ["--locale", "C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    plain = [["--locale", "C.UTF-8"], ["--locale", "C"]]
    return [builtin, *plain] if major >= 17 else plain  # noqa: PLR2004


def _run(
    argv: list[str],
    text: bytes,
    cwd: Path,
    account: Account | None,
    output: IO[bytes],
) -> bool:
    done = subprocess.run(
        argv,
        input=text,
        cwd=cwd,
        env=_environment(),
        user=account.user if account else None,
        group=account.group if account else None,
        extra_groups=[] if account else None,
        stdout=output,
        stderr=output,
        check=False,
    )
    return done.returncode == 0


def _end_orphans(directory: Path) -> None:
    """Wait out what is left of a server whose keeper was killed, then clear its mark.

    The server refuses to start while the process id in its lock files exists, even
    when that is another program's by now, or a zombie that nobody reaps. A file that
    names no process stays: the server clears that itself, and checks more than we can.
    """
    marks = [directory / "postmaster.pid", directory / f"{SOCKET}.lock"]
    postmaster = _first_number(marks[0])
    deadline = time.monotonic() + ORPHAN_SECONDS
    while running := processes_in(directory, "postgres"):
        if postmaster in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(postmaster, signal.SIGINT)
        if time.monotonic() > deadline:
            raise EngineError(
                f"Another PostgreSQL (process {running[0]}) uses {directory}"
            )
        time.sleep(0.1)
    for mark in marks:
        number = _first_number(mark)
        if number and exists(number):
            mark.unlink(missing_ok=True)


def _first_number(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(path.read_text().splitlines()[0])
    return 0


def _write_access_rules(directory: Path, account: Account | None) -> None:
    """Let only us in, as the kernel tells who connects: no password to keep.

    The server's account owns the directory, so a file in it is never opened for
    writing under its final name: that could be a link to somewhere else.
    """
    us = require_name(None)
    rules = {
        "pg_hba.conf": "local all all peer map=uptick\n",
        "pg_ident.conf": f'uptick "{us}" {NAME}\nuptick root {NAME}\n',
    }
    for name, text in rules.items():
        staging = directory / f"{name}.new"
        staging.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(staging, flags, 0o600), "w") as file:
            file.write(text)
            if account is not None:
                os.fchown(file.fileno(), account.user, account.group)
        staging.rename(directory / name)


def _environment() -> dict[str, str]:
    """Return ours without what would change the server's defaults or language."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG"))
    }
    return {**kept, "LC_ALL": "C"}


# The test cluster may be lost with the machine's power; nothing else may.
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def _settings() -> dict[str, str]:
    """Return what differs from the server's defaults, sized for this machine."""
    memory = memory_bytes() // MIB
    return {
        "listen_addresses": "",
        # Relative to the data directory, so that its length does not matter.
        "unix_socket_directories": ".",
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "max_connections": "100",
        "shared_buffers": f"{min(max(memory // 8, 64), 2048)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64), 512)}MB",
        "work_mem": f"{min(max(memory // 512, 4), 32)}MB",
        # A first import makes tables of nothing within seconds; until somebody has
        # looked at them, queries are planned as if they were empty.
        "autovacuum_naptime": "15s",
        # An acknowledged event is on disk; this is the promise of every dialect.
        "synchronous_commit": "on",
        # Fewer, larger checkpoints: a digest writes in bursts.
        "max_wal_size": "2GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        # Containers often have 64 MB there, which one parallel query can fill.
        "dynamic_shared_memory_type": "posix" if has_shared_memory() else "mmap",
        # Compiling costs more than our short statements take.
        "jit": "off",
        # Embedded disks are solid state; the default still thinks of spinning ones.
        "random_page_cost": "1.1",
    }
