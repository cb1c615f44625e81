"""Takes a person's addresses out of texts that stay: notes of others, logs, settings.

Every text and JSON column of every table of a workspace, found through the models, so
that a new table is looked through without being named here. Columns that are unique
are left alone: they are names of other things.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import CharField, Field, JSONField, Model, TextField

from accounts.person import Person

# What stands where a person was named.
ERASED = "[erased]"
# A regular expression that matches nothing.
NOTHING = "a^"
# Tables and columns that name nobody of ours, or whoever is to be named: the member who
# did something, credentials, and identities, which other people have.
LEFT_ALONE: dict[str, frozenset[str]] = {
    "accounts.AuditEntry": frozenset({"actor_label", "action"}),
    "accounts.Erasure": frozenset({"actor_label"}),
    "accounts.Identity": frozenset({"value", "kind"}),
    "accounts.ApiKey": frozenset({"prefix", "sealed"}),
    "accounts.AccessToken": frozenset({"prefix"}),
    "ingest.SigningKey": frozenset({"kid", "public_pem", "sealed"}),
}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column that can hold any text."""

    name: str
    is_json: bool

    @property
    def as_text(self) -> str:
        """Return the SQL of its text."""
        return f"{_quote(self.name)}::text" if self.is_json else _quote(self.name)

    @property
    def redacted(self) -> str:
        """Return the SQL of its text without the words of the patterns.

        JSON stays JSON: a long number may stand without quotes, and becomes 0.
        """
        if not self.is_json:
            return f"regexp_replace({self.as_text}, %(pattern)s, %(erased)s, 'gi')"
        without = f"regexp_replace({self.as_text}, %(json_pattern)s, %(erased)s, 'gi')"
        return f"regexp_replace({without}, %(numbers)s, '0', 'g')::jsonb"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is named: a table and how many of its rows."""

    model: type[Model]
    columns: tuple[TextColumn, ...]
    rows: int

    @property
    def table(self) -> str:
        """Return the table's name."""
        return self.model._meta.db_table  # noqa: SLF001 (documented API)


def text_tables() -> Iterator[tuple[type[Model], tuple[TextColumn, ...]]]:
    """Yield the tables of workspaces and their columns that can hold any text."""
    for model in apps.get_models(include_auto_created=True):
        fields = model._meta.concrete_fields  # noqa: SLF001 (documented API)
        if not any(field.column == "workspace_id" for field in fields):
            continue
        columns = tuple(
            TextColumn(str(field.column), isinstance(field, JSONField))
            for field in fields
            if _is_free_text(model, field)
        )
        if columns:
            yield model, columns


def redact(person: Person) -> int:
    """Replace the person's addresses in all texts of their workspace.

    In the caller's transaction. Returns how many rows were changed. Each table is
    looked through first, which PostgreSQL does with all cores, and most have nothing
    to change.
    """
    with connection.cursor() as cursor:
        return sum(
            redact_table(cursor, place.model, place.columns, person, person.telling)
            for place in list(places(person))
        )


def places(person: Person) -> Iterator[Place]:
    """Yield where texts name the person; nothing is changed.

    Reads the workspace's part of every table: seconds where there are millions of
    events.
    """
    if not person.telling:
        return
    with connection.cursor() as cursor:
        for model, columns in text_tables():
            table = _quote(model._meta.db_table)  # noqa: SLF001 (documented API)
            where, values = _where(columns, person, person.telling)
            cursor.execute(
                f"SELECT count(*) FROM {table} WHERE {where}",  # noqa: S608 (our own names)
                values,
            )
            (rows,) = cursor.fetchone()
            if rows:
                yield Place(model, columns, rows)


def redact_table(
    cursor: CursorWrapper,
    model: type[Model],
    columns: Iterable[TextColumn],
    person: Person,
    words: Iterable[str],
) -> int:
    """Replace words in the columns of one table; return how many rows that changed."""
    columns = tuple(columns)
    table = _quote(model._meta.db_table)  # noqa: SLF001 (documented API)
    where, values = _where(columns, person, words)
    changes = ", ".join(f"{_quote(one.name)} = {one.redacted}" for one in columns)
    cursor.execute(
        f"UPDATE {table} SET {changes} WHERE {where}",  # noqa: S608 (our own names)
        {**values, "erased": ERASED},
    )
    return int(cursor.rowcount)


def pattern(words: Iterable[str]) -> str:
    """Return a PostgreSQL regular expression of these words, each a word of its own.

    "ann@example.com" is in neither "joann@example.com" nor "ann@example.com.au". An
    address may stand in an address: with "%40".
    """
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    any_word = _any_of(
        spelling for word in longest_first for spelling in _spellings(word)
    )
    return rf"(?<![\w.+-])(?:{any_word})(?![\w-]|\.\w)"


def json_patterns(words: Iterable[str]) -> tuple[str, str]:
    """Return the same for the text of JSON: for words, and for what may be a number.

    Words are spelled as JSON spells them, so that one with quotes in it matches no
    brackets and commas between texts. A line break before a word is a backslash and a
    letter there; any other backslash may be half of what it stands before.
    """
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    numbers = [word for word in longest_first if word.isdecimal() and word.isascii()]
    others = [
        spelling
        for word in longest_first
        if word not in numbers
        for spelling in {_in_json(word), _in_json(word.replace("@", "%40"))}
    ]
    before, after = r"(?:(?<![\w.+\\-])|(?<=\\[nrt]))", r"(?![\w-]|\.\w)"
    return (
        f"{before}(?:{_any_of(others)}){after}" if others else NOTHING,
        f"{before}(?:{_any_of(numbers)}){after}" if numbers else NOTHING,
    )


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.sub(r"([^\w\s])", r"\\\1", word) for word in words)


def _in_json(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)[1:-1]


def _where(
    columns: tuple[TextColumn, ...], person: Person, words: Iterable[str]
) -> tuple[str, dict[str, Any]]:
    """Return a condition and its values.

    The plain search goes first: it costs a tenth of the regular expression.
    """
    words = tuple(words)
    hints = [_hint(spelling) for word in words for spelling in _spellings(word)]
    texts = _joined(columns)
    matches = []
    if plain := [one for one in columns if not one.is_json]:
        matches.append(f"({_joined(plain)}) ~* %(pattern)s")
    if in_json := [one for one in columns if one.is_json]:
        text = f"({_joined(in_json)})"
        matches.append(f"{text} ~* %(json_pattern)s OR {text} ~ %(numbers)s")
    where = (
        "workspace_id = %(workspace)s"
        f" AND lower({texts}) LIKE ANY (%(hints)s)"
        f" AND ({' OR '.join(matches)})"
    )
    json_pattern, numbers = json_patterns(words)
    return where, {
        "workspace": person.workspace_id,
        "hints": hints,
        "pattern": pattern(words),
        "json_pattern": json_pattern,
        "numbers": numbers,
    }


def _joined(columns: Iterable[TextColumn]) -> str:
    return " || ' ' || ".join(f"coalesce({one.as_text}, '')" for one in columns)


def _spellings(word: str) -> list[str]:
    """Return a word as it stands in a text, in JSON and in an address."""
    spellings = {word, _in_json(word)}
    if "@" in word:
        spellings.add(word.replace("@", "%40"))
    return sorted(spellings)


def _hint(spelling: str) -> str:
    """Return a LIKE pattern for a text with this in it."""
    escaped = re.sub(r"([\\%_])", r"\\\1", spelling.lower())
    return f"%{escaped}%"


def _is_free_text(model: type[Model], field: "Field[object, object]") -> bool:
    if isinstance(field, ArrayField) or not isinstance(
        field, CharField | TextField | JSONField
    ):
        return False
    if field.choices or field.unique or field.primary_key:
        return False
    meta = model._meta  # noqa: SLF001 (documented API)
    if field.column in LEFT_ALONE.get(meta.label, ()):
        return False
    in_a_key = {name for key in meta.total_unique_constraints for name in key.fields}
    return field.name not in in_a_key and field.name not in {
        one.name for one in meta.pk_fields
    }


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
