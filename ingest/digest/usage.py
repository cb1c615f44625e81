"""Adds a batch to daily usage and marks the developers whose score is stale."""

from collections.abc import Iterator
from struct import Struct

from django.db.backends.utils import CursorWrapper

from ingest.copying import copy_rows
from ingest.statements import statement

# Developer, day since 1970, metric, product, workspace.
UsageKey = tuple[int, int, int, int, int]

_TARGET = (
    "digest_usage (developer_id, day, metric_id, product_id, workspace_id, count,"
    " value_sum)"
)
_row = Struct(">hiqiiiqiqiqiqid").pack
# PostgreSQL counts days from the year 2000.
_POSTGRES_DAY = 10_957


class UsageSums:
    """Counts and value sums of one batch, by developer, day, metric and product.

    Whole batches add up first, so that a busy developer costs one write, not one per
    event.
    """

    def __init__(self) -> None:
        self.counts: dict[UsageKey, int] = {}
        self.values: dict[UsageKey, float] = {}

    def store(self, cursor: CursorWrapper) -> None:
        """Mark the touched developers, and add to their and the workspaces' usage."""
        if not self.counts:
            return
        cursor.execute(statement("usage_table"))
        copy_rows(cursor, _TARGET, self._rows())
        cursor.execute(statement("touched_add"))
        cursor.execute(statement("usage_add"))
        cursor.execute(statement("workspace_usage_add"))

    def _rows(self) -> Iterator[bytes]:
        values = self.values
        for key, count in self.counts.items():
            developer, day, metric, product, workspace = key
            yield _row(
                *(7, 8, developer, 4, day - _POSTGRES_DAY, 8, metric, 8, product),
                *(8, workspace, 8, count, 8, values.get(key, 0.0)),
            )
