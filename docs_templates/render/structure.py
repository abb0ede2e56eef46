"""The logical structure of a document (ISO 32000-1, 14.7 and 14.8): elements, and the content that belongs to each.

Elements are made in reading order when flowables are made; content enters them when it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ROLES = {"Title": "P"}
"""Tags of our own and the standard tag that each stands for."""


@dataclass(frozen=True, slots=True)
class Content:
    """A marked-content sequence: position of its page and its identifier there."""

    page: int
    mcid: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation: position of its page and its key in the parent tree."""

    page: int
    key: int


@dataclass(slots=True, eq=False)
class Element:
    """A structure element. `attributes` are those of one owner each (`Table`, `Layout`), by owner."""

    tag: str
    parent: Element | None = None
    kids: list[Element | Content | Annotation] = field(default_factory=list)
    alt: str | None = None
    attributes: dict[str, dict[str, Any]] | None = None

    def child(self, tag: str, alt: str | None = None, attributes: dict[str, dict[str, Any]] | None = None) -> Element:
        """A new element at the end of this one."""
        made = Element(tag, self, [], alt, attributes)
        self.kids.append(made)
        return made

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in reading order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(kid for kid in reversed(element.kids) if isinstance(kid, Element))


class Outline:
    """The element that new content goes into: the innermost section that is open."""

    def __init__(self) -> None:
        self.root = Element("Document")
        self._open = [self.root]

    @property
    def section(self) -> Element:
        """The section that is open."""
        return self._open[-1]

    def begin(self, level: int) -> Element:
        """Close sections of `level` and deeper, open one of `level` and return it."""
        del self._open[min(level, len(self._open)) :]
        self._open.append(self.section.child("Sect"))
        return self.section
