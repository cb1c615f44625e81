"""A line through points with numbers on both axes: what senders report as x and y."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dashboards.charts.bars import TimeFrame
from dashboards.charts.lines import LinePoint
from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.scale import (
    BOTTOM,
    PLOT_HEIGHT,
    TOP,
    Scale,
    check_finite,
    nice_scale,
)
from dashboards.charts.timeline import XTick
from dashboards.charts.words import full, short

# A label this near an edge (percent) is anchored to it, so that it is not cut off.
EDGE = 6.0
MOST_DOTS = 40
HOVER_WIDTH = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChart(Figure):
    """Points in the order of x, and the line through them."""

    kind: ClassVar[str] = "points"
    template: ClassVar[str] = "charts/points.html"

    frame: TimeFrame
    path: str
    points: tuple[LinePoint, ...]
    show_points: bool
    plot_top: float = TOP
    plot_height: float = PLOT_HEIGHT


def points(
    *, key: str, title: str, values: Sequence[tuple[float, float]], finding: str = ""
) -> PointChart:
    """Draw (x, y) pairs; equal x keep their order, the x axis begins at the least."""
    ordered = sorted(values, key=lambda pair: pair[0])
    xs, ys = [x for x, _ in ordered], [y for _, y in ordered]
    check_finite([*xs, *ys])
    low, high = (xs[0], xs[-1]) if xs else (0.0, 1.0)
    scale = nice_scale(ys, whole=False)
    drawn = tuple(_point(x, y, low, high, scale) for x, y in ordered)
    rows = tuple((Cell(full(x), x), Cell(full(y), y)) for x, y in ordered)
    return PointChart(
        key=key,
        title=title,
        finding=finding or _finding(xs, ys),
        empty="" if drawn else "No points to draw yet.",
        table=DataTable(title, ("x", "y"), rows),
        frame=_frame(low, high, scale),
        path=_path(drawn),
        points=drawn,
        show_points=len(drawn) <= MOST_DOTS,
    )


def _point(x: float, y: float, low: float, high: float, scale: Scale) -> LinePoint:
    at = _share(x, low, high)
    return LinePoint(
        x=at,
        y=scale.y(y),
        slot_x=round(max(at - HOVER_WIDTH / 2, 0.0), 3),
        slot_width=HOVER_WIDTH,
        value=y,
        hint=f"{full(x)}: {full(y)}",
    )


def _share(x: float, low: float, high: float) -> float:
    """Return where x stands, in percent of the width; a lone value in the middle."""
    # Divided first: the span of the largest and the smallest number is infinite.
    span = high / 2 - low / 2
    return round((x / 2 - low / 2) / span * 100, 3) if span else 50.0


def _frame(low: float, high: float, scale: Scale) -> TimeFrame:
    height = TOP + scale.height + BOTTOM
    steps = (0.0, 0.25, 0.5, 0.75, 1.0) if high > low else (0.5,)
    ticks = []
    for step in steps:
        x = step * 100
        anchor = "start" if x < EDGE else "end" if x > 100 - EDGE else "middle"
        value = low * (1 - step) + high * step
        ticks.append(XTick(x, short(value), anchor, minor=step in {0.25, 0.75}))
    return TimeFrame(
        height=height,
        y_ticks=scale.ticks(),
        x_ticks=tuple(ticks),
        gutter=scale.gutter,
        zero=scale.y(max(scale.low, 0.0)),
        label_y=height - 6,
    )


def _path(drawn: Sequence[LinePoint]) -> str:
    if not drawn:
        return ""
    return "M" + " L".join(f"{point.x:g} {point.y - TOP:.6g}" for point in drawn)


def _finding(xs: Sequence[float], ys: Sequence[float]) -> str:
    if not xs:
        return "No points yet."
    if len(xs) == 1:
        return f"One point: {full(ys[0])} at {full(xs[0])}."
    top = max(range(len(ys)), key=lambda place: ys[place])
    return (
        f"{len(xs)} points from {full(xs[0])} to {full(xs[-1])}; the highest is "
        f"{full(ys[top])} at {full(xs[top])}."
    )
