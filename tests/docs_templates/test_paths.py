"""Paths of a page are those of reportlab, to the byte."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.rl_accel import fp_str
from reportlab.pdfgen.canvas import Canvas

from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.paths import number

places = st.floats(-1e6, 1e6) | st.integers(-1000, 1000) | st.sampled_from([0.0, -0.0, 1e-7, -1e-8, 999.9999999, 1e3])
points = st.lists(st.tuples(places, places), min_size=2, max_size=6)


@given(places)
def test_numbers_are_those_of_reportlab(value: float) -> None:
    assert number(value) == fp_str(value)


def _polyline(canvas: Any, drawn: list[tuple[float, float]]) -> None:
    path = canvas.beginPath()
    path.moveTo(*drawn[0])
    for point in drawn[1:]:
        path.lineTo(*point)
    canvas.drawPath(path)


def _line(canvas: Any, drawn: list[tuple[float, float]]) -> None:
    canvas.line(*drawn[0], *drawn[1])


def _circle(canvas: Any, drawn: list[tuple[float, float]]) -> None:
    canvas.circle(*drawn[0], abs(drawn[1][0]), stroke=1, fill=1)


def _rounded(canvas: Any, drawn: list[tuple[float, float]]) -> None:
    path = canvas.beginPath()
    path.roundRect(*drawn[0], abs(drawn[1][0]), abs(drawn[1][1]), 2)
    canvas.drawPath(path, stroke=0, fill=1)


@pytest.mark.parametrize("draw", [_polyline, _line, _circle, _rounded])
@given(drawn=points)
def test_marks_are_those_of_reportlab(draw: Callable[..., None], drawn: list[tuple[float, float]]) -> None:
    ours, theirs = TaggedCanvas(io.BytesIO()), Canvas(io.BytesIO())
    draw(ours, drawn)
    draw(theirs, drawn)
    assert ours._code == theirs._code
