"""Tables of `ingest`: what happened?"""

from ingest.models.counter import IngestCounter
from ingest.models.event import Event, EventHorizon, EventKey
from ingest.models.inbox import IdempotencyKey, InboxEntry
from ingest.models.quarantine import QuarantinedEvent
from ingest.models.refused import RefusedRequest
from ingest.models.repeated import RepeatedEvent
from ingest.models.signing import SigningKey

__all__ = [
    "Event",
    "EventHorizon",
    "EventKey",
    "IdempotencyKey",
    "InboxEntry",
    "IngestCounter",
    "QuarantinedEvent",
    "RefusedRequest",
    "RepeatedEvent",
    "SigningKey",
]
