"""XML read without harm: no document type, no entities of its own, bounded size, depth and number of elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

MAXIMUM_BYTES = 64 * 1024 * 1024
MAXIMUM_DEPTH = 4_000
MAXIMUM_ELEMENTS = 2_000_000
NAMESPACE = "http://www.dmg.org/PMML-4_4"


class XmlRefused(Exception):
    """The bytes are not XML, or XML that may do harm."""


class Unknown(Exception):
    """The document holds an element, attribute or function that the validator does not evaluate; told by its name."""


@dataclass(slots=True)
class Node:
    """An element: its tag without namespace, attributes, elements inside, and its text."""

    tag: str
    attributes: Mapping[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> Iterator[Node]:
        """Yield the elements inside with a tag."""
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> Node | None:
        """Return the first element inside with a tag, or None."""
        return next(self.all(tag), None)


def parse(data: bytes) -> Node:
    """Return the root of an XML document in the namespace of PMML 4.4.

    Raises XmlRefused where it is malformed, has a document type or entities, or is too large or too deep; Unknown for
    an element of another namespace.
    """
    if len(data) > MAXIMUM_BYTES:
        raise XmlRefused(f"larger than {MAXIMUM_BYTES} bytes")
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.EntityDeclHandler = builder.entity
    parser.ExternalEntityRefHandler = builder.external
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise XmlRefused(f"not XML: {error}") from error
    assert builder.root is not None
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Node] = []
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if space != NAMESPACE:
            raise Unknown(f"{tag} of the namespace {space or '(none)'}")
        self.count += 1
        if self.count > MAXIMUM_ELEMENTS or len(self.open) >= MAXIMUM_DEPTH:
            raise XmlRefused(f"more than {MAXIMUM_ELEMENTS} elements, or nested more than {MAXIMUM_DEPTH} deep")
        node = Node(tag, attributes)
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, _: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        if self.open:
            self.open[-1].text += text

    def doctype(self, *_: object) -> None:
        raise XmlRefused("it has a document type")

    def entity(self, *_: object) -> None:
        raise XmlRefused("it declares entities")

    def external(self, *_: object) -> int:
        raise XmlRefused("it refers to what lies outside")
