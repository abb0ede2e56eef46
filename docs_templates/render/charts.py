"""Vector figures of the ten closed chart types, drawn within their box: axes, legend, marks."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.graphics.shapes import Drawing, Group, Line, Rect, String
from reportlab.lib.colors import Color, HexColor

from docs_templates.evidence import Evidence
from docs_templates.render import chart_marks, fonts, styles
from docs_templates.render.chart_data import ChartData, chart_data
from docs_templates.render.scales import BandScale, LinearScale, every, linear, tick_labels

TICK_SIZE, TITLE_SIZE, LEGEND_SIZE = 6.6, 7.2, 7.0
LABEL_ROOM, SLANT = 92.0, 35.0
EMPTY = "No rows to draw"
AXIS: Color = styles.QUIET
GRID: Color = HexColor("#E6EAEE")
BARS = ("bar", "grouped_bar", "stacked_bar", "bar_line", "histogram")
LEAST_PLOT = 40.0


@dataclass(frozen=True, slots=True)
class Plot:
    """The plotting area and its scales. `x` is linear or in bands; `second` is the right-hand axis of `bar_line`."""

    left: float
    bottom: float
    right: float
    top: float
    x: LinearScale | BandScale
    y: LinearScale
    second: LinearScale | None


def draw(evidence: Evidence, width: float, height: float) -> Drawing:
    """The figure of an item of evidence, `width` by `height` points; nothing lies outside that box."""
    fonts.register()
    data = chart_data(evidence)
    drawing = Drawing(width, height)
    if not any(y is not None for s in (*data.series, *data.lines) for y in s.y):
        drawing.add(Rect(0, 0, width, height, strokeColor=styles.HAIR, fillColor=None, strokeWidth=0.5))
        drawing.add(_text(EMPTY, width / 2, height / 2 - 3, TITLE_SIZE, "middle"))
        return drawing
    if data.type == "heatmap":
        return chart_marks.heatmap(drawing, data, width, height)
    legend_height = _legend(drawing, data, width, height)
    plot = _plot(data, width, height - legend_height)
    _grid(drawing, plot)
    _axes(drawing, data, plot, width)
    chart_marks.marks(drawing, data, plot)
    return drawing


def extra_height(evidence: Evidence, width: float) -> float:
    """Points by which a figure should be higher so that slanted labels take nothing from the plot."""
    fonts.register()
    data = chart_data(evidence)
    if data.categories is None or data.type == "heatmap":
        return 0.0
    return _label_height(data, width * 0.82) - 12.0


def _text(text: str, x: float, y: float, size: float, anchor: str = "start", color: Color = styles.INK) -> String:
    shown = fonts.printable(text.replace("\n", " "))
    return String(x, y, shown, fontName=fonts.REGULAR, fontSize=size, textAnchor=anchor, fillColor=color)


# --------------------------------------------------------------------------------------------------- legend
def _legend(drawing: Drawing, data: ChartData, width: float, height: float) -> float:
    """Draw the legend in rows along the top; returns the height it took."""
    entries = chart_marks.legend_entries(data)
    if len(entries) < 2:
        return 4.0
    x, row, line_height = 0.0, 0, 11.5
    for label, key in entries:
        text = fonts.shortened(fonts.printable(label), fonts.REGULAR, LEGEND_SIZE, width * 0.45)
        needed = 24 + fonts.width(text, fonts.REGULAR, LEGEND_SIZE) + 14
        if x > 0 and x + needed > width:
            x, row = 0.0, row + 1
        if (row + 1) * line_height > height * 0.35:
            rest = len(entries) - entries.index((label, key))
            drawing.add(_text(f"and {rest} more", x, height - (row + 1) * line_height + 3, LEGEND_SIZE))
            break
        base = height - (row + 1) * line_height + 3
        key(drawing, x + 1, base + 2.4)
        drawing.add(_text(text, x + 24, base, LEGEND_SIZE))
        x += needed
    return (row + 1) * line_height + 4


# ---------------------------------------------------------------------------------------------- plot and axes
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
    bottom = min(_label_height(data, width - left - right) + 13, height - LEAST_PLOT)
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


def _slanted(data: ChartData, room: float) -> bool:
    names = data.categories or ()
    widest = max((fonts.width(n, fonts.REGULAR, TICK_SIZE) for n in names), default=0.0)
    return widest > room / max(1, len(names)) - 4


def _label_height(data: ChartData, room: float) -> float:
    if data.categories is None or not _slanted(data, room):
        return 12.0
    widest = max(fonts.width(n, fonts.REGULAR, TICK_SIZE) for n in data.categories)
    return min(widest, LABEL_ROOM) * 0.574 + 13


def _grid(drawing: Drawing, plot: Plot) -> None:
    for tick in plot.y.ticks:
        at = plot.y.at(tick)
        drawing.add(Line(plot.left, at, plot.right, at, strokeColor=GRID, strokeWidth=0.5))


def _axes(drawing: Drawing, data: ChartData, plot: Plot, width: float) -> None:
    line = {"strokeColor": AXIS, "strokeWidth": 0.6}
    drawing.add(Line(plot.left, plot.bottom, plot.right, plot.bottom, **line))
    drawing.add(Line(plot.left, plot.bottom, plot.left, plot.top, **line))
    for tick, label in zip(plot.y.ticks, tick_labels(plot.y.ticks, data.y_unit), strict=True):
        drawing.add(_text(label, plot.left - 3, plot.y.at(tick) - 2.3, TICK_SIZE, "end", AXIS))
    if plot.second is not None:
        drawing.add(Line(plot.right, plot.bottom, plot.right, plot.top, **line))
        for tick, label in zip(plot.second.ticks, tick_labels(plot.second.ticks, data.line_unit), strict=True):
            drawing.add(_text(label, plot.right + 3, plot.second.at(tick) - 2.3, TICK_SIZE, "start", AXIS))
    if isinstance(plot.x, BandScale):
        _band_labels(drawing, data, plot, plot.x)
    else:
        _number_labels(drawing, data, plot, plot.x, line)
    middle = (plot.left + plot.right) / 2
    title = fonts.shortened(data.x_title, fonts.REGULAR, TITLE_SIZE, width)
    drawing.add(_text(title, middle, 2, TITLE_SIZE, "middle"))
    _side_title(drawing, data.y_title, 7, plot)
    if plot.second is not None:
        _side_title(drawing, data.line_title, width - 2, plot)


def _side_title(drawing: Drawing, title: str, x: float, plot: Plot) -> None:
    room = plot.top - plot.bottom
    shown = fonts.shortened(title, fonts.REGULAR, TITLE_SIZE, room)
    group = Group(_text(shown, 0, 0, TITLE_SIZE, "middle"))
    group.translate(x, (plot.bottom + plot.top) / 2)
    group.rotate(90)
    drawing.add(group)


def _number_labels(drawing: Drawing, data: ChartData, plot: Plot, x: LinearScale, line: dict[str, object]) -> None:
    labels = tick_labels(x.ticks, data.x_unit)
    widest = max(fonts.width(t, fonts.REGULAR, TICK_SIZE) for t in labels)
    step = every(len(labels), plot.right - plot.left, widest + 6)
    for tick, label in list(zip(x.ticks, labels, strict=True))[::step]:
        at = x.at(tick)
        drawing.add(Line(at, plot.bottom, at, plot.bottom - 2, **line))
        half = fonts.width(label, fonts.REGULAR, TICK_SIZE) / 2
        place = min(at, plot.right + 6 - half)
        drawing.add(_text(label, place, plot.bottom - 10, TICK_SIZE, "middle", AXIS))


def _band_labels(drawing: Drawing, data: ChartData, plot: Plot, x: BandScale) -> None:
    slanted = _slanted(data, plot.right - plot.left)
    step = every(len(x.names), plot.right - plot.left, 11.0) if slanted else 1
    for position, name in list(enumerate(x.names))[::step]:
        at = x.middle(position)
        if not slanted:
            drawing.add(_text(name, at, plot.bottom - 10, TICK_SIZE, "middle", AXIS))
            continue
        # A slanted label ends at its band; it may not begin left of the drawing.
        room = min(LABEL_ROOM, (at - 2) / 0.82, (plot.bottom - 18) / 0.574)
        shown = fonts.shortened(fonts.printable(name.replace("\n", " ")), fonts.REGULAR, TICK_SIZE, room)
        group = Group(_text(shown, 0, 0, TICK_SIZE, "end", AXIS))
        group.translate(at + 2, plot.bottom - 8)
        group.rotate(SLANT)
        drawing.add(group)
