"""Figures of evidence as SVG for a page, drawn by the same code as in the documents."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from reportlab.graphics import renderSVG

from docs_templates.evidence import Evidence
from docs_templates.render import charts

SPACE = "{http://www.w3.org/2000/svg}"
DROPPED = ("id", "clip-path", "fill-rule")
FAMILY = "DejaVu Sans, Verdana, sans-serif"
ET.register_namespace("", "http://www.w3.org/2000/svg")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
GEOMETRY = (
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "width",
    "height",
    "points",
    "transform",
)
DECLARATION = re.compile(r"^\s*(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE[^>]*>)?", re.DOTALL)


def figure_svg(evidence: Evidence, width: float, height: float, label: str) -> str:
    """The figure as an `svg` element: no style attributes, no identifiers, nothing that is loaded; `label` names it
    for who cannot see it."""
    height += charts.extra_height(evidence, width, height)
    text = renderSVG.drawToString(charts.draw(evidence, width, height))
    root = ET.fromstring(DECLARATION.sub("", text))
    for child in [one for one in root if one.tag in (SPACE + "title", SPACE + "desc", SPACE + "clipPath")]:
        root.remove(child)
    for element in root.iter():
        _plain(element)
    attributes = {"viewBox": root.get("viewBox", ""), "role": "img", "aria-label": label}
    root.attrib.clear()
    root.attrib.update(attributes)
    return ET.tostring(root, encoding="unicode")


def _plain(element: ET.Element) -> None:
    """Put the declarations of a style attribute into attributes of their own; drop what refers to identifiers."""
    for part in element.attrib.pop("style", "").split(";"):
        name, colon, value = part.partition(":")
        if colon and name.strip() not in element.attrib:
            element.set(name.strip(), value.strip())
    for name in DROPPED:
        element.attrib.pop(name, None)
    if element.tag != SPACE + "text":
        element.text = None
    element.tail = None
    for name in GEOMETRY:
        if name in element.attrib:
            element.set(name, LONG_NUMBER.sub(lambda one: f"{float(one.group()):.2f}", element.attrib[name]))
    if element.get("transform") == "":
        del element.attrib["transform"]
    if "font-family" in element.attrib:
        if "Bold" in element.attrib["font-family"]:
            element.set("font-weight", "bold")
        element.set("font-family", FAMILY)
