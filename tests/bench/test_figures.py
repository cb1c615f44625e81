"""Medians of ratios, and files that say what was met."""

import json

import pytest

from bench import figures
from bench.figures import Check, Row, Section
from bench.machine import Machine


def test_a_ratio_is_the_median_of_the_rounds_own_ratios():
    above, below = Row("a", "1/s", [10, 40, 90]), Row("b", "1/s", [100, 100, 100])
    assert figures.ratio_of(above, below) == pytest.approx(0.4)
    # A slow moment of the machine weighs on both sides of its round.
    assert figures.ratio_of(Row("a", "", [4, 40]), Row("b", "", [10, 100])) == 0.4


@pytest.mark.parametrize(
    ("value", "at_most", "met"),
    [(0.2, False, True), (0.19, False, False), (499, True, True), (501, True, False)],
)
def test_a_check_knows_which_way_is_good(value, at_most, met):
    target = 500 if at_most else 0.2
    assert Check("c", value, target, at_most=at_most).met is met


def test_both_files_hold_the_same_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    machine = Machine("CPU", 2, 24.0, "Linux", "3", "5", "2", "18", "on", "abc")
    section = Section(
        "Accepting",
        "How.",
        rows=[Row("single", "1/s", [1000, 3000, 2000])],
        checks=[Check("share", 0.123, 0.2)],
        load_average=1.5,
    )
    page = figures.write("2026-11-21", machine, {"taken": "now"}, [section])
    text = page.read_text()
    assert "| single | 2,000 | 1,000 | 3,000 | 1/s |" in text
    assert "- share: **0.12**, at least 0.20: **not met**" in text
    whole = json.loads((tmp_path / "2026-11-21.json").read_text())
    assert whole["machine"]["cores"] == 2
    assert whole["sections"][0]["rows"][0]["median"] == 2000
    assert whole["sections"][0]["checks"][0]["met"] is False
