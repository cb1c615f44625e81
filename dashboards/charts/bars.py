"""Bars over time: one series, or a few stacked on each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.scale import BOTTOM, TOP, Scale, YTick, check_finite, nice_scale
from dashboards.charts.timeline import XTick, check_series, slot_centre, time_ticks
from dashboards.charts.words import (
    EVENTS,
    Bucket,
    Noun,
    bucket_label,
    full,
    peak_sentence,
)

# The share of its slot a bar fills; the rest is air between bars.
FILL = 0.76
MAX_SERIES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle: x and width in percent, y and height in pixels."""

    x: float
    width: float
    y: float
    height: float
    value: float
    hint: str


@dataclass(frozen=True, slots=True)
class Series:
    """A named run of values, one for each bucket."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TimeFrame:
    """The axes shared by every chart over time."""

    height: float
    y_ticks: tuple[YTick, ...]
    x_ticks: tuple[XTick, ...]
    gutter: int
    zero: float
    label_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFigure(Figure):
    """A chart with a value axis at its left and a time axis below it."""

    frame: TimeFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart(TimeFigure):
    """One bar for each bucket."""

    kind: ClassVar[str] = "bars"
    template: ClassVar[str] = "charts/bars.html"

    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One series of a stacked chart, with its number for colour and pattern."""

    number: int
    name: str
    total: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedChart(TimeFigure):
    """Up to four series stacked, the first at the bottom."""

    kind: ClassVar[str] = "stacked"
    template: ClassVar[str] = "charts/stacked.html"

    layers: tuple[Layer, ...]


def time_frame(buckets: Sequence[Bucket], scale: Scale) -> TimeFrame:
    """Return the axes around a plot with this scale and these buckets."""
    height = TOP + scale.height + BOTTOM
    return TimeFrame(
        height=height,
        y_ticks=scale.ticks(),
        x_ticks=time_ticks(buckets),
        gutter=scale.gutter,
        zero=scale.y(max(scale.low, 0.0)),
        label_y=height - 6,
    )


def bars(
    *,
    key: str,
    title: str,
    buckets: Sequence[Bucket],
    values: Sequence[float],
    noun: Noun = EVENTS,
    finding: str = "",
    hrefs: Sequence[str] | None = None,
) -> BarChart:
    """Draw one bar for each day or hour.

    `finding` replaces the computed sentence (total and busiest bucket);
    `hrefs` puts drill-down links into the table.
    """
    links = hrefs or [""] * len(buckets)
    check_series(buckets, values, links)
    scale = nice_scale(values)
    rows = tuple(
        (Cell(bucket_label(bucket), href=href), Cell(full(value), value))
        for bucket, value, href in zip(buckets, values, links, strict=True)
    )
    return BarChart(
        key=key,
        title=title,
        finding=_finding(finding, buckets, values, noun),
        empty="" if buckets else f"No {noun.many} to draw yet.",
        table=DataTable(title, (_unit(buckets), noun.many.capitalize()), rows),
        frame=time_frame(buckets, scale),
        bars=tuple(
            _bar(
                index=index,
                count=len(buckets),
                base=0.0,
                value=value,
                hint=f"{bucket_label(bucket)}: {noun.count(value)}",
                scale=scale,
            )
            for index, (bucket, value) in enumerate(zip(buckets, values, strict=True))
        ),
    )


def stacked(
    *,
    key: str,
    title: str,
    buckets: Sequence[Bucket],
    series: Sequence[Series],
    noun: Noun = EVENTS,
    finding: str = "",
) -> StackedChart:
    """Draw two to four series on top of each other; values may not be negative."""
    check_series(buckets, *(one.values for one in series))
    if not 1 <= len(series) <= MAX_SERIES:
        message = f"A stacked chart takes one to {MAX_SERIES} series."
        raise ValueError(message)
    for one in series:
        check_finite(one.values)
        if any(value < 0 for value in one.values):
            message = f"Stacked values may not be negative: {one.name}."
            raise ValueError(message)
    totals = [
        sum(column) for column in zip(*(one.values for one in series), strict=True)
    ]
    scale = nice_scale(totals)
    layers = []
    bases = [0.0] * len(buckets)
    for number, one in enumerate(series, start=1):
        layers.append(_layer(number, one, buckets=buckets, bases=bases, scale=scale))
        bases = [base + value for base, value in zip(bases, one.values, strict=True)]
    rows = tuple(
        (
            Cell(bucket_label(bucket)),
            *(Cell(full(one.values[index]), one.values[index]) for one in series),
        )
        for index, bucket in enumerate(buckets)
    )
    return StackedChart(
        key=key,
        title=title,
        finding=_finding(finding, buckets, totals, noun),
        empty="" if buckets else f"No {noun.many} to draw yet.",
        table=DataTable(title, (_unit(buckets), *(one.name for one in series)), rows),
        frame=time_frame(buckets, scale),
        layers=tuple(layers),
    )


def _layer(
    number: int,
    one: Series,
    *,
    buckets: Sequence[Bucket],
    bases: Sequence[float],
    scale: Scale,
) -> Layer:
    return Layer(
        number=number,
        name=one.name,
        total=full(sum(one.values)),
        bars=tuple(
            _bar(
                index=index,
                count=len(buckets),
                base=bases[index],
                value=value,
                hint=f"{bucket_label(buckets[index])}, {one.name}: {full(value)}",
                scale=scale,
            )
            for index, value in enumerate(one.values)
        ),
    )


def _bar(
    *, index: int, count: int, base: float, value: float, hint: str, scale: Scale
) -> Bar:
    slot = 100 / count
    # A day of one or two bars would otherwise be painted as a wall.
    width = min(slot * FILL, 12.0)
    return Bar(
        x=round(slot_centre(index, count) - width / 2, 3),
        width=round(width, 3),
        y=scale.y(max(base + value, base)),
        height=scale.length(value),
        value=value,
        hint=hint,
    )


def _unit(buckets: Sequence[Bucket]) -> str:
    return "Hour" if buckets and hasattr(buckets[0], "hour") else "Day"


def _finding(
    given: str, buckets: Sequence[Bucket], values: Sequence[float], noun: Noun
) -> str:
    if not buckets:
        return f"No {noun.many} yet."
    return given or peak_sentence(buckets, values, noun)
