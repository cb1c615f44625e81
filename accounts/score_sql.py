"""Runs the score statements, whose arithmetic is one shared beginning."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.utils import CursorWrapper

SQL = Path(__file__).with_name("sql")


@cache
def statement(name: str) -> str:
    """Return the text of ``sql/score_<name>.sql``."""
    return SQL.joinpath(f"score_{name}.sql").read_text("utf-8")


def run(cursor: CursorWrapper, name: str, **values: Any) -> None:
    """Execute one statement."""
    cursor.execute(statement(name), values)


def run_on_uses(
    cursor: CursorWrapper,
    name: str,
    *,
    models: Sequence[int],
    workspaces: Sequence[int],
    developers: Sequence[int] | None,
    until: date | None = None,
    **values: date | datetime | float | None,
) -> None:
    """Execute a statement that reads the points of each use.

    ``developers`` None means all of the workspaces; ``until`` None means no last day.
    """
    cursor.execute(
        statement("use_points") + statement(name),
        {
            "models": list(models),
            "workspaces": list(workspaces),
            "developers": None if developers is None else list(developers),
            "until": until,
            **values,
        },
    )
