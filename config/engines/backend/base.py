"""Django's PostgreSQL backend, which first makes sure that the server runs.

So a command that never looks at the database never starts one, and no list of such
commands has to be kept.
"""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from config import engines


class DatabaseWrapper(base.DatabaseWrapper):
    """Leases the embedded server at the first connection, until the process ends."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; a server that cannot be started is a failed connection."""
        try:
            engines.attach_postgres()
        except engines.EngineError as error:
            raise psycopg.OperationalError(str(error)) from error
        return super().get_new_connection(conn_params)
