"""Runs digests: claims batches, and finds the bad event when one fails.

A batch that fails is halved until the entry at fault is alone; the others are
digested. The entry is tried again later, a few times, and then halved itself until
the bad event is alone and goes to quarantine.
"""

import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.keys import mark_used
from accounts.locks import share_usage, try_share_usage
from ingest.digest.entries import Entry, claim_due, claim_new, claim_these
from ingest.digest.faults import is_fault, is_transient, sqlstate
from ingest.digest.outcome import storable
from ingest.digest.poison import give_up_on
from ingest.digest.transaction import digest_entries
from ingest.statements import statement

log = structlog.get_logger(__name__)

# How often the same work is done again when another transaction was in the way.
TRANSIENT_TRIES = 6
# First pause of an entry that failed; each further one is twice as long.
BACK_OFF = timedelta(seconds=5)
# How long a digest waits for who is alone on a workspace's usage, and for how long
# that workspace's entries are left alone after that.
LOCK_PATIENCE = timedelta(seconds=3)
PUT_OFF = timedelta(seconds=2)
# Entries that failed before and are tried again in one go, each on its own.
MOST_AGAIN = 100
LOCK_NOT_AVAILABLE = "55P03"


@dataclass
class DigestResult:
    """What one or several digests did; counts of events unless named otherwise."""

    entries: int = 0
    events: int = 0
    duplicates: int = 0
    quarantined: int = 0
    # Entries that failed and stay, and entries left for later.
    failed_entries: int = 0
    put_off_entries: int = 0
    # There may be more to do at once.
    more: bool = False

    def add(self, entries: Sequence[Entry]) -> None:
        """Count digested entries."""
        self.entries += len(entries)
        self.events += sum(entry.stored for entry in entries)
        self.duplicates += sum(entry.duplicates for entry in entries)
        self.quarantined += sum(entry.quarantined for entry in entries)

    def __add__(self, other: "DigestResult") -> "DigestResult":
        """Return the sum; ``more`` is the other's, which came later."""
        return DigestResult(
            self.entries + other.entries,
            self.events + other.events,
            self.duplicates + other.duplicates,
            self.quarantined + other.quarantined,
            self.failed_entries + other.failed_entries,
            self.put_off_entries + other.put_off_entries,
            other.more,
        )


def digest_once(max_events: int | None = None) -> DigestResult:
    """Digest one batch of new entries, and entries that failed before and are due.

    ``max_events`` bounds the batch (``DIGEST_BATCH_EVENTS`` otherwise). Trouble around
    the data, such as a lost database or a full disk, is raised and leaves the inbox as
    it was.
    """
    result = DigestResult()
    limit = max_events or settings.DIGEST_BATCH_EVENTS
    with _no_collector():
        try:
            result.more = bool(_digest(lambda: claim_new(limit), result))
        except _BatchError as failed:
            _halve(failed, result)
        _digest_again(result)
    return result


def digest_until_empty(*, at_most: timedelta | None = None) -> DigestResult:
    """Digest until nothing is due, in batches of ``DIGEST_BATCH_EVENTS``.

    Entries that wait for another try stay; entries put off because a workspace was
    taken are waited for. After ``at_most`` no further batch is begun.
    """
    total = DigestResult(more=True)
    end = time.monotonic() + (at_most.total_seconds() if at_most else float("inf"))
    while total.more and time.monotonic() < end:
        result = digest_once()
        total += result
        if result.put_off_entries:
            time.sleep(PUT_OFF.total_seconds())
            total.more = True
    return total


class _BatchError(Exception):
    """A batch failed through one of its events, and was rolled back."""

    def __init__(self, entries: Sequence[Entry], cause: Exception) -> None:
        super().__init__(str(cause))
        self.entries = entries
        self.cause = cause


def _digest(claim: Callable[[], list[Entry]], result: DigestResult) -> list[Entry]:
    """Claim entries and digest them in one transaction, again if somebody interferes.

    Returns what was claimed. Whatever goes wrong, the transaction is rolled back and
    the entries are free again; raises _BatchError if an event can be at fault.
    """
    entries: list[Entry] = []
    for attempt in range(1, TRANSIENT_TRIES + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # Lost with a crash, the commit leaves the inbox rows where they were.
                cursor.execute("SET LOCAL synchronous_commit = off")
                entries = claim()
                put_off = _take_turns(cursor, entries)
                used = [e for e in entries if e.workspace_id not in put_off]
                if used:
                    digest_entries(cursor, used)
        except Exception as error:
            if is_transient(error) and attempt < TRANSIENT_TRIES:
                log.info("digest_repeated", cause=str(error))
                time.sleep(random.uniform(0, 0.05 * attempt))  # noqa: S311 (jitter)
                continue
            if is_fault(error) and entries:
                raise _BatchError(entries, error) from error
            raise
        result.add(used)
        result.put_off_entries += len(entries) - len(used)
        _note_key_use(used)
        break
    return entries


def _halve(failed: _BatchError, result: DigestResult) -> None:
    """Digest what can be digested of a batch, and note the failure of the rest."""
    entries = failed.entries
    if len(entries) == 1:
        _fail(entries[0], failed.cause, result)
        return
    middle = len(entries) // 2
    for half in (entries[:middle], entries[middle:]):
        ids = [entry.id for entry in half]
        try:
            _digest(lambda ids=ids: claim_these(ids), result)  # type: ignore[misc]
        except _BatchError as again:
            _halve(again, result)
    result.more = True


def _digest_again(result: DigestResult) -> None:
    """Try entries that failed before, one by one; give up on those tried enough."""
    for _ in range(MOST_AGAIN):
        try:
            if not _digest(claim_due, result):
                return
        except _BatchError as failed:
            _fail(failed.entries[0], failed.cause, result)
    result.more = True


def _fail(entry: Entry, error: Exception, result: DigestResult) -> None:
    """Note that an entry failed on its own, or give up on it after enough tries."""
    text = storable(f"{type(error).__name__}: {error}")
    log.warning("digest_failed", entry=entry.id, cause=text.split("\n", 1)[0])
    with transaction.atomic(), connection.cursor() as cursor:
        claimed = claim_these([entry.id])
        # Another worker may have met it at the same time, and counted its try.
        if not claimed or claimed[0].tries != entry.tries:
            return
        if entry.tries + 1 < settings.DIGEST_MAX_TRIES:
            result.failed_entries += 1
            cursor.execute(
                statement("note_failure"),
                {"id": entry.id, "delay": _interval(BACK_OFF), "error": text},
            )
        elif give_up_on(cursor, claimed[0], text):
            result.add(claimed)


def _take_turns(cursor: CursorWrapper, entries: Sequence[Entry]) -> set[int]:
    """Share the usage of the entries' workspaces; put off those that stay taken.

    Corrections by people take milliseconds and are waited for; a recount may take
    minutes, in which the other workspaces must go on. Returns the workspaces put off.
    """
    taken = try_share_usage(
        cursor, {entry.workspace_id for entry in entries if entry.workspace_id}
    )
    if not taken:
        return taken
    try:
        with transaction.atomic():
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE.seconds}s'")
            share_usage(cursor, taken)
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
    else:
        return set()
    taken = try_share_usage(cursor, taken)
    waiting = [entry.id for entry in entries if entry.workspace_id in taken]
    cursor.execute(statement("put_off"), {"ids": waiting, "delay": _interval(PUT_OFF)})
    return taken


def _interval(span: timedelta) -> str:
    return f"{span.total_seconds()} seconds"


def _note_key_use(entries: Sequence[Entry]) -> None:
    """Note the last use of keys, after the commit: workers would meet on those rows."""
    used: dict[int, int] = {}
    for entry in entries:
        if entry.api_key_id is not None and not entry.is_replay:
            used[entry.api_key_id] = max(used.get(entry.api_key_id, 0), entry.received)
    with connection.cursor() as cursor:
        mark_used(
            cursor,
            [
                (key, datetime.fromtimestamp(at / 1e6, UTC))
                for key, at in sorted(used.items())
            ],
        )


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep Python's cycle collector out of a digest.

    It walks tens of thousands of young objects again and again and finds no cycle.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
