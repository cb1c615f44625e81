"""Reads this app's set-based SQL. Each file names its question, index and cost."""

from functools import cache
from pathlib import Path

SQL_DIR = Path(__file__).with_name("sql")


@cache
def statement(name: str) -> str:
    """Return the text of ``ingest/sql/<name>.sql``."""
    return (SQL_DIR / f"{name}.sql").read_text("utf-8")
