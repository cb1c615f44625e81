"""One digest: the steps from claimed entries to events and usage.

All of it happens in the caller's transaction, rows that many digests write last, so
that "acknowledged once, counted once" holds by construction.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import floor

import msgspec
from django.db.backends.utils import CursorWrapper

from accounts.models.api_key import Dialect
from ingest.digest.activations import note_activations
from ingest.digest.apps import Apps, find_homes
from ingest.digest.catalogue import Catalogue
from ingest.digest.entries import Entry, delete_entries
from ingest.digest.ledger import enter_keys
from ingest.digest.outcome import (
    Quarantine,
    Verdict,
    add_counters,
    metric_not_configured,
)
from ingest.digest.people import Group, People
from ingest.digest.usage import UsageSums
from ingest.events import StoredEvent
from ingest.models import Event
from ingest.store import Origin, Resolved, event_store

MICROSECONDS_PER_DAY = 86_400_000_000
# How far ahead of its arrival an event may say it happened (contracts/README, Times).
LONGEST_LEAD = 86_400
# Dialects whose values are money: metrics that they bring add to the lifetime value.
WITH_LIFETIME_VALUE = frozenset({Dialect.REAMAZE.value})
# Dialects whose events count once for ever, and not only while a key is kept.
ONCE_FOR_EVER = frozenset({Dialect.PRODUCTIV.value})
LICENSE = Dialect.LICENSE.value
CLOCK_IN_FUTURE = Event.Flag.CLOCK_IN_FUTURE.value


# An event that will be stored, its references still by name: the event, when it
# occurred, whether it said to have occurred in the future, and who did it. By entry.
Kept = tuple[StoredEvent, int, bool, Group]
KeptOf = list[tuple[Entry, list[Kept]]]


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
    apps = Apps(cursor, living)
    for entry in living:
        apps.apply(entry, catalogue)
    fresh = enter_keys(cursor, _keys(living), _lasting(living))

    people, quarantine, usage = People(), Quarantine(), UsageSums()
    if homeless:
        _set_aside(cursor, homeless, quarantine, verdict)
    kept = _keep(living, fresh, people, _Judge(catalogue, quarantine, verdict))
    people.resolve(cursor)
    if any(events for _, events in kept):
        _register(catalogue, kept)
        event_store().append(_resolve(kept, catalogue, usage))
        note_activations(
            cursor,
            (
                (entry, event, at)
                for entry, events in kept
                if entry.dialect == LICENSE
                for event, at, *_ in events
            ),
        )
    quarantine.store(cursor)
    usage.store(cursor)
    add_counters(cursor, living + homeless)
    delete_entries(cursor, entries)


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


def _keys(entries: Sequence[Entry]) -> dict[int, set[str]]:
    keys: defaultdict[int, set[str]] = defaultdict(set)
    for entry in entries:
        if not entry.is_replay:
            found = [e.key for e in entry.events if e.key is not None]
            keys[entry.workspace_id].update(found)
    return keys


def _lasting(entries: Sequence[Entry]) -> set[str]:
    """Return the keys that are never to be forgotten."""
    return {
        event.key
        for entry in entries
        if entry.dialect in ONCE_FOR_EVER
        for event in entry.events
        if event.key is not None
    }


class _Judge:
    """Decides which events cannot be used yet, and sets them aside."""

    def __init__(
        self, catalogue: Catalogue, quarantine: Quarantine, verdict: Verdict | None
    ) -> None:
        self._metrics = catalogue.metrics
        self._quarantine = quarantine
        self._verdict = verdict

    def usable(self, entry: Entry) -> dict[str, int]:
        """Return the metrics that make an event of this entry usable."""
        return {} if self._verdict else self._metrics[entry.workspace_id]

    def set_aside(self, entry: Entry, event: StoredEvent) -> bool:
        """Put an event whose metric is not usable into quarantine, unless it may."""
        verdict = self._verdict
        if verdict is None:
            if event.quarantine:
                verdict = Verdict(event.quarantine, subject=event.quarantine_subject)
            elif event.registers_metric or event.is_profile:
                return False
            else:
                verdict = metric_not_configured(event.metric)
        self._quarantine.add_event(entry, event, verdict)
        return True


def _keep(
    entries: Sequence[Entry], fresh: dict[int, set[str]], people: People, judge: _Judge
) -> KeptOf:
    """Drop repeats, set aside what is not usable yet, and find out who did the rest."""
    kept: KeptOf = []
    for entry in entries:
        workspace_id, is_replay = entry.workspace_id, entry.is_replay
        keys = fresh.get(workspace_id, set())
        groups = people.of(workspace_id)
        usable = judge.usable(entry)
        latest = entry.received / 1e6 + LONGEST_LEAD
        of_entry: list[Kept] = []
        for event in entry.events:
            key = event.key
            if key is not None and not is_replay:
                # The first of several with one key takes it out.
                if key not in keys:
                    entry.duplicates += 1
                    continue
                keys.remove(key)
            if (event.metric not in usable or event.quarantine) and judge.set_aside(
                entry, event
            ):
                continue
            seconds = event.occurred_at
            is_ahead = seconds > latest
            at = entry.received if is_ahead else floor(seconds * 1e6 + 0.5)
            identities = bytes(event.identities)
            group = groups.get(identities)
            if group is None:
                group = people.new_group(workspace_id, identities, at)
                groups[identities] = group
            elif at < group.first:
                group.first = at
            elif at > group.last:
                group.last = at
            group.add(event, at)
            if event.is_profile:
                continue
            of_entry.append((event, at, is_ahead, group))
        kept.append((entry, of_entry))
    return kept


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
    kept: KeptOf, catalogue: Catalogue, usage: UsageSums
) -> Iterator[Resolved]:
    """Yield the events with ids for names, adding up usage on the way."""
    counts, values = usage.counts, usage.values
    for entry, events in kept:
        workspace_id = entry.workspace_id
        products = catalogue.products[workspace_id]
        metrics = catalogue.metrics[workspace_id]
        origin = Origin(workspace_id, entry.api_key_id, entry.dialect, entry.received)
        for event, at, is_ahead, group in events:
            product, metric = products[event.product], metrics[event.metric]
            if not event.is_test:
                day = at // MICROSECONDS_PER_DAY
                row = (group.developer_id, day, metric, product, workspace_id)
                counts[row] = counts.get(row, 0) + event.count
                if event.value is not None:
                    values[row] = values.get(row, 0.0) + event.value
            if is_ahead:
                flags = event.flags | CLOCK_IN_FUTURE
                document = _with_stated_time(event)
            else:
                flags, document = event.flags, None
            identity = group.identity_id
            yield event, origin, at, identity, product, metric, flags, document


def _with_stated_time(event: StoredEvent) -> bytes:
    properties = msgspec.json.decode(event.properties)
    return msgspec.json.encode({**properties, "stated_at": event.occurred_at})
