"""Reads the set-based statements that lie in ``sql/`` beside this file."""

from functools import cache
from pathlib import Path

SQL_DIR = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> str:
    """Return the text of ``sql/<name>.sql``; each file says what it asks and costs."""
    return (SQL_DIR / f"{name}.sql").read_text("utf-8")
