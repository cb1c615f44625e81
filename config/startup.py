"""The steps between an empty directory and programs that can run.

Each is quick when there is nothing to do, as it is asked at every start.
"""

import contextlib
import errno
import fcntl
import hashlib
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Workspace
from config.engines.paths import make_data_dir

DATABASE_PATIENCE_SECONDS = 30.0
# Any number will do, as long as it stays: whoever migrates holds this lock.
MIGRATION_LOCK = 814_117_120
HIGHEST_PORT = 65_535


@contextlib.contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Show a step while it runs; the body says how it went."""
    words = ["ready"]
    began = time.monotonic()
    sys.stdout.write(f"  {title:<12}")
    sys.stdout.flush()
    try:
        yield words.append
    except BaseException:
        sys.stdout.write("failed\n")
        raise
    sys.stdout.write(f"{words[-1]} ({time.monotonic() - began:.1f} s)\n")
    sys.stdout.flush()


@contextlib.contextmanager
def only_one(address: str) -> Iterator[None]:
    """Hold this data directory's place for one supervisor.

    Two would mean two schedulers, and everything periodic twice.

    Raises:
        CommandError: one runs already.
    """
    path = make_data_dir("run") / "supervisor"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CommandError(
                f"Uptick already runs from this directory, on {file.read()}"
            ) from None
        file.truncate(0)
        file.write(address)
        file.flush()
        yield


def check_address(host: str, port: int) -> None:
    """Make sure that the web server will be able to listen there.

    Raises:
        CommandError: it will not; the message says what to do.
    """
    if not 0 < port <= HIGHEST_PORT:
        raise CommandError(f"PORT={port} is not between 1 and {HIGHEST_PORT}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {port} is taken. Choose another: PORT={port + 1} make run"
        else:
            reason = f"Cannot listen on HOST={host} PORT={port}: {error}"
        raise CommandError(reason) from None


def wait_for_database() -> str:
    """Connect, allowing a server beside us some time to start; return its version.

    Raises:
        CommandError: no connection within half a minute.
    """
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while True:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            if time.monotonic() > deadline:
                reason = str(error).strip().splitlines()[-1]
                raise CommandError(
                    f"No connection to the database: {reason}"
                ) from error
            time.sleep(0.5)
        else:
            with connection.cursor() as cursor:
                cursor.execute("SHOW server_version")
                version: str = cursor.fetchone()[0]
            return version


def migrate() -> str:
    """Bring the tables up to date; safe beside another machine doing the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if not plan:
                return "up to date"
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    return f"{len(plan)} migrations applied"


def collect_files() -> str:
    """Collect style sheets, scripts and pictures, if any of them has changed."""
    if settings.DEBUG:
        return "served from their places"
    mark = settings.STATIC_ROOT / ".state"
    state = _files_state()
    if mark.exists() and mark.read_text() == state:
        return "up to date"
    make_data_dir()
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    mark.write_text(state)
    return "collected"


def _files_state() -> str:
    """Return a digest over names, sizes and times of all files to collect."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def load_demo(**size: int) -> None:
    """Fill an empty database with the demo workspace, or finish a broken attempt.

    A mark stands while it loads, so that a start which was interrupted half-way is
    not taken for a workspace that somebody set up.
    """
    mark = make_data_dir("run") / "demo-unfinished"
    unfinished = mark.exists()
    if unfinished or not Workspace.objects.exists():
        sys.stdout.write("  Demo        loading a workspace to look around in\n")
        mark.touch()
        call_command("seed_demo", replace=unfinished, **size)
        mark.unlink()
