"""Trends of tables over months: which plots there are, what they show, and what is said of those left out."""

from __future__ import annotations

from typing import Any

import pytest
from reportlab.graphics.shapes import PolyLine, Rect, String

from docs_templates.evidence import Evidence
from docs_templates.references import Filter
from docs_templates.render import chart_marks, charts
from docs_templates.render.chart_data import chart_data
from docs_templates.render.page import A4
from docs_templates.trend_block import MOST_PANELS, Trend, trend_of, trends

COLUMNS = [
    {"name": "period", "title": "Month", "type": "string", "unit": None},
    {"name": "segment", "title": "Segment", "type": "string", "unit": None},
    {"name": "rate", "title": "Rate", "type": "number", "unit": "share"},
    {"name": "development", "title": "Development", "type": "number", "unit": "share"},
    {"name": "lower", "title": "Lower", "type": "number", "unit": "share"},
    {"name": "upper", "title": "Upper", "type": "number", "unit": "share"},
]
MONTHS = [f"2026-{month:02d}" for month in range(1, 13)] + [f"2027-{month:02d}" for month in range(1, 13)]
WIDTH = 467.0
OF_RATE = Trend("period", ("rate", "development"), "segment", ("lower", "upper"))


def _table(rows: list[list[Any]]) -> Evidence:
    raw = {"columns": COLUMNS, "rows": rows, "notes": ["a note of the table"], "kind": "table"}
    return Evidence("monitoring.x", "table", "T", "evidence/monitoring.x.json", "0" * 64, raw)


def _rows(segments: list[str], months: list[str] = MONTHS) -> list[list[Any]]:
    return [
        [month, name, 0.1 + 0.01 * place + 0.001 * at, 0.12, 0.05, 0.2 + 0.01 * place]
        for at, month in enumerate(months)
        for place, name in enumerate(segments)
    ]


def _drawn(one: Evidence) -> Any:
    height = 185.0 + charts.extra_height(one, WIDTH, 185.0)
    assert height <= A4.frame_height * 0.82 + 1
    drawing = charts.draw(one, WIDTH, height)
    left, bottom, right, top = drawing.getBounds()
    assert min(left, bottom) >= -1
    assert right <= WIDTH + 1
    assert top <= height + 1
    return drawing


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, MOST_PANELS, MOST_PANELS + 1, 50])
def test_every_segment_has_a_plot_of_every_month_and_no_figure_leaves_its_page(count: int) -> None:
    names = ["zz", "all", *(f"s{place:02d}" for place in range(count - 2))][:count]
    found = trends(_table(_rows(names)), _rows(names), OF_RATE, ())
    shown = [panel.name for one in found for panel in chart_data(one).panels]
    assert shown == sorted(names, key=lambda name: name != "all")
    sizes = [len(chart_data(one).panels) for one in found]
    assert max(sizes) <= MOST_PANELS
    assert max(sizes) - min(sizes) <= len(sizes)
    for one in found:
        for panel in chart_data(one).panels:
            rate, development = panel.series
            assert (rate.x, development.x) == (tuple(MONTHS), tuple(MONTHS))
            assert all(low is not None for low in rate.lower)
            assert development.lower == (None,) * len(MONTHS)  # bounds are of the first line alone
        _drawn(one)


def test_lines_are_told_apart_without_colour_by_marks_and_dashes() -> None:
    (one,) = trends(_table(_rows(["all"])), _rows(["all"]), OF_RATE, ())
    drawing = _drawn(one)
    dashes = {tuple(part.strokeDashArray or ()) for part in drawing.contents if isinstance(part, PolyLine)}
    assert dashes == {(), chart_marks.DASHES[1]}
    squares = [part for part in drawing.contents if isinstance(part, Rect) and part.width == part.height < 5]
    assert len(squares) == len(MONTHS) + 1  # of the second line, and of the legend
    names = [part.text for part in drawing.contents if isinstance(part, String)]
    assert {"Rate", "Development"} <= set(names)


def test_plots_without_a_value_and_of_zeros_are_left_out_and_told() -> None:
    rows = _rows(["all", "still", "empty"], MONTHS[:3])
    for row in rows:
        row[2] = {"still": 0.0, "empty": None}.get(row[1], row[2])
        row[3] = {"still": 0, "empty": None}.get(row[1], row[3])
    kept = Trend("period", ("rate", "development"), "segment", moving=True)
    (one,) = trends(_table(rows), rows, kept, (Filter("segment", "x", True),))
    assert [panel.name for panel in chart_data(one).panels] == ["all"]
    assert one.raw["notes"] == [
        "No plot for 1 of 3 (segment): they have no value in any month.",
        "No plot for 1 of 3 (segment): their values are zero in every month.",
    ]
    (whole,) = trends(_table(rows), rows, Trend("period", ("rate",), "segment"), ())
    assert [panel.name for panel in chart_data(whole).panels] == ["all", "still"]
    (nothing,) = trends(_table([]), [], OF_RATE, ())
    assert chart_data(nothing).is_empty
    _drawn(nothing)


def test_a_month_without_a_row_is_a_gap_and_months_stand_in_order() -> None:
    rows = [row for row in _rows(["all", "b"], MONTHS[:5]) if row[:2] != ["2026-02", "all"]][::-1]
    (one,) = trends(_table(rows), rows, Trend("period", ("rate",), "segment"), ())
    data = chart_data(one)
    assert data.categories == tuple(MONTHS[:5])
    assert data.panels[0].series[0].x == ("2026-01", "2026-03", "2026-04", "2026-05")


def test_own_scales_are_told_and_each_plot_has_its_labels() -> None:
    rows = _rows(["all", "b"], MONTHS[:3])
    for row in rows:
        row[2] = row[2] * (100.0 if row[1] == "b" else 1.0)
    own = trend_of({"y": "rate", "panels": "segment", "scale": "own"})
    (one,) = trends(_table(rows), rows, own, ())
    assert one.raw["notes"] == ["Each plot has its own scale."]
    drawing = _drawn(one)
    first, second = (max(v for v in panel.series[0].y if v is not None) for panel in chart_data(one).panels)
    assert second > 50 * first
    labels = [part.text for part in drawing.contents if isinstance(part, String)]
    assert sum(text.endswith("%") for text in labels) > 6  # of both plots
