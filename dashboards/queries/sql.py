"""Runs the statements of `dashboards/sql/`, one question a file."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from django.db import connection

FOLDER = Path(__file__).resolve().parent.parent / "sql"
Row = TypeVar("Row", bound=NamedTuple)


@cache
def statement(name: str) -> str:
    """Return the text of `<name>.sql`."""
    return (FOLDER / f"{name}.sql").read_text("utf-8")


def fetch(name: str, row: type[Row], params: Mapping[str, Any]) -> list[Row]:
    """Run a statement; its columns are the fields of `row`, in order."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), params)
        return [row(*values) for values in cursor.fetchall()]
