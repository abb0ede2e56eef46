"""Heat maps: columns are x, rows the series, shade and number the value."""

from __future__ import annotations

import math
from collections.abc import Iterable

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor, linearlyInterpolatedColor

from docs_templates.evidence import Column
from docs_templates.formatting import formatter
from docs_templates.render import axes, fonts, styles
from docs_templates.render.axes import TICK_SIZE, Plot
from docs_templates.render.chart_data import ChartData, Series
from docs_templates.render.chart_marks import COLORS, upright
from docs_templates.render.page import Page
from docs_templates.render.scales import LinearScale, every

LIGHT, DARK = HexColor("#F3F7FB"), COLORS[0]
NUMBER_SIZE, ROW_HEIGHT = 6.4, 15.0
EMPTY = "–"
Box = tuple[float, float, float, float]


def draw(drawing: Drawing, data: ChartData, width: float, height: float) -> Drawing:
    """The cells, their labels and the titles of both sides. Shades run from the least value to the greatest.

    The number stands in the cell where it fits; a cell without value has a dash, one that is made of fewer than
    `data.few` has its number and no shade.
    """
    columns = data.categories or ()
    left = 14.0 + min(width * 0.3, max(fonts.width(s.name, fonts.REGULAR, TICK_SIZE) for s in data.series) + 6)
    level = max(fonts.width(c, fonts.REGULAR, TICK_SIZE) for c in columns) < (width - left) / len(columns) - 2
    bottom = _foot(columns, height, level=level)
    wide, high = (width - left) / len(columns), (height - bottom - 2) / len(data.series)
    values = [y for s in data.series for y in s.y if y is not None]
    shaded = [y for s in data.series for y, few in _cells(data, s) if y is not None and not few] or values
    write = formatter(Column("value", "value", "number", data.y_unit), list(values))
    for r, series in enumerate(data.series):
        y = height - 2 - (r + 1) * high
        if r % every(len(data.series), height - bottom, 8.0) == 0:
            label = fonts.shortened(fonts.printable(series.name), fonts.REGULAR, TICK_SIZE, left - 19)
            drawing.add(axes.label(label, left - 3, y + high / 2 - 2.3, TICK_SIZE, "end", styles.QUIET))
        for x, (value, few) in zip(series.x, _cells(data, series), strict=True):
            box = (left + columns.index(str(x)) * wide, y, wide, high)
            share = None if value is None or few else _share(value, min(shaded), max(shaded))
            _cell(drawing, box, EMPTY if value is None else write(value), share)
    _column_labels(drawing, columns, left, bottom, wide, level=level)
    middle = LinearScale(0, 1, (), left, width)
    axes.bottom_title(drawing, data.x_title, Plot(left, bottom, width, height, middle, middle, None), width - left)
    axes.side_title(drawing, data.series_title, 7, bottom, height - 2)
    return drawing


def wanted_height(data: ChartData, page: Page) -> float:
    """Height at which each row has room for its number, on one page at most."""
    return min(len(data.series) * ROW_HEIGHT + 40.0, page.frame_height * 0.7)


def _foot(columns: Iterable[str], height: float, *, level: bool) -> float:
    labels = 10.0 if level else max(fonts.width(c, fonts.REGULAR, TICK_SIZE) for c in columns) + 6
    return min(height * 0.35, labels + 14.0)


def _cells(data: ChartData, series: Series) -> list[tuple[float | None, bool]]:
    """Value of each cell, and whether it is made of too few."""
    counts = series.count or (math.inf,) * len(series.y)
    return [(y, data.few is not None and (n or 0) < data.few) for y, n in zip(series.y, counts, strict=True)]


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else (value - low) / (high - low)


def _cell(drawing: Drawing, box: Box, text: str, share: float | None) -> None:
    x, y, wide, high = box
    ground = styles.PAPER if share is None else linearlyInterpolatedColor(LIGHT, DARK, 0, 1, share)
    edge = styles.HAIR if share is None else styles.PAPER
    drawing.add(Rect(x, y, wide, high, fillColor=ground, strokeColor=edge, strokeWidth=0.5))
    if fonts.width(text, fonts.REGULAR, NUMBER_SIZE) < wide - 2 and high > 8:
        ink = styles.ink_on(ground)
        drawing.add(axes.label(text, x + wide / 2, y + high / 2 - 2.2, NUMBER_SIZE, "middle", ink))


def _column_labels(
    drawing: Drawing, columns: tuple[str, ...], left: float, bottom: float, wide: float, *, level: bool
) -> None:
    if level:
        for c, name in enumerate(columns):
            place = left + (c + 0.5) * wide
            drawing.add(axes.label(name, place, bottom - 9, TICK_SIZE, "middle", styles.QUIET))
        return
    for c, name in list(enumerate(columns))[:: every(len(columns), wide * len(columns), 8.0)]:
        upright(drawing, name, left + (c + 0.5) * wide + 2.3, bottom - 3, bottom - 17)
