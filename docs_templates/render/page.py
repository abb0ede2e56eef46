"""Page sizes and the room between their margins."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.lib.pagesizes import A4 as A4_SIZE
from reportlab.lib.pagesizes import LETTER as LETTER_SIZE
from reportlab.lib.units import mm

MARGIN_LEFT = MARGIN_RIGHT = 22 * mm
MARGIN_TOP, MARGIN_BOTTOM = 26 * mm, 24 * mm


@dataclass(frozen=True, slots=True)
class Page:
    """An upright page of `width` by `height` points; turned, its sides change places, its margins do not."""

    name: str
    width: float
    height: float

    @property
    def frame_width(self) -> float:
        """Width between the margins of an upright page."""
        return self.width - MARGIN_LEFT - MARGIN_RIGHT

    @property
    def frame_height(self) -> float:
        """Height between the margins of an upright page."""
        return self.height - MARGIN_TOP - MARGIN_BOTTOM

    @property
    def landscape_width(self) -> float:
        """Width between the margins of a turned page."""
        return self.height - MARGIN_LEFT - MARGIN_RIGHT

    @property
    def landscape_height(self) -> float:
        """Height between the margins of a turned page."""
        return self.width - MARGIN_TOP - MARGIN_BOTTOM


A4 = Page("a4", *A4_SIZE)
LETTER = Page("letter", *LETTER_SIZE)
PAGES = {page.name: page for page in (A4, LETTER)}
