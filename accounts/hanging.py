"""Rows that hang on a developer beside identities, usage and scores.

One list of them, so that merging two developers, and taking that back, never forgets
one. A table joins it by one line; its name for the person is ``developer_id``.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from accounts.statements import statement


class Hanging(NamedTuple):
    """One table, and what may be there once for each developer."""

    table: str
    # Columns of which a developer has no two equal rows; empty: as many as you like.
    once: tuple[str, ...] = ()
    # Holds for the rows that ``once`` is about, as SQL over {t}.
    once_where: str = "TRUE"
    # (column, table it refers to): a row is given back only while these exist.
    parents: tuple[tuple[str, str], ...] = ()


HANGING = (
    Hanging(
        "accounts_listentry",
        ("curated_list_id",),
        parents=(("curated_list_id", "accounts_curatedlist"),),
    ),
    Hanging("accounts_tagmark", ("tag_id",), parents=(("tag_id", "accounts_tag"),)),
    Hanging("accounts_note"),
    Hanging("accounts_follow", ("user_id",)),
    # The one who stays was watched already, or is from the next look on.
    Hanging("accounts_watch", ("workspace_id",)),
    Hanging("accounts_happening"),
    Hanging("accounts_redflag"),
    Hanging("accounts_flaggedrecord"),
    Hanging("accounts_stageentry"),
    Hanging(
        "accounts_segmentmember",
        ("segment_id",),
        once_where="{t}.left_at IS NULL",
        parents=(("segment_id", "accounts_segment"),),
    ),
)


def move_hanging(
    cursor: CursorWrapper,
    corrections: Sequence[int],
    keeps: Sequence[int],
    others: Sequence[int],
) -> None:
    """Hand everything from the ``others`` to the ``keeps``, and remember it.

    A statement per table, however many pairs. The corrections are those that
    `merge_remember` has just written for these pairs.
    """
    for one in HANGING:
        cursor.execute(
            _move(one),
            {
                "corrections": list(corrections),
                "keeps": list(keeps),
                "others": list(others),
                "name": one.table,
            },
        )


def give_back_hanging(
    cursor: CursorWrapper, before: Mapping[str, Any], *, source: int, target: int
) -> None:
    """Take back what `move_hanging` did for one correction."""
    remembered = before.get("hanging", {})
    for one in HANGING:
        rows = remembered.get(one.table)
        if rows:
            cursor.execute(
                _give_back(one),
                {
                    "from": source,
                    "to": target,
                    "moved": json.dumps(rows["moved"]),
                    "dropped": json.dumps(rows["dropped"]),
                },
            )


def _move(one: Hanging) -> sql.Composed:
    columns = [sql.Identifier(name) for name in one.once]
    same = sql.SQL(" AND ").join(
        sql.SQL("t2.{0} = t.{0}").format(column) for column in columns
    )
    parts = [sql.SQL("t.{}").format(column) for column in columns]
    if not parts:
        parts = [sql.SQL("{}").format(sql.Identifier("t", "id"))]
    return sql.SQL(statement("merge_hanging")).format(
        table=sql.Identifier(one.table),
        condition=_condition(one, "t"),
        condition2=_condition(one, "t2"),
        same=same if columns else sql.SQL("FALSE"),
        partition=sql.SQL(", ").join(parts),
    )


def _condition(one: Hanging, alias: str) -> sql.Composable:
    return sql.SQL("({})").format(sql.SQL(one.once_where.replace("{t}", alias)))


def _give_back(one: Hanging) -> sql.Composed:
    exists = [
        sql.SQL(
            "EXISTS (SELECT 1 FROM {parent} AS p WHERE p.id = was.{column})"
        ).format(parent=sql.Identifier(parent), column=sql.Identifier(column))
        for column, parent in one.parents
    ]
    return sql.SQL(statement("correction_give_back_hanging")).format(
        table=sql.Identifier(one.table),
        parents=sql.SQL(" AND ").join(exists) if exists else sql.SQL("TRUE"),
    )
