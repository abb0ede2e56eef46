"""What documents say can be read without colours: contrast of texts, numbers on shades, verdicts in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib.colors import Color, HexColor, linearlyInterpolatedColor

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Table
from docs_templates.formatting import MISSING
from docs_templates.pack.page import STYLE
from docs_templates.package import read_package
from docs_templates.render import chart_marks, heatmap, styles
from docs_templates.templates import read_template
from tests.docs_templates.conftest import MOMENT

VERDICTS = {"verdict", "outcome", "result", "reading", "decision", "severity", "finding"}
channel = st.floats(0, 1)


def test_contrast_is_that_of_the_published_examples() -> None:
    white, black = HexColor("#FFFFFF"), HexColor("#000000")
    assert styles.contrast(white, black) == pytest.approx(21)
    assert styles.contrast(white, HexColor("#767676")) == pytest.approx(4.54, abs=0.005)
    assert styles.contrast(HexColor("#777777"), white) == pytest.approx(4.48, abs=0.005)


@given(channel, channel, channel)
def test_some_ink_can_be_read_on_any_ground(red: float, green: float, blue: float) -> None:
    ground = Color(red, green, blue)
    assert styles.contrast(styles.ink_on(ground), ground) >= styles.LEGIBLE


def test_texts_can_be_read_on_their_grounds() -> None:
    grounds = (styles.PAPER, styles.BAND, styles.ALERT_GROUND)
    for name in ("body", "item", "h1", "h2", "h3", "caption", "source", "note", "statement", "box", "boxquiet"):
        ink = HexColor(styles.style(name).color)
        assert all(styles.contrast(ink, ground) >= styles.LEGIBLE for ground in grounds), name


def test_numbers_of_heat_maps_can_be_read_on_every_shade() -> None:
    shades = []
    for step in range(101):
        drawing = Drawing(100, 30)
        heatmap._cell(drawing, (0, 0, 60, 20), "12.3", step / 100)
        (ground,) = [one.fillColor for one in drawing.contents if isinstance(one, Rect)]
        (number,) = [one.fillColor for one in drawing.contents if isinstance(one, String)]
        assert styles.contrast(number, ground) >= styles.LEGIBLE, step
        shades.append(styles.contrast(ground, styles.BLACK))
    assert shades == sorted(shades, reverse=True)  # in grey, a greater value is always darker
    assert shades[0] / shades[-1] > 5
    assert linearlyInterpolatedColor(heatmap.LIGHT, heatmap.DARK, 0, 1, 0).hexval() == heatmap.LIGHT.hexval()


def test_series_differ_by_more_than_colour() -> None:
    count = len(chart_marks.COLORS)
    assert len({str(chart_marks._line(0, 0, 1, 1, i).strokeDashArray) for i in range(count)}) == count
    for i in range(count):
        drawing = Drawing(20, 20)
        chart_marks._marker(drawing, 10, 10, i)
        assert drawing.contents


def test_the_page_of_a_pack_can_be_read() -> None:
    held = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", STYLE))
    for ink in ("ink", "quiet", "accent"):
        for ground in ("#ffffff", held["band"], "#fdf4ea"):
            assert styles.contrast(HexColor(held[ink]), HexColor(ground)) >= styles.LEGIBLE


@pytest.mark.parametrize("name", ["development_dossier", "validation_report"])
def test_every_verdict_is_a_word(taiwan_package: Path, name: str) -> None:
    document = compose(read_template(name), read_package(taiwan_package), registry(), MOMENT)
    cells = [
        row[place]
        for block in document.blocks
        if isinstance(block, Table)
        for place, column in enumerate(block.names)
        if column in VERDICTS
        for row in block.rows
    ]
    assert len(cells) > 100
    assert [cell for cell in cells if cell not in ("", MISSING) and not re.search(r"[^\W\d_]{2}", cell)] == []
