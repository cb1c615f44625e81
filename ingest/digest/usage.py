"""Adds a batch to daily usage and marks the developers whose score is stale."""

from collections.abc import Sequence
from datetime import date

from django.db.backends.utils import CursorWrapper

from ingest.statements import statement

_UNIX_DAY = date(1970, 1, 1).toordinal()

# Developer, day since 1970, metric, product, workspace.
UsageKey = tuple[int, int, int, int, int]


class UsageSums:
    """Counts and value sums of one batch, by developer, day, metric and product.

    Whole batches add up first, so that a busy developer costs one write, not one per
    event.
    """

    def __init__(self) -> None:
        self.counts: dict[UsageKey, int] = {}
        self.values: dict[UsageKey, float] = {}

    def add_people(self, cursor: CursorWrapper) -> None:
        """Mark the touched developers and add to their daily usage."""
        keys = sorted(self.counts)
        if not keys:
            return
        touched = sorted({(key[4], key[0]) for key in keys})
        cursor.execute(
            statement("touched_add"),
            {
                "workspaces": [workspace for workspace, _ in touched],
                "developers": [developer for _, developer in touched],
            },
        )
        cursor.execute(
            statement("usage_add"),
            {
                "developers": _numbers([key[0] for key in keys]),
                "days": _days([key[1] for key in keys]),
                "metrics": _numbers([key[2] for key in keys]),
                "products": _numbers([key[3] for key in keys]),
                "workspaces": _numbers([key[4] for key in keys]),
                "counts": _numbers([self.counts[key] for key in keys]),
                "sums": _numbers([self.values.get(key, 0.0) for key in keys]),
            },
        )

    def add_workspaces(self, cursor: CursorWrapper) -> None:
        """Add to the daily usage of the workspaces: rows that every digest writes."""
        counts: dict[tuple[int, int, int, int], int] = {}
        sums: dict[tuple[int, int, int, int], float] = {}
        for key, count in self.counts.items():
            row = (key[4], key[1], key[2], key[3])
            counts[row] = counts.get(row, 0) + count
            sums[row] = sums.get(row, 0.0) + self.values.get(key, 0.0)
        keys = sorted(counts)
        if not keys:
            return
        cursor.execute(
            statement("workspace_usage_add"),
            {
                "workspaces": _numbers([key[0] for key in keys]),
                "days": _days([key[1] for key in keys]),
                "metrics": _numbers([key[2] for key in keys]),
                "products": _numbers([key[3] for key in keys]),
                "counts": _numbers([counts[key] for key in keys]),
                "sums": _numbers([sums[key] for key in keys]),
            },
        )


def _numbers(numbers: Sequence[float]) -> str:
    # An array literal: the driver would look up a dumper per element.
    return "{" + ",".join(map(str, numbers)) + "}"


def _days(days: Sequence[int]) -> str:
    texts = {day: date.fromordinal(_UNIX_DAY + day).isoformat() for day in set(days)}
    return "{" + ",".join([texts[day] for day in days]) + "}"
