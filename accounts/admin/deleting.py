"""What goes with a row that is deleted: counted, never listed one by one.

Django loads everything that hangs on a row to name it, which for a tag that a rule put
on a million developers is a million rows. It also asks for the right to delete each of
them: here they belong to their row, and go with it.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import CASCADE, DO_NOTHING, SET_DEFAULT, SET_NULL, Model

# Rows named on the page; the rest are counted.
MOST_NAMED = 10
# What a reference may say that leaves a row where it is.
STAYS = (DO_NOTHING, SET_DEFAULT, SET_NULL)


def what_goes(
    rows: Iterable[Model],
) -> tuple[list[str], dict[str, int], list[str]]:
    """Return the rows by name, how many rows of each kind go, and what forbids it."""
    found = list(rows)
    if not found:
        return [], {}, []
    opts = found[0]._meta  # noqa: SLF001 (Django's documented interface)
    named = [str(row) for row in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        named.append(f"and {len(found) - MOST_NAMED:,} more")
    counts = {str(opts.verbose_name_plural): len(found)}
    forbids = []
    for relation in opts.related_objects:
        if relation.on_delete in STAYS:
            continue
        column: Any = relation.field
        theirs = column.model._base_manager.filter(  # noqa: SLF001
            **{f"{column.name}__in": [row.pk for row in found]}
        )
        number = theirs.count()
        kind = str(column.model._meta.verbose_name_plural)  # noqa: SLF001
        if number and relation.on_delete is CASCADE:
            counts[kind] = counts.get(kind, 0) + number
        elif number:
            forbids.append(f"{number:,} {kind}")
    return named, counts, forbids
