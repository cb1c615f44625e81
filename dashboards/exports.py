"""CSV for spreadsheets: streamed, and safe to open."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.http import StreamingHttpResponse

Cell = str | int | float | datetime | None
# A spreadsheet takes a cell that starts so for a formula (DESIGN, Guards).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file that keeps nothing: `write` returns what it is given."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> StreamingHttpResponse:
    """Return a download that is written while it is read; ``name`` has no ending."""
    response = StreamingHttpResponse(
        _lines(header, rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    # The mark makes spreadsheets read UTF-8.
    yield "\ufeff"
    writer = csv.writer(_Line())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def safe(cell: Cell) -> str | int | float:
    """Return a cell that no spreadsheet takes for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
        return f"'{cell}"
    return cell
