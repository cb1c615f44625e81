"""Raw events: the store's interface and its engines."""

from ingest.store.base import (
    Arrival,
    EventChoice,
    EventRow,
    EventStore,
    Origin,
    Place,
    Resolved,
    Share,
    TrendPoint,
    Whose,
)
from ingest.store.licences import LicenseStore, PostgresLicenses
from ingest.store.postgres import PostgresStore
from ingest.store.signals import PostgresSignals, SignalChoice, SignalStore

__all__ = [
    "Arrival",
    "EventChoice",
    "EventRow",
    "EventStore",
    "LicenseStore",
    "Origin",
    "Place",
    "Resolved",
    "Share",
    "SignalChoice",
    "SignalStore",
    "TrendPoint",
    "Whose",
    "event_store",
    "license_store",
    "signal_store",
]


def event_store() -> EventStore:
    """Return the store that this installation keeps its events in."""
    return PostgresStore()


def license_store() -> LicenseStore:
    """Return the part of the store that answers about licence telemetry."""
    return PostgresLicenses()


def signal_store() -> SignalStore:
    """Return the part of the store that answers about signals."""
    return PostgresSignals()
