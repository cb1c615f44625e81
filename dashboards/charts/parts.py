"""What every chart is made of around its picture: the frame and the table."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell: the text shown, the number behind it, and where it leads."""

    text: str
    value: float | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class DataTable:
    """The same numbers as the picture, for reading, copying and screen readers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What any chart has: a key unique on its page, a title, a finding, a table."""

    kind: ClassVar[str] = ""
    template: ClassVar[str] = ""

    key: str
    title: str
    finding: str
    table: DataTable
    # What an empty chart says instead of drawing; empty when there is data.
    empty: str = ""
