"""Turns the address of a Redis, or of the database, into what Celery wants."""

from importlib import import_module
from urllib.parse import parse_qs, urlsplit

# How often an idle worker looks when the database is the broker, in seconds.
POLLING_SECONDS = 0.2
# A task is handed to another worker this long after the time it may take at most.
REDELIVERY_MARGIN_SECONDS = 60


def celery_url(redis: str | None, database: str) -> str:
    """Return the broker's address as kombu spells it."""
    if redis is None:
        address = database.partition("://")[2]
        return f"sqla+postgresql+psycopg://{address}"
    parts = urlsplit(redis)
    if parts.scheme != "unix":
        return redis
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def transport_options(broker: str, *, longest_task: int) -> dict[str, object]:
    """Return kombu's options for this broker; ``longest_task`` is in seconds.

    Publishing fails at once without a broker: a hint is not worth waiting for. With
    Redis a killed worker's tasks come back soon after their time is up; the defaults
    are an hour for that and a hundred seconds between two looks.
    """
    options: dict[str, object] = {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
    if broker.startswith("redis"):
        options |= {
            "visibility_timeout": longest_task + REDELIVERY_MARGIN_SECONDS,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 1,
        }
    elif broker.startswith("sqla"):
        # As an option it would reach create_engine and fail. Loaded only here,
        # because SQLAlchemy takes 20 MB that nobody else needs.
        transport = import_module("kombu.transport.sqlalchemy").Transport
        transport.polling_interval = POLLING_SECONDS
    return options
