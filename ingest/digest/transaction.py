"""One digest: the steps from claimed entries to events and usage.

All of it happens in the caller's transaction, rows that many digests write last, so
that "acknowledged once, counted once" holds by construction.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from accounts.models.api_key import Dialect
from accounts.red_flags import look_for_two_companies, note_signs, raise_flags
from ingest.digest.activations import note_activations
from ingest.digest.apps import Apps, find_homes
from ingest.digest.catalogue import Catalogue
from ingest.digest.entries import Entry, delete_entries
from ingest.digest.ledger import Ledger
from ingest.digest.left_out import leave_out
from ingest.digest.oddities import Oddities
from ingest.digest.outcome import Quarantine, Verdict, add_counters
from ingest.digest.sorting import KeptOf, Sorting
from ingest.digest.surplus import find_surplus
from ingest.digest.usage import UsageSums
from ingest.digest.versions import VersionSums
from ingest.events import StoredEvent
from ingest.models import Event
from ingest.store import Origin, Resolved, event_store

MICROSECONDS_PER_DAY = 86_400_000_000
# Dialects whose values are money: metrics that they bring add to the lifetime value.
WITH_LIFETIME_VALUE = frozenset({Dialect.REAMAZE.value})
LICENSE = Dialect.LICENSE.value
CLOCK_IN_FUTURE = Event.Flag.CLOCK_IN_FUTURE.value
CLOCK_TOO_EARLY = Event.Flag.CLOCK_TOO_EARLY.value


# One for the process: it learns whether what is sent now is being sent again.
_ledger = Ledger()


def digest_entries(
    cursor: CursorWrapper, entries: Sequence[Entry], *, verdict: Verdict | None = None
) -> None:
    """Make events, people and usage of claimed entries and delete the entries.

    With a verdict every event that is not a repeat goes to quarantine instead. The
    caller holds the entries' row locks and shares the usage of their workspaces.
    """
    for entry in entries:
        entry.decode()
    homeless = [entry for entry in entries if not entry.workspace_id]
    catalogue = _look_up(cursor, entries)
    living = [e for e in entries if e.workspace_id in catalogue.workspaces]
    for entry in entries:
        if entry.workspace_id and entry.workspace_id not in catalogue.workspaces:
            # It was deleted while its requests waited: so are they.
            entry.events = ()
    leave_out(cursor, living)
    apps = Apps(cursor, living)
    for entry in living:
        apps.apply(entry, catalogue)
    sorting = Sorting(
        living, catalogue, find_surplus(cursor, living, catalogue), verdict
    )
    _ledger.enter(cursor, sorting.keys(), sorting.sort_out, lasting=sorting.lasting())
    if homeless:
        _set_aside(cursor, homeless, sorting.quarantine, verdict)
    usage, oddities = UsageSums(), Oddities()
    versions: VersionSums | None = None
    sorting.people.resolve(cursor)
    if any(events for _, events in sorting.kept):
        _register(catalogue, sorting.kept)
        versions = VersionSums(cursor, catalogue.product_ids())
        event_store().append(
            _resolve(sorting.kept, catalogue, usage, versions, oddities)
        )
        note_activations(
            cursor,
            (
                (entry, event, at)
                for entry, events in sorting.kept
                if entry.dialect == LICENSE
                for event, at, *_ in events
            ),
        )
    sorting.quarantine.store(cursor)
    usage.store(cursor)
    if versions is not None:
        versions.store(cursor)
    _raise_flags(cursor, sorting, oddities)
    sorting.people.update_known(cursor)
    add_counters(cursor, living + homeless)
    delete_entries(cursor, entries)


def _raise_flags(cursor: CursorWrapper, sorting: Sorting, oddities: Oddities) -> None:
    """Raise the red flags that the batch shows, and look for those of two batches."""
    raise_flags(cursor, oddities.flags(), absolute=False)
    raise_flags(cursor, sorting.repeats.store(cursor), absolute=True)
    moved = note_signs(cursor, sorting.people.signs())
    if moved:
        transaction.on_commit(partial(look_for_two_companies, moved), robust=True)


def _set_aside(
    cursor: CursorWrapper,
    homeless: Sequence[Entry],
    quarantine: Quarantine,
    verdict: Verdict | None,
) -> None:
    """Quarantine what belongs to no workspace, unless one has its app by now."""
    if verdict is None:
        find_homes(cursor, homeless)
    for entry in homeless:
        for event in entry.events:
            own = Verdict(event.quarantine, subject=event.quarantine_subject)
            quarantine.add_event(entry, event, verdict or own)


def _look_up(cursor: CursorWrapper, entries: Sequence[Entry]) -> Catalogue:
    products: defaultdict[int, set[str]] = defaultdict(set)
    metrics: defaultdict[int, set[str]] = defaultdict(set)
    for entry in entries:
        products[entry.workspace_id].update([e.product for e in entry.events])
        metrics[entry.workspace_id].update([e.metric for e in entry.events])
    catalogue = Catalogue(cursor)
    catalogue.find(products.keys(), products, metrics)
    return catalogue


def _register(catalogue: Catalogue, kept: KeptOf) -> None:
    """Create the products and metrics that may register themselves."""
    products: defaultdict[int, set[str]] = defaultdict(set)
    metrics: defaultdict[int, set[str]] = defaultdict(set)
    worth: defaultdict[int, set[str]] = defaultdict(set)
    for entry, events in kept:
        products[entry.workspace_id].update([event.product for event, *_ in events])
        metrics[entry.workspace_id].update([event.metric for event, *_ in events])
        if entry.dialect in WITH_LIFETIME_VALUE:
            worth[entry.workspace_id].update([event.metric for event, *_ in events])
    catalogue.register(products, metrics, worth)


def _resolve(
    kept: KeptOf,
    catalogue: Catalogue,
    usage: UsageSums,
    versions: VersionSums,
    oddities: Oddities,
) -> Iterator[Resolved]:
    """Yield the events with ids for names, adding up on the way.

    Daily usage, versions seen, and red flags.
    """
    counts, values = usage.counts, usage.values
    for entry, events in kept:
        workspace_id = entry.workspace_id
        products = catalogue.products[workspace_id]
        metrics = catalogue.metrics[workspace_id]
        origin = Origin(workspace_id, entry.api_key_id, entry.dialect, entry.received)
        for event, at, is_ahead, group in events:
            product, metric = products[event.product], metrics[event.metric]
            identity, flags, document = group.identity_id, event.flags, None
            if is_ahead:
                flags |= CLOCK_IN_FUTURE
                document = _with_stated_time(event)
            if not event.is_test:
                day = at // MICROSECONDS_PER_DAY
                row = (group.developer_id, day, metric, product, workspace_id)
                counts[row] = counts.get(row, 0) + event.count
                if event.value is not None:
                    values[row] = values.get(row, 0.0) + event.value
                if versions.note(event, at, workspace_id, identity, product):
                    flags |= CLOCK_TOO_EARLY
                if flags:
                    oddities.note(
                        *(entry, event, at, identity, flags),
                        versions.release_of(event, product)
                        if flags & CLOCK_TOO_EARLY
                        else ("", ""),
                    )
            yield event, origin, at, identity, product, metric, flags, document


def _with_stated_time(event: StoredEvent) -> bytes:
    properties = msgspec.json.decode(event.properties)
    return msgspec.json.encode({**properties, "stated_at": event.occurred_at})
