"""Writes the structure of a document into its PDF: the tree, the parent tree, what pages and links say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from docs_templates.render.structure import ROLES, Annotation, Content, Element


@dataclass(frozen=True, slots=True)
class Tags:
    """The root of the structure; for each page the elements of its marked content; the element of each link."""

    root: Element
    marks: Sequence[Sequence[Element]]
    linked: Sequence[Element]


def write(pdf: pikepdf.Pdf, tags: Tags) -> None:
    """Add the structure. Raises ValueError where a mark or a link is of no element."""
    pages = [page.obj for page in pdf.pages]
    links = _links(pages)
    root = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    made = _elements(pdf, root, tags, pages, links)
    root.K = made[id(tags.root)]
    root.RoleMap = Dictionary({f"/{ours}": Name(f"/{standard}") for ours, standard in ROLES.items()})
    numbers: list[Any] = []
    for key, element in enumerate(tags.linked):
        numbers += [key, made[id(element)]]
    for position, page in enumerate(pages):
        key = len(tags.linked) + position
        page.StructParents = key
        page.Tabs = Name.S
        numbers += [key, pdf.make_indirect(Array([made[id(element)] for element in tags.marks[position]]))]
    root.ParentTree = pdf.make_indirect(Dictionary(Nums=Array(numbers)))
    root.ParentTreeNextKey = len(tags.linked) + len(pages)
    pdf.Root.StructTreeRoot = root
    pdf.Root.MarkInfo = Dictionary(Marked=True)


def _links(pages: Sequence[Any]) -> dict[int, Any]:
    """Link annotations by their key in the parent tree."""
    return {int(one.StructParent): one for page in pages for one in page.get("/Annots", []) if "/StructParent" in one}


def _elements(pdf: pikepdf.Pdf, root: Any, tags: Tags, pages: Sequence[Any], links: dict[int, Any]) -> dict[int, Any]:
    """The PDF object of each element, by its id."""
    made: dict[int, Any] = {}
    for element in tags.root.walk():
        parent = root if element.parent is None else made[id(element.parent)]
        made[id(element)] = pdf.make_indirect(Dictionary(S=Name(f"/{element.tag}"), P=parent))
    for element in tags.root.walk():
        _fill(made[id(element)], element, made, pages, links)
    return made


def _fill(target: Any, element: Element, made: dict[int, Any], pages: Sequence[Any], links: dict[int, Any]) -> None:
    """Kids, alternative text and attributes of an element."""
    home = next((kid.page for kid in element.kids if isinstance(kid, Content)), None)
    kids: list[Any] = []
    for kid in element.kids:
        if isinstance(kid, Element):
            kids.append(made[id(kid)])
        elif isinstance(kid, Annotation):
            kids.append(Dictionary(Type=Name.OBJR, Obj=links[kid.key], Pg=pages[kid.page]))
        elif kid.page == home:
            kids.append(kid.mcid)
        else:
            kids.append(Dictionary(Type=Name.MCR, Pg=pages[kid.page], MCID=kid.mcid))
    if home is not None:
        target.Pg = pages[home]
    if len(kids) == 1:
        target.K = kids[0]
    elif kids:
        target.K = Array(kids)
    if element.alt is not None:
        target.Alt = String(element.alt)
    if element.attributes:
        target.A = _attributes(element.attributes)


def _attributes(attributes: dict[str, dict[str, Any]]) -> Any:
    found = []
    for owner, values in attributes.items():
        entries: dict[str, Any] = {"/O": Name(f"/{owner}")}
        for key, value in values.items():
            named = isinstance(value, str) and value.startswith("/")
            entries[f"/{key}"] = Name(value) if named else Array(value) if isinstance(value, list) else value
        found.append(Dictionary(entries))
    return found[0] if len(found) == 1 else Array(found)
