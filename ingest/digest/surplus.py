"""The bound on names that register themselves: no sender makes a million of them.

App ids are public (contract ``telemetrydeck``) and keys of other dialects are shipped
inside software: whoever has one could fill a workspace with metrics. What is over the
bound waits in quarantine until somebody configures it or raises the bound.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.db.backends.utils import CursorWrapper

from accounts.models.catalogue import fold_metric_key
from ingest.digest.catalogue import Catalogue
from ingest.digest.entries import Entry
from ingest.digest.outcome import Verdict
from ingest.events import StoredEvent
from ingest.models import QuarantinedEvent
from ingest.statements import statement

TOO_MANY_METRICS = QuarantinedEvent.Reason.TOO_MANY_METRICS.value
TOO_MANY_PRODUCTS = QuarantinedEvent.Reason.TOO_MANY_PRODUCTS.value

# Names by workspace.
Names = Mapping[int, frozenset[str]]
# Spellings of each new name, by workspace, in the order in which they came.
NewNames = defaultdict[int, dict[str, list[str]]]


class Surplus(NamedTuple):
    """Names that events would register, and that are too many for their workspace."""

    metrics: Names
    products: Names

    def verdict_on(self, workspace_id: int, event: StoredEvent) -> Verdict | None:
        """Return why an event has to wait, or None.

        Grouped by the app, not by the name: of these there may be a million.
        """
        if event.metric in self.metrics.get(workspace_id, ()):
            return Verdict(TOO_MANY_METRICS, event.app_id, detail=event.metric)
        if event.product in self.products.get(workspace_id, ()):
            return Verdict(TOO_MANY_PRODUCTS, event.app_id, detail=event.product)
        return None


def find_surplus(
    cursor: CursorWrapper, entries: Iterable[Entry], catalogue: Catalogue
) -> Surplus:
    """Find the new names of a batch that are beyond the bounds of their workspaces.

    INGEST_MAX_METRICS and INGEST_MAX_PRODUCTS; those that came first are let in. Asks
    the database only where there are new names, which an ordinary batch has none of.
    Two batches at once may exceed a bound by what one of them brings.
    """
    metrics: NewNames = defaultdict(dict)
    products: NewNames = defaultdict(dict)
    for entry in entries:
        if entry.workspace_id in catalogue.unseen:
            _note_new(entry, catalogue, metrics, products)
    if not metrics and not products:
        return Surplus({}, {})
    cursor.execute(
        statement("catalogue_size"),
        {"workspaces": sorted(metrics.keys() | products.keys())},
    )
    sizes = {where: (first, second) for where, first, second in cursor.fetchall()}
    most_metrics: int = settings.INGEST_MAX_METRICS
    most_products: int = settings.INGEST_MAX_PRODUCTS
    return Surplus(
        _beyond(metrics, {w: most_metrics - sizes[w][0] for w in sizes}),
        _beyond(products, {w: most_products - sizes[w][1] for w in sizes}),
    )


def _note_new(
    entry: Entry, catalogue: Catalogue, metrics: NewNames, products: NewNames
) -> None:
    """Note the names that the events of an entry would register."""
    where = entry.workspace_id
    known_metrics, known_products = catalogue.metrics[where], catalogue.products[where]
    for event in entry.events:
        is_new = event.metric not in known_metrics
        # The others wait already, or use nothing.
        if (
            event.quarantine
            or event.is_profile
            or (is_new and not event.registers_metric)
        ):
            continue
        if is_new:
            spellings = metrics[where].setdefault(fold_metric_key(event.metric), [])
            if event.metric not in spellings:
                spellings.append(event.metric)
        if event.product not in known_products:
            products[where][event.product] = [event.product]


def _beyond(names: NewNames, room: Mapping[int, int]) -> Names:
    """Return all spellings of the names for which there is no room."""
    return {
        where: frozenset(
            spelling
            for spellings in list(found.values())[max(room[where], 0) :]
            for spelling in spellings
        )
        for where, found in names.items()
        if len(found) > room[where]
    }
