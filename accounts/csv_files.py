"""CSV files that people bring: bounded, read line by line, wrong lines by number.

What every import shares. Reading writes nothing, so that a preview can say what would
happen. The other way round, cells are made safe for spreadsheets.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOST_LINES = 20_000
LONGEST_FILE = 4 * 1024 * 1024
# A spreadsheet takes a cell that starts so for a formula (DESIGN, Guards).
# The wide ones are formulas in Japanese and Chinese spreadsheets.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line of the file (the heading is line 1)."""

    line: int
    message: str


@dataclass
class CsvFile:
    """A file with a heading: its columns, its lines and those that are none."""

    # As written, and folded: stripped, in lower case.
    columns: tuple[str, ...] = ()
    lines: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_csv(text: str, *, needed: str) -> CsvFile:
    """Read a CSV file whose heading must have one column.

    Cells come stripped and without NUL, by the folded name of their column. Commas or,
    where the heading has more of them, semicolons divide cells.
    """
    found = CsvFile()
    text = text.removeprefix("\ufeff")
    heading = text.partition("\n")[0]
    divider = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=divider)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    except csv.Error as error:
        found.problems.append(Problem(1, f"This is no CSV: {error}."))
        return found
    reader.fieldnames = names
    found.columns = tuple(names)
    if needed not in names:
        found.problems.append(Problem(1, f"There is no column “{needed}”."))
        return found
    _read_lines(reader, found)
    return found


def _read_lines(reader: "csv.DictReader[str]", found: CsvFile) -> None:
    number = 1
    try:
        for values in reader:
            number = reader.line_num
            if None in values:
                found.problems.append(Problem(number, "More values than columns."))
            elif number > MOST_LINES:
                message = f"Only the first {MOST_LINES:,} lines are read."
                found.problems.append(Problem(number, message))
                return
            else:
                cells = {name: _clean(cell) for name, cell in values.items()}
                found.lines.append((number, cells))
    except csv.Error as error:
        found.problems.append(Problem(number + 1, f"This is no CSV: {error}."))


def _clean(text: str | None) -> str:
    return (text or "").replace("\0", "").strip()


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a small file as text, marked as UTF-8 for spreadsheets."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return "\ufeff" + target.getvalue()


def error_report(problems: Iterable[Problem], text: str) -> str:
    """Return a CSV of what is wrong: line, problem, and the line as it was sent."""
    lines = text.removeprefix("\ufeff").splitlines()
    return write_csv(
        ("line", "problem", "as_sent"),
        (
            (
                str(problem.line),
                problem.message,
                lines[problem.line - 1] if 0 < problem.line <= len(lines) else "",
            )
            for problem in problems
        ),
    )
