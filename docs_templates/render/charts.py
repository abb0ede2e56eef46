"""Vector figures of the ten closed chart types, drawn within their box: axes, legend, marks."""

from __future__ import annotations

from reportlab.graphics.shapes import Drawing, Rect

from docs_templates.evidence import Evidence
from docs_templates.formatting import whole
from docs_templates.language import say
from docs_templates.render import axes, chart_marks, fonts, heatmap, panels, styles
from docs_templates.render.axes import TICK_SIZE, TITLE_SIZE, Plot
from docs_templates.render.chart_data import ChartData, chart_data
from docs_templates.render.page import A4, Page
from docs_templates.render.scales import BandScale, LinearScale, linear, tick_labels

BARS = ("bar", "grouped_bar", "stacked_bar", "bar_line", "histogram")
LEAST_PLOT = 40.0


def draw(evidence: Evidence, width: float, height: float) -> Drawing:
    """The figure of an item of evidence, `width` by `height` points; nothing lies outside that box."""
    fonts.register()
    data = chart_data(evidence)
    drawing = Drawing(width, height)
    if data.is_empty:
        drawing.add(Rect(0, 0, width, height, strokeColor=styles.HAIR, fillColor=None, strokeWidth=0.5))
        drawing.add(axes.label(say("figure.empty"), width / 2, height / 2 - 3, TITLE_SIZE, "middle"))
        return drawing
    if data.type == "heatmap":
        return heatmap.draw(drawing, data, width, height)
    if data.panels:
        return panels.small_multiples(drawing, data, width, height)
    if data.is_paired:
        return panels.paired(drawing, data, width, height)
    legend_height = axes.legend(drawing, chart_marks.legend_entries(data), width, height)
    plot = _plot(data, width, height - legend_height)
    axes.grid(drawing, plot)
    _axes(drawing, data, plot, width)
    chart_marks.marks(drawing, data, plot)
    return drawing


def extra_height(evidence: Evidence, width: float, height: float, page: Page = A4) -> float:
    """Points by which a figure of `height` should be higher so that labels take nothing from the plot, and that all

    panels have room."""
    fonts.register()
    data = chart_data(evidence)
    if data.is_empty:
        return 0.0
    if data.type == "heatmap":
        return max(0.0, heatmap.wanted_height(data, page) - height)
    if data.panels:
        return max(0.0, panels.wanted_height(data, width, page) - height)
    if data.categories is None:
        return 0.0
    return axes.label_height(data.categories, width * 0.82) - 12.0 + (panels.SECOND_PLOT if data.is_paired else 0.0)


def notes(evidence: Evidence) -> tuple[str, ...]:
    """What the drawing leaves out, in words."""
    data = chart_data(evidence)
    if not data.left_out:
        return ()
    every = data.left_out + len(data.categories or ())
    told = say("figure.left_out", title=data.x_title, left_out=whole(data.left_out), every=whole(every))
    return (told,)


def _axes(drawing: Drawing, data: ChartData, plot: Plot, width: float) -> None:
    axes.frame(drawing, plot, data.y_unit, data.line_unit)
    if isinstance(plot.x, BandScale):
        axes.band_labels(drawing, plot, plot.x)
    else:
        axes.number_labels(drawing, plot, plot.x, data.x_unit)
    axes.bottom_title(drawing, data.x_title, plot, width)
    axes.side_title(drawing, data.y_title, 7, plot.bottom, plot.top)
    if plot.second is not None:
        axes.side_title(drawing, data.line_title, width - 2, plot.bottom, plot.top)


def _plot(data: ChartData, width: float, height: float) -> Plot:
    values = data.values(data.series)
    if data.type == "stacked_bar":
        values += chart_marks.stack_totals(data)
    if data.reference == "diagonal":
        values += [0.0]
    values += {"zero": [0.0], "one": [1.0]}.get(data.reference or "", [])
    zero = data.type in BARS or data.y_unit == "share"
    y = linear(values, 0, 1, zero=zero)
    second = linear(data.values(data.lines), 0, 1, zero=True) if data.lines else None
    left = max(fonts.width(t, fonts.REGULAR, TICK_SIZE) for t in tick_labels(y.ticks, data.y_unit)) + 20
    right = 6.0
    if second is not None:
        labels = tick_labels(second.ticks, data.line_unit)
        right = max(fonts.width(t, fonts.REGULAR, TICK_SIZE) for t in labels) + 20
    left, right = min(left, width * 0.3), min(right, width * 0.3)
    bottom = min(axes.label_height(data.categories, width - left - right) + 13, height - LEAST_PLOT)
    x = _x_scale(data, left, width - right)
    y = LinearScale(y.low, y.high, y.ticks, bottom, height - 3)
    if second is not None:
        second = LinearScale(second.low, second.high, second.ticks, bottom, height - 3)
    return Plot(left, bottom, width - right, height - 3, x, y, second)


def _x_scale(data: ChartData, start: float, end: float) -> LinearScale | BandScale:
    if data.categories is not None:
        return BandScale(data.categories, start, end)
    values = [x for s in data.series for x in s.x if isinstance(x, float)]
    if data.reference == "diagonal":
        values.append(0.0)
    if data.type == "histogram":
        values += chart_marks.histogram_ends(data)
    return linear(values, start, end, zero=False, wanted=7)
