"""A minimal XML writer: elements in, one byte sequence out, every character of every attribute survives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_TABLE = str.maketrans(_ESCAPES)


@dataclass(frozen=True, slots=True)
class Element:
    """An element with attributes in writing order (None leaves one out) and children or text, not both."""

    tag: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    children: Sequence[Element] = ()
    text: str | None = None


def to_bytes(root: Element) -> bytes:
    """UTF-8 bytes with declaration, one element a line, one-space indent, LF."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(root, 0, lines)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _write(element: Element, depth: int, lines: list[str]) -> None:
    given = "".join(f' {k}="{v.translate(_TABLE)}"' for k, v in element.attributes.items() if v is not None)
    indent = " " * depth
    if element.text is not None:
        lines.append(f"{indent}<{element.tag}{given}>{_text(element.text)}</{element.tag}>")
    elif not element.children:
        lines.append(f"{indent}<{element.tag}{given}/>")
    else:
        lines.append(f"{indent}<{element.tag}{given}>")
        for child in element.children:
            _write(child, depth + 1, lines)
        lines.append(f"{indent}</{element.tag}>")


def survives_as_text(text: str) -> bool:
    """Whether `_text` writes it without entities, at which PMML4S breaks text."""
    return "\r" not in text and "]]>" not in text


def _text(text: str) -> str:
    """Character data; a CDATA section where it holds markup."""
    if not survives_as_text(text):
        return text.translate(_TABLE)
    return f"<![CDATA[{text}]]>" if any(c in text for c in "&<>") else text
