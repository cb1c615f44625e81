"""Database and broker without anything to install: real servers run on demand.

Settings ask for addresses, which are fixed by the data directory and start nothing.
Whoever needs a server holds a lease on it. ``DATABASE_URL`` and ``REDIS_URL`` name
servers of your own instead, and then nothing here runs.
"""

import atexit
import threading

from config.engines import postgres, redis
from config.engines.broker import celery_url, transport_options
from config.engines.errors import EngineError
from config.engines.lease import Lease
from config.engines.paths import data_dir
from config.env import env_bool, env_str

__all__ = [
    "EngineError",
    "Lease",
    "attach_postgres",
    "attached",
    "broker_transport_options",
    "broker_url",
    "data_dir",
    "database_backend",
    "database_url",
    "detach_postgres",
    "lease_postgres",
    "lease_redis",
    "redis_url",
]

# None or one: this process's lease on the embedded database.
_attached: list[Lease] = []
_guard = threading.Lock()


def database_url() -> str:
    """Return ``DATABASE_URL``, else the address of the embedded database."""
    return env_str("DATABASE_URL") or postgres.url()


def database_backend() -> str:
    """Return Django's backend: its own, or ours that starts the embedded server."""
    if env_str("DATABASE_URL"):
        return "django.db.backends.postgresql"
    return "config.engines.backend"


def redis_url() -> str | None:
    """Return ``REDIS_URL``, else the embedded server's, else None if there is none."""
    return env_str("REDIS_URL") or redis.url()


def broker_url() -> str:
    """Return the address for Celery: Redis, or the database where no Redis exists."""
    return celery_url(redis_url(), database_url())


def broker_transport_options(*, longest_task: int = 600) -> dict[str, object]:
    """Return Celery's transport options; ``longest_task`` is its time limit."""
    return transport_options(broker_url(), longest_task=longest_task)


def lease_postgres(*, durable: bool | None = None, quiet: bool = False) -> Lease:
    """Return a lease on the embedded database, to be used in a ``with`` statement.

    ``UPTICK_POSTGRES_FSYNC=0`` or ``durable=False`` trade safety for speed in tests.
    """
    if durable is None:
        durable = env_bool("UPTICK_POSTGRES_FSYNC", default=True)
    return Lease(postgres.server(durable=durable, quiet=quiet))


def lease_redis() -> Lease:
    """Return a lease on the embedded Redis, to be used in a ``with`` statement."""
    return Lease(redis.server())


def attach_postgres(*, quiet: bool = False) -> None:
    """Hold a lease on the embedded database until ``detach_postgres`` or our end.

    Called at the first connection; later calls cost a look at a list.

    Raises:
        EngineError: the server cannot be started.
    """
    with _guard:
        if not _attached:
            _attached.append(lease_postgres(quiet=quiet).acquire())


def attached() -> list[Lease]:
    """Return the lease that ``attach_postgres`` took, if it did."""
    return list(_attached)


@atexit.register
def detach_postgres() -> bool:
    """Let go of it; return False when it keeps running for somebody else."""
    with _guard:
        return _attached.pop().release() if _attached else True
