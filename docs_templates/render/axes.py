"""Axes, legend and labels that every figure shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics.shapes import Drawing, Group, Line, String
from reportlab.lib.colors import Color, HexColor

from docs_templates.language import say
from docs_templates.render import fonts, styles
from docs_templates.render.chart_marks import Key
from docs_templates.render.scales import BandScale, LinearScale, every, tick_labels

TICK_SIZE, TITLE_SIZE, LEGEND_SIZE = 6.6, 7.2, 7.0
LABEL_ROOM, SLANT = 92.0, 35.0
MOST_LINES, LINE_HEIGHT = 3, 7.6
AXIS: Color = styles.QUIET
GRID: Color = HexColor("#E6EAEE")
LINE = {"strokeColor": AXIS, "strokeWidth": 0.6}
INTERVAL = re.compile(r"(?:< |≥ )-?[0-9].*|\[-?[0-9].*, -?[0-9].*\)")
NUMBER = re.compile(r"[0-9]+\.[0-9]+(?:e[+-]?[0-9]+)?")


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


def label(text: str, x: float, y: float, size: float, anchor: str = "start", color: Color = styles.INK) -> String:
    """One line of text."""
    shown = fonts.one_line(text)
    return String(x, y, shown, fontName=fonts.REGULAR, fontSize=size, textAnchor=anchor, fillColor=color)


def legend(drawing: Drawing, entries: Sequence[tuple[str, Key]], width: float, height: float) -> float:
    """Draw the legend in rows along the top; returns the height it took."""
    if len(entries) < 2:
        return 4.0
    x, row, line_height = 0.0, 0, 11.5
    for place, (name, key) in enumerate(entries):
        text = fonts.shortened(fonts.printable(name), fonts.REGULAR, LEGEND_SIZE, width * 0.45)
        needed = 24 + fonts.width(text, fonts.REGULAR, LEGEND_SIZE) + 14
        if x > 0 and x + needed > width:
            x, row = 0.0, row + 1
        if (row + 1) * line_height > height * 0.35:
            more = say("figure.more", number=len(entries) - place)
            drawing.add(label(more, x, height - (row + 1) * line_height + 3, LEGEND_SIZE))
            break
        base = height - (row + 1) * line_height + 3
        key(drawing, x + 1, base + 2.4)
        drawing.add(label(text, x + 24, base, LEGEND_SIZE))
        x += needed
    return (row + 1) * line_height + 4


def grid(drawing: Drawing, plot: Plot) -> None:
    """A line at each tick of the vertical axis."""
    for tick in plot.y.ticks:
        at = plot.y.at(tick)
        drawing.add(Line(plot.left, at, plot.right, at, strokeColor=GRID, strokeWidth=0.5))


def frame(
    drawing: Drawing,
    plot: Plot,
    unit: str | None,
    second_unit: str | None = None,
    *,
    every_: int = 1,
    labels: bool = True,
) -> None:
    """Lines of the axes, and every n-th label of the vertical ones."""
    drawing.add(Line(plot.left, plot.bottom, plot.right, plot.bottom, **LINE))
    drawing.add(Line(plot.left, plot.bottom, plot.left, plot.top, **LINE))
    shown = list(zip(plot.y.ticks, tick_labels(plot.y.ticks, unit), strict=True))[::every_] if labels else []
    for tick, text in shown:
        drawing.add(label(text, plot.left - 3, plot.y.at(tick) - 2.3, TICK_SIZE, "end", AXIS))
    if plot.second is not None:
        drawing.add(Line(plot.right, plot.bottom, plot.right, plot.top, **LINE))
        for tick, text in zip(plot.second.ticks, tick_labels(plot.second.ticks, second_unit), strict=True):
            drawing.add(label(text, plot.right + 3, plot.second.at(tick) - 2.3, TICK_SIZE, "start", AXIS))


def bottom_title(drawing: Drawing, title: str, plot: Plot, width: float) -> None:
    """Title of the horizontal axis."""
    shown = fonts.shortened(title, fonts.REGULAR, TITLE_SIZE, width)
    drawing.add(label(shown, (plot.left + plot.right) / 2, 2, TITLE_SIZE, "middle"))


def side_title(drawing: Drawing, title: str, x: float, bottom: float, top: float) -> None:
    """Title of a vertical axis, upright along it."""
    shown = fonts.shortened(title, fonts.REGULAR, TITLE_SIZE, top - bottom)
    group = Group(label(shown, 0, 0, TITLE_SIZE, "middle"))
    group.translate(x, (bottom + top) / 2)
    group.rotate(90)
    drawing.add(group)


def number_labels(drawing: Drawing, plot: Plot, x: LinearScale, unit: str | None) -> None:
    """Ticks and labels of a horizontal axis of numbers."""
    labels = tick_labels(x.ticks, unit)
    widest = max(fonts.width(t, fonts.REGULAR, TICK_SIZE) for t in labels)
    step = every(len(labels), plot.right - plot.left, widest + 6)
    for tick, text in list(zip(x.ticks, labels, strict=True))[::step]:
        at = x.at(tick)
        drawing.add(Line(at, plot.bottom, at, plot.bottom - 2, **LINE))
        half = fonts.width(text, fonts.REGULAR, TICK_SIZE) / 2
        place = min(at, plot.right + 6 - half)
        drawing.add(label(text, place, plot.bottom - 10, TICK_SIZE, "middle", AXIS))


# ----------------------------------------------------------------------------------------------- categories
def neat(names: Sequence[str]) -> list[str]:
    """Names with the edges of intervals to six digits, for the figure; as they are where two would look alike."""
    short = [_neat(name) if INTERVAL.fullmatch(name) else name for name in names]
    return short if len(set(short)) == len(set(names)) else list(names)


def _neat(name: str) -> str:
    return NUMBER.sub(lambda found: f"{float(found[0]):.6g}", name)


def wrapped(names: Sequence[str], room: float) -> list[list[str]] | None:
    """Each name on at most MOST_LINES lines of `room` points, broken at spaces; longer ones are cut.

    None where a word does not fit on a line.
    """
    found = [_lines(name, room) for name in names]
    return None if any(lines is None for lines in found) else [lines or [""] for lines in found]


def _lines(name: str, room: float) -> list[str] | None:
    """The name on lines; a list that needs too many keeps whole values and tells how many are cut."""
    text = fonts.printable(name.replace("\n", " "))
    lines = _broken(text, room)
    if lines is None or len(lines) <= MOST_LINES:
        return lines
    for shorter in fonts.fewer(text):
        found = _broken(shorter, room)
        if found is not None and len(found) <= MOST_LINES:
            return found
    last = " ".join(lines[MOST_LINES - 1 :])
    return [*lines[: MOST_LINES - 1], fonts.shortened(last, fonts.REGULAR, TICK_SIZE, room)]


def _broken(text: str, room: float) -> list[str] | None:
    """`text` broken at spaces into lines of at most `room` points, None where a word does not fit on one."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if fonts.width(word, fonts.REGULAR, TICK_SIZE) > room:
            return None
        if lines and fonts.width(longer, fonts.REGULAR, TICK_SIZE) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def label_height(names: Sequence[str] | None, room: float) -> float:
    """Height that the labels of the categories take below the axis of `room` points."""
    if names is None:
        return 12.0
    shown = neat(names)
    lines = wrapped(shown, room / max(1, len(names)) - 4)
    if lines is not None:
        return 4.4 + LINE_HEIGHT * max((len(one) for one in lines), default=1)
    widest = max(fonts.width(n, fonts.REGULAR, TICK_SIZE) for n in shown)
    return min(widest, LABEL_ROOM) * 0.574 + 13


def band_labels(drawing: Drawing, plot: Plot, x: BandScale) -> None:
    """Names of the categories: level and on several lines where they fit, else slanted and cut with an ellipsis."""
    names = neat(x.names)
    lines = wrapped(names, x.band - 4)
    step = every(len(names), plot.right - plot.left, 11.0) if lines is None else 1
    for position, name in list(enumerate(names))[::step]:
        at = x.middle(position)
        if lines is not None:
            for row, text in enumerate(lines[position]):
                drawing.add(label(text, at, plot.bottom - 10 - row * LINE_HEIGHT, TICK_SIZE, "middle", AXIS))
            continue
        # A slanted label ends at its band; it may not begin left of the drawing.
        room = min(LABEL_ROOM, (at - 2) / 0.82, (plot.bottom - 18) / 0.574)
        shown = fonts.shortened_list(fonts.printable(name.replace("\n", " ")), fonts.REGULAR, TICK_SIZE, room)
        group = Group(label(shown, 0, 0, TICK_SIZE, "end", AXIS))
        group.translate(at + 2, plot.bottom - 8)
        group.rotate(SLANT)
        drawing.add(group)
