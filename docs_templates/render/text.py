"""Finished spans and plain text as runs of one look; nothing in data is markup."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from docs_templates.document import Span, Spans
from docs_templates.render import fonts, styles
from docs_templates.render.lines import Run
from docs_templates.render.styles import TextStyle

MONO_LESS = 1.2
WIDE_SPACE = "\u00a0\u00a0"
_BOLD = {fonts.REGULAR: fonts.BOLD, fonts.OBLIQUE: fonts.BOLD}


def run(
    text: str,
    look: TextStyle,
    *,
    font: str | None = None,
    size: float | None = None,
    color: str | None = None,
    link: str | None = None,
) -> Run:
    """One run in a style, parts of which may be replaced; a link has the colour of links."""
    chosen = font or look.font
    return Run(shown(text, chosen), chosen, size or look.size, color or (styles.LINK if link else look.color), link)


def place(anchor: str, look: TextStyle) -> Run:
    """A run without text that sets an anchor."""
    return Run("", look.font, look.size, look.color, None, anchor)


@lru_cache(maxsize=50_000)
def shown(text: str, font: str) -> str:
    """`text` as it is set: Arabic letters shaped, what the font lacks spelled out; in the order of reading."""
    return fonts.printable(fonts.shaped(text), font)


def runs(text: str, look: TextStyle) -> tuple[Run, ...]:
    """Plain text in a style."""
    return (run(text, look),) if text else ()


def span_runs(content: Spans, look: TextStyle, anchors: Mapping[str, str]) -> tuple[Run, ...]:
    """Spans in a style. `anchors` maps an evidence id to its place in the index; numbers link there."""
    return tuple(_span(span, look, anchors) for span in content if span.text)


def _span(span: Span, look: TextStyle, anchors: Mapping[str, str]) -> Run:
    font, size = look.font, look.size
    if span.mono:
        font, size = fonts.MONO, look.size - MONO_LESS
    elif span.bold:
        font = _BOLD.get(font, font)
    elif span.italic and font == fonts.REGULAR:
        font = fonts.OBLIQUE
    anchor = anchors.get(span.evidence) if span.evidence is not None else span.target
    return run(span.text, look, font=font, size=size, link=anchor)
