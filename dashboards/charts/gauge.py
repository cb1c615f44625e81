"""A score from 0 to 100 against the bands it can fall into."""

from dataclasses import dataclass
from typing import ClassVar

from accounts import scoring
from accounts.scoring import band_of
from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.scale import check_finite
from dashboards.charts.words import full

TOP_SCORE = 100.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The scores at which the bands Medium and High begin."""

    medium_from: float = 20.0
    high_from: float = 60.0


@dataclass(frozen=True, slots=True)
class Zone:
    """One band on the meter: x and width in percent."""

    name: str
    slug: str
    x: float
    width: float
    centre: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BandMeter(Figure):
    """The three bands side by side with a marker at the score."""

    kind: ClassVar[str] = "meter"
    template: ClassVar[str] = "charts/meter.html"

    score: float
    text: str
    band: str
    slug: str
    marker: float
    anchor: str
    zones: tuple[Zone, ...]
    edges: tuple[tuple[float, str], ...]


def band_meter(
    *,
    key: str,
    title: str,
    score: float,
    thresholds: Thresholds | None = None,
    finding: str = "",
) -> BandMeter:
    """Place a score on its bands; scores outside 0 to 100 are refused."""
    check_finite([score])
    limits = thresholds or Thresholds()
    if not 0 <= score <= TOP_SCORE:
        message = f"A score lies between 0 and 100, not at {score}."
        raise ValueError(message)
    if not 0 < limits.medium_from < limits.high_from < TOP_SCORE:
        message = f"Bands must rise within 0 and 100: {limits}."
        raise ValueError(message)
    zones = (
        _zone("Low", 0.0, limits.medium_from),
        _zone("Medium", limits.medium_from, limits.high_from),
        _zone("High", limits.high_from, TOP_SCORE),
    )
    band = band_of(score, limits).label
    return BandMeter(
        key=key,
        title=title,
        finding=finding or _finding(score, band, limits),
        table=DataTable(
            title,
            ("Band", "From", "Below", "Score"),
            tuple(
                (
                    Cell(zone.name),
                    Cell(full(zone.low), zone.low),
                    Cell("–" if zone.high == TOP_SCORE else full(zone.high), zone.high),
                    Cell(shown_score(score), score) if zone.name == band else Cell("–"),
                )
                for zone in reversed(zones)
            ),
        ),
        score=score,
        text=shown_score(score),
        band=band,
        slug=band.lower(),
        marker=round(score, 2),
        anchor="start" if score < 4 else "end" if score > 96 else "middle",  # noqa: PLR2004
        zones=zones,
        edges=tuple((zone.x, full(zone.low)) for zone in zones),
    )


def shown_score(score: float) -> str:
    """Write a score as every page does, with one decimal; `band_of` knows of it."""
    return str(scoring.shown_score(score))


def _zone(name: str, low: float, high: float) -> Zone:
    return Zone(
        name=name,
        slug=name.lower(),
        x=low,
        width=round(high - low, 3),
        centre=round((low + high) / 2, 3),
        low=low,
        high=high,
    )


def _finding(score: float, band: str, limits: Thresholds) -> str:
    def points(number: float) -> str:
        rounded = max(0.0, round(number, 1))
        return f"{full(rounded)} point{'' if rounded == 1 else 's'}"

    shown = shown_score(score)
    if band == "High":
        spare = points(score - limits.high_from)
        return f"{shown} is High, {spare} above where the band begins."
    above, edge = (
        ("High", limits.high_from)
        if band == "Medium"
        else ("Medium", limits.medium_from)
    )
    return f"{shown} is {band}, {points(edge - score)} short of {above}."
