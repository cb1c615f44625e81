"""Whom a rule would select: a count and a few of them, quickly."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Workspace
from accounts.segments.names import Names
from accounts.segments.schema import Rule
from accounts.segments.selection import selected

SHOWN = 10
# Counting goes on no further: a rule that so many match is wide, whatever the number.
COUNTED_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Preview:
    """How many match, as far as was counted, and the first of them."""

    count: int
    is_exact: bool
    rows: tuple[Any, ...]


def preview(
    rule: Rule, workspace: Workspace, *, today: date, names: Names | None = None
) -> Preview:
    """Count whom a rule selects and show the ones with the lowest numbers found."""
    rows = selected(rule, workspace, today=today, names=names)
    pks = list(rows.values_list("pk", flat=True)[: COUNTED_UP_TO + 1])
    first = rows.model._default_manager.select_related(  # noqa: SLF001 documented API
        "score"
    ).in_bulk(sorted(pks)[:SHOWN])
    count = min(len(pks), COUNTED_UP_TO)
    return Preview(count, len(pks) <= COUNTED_UP_TO, tuple(first.values()))
