"""Figures as pictures, for documents that people edit."""

from __future__ import annotations

import io

from reportlab.graphics import renderPDF

from docs_templates.evidence import Evidence
from docs_templates.render import charts

POINTS_PER_INCH = 72.0


def png(evidence: Evidence, width: float, height: float, dots_per_inch: float = 200.0) -> tuple[bytes, float]:
    """The figure of an item of evidence as PNG, `width` points wide, and its height in points.

    The figure is made higher than `height` where its labels need it.
    """
    import pypdfium2

    height += charts.extra_height(evidence, width, height)
    page = io.BytesIO(renderPDF.drawToString(charts.draw(evidence, width, height)))
    scale = dots_per_inch / POINTS_PER_INCH
    with pypdfium2.PdfDocument(page) as document:
        picture = document[0].render(scale=scale).to_pil()
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dots_per_inch, dots_per_inch), optimize=False)
    return out.getvalue(), height
