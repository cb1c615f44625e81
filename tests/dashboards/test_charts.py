"""Every chart: its table says what its geometry draws, and odd data is survived."""

import itertools
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.template.loader import render_to_string

from dashboards.charts import (
    Noun,
    RankedItem,
    Series,
    Thresholds,
    band_meter,
    bars,
    change_sentence,
    heatmap,
    line,
    ranked,
    shown_score,
    sparkline,
    stacked,
)
from dashboards.charts.scale import TOP, nice_scale
from dashboards.charts.timeline import time_ticks
from dashboards.charts.words import full, short

FIRST = date(2025, 10, 22)


def days(count):
    return tuple(FIRST + timedelta(days=nth) for nth in range(count))


def hours(count):
    start = datetime(2025, 10, 22, tzinfo=UTC)
    return tuple(start + timedelta(hours=nth) for nth in range(count))


def column(chart, number):
    return [row[number].value for row in chart.table.rows]


def render(chart):
    return render_to_string("charts/figure.html", {"chart": chart})


RUNS = [
    pytest.param([3, 0, 12, 7, 1], id="ordinary"),
    pytest.param([0, 0, 0], id="all zero"),
    pytest.param([5], id="one point"),
    pytest.param([9e18, 1, 4e17], id="huge"),
    pytest.param([0.25, 0.5], id="fractions"),
    pytest.param([4, -3, 0, 2], id="negative"),
]


@pytest.mark.parametrize("values", RUNS)
def test_bars_draw_the_numbers_of_their_table(values):
    chart = bars(key="k", title="Events", buckets=days(len(values)), values=values)

    assert column(chart, 1) == values == [bar.value for bar in chart.bars]
    low, high = chart.frame.y_ticks[0], chart.frame.y_ticks[-1]
    per_pixel = (high.value - low.value) / (low.y - high.y)
    for bar, value in zip(chart.bars, values, strict=True):
        assert bar.height * per_pixel == pytest.approx(abs(value), abs=per_pixel * 0.02)
        end = bar.y if value >= 0 else bar.y + bar.height
        assert (low.y - end) * per_pixel + low.value == pytest.approx(
            value, abs=per_pixel * 0.03
        )
        assert bar.x >= 0
        assert bar.x + bar.width <= 100


def test_stacked_bars_stand_on_each_other_and_match_their_table():
    one, two = Series("Accepted", (4.0, 0.0, 6.0)), Series("Refused", (1.0, 2.0, 0.0))
    chart = stacked(key="k", title="Outcomes", buckets=hours(3), series=[one, two])

    assert (
        column(chart, 1) == list(one.values) == [b.value for b in chart.layers[0].bars]
    )
    assert (
        column(chart, 2) == list(two.values) == [b.value for b in chart.layers[1].bars]
    )
    for below, above in zip(chart.layers[0].bars, chart.layers[1].bars, strict=True):
        assert above.y + above.height == pytest.approx(below.y, abs=0.02)
        if below.value:
            assert above.height / below.height == pytest.approx(
                above.value / below.value, abs=0.01
            )


def test_stacked_refuses_negative_values_and_too_many_series():
    with pytest.raises(ValueError, match="negative"):
        stacked(key="k", title="t", buckets=days(1), series=[Series("a", (-1.0,))])
    with pytest.raises(ValueError, match="one to 4"):
        stacked(key="k", title="t", buckets=days(1), series=[Series("a", (1.0,))] * 5)


@pytest.mark.parametrize("values", RUNS)
def test_line_points_match_their_table(values):
    chart = line(key="k", title="Score", buckets=days(len(values)), values=values)

    assert column(chart, 1) == values == [point.value for point in chart.points]
    low, high = chart.frame.y_ticks[0], chart.frame.y_ticks[-1]
    per_pixel = (high.value - low.value) / (low.y - high.y)
    for point in chart.points:
        assert (low.y - point.y) * per_pixel + low.value == pytest.approx(
            point.value, abs=per_pixel * 0.02
        )
    drawn = [
        float(y) + TOP for y in re.findall(r"[ML][\d.e+-]+ ([\d.e+-]+)", chart.path)
    ]
    assert drawn == pytest.approx([point.y for point in chart.points], abs=0.01)


def test_a_gap_in_the_data_is_a_gap_in_the_line():
    chart = line(key="k", title="t", buckets=days(5), values=[1, 2, None, 4, 5])

    assert chart.path.count("M") == 2
    assert len(chart.points) == 4
    assert chart.table.rows[2][1].text == "–"


def test_line_shows_the_earlier_period_in_picture_and_table():
    chart = line(
        key="k", title="t", buckets=days(3), values=[1, 2, 3], earlier=[9, 8, 7]
    )

    assert chart.table.columns == ("Day", "Events", "Previous period")
    assert column(chart, 2) == [9, 8, 7]
    # The taller earlier period decides the axis: nothing is drawn outside.
    assert chart.frame.y_ticks[-1].value >= 9
    assert 'class="line-earlier"' in render(chart)


def test_a_fixed_axis_does_not_follow_the_data():
    chart = line(
        key="k",
        title="t",
        buckets=days(2),
        values=[1, 2],
        top=100,
        levels=[(60, "High")],
    )

    assert [tick.value for tick in chart.frame.y_ticks] == [0, 20, 40, 60, 80, 100]
    assert chart.levels[0].y == next(
        tick.y for tick in chart.frame.y_ticks if tick.value == 60
    )


@pytest.mark.parametrize("values", [[], [4], [0, 0, 0], [1, 5, 3], [1e18, 0], [-2, 3]])
def test_sparkline_stays_in_its_box(values):
    spark = sparkline(values)

    numbers = [float(number) for number in re.findall(r"-?[\d.]+", spark.path)]
    assert all(0 <= x <= spark.width for x in numbers[::2])
    assert all(0 <= y <= spark.height for y in numbers[1::2])
    assert (spark.last_x, spark.last_y) == tuple(numbers[-2:])


def test_sparkline_heights_are_proportional():
    spark = sparkline([0, 5, 10], width=100, height=26)

    ys = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", spark.path)]
    assert ys == [23, 13, 3]


def test_heatmap_cells_match_their_table_and_darken_with_value():
    values = [[0, 1, 10], [5, None, 9.99]]
    chart = heatmap(
        key="k", title="t", rows=("Mon", "Tue"), columns=("0", "1", "2"), values=values
    )

    known = [value for row in values for value in row if value is not None]
    assert [cell.value for cell in chart.cells] == known
    assert [cell.value for row in chart.table.rows for cell in row[1:]] == [
        value for row in values for value in row
    ]
    by_value = {cell.value: cell.level for cell in chart.cells}
    assert by_value == {0: 0, 1: 1, 10: 5, 5: 3, 9.99: 5}
    assert chart.finding == "The peak is Mon, 2 with 10 of 25.99 events."


def test_heatmap_refuses_ragged_and_negative_values():
    with pytest.raises(ValueError, match="each row and column"):
        heatmap(key="k", title="t", rows=("a",), columns=("b", "c"), values=[[1]])
    with pytest.raises(ValueError, match="negative"):
        heatmap(key="k", title="t", rows=("a",), columns=("b",), values=[[-1]])


def test_heatmap_of_nothing_but_zeros_is_drawn_without_a_peak():
    chart = heatmap(key="k", title="t", rows=("a",), columns=("b",), values=[[0]])

    assert chart.cells[0].level == 0
    assert chart.finding == "No events."


def test_ranked_bars_are_sorted_and_match_their_table():
    chart = ranked(
        key="k",
        title="Products",
        items=[RankedItem("CLI", 25), RankedItem("SDK", 100), RankedItem("UI", 0)],
    )

    assert column(chart, 1) == [100, 25, 0] == [row.value for row in chart.rows]
    assert [row.width for row in chart.rows] == [100, 25, 0]
    assert chart.finding == "SDK leads with 80 %: 100 of 125 events."


def test_ranked_links_are_in_the_picture_only_while_they_are_few():
    few = ranked(
        key="k", title="t", items=[RankedItem(str(n), n, "/x") for n in range(12)]
    )
    many = ranked(
        key="k", title="t", items=[RankedItem(str(n), n, "/x") for n in range(13)]
    )

    assert few.linked
    assert not many.linked
    assert 'role="group"' in render(few)
    assert 'role="img"' in render(many)
    assert render(many).count('href="/x"') == 13


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "Low"),
        (19.9, "Low"),
        (20, "Medium"),
        (59.9, "Medium"),
        (60, "High"),
        (100, "High"),
    ],
)
def test_band_meter_marks_the_score_within_its_band(score, band):
    chart = band_meter(key="k", title="Score", score=score)

    assert chart.band == band
    zone = next(zone for zone in chart.zones if zone.name == band)
    assert zone.x <= chart.marker <= zone.x + zone.width
    row = next(row for row in chart.table.rows if row[0].text == band)
    assert row[3].value == score
    assert (zone.low, zone.high) == (row[1].value, row[2].value)


def test_a_score_has_the_band_of_the_number_that_is_shown():
    assert shown_score(59.97) == "60.0"
    just_high = band_meter(key="k", title="t", score=59.97)
    just_medium = band_meter(key="k", title="t", score=59.9)

    assert just_high.finding == "60.0 is High, 0 points above where the band begins."
    assert just_medium.finding == "59.9 is Medium, 0.1 points short of High."


def test_band_meter_refuses_what_is_no_score():
    with pytest.raises(ValueError, match="between 0 and 100"):
        band_meter(key="k", title="t", score=101)
    with pytest.raises(ValueError, match="rise"):
        band_meter(
            key="k",
            title="t",
            score=5,
            thresholds=Thresholds(medium_from=60, high_from=20),
        )


EVERY_KIND = [
    bars(key="bars", title="Bars", buckets=days(30), values=list(range(30))),
    stacked(
        key="stacked",
        title="Stacked",
        buckets=hours(24),
        series=[Series("A", (1.0,) * 24), Series("B", (2.0,) * 24)],
    ),
    line(
        key="line", title="Line", buckets=days(3), values=[1, 2, 3], earlier=[3, 2, 1]
    ),
    heatmap(key="heat", title="Heat", rows=("a",), columns=("b", "c"), values=[[1, 2]]),
    ranked(key="ranked", title="Ranked", items=[RankedItem("<b>", 3, "/a?x=1&y=2")]),
    band_meter(key="meter", title="Meter", score=42),
]
EMPTY = [
    bars(key="bars", title="Bars", buckets=(), values=()),
    stacked(key="s", title="Stacked", buckets=(), series=[Series("A", ())]),
    line(key="line", title="Line", buckets=days(2), values=[None, None]),
    heatmap(key="heat", title="Heat", rows=(), columns=(), values=[]),
    ranked(key="ranked", title="Ranked", items=[]),
]


@pytest.mark.parametrize("chart", EVERY_KIND, ids=lambda chart: chart.kind)
def test_every_chart_emits_the_four_accessible_parts(chart):
    html = render(chart)

    assert html.count("<figure") == html.count("<figcaption") == 1
    assert chart.finding
    labelled = re.search(r'role="(?:img|group)" aria-labelledby="([^"]+)"', html)
    for reference in labelled[1].split():
        assert f'id="{reference}"' in html
    assert f"<caption>{chart.table.caption}</caption>" in html
    assert html.count('<th scope="row">') == len(chart.table.rows)
    assert "<details" in html
    # A strict policy blocks both; colour comes from classes.
    assert "style=" not in html
    assert "<script" not in html
    assert "<b>" not in html


@pytest.mark.parametrize("chart", EMPTY, ids=lambda chart: chart.kind)
def test_empty_data_draws_a_polite_empty_figure(chart):
    html = render(chart)

    assert chart.empty in html
    assert 'role="img"' in html
    assert "<table" not in html


def test_table_cells_carry_drill_down_links():
    chart = bars(
        key="k", title="t", buckets=days(2), values=[1, 2], hrefs=["/one", "/two"]
    )

    assert '<th scope="row"><a href="/two">' in render(chart)


def test_numbers_in_attributes_do_not_follow_the_readers_language(settings):
    settings.LANGUAGE_CODE = "de"

    html = render(line(key="k", title="t", buckets=days(3), values=[1, 2, 2]))

    assert 'cx="16.667%"' in html


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="cannot show"):
        bars(key="k", title="t", buckets=days(1), values=[bad])


def test_gaps_in_time_and_missing_values_are_refused():
    with pytest.raises(ValueError, match="gap"):
        bars(
            key="k",
            title="t",
            buckets=(FIRST, FIRST + timedelta(days=2)),
            values=[1, 2],
        )
    with pytest.raises(ValueError, match="1 values for 2"):
        bars(key="k", title="t", buckets=days(2), values=[1])


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([], [0, 1]),
        ([0], [0, 1]),
        ([1], [0, 1]),
        ([3], [0, 1, 2, 3]),
        ([7], [0, 2, 4, 6, 8]),
        ([180], [0, 50, 100, 150, 200]),
        ([1000], [0, 500, 1000]),
        ([-5, 5], [-5, 0, 5]),
    ],
)
def test_axis_steps_are_tidy(values, ticks):
    assert [tick.value for tick in nice_scale(values).ticks()] == ticks


@pytest.mark.parametrize("top", [1, 9, 10, 99, 101, 12345, 7e9, 3e17])
def test_an_axis_holds_its_values_and_wastes_little(top):
    scale = nice_scale([top])

    assert scale.high >= top
    assert scale.high <= max(top * 2, 1)
    assert 2 <= len(scale.ticks()) <= 6


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 30, 45, 46, 90, 130, 131, 365, 400])
def test_labels_below_days_are_few_and_in_order(count):
    ticks = time_ticks(days(count))

    assert 1 <= len(ticks) <= 9
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)
    if len(ticks) > 1:
        gaps = [b.x - a.x for a, b in itertools.pairwise(ticks)]
        assert min(gaps) > 7


@pytest.mark.parametrize("count", [24, 25, 48, 72, 168])
def test_labels_below_hours_are_few_and_in_order(count):
    ticks = time_ticks(hours(count))

    assert 2 <= len(ticks) <= 8
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"), (0.5, "0.5"), (940, "940"), (1200, "1.2k"), (999_950, "1M"),
        (15_000, "15k"), (250_000, "250k"), (3_400_000, "3.4M"), (2e9, "2B"),
        (7e12, "7T"), (9e18, "9e+18"), (-1500, "-1.5k"), (100_000_000, "100M"),
    ],
)  # fmt: skip
def test_short_numbers(value, expected):
    assert short(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1204, "1,204"), (0.5, "0.5"), (2.346, "2.35"), (9e18, "9e+18"), (-3, "-3")],
)
def test_full_numbers(value, expected):
    assert full(value) == expected


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        (112, 100, "Events rose 12 % on the week: 112 after 100."),
        (50, 100, "Events fell 50 % on the week: 50 after 100."),
        (1000, 999, "Events rose less than 1 % on the week: 1,000 after 999."),
        (5, 5, "Events stayed at 5, the same as the week."),
        (5, 0, "Events reached 5 after none in the week."),
        (0, 5, "Events fell to none after 5 in the week."),
        (0, 0, "Events: none, and none in the week either."),
    ],
)
def test_change_sentences(now, before, sentence):
    assert (
        change_sentence("Events", now=now, before=before, period="the week") == sentence
    )


def test_findings_speak_in_singular_and_plural():
    one = bars(
        key="k", title="t", buckets=days(1), values=[1], noun=Noun("visit", "visits")
    )

    assert one.finding == "1 visit on Wed 22 Oct 2025."
