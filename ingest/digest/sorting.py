"""Sorts the events of a batch: repeats, not usable yet, and those that are stored."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import floor

from accounts.models.api_key import Dialect
from ingest.digest.catalogue import Catalogue
from ingest.digest.entries import Entry
from ingest.digest.ledger import Keys
from ingest.digest.outcome import Quarantine, Verdict, metric_not_configured
from ingest.digest.people import Group, People
from ingest.digest.repeats import Repeats
from ingest.digest.surplus import Surplus
from ingest.events import StoredEvent

# How far ahead of its arrival an event may say it happened (contracts/README, Times).
LONGEST_LEAD_SECONDS = 86_400
# Dialects whose events count once for ever, and not only while a key is kept.
ONCE_FOR_EVER = frozenset({Dialect.PRODUCTIV.value})

# An event that will be stored, its references still by name: the event, when it
# occurred, whether it said to have occurred in the future, and who did it. By entry.
Kept = tuple[StoredEvent, int, bool, Group]
KeptOf = list[tuple[Entry, list[Kept]]]


class Sorting:
    """One batch being sorted: what to keep, of whom, and what to set aside."""

    def __init__(
        self,
        entries: Sequence[Entry],
        catalogue: Catalogue,
        surplus: Surplus,
        verdict: Verdict | None,
    ) -> None:
        self._entries = entries
        self._metrics = catalogue.metrics
        self._surplus = surplus
        # With one, no event is usable.
        self._verdict = verdict
        self.kept: KeptOf = []
        self.people = People()
        self.quarantine = Quarantine()
        self.repeats = Repeats()

    def keys(self) -> Keys:
        """Return the keys to enter into the ledger; those of a replay stand there."""
        keys: defaultdict[int, set[str]] = defaultdict(set)
        for entry in self._entries:
            if not entry.is_replay:
                found = [e.key for e in entry.events if e.key is not None]
                keys[entry.workspace_id].update(found)
        return keys

    def lasting(self) -> set[str]:
        """Return the keys that are never to be forgotten."""
        return {
            event.key
            for entry in self._entries
            if entry.dialect in ONCE_FOR_EVER
            for event in entry.events
            if event.key is not None
        }

    def sort_out(self, fresh: Keys) -> Iterator[None]:
        """Sort everything, given the keys that are new; one entry a step.

        Starts from nothing, so it may be done again with other keys.
        """
        self.kept, self.people, self.quarantine = [], People(), Quarantine()
        self.repeats = Repeats()
        for entry in self._entries:
            entry.duplicates = entry.quarantined = 0
            keys = fresh.get(entry.workspace_id, set())
            self.kept.append((entry, self._keep(entry, keys)))
            yield

    def _keep(self, entry: Entry, keys: set[str]) -> list[Kept]:
        """Return the events of one entry to store; takes their keys out of ``keys``."""
        workspace_id, is_replay = entry.workspace_id, entry.is_replay
        groups = self.people.of(workspace_id)
        usable = {} if self._verdict else self._metrics[workspace_id]
        too_many = self._surplus.products.get(workspace_id, ())
        latest = entry.received / 1e6 + LONGEST_LEAD_SECONDS
        kept: list[Kept] = []
        for event in entry.events:
            key = event.key
            if key is not None and not is_replay:
                # The first of several with one key takes it out.
                if key not in keys:
                    entry.duplicates += 1
                    self.repeats.add(entry, event, key)
                    continue
                keys.remove(key)
            if (
                event.metric not in usable
                or event.quarantine
                or event.product in too_many
            ) and self._set_aside(entry, event):
                continue
            seconds = event.occurred_at
            is_ahead = seconds > latest
            at = entry.received if is_ahead else floor(seconds * 1e6 + 0.5)
            identities = bytes(event.identities)
            group = groups.get(identities)
            if group is None:
                group = self.people.new_group(workspace_id, identities, at)
                groups[identities] = group
            elif at < group.first:
                group.first = at
            elif at > group.last:
                group.last = at
            group.add(event, at)
            if event.is_profile:
                continue
            kept.append((event, at, is_ahead, group))
        return kept

    def _set_aside(self, entry: Entry, event: StoredEvent) -> bool:
        """Put an event that is not usable into quarantine, unless it may pass."""
        verdict = self._verdict
        if verdict is None:
            verdict = self._verdict_on(entry.workspace_id, event)
            if verdict is None:
                return False
        self.quarantine.add_event(entry, event, verdict)
        return True

    def _verdict_on(self, workspace_id: int, event: StoredEvent) -> Verdict | None:
        """Return why an event cannot be used yet, or None where it can."""
        if event.quarantine:
            return Verdict(event.quarantine, subject=event.quarantine_subject)
        if event.is_profile:
            return None
        if event.metric not in self._metrics[workspace_id] and (
            not event.registers_metric
        ):
            return metric_not_configured(event.metric)
        return self._surplus.verdict_on(workspace_id, event)
