"""Set-based statements: those in ``sql/``, and INSERTs of what the ORM selects."""

from functools import cache
from pathlib import Path
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from psycopg import sql

SQL_DIR = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> str:
    """Return the text of ``sql/<name>.sql``; each file says what it asks and costs."""
    return (SQL_DIR / f"{name}.sql").read_text("utf-8")


def insert_selected(cursor: CursorWrapper, insert: str, rows: QuerySet[Any]) -> bool:
    """Run an INSERT whose ``{rows}`` stands for a query of the ORM.

    What it selects never comes here. Returns False, having run nothing, for a query of
    which the ORM itself knows that it selects nothing.
    """
    try:
        query, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return False
    cursor.execute(sql.SQL(insert).format(rows=sql.SQL(query)), values)
    return True
