"""Horizontal bars, longest first: what there is most of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.scale import check_finite
from dashboards.charts.words import EVENTS, Noun, full

ROW = 40
LABEL_LENGTH = 40
# Up to here the names in the picture are links of their own; beyond, a dozen tab
# stops would help nobody and the links are in the table alone.
MOST_LINKS = 12


@dataclass(frozen=True, slots=True)
class RankedItem:
    """What is ranked: its name, its value, and the page behind it."""

    label: str
    value: float
    href: str = ""


@dataclass(frozen=True, slots=True)
class RankedRow:
    """One row: text baseline, bar and track in pixels down, percent across."""

    label: str
    text: str
    share: str
    value: float
    width: float
    text_y: int
    bar_y: int
    href: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedBars(Figure):
    """Rows of name, number and bar."""

    kind: ClassVar[str] = "ranked"
    template: ClassVar[str] = "charts/ranked.html"

    height: int
    rows: tuple[RankedRow, ...]
    linked: bool


def ranked(
    *,
    key: str,
    title: str,
    items: Sequence[RankedItem],
    noun: Noun = EVENTS,
    what: str = "Name",
    finding: str = "",
    total: float | None = None,
) -> RankedBars:
    """Rank items by value, none negative.

    `what` heads the first column; `total` is the whole the shares are of, when
    the items are only the top of it.
    """
    check_finite([item.value for item in items])
    if any(item.value < 0 for item in items):
        message = "A ranking cannot draw negative values."
        raise ValueError(message)
    ordered = sorted(items, key=lambda item: (-item.value, item.label))
    top = max((item.value for item in ordered), default=0.0) or 1.0
    whole = total if total is not None else sum(item.value for item in ordered)
    return RankedBars(
        key=key,
        title=title,
        finding=(finding or _finding(ordered, whole, noun)) if ordered else "",
        empty="" if ordered else f"No {noun.many} to rank yet.",
        table=DataTable(
            title,
            (what, noun.many.capitalize(), "Share"),
            tuple(
                (
                    Cell(item.label, href=item.href),
                    Cell(full(item.value), item.value),
                    Cell(_share(item.value, whole)),
                )
                for item in ordered
            ),
        ),
        height=len(ordered) * ROW,
        rows=tuple(
            RankedRow(
                label=_cut(item.label),
                text=full(item.value),
                share=_share(item.value, whole),
                value=item.value,
                width=round(item.value / top * 100, 3),
                text_y=index * ROW + 16,
                bar_y=index * ROW + 23,
                href=item.href,
                hint=f"{item.label}: {noun.count(item.value)}",
            )
            for index, item in enumerate(ordered)
        ),
        linked=0 < len(ordered) <= MOST_LINKS and all(item.href for item in ordered),
    )


def _cut(label: str) -> str:
    return label if len(label) <= LABEL_LENGTH else label[: LABEL_LENGTH - 1] + "…"


def _share(value: float, whole: float) -> str:
    if whole <= 0:
        return "–"
    percent = value / whole * 100
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def _finding(ordered: Sequence[RankedItem], whole: float, noun: Noun) -> str:
    first = ordered[0]
    if first.value == 0:
        return f"No {noun.many}."
    if len(ordered) == 1:
        return f"Only {first.label}, with {noun.count(first.value)}."
    return (
        f"{first.label} leads with {_share(first.value, whole)}: "
        f"{full(first.value)} of {noun.count(whole)}."
    )
