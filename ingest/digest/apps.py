"""Apps of a batch: which product a signal is about, and whose it is.

Asked anew by every digest, so that a replay finds an app that was added since, and a
signal of an app that was switched off is set aside.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from django.db.backends.utils import CursorWrapper

from ingest.digest.catalogue import Catalogue
from ingest.digest.entries import Entry
from ingest.events import StoredEvent, decode_events, encode_events
from ingest.models import QuarantinedEvent
from ingest.statements import statement

UNKNOWN_APP = QuarantinedEvent.Reason.UNKNOWN_APP.value
APP_DISABLED = QuarantinedEvent.Reason.APP_DISABLED.value
# The name of its workspace, which a signal without a home does not have yet.
NAMESPACE = "TelemetryDeck.API.namespace"


class App(NamedTuple):
    """An app that somebody has."""

    workspace_id: int
    namespace: str
    is_enabled: bool
    product_id: int
    product: str


class Apps:
    """The apps that the events of some entries name."""

    def __init__(self, cursor: CursorWrapper, entries: Iterable[Entry]) -> None:
        app_ids = {
            event.app_id for entry in entries for event in entry.events if event.app_id
        }
        self._known: dict[str, App] = {}
        if app_ids:
            cursor.execute(statement("apps_of_batch"), {"app_ids": sorted(app_ids)})
            self._known = {folded: App(*facts) for folded, *facts in cursor.fetchall()}
        self.any = bool(app_ids)

    def home_of(self, event: StoredEvent) -> App | None:
        """Return the app of an event, whosever it is."""
        return self._known.get(event.app_id)

    def apply(self, entry: Entry, catalogue: Catalogue) -> None:
        """Give the events of an entry their products, or the reason to wait."""
        if not self.any:
            return
        entry.events = [
            self._placed(event, entry.workspace_id, catalogue)
            if event.app_id and event.quarantine in {"", UNKNOWN_APP, APP_DISABLED}
            else event
            for event in entry.events
        ]

    def _placed(
        self, event: StoredEvent, workspace_id: int, catalogue: Catalogue
    ) -> StoredEvent:
        app = self._known.get(event.app_id)
        if app is None or app.workspace_id != workspace_id:
            return _waiting(event, UNKNOWN_APP)
        if not app.is_enabled:
            return _waiting(event, APP_DISABLED)
        catalogue.products[app.workspace_id][app.product] = app.product_id
        return msgspec.structs.replace(
            event, product=app.product, quarantine="", quarantine_subject=""
        )


def find_homes(cursor: CursorWrapper, entries: Sequence[Entry]) -> None:
    """Send events that came without a workspace to the one that has their app now.

    They become entries of that workspace; what nobody has stays, to be set aside.
    """
    apps = Apps(cursor, entries)
    for entry in entries:
        staying: list[StoredEvent] = []
        leaving: defaultdict[App, list[StoredEvent]] = defaultdict(list)
        for event in entry.events:
            app = apps.home_of(event)
            if app is None:
                why = event.quarantine or UNKNOWN_APP
                staying.append(_waiting(event, why, event.quarantine_subject))
            else:
                leaving[app].append(event)
        for app, events in leaving.items():
            cursor.execute(
                statement("entry_address"),
                {
                    "id": entry.id,
                    "workspace": app.workspace_id,
                    "events": len(events),
                    "payload": _named(events, app.namespace),
                },
            )
        entry.events = staying


def _waiting(event: StoredEvent, reason: str, subject: str = "") -> StoredEvent:
    return msgspec.structs.replace(
        event, quarantine=reason, quarantine_subject=subject or event.app_id
    )


def _named(events: Sequence[StoredEvent], namespace: str) -> bytes:
    """Encode events again, with the name of the workspace that they now have."""
    whole = decode_events(encode_events(events))
    for event in whole:
        event.properties[NAMESPACE] = namespace
    return encode_events(whole)
