"""Lines over time, with an optional earlier period behind, and sparklines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dashboards.charts.bars import TimeFigure, time_frame
from dashboards.charts.parts import Cell, DataTable
from dashboards.charts.scale import PLOT_HEIGHT, TOP, Scale, check_finite, nice_scale
from dashboards.charts.timeline import check_series, slot_centre
from dashboards.charts.words import (
    EVENTS,
    Bucket,
    Noun,
    bucket_label,
    full,
    peak_sentence,
)

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class LinePoint:
    """One measured point: x in percent, y in pixels; `slot_*` is its hover area."""

    x: float
    y: float
    slot_x: float
    slot_width: float
    value: float
    hint: str
    # Where a click leads. The table has the same links, for the keyboard.
    href: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A named horizontal line, such as the score a band begins at."""

    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart(TimeFigure):
    """A line through the measured points; gaps in the data are gaps in the line.

    Paths are in a coordinate system 100 wide and as many pixels high as the
    plot, drawn stretched with strokes that do not scale.
    """

    kind: ClassVar[str] = "line"
    template: ClassVar[str] = "charts/line.html"

    path: str
    area: str
    earlier: str
    earlier_name: str
    points: tuple[LinePoint, ...]
    last: LinePoint | None
    levels: tuple[Level, ...]
    show_points: bool
    plot_top: float = TOP
    plot_height: float = PLOT_HEIGHT


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A word-sized line; decorative, for the number stands beside it."""

    width: int
    height: int
    path: str
    area: str
    last_x: float
    last_y: float


def line(
    *,
    key: str,
    title: str,
    buckets: Sequence[Bucket],
    values: Values,
    noun: Noun = EVENTS,
    finding: str = "",
    earlier: Values | None = None,
    earlier_name: str = "Previous period",
    levels: Sequence[tuple[float, str]] = (),
    top: float | None = None,
    links: Sequence[str] | None = None,
) -> LineChart:
    """Draw a line with its area.

    `earlier` is the previous period, bucket by bucket, drawn dashed; None in a
    series is a gap; `levels` are named horizontal lines; `top` fixes the axis
    from zero to that value (scores: 100); `links` are addresses, bucket by bucket.
    """
    check_series(buckets, values, *([earlier] if earlier is not None else []))
    known = [value for value in values if value is not None]
    behind = [value for value in earlier or () if value is not None]
    check_finite([*known, *behind])
    scale = _fixed(top) if top else nice_scale([*known, *behind])
    hrefs = list(links) if links else [""] * len(buckets)
    points = _points(buckets, values, hrefs, scale=scale, noun=noun)
    path = _path(values, scale)
    return LineChart(
        key=key,
        title=title,
        finding=_finding(finding, buckets, values, noun),
        empty="" if points else f"No {noun.many} to draw yet.",
        table=_table(
            title,
            buckets,
            values,
            earlier,
            (noun.many.capitalize(), earlier_name),
            hrefs=hrefs,
        ),
        frame=time_frame(buckets, scale),
        path=path,
        area=_area(values, scale),
        earlier=_path(earlier, scale) if earlier is not None else "",
        earlier_name=earlier_name,
        points=points,
        last=points[-1] if points else None,
        levels=tuple(Level(scale.y(value), label) for value, label in levels),
        show_points=len(points) <= 14,  # noqa: PLR2004 more dots than two weeks are noise
    )


def sparkline(
    values: Sequence[float], *, width: int = 96, height: int = 24
) -> Sparkline:
    """Draw values from zero to their own maximum; an empty series is a flat line."""
    check_finite(values)
    numbers = list(values) or [0.0]
    if len(numbers) == 1:
        numbers *= 2
    margin = 3.0
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    span = (high - low) or 1.0
    xs = [
        round(margin + index / (len(numbers) - 1) * (width - 2 * margin), 2)
        for index in range(len(numbers))
    ]
    ys = [
        round(margin + (1 - (value - low) / span) * (height - 2 * margin), 2)
        for value in numbers
    ]
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in zip(xs, ys, strict=True))
    base = round(height - margin, 2)
    return Sparkline(
        width=width,
        height=height,
        path=path,
        area=f"{path} L{xs[-1]:g} {base:g} L{xs[0]:g} {base:g} Z",
        last_x=xs[-1],
        last_y=ys[-1],
    )


def _fixed(top: float) -> Scale:
    return Scale(0.0, top, top / 5)


def _points(
    buckets: Sequence[Bucket],
    values: Values,
    hrefs: Sequence[str],
    *,
    scale: Scale,
    noun: Noun,
) -> tuple[LinePoint, ...]:
    count = len(buckets)
    return tuple(
        LinePoint(
            x=slot_centre(index, count),
            y=scale.y(value),
            slot_x=round(index / count * 100, 3),
            slot_width=round(100 / count, 3),
            value=value,
            hint=f"{bucket_label(bucket)}: {noun.count(value)}",
            href=hrefs[index],
        )
        for index, (bucket, value) in enumerate(zip(buckets, values, strict=True))
        if value is not None
    )


def _runs(values: Values, scale: Scale) -> list[list[tuple[float, float]]]:
    """Split a series at its gaps into runs of points in plot coordinates."""
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((slot_centre(index, len(values)), scale.y(value) - TOP))
    return [run for run in runs if run]


def _path(values: Values, scale: Scale) -> str:
    return " ".join(
        "M" + " L".join(f"{x:g} {y:.6g}" for x, y in run)
        for run in _runs(values, scale)
    )


def _area(values: Values, scale: Scale) -> str:
    base = f"{scale.y(max(scale.low, 0.0)) - TOP:.6g}"
    return " ".join(
        f"M{run[0][0]:g} {base} L"
        + " L".join(f"{x:g} {y:.6g}" for x, y in run)
        + f" L{run[-1][0]:g} {base} Z"
        for run in _runs(values, scale)
    )


def _table(
    title: str,
    buckets: Sequence[Bucket],
    values: Values,
    earlier: Values | None,
    names: tuple[str, str],
    *,
    hrefs: Sequence[str],
) -> DataTable:
    day = "Hour" if buckets and hasattr(buckets[0], "hour") else "Day"
    columns = (day, names[0]) if earlier is None else (day, *names)
    rows = []
    for index, bucket in enumerate(buckets):
        cells = [Cell(bucket_label(bucket), href=hrefs[index]), _cell(values[index])]
        if earlier is not None:
            cells.append(_cell(earlier[index]))
        rows.append(tuple(cells))
    return DataTable(title, columns, tuple(rows))


def _cell(value: float | None) -> Cell:
    return Cell("–") if value is None else Cell(full(value), value)


def _finding(given: str, buckets: Sequence[Bucket], values: Values, noun: Noun) -> str:
    known = [
        (bucket, value)
        for bucket, value in zip(buckets, values, strict=True)
        if value is not None
    ]
    if not known:
        return f"No {noun.many} yet."
    if given:
        return given
    return peak_sentence(
        [bucket for bucket, _ in known], [value for _, value in known], noun
    )
