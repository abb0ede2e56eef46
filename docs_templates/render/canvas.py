"""A canvas whose content is marked: each piece belongs to a structure element or is an artifact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfdoc import LinkAnnotation
from reportlab.pdfbase.pdfmetrics import getFont

from docs_templates.render.paths import PathCanvas
from docs_templates.render.structure import Annotation, Content, Element

PRINT = 4
Box = tuple[float, float, float, float]


UNPLAIN = re.compile(rb"[^\x20-\x27\x2a-\x5b\x5d-\x7e]")


def _string(data: bytes) -> str:
    """A string of PDF: as it is where it is plain, else in hexadecimal digits."""
    return f"<{data.hex()}>" if UNPLAIN.search(data) else f"({data.decode('ascii')})"


@cache
def _paint(color: str) -> str:
    found = HexColor(color)
    return f"{found.red:.4g} {found.green:.4g} {found.blue:.4g} rg"


class _Link(LinkAnnotation):  # type: ignore[misc]
    permitted = (*LinkAnnotation.permitted, "StructParent")


class TaggedCanvas(PathCanvas):
    """Marked content is never nested; `marks` holds for each page the element of each of its sequences.

    A `dry` canvas is for finding out what stands on which page: flowables draw nothing on it, and it is not saved.
    `palette`: colours to show in place of ours.
    """

    def __init__(
        self, *arguments: Any, dry: bool = False, palette: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        self._palette = dict(palette or {})
        super().__init__(*arguments, **options)
        self.dry = dry
        self.marks: list[list[Element]] = [[]]
        self.linked: list[Element] = []
        self._silent = False

    def showPage(self) -> None:
        """End the page; the next one begins without marks."""
        super().showPage()
        self.marks.append([])

    def save(self) -> None:
        """Write the file, unless the canvas is dry."""
        if not self.dry:
            super().save()

    def setFillColor(self, aColor: Any, alpha: float | None = None) -> None:
        """As reportlab's, in the colour of the palette."""
        super().setFillColor(self._shown(aColor), alpha)

    def setStrokeColor(self, aColor: Any, alpha: float | None = None) -> None:
        """As reportlab's, in the colour of the palette."""
        super().setStrokeColor(self._shown(aColor), alpha)

    def _shown(self, color: Any) -> Any:
        if not self._palette or not isinstance(color, Color):
            return color
        shown = self._palette.get(f"#{color.hexval()[2:].upper()}")
        return color if shown is None else HexColor(shown)

    @contextmanager
    def own_colours(self) -> Iterator[None]:
        """What is drawn within keeps its colours: figures, whose colours tell series apart."""
        palette, self._palette = self._palette, {}
        yield
        self._palette = palette

    def put(self, text: str, x: float, y: float, font: str, size: float, color: str) -> None:
        """Text in the order of sight with its baseline at (x, y). As `drawString`, in a fraction of its time."""
        face = getFont(font)
        parts = [
            f"{face.getSubsetInternalName(subset, self._doc)} {size:g} Tf {_string(data)} Tj"
            for subset, data in face.splitString(text, self._doc)
        ]
        self._code.append(
            f"BT {_paint(self._palette.get(color, color))} 1 0 0 1 {x:.2f} {y:.2f} Tm {' '.join(parts)} ET"
        )

    @contextmanager
    def marked(self, element: Element) -> Iterator[None]:
        """What is drawn within belongs to `element`."""
        if self._silent:
            yield
            return
        marks = self.marks[-1]
        self._code.append(f"/{element.tag} <</MCID {len(marks)}>> BDC")
        element.kids.append(Content(len(self.marks) - 1, len(marks)))
        marks.append(element)
        yield
        self._code.append("EMC")

    @contextmanager
    def artifact(self, kind: str = "Layout", subtype: str | None = None) -> Iterator[None]:
        """What is drawn within is no part of the text: `Layout`, `Pagination`, `Background`."""
        about = f"/Type /{kind}" + (f" /Subtype /{subtype}" if subtype else "")
        self._code.append(f"/Artifact <<{about}>> BDC")
        yield
        self._code.append("EMC")

    @contextmanager
    def unmarked(self) -> Iterator[None]:
        """What is drawn within is drawn as it is, for use within an artifact."""
        self._silent = True
        yield
        self._silent = False

    def jump(self, element: Element, anchor: str, box: Box, says: str) -> None:
        """A link over `box` (of the current coordinates) to a bookmark, part of `element`; `says` is read aloud."""
        if self._silent:
            return
        key = len(self.linked)
        element.kids.append(Annotation(len(self.marks) - 1, key))
        self.linked.append(element)
        link = _Link(
            Rect=self._absRect(box, 1),
            Contents=says,
            Destination=self._bookmarkReference(anchor),
            Border="[0 0 0]",
            F=PRINT,
            StructParent=key,
        )
        self._addAnnotation(link, None, 1)
