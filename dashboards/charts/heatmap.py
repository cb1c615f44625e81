"""A grid of cells shaded by value: weekday by hour, or cohort by week."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.scale import CHARACTER_WIDTH, check_finite
from dashboards.charts.words import EVENTS, Noun, full, short

LEVELS = 5
ROW, GAP, HEAD = 24, 3, 22
# Written in every cell only while there is room for about four characters.
COLUMNS_WITH_TEXT = 12
COLUMN_LABELS = 8


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One square: x and width in percent, y and height in pixels, level 0 to 5."""

    x: float
    width: float
    y: float
    height: float
    centre: float
    middle: float
    level: int
    value: float
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class HeatLabel:
    """The name of a row (y in pixels) or of a column (x in percent)."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap(Figure):
    """Cells in rows and columns, darker for more; None is left blank."""

    kind: ClassVar[str] = "heatmap"
    template: ClassVar[str] = "charts/heatmap.html"

    height: int
    gutter: int
    cells: tuple[HeatCell, ...]
    row_labels: tuple[HeatLabel, ...]
    column_labels: tuple[HeatLabel, ...]
    legend: tuple[tuple[int, str], ...]


def heatmap(
    *,
    key: str,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    noun: Noun = EVENTS,
    finding: str = "",
    corner: str = "",
) -> Heatmap:
    """Shade `values[row][column]`, none negative, in five equal steps.

    `corner` heads the first column of the table.
    """
    known = [value for row in values for value in row if value is not None]
    check_finite(known)
    if any(value < 0 for value in known):
        message = "A heat map cannot shade negative values."
        raise ValueError(message)
    if len(values) != len(rows) or any(len(row) != len(columns) for row in values):
        message = "A heat map needs one value for each row and column."
        raise ValueError(message)
    top = max(known, default=0.0)
    empty = "" if known else f"No {noun.many} to draw yet."
    return Heatmap(
        key=key,
        title=title,
        finding=(finding or _finding(rows, columns, values, noun)) if known else "",
        empty=empty,
        table=DataTable(
            title,
            (corner, *columns),
            tuple(
                (
                    Cell(name),
                    *(Cell("–") if v is None else Cell(full(v), v) for v in row),
                )
                for name, row in zip(rows, values, strict=True)
            ),
        ),
        height=HEAD + len(rows) * (ROW + GAP),
        gutter=max((len(name) for name in rows), default=0) * CHARACTER_WIDTH + 8,
        cells=_cells(rows, columns, values, top, noun),
        row_labels=tuple(
            HeatLabel(HEAD + index * (ROW + GAP) + ROW / 2, name)
            for index, name in enumerate(rows)
        ),
        column_labels=_column_labels(columns),
        legend=tuple((level, _legend(level, top)) for level in range(LEVELS + 1)),
    )


def _level(value: float, top: float) -> int:
    return 0 if value == 0 else min(LEVELS, math.ceil(value / top * LEVELS - 1e-9))


def _cells(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    top: float,
    noun: Noun,
) -> tuple[HeatCell, ...]:
    slot = 100 / len(columns) if columns else 100.0
    with_text = len(columns) <= COLUMNS_WITH_TEXT
    return tuple(
        HeatCell(
            x=round(across * slot + slot * 0.04, 3),
            width=round(slot * 0.92, 3),
            y=HEAD + down * (ROW + GAP),
            height=ROW,
            centre=round((across + 0.5) * slot, 3),
            middle=HEAD + down * (ROW + GAP) + ROW / 2,
            level=_level(value, top),
            value=value,
            text=short(value) if with_text else "",
            hint=f"{rows[down]}, {columns[across]}: {noun.count(value)}",
        )
        for down, row in enumerate(values)
        for across, value in enumerate(row)
        if value is not None
    )


def _column_labels(columns: Sequence[str]) -> tuple[HeatLabel, ...]:
    every = math.ceil(len(columns) / COLUMN_LABELS) or 1
    return tuple(
        HeatLabel(round((index + 0.5) / len(columns) * 100, 3), name)
        for index, name in enumerate(columns)
        if index % every == 0
    )


def _legend(level: int, top: float) -> str:
    if level == 0:
        return "none"
    return f"up to {short(top * level / LEVELS)}"


def _finding(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    noun: Noun,
) -> str:
    total = 0.0
    best, where = 0.0, ""
    for down, row in enumerate(values):
        for across, value in enumerate(row):
            total += value or 0.0
            if value is not None and value > best:
                best, where = value, f"{rows[down]}, {columns[across]}"
    if not where:
        return f"No {noun.many}."
    return f"The peak is {where} with {full(best)} of {noun.count(total)}."
