"""Whose a document is: logo and name at the head of its first page, name and classification on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from docs_templates.document import Branding, Logo
from docs_templates.house import logo_words
from docs_templates.render import fonts, styles
from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.paragraphs import Text
from docs_templates.render.structure import Element
from docs_templates.render.text import runs

GAP = 12.0
BANNER_SIZE, BANK_SIZE = 8.0, 7.5
ABOVE, BELOW = 32.0, 39.0
"""Baselines of the banners in points: above and below what stands between the margins."""
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Room:
    """Room of the logo in points, the style of the name beside it, and what is left free below."""

    width: float
    height: float
    look: str
    below: float


BOOK, BRIEF = Room(200.0, 46.0, "bank", 14.0), Room(120.0, 20.0, "brief_bank", 3.0)


def masthead(branding: Branding, section: Element, *, brief: bool) -> list[Any]:
    """Logo and name at the head of the first page; nothing where there is neither."""
    if not branding.bank and branding.logo is None:
        return []
    logo = bank = None
    if branding.logo is not None:
        logo = (branding.logo, section.child("Figure", alt=logo_words(branding.bank)))
    room = BRIEF if brief else BOOK
    if branding.bank:
        look = styles.style(room.look)
        bank = Text(runs(branding.bank, look), look, section.child("P"))
    return [Masthead(logo, bank, room)]


class Masthead(Flowable):
    """The logo, in its own proportions within its room, and the name at its right."""

    def __init__(self, logo: tuple[Logo, Element] | None, bank: Text | None, room: Room) -> None:
        super().__init__()
        self._logo, self._bank, self._room = logo, bank, room
        self.spaceAfter = room.below

    def wrap(self, available: float, _: float) -> tuple[float, float]:
        """The whole width, and the height of the higher of the two."""
        self.width = available
        tall = self._size()[1]
        if self._bank is not None:
            tall = max(tall, self._bank.wrap(available - self._indent, 1e6)[1])
        self.height = tall
        return available, tall

    def _size(self) -> tuple[float, float]:
        if self._logo is None:
            return 0.0, 0.0
        picture = self._logo[0]
        scale = min(self._room.width / picture.width, self._room.height / picture.height)
        return picture.width * scale, picture.height * scale

    @property
    def _indent(self) -> float:
        return self._size()[0] + GAP if self._logo is not None else 0.0

    def draw(self) -> None:
        """Draw the logo, note its box, draw the name."""
        canvas: TaggedCanvas = self.canv
        if canvas.dry:
            return
        if self._logo is not None:
            picture, element = self._logo
            wide, tall = self._size()
            low = (self.height - tall) / 2
            x, y = canvas.absolutePosition(0, low)
            box = [round(part, 2) for part in (x, y, x + wide, y + tall)]
            element.attributes = {"Layout": {"Placement": "/Block", "BBox": box}}
            with canvas.marked(element):
                canvas.drawImage(_image(picture), 0, low, wide, tall)
        if self._bank is not None:
            self._bank.drawOn(canvas, self._indent, (self.height - self._bank.height) / 2)


def _image(logo: Logo) -> ImageReader:
    from PIL import Image

    return ImageReader(Image.frombytes("RGB", (logo.width, logo.height), logo.pixels))


def banner_above(canvas: TaggedCanvas, branding: Branding, ends: Ends, frame_top: float) -> None:
    """Name at the left and classification at the right, above the running head."""
    left, right = ends
    y, room = frame_top + ABOVE, right - left
    if branding.classification:
        text, size = _fitted(branding.classification, room)
        canvas.put(text, right - fonts.width(text, fonts.BOLD, size), y, fonts.BOLD, size, styles.INK_HEX)
        room -= fonts.width(text, fonts.BOLD, size) + GAP
    if branding.bank and room > 0:
        shown = fonts.shortened(fonts.printable(branding.bank), fonts.REGULAR, BANK_SIZE, room)
        canvas.put(fonts.one_line(shown), left, y, fonts.REGULAR, BANK_SIZE, styles.QUIET_HEX)


def banner_below(canvas: TaggedCanvas, branding: Branding, ends: Ends, frame_bottom: float) -> None:
    """The classification once more, in the middle below the running foot."""
    if branding.classification:
        left, right = ends
        text, size = _fitted(branding.classification, right - left)
        x = (left + right - fonts.width(text, fonts.BOLD, size)) / 2
        canvas.put(text, x, frame_bottom - BELOW, fonts.BOLD, size, styles.INK_HEX)


def _fitted(text: str, room: float) -> tuple[str, float]:
    """The classification on one line, never cut: smaller where it is wider than its room."""
    line = fonts.one_line(text, fonts.BOLD)
    return line, min(BANNER_SIZE, BANNER_SIZE * room / fonts.width(line, fonts.BOLD, BANNER_SIZE))
