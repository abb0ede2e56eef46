"""The documents of the worked example, as its run made them: all there, on good pages, nothing left open in silence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Absent, Document, Figure, SignOff, Table, plain
from docs_templates.package import read_package
from docs_templates.templates import DOCUMENTS, read_template
from scripts import page_ink
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.test_sections import DEVELOPMENT, VALIDATION, chapters, evidence_of, missing_rows

FILLER = re.compile(
    r"lorem|ipsum|\btodo\b|\btbd\b|\btba\b|\bfixme\b|\bxxx+|\?\?\?|(?<!authored_)placeholder"
    r"|to be (added|completed|written|determined)"
    r"|coming soon|insert (text|here)|\{\{|\}\}|\$\w|(?-i:\bNone\b|\bnan\b|\bNaN\b|<NA>)",
    re.IGNORECASE,
)
LINKED = ("development_dossier", "validation_report", "implementation_guide", "adverse_action", "monitoring_plan")
CAPTION = re.compile(r"(?:Table|Figure) \w+(?:\.\w+)*")
SECTION = re.compile(r"(?:section |Annex )(\w+(?:\.\w+)*)")


def _file(package: Path, name: str) -> Path:
    return package / "documents" / f"{name}.pdf"


@cache
def _composed(package: Path, name: str) -> Document:
    return compose(read_template(name), read_package(package), registry(), MOMENT)


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


# ----------------------------------------------------------------------------------------------------------- pages
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_ink_lies_outside_the_margins_and_no_page_is_blank(taiwan_package: Path, name: str) -> None:
    assert page_ink.check(_file(taiwan_package, name), 40) == []


# ---------------------------------------------------------------------------------------------------- what stands there
@pytest.mark.parametrize(
    ("name", "sections"), [("development_dossier", DEVELOPMENT), ("validation_report", VALIDATION)]
)
def test_each_section_has_its_evidence_or_says_why_not(
    taiwan_package: Path, name: str, sections: dict[str, tuple[str, ...]]
) -> None:
    document = _composed(taiwan_package, name)
    champion = read_package(taiwan_package).champion
    found = chapters(document)
    missing = {row[3]: row for row in missing_rows(document)}
    for section, (title, *evidence) in sections.items():
        blocks = [block for chapter, some in found.items() if chapter.startswith(title) for block in some]
        assert blocks, section
        boxes = {i: b for b in blocks if isinstance(b, Absent) for i in (b.evidence, *(also for _, also in b.also))}
        for identifier in (one.replace(".card", f".{champion}") for one in evidence):
            assert identifier in evidence_of(blocks), (section, identifier)
            if identifier in boxes:
                assert boxes[identifier].reason.strip(), identifier
                assert missing[identifier][2].strip(), identifier


def test_the_control_page_and_the_annexes_stand_there(taiwan_package: Path) -> None:
    document = _composed(taiwan_package, "development_dossier")
    control = dict(document.control)
    assert {
        "Model",
        "Model version",
        "Owner",
        "Risk tier",
        "Document id",
        "Rendered (UTC)",
        "Package hash (SHA-256)",
    } <= set(control)
    (signed,) = [block for block in document.cover if isinstance(block, SignOff)]
    assert {"Author", "Reviewer", "Authoriser", "Model owner"} <= set(signed.roles)
    found = chapters(document)
    for title in ("Self-assessment", "Bridge to provisions", "Evidence index", "Coverage of clauses", "Package"):
        assert found[title], title


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_is_absent_is_listed_with_its_reason(taiwan_package: Path, name: str) -> None:
    document = _composed(taiwan_package, name)
    absent = [block for block in document.blocks if isinstance(block, Absent)]
    for box in absent:
        assert box.reason.strip(), box.title
    if absent and not document.brief:
        rows = missing_rows(document)
        listed = {row[0] for row in rows} | {row[3] for row in rows}
        for box in absent:
            if box.evidence or box.kind == "not_provided":
                assert box.title in listed or box.evidence in listed, box.title
        assert all(row[2].strip() for row in rows)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_filler_or_a_placeholder(taiwan_package: Path, name: str) -> None:
    with pypdfium2.PdfDocument(_file(taiwan_package, name)) as pdf:
        texts = [page.get_textpage().get_text_range() for page in pdf]
    assert [(n, found[0]) for n, text in enumerate(texts, 1) for found in FILLER.finditer(text)] == []
    document = _composed(taiwan_package, name)
    for title, blocks in chapters(document).items():
        assert len(blocks) > 1 or not title, f"nothing stands below {title}"


# ------------------------------------------------------------------------------------------------------------- links
@dataclass(frozen=True)
class _Link:
    """A link: its page, its height on it, its words, and where it leads to."""

    page: int
    y: float
    words: str
    target: int
    top: float


def _links(path: Path) -> Iterator[_Link]:
    with pikepdf.open(path) as pdf:
        numbers = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
        for n, page in enumerate(pdf.pages):
            for one in page.obj.get("/Annots", []):
                if one.Subtype == "/Link":
                    place = one.Dest
                    assert str(place[1]) == "/XYZ"
                    yield _Link(n, float(one.Rect[1]), str(one.Contents), numbers[place[0].objgen], float(place[3]))


def _first_chapter(path: Path) -> int:
    """Its page; before it are contents and lists."""
    with pypdfium2.PdfDocument(path) as pdf:
        return int(next(iter(pdf.get_toc())).get_dest().get_index())


class _Pages:
    """Texts of pages at a height."""

    def __init__(self, path: Path) -> None:
        self._pdf = pypdfium2.PdfDocument(path)
        self._texts: dict[int, pypdfium2.PdfTextPage] = {}

    def below(self, link: _Link, room: float = 48) -> str:
        """What stands where a link leads to, without its spaces."""
        page = self._texts.setdefault(link.target, self._pdf[link.target].get_textpage())
        return _squeezed(page.get_text_bounded(0, link.top - room, 10_000, link.top + 8))


@pytest.mark.parametrize(
    "name", ["development_dossier", "validation_report", "implementation_guide", "monitoring_plan"]
)
def test_each_link_leads_to_what_it_names(taiwan_package: Path, name: str) -> None:
    path = _file(taiwan_package, name)
    document, pages, links = _composed(taiwan_package, name), _Pages(path), list(_links(path))
    identifiers = {item.id for item in document.evidence}
    captions = {
        f"{kind.__name__} {block.number}": _squeezed(f"{kind.__name__} {block.number}{plain(block.caption)}")[:40]
        for block in document.blocks
        for kind in (Table, Figure)
        if isinstance(block, kind)
    }
    first = _first_chapter(path)
    seen: dict[str, int] = defaultdict(int)
    for link in links:
        if 0 < link.page < first:
            continue
        told = pages.below(link)
        if CAPTION.fullmatch(link.words):
            kind = "caption"
            assert captions[link.words] in told, (link, told)
        elif section := SECTION.fullmatch(link.words):
            kind = "section"
            assert re.match(rf"(Annex)?{re.escape(section[1])}\D", told), (link, told)
        elif link.words in identifiers:
            kind = "evidence"
            assert _squeezed(link.words) in told, (link, told)
        else:
            kind = "value"
        seen[kind] += 1
    assert all(seen[kind] for kind in ("section", "evidence")), dict(seen)
    if name == "development_dossier":
        assert seen["caption"] >= 8
        assert seen["section"] >= 20


@pytest.mark.parametrize("name", ["development_dossier", "validation_report"])
def test_contents_and_lists_lead_to_the_pages_that_they_name(taiwan_package: Path, name: str) -> None:
    path = _file(taiwan_package, name)
    links, pages = list(_links(path)), _Pages(path)
    first = _first_chapter(path)
    lines: dict[tuple[int, float, int], list[_Link]] = defaultdict(list)
    for link in links:
        if 0 < link.page < first:
            lines[(link.page, link.target, round(link.top))].append(link)
    assert len(lines) > 80
    for several in lines.values():
        *_, number = (link.words for link in several)
        assert number == str(several[0].target + 1)
        told = pages.below(several[0])
        words = _squeezed("".join(link.words for link in several[:-1]))
        assert words[:24] in re.sub(r"(Table|Figure)(?=\w+\.\d)", "", told), (several, told)
