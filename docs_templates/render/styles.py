"""Colours and text styles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache

from reportlab.lib.colors import Color, HexColor

from docs_templates.render import fonts

INK_HEX, QUIET_HEX, ACCENT_HEX, ALERT_HEX = "#1A1F26", "#5B6470", "#143A66", "#8A3B00"
INK: Color = HexColor(INK_HEX)
QUIET: Color = HexColor(QUIET_HEX)
RULE: Color = HexColor("#B8C0CA")
PAPER: Color = HexColor("#FFFFFF")
BLACK: Color = HexColor("#000000")
LEGIBLE = 4.5
"""Contrast of text with its ground, at least (WCAG 2.2, level AA)."""
HAIR: Color = HexColor("#DDE2E8")
BAND: Color = HexColor("#F1F4F7")
ACCENT: Color = HexColor(ACCENT_HEX)
LINK = "#143A66"
ALERT: Color = HexColor(ALERT_HEX)
ALERT_GROUND: Color = HexColor("#FDF4EA")
BODY_SIZE = 9.0


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Look of a text: sizes and distances in points, colour as `#RRGGBB`, align left or right."""

    font: str = fonts.REGULAR
    size: float = BODY_SIZE
    leading: float = 13.2
    color: str = INK_HEX
    before: float = 0.0
    after: float = 0.0
    align: str = "left"


_STYLES = {
    "body": TextStyle(after=6),
    "item": TextStyle(after=2.5),
    "h1": TextStyle(fonts.BOLD, 16, 20, ACCENT_HEX, after=10),
    "h2": TextStyle(fonts.BOLD, 11.2, 15, ACCENT_HEX, before=10, after=4),
    "h3": TextStyle(fonts.BOLD, 9.4, 13, before=7, after=3),
    "caption": TextStyle(size=8.2, leading=11, before=5, after=1),
    "source": TextStyle(fonts.MONO, 6.3, 8.5, QUIET_HEX, after=2.5),
    "note": TextStyle(size=7, leading=9.2, color=QUIET_HEX, after=1),
    "statement": TextStyle(),
    "box": TextStyle(size=8.4, leading=11.6, color=ALERT_HEX),
    "boxquiet": TextStyle(size=8.4, leading=11.6, color=QUIET_HEX),
    "cover_kind": TextStyle(fonts.BOLD, 9.5, 13, QUIET_HEX),
    "cover_title": TextStyle(fonts.BOLD, 24, 29, ACCENT_HEX),
    "cover_model": TextStyle(size=13, leading=18, after=14),
    "bank": TextStyle(fonts.BOLD, 11, 14),
    "brief_bank": TextStyle(fonts.BOLD, 8.5, 11),
    "brief": TextStyle(size=8.5, leading=11.8, after=4),
    "brief_title": TextStyle(fonts.BOLD, 15, 18, ACCENT_HEX),
    "brief_model": TextStyle(size=10, leading=13, after=5),
    "label": TextStyle(fonts.BOLD, 7.6, 10.5, QUIET_HEX),
    "field": TextStyle(size=8.4, leading=11.2),
    "fieldmono": TextStyle(fonts.MONO, 7, 10.5),
    "toc1": TextStyle(fonts.BOLD, 9, 13),
    "toc2": TextStyle(size=8.4, leading=12),
    "toc3": TextStyle(size=7.6, leading=10.6),
}


OURS = {"heading": ACCENT_HEX, "rule": "#B8C0CA", "band": "#F1F4F7"}
"""Our colours that a house style may put others in place of."""


def palette(colours: Mapping[str, str]) -> dict[str, str]:
    """Colours to show in place of ours, both as `#RRGGBB`. `colours` by name as in OURS."""
    return {OURS[name]: shown for name, shown in colours.items() if shown != OURS[name]}


CLOSER = ((1.0, 1.0), (1.0, 0.93), (1.0, 0.87), (0.95, 0.83))
"""Steps in which documents of few pages are set closer: parts of the size of type, and of leading and distances."""
_STEP: ContextVar[int] = ContextVar("step", default=0)


@contextmanager
def closer(step: int) -> Iterator[None]:
    """Set texts as close as a step of CLOSER says within the block; tables stay as they are."""
    token = _STEP.set(step)
    try:
        yield
    finally:
        _STEP.reset(token)


def style(name: str) -> TextStyle:
    """A text style by name."""
    return _closer(name, _STEP.get())


@cache
def _closer(name: str, step: int) -> TextStyle:
    look, (size, space) = _STYLES[name], CLOSER[step]
    if not step:
        return look
    before, after = round(look.before * space, 2), round(look.after * space, 2)
    return replace(look, size=look.size * size, leading=round(look.leading * space, 2), before=before, after=after)


@cache
def cell_style(size: float, align: str, font: str, color: str = INK_HEX) -> TextStyle:
    """Style of a table cell."""
    return TextStyle(font, size, round(size * 1.28, 2), color, align=align)


@cache
def color(text: str) -> Color:
    """The colour `#RRGGBB`."""
    return HexColor(text)


def contrast(first: Color, second: Color) -> float:
    """Contrast ratio of two colours, from one to twenty-one (WCAG 2.2, relative luminance of sRGB)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    parts = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (color.red, color.green, color.blue))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def ink_on(ground: Color) -> Color:
    """The colour of text that can be read on a ground: ink, else paper, else black (one of them always can)."""
    return next(one for one in (INK, PAPER, BLACK) if contrast(one, ground) >= LEGIBLE)
