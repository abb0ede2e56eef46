"""The embedded fonts (DejaVu, licence beside them) and what they can print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import as_file, files

from reportlab.graphics.shapes import STATE_DEFAULTS
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD, OBLIQUE, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono"
_FILES = {name: f"{name}.ttf" for name in (REGULAR, BOLD, OBLIQUE, MONO)}

INTERVAL = re.compile(r"\[[^\[\]()]*, [^\[\]()]*\)")  # a value of its own, such as `[100, 200)`
SEPARATOR = re.compile(r", | \+ ")


@cache
def register() -> None:
    """Register the four fonts with reportlab, once."""
    for name, file in _FILES.items():
        with as_file(files("docs_templates") / "render" / "fonts" / file) as path:
            pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=OBLIQUE, boldItalic=BOLD)
    # A drawing begins in this font: without it every figure would name Helvetica, which is not embedded.
    STATE_DEFAULTS["fontName"] = REGULAR
    pdfmetrics.registerFontFamily(MONO, normal=MONO, bold=MONO, italic=MONO, boldItalic=MONO)


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


def width(text: str, font: str, size: float) -> float:
    """Width of `text` in points."""
    register()
    return float(pdfmetrics.stringWidth(text, font, size))


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
        yield f"{text[:end]} … and {number} more"
