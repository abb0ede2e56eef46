"""How a DOCX shows whose it is: logo, name, classification, colours."""

from __future__ import annotations

import io
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt, RGBColor

from docs_templates.document import Branding, Logo
from docs_templates.house import logo_words
from docs_templates.language import say
from docs_templates.word import fields

LOGO_WIDTH, LOGO_HEIGHT = 200.0, 46.0
RUNNING = 8.0


def heading(branding: Branding, ours: RGBColor) -> RGBColor:
    """Colour of headings."""
    shown = branding.colours.get("heading")
    return RGBColor.from_string(shown[1:]) if shown else ours


def band(branding: Branding, ours: str) -> str:
    """Ground of the heads of tables, as hexadecimal digits."""
    return branding.colours.get("band", "#" + ours)[1:]


def masthead(file: Any, branding: Branding, *, pictures: bool) -> None:
    """Logo and name before the title; without `pictures` a word stands for the logo."""
    if branding.logo is not None:
        if pictures:
            wide, tall = _size(branding.logo)
            shown = file.add_picture(io.BytesIO(png(branding.logo)), width=Pt(wide), height=Pt(tall))
            fields.describe(shown, say("house.logo"), logo_words(branding.bank))
        else:
            file.add_paragraph(fields.PICTURE)
    if branding.bank:
        file.add_paragraph().add_run(branding.bank).bold = True


def running(section: Any, branding: Branding, font: str) -> None:
    """Name and classification in the head of every page, the classification in the foot; later sections go on so."""
    if not branding.bank and not branding.classification:
        return
    for part, texts in ((section.header, (branding.bank, branding.classification)),
                        (section.footer, (branding.classification,))):  # fmt: skip
        part.is_linked_to_previous = False
        for text, paragraph in zip([one for one in texts if one], _paragraphs(part), strict=False):
            run = paragraph.add_run(text)
            run.font.size, run.font.name, run.bold = Pt(RUNNING), font, text == branding.classification
            if text == branding.classification:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _paragraphs(part: Any) -> Any:
    yield part.paragraphs[0]
    while True:
        yield part.add_paragraph()


def _size(logo: Logo) -> tuple[float, float]:
    scale = min(LOGO_WIDTH / logo.width, LOGO_HEIGHT / logo.height)
    return max(1.0, logo.width * scale), max(1.0, logo.height * scale)


def png(logo: Logo) -> bytes:
    """The logo as PNG."""
    from PIL import Image

    out = io.BytesIO()
    Image.frombytes("RGB", (logo.width, logo.height), logo.pixels).save(out, "PNG")
    return out.getvalue()
