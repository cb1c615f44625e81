"""Runs the score statements, whose arithmetic is one shared beginning."""

import re
from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.utils import CursorWrapper

SQL = Path(__file__).with_name("sql")
INCLUDE = re.compile(r"^-- include (\w+)$", re.MULTILINE)


@cache
def statement(name: str) -> str:
    """Return the text of ``sql/score_<name>.sql`` with what it includes.

    A line ``-- include <name>`` stands for the text of another one.
    """
    text = SQL.joinpath(f"score_{name}.sql").read_text("utf-8")
    return INCLUDE.sub(lambda found: statement(found[1]), text)


def run(cursor: CursorWrapper, name: str, **values: Any) -> None:
    """Execute one statement."""
    cursor.execute(statement(name), values)


def run_on_uses(
    cursor: CursorWrapper,
    name: str,
    *,
    models: Sequence[int],
    workspaces: Sequence[int],
    developers: Collection[int] | None,
    account: int | None = None,
    alike: bool = False,
    above: int | None = None,
    upto: int | None = None,
    since: date | None = None,
    until: date | None = None,
    **values: Any,
) -> None:
    """Execute a statement that reads the points of each use.

    ``developers`` None means all of the workspaces, perhaps only those with ids
    ``above`` one and ``upto`` another; else these, and all of ``account`` besides.
    ``alike`` has one row stand for all of them who used a metric equally often on a
    day. ``since`` and ``until`` None mean no first and no last day.
    """
    chosen = developers is not None
    daily = "daily_alike" if alike else "daily_of" if chosen else "daily"
    parts = ("weights", daily, "use_points", name)
    cursor.execute(
        "WITH " + "".join(map(statement, parts)),
        {
            "models": list(models),
            "workspaces": list(workspaces),
            "developers": sorted(set(developers or ())),
            "account": account,
            "above": above,
            "upto": upto,
            "since": since,
            "until": until,
            **values,
        },
    )
