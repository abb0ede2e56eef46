"""The structure of documents: all content is in it or an artifact, it reads in order, its tables are regular."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from docs_templates.templates import DOCUMENTS

PAINTS = {"Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "Do", "sh", "EI"}
STANDARD = {
    "Document",
    "Part",
    "Sect",
    "Div",
    "BlockQuote",
    "Caption",
    "TOC",
    "TOCI",
    "P",
    "H1",
    "H2",
    "H3",
    "L",
    "LI",
    "Lbl",
    "LBody",
    "Table",
    "TR",
    "TH",
    "TD",
    "THead",
    "TBody",
    "Reference",
    "Link",
    "Figure",
    "Span",
}


@dataclass
class Told:
    """An element: its tag, its dictionary, elements below it, and its content as (page, mcid)."""

    tag: str
    raw: Any
    kids: list[Told]
    content: list[tuple[int, int]]
    order: list[tuple[int, int]]

    def walk(self) -> Iterator[Told]:
        """This one and all below."""
        yield self
        for kid in self.kids:
            yield from kid.walk()


@dataclass
class Structure:
    """The tree, what each page's content belongs to, and the file."""

    pdf: pikepdf.Pdf
    root: Told
    marks: list[list[tuple[int | None, str]]]
    large: bool


def _marks(page: pikepdf.Page) -> list[tuple[int | None, str]]:
    """For each piece that paints: the MCID that it stands in, or None and `artifact` or `nothing`."""
    stack: list[tuple[int | None, str]] = []
    found = []
    for operands, operator in ((list(o.operands), str(o.operator)) for o in pikepdf.parse_content_stream(page)):
        if operator in ("BDC", "BMC"):
            tag = str(operands[0])
            properties = operands[1] if operator == "BDC" else {}
            if "/MCID" in properties:
                assert all(mcid is None and kind != "artifact" for mcid, kind in stack)
                stack.append((int(properties["/MCID"]), tag))
            elif tag == "/Artifact":
                assert stack == []
                stack.append((None, "artifact"))
            else:
                assert tag == "/Span"
                assert stack
                stack.append(stack[-1])
        elif operator == "EMC":
            stack.pop()
        elif operator in PAINTS:
            found.append(stack[-1] if stack else (None, "nothing"))
    assert stack == []
    return found


@lru_cache(maxsize=2)
def _structure(path: Path) -> Structure:
    pdf = pikepdf.open(path)
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}

    def read(raw: Any, parent: Any) -> Told:
        assert raw.P.objgen == parent.objgen
        told = Told(str(raw.S)[1:], raw, [], [], [])
        kids = raw.get("/K", pikepdf.Array([]))
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, int):
                told.content.append((pages[raw.Pg.objgen], kid))
                told.order.append(told.content[-1])
            elif kid.get("/Type") == "/MCR":
                told.content.append((pages[kid.Pg.objgen], int(kid.MCID)))
                told.order.append(told.content[-1])
            elif kid.get("/Type") != "/OBJR":
                told.kids.append(read(kid, raw))
                told.order += told.kids[-1].order
        return told

    tree = pdf.Root.StructTreeRoot
    return Structure(pdf, read(tree.K, tree), [_marks(page) for page in pdf.pages], len(pages) > 50)


@pytest.fixture(params=DOCUMENTS)
def structure(request: pytest.FixtureRequest, nasty_package: Path) -> Structure:
    """The structure of each document."""
    return _structure(nasty_package / "documents" / f"{request.param}.pdf")


def _named(structure: Structure, *tags: str) -> list[Told]:
    return [element for element in structure.root.walk() if element.tag in tags]


def test_all_content_is_of_an_element_or_an_artifact(structure: Structure) -> None:
    assert {kind for page in structure.marks for mcid, kind in page if mcid is None} == {"artifact"}
    assert structure.pdf.Root.MarkInfo.Marked
    assert all(str(page.obj.Tabs) == "/S" for page in structure.pdf.pages)


def test_each_mark_is_once_in_the_tree_and_in_the_parent_tree(structure: Structure) -> None:
    numbers = structure.pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    assert list(parents) == sorted(parents)
    owners = {place: element for element in structure.root.walk() for place in element.content}
    assert len(owners) == sum(len(element.content) for element in structure.root.walk())
    for number, page in enumerate(structure.pdf.pages):
        told = parents[int(page.obj.StructParents)]
        drawn = {mcid for mcid, _ in structure.marks[number] if mcid is not None}
        assert drawn <= set(range(len(told)))
        for mcid, element in enumerate(told):
            assert owners[(number, mcid)].raw.objgen == element.objgen
    pairs = [(number, mark) for number, page in enumerate(structure.marks) for mark in page]
    tags = {(number, mcid): kind for number, (mcid, kind) in pairs if mcid is not None}
    assert {place: f"/{owners[place].tag}" for place in tags} == tags


def test_the_order_of_the_tree_is_the_order_of_the_pages(structure: Structure) -> None:
    order = structure.root.order
    assert order == sorted(order)
    assert len(order) > (1000 if structure.large else 20)


def test_only_standard_tags_and_ours_that_stand_for_one(structure: Structure) -> None:
    roles = {key[1:]: str(value)[1:] for key, value in structure.pdf.Root.StructTreeRoot.RoleMap.items()}
    assert {roles.get(element.tag, element.tag) for element in structure.root.walk()} <= STANDARD
    assert structure.root.tag == "Document"
    assert {kid.tag for kid in structure.root.kids} == {"Sect"}


def test_headings_skip_no_level(structure: Structure) -> None:
    levels = [int(element.tag[1]) for element in _named(structure, "H1", "H2", "H3")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    outlined = sum(1 for _ in _items(structure.pdf))
    assert len(levels) == outlined + sum(1 for e in _named(structure, "TOC"))


def _items(pdf: pikepdf.Pdf) -> Iterator[Any]:
    with pdf.open_outline() as outline:
        waiting = list(outline.root)
        while waiting:
            item = waiting.pop()
            yield item
            waiting += item.children


def test_tables_are_regular(structure: Structure) -> None:
    tables = _named(structure, "Table")
    assert len(tables) > (10 if structure.large else 0)
    for table in tables:
        rows = [e for e in table.walk() if e.tag == "TR"]
        assert len({len(row.kids) for row in rows}) == 1
        assert {cell.tag for row in rows for cell in row.kids} <= {"TH", "TD"}
        heads = [cell for row in rows for cell in row.kids if cell.tag == "TH"]
        assert heads
        assert {str(cell.raw.A.Scope) for cell in heads} <= {"/Column", "/Row"}
        assert {str(cell.raw.A.O) for cell in heads} == {"/Table"}
        parts = [kid.tag for kid in table.kids]
        assert parts in (["Caption", "THead", "TBody"], ["THead", "TBody"], ["TR"] * len(rows))


def test_heads_are_repeated_as_artifacts(nasty_package: Path) -> None:
    structure = _structure(nasty_package / "documents" / "development_dossier.pdf")
    split = [t for t in _named(structure, "Table") if len({page for page, _ in t.order}) > 1]
    assert len(split) > 3
    for table in split:
        first, *others = sorted({page for page, _ in table.order})
        head = table.kids[[kid.tag for kid in table.kids].index("THead")]
        assert {page for page, _ in head.order} == {first}
        for page in others:
            content = structure.pdf.pages[page].Contents.read_bytes()
            # One is the running head of the page.
            assert content.count(b"/Artifact <</Type /Pagination /Subtype /Header>>") >= 2


def test_figures_say_what_they_show(structure: Structure) -> None:
    figures = _named(structure, "Figure")
    assert figures or not structure.large
    for figure in figures:
        said = str(figure.raw.Alt)
        assert "axis" in said or "no values" in said
        left, bottom, right, top = (float(x) for x in figure.raw.A.BBox)
        assert 0 < left < right < 900
        assert 0 < bottom < top < 900
        assert len(figure.content) == 1


def test_links_are_in_the_tree_with_words(structure: Structure) -> None:
    numbers = structure.pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    count = 0
    for page in structure.pdf.pages:
        for link in page.obj.get("/Annots", []):
            element = parents[int(link.StructParent)]
            assert str(element.S) == "/Link"
            held = [kid for kid in element.K if not isinstance(kid, int) and kid.get("/Type") == "/OBJR"]
            assert link.objgen in [kid.Obj.objgen for kid in held]
            assert str(link.Contents).strip()
            count += 1
    assert count > 20 or not structure.large
    assert all(any(isinstance(kid, int) for kid in link.raw.K) for link in _named(structure, "Link"))


def test_lists_have_labels_and_bodies(structure: Structure) -> None:
    for item in _named(structure, "LI"):
        assert [kid.tag for kid in item.kids] == ["Lbl", "LBody"]
    for one in _named(structure, "TOC"):
        assert {kid.tag for kid in one.kids} == {"TOCI"}
