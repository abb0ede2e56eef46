"""The ten chart types on ordinary and degenerate data: they draw, and nothing lies outside their box."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics.shapes import Group, Line, Polygon, PolyLine, Rect, String

from docs_templates.evidence import Evidence
from docs_templates.heatmap_block import heat_map
from docs_templates.render import axes, chart_marks, charts, fonts, heatmap, styles
from docs_templates.render.page import A4
from docs_templates.render.scales import linear, tick_labels

SCHEMA = json.loads((files("docs_templates") / "schemas" / "evidence.schema.json").read_text("utf-8"))
FIGURE = next(f for f in SCHEMA["oneOf"] if f["properties"]["kind"]["const"] == "figure")
TYPES = FIGURE["properties"]["chart"]["properties"]["type"]["enum"]
COLUMNS = [
    {"name": "x", "title": "X", "type": "number", "unit": None},
    {"name": "name", "title": "Name", "type": "string", "unit": None},
    {"name": "y", "title": "Y", "type": "number", "unit": "share"},
    {"name": "low", "title": "Low", "type": "number", "unit": "share"},
    {"name": "high", "title": "High", "type": "number", "unit": "share"},
    {"name": "line", "title": "Line", "type": "number", "unit": "share"},
    {"name": "group", "title": "Group", "type": "string", "unit": None},
]
WIDTH, HEIGHT = 470.0, 185.0
DATA = {
    "ordinary": [[i * 1.0, f"[{i}, {i + 1})", 0.1 * i, 0.1 * i - 0.02, 0.1 * i + 0.02, 0.3, "a"] for i in range(8)],
    "one point": [[1.0, "one", 0.5, 0.4, 0.6, 0.5, "a"]],
    "all equal": [[2.0, "same", 0.3, 0.3, 0.3, 0.3, "a"] for _ in range(5)],
    "all zero": [[float(i), f"c{i}", 0.0, 0.0, 0.0, 0.0, "a"] for i in range(5)],
    "500 categories": [[float(i), f"category number {i}", i / 500, 0.0, 1.0, 0.5, "a"] for i in range(500)],
    "nulls": [[None if i % 2 else float(i), "n", None if i % 3 else 0.2, None, None, None, "a"] for i in range(9)],
    "only nulls": [[None, "n", None, None, None, None, "a"] for _ in range(3)],
    "no rows": [],
    "30 series": [[float(i), f"c{i}", 0.5, 0.4, 0.6, 0.5, f"series of a long name {i}"] for i in range(30)],
    "nasty names": [[float(i), "<b>&" + "W" * 200 + "中", 0.4, 0.3, 0.5, 0.4, "Ω<&>" * 60] for i in range(3)],
    "huge and tiny": [[1e12 * i, f"c{i}", 1e-12 * i, 0.0, 1e9, 1e9, "a"] for i in range(4)],
    "negative": [[-1.0 * i, f"c{i}", -0.1 * i, -0.5, 0.0, -0.2, "b"] for i in range(4)],
}


def _figure(kind: str, rows: list[list[Any]]) -> Evidence:
    chart: dict[str, Any] = {"type": kind, "x": "x", "y": ["y"], "series": "group", "lower": "low", "upper": "high"}
    if kind in ("bar", "grouped_bar", "stacked_bar", "bar_line", "heatmap"):
        chart["x"] = "name"
    if kind == "bar_line":
        chart |= {"line": ["line"], "series": None}
    chart["reference"] = {"line": "diagonal", "scatter": "one", "interval": "zero"}.get(kind)
    raw = {"columns": COLUMNS, "rows": rows, "chart": chart, "notes": []}
    return Evidence("a.b", "figure", "T", "evidence/a.b.json", "0" * 64, raw)


def _texts(node: Any) -> list[tuple[String, bool]]:
    found = []
    for child in getattr(node, "contents", []):
        if isinstance(child, String):
            found.append((child, isinstance(node, Group) and node.transform[:4] != (1, 0, 0, 1)))
        elif isinstance(child, Group):
            found += _texts(child)
    return found


def _extent(text: String) -> tuple[float, float]:
    width = fonts.width(text.text, text.fontName, text.fontSize)
    start = {"start": 0.0, "middle": -width / 2, "end": -width}[text.textAnchor]
    return text.x + start, text.x + start + width


@pytest.mark.parametrize("rows", DATA.values(), ids=DATA.keys())
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_draws_within_its_box(kind: str, rows: list[list[Any]]) -> None:
    drawing = charts.draw(_figure(kind, rows), WIDTH, HEIGHT)
    assert len(drawing.contents) > 0
    left, bottom, right, top = drawing.getBounds()
    assert left >= -1
    assert bottom >= -1
    assert right <= WIDTH + 1
    assert top <= HEIGHT + 1
    for text, turned in _texts(drawing):
        if not turned:
            start, end = _extent(text)
            assert start >= -1, text.text
            assert end <= WIDTH + 1, text.text
            assert 0 <= text.y <= HEIGHT - text.fontSize * 0.7, text.text


@pytest.mark.parametrize("kind", TYPES)
def test_ordinary_data_leave_marks_for_each_value(kind: str) -> None:
    drawing = charts.draw(_figure(kind, DATA["ordinary"]), WIDTH, HEIGHT)
    marks = [c for c in drawing.contents if not isinstance(c, (String, Group, Line))]
    if kind == "line":  # two edges of the band of its bounds, filled, and the line itself
        runs = [c for c in marks if isinstance(c, PolyLine)]
        assert [len(run.points) for run in runs] == [16, 16, 16]
        (band,) = [c for c in marks if isinstance(c, Polygon)]
        assert len(band.points) == 32
        assert 0 < band.fillColor.alpha < 0.3
        upper, lower, line = (run.points[1::2] for run in runs)
        assert all(low < y < high for low, y, high in zip(lower, line, upper, strict=True))
    elif kind == "step":
        (run,) = [c for c in marks if isinstance(c, PolyLine)]
        assert len(run.points) == 30
    elif kind in ("bar", "grouped_bar", "stacked_bar", "bar_line", "histogram", "heatmap"):
        assert len([c for c in marks if isinstance(c, Rect)]) >= 8
    else:
        assert len([c for c in marks if not isinstance(c, PolyLine)]) >= 8


SAMPLES = ("development", "out_of_sample", "out_of_time", "out_of_time_before")
LONG = "a category of many words that could not stand on one line, and another one, and a third"


def _grouped(bins: int, names: tuple[str, ...] = SAMPLES, kind: str = "bar_line", **chart: Any) -> Evidence:
    labels = [LONG if i == 1 else f"[{i}.123456789012345, {i + 1}.123456789012345)" for i in range(bins)]
    rows = [
        [float(i), label, 0.1 + 0.01 * i + 0.02 * k, 0.05, 0.4, 0.2 + 0.05 * k, name]
        for k, name in enumerate(names)
        for i, label in enumerate(labels)
    ]
    raw_chart = {"type": kind, "x": "name", "y": ["y"], "series": "group", "lower": "low", "upper": "high", **chart}
    return Evidence(
        "a.b", "figure", "T", "e.json", "0" * 64, {"columns": COLUMNS, "rows": rows, "chart": raw_chart, "notes": []}
    )


def test_bars_and_lines_of_many_series_stand_in_two_plots() -> None:
    evidence = _grouped(10, line=["line"])
    height = HEIGHT + charts.extra_height(evidence, WIDTH, HEIGHT)
    drawing = charts.draw(evidence, WIDTH, height)
    rectangles = [c for c in drawing.contents if isinstance(c, Rect)]
    assert len([c for c in rectangles if c.height == 6.4]) == 4  # one key for each sample, bars and points together
    bars = [c for c in rectangles if c.height not in (6.4, c.width)]  # squares are markers
    assert len(bars) == 40
    runs = [c for c in drawing.contents if isinstance(c, PolyLine)]
    assert [len(run.points) // 2 for run in runs] == [10] * 4
    assert max(bar.y + bar.height for bar in bars) < min(run.points[1::2][0] for run in runs)
    # The first point of each sample stands above its own bar.
    for index, run in enumerate(runs):
        bar = bars[10 * index]
        assert bar.x < run.points[0] < bar.x + bar.width
    shown = " ".join(text.text for text, _ in _texts(drawing))
    assert "[0.123457," in shown
    assert "1.12346)" in shown
    assert "a category of many" not in shown or "…" in shown


def test_each_panel_shows_its_own_line_and_the_others_behind() -> None:
    rows = [
        [None, f"2020-{1 + m:02d}", None if m == 2 else 0.1 * b, 0.05, 0.4, None, f"bin {b}"]
        for m in range(6)
        for b in range(5)
    ]
    chart = {"type": "interval", "x": "name", "y": ["y"], "panels": "group", "lower": "low", "upper": "high"}
    raw = {"columns": COLUMNS, "rows": rows, "chart": chart, "notes": []}
    evidence = Evidence("a.b", "figure", "T", "e.json", "0" * 64, raw)
    height = HEIGHT + charts.extra_height(evidence, WIDTH, HEIGHT)
    drawing = charts.draw(evidence, WIDTH, height)
    runs = [c for c in drawing.contents if isinstance(c, PolyLine)]
    pale = [run for run in runs if run.strokeColor == chart_marks.BEHIND]
    assert (len(runs), len(pale)) == (25, 20)  # the third month has no value and is left out: nothing breaks the lines
    assert charts.notes(evidence) == ("Name: 1 of 6 have no value and are not drawn; the evidence holds them.",)
    titles = [text.text for text, _ in _texts(drawing) if text.text.startswith("bin")]
    assert titles == [f"bin {b}" for b in range(5)]
    left, bottom, right, top = drawing.getBounds()
    assert min(left, bottom) >= -1
    assert right <= WIDTH + 1
    assert top <= height + 1


@pytest.mark.parametrize("bins", [1, 2, 6, 11, 40])
def test_many_panels_fit_their_box_and_a_page(bins: int) -> None:
    evidence = _grouped(bins, kind="interval", panels="name", x="group", series=None)
    height = HEIGHT + charts.extra_height(evidence, WIDTH, HEIGHT)
    assert height <= A4.frame_height * 0.82 + 1
    left, bottom, right, top = charts.draw(evidence, WIDTH, height).getBounds()
    assert min(left, bottom) >= -1
    assert right <= WIDTH + 1
    assert top <= height + 1


def test_labels_are_wrapped_before_they_are_slanted_or_cut() -> None:
    fonts.register()
    assert axes.wrapped(["AK, AL, AR", "x"], 30.0) == [["AK, AL,", "AR"], ["x"]]
    assert axes.wrapped(["an_unbreakable_name_that_is_long"], 40.0) is None
    (lines,) = axes.wrapped([LONG], 60.0) or [[]]
    assert len(lines) == axes.MOST_LINES
    assert lines[-1].endswith("…")
    assert axes.neat(["< 0.3000000000000001", "≥ 0.3000000000000001"]) == ["< 0.3", "≥ 0.3"]
    same = ["< 0.3000000000000001", "< 0.3000000000000002"]
    assert axes.neat(same) == same
    assert axes.neat(["1.2345678 or more"]) == ["1.2345678 or more"]  # no interval


STATES = "AK, AL, AR, AZ, CA, CO, CT, DC, DE, FL, GA, HI, IA + special 0, 4 + missing"


def test_of_a_long_list_whole_values_are_shown_and_the_rest_is_counted() -> None:
    fonts.register()
    (lines,) = axes.wrapped([STATES], 50.0) or [[]]
    shown, more = " ".join(lines).split(" … and ")
    kept = shown.split(", ")
    assert STATES.startswith(shown + ", ")
    assert len(lines) <= axes.MOST_LINES
    assert more == f"{16 - len(kept)} more"
    assert all(fonts.width(line, fonts.REGULAR, axes.TICK_SIZE) <= 50.0 for line in lines)
    cut = fonts.shortened_list("[1, 2) & a, [2, 3) & a, [3, 4) & b", fonts.REGULAR, 7.0, 90.0)
    assert cut in ("[1, 2) & a … and 2 more", "[1, 2) & a, [2, 3) & a … and 1 more")
    assert fonts.shortened_list("one long name", fonts.REGULAR, 7.0, 30.0).endswith("…")
    assert fonts.shortened_list("a, b", fonts.REGULAR, 7.0, 90.0) == "a, b"


def test_bars_are_as_high_as_their_values() -> None:
    drawing = charts.draw(_figure("bar", DATA["ordinary"]), WIDTH, HEIGHT)
    heights = [c.height for c in drawing.contents if isinstance(c, Rect)]
    assert heights == pytest.approx([heights[7] * i / 7 for i in range(8)])


def test_stacks_add_up() -> None:
    rows = [[0.0, "c", y, None, None, None, g] for g, y in (("a", 0.2), ("b", 0.3), ("c", 0.5))]
    drawing = charts.draw(_figure("stacked_bar", rows), WIDTH, HEIGHT)
    bars = [c for c in drawing.contents if isinstance(c, Rect) and c.width > 50]
    assert [b.height for b in bars] == pytest.approx([bars[2].height * s for s in (0.4, 0.6, 1.0)])
    assert bars[1].y == pytest.approx(bars[0].y + bars[0].height)


def test_a_missing_value_is_a_gap_in_the_line() -> None:
    rows = [[float(i), "n", None if i == 3 else 0.1 * i, None, None, None, "a"] for i in range(7)]
    drawing = charts.draw(_figure("line", rows), WIDTH, HEIGHT)
    assert [len(c.points) // 2 for c in drawing.contents if isinstance(c, PolyLine)] == [3, 3]


def test_what_the_font_cannot_show_is_spelled_out() -> None:
    assert fonts.printable("a中\u202eβż") == "a[U+4E2D][U+202E]βż"


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20), st.booleans())
def test_scales_hold_their_values_and_label_ticks_apart(values: list[float], zero: bool) -> None:
    scale = linear(values, 0.0, 100.0, zero=zero)
    span = scale.high - scale.low
    assert scale.low <= min(values) + 1e-9 * span
    assert scale.high >= max(values) - 1e-9 * span
    assert 2 <= len(scale.ticks) <= 12
    assert all(0 <= scale.at(v) <= 100 for v in values)
    assert len(set(tick_labels(scale.ticks, None))) == len(scale.ticks)


def _heat(counts: tuple[int | None, ...] = (100, 100, 100, 5, 100, 0), *, few: int | None = 30) -> Any:
    columns = [*COLUMNS[:3], {"name": "known", "title": "Known", "type": "integer", "unit": "count"}, COLUMNS[6]]
    values = (0.1, 0.2, 0.3, 0.9, 0.4, None)
    cells = [[0.0, "ab"[i % 2], values[i], counts[i], "xyz"[i // 2]] for i in range(6)]
    raw = {"columns": columns, "rows": cells, "notes": ["of the table"]}
    table = Evidence("a.b", "table", "T", "e.json", "0" * 64, raw)
    names = ["group", "name", "y", "known"] if few else ["group", "name", "y"]
    return heat_map(table, cells, names, few, ())


def test_a_heat_map_has_its_numbers_in_cells_whose_ink_stands_out_in_grey() -> None:
    drawing = charts.draw(_heat(few=None), WIDTH, HEIGHT)
    cells = [c for c in drawing.contents if isinstance(c, Rect)]
    texts = [c for c in drawing.contents if isinstance(c, String)]
    assert len(cells) == 6
    assert {"10.0 %", "20.0 %", "30.0 %", "40.0 %", "90.0 %", "–"} <= {t.text.replace("\u202f", " ") for t in texts}
    grey = [0.299 * c.fillColor.red + 0.587 * c.fillColor.green + 0.114 * c.fillColor.blue for c in cells]
    assert grey[0] > grey[1] > grey[2] > grey[4] > grey[3]  # darker as the value grows
    for cell, shade in zip(cells, grey, strict=True):
        (inside,) = [
            t for t in texts if cell.x < t.x < cell.x + cell.width and cell.y < t.y + 2.2 < cell.y + cell.height
        ]
        ink = inside.fillColor
        assert abs(0.299 * ink.red + 0.587 * ink.green + 0.114 * ink.blue - shade) > 0.35


def test_cells_of_few_have_a_number_and_no_shade() -> None:
    figure = _heat()
    cells = [c for c in charts.draw(figure, WIDTH, HEIGHT).contents if isinstance(c, Rect)]
    white = [c.fillColor == styles.PAPER for c in cells]
    assert white == [False, False, False, True, False, True]
    lightest, darkest = cells[0].fillColor, cells[4].fillColor
    assert (lightest, darkest) == (heatmap.LIGHT, heatmap.DARK)  # the scale is of the shaded cells
    assert figure.raw["notes"] == ["Cells of fewer than 30 have a number and no shade (known)."]


def test_a_heat_map_of_many_rows_is_as_high_as_they_need() -> None:
    rows = [[0.0, f"c{i % 12}", 0.1, None, None, None, f"grade {i // 12}"] for i in range(12 * 20)]
    figure = _figure("heatmap", rows)
    height = HEIGHT + charts.extra_height(figure, WIDTH, HEIGHT)
    cells = [c for c in charts.draw(figure, WIDTH, height).contents if isinstance(c, Rect)]
    assert min(c.height for c in cells) > 12
