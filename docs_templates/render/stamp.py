"""The appearance of a visible signature: lines of text in the embedded font, as a PDF of one page."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from docs_templates.render import fonts, styles

SIZE, LEADING, INSET = 5.0, 6.2, 2.0


def stamp(lines: Sequence[str], width: float, height: float) -> bytes:
    """`lines` in a box of `width` by `height` points; what does not fit is cut with an ellipsis. Raises ValueError
    where the box has no room for the lines."""
    if height < LEADING * len(lines) + INSET or width < 10 * SIZE:
        raise ValueError(f"{len(lines)} lines need a box of {10 * SIZE:g} by {LEADING * len(lines) + INSET:g} points")
    fonts.register()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), invariant=1, initialFontName=fonts.REGULAR)
    canvas.setFillColor(styles.INK)
    canvas.setFont(fonts.REGULAR, SIZE)
    top = height - INSET - SIZE * 0.8
    for position, line in enumerate(lines):
        text = fonts.shortened(fonts.printable(line), fonts.REGULAR, SIZE, width - 2 * INSET)
        canvas.drawString(INSET, top - position * LEADING, text)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()
