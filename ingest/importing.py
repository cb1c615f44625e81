"""Request bodies from a file into the inbox, as if each had been sent.

Used by ``import_events``. Memory stays constant: lines go in and rows go out in
batches. A bad line is reported and skipped; the good ones are kept.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.models import Workspace
from ingest.body import BYTE_ORDER_MARK
from ingest.dialects.base import Dialect, Scope
from ingest.events import NormalizedEvent
from ingest.inbox import accept_without_request
from ingest.refusals import Refused

EVENTS_PER_COMMIT = 10_000


@dataclass
class ImportResult:
    """What became of the lines of a file."""

    lines: int = 0
    events: int = 0
    errors: int = 0


def import_lines(
    lines: Iterable[bytes],
    *,
    workspace: Workspace,
    dialect: Dialect,
    report: Callable[[int, str], None],
    advance: Callable[[int], object] = lambda _size: None,
) -> ImportResult:
    """Keep the events of all lines; one request body a line, blank lines skipped.

    ``report`` is told the number of a line (from 1) and what is wrong with it or with
    one of its events; ``advance`` the bytes of each line when it has been read.
    """
    result = ImportResult()
    waiting: list[NormalizedEvent] = []
    scope = Scope(now=time.time(), workspace_id=workspace.pk, is_import=True)
    for number, line in enumerate(lines, start=1):
        # Some editors begin a file with one.
        body = line.removeprefix(BYTE_ORDER_MARK).strip()
        if body:
            result.lines += 1
            try:
                reading = dialect.parse(body, scope)
            except Refused as refused:
                report(number, refused.message)
                result.errors += 1
            else:
                waiting += reading.events
                for rejection in reading.rejected:
                    report(number, f"event {rejection.index}: {rejection.message}")
                    result.errors += 1
        advance(len(line))
        if len(waiting) >= EVENTS_PER_COMMIT:
            result.events += _keep(waiting, workspace, dialect)
    result.events += _keep(waiting, workspace, dialect)
    return result


def _keep(
    waiting: list[NormalizedEvent], workspace: Workspace, dialect: Dialect
) -> int:
    """Store what waits and empty it; return how many were kept."""
    count = len(waiting)
    if count:
        events = waiting
        if dialect.complete is not None:
            events = dialect.complete(workspace.pk, waiting)
        count = accept_without_request(workspace, dialect.key, events)
        waiting.clear()
    return count
