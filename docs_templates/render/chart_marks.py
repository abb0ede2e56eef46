"""The marks of each chart type. Series differ by colour, dash and marker, so that grey print keeps them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor

from docs_templates.render import fonts, styles
from docs_templates.render.chart_data import ChartData, Series
from docs_templates.render.scales import BandScale, LinearScale

if TYPE_CHECKING:
    from docs_templates.render.axes import Plot

# Dark blue, vermilion, sky blue, black-green, ochre, purple: distinct for the common colour deficiencies and in grey.
COLORS = tuple(HexColor(c) for c in ("#143A66", "#D55E00", "#5AAFE0", "#00543D", "#E0A100", "#8E4585"))
DASHES: tuple[tuple[float, ...] | None, ...] = (None, (5, 2), (1.5, 1.5), (6, 2, 1.5, 2), (3, 1), (8, 3))
FILLS = tuple(HexColor(c) for c in ("#9FB6D0", "#E8A06B", "#CFE6F5", "#5E8F80", "#F2D58A", "#C9A3C4"))
REFERENCE = HexColor("#8A939E")
MANY_POINTS = 40
BAR_ROOM = 0.76
BEHIND = HexColor("#D5DAE0")
Key = Callable[[Drawing, float, float], None]
Place = tuple[float | None, float | None, float | None, float | None]


def color(index: int) -> Color:
    """Line colour of the n-th series."""
    return COLORS[index % len(COLORS)]


def fill(index: int) -> Color:
    """Area colour of the n-th series."""
    return FILLS[index % len(FILLS)]


def legend_entries(data: ChartData) -> list[tuple[str, Key]]:
    """Label and drawing of the key, for each series; bars and line of a paired figure share theirs."""
    if data.is_paired:
        return [(s.name, _paired_key(i)) for i, s in enumerate(data.series)]
    bars = data.type in ("bar", "grouped_bar", "stacked_bar", "bar_line", "histogram")
    entries: list[tuple[str, Key]] = [
        (s.name, _bar_key(i) if bars else _line_key(i, data.type)) for i, s in enumerate(data.series)
    ]
    offset = 0 if data.type != "bar_line" else 1
    return entries + [(s.name, _line_key(i + offset, "bar_line")) for i, s in enumerate(data.lines)]


def _bar_key(index: int) -> Key:
    def key(drawing: Drawing, x: float, y: float) -> None:
        drawing.add(Rect(x + 4, y - 3.2, 12, 6.4, fillColor=fill(index), strokeColor=color(index), strokeWidth=0.5))

    return key


def _paired_key(index: int) -> Key:
    def key(drawing: Drawing, x: float, y: float) -> None:
        _bar_key(index)(drawing, x, y)
        _marker(drawing, x + 10, y, index)

    return key


def _line_key(index: int, kind: str) -> Key:
    def key(drawing: Drawing, x: float, y: float) -> None:
        if kind != "scatter":
            drawing.add(_line(x, y, x + 20, y, index))
        if kind not in ("line", "step"):
            _marker(drawing, x + 10, y, index)

    return key


def _line(x1: float, y1: float, x2: float, y2: float, index: int, width: float = 1.2) -> Line:
    dash = DASHES[index % len(DASHES)]
    return Line(x1, y1, x2, y2, strokeColor=color(index), strokeWidth=width, strokeDashArray=dash)


def _marker(drawing: Drawing, x: float, y: float, index: int, size: float = 2.3) -> None:
    look = {"fillColor": color(index), "strokeColor": color(index), "strokeWidth": 0.4}
    shape = index % 4
    if shape == 0:
        drawing.add(Circle(x, y, size, **look))
    elif shape == 1:
        drawing.add(Rect(x - size, y - size, 2 * size, 2 * size, **look))
    elif shape == 2:
        drawing.add(Polygon([x - size, y - size, x + size, y - size, x, y + size * 1.2], **look))
    else:
        drawing.add(Polygon([x - size * 1.3, y, x, y - size * 1.3, x + size * 1.3, y, x, y + size * 1.3], **look))


# ------------------------------------------------------------------------------------------------ dispatch
def marks(drawing: Drawing, data: ChartData, plot: Plot) -> None:
    """Draw the reference line and the marks of the chart's type."""
    _reference(drawing, data, plot)
    if data.type in ("bar", "grouped_bar", "bar_line"):
        bars(drawing, data, plot)
    elif data.type == "stacked_bar":
        _stacks(drawing, data, plot)
    elif data.type == "histogram":
        _histogram(drawing, data, plot)
    else:
        if data.type == "line":
            for index, series in enumerate(data.series):
                _ribbon(drawing, plot, series, index)
        for index, series in enumerate(data.series):
            _points(drawing, data, plot, series, index, plot.y)
    for index, series in enumerate(data.lines):
        assert plot.second is not None
        _points(drawing, data, plot, series, index + 1, plot.second)


def _reference(drawing: Drawing, data: ChartData, plot: Plot) -> None:
    look = {"strokeColor": REFERENCE, "strokeWidth": 0.7, "strokeDashArray": (2, 2)}
    if data.reference in ("zero", "one"):
        at = plot.y.at(0.0 if data.reference == "zero" else 1.0)
        drawing.add(Line(plot.left, at, plot.right, at, **look))
    elif data.reference == "diagonal" and isinstance(plot.x, LinearScale):
        low, high = max(plot.x.low, plot.y.low), min(plot.x.high, plot.y.high)
        if high > low:
            drawing.add(Line(plot.x.at(low), plot.y.at(low), plot.x.at(high), plot.y.at(high), **look))


def _places(plot: Plot, series: Series) -> Iterator[Place]:
    index = {name: i for i, name in enumerate(plot.x.names)} if isinstance(plot.x, BandScale) else {}
    for x, y, low, high in zip(series.x, series.y, series.lower, series.upper, strict=True):
        if isinstance(plot.x, BandScale):
            yield plot.x.middle(index[str(x)]), y, low, high
        else:
            yield (plot.x.at(x) if isinstance(x, float) else None), y, low, high


# ------------------------------------------------------------------------------- lines, steps, points, whiskers
def _points(drawing: Drawing, data: ChartData, plot: Plot, series: Series, index: int, scale: LinearScale) -> None:
    places = list(_places(plot, series))
    if data.type not in ("scatter",):
        _polyline(drawing, places, index, scale, stepped=data.type == "step", whole=data.type != "interval")
    whiskers = data.type != "line" and any(low is not None and high is not None for _, _, low, high in places)
    marked = data.type in ("scatter", "interval", "bar_line") or len(places) == 1
    few = len(places) <= MANY_POINTS
    for x, y, low, high in places:
        if x is None or y is None:
            continue
        if whiskers and low is not None and high is not None and few:
            _whisker(drawing, x, scale.at(low), scale.at(high), index)
        if marked and (few or data.type == "scatter"):
            _marker(drawing, x, scale.at(y), index, 2.3 if few else 1.2)


def _ribbon(drawing: Drawing, plot: Plot, series: Series, index: int) -> None:
    """The band between the bounds of a line: tinted so that others show through, its edges thin in the line's dash."""
    run: list[tuple[float, float, float]] = []
    for x, _, low, high in [*_places(plot, series), (None, None, None, None)]:
        if x is not None and low is not None and high is not None:
            run.append((x, plot.y.at(low), plot.y.at(high)))
            continue
        if len(run) > 1:
            upper, lower = ([part for x, *ends in run for part in (x, ends[side])] for side in (1, 0))
            back = [part for x, low, _ in reversed(run) for part in (x, low)]
            tint = Color(color(index).red, color(index).green, color(index).blue, alpha=0.13)
            drawing.add(Polygon(upper + back, fillColor=tint, strokeColor=None, strokeWidth=0))
            for edge in (upper, lower):
                look = {"strokeWidth": 0.4, "strokeDashArray": DASHES[index % len(DASHES)]}
                drawing.add(PolyLine(edge, strokeColor=color(index), **look))
        run = []


def dodged(drawing: Drawing, plot: Plot, series: Series, index: int, shift: float) -> None:
    """Points with intervals, thinly joined, `shift` points to the right of the middle of their category."""
    places = [(None if x is None else x + shift, y, low, high) for x, y, low, high in _places(plot, series)]
    few = len(places) <= MANY_POINTS
    _polyline(drawing, places, index, plot.y, stepped=False, whole=False)
    for x, y, low, high in places:
        if x is None or y is None:
            continue
        if low is not None and high is not None:
            _whisker(drawing, x, plot.y.at(low), plot.y.at(high), index, 1.6 if few else 0.8)
        _marker(drawing, x, plot.y.at(y), index, 1.7 if few else 1.1)


def behind(drawing: Drawing, plot: Plot, series: Series) -> None:
    """The line of a series in pale grey, for comparison."""
    for run in _runs(list(_places(plot, series)), plot.y, stepped=False):
        drawing.add(PolyLine(run, strokeColor=BEHIND, strokeWidth=0.6))


def _whisker(drawing: Drawing, x: float, low: float, high: float, index: int, half: float = 2.0) -> None:
    look = {"strokeColor": color(index), "strokeWidth": 0.8}
    drawing.add(Line(x, low, x, high, **look))
    for y in (low, high):
        drawing.add(Line(x - half, y, x + half, y, **look))


def _polyline(
    drawing: Drawing, places: list[Place], index: int, scale: LinearScale, *, stepped: bool, whole: bool
) -> None:
    """Runs of present points joined; a missing value is a gap. `whole` draws at full weight, else thinly."""
    for run in _runs(places, scale, stepped=stepped):
        look = {"strokeWidth": 1.2 if whole else 0.7, "strokeDashArray": DASHES[index % len(DASHES)]}
        drawing.add(PolyLine(run, strokeColor=color(index), **look))


def _runs(places: list[Place], scale: LinearScale, *, stepped: bool) -> Iterator[list[float]]:
    """Coordinates of each run of two or more present points."""
    run: list[float] = []
    for x, y, _, _ in [*places, (None, None, None, None)]:
        if x is None or y is None:
            if len(run) >= 4:
                yield run
            run = []
            continue
        if stepped and run:
            run += [x, run[-1]]
        run += [x, scale.at(y)]


# ------------------------------------------------------------------------------------------------------ bars
def bars(drawing: Drawing, data: ChartData, plot: Plot) -> None:
    """Bars of each series, side by side within the band of their category."""
    assert isinstance(plot.x, BandScale)
    count = len(data.series)
    room = plot.x.band * BAR_ROOM
    base = plot.y.at(0.0)
    for index, series in enumerate(data.series):
        for middle, y, low, high in _places(plot, series):
            if middle is None or y is None:
                continue
            left = middle - room / 2 + index * room / count
            _bar(drawing, left, room / count, base, plot.y.at(y), index)
            if low is not None and high is not None and len(series.x) <= MANY_POINTS:
                _whisker(drawing, left + room / count / 2, plot.y.at(low), plot.y.at(high), index)


def _bar(drawing: Drawing, left: float, width: float, base: float, end: float, index: int) -> None:
    bottom, height = min(base, end), abs(end - base)
    edge = 0.4 if width > 3 else 0.0
    drawing.add(Rect(left, bottom, width, height, fillColor=fill(index), strokeColor=color(index), strokeWidth=edge))


def stack_totals(data: ChartData) -> list[float]:
    """Heights of the stacks, positive and negative parts apart."""
    up: dict[object, float] = {}
    down: dict[object, float] = {}
    for series in data.series:
        for x, y in zip(series.x, series.y, strict=True):
            part = up if (y or 0.0) >= 0 else down
            part[x] = part.get(x, 0.0) + (y or 0.0)
    return [*up.values(), *down.values()]


def _stacks(drawing: Drawing, data: ChartData, plot: Plot) -> None:
    assert isinstance(plot.x, BandScale)
    room = plot.x.band * 0.7
    tops: dict[tuple[float, bool], float] = {}
    for index, series in enumerate(data.series):
        for middle, y, _, _ in _places(plot, series):
            if middle is None or y is None:
                continue
            start = tops.get((middle, y >= 0), 0.0)
            tops[(middle, y >= 0)] = start + y
            _bar(drawing, middle - room / 2, room, plot.y.at(start), plot.y.at(start + y), index)


def histogram_ends(data: ChartData) -> list[float]:
    """Ends of the outermost bars."""
    return [edge for series in data.series for pair in _edges(series) for edge in pair[:2]]


def _edges(series: Series) -> list[tuple[float, float, float]]:
    """(left, right, height) of the bars: `x` are their middles, edges lie halfway between neighbours."""
    points = sorted((x, y) for x, y in zip(series.x, series.y, strict=True) if isinstance(x, float) and y is not None)
    if len(points) < 2:
        return [(x - 0.5, x + 0.5, y) for x, y in points]
    xs = [x for x, _ in points]
    cuts = [(a + b) / 2 for a, b in pairwise(xs)]
    cuts = [2 * xs[0] - cuts[0], *cuts, 2 * xs[-1] - cuts[-1]]
    return [(cuts[i], cuts[i + 1], y) for i, (_, y) in enumerate(points)]


def _histogram(drawing: Drawing, data: ChartData, plot: Plot) -> None:
    assert isinstance(plot.x, LinearScale)
    base = plot.y.at(0.0)
    for index, series in enumerate(data.series):
        for left, right, y in _edges(series):
            start, end = plot.x.at(left), plot.x.at(right)
            _bar(drawing, start, max(0.3, end - start), base, plot.y.at(y), index)


# ------------------------------------------------------------------------------------------------------ text
def _label(text: str, x: float, y: float, size: float, anchor: str, ink: Color = styles.QUIET) -> String:
    return String(x, y, text, fontName=fonts.REGULAR, fontSize=size, textAnchor=anchor, fillColor=ink)


def upright(drawing: Drawing, name: str, x: float, y: float, room: float) -> None:
    """A name that reads upwards and ends at (x, y), shortened to `room` points."""
    shown = fonts.one_line(fonts.shortened(fonts.printable(name), fonts.REGULAR, 6.6, room))
    group = Group(_label(shown, 0, 0, 6.6, "end"))
    group.translate(x, y)
    group.rotate(90)
    drawing.add(group)
