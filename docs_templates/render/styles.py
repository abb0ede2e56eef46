"""Page geometry, colours and paragraph styles."""

from __future__ import annotations

from functools import cache

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from docs_templates.render import fonts

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN_LEFT = MARGIN_RIGHT = 22 * mm
MARGIN_TOP, MARGIN_BOTTOM = 26 * mm, 24 * mm
FRAME_WIDTH = PAGE_WIDTH - MARGIN_LEFT - MARGIN_RIGHT
FRAME_HEIGHT = PAGE_HEIGHT - MARGIN_TOP - MARGIN_BOTTOM
LANDSCAPE_WIDTH = PAGE_HEIGHT - MARGIN_LEFT - MARGIN_RIGHT
LANDSCAPE_HEIGHT = PAGE_WIDTH - MARGIN_TOP - MARGIN_BOTTOM

INK: Color = HexColor("#1A1F26")
QUIET_HEX = "#5B6470"
QUIET: Color = HexColor(QUIET_HEX)
RULE: Color = HexColor("#B8C0CA")
PAPER: Color = HexColor("#FFFFFF")
HAIR: Color = HexColor("#DDE2E8")
BAND: Color = HexColor("#F1F4F7")
ACCENT: Color = HexColor("#143A66")
LINK = "#143A66"
ALERT: Color = HexColor("#8A3B00")
ALERT_GROUND: Color = HexColor("#FDF4EA")
BODY_SIZE = 9.0


@cache
def style(name: str) -> ParagraphStyle:
    """A paragraph style by name."""
    fonts.register()
    return _styles()[name]


def _make(name: str, **options: object) -> ParagraphStyle:
    base: dict[str, object] = {
        "fontName": fonts.REGULAR,
        "fontSize": BODY_SIZE,
        "leading": 13.2,
        "textColor": INK,
        "alignment": TA_LEFT,
        "allowWidows": 0,
        "allowOrphans": 0,
        "splitLongWords": 1,
    }
    return ParagraphStyle(name, **{**base, **options})


@cache
def _styles() -> dict[str, ParagraphStyle]:
    bold = fonts.BOLD
    made = [
        _make("body", spaceAfter=6),
        _make("item", spaceAfter=2.5),
        _make("h1", fontName=bold, fontSize=16, leading=20, textColor=ACCENT, spaceAfter=10),
        _make("h2", fontName=bold, fontSize=11.2, leading=15, textColor=ACCENT, spaceBefore=10, spaceAfter=4),
        _make("h3", fontName=bold, fontSize=9.4, leading=13, spaceBefore=7, spaceAfter=3),
        _make("caption", fontSize=8.2, leading=11, spaceBefore=5, spaceAfter=1),
        _make("source", fontName=fonts.MONO, fontSize=6.3, leading=8.5, textColor=QUIET, spaceAfter=2.5),
        _make("note", fontSize=7, leading=9.2, textColor=QUIET, spaceAfter=1),
        _make("statement", fontSize=BODY_SIZE, leading=13.2),
        _make("box", fontSize=8.4, leading=11.6, textColor=ALERT),
        _make("boxquiet", fontSize=8.4, leading=11.6, textColor=QUIET),
        _make("cover_kind", fontName=bold, fontSize=9.5, leading=13, textColor=QUIET),
        _make("cover_title", fontName=bold, fontSize=24, leading=29, textColor=ACCENT),
        _make("cover_model", fontSize=13, leading=18, spaceAfter=14),
        _make("brief", fontSize=8.5, leading=11.8, spaceAfter=4),
        _make("brief_title", fontName=bold, fontSize=15, leading=18, textColor=ACCENT),
        _make("brief_model", fontSize=10, leading=13, spaceAfter=5),
        _make("label", fontName=bold, fontSize=7.6, leading=10.5, textColor=QUIET),
        _make("field", fontSize=8.4, leading=11.2),
        _make("fieldmono", fontName=fonts.MONO, fontSize=7, leading=10.5),
        _make("toc1", fontName=bold, fontSize=9, leading=13),
        _make("toc2", fontSize=8.4, leading=12),
    ]
    return {s.name: s for s in made}


@cache
def cell_style(size: float, align: str, font: str, color: str = "ink") -> ParagraphStyle:
    """Style of a wrapped table cell."""
    fonts.register()
    options = {"alignment": TA_RIGHT if align == "right" else TA_LEFT, "fontName": font, "fontSize": size}
    ink = {"ink": INK, "accent": ACCENT}[color]
    return _make(f"cell-{size}-{align}-{font}-{color}", leading=round(size * 1.28, 2), textColor=ink, **options)
