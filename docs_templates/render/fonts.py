"""The embedded fonts (DejaVu, licence beside them) and what they can print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import as_file, files
from typing import Any

from reportlab import rl_config
from reportlab.graphics.shapes import STATE_DEFAULTS
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from docs_templates.language import say

REGULAR, BOLD, OBLIQUE, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono"
_FILES = {name: f"{name}.ttf" for name in (REGULAR, BOLD, OBLIQUE, MONO)}

INTERVAL = re.compile(r"\[[^\[\]()]*, [^\[\]()]*\)")  # a value of its own, such as `[100, 200)`
LEFTWARDS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
ARABIC = re.compile("[\u0600-\u06ff]")
SEPARATOR = re.compile(r", | \+ ")


@cache
def register() -> None:
    """Register the four fonts with reportlab, once."""
    rl_config.shapeChecking = 0  # each attribute of each mark would be looked up in a table of what it may be
    for name, file in _FILES.items():
        with as_file(files("docs_templates") / "render" / "fonts" / file) as path:
            font = TTFont(name, str(path))
        _mend_widths(font.face)
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=OBLIQUE, boldItalic=BOLD)
    # A drawing begins in this font: without it every figure would name Helvetica, which is not embedded.
    STATE_DEFAULTS["fontName"] = REGULAR
    pdfmetrics.registerFontFamily(MONO, normal=MONO, bold=MONO, italic=MONO, boldItalic=MONO)


def _mend_widths(face: Any) -> None:
    """Glyphs beyond the list of widths have its last one: reportlab writes it scaled into the embedded program, where
    it contradicts the width that the page counts with (a fixed-pitch font is all such glyphs)."""
    listed = int.from_bytes(face.get_table("hhea")[34:36], "big")
    last = face.hmetrics[listed - 1][0]
    face.hmetrics[listed:] = [(last, bearing) for _, bearing in face.hmetrics[listed:]]


@cache
def _covered(font: str) -> frozenset[int]:
    register()
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)


def printable(text: str, font: str = REGULAR) -> str:
    """`text` with every character that the font cannot show, or that shows nothing, written as `[U+XXXX]`."""
    covered = _covered(font)
    return "".join(c if _shows(c, covered) else f"[U+{ord(c):04X}]" for c in text)


def _shows(character: str, covered: frozenset[int]) -> bool:
    if character in "\n\u202f\u00a0 ":
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn") and ord(character) in covered


@lru_cache(maxsize=50_000)
def _unit_width(text: str, font: str) -> float:
    register()
    return float(pdfmetrics.stringWidth(text, font, 1.0))


def width(text: str, font: str, size: float) -> float:
    """Width of `text` in points."""
    return _unit_width(text, font) * size


# ------------------------------------------------------------------------------------- from right to left
def reads_leftwards(text: str) -> bool:
    """Whether the first letter of a direction of its own reads from right to left."""
    for character in text if LEFTWARDS.search(text) else "":
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def shaped(text: str) -> str:
    """`text` with Arabic letters in the forms that they take beside each other; still in the order of reading."""
    if not ARABIC.search(text):
        return text
    from arabic_reshaper import reshape

    return str(reshape(text))


def in_order_of_sight(text: str, *, leftwards: bool = False) -> str:
    """One line of shaped text in the order that it is seen from left to right. `leftwards`: the paragraph's order."""
    if not LEFTWARDS.search(text):
        return text
    from bidi import get_display

    return str(get_display(text, base_dir="R" if leftwards else "L"))


def one_line(text: str, font: str = REGULAR) -> str:
    """A label on one line, printable, shaped and in the order of sight."""
    shown = printable(shaped(text.replace("\n", " ")), font)
    return in_order_of_sight(shown, leftwards=reads_leftwards(shown))


def shortened(text: str, font: str, size: float, room: float) -> str:
    """`text`, cut with an ellipsis where it is wider than `room` points."""
    if width(text, font, size) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", font, size) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def shortened_list(text: str, font: str, size: float, room: float) -> str:
    """As `shortened`, but a list of values keeps whole values and tells how many are cut: `A, B … and 12 more`."""
    if width(text, font, size) <= room:
        return text
    fitting = (shorter for shorter in fewer(text) if width(shorter, font, size) <= room)
    return next(fitting, None) or shortened(text, font, size, room)


def fewer(text: str) -> Iterator[str]:
    """The list `A, B, C + missing` with ever fewer of its values, each time with the number of those that are cut.

    A value that itself holds a comma and a space counts as two.
    """
    breaks = [found.start() for found in SEPARATOR.finditer(INTERVAL.sub(lambda one: "_" * len(one[0]), text))]
    for number, end in enumerate(reversed(breaks), 1):
        yield say("figure.cut", text=text[:end], number=number)
