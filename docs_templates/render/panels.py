"""Figures of several plots: shares below and rates above for many series, and small multiples on the same axes."""

from __future__ import annotations

import math
from dataclasses import replace

from reportlab.graphics.shapes import Drawing

from docs_templates.render import axes, chart_marks, fonts
from docs_templates.render.axes import TICK_SIZE, Plot
from docs_templates.render.chart_data import ChartData, Panel, Series
from docs_templates.render.page import Page
from docs_templates.render.scales import BandScale, LinearScale, every, linear, tick_labels

RATES_SHARE, GAP, WIDEST_STEP = 0.56, 9.0, 14.0
SECOND_PLOT = 28.0
PANEL_HEIGHT, PANEL_GAP, NAME_HEIGHT = 74.0, 10.0, 11.0
FEW_PANELS, MANY_PANELS = 3, 4
BOTTOM, LEAST_PANEL, SIDE_TITLE = 24.0, 16.0, 14.0


def _left(scale: LinearScale, unit: str | None, width: float) -> float:
    widest = max(fonts.width(t, fonts.REGULAR, TICK_SIZE) for t in tick_labels(scale.ticks, unit))
    return min(widest + 20, width * 0.3)


def _placed(scale: LinearScale, bottom: float, top: float) -> LinearScale:
    return LinearScale(scale.low, scale.high, scale.ticks, bottom, top)


# ------------------------------------------------------------------------------------- bars below, rates above
def paired(drawing: Drawing, data: ChartData, width: float, height: float) -> Drawing:
    """Bars of each series side by side, and above them its line with intervals, over the same categories."""
    names = data.categories or ()
    taken = axes.legend(drawing, chart_marks.legend_entries(data), width, height)
    rates = linear(data.values(data.lines), 0, 1, zero=True)
    shares = linear(data.values(data.series), 0, 1, zero=True, wanted=3)
    left = max(_left(rates, data.line_unit, width), _left(shares, data.y_unit, width))
    right, top = width - 6.0, height - taken - 3
    bottom = min(axes.label_height(names, right - left) + 13, top - 40.0)
    middle = bottom + (top - bottom - GAP) * (1.0 - RATES_SHARE)
    x = BandScale(names, left, right)
    above = Plot(left, middle + GAP, right, top, x, _placed(rates, middle + GAP, top), None)
    below = Plot(left, bottom, right, middle, x, _placed(shares, bottom, middle), None)
    for plot, unit, title in ((above, data.line_unit, data.line_title), (below, data.y_unit, data.y_title)):
        axes.grid(drawing, plot)
        axes.frame(drawing, plot, unit, every_=every(len(plot.y.ticks), plot.top - plot.bottom, 9.0))
        axes.side_title(drawing, title, 7, plot.bottom, plot.top)
    axes.band_labels(drawing, below, x)
    axes.bottom_title(drawing, data.x_title, below, width)
    chart_marks.bars(drawing, data, below)
    step = min(x.band * chart_marks.BAR_ROOM / len(data.lines), WIDEST_STEP)
    for index, series in enumerate(data.lines):
        chart_marks.dodged(drawing, above, series, index, step * (index + 0.5 - len(data.lines) / 2))
    return drawing


# -------------------------------------------------------------------------------------------- small multiples
def _columns(panels: int) -> int:
    """As few rows as there can be; of those numbers of columns the one that leaves the fewest places empty."""
    return min(panels, FEW_PANELS if panels in (5, 6) else MANY_PANELS)


def wanted_height(data: ChartData, width: float, page: Page) -> float:
    """Height at which each panel has its room, on one page at most."""
    rows = math.ceil(len(data.panels) / _columns(len(data.panels)))
    return min(rows * (PANEL_HEIGHT + PANEL_GAP) + BOTTOM + _foot(data, width), page.frame_height * 0.82)


def _foot(data: ChartData, width: float) -> float:
    """Height of the labels of the horizontal axis, which stand upright below the lowest panels."""
    names = data.categories or ()
    return min(60.0, max((fonts.width(name, fonts.REGULAR, TICK_SIZE) for name in names), default=8.0) + 4.0)


def small_multiples(drawing: Drawing, data: ChartData, width: float, height: float) -> Drawing:
    """A panel for each value of the dividing column: its own line with intervals, the other panels' lines in grey where
    they share a scale.

    Panels of the same several lines have a legend above them, and no lines of others.
    """
    names = {tuple(series.name for series in panel.series) for panel in data.panels}
    shared = len(names) == 1 and len(data.panels[0].series) > 1
    if shared:
        entries = chart_marks.legend_entries(replace(data, type="interval", series=data.panels[0].series))
        height -= axes.legend(drawing, entries, width, height)
    columns = _columns(len(data.panels))
    rows = math.ceil(len(data.panels) / columns)
    scales = _scales(data)
    left, foot = max(_left(one, data.y_unit, width / columns) for one in scales), _foot(data, width) + 12.0
    gap = PANEL_GAP + (left - SIDE_TITLE if data.own_scales else 0.0)
    wide = (width - left - 6.0 - (columns - 1) * gap) / columns
    high = (height - 3.0 - foot - (rows - 1) * PANEL_GAP) / rows
    for number, (panel, scale) in enumerate(zip(data.panels, scales, strict=True)):
        row, column = divmod(number, columns)
        start = left + column * (wide + gap)
        top = height - 3.0 - row * (high + PANEL_GAP)
        bottom = top - high
        upper = max(top - NAME_HEIGHT, bottom + LEAST_PANEL)
        x = _horizontal(data, start, start + wide)
        plot = Plot(start, bottom, start + wide, upper, x, _placed(scale, bottom, upper), None)
        first, last = column == 0 or data.own_scales, number + columns >= len(data.panels)
        _panel(drawing, data, plot, panel, first=first, last=last, others=not (shared or data.own_scales))
        name = fonts.shortened_list(fonts.printable(axes.neat([panel.name])[0]), fonts.BOLD, TICK_SIZE, wide)
        text = axes.label(name, start, top - 7.0, TICK_SIZE)
        text.fontName = fonts.BOLD
        drawing.add(text)
    axes.side_title(drawing, data.y_title, 7, foot, height - 3.0)
    axes.bottom_title(drawing, data.x_title, Plot(left, 0, width - 6.0, 0, scales[0], scales[0], None), width)
    return drawing


def _scales(data: ChartData) -> list[LinearScale]:
    """A vertical scale for each panel: one for all of them, or each its own."""
    zero = data.y_unit == "share"
    if not data.own_scales:
        return [linear(data.values(data.series), 0, 1, zero=zero, wanted=3)] * len(data.panels)
    return [linear(data.values(panel.series), 0, 1, zero=zero, wanted=3) for panel in data.panels]


def _horizontal(data: ChartData, start: float, end: float) -> BandScale | LinearScale:
    if data.categories is not None:
        return BandScale(data.categories, start, end)
    return linear([x for s in data.series for x in s.x if isinstance(x, float)], start, end, zero=False, wanted=4)


def _panel(
    drawing: Drawing, data: ChartData, plot: Plot, panel: Panel, *, first: bool, last: bool, others: bool
) -> None:
    axes.grid(drawing, plot)
    axes.frame(drawing, plot, data.y_unit, every_=every(len(plot.y.ticks), plot.top - plot.bottom, 9.0), labels=first)
    if last:
        _foot_labels(drawing, data, plot)
    for other in data.panels if others else ():
        for series in other.series if other is not panel else ():
            chart_marks.behind(drawing, plot, _shown(data, series))
    for index, series in enumerate(panel.series):
        chart_marks.dodged(drawing, plot, _shown(data, series), index, 0.0)


def _shown(data: ChartData, series: Series) -> Series:
    """The series without the categories that are not drawn."""
    if data.categories is None or not data.left_out:
        return series
    keep = [i for i, x in enumerate(series.x) if str(x) in data.categories]
    parts = (tuple(part[i] for i in keep) for part in (series.x, series.y, series.lower, series.upper))
    return Series(series.name, *parts)  # type: ignore[arg-type]


def _foot_labels(drawing: Drawing, data: ChartData, plot: Plot) -> None:
    if isinstance(plot.x, LinearScale):
        axes.number_labels(drawing, plot, plot.x, data.x_unit)
        return
    names = plot.x.names
    step = every(len(names), plot.right - plot.left, 9.0)
    for position, name in list(enumerate(names))[::step]:
        chart_marks.upright(drawing, name, plot.x.middle(position) + 2.3, plot.bottom - 3, 56.0)
