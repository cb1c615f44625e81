"""The value axis: tidy steps, and values turned into pixels.

Widths are percentages and heights are pixels: an SVG drawn so stretches with the
page while its text keeps its size, which a scaled view box cannot do.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dashboards.charts.words import short

PLOT_HEIGHT = 180.0
# Room above the highest gridline for its label, and below the plot for dates.
TOP, BOTTOM = 8, 24
CHARACTER_WIDTH = 7


@dataclass(frozen=True, slots=True)
class YTick:
    """A horizontal gridline: its value, its height in the plot, its label."""

    value: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis from `low` to `high` over `height` pixels, top is `high`."""

    low: float
    high: float
    step: float
    height: float = PLOT_HEIGHT

    def y(self, value: float) -> float:
        """Return the distance in pixels from the top of the drawing."""
        share = (value - self.low) / (self.high - self.low)
        return round(TOP + self.height * (1 - share), 2)

    def length(self, value: float) -> float:
        """Return how many pixels a bar of this value is long."""
        return round(abs(value) / (self.high - self.low) * self.height, 2)

    def ticks(self) -> tuple[YTick, ...]:
        """Return the gridlines, lowest first."""
        count = round((self.high - self.low) / self.step)
        values = (self.low + self.step * index for index in range(count + 1))
        return tuple(YTick(value, self.y(value), short(value)) for value in values)

    @property
    def gutter(self) -> int:
        """Return the pixels the widest axis label needs."""
        return max(len(tick.label) for tick in self.ticks()) * CHARACTER_WIDTH + 8


def check_finite(values: Iterable[float]) -> None:
    """Refuse NaN and infinities, which would draw nothing and say nothing."""
    for value in values:
        if not math.isfinite(value):
            message = f"A chart cannot show {value!r}."
            raise ValueError(message)


def nice_scale(
    values: Iterable[float],
    *,
    whole: bool = True,
    target: int = 4,
    height: float = PLOT_HEIGHT,
) -> Scale:
    """Return an axis of 1-2-5 steps holding zero and all values.

    `whole` keeps the steps at one or more, for counts; `target` is the number
    of gridlines aimed at.
    """
    numbers = list(values)
    check_finite(numbers)
    low, high = min(0.0, *numbers, 0.0), max(0.0, *numbers, 0.0)
    if low == high:
        return Scale(0.0, 1.0, 1.0, height)
    rough = (high - low) / target
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(
        power * nice for nice in (1, 2, 5, 10) if rough <= power * nice * 1.0001
    )
    if whole:
        step = max(1.0, step)
    # The small allowance keeps 0.1 + 0.2 from asking for one more gridline.
    return Scale(
        math.floor(low / step + 1e-9) * step,
        math.ceil(high / step - 1e-9) * step,
        step,
        height,
    )
