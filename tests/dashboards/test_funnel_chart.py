"""The geometry and the sentences of the funnel."""

import pytest
from django.template.loader import render_to_string

from dashboards import charts

DAY = 86400.0
PEOPLE = charts.Noun("developer", "developers")


def step(label, now, reached=0, went_on=0, median=None, **fields):
    return charts.FunnelStep(
        label=label,
        hue="teal",
        now=now,
        reached=reached,
        fell_back=fields.pop("fell_back", 0),
        followed=fields.pop("followed", reached),
        went_on=went_on,
        median=median,
        href=f"/list/?stage={label}",
    )


def draw(*steps):
    return charts.funnel(
        key="funnel",
        title="Developers by stage",
        noun=PEOPLE,
        steps=steps,
        period="the last 30 days",
    )


def test_widths_are_shares_of_everybody():
    chart = draw(step("A", 50), step("B", 30), step("C", 20))

    assert [(row.width, row.onward_width) for row in chart.rows] == [
        (50.0, 100.0),
        (30.0, 50.0),
        (20.0, 20.0),
    ]
    assert [row.onward for row in chart.rows] == [100, 50, 20]
    bottom = chart.rows[-1].bar_y + 16
    assert bottom <= chart.height


def test_the_table_has_the_numbers_of_the_picture():
    chart = draw(
        step("A", 50, reached=40, went_on=10, median=3.5 * DAY, fell_back=2),
        step("B", 30, reached=10),
    )

    assert [[cell.text for cell in row] for row in chart.table.rows] == [
        ["A", "50", "40", "10", "25 %", "3.5 days", "2"],
        ["B", "30", "10", "–", "–", "–", "0"],
    ]
    assert [row[1].value for row in chart.table.rows] == [
        row.value for row in chart.rows
    ]
    assert chart.rows[0].link_text == "25 % went on, median 3.5 days"
    assert chart.rows[1].link_text == ""


def test_the_finding_names_the_narrowest_step():
    chart = draw(
        step("A", 50, reached=40, went_on=30, median=DAY),
        step("B", 30, reached=20, went_on=3, median=10 * DAY),
        step("C", 9, reached=3),
    )

    assert chart.finding == (
        "The narrowest step is after B: of 20 developers who reached it in the last 30 "
        "days, 15 % have gone on, half of them within 10 days."
    )


def test_findings_where_little_is_known():
    assert "have gone on." in draw(step("A", 5, reached=4), step("B", 0)).finding
    assert draw(step("A", 5), step("B", 9)).finding == (
        "Nobody changed stage in the last 30 days; most developers are in B."
    )
    assert draw(step("A", 5, reached=1), step("B", 0)).rows[0].link_text == (
        "nobody went on"
    )
    assert draw(step("A", 0), step("B", 0)).empty == "No developers in any stage yet."
    assert draw().empty


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (59, "under an hour"),
        (3600, "1 hour"),
        (47 * 3600, "47 hours"),
        (2 * DAY, "2 days"),
        (6.26 * DAY, "6.3 days"),
    ],
)
def test_times_are_written_in_their_unit(seconds, text):
    assert charts.duration(seconds) == text


def test_names_are_links_and_what_is_drawn_is_escaped():
    html = render_to_string(
        "charts/figure.html", {"chart": draw(step("<b>", 3), step("B", 1))}
    )

    assert 'href="/list/?stage=&lt;b&gt;"' in html
    assert "<b>" not in html
    assert 'class="hue-teal"' in html
    assert "style=" not in html
