"""A funnel: how many are at each step, how many go on, and how long they take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.words import Noun, full

ROW = 84
LAST_ROW = 44
HOUR, DAY = 3600.0, 86400.0
HOURS_UP_TO = 2 * DAY
LABEL_LENGTH = 40


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step in numbers: who is there, who came, who has gone on since."""

    label: str
    hue: str
    now: int
    # In the period; `followed` of them were followed to see who `went_on`.
    reached: int
    fell_back: int
    followed: int
    went_on: int
    # Seconds; None where nobody went on.
    median: float | None
    href: str = ""

    @property
    def conversion(self) -> float | None:
        """Return the share that went on, 0 to 1; None where nobody came."""
        return self.went_on / self.followed if self.followed else None


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One step as drawn: widths in percent across, pixels down."""

    label: str
    hue: str
    text: str
    value: int
    width: float
    # Of those who are there or further.
    onward_width: float
    onward: int
    text_y: int
    bar_y: int
    link_y: int
    link_text: str
    href: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelChart(Figure):
    """The steps from the first to the last."""

    kind: ClassVar[str] = "funnel"
    template: ClassVar[str] = "charts/funnel.html"

    height: int
    rows: tuple[FunnelRow, ...]


def funnel(
    *,
    key: str,
    title: str,
    noun: Noun,
    steps: Sequence[FunnelStep],
    period: str,
) -> FunnelChart:
    """Draw the steps; `period` names the days within a sentence: "the last 30 days"."""
    onward = list(accumulate(step.now for step in reversed(steps)))[::-1]
    top = max(onward, default=0) or 1
    anything = any(step.now or step.reached for step in steps)
    return FunnelChart(
        key=key,
        title=title,
        finding=_finding(steps, noun, period) if anything else "",
        empty="" if anything else f"No {noun.many} in any stage yet.",
        table=DataTable(
            title,
            ("Stage", "Now", "Reached", "Went on", "Conversion", "Median time", "Back"),
            tuple(
                (
                    Cell(step.label),
                    Cell(full(step.now), step.now, step.href),
                    Cell(full(step.reached), step.reached),
                    # From the last one nobody can go on.
                    Cell("–") if step is steps[-1] else Cell(full(step.went_on)),
                    Cell("–" if step is steps[-1] else percent(step.conversion)),
                    Cell(duration(step.median), step.median),
                    Cell(full(step.fell_back), step.fell_back),
                )
                for step in steps
            ),
        ),
        height=max(len(steps) - 1, 0) * ROW + LAST_ROW,
        rows=tuple(
            FunnelRow(
                label=_cut(step.label),
                hue=step.hue,
                text=full(step.now),
                value=step.now,
                width=round(step.now / top * 100, 3),
                onward_width=round(there / top * 100, 3),
                onward=there,
                text_y=index * ROW + 16,
                bar_y=index * ROW + 24,
                link_y=index * ROW + 64,
                link_text=_link(step) if index < len(steps) - 1 else "",
                href=step.href,
                hint=f"{step.label}: {noun.count(step.now)} now, {full(there)} here or "
                "further",
            )
            for index, (step, there) in enumerate(zip(steps, onward, strict=True))
        ),
    )


def duration(seconds: float | None) -> str:
    """Write a length of time in its natural unit: `5 hours`, `3.5 days`."""
    if seconds is None:
        return "–"
    if seconds < HOUR:
        return "under an hour"
    if seconds < HOURS_UP_TO:
        return _plural(round(seconds / HOUR), "hour")
    return _plural(round(seconds / DAY, 1), "day")


def percent(share: float | None) -> str:
    """Write a share of one; a dash where there is none."""
    if share is None:
        return "–"
    if 0 < share < 0.01:  # noqa: PLR2004 (one per cent)
        return "<1 %"
    return f"{share * 100:.0f} %"


def _link(step: FunnelStep) -> str:
    if not step.followed:
        return "nobody came"
    if not step.went_on:
        return "nobody went on"
    return f"{percent(step.conversion)} went on, median {duration(step.median)}"


def _finding(steps: Sequence[FunnelStep], noun: Noun, period: str) -> str:
    """Name the step where the fewest go on, among those where anybody came."""
    leading = [step for step in steps[:-1] if step.followed]
    if not leading:
        most = max(steps, key=lambda step: step.now)
        return (
            f"Nobody changed stage in {period}; most {noun.many} are in {most.label}."
        )
    narrow = min(leading, key=lambda step: step.conversion or 0.0)
    sentence = (
        f"The narrowest step is after {narrow.label}: of {noun.count(narrow.followed)}"
        f" who reached it in {period}, {percent(narrow.conversion)} have gone on"
    )
    if narrow.median is None:
        return f"{sentence}."
    return f"{sentence}, half of them within {duration(narrow.median)}."


def _cut(label: str) -> str:
    return label if len(label) <= LABEL_LENGTH else label[: LABEL_LENGTH - 1] + "…"


def _plural(number: float, unit: str) -> str:
    return f"{full(number)} {unit}" if number == 1 else f"{full(number)} {unit}s"
