"""Finished spans and plain text as reportlab's paragraph markup; everything that comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from docs_templates.document import Span, Spans
from docs_templates.render import fonts, styles


def markup(text: str, font: str = fonts.REGULAR) -> str:
    """Plain text as markup: escaped, unprintable characters spelled out, line ends kept."""
    return escape(fonts.printable(text, font)).replace("\n", "<br/>")


def spans_markup(content: Spans, anchors: Mapping[str, str]) -> str:
    """Spans as markup. `anchors` maps an evidence id to its place in the index; numbers link there."""
    return "".join(_span(span, anchors) for span in content)


def _span(span: Span, anchors: Mapping[str, str]) -> str:
    font = fonts.MONO if span.mono else fonts.REGULAR
    text = markup(span.text, font)
    if span.mono:
        text = f'<font name="{fonts.MONO}" size="{styles.BODY_SIZE - 1.2}">{text}</font>'
    if span.bold:
        text = f"<b>{text}</b>"
    if span.italic:
        text = f"<i>{text}</i>"
    anchor = anchors.get(span.evidence) if span.evidence is not None else None
    return link(text, anchor) if anchor else text


def link(text: str, anchor: str) -> str:
    """Markup that jumps to a place of the document."""
    return f'<a href="#{anchor}" color="{styles.LINK}">{text}</a>'
