"""Numbers in, geometry out: every chart the pages draw, as frozen dataclasses.

Nothing here knows about databases or requests; `templates/charts/` turns the
geometry into SVG. `{% include "charts/figure.html" with chart=… only %}` draws
any of them.
"""

from dashboards.charts.bars import (
    MAX_SERIES,
    BarChart,
    Series,
    StackedChart,
    bars,
    stacked,
)
from dashboards.charts.funnel import FunnelChart, FunnelStep, duration, funnel
from dashboards.charts.gauge import BandMeter, Thresholds, band_meter, shown_score
from dashboards.charts.heatmap import Heatmap, heatmap
from dashboards.charts.lines import LineChart, Sparkline, line, sparkline
from dashboards.charts.parts import Cell, DataTable, Figure
from dashboards.charts.points import PointChart, points
from dashboards.charts.ranked import RankedBars, RankedItem, ranked
from dashboards.charts.words import (
    USES,
    Noun,
    bucket_label,
    change_sentence,
    full,
    percent_change,
)

__all__ = [
    "MAX_SERIES",
    "USES",
    "BandMeter",
    "BarChart",
    "Cell",
    "DataTable",
    "Figure",
    "FunnelChart",
    "FunnelStep",
    "Heatmap",
    "LineChart",
    "Noun",
    "PointChart",
    "RankedBars",
    "RankedItem",
    "Series",
    "Sparkline",
    "StackedChart",
    "Thresholds",
    "band_meter",
    "bars",
    "bucket_label",
    "change_sentence",
    "duration",
    "full",
    "funnel",
    "heatmap",
    "line",
    "percent_change",
    "points",
    "ranked",
    "shown_score",
    "sparkline",
    "stacked",
]
