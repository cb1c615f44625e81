"""PostgreSQL's own dump programs, of the version that fits the server."""

import os
import shutil
import subprocess

from django.core.management.base import CommandError
from django.db import connection

from config.engines.binaries import find_binaries
from config.engines.errors import EngineError

# Django's names of connection parameters, and libpq's variables for them.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def run_client(name: str, *arguments: str) -> None:
    """Run ``pg_dump`` or ``pg_restore`` on our database.

    Raises:
        CommandError: it is not installed, or it failed; it has said why.
    """
    connection.ensure_connection()
    status = subprocess.run(  # noqa: S603 (our own program names)
        [_program(name), *arguments], env=_environment(), check=False
    ).returncode
    if status:
        message = f"{name} failed with status {status}"
        raise CommandError(message)


def _program(name: str) -> str:
    """Return the program of the server's major version, or newer from PATH.

    An older ``pg_dump`` refuses a newer server, so the embedded one needs its own.
    """
    connection.ensure_connection()
    major = connection.connection.info.server_version // 10_000
    try:
        return find_binaries(major).program(name)
    except EngineError:
        found = shutil.which(name)
        if found is None:
            message = f"{name} of PostgreSQL {major} or newer is not installed"
            raise CommandError(message) from None
        return found


def _environment() -> dict[str, str]:
    """Return ours with the connection in it: arguments are for all to read."""
    given = connection.get_connection_params()
    wanted = {
        variable: str(given[name])
        for name, variable in VARIABLES.items()
        if given.get(name)
    }
    return {**os.environ, **wanted}
