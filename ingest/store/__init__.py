"""Raw events: the store's interface and its engines."""

from ingest.store.base import (
    EventRow,
    EventStore,
    Origin,
    Place,
    Resolved,
    Share,
    TrendPoint,
)
from ingest.store.postgres import PostgresStore

__all__ = [
    "EventRow",
    "EventStore",
    "Origin",
    "Place",
    "Resolved",
    "Share",
    "TrendPoint",
    "event_store",
]


def event_store() -> EventStore:
    """Return the store that this installation keeps its events in."""
    return PostgresStore()
