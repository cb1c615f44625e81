"""Pages of tables that are too big to be counted."""

from typing import TYPE_CHECKING, Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

# Rows that can be leafed through; who wants others narrows the list. Counting that many
# takes milliseconds, counting a million takes most of a second, twice a page.
MOST_ROWS = 10_000


class BoundedPaginator(BasePaginator):
    """Leafs through the first ten thousand rows, and counts no further."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most `MOST_ROWS`."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.order_by().values_list("pk")[:MOST_ROWS])
