"""Signals out of a file, for ``import_events``: a request body a line, times kept."""

from accounts.models import Workspace
from ingest.dialects.base import Reading, Rejection, Scope
from ingest.dialects.telemetrydeck.signals import (
    NAMESPACE,
    V2,
    V3,
    Visitor,
    decode,
    read_signal,
)
from ingest.events import NormalizedEvent


def parse_line(body: bytes, scope: Scope) -> Reading:
    """Return the signals of a body of any of the six routes, or of one signal alone.

    The routes are told apart by what a signal looks like: a ``url`` without a
    ``clientUser`` is a page view, a ``payload`` makes it v2, other keys beside it v3.

    Raises:
        Refused: it is not JSON.
    """
    data = decode(body)
    events: list[NormalizedEvent] = []
    rejected: list[Rejection] = []
    for index, item in enumerate(data if isinstance(data, list) else [data]):
        is_object = isinstance(item, dict)
        version = V2 if not is_object or "payload" in item else V3
        is_view = is_object and "url" in item and "clientUser" not in item
        signal = read_signal(item, scope, version, Visitor() if is_view else None)
        if signal.is_bad:
            why = signal.event.properties["why"]
            rejected.append(Rejection(index, "invalid", why))
        else:
            events.append(signal.event)
    return Reading(events, rejected)


def complete(workspace_id: int, events: list[NormalizedEvent]) -> list[NormalizedEvent]:
    """Add the name of the workspace, as the routes do."""
    slug = Workspace.objects.values_list("slug", flat=True).get(pk=workspace_id)
    for event in events:
        event.properties[NAMESPACE] = slug
    return events
