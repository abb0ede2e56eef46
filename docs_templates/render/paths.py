"""Paths of a page, whose numbers are written once: figures draw the same places again and again."""

from __future__ import annotations

from functools import lru_cache

from reportlab.lib.rl_accel import fp_str
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

KEPT = 1 << 16


@lru_cache(maxsize=KEPT)
def number(value: float) -> str:
    """A number as reportlab writes it."""
    return str(fp_str(value))


class Path(PDFPathObject):  # type: ignore[misc]
    """reportlab's path, to the byte."""

    def moveTo(self, x: float, y: float) -> None:
        """Begin at a point."""
        self._code_append(f"{number(x)} {number(y)} m")

    def lineTo(self, x: float, y: float) -> None:
        """A line to a point."""
        self._code_append(f"{number(x)} {number(y)} l")

    def curveTo(self, x1: float, y1: float, x2: float, y2: float, x3: float, y3: float) -> None:
        """A curve (Bézier) to the third point."""
        places = (x1, y1, x2, y2, x3, y3)
        self._code_append(f"{' '.join(map(number, places))} c")


class PathCanvas(Canvas):  # type: ignore[misc]
    """reportlab's canvas with these paths."""

    def beginPath(self) -> Path:
        """A new path."""
        return Path()

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line between two points."""
        self._code.append(f"n {number(x1)} {number(y1)} m {number(x2)} {number(y2)} l S")

    def ellipse(self, x1: float, y1: float, x2: float, y2: float, stroke: int = 1, fill: int = 0) -> None:
        """An ellipse within a rectangle."""
        Path(code=self._code).ellipse(x1, y1, x2 - x1, y2 - y1)
        self._strokeAndFill(stroke, fill)
