"""Looks through every column of every table for a word, or keeps all there is."""

from django.db import connection

COLUMNS = """
    SELECT c.table_name, c.column_name, c.data_type
    FROM information_schema.columns AS c
    JOIN information_schema.tables AS t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
        AND c.data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea',
                            'ARRAY', 'inet', 'uuid')
    ORDER BY 1, 2
"""


def where(word):
    """Return the columns that hold a word, as ``table.column``, in any case."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind in cursor.fetchall():
            text = (
                f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
            )
            cursor.execute(
                f'SELECT count(*) FROM "{table}" WHERE strpos(lower('
                + text.replace(column, f'"{column}"')
                + "), lower(%s)) > 0",
                [word],
            )
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found


def everything():
    """Return every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        rows = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t ORDER BY 1')
            rows[table] = cursor.fetchall()
        return rows
