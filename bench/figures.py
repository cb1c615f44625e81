"""Turns rounds of measurements into medians and ratios, and writes both files."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.machine import Machine

RESULTS = Path(__file__).with_name("results")


@dataclass
class Row:
    """One figure: its rounds, and what it is compared with."""

    name: str
    unit: str
    rounds: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.rounds)


@dataclass(frozen=True)
class Check:
    """A figure of a note, beside what it must reach."""

    name: str
    value: float
    target: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass
class Section:
    """One question, its rows and its checks."""

    title: str
    how: str
    rows: list[Row] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    profile: list[str] = field(default_factory=list)
    load_average: float = 0.0


def ratio_of(above: Row, below: Row) -> float:
    """Return the median of the rounds' own ratios.

    Both sides of a round were taken within seconds of each other, so other load on the
    machine weighs on both.
    """
    return median(a / b for a, b in zip(above.rounds, below.rounds, strict=True))


def write(
    stem: str, machine: Machine, facts: dict[str, object], sections: list[Section]
) -> Path:
    """Write ``<stem>.json`` and ``<stem>.md``; return the latter."""
    RESULTS.mkdir(exist_ok=True)
    whole = {
        "machine": machine.as_dict(),
        **facts,
        "sections": [_as_dict(section) for section in sections],
    }
    (RESULTS / f"{stem}.json").write_text(
        json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    page = RESULTS / f"{stem}.md"
    page.write_text(_as_page(stem, machine, facts, sections), encoding="utf-8")
    return page


def _as_dict(section: Section) -> dict[str, object]:
    return {
        "title": section.title,
        "how": section.how,
        "load_average": section.load_average,
        "rows": [
            {
                "name": row.name,
                "unit": row.unit,
                "median": round(row.median, 3),
                "rounds": [round(value, 3) for value in row.rounds],
                "note": row.note,
            }
            for row in section.rows
        ],
        "checks": [
            {
                "name": check.name,
                "value": round(check.value, 3),
                "target": check.target,
                "at_most": check.at_most,
                "met": check.met,
            }
            for check in section.checks
        ],
        "profile": section.profile,
    }


def _as_page(
    stem: str, machine: Machine, facts: dict[str, object], sections: list[Section]
) -> str:
    lines = [f"# Benchmark of {stem}", ""]
    lines += [f"- {name}: {value}" for name, value in machine.as_dict().items()]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    for section in sections:
        lines += ["", f"## {section.title}", "", section.how, ""]
        lines += [f"Load average before: {section.load_average}", ""]
        lines += ["| | median | lowest | highest | unit |", "|---|---:|---:|---:|---|"]
        lines += [_row(row) for row in section.rows]
        lines += ["", *[_check(check) for check in section.checks]]
        if section.profile:
            lines += ["", "```text", *section.profile, "```"]
    return "\n".join(lines).rstrip() + "\n"


def _row(row: Row) -> str:
    low, high = min(row.rounds), max(row.rounds)
    note = f" ({row.note})" if row.note else ""
    return (
        f"| {row.name}{note} | {_figure(row.median)} | {_figure(low)} "
        f"| {_figure(high)} | {row.unit} |"
    )


def _check(check: Check) -> str:
    sign = "at most" if check.at_most else "at least"
    verdict = "met" if check.met else "**not met**"
    value, target = _figure(check.value), _figure(check.target)
    return f"- {check.name}: **{value}**, {sign} {target}: {verdict}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
