"""CSV for spreadsheets and NDJSON for programs: streamed, and safe to open."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import StreamingHttpResponse

from accounts.csv_files import safe_cell

Cell = str | int | float | datetime | None
# Makes spreadsheets read UTF-8.
MARK = "\ufeff"
CSV, NDJSON = "csv", "ndjson"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    NDJSON: "application/x-ndjson; charset=utf-8",
}
Chunks = Iterable[Sequence[Mapping[str, Any]]]


class _Line:
    """A file that keeps nothing: `write` returns what it is given."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def table_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, form: str = CSV
) -> StreamingHttpResponse:
    """Return a download that is written while it is read; ``name`` has no ending.

    ``form`` is one of `CONTENT_TYPES`; anything else is CSV.
    """
    if form == NDJSON:
        lines = (f"{_json(dict(zip(header, row, strict=True)))}\n" for row in rows)
        return download(name, NDJSON, lines)
    return download(name, CSV, _lines(header, rows))


def download(name: str, form: str, parts: Iterable[str]) -> StreamingHttpResponse:
    """Return parts of a text as a download; ``name`` has no ending."""
    response = StreamingHttpResponse(parts, content_type=CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


def text_of(form: str, columns: Sequence[str], chunks: Chunks) -> Iterator[str]:
    """Return rows as CSV or NDJSON, a part for each chunk of rows."""
    if form == NDJSON:
        for chunk in chunks:
            yield "".join(f"{_json(row)}\n" for row in chunk)
        return
    writer = csv.writer(_Line())
    yield MARK + writer.writerow(columns)
    for chunk in chunks:
        yield "".join(
            writer.writerow([_cell(row[name]) for name in columns]) for row in chunk
        )


def _lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield MARK + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def safe(cell: Cell) -> str | int | float:
    """Return a cell that no spreadsheet takes for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return safe_cell(cell) if isinstance(cell, str) else cell


def _cell(value: Any) -> str | int | float:
    """Write what a cell cannot hold: lists of words in a line, the rest as JSON."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return safe("; ".join(value))
    if isinstance(value, dict | list):
        return safe(_json(value) if value else "")
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe(value)


def _json(value: Any) -> str:
    return json.dumps(
        value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")
    )
