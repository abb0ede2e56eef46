"""Lines over months as SVG for a page: plain attributes, nothing loaded, estimates dashed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from docs_templates import formatting
from docs_templates.pack.page import text

WIDTH, HEIGHT = 720.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 150.0, 14.0, 34.0
INKS = ("#143a66", "#b35c00", "#3d6b35", "#7a2f6e", "#5b6470", "#00707a")
"""Told apart by the colour-blind, and in grey by their order of lightness; a mark of its own goes with each."""
MARKS = ("circle", "square", "diamond")
NAME_ROOM = 22
TICKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """Values by month, None where there is none; `lower` and `upper` make a band; `dashed`: an estimate or a cut."""

    name: str
    values: Sequence[float | None]
    lower: Sequence[float | None] = ()
    upper: Sequence[float | None] = ()
    dashed: bool = False


def trend(label: str, months: Sequence[str], lines: Sequence[Line], *, percent: bool = False) -> str:
    """An `svg` element of the lines over the months, with a legend at the right; `label` says what it shows."""
    every = [v for line in lines for group in (line.values, line.lower, line.upper) for v in group if v is not None]
    if not every or not months:
        return ""
    ticks = _ticks(min(every), max(every))
    parts = [_axis(ticks, months, percent)]
    for place, line in enumerate(lines):
        parts.append(_drawn(line, place, len(months), ticks))
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{text(label)}" font-size="11" '
        f'font-family="DejaVu Sans, Verdana, sans-serif" fill="#1a1f26">{"".join(parts)}</svg>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round values that reach from below `low` to above `high`."""
    span = high - low if high > low else max(abs(high), 1e-9)
    rough = span / TICKS
    step = 10.0 ** math.floor(math.log10(rough))
    step *= next(factor for factor in (1.0, 2.0, 5.0, 10.0) if factor * step >= rough)
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    return [k * step for k in range(first, last + 1)]


def _x(place: int, count: int) -> float:
    room = WIDTH - LEFT - RIGHT
    return LEFT + (room / 2 if count == 1 else room * place / (count - 1))


def _y(value: float, ticks: Sequence[float]) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - ticks[0]) / (ticks[-1] - ticks[0])


def _axis(ticks: Sequence[float], months: Sequence[str], percent: bool) -> str:
    step = ticks[1] - ticks[0]
    decimals = max(0, -math.floor(math.log10(step * (100 if percent else 1)) + 1e-9))
    parts = []
    for tick in ticks:
        shown = formatting.percent(tick, decimals) if percent else formatting.fixed(tick, decimals)
        y = _y(tick, ticks)
        parts.append(f'<path d="M{LEFT:g} {y:.1f}H{WIDTH - RIGHT:g}" stroke="#dde2e8"/>')
        parts.append(f'<text x="{LEFT - 6:g}" y="{y + 4:.1f}" text-anchor="end">{text(shown)}</text>')
    every = max(1, math.ceil(len(months) / 8))
    for place, month in enumerate(months):
        if place % every == 0:
            x = _x(place, len(months))
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 14:g}" text-anchor="middle">{text(month)}</text>')
    return "".join(parts)


def _drawn(line: Line, place: int, count: int, ticks: Sequence[float]) -> str:
    ink, dash = INKS[place % len(INKS)], ' stroke-dasharray="5 4"' if line.dashed else ""
    points = [(_x(i, count), _y(v, ticks)) if v is not None else None for i, v in enumerate(line.values)]
    parts = [_band(line, count, ticks, ink)] if line.lower else []
    run: list[str] = []
    path = []
    for point in [*points, None]:
        if point is not None:
            run.append(f"{point[0]:.1f} {point[1]:.1f}")
        elif run:
            path.append("M" + "L".join(run))
            run = []
    parts.append(f'<path d="{"".join(path)}" fill="none" stroke="{ink}" stroke-width="1.6"{dash}/>')
    parts += [_mark(point, place, ink) for point in points if point is not None]
    y = TOP + 8 + 17 * place
    at = WIDTH - RIGHT + 12
    shown = line.name if len(line.name) <= NAME_ROOM else line.name[: NAME_ROOM - 1] + "…"
    parts.append(
        f'<path d="M{at:g} {y - 4:g}h16" stroke="{ink}" stroke-width="1.6"{dash}/>{_mark((at + 8, y - 4), place, ink)}'
    )
    parts.append(f'<text x="{at + 21:g}" y="{y:g}">{text(shown)}</text>')
    return "".join(parts)


def _band(line: Line, count: int, ticks: Sequence[float], ink: str) -> str:
    whiskers = []
    for i, (low, high) in enumerate(zip(line.lower, line.upper, strict=True)):
        if low is not None and high is not None:
            x = _x(i, count)
            whiskers.append(f"M{x:.1f} {_y(low, ticks):.1f}V{_y(high, ticks):.1f}")
    return f'<path d="{"".join(whiskers)}" stroke="{ink}" stroke-opacity=".45" stroke-width="3"/>' if whiskers else ""


def _mark(point: tuple[float, float], place: int, ink: str) -> str:
    x, y = point
    kind = MARKS[place % len(MARKS)]
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{ink}"/>'
    if kind == "square":
        return f'<path d="M{x - 2.3:.1f} {y - 2.3:.1f}h4.6v4.6h-4.6z" fill="{ink}"/>'
    return f'<path d="M{x:.1f} {y - 3.2:.1f}l3.2 3.2l-3.2 3.2l-3.2 -3.2z" fill="{ink}"/>'
