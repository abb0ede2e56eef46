"""Pages as pictures and as text: no ink outside the margins, text in the order of reading, hard input on good pages."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Document, Figure, Heading, Paragraph, Span, Table, TableColumn, plain
from docs_templates.errors import DocumentError
from docs_templates.evidence import Evidence
from docs_templates.language import speaking
from docs_templates.language_files import read_language
from docs_templates.package import read_package
from docs_templates.render import fonts, lines, pdf
from docs_templates.render.page import A4, LETTER, PAGES
from docs_templates.templates import read_template
from scripts import page_ink
from tests.docs_templates.builders import GREEK, MARKUP, POLISH, all_evidence, write_package
from tests.docs_templates.conftest import MOMENT

ARABIC = "الدخل الشهري"
CYRILLIC = "Ежемесячный доход – счёт"
HEBREW = "הכנסה"
NAMES = (GREEK, POLISH, MARKUP, CYRILLIC, ARABIC, HEBREW, "{{ value:x }}", "a & b < c")
EMPTY = Document("t", "Title", "ID", "m", "Model " + ARABIC, "1", "0" * 64, (("Model", ARABIC),), (), ())


def _figure(count: int) -> Evidence:
    names = [NAMES[i] if i < len(NAMES) else f"category {i}" for i in range(count)]
    columns = [
        {"name": "x", "title": "Category", "type": "string", "unit": None},
        {"name": "y", "title": "Share", "type": "number", "unit": "share"},
    ]
    raw = {
        "columns": columns,
        "rows": [[name, (i % 37) / 37] for i, name in enumerate(names)],
        "chart": {"type": "bar", "x": "x", "y": ["y"]},
        "notes": [],
        "producer": "t",
        "inputs": [],
    }
    return Evidence("t.figure", "figure", "Figure", "t.json", "0" * 64, raw)


def _hard() -> Document:
    rows = tuple((NAMES[i % len(NAMES)], f"{i}", "word " * (1 + i % 9)) for i in range(300))
    rows += (("last", "300", " ".join(f"long{i}" for i in range(1500))),)
    columns = (TableColumn("Name"), TableColumn("Number", "right"), TableColumn("Text"))
    wide = tuple(TableColumn(f"Column number {i}", "right") for i in range(12))
    blocks = (
        Heading(1, "1", (Span("Names "), Span(ARABIC))),
        *(Paragraph((Span(f"Name {name} in a text."),)) for name in NAMES),
        Paragraph((Span(f"{ARABIC} {ARABIC} 123"),)),
        Table("1.1", (Span("Rows"),), columns, rows),
        Figure("1.1", (Span("Many"),), _figure(500)),
        Table("1.2", (Span("Wide"),), wide, tuple(tuple(f"{i * j:,}.1234567" for j in range(12)) for i in range(60))),
    )
    return replace(EMPTY, blocks=blocks)


@pytest.fixture(scope="module", params=PAGES)
def hard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document of hard input in each page size."""
    path = tmp_path_factory.mktemp("hard") / f"{request.param}.pdf"
    path.write_bytes(pdf.render(_hard(), MOMENT, PAGES[request.param]).data)
    return path


@pytest.mark.poppler
def test_no_ink_lies_outside_the_margins(nasty_package: Path) -> None:
    assert page_ink.check(nasty_package / "documents" / "development_dossier.pdf", 36) == []


@pytest.mark.poppler
def test_hard_input_stays_within_the_margins_of_both_sizes(hard: Path) -> None:
    assert page_ink.check(hard) == []
    size = PAGES[hard.stem]
    reader = pypdf.PdfReader(hard)
    sides = {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages}
    upright = (round(size.width), round(size.height))
    assert sides == {upright, upright[::-1]}


@pytest.mark.poppler
def test_ink_outside_the_margins_is_found(hard: Path, tmp_path: Path) -> None:
    with pikepdf.open(hard) as file:
        for page, mark in zip(file.pages, ("40 400 8 8", "570 400 8 8", "300 20 9 9", "300 835 9 5"), strict=False):
            page.contents_add(file.make_stream(f"0 0 0 rg {mark} re f".encode()))
        file.save(tmp_path / "marked.pdf")
    found = page_ink.check(tmp_path / "marked.pdf")
    assert {fault.partition(":")[0] for fault in found} >= {"page 1", "page 2", "page 3"}


def test_long_tables_repeat_their_head_and_lose_no_row(hard: Path) -> None:
    texts = [page.extract_text() for page in pypdf.PdfReader(hard).pages]
    held = [text for text in texts if re.search(r"word word", text)]
    assert len(held) > 5
    assert all("Number" in text for text in held)
    joined = " ".join(texts)
    for number in (0, 123, 299):
        assert re.search(rf"\b{number}\b", joined)
    for word in (0, 700, 1499):
        assert re.search(rf"\blong{word}\b", joined)


@pytest.mark.poppler
def test_names_of_europe_and_from_right_to_left_can_be_read(hard: Path) -> None:
    text = subprocess.run(["pdftotext", "-raw", str(hard), "-"], capture_output=True, check=True).stdout.decode()
    # Marks of direction that pdftotext adds are no part of the text.
    text = unicodedata.normalize("NFKC", text)  # glyphs of shaped letters have the values of their forms
    squeezed = re.sub(r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)
    for name in NAMES:
        assert re.sub(r"\s", "", unicodedata.normalize("NFKC", name)) in squeezed, name
    assert "[U+" not in text


def test_right_to_left_is_shaped_and_turned() -> None:
    seen = fonts.in_order_of_sight(fonts.shaped("سلام"))
    assert seen == "\ufee1\ufefc\ufeb3"  # meem isolated, lam-alef ligature, seen initial: as it is seen from the left
    assert fonts.in_order_of_sight("abc אבג 12") == "abc 12 גבא"
    assert fonts.reads_leftwards("12 אב a")
    assert not fonts.reads_leftwards("12 a אב")


@pytest.mark.poppler
def test_text_is_extracted_in_the_order_of_reading(nasty_package: Path) -> None:
    document = compose(read_template("development_dossier"), read_package(nasty_package), registry(), MOMENT)
    file = nasty_package / "documents" / "development_dossier.pdf"
    text = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True).stdout.decode()
    squeezed, at = re.sub(r"\s", "", text), 0
    for block in document.blocks:
        if isinstance(block, Paragraph):
            start = re.sub(r"\s", "", fonts.printable(plain(block.content)))[:24]
            found = squeezed.find(start, at)
            assert found >= 0, start
            at = found


# ------------------------------------------------------------------------------------------------------ line breaks
def _run(text: str) -> lines.Run:
    return lines.Run(text, fonts.REGULAR, 10.0, "#000000")


def test_lines_are_broken_within_their_width_and_lose_nothing() -> None:
    text = "some words of several lengths, a/very/long/path/that/has/no/space and " + "x" * 200 + "\nnew line"
    for width in (30.0, 61.5, 120.0, 400.0):
        found = lines.broken((_run(text[:20]), _run(text[20:])), width)
        assert all(line.width <= width + 1e-6 for line in found)
        joined = "".join(piece.text for line in found for piece in line.pieces)
        assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", text)
        for line in found:
            assert sum(piece.width for piece in line.pieces) == pytest.approx(line.width)


def test_long_words_break_with_a_hyphen_where_the_language_says_so() -> None:
    word = "Ausfallwahrscheinlichkeit"
    cell = (_run(f"Mittlere {word}"),)
    wide = fonts.width(word, fonts.REGULAR, 10.0)

    def texts(width: float) -> list[str]:
        found = lines.broken(cell, width)
        assert all(line.width <= width + 1e-6 for line in found)
        return ["".join(piece.text for piece in line.pieces) for line in found]

    with speaking(read_language("de")):
        assert texts(wide + 1) == ["Mittlere", word]
        assert texts(wide - 1) == ["Mittlere", "Ausfall\u00ad", "wahrscheinlichkeit"]
        assert all(len(text) < 9 for text in texts(30))
    assert texts(wide - 1)[1] == word[:-1]


# ---------------------------------------------------------------------------------------------------- cross-references
def _with_reference(tmp_path: Path, text: str) -> Path:
    (tmp_path / "t").mkdir()
    head = "---\ndocument: development_dossier\ntitle: T\nidentifier: T\n---\nText.\n"
    (tmp_path / "t" / "00_document.md").write_text(head, "utf-8")
    table = '```table evidence=data.source caption="Source"\n```\n'
    figure = "```figure evidence=performance.roc\n```\n"
    chapter = f"---\ntitle: Results\n---\n{text}\n\n## Data\n\n{table}\n{figure}"
    (tmp_path / "t" / "01_results.md").write_text(chapter, "utf-8")
    return tmp_path / "t"


def test_tables_figures_and_sections_are_referred_to_by_number(tmp_path: Path) -> None:
    package = read_package(write_package(tmp_path / "p", all_evidence(("X",))))
    told = "See {{ table:data.source }}, {{ figure:performance.roc }} and {{ section:Data }}."
    template = read_template("development_dossier", _with_reference(tmp_path, told))
    document = compose(template, package, registry(), MOMENT)
    (paragraph,) = [block for block in document.blocks if isinstance(block, Paragraph)]
    assert plain(paragraph.content) == "See Table 1.1, Figure 1.1 and section 1.1."
    data = pdf.render(document, MOMENT, LETTER).data
    path = tmp_path / "d.pdf"
    path.write_bytes(data)
    reader = pypdf.PdfReader(path)
    places = [a.get_object() for page in reader.pages for a in page.get("/Annots", [])]
    assert {"Table 1.1", "Figure 1.1", "section 1.1"} <= {str(one["/Contents"]) for one in places}
    assert float(reader.pages[0].mediabox.width) == LETTER.width != A4.width


def test_a_reference_to_what_is_not_there_is_a_fault(tmp_path: Path) -> None:
    package = read_package(write_package(tmp_path / "p", all_evidence(("X",))))
    template = read_template("development_dossier", _with_reference(tmp_path, "See {{ table:data.profile }}."))
    with pytest.raises(DocumentError, match="no such table, figure or section"):
        compose(template, package, registry(), MOMENT)
