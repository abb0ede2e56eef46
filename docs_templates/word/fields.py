"""Parts of WordprocessingML (ISO/IEC 29500-1) that python-docx does not write: fields to edit, locks, cells."""

from __future__ import annotations

from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

PICTURE = "[picture]"
"""What is read where a picture stands."""


def element(name: str, **attributes: str) -> Any:
    """An element `w:name` with attributes `w:key`."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def editable_field(paragraphs: list[Any], tag: str, title: str, number: int) -> Any:
    """A content control (17.5.2) around paragraphs, in a range that everyone may edit (17.13.7)."""
    control = element("sdt")
    properties = element("sdtPr")
    properties.append(element("alias", val=title))
    properties.append(element("tag", val=tag))
    properties.append(element("id", val=str(1_000 + number)))
    properties.append(element("lock", val="sdtLocked"))
    content = element("sdtContent")
    content.append(element("permStart", id=str(number), edGrp="everyone"))
    for paragraph in paragraphs:
        content.append(paragraph)
    content.append(element("permEnd", id=str(number)))
    control.append(properties)
    control.append(content)
    return control


def protect(settings: Any) -> None:
    """Everything but the editable ranges is read only (17.15.1.29). It is a rail, not a wall: changes are also told."""
    settings.append(element("documentProtection", edit="readOnly", enforcement="1"))


def cell(text: str, font: str, size: float, *, right: bool, bold: bool, fill: str | None) -> Any:
    """A table cell of one paragraph a line; `size` in points. (Cells of python-docx take a millisecond each.)"""
    made, properties = element("tc"), element("tcPr")
    if fill:
        properties.append(element("shd", val="clear", color="auto", fill=fill))
    made.append(properties)
    for line in text.split("\n"):
        paragraph, layout = element("p"), element("pPr")
        layout.append(element("spacing", before="0", after="0"))
        if right:
            layout.append(element("jc", val="right"))
        paragraph.append(layout)
        run, style = element("r"), element("rPr")
        style.append(element("rFonts", ascii=font, hAnsi=font, cs=font))
        if bold:
            style.append(element("b"))
        style.append(element("sz", val=str(round(2 * size))))
        run.append(style)
        words = element("t")
        words.text = line
        words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(words)
        paragraph.append(run)
        made.append(paragraph)
    return made


def describe(picture: Any, title: str, text: str) -> None:
    """The alternative text of a picture."""
    about = picture._inline.docPr
    about.set("title", title)
    about.set("descr", text)
