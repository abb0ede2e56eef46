"""Documents from a package: what is cited is printed, what is absent is told, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest
from jsonschema import Draft202012Validator

from docs_templates.clauses import parse_registry, registry
from docs_templates.compose import compose
from docs_templates.document import Absent, Figure, Table, plain
from docs_templates.dossier import make_documents
from docs_templates.errors import DocumentError
from docs_templates.package import read_package
from docs_templates.render import charts, pdf, tables
from docs_templates.render import page as page_size
from docs_templates.render.page import A4
from docs_templates.render.structure import Element
from docs_templates.templates import DOCUMENTS, read_template
from tests.docs_templates.builders import CHARACTERISTICS, GREEK, MARKUP, POLISH, all_evidence, write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.pdf_text import page_texts

Change = Callable[[dict[str, Any]], None]


def _squeezed(text: str) -> str:
    """Text without any white space: how lines were broken does not matter."""
    return re.sub(r"\s", "", text)


def _printed(prose: str, text: str) -> bool:
    """Whether a paragraph is in the text, whole or in two parts with the foot of a page between them."""
    return prose in text or any(prose[:cut] in text and prose[cut:] in text for cut in range(20, len(prose) - 20))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_cell_and_every_number_in_prose_is_in_the_pdf(nasty_package: Path, name: str) -> None:
    document = compose(read_template(name), read_package(nasty_package), registry(), MOMENT)
    # Heads repeated on split tables may stand between the words of one cell only at a page break: cells stay whole.
    text = _squeezed("".join(page_texts(nasty_package / "documents" / f"{name}.pdf")))
    missing = []
    for block in document.blocks:
        if isinstance(block, Table):
            cells = {_squeezed(tables.fonts.printable(cell)) for row in block.rows for cell in row}
            missing += [(block.evidence, cell) for cell in cells if cell not in text]
        elif hasattr(block, "content") and not _printed(_squeezed(tables.fonts.printable(plain(block.content))), text):
            missing.append((None, plain(block.content)))
    assert missing == []


def test_names_print_literally(nasty_package: Path) -> None:
    text = _squeezed("".join(page_texts(nasty_package / "documents" / "development_dossier.pdf")))
    for name in (GREEK, POLISH, MARKUP):
        assert _squeezed(name) in text
    assert "[U+4E2D][U+6587]" in text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_pages_carry_number_hash_and_outline(nasty_package: Path, name: str) -> None:
    package_hash = hashlib.sha256((nasty_package / "manifest.json").read_bytes()).hexdigest()
    reader = pypdf.PdfReader(nasty_package / "documents" / f"{name}.pdf")
    texts = page_texts(nasty_package / "documents" / f"{name}.pdf")
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(reader.pages)}" in text
        assert package_hash[:16] in text
    assert package_hash in texts[0]
    assert reader.metadata is not None
    assert package_hash in reader.metadata.subject
    assert not reader.metadata.author
    assert reader.metadata.creation_date == MOMENT
    assert reader.trailer["/Root"]["/Lang"] == "en"
    document = compose(read_template(name), read_package(nasty_package), registry(), MOMENT)
    outlined = [item.title for item in _flat(reader.outline)]
    assert [_squeezed(t) for t in outlined] == [_squeezed(b.text) for b in document.blocks if hasattr(b, "level")]


def _flat(outline: list[Any]) -> list[Any]:
    return [x for item in outline for x in (_flat(item) if isinstance(item, list) else [item])]


def test_contents_say_where_the_chapters_begin(nasty_package: Path) -> None:
    reader = pypdf.PdfReader(nasty_package / "documents" / "development_dossier.pdf")
    chapters = [item for item in reader.outline if not isinstance(item, list)]
    first = reader.get_destination_page_number(chapters[0])
    texts = page_texts(nasty_package / "documents" / "development_dossier.pdf")
    contents = "\n".join(texts[1:first])
    for item in reader.outline:
        if not isinstance(item, list):
            page = reader.get_destination_page_number(item) + 1
            title = re.sub(r"^(Annex )?\w+\s+", "", item.title)
            assert re.search(rf"{re.escape(title)}\s+{page}\b", contents), item.title
            assert title in texts[page - 1]


def _links(page: pypdf.PageObject) -> list[int]:
    """Object numbers of the pages that the page's links lead to."""
    return [a.get_object()["/Dest"][0].idnum for a in page.get("/Annots", [])]


def test_links_between_tables_and_index_work_both_ways(nasty_package: Path) -> None:
    reader = pypdf.PdfReader(nasty_package / "documents" / "development_dossier.pdf")
    numbers = {page.indirect_reference.idnum: n for n, page in enumerate(reader.pages) if page.indirect_reference}
    texts = [_squeezed(text) for text in page_texts(nasty_package / "documents" / "development_dossier.pdf")]
    first = next(n for n, text in enumerate(texts) if "EvidenceindexEachitem" in text)
    for identifier in ("performance.discrimination", "scorecard.coefficients.card", "classing.table.UTILISATION"):
        used = [n for n, text in enumerate(texts[:first]) if identifier in text]
        (listed,) = [n for n, text in enumerate(texts) if f"evidence/{identifier}.json" in text]
        assert listed >= first
        assert all(listed in [numbers[t] for t in _links(reader.pages[n])] for n in used)
        assert used[0] in [numbers[t] for t in _links(reader.pages[listed])]
    back = [numbers[t] for n in range(first, len(reader.pages)) for t in _links(reader.pages[n])]
    # Annexes after the index cite evidence too.
    assert sum(page < first for page in back) > 45


def test_the_index_names_file_and_hash_of_what_is_used(nasty_package: Path) -> None:
    package = read_package(nasty_package)
    text = _squeezed("".join(page_texts(nasty_package / "documents" / "development_dossier.pdf")))
    document = compose(read_template("development_dossier"), package, registry(), MOMENT)
    assert len(document.evidence) > 50
    for evidence in document.evidence:
        digest = hashlib.sha256((nasty_package / evidence.file).read_bytes()).hexdigest()
        assert digest[:32] in text
        assert digest[32:] in text
        assert _squeezed(evidence.file) in text


def test_two_renders_are_byte_equal(nasty_package: Path) -> None:
    package = read_package(nasty_package)
    document = compose(read_template("validation_report"), package, registry(), MOMENT)
    first = pdf.render(document, MOMENT)
    again = compose(read_template("validation_report"), read_package(nasty_package), registry(), MOMENT)
    assert first.data == pdf.render(again, MOMENT).data
    assert first.data == (nasty_package / "documents" / "validation_report.pdf").read_bytes()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_table_is_wider_than_its_page(nasty_package: Path, name: str) -> None:
    document = compose(read_template(name), read_package(nasty_package), registry(), MOMENT)
    for block in document.blocks:
        if isinstance(block, Table):
            chosen = tables.layout(block.columns, block.rows)
            room = A4.landscape_width if chosen.landscape else A4.frame_width
            assert chosen.total <= room + 0.01, block.evidence
            made = tables.make_table(block.columns, block.rows, chosen, Element("Table"))
            assert made.wrap(room, 10_000)[0] <= room + 0.01
        if isinstance(block, Figure):
            left, _, right, _ = charts.draw(block.evidence, A4.frame_width, 185).getBounds()
            assert left >= -1
            assert right <= A4.frame_width + 1


def test_text_stays_within_the_page(nasty_package: Path) -> None:
    reader = pypdf.PdfReader(nasty_package / "documents" / "development_dossier.pdf")
    for number, page in enumerate(reader.pages, start=1):
        found: list[tuple[float, float, str]] = []

        def visit(text: str, cm: list[float], tm: list[float], *_: Any, found: list[Any] = found) -> None:
            if text.strip():
                found.append((tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5], text))

        page.extract_text(visitor_text=visit)
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        assert found
        for x, y, text in found:
            assert page_size.MARGIN_LEFT - 8 <= x <= width - page_size.MARGIN_RIGHT + 2, (number, text)
            assert 30 <= y <= height - 40, (number, text)


def test_a_table_of_many_columns_is_turned_and_then_broken() -> None:
    columns = [tables.TableColumn(f"Column {i}", "right") for i in range(14)]
    rows = [tuple(f"{i * 1111111:,}" for i in range(14))] * 3
    turned = tables.layout(columns, rows)
    assert turned.landscape
    assert turned.total <= A4.landscape_width + 0.01
    broken = tables.layout(columns * 4, [row * 4 for row in rows])
    assert broken.total <= A4.landscape_width + 0.01


# ----------------------------------------------------------------------------------------- what is absent
def _faults(folder: Path, documents: list[str] | None = None) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        make_documents(folder, documents, clock=lambda: MOMENT)
    assert not (folder / "documents").exists()
    return [str(fault) for fault in caught.value.faults]


def test_all_absent_evidence_is_listed_and_nothing_written(tmp_path: Path) -> None:
    evidence = all_evidence(("X",))
    gone = ["performance.roc", "scorecard.fit.card", "data.source", "classing.figure.X", "validation.headline"]
    folder = write_package(tmp_path / "p", {k: v for k, v in evidence.items() if k not in gone})
    faults = _faults(folder)
    for identifier in gone:
        assert any(f"found {identifier}" in fault for fault in faults), identifier
    assert sorted(tmp_path.iterdir()) == [folder]


def test_no_characteristics_is_a_fault_and_no_challenger_is_not(tmp_path: Path) -> None:
    evidence = {k: v for k, v in all_evidence(("X",)).items() if not k.startswith("boosting.")}
    absent = {"id": "performance.comparison", "kind": "not_applicable", "reason": "there is none"}
    kept = {k: v for k, v in evidence["performance.comparison"].items() if k not in ("columns", "rows")}
    evidence["performance.comparison"] = kept | absent
    make_documents(write_package(tmp_path / "p", evidence), clock=lambda: MOMENT)
    text = "".join(page_texts(tmp_path / "p" / "documents" / "development_dossier.pdf"))
    assert "The plan names no challenger." in text
    assert "No candidate is a boosting." in text
    rest = {k: v for k, v in evidence.items() if not k.startswith("classing.table.")}
    assert any("nothing to repeat" in fault for fault in _faults(write_package(tmp_path / "q", rest)))


def test_not_provided_is_printed_and_listed(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "p", all_evidence(("X",), authored=False), validated=False)
    (written,) = make_documents(folder, ["development_dossier"], clock=lambda: MOMENT)
    pages = page_texts(written.path)
    text = _squeezed("".join(pages))
    for title in ("Purpose", "Rationaleofthemodellingapproach", "Limitations", "Prohibiteduses", "Modelowner"):
        assert f"NOTPROVIDED—{title}:theplanhasnone" in text
        assert f"{title}notprovidedbytheauthortheplanhasnone" in text
    assert "Ownernotprovided" in _squeezed(pages[0])


def test_not_applicable_prints_its_reason(tmp_path: Path) -> None:
    evidence = all_evidence(("X",))
    reason = "the plan names no cut-off <&>"
    for identifier in (
        "fairness.adverse_impact",
        "performance.comparison",
        "scorecard.coefficients.card",
        "performance.roc",
    ):
        kept = {k: v for k, v in evidence[identifier].items() if k not in ("columns", "rows", "chart")}
        evidence[identifier] = {**kept, "kind": "not_applicable", "reason": reason}
    make_documents(write_package(tmp_path / "p", evidence), clock=lambda: MOMENT)
    text = _squeezed("".join(page_texts(tmp_path / "p" / "documents" / "development_dossier.pdf")))
    assert text.count("NOTAPPLICABLE—") == 4
    assert text.count(_squeezed(reason)) == 8  # in place and in the list of what is missing


def test_evidence_of_one_place_and_reason_shares_a_box(tmp_path: Path) -> None:
    evidence = all_evidence(("X",))
    reason = "the plan names no years of a cycle"
    for identifier in ("long_run.cycle_years", "long_run.cycle"):
        kept = {k: v for k, v in evidence[identifier].items() if k not in ("columns", "rows", "chart")}
        evidence[identifier] = {**kept, "kind": "not_applicable", "reason": reason}
    package = read_package(write_package(tmp_path / "p", evidence))
    document = compose(read_template("development_dossier"), package, registry(), MOMENT)
    boxes = [block for block in document.blocks if isinstance(block, Absent) and block.reason == reason]
    assert [(box.evidence, [name for _, name in box.also]) for box in boxes] == [
        ("long_run.cycle_years", ["long_run.cycle"])
    ]


def test_a_value_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    evidence = all_evidence(("X",))
    evidence["performance.discrimination"]["rows"] *= 2
    faults = _faults(write_package(tmp_path / "p", evidence))
    assert any("2 rows of performance.discrimination match" in fault for fault in faults)


def test_without_validation_the_report_is_skipped_or_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "p", all_evidence(("X",)), validated=False)
    assert any("no validation annex" in fault for fault in _faults(folder, ["validation_report"]))
    said: list[str] = []
    written = make_documents(folder, clock=lambda: MOMENT, tell=said.append)
    assert [w.name for w in written] == [name for name in DOCUMENTS if name != "validation_report"]
    assert any("validation_report: skipped" in line for line in said)


def test_a_validation_that_nobody_concluded_is_printed_as_proposed(tmp_path: Path) -> None:
    evidence = {k: v for k, v in all_evidence(("X",)).items() if k != "validation.conclusion"}
    folder = write_package(tmp_path / "p", evidence)
    (written,) = make_documents(folder, ["validation_report"], clock=lambda: MOMENT)
    assert "notconcluded" in _squeezed(page_texts(written.path)[0])


# ----------------------------------------------------------------------------------------- refused packages
def _break(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("evidence/scorecard.fit.card.json", lambda b: b.replace(b"item 0", b"item 9"), "other bytes"),
        ("plan.json", lambda b: b + b" ", "other bytes"),
        ("manifest.json", lambda b: b.replace(b'"0.1"', b'"9.9"'), "0.1"),
        ("manifest.json", lambda b: b.replace(b'"rows": 1000', b'"rows": NaN', 1), "NaN"),
        ("manifest.json", lambda b: b.replace(b'"rows": 1000', b'"rows": 1e999', 1), "1e999"),
        ("manifest.json", lambda b: b.replace(b'"seeds"', b'"seeds": {}, "seeds"', 1), "twice"),
        ("manifest.json", lambda b: b[: len(b) // 2], "JSON"),
        ("validation/findings.json", lambda b: b.replace(b"approve", b"disapprove"), "other bytes"),
        ("validation/manifest.json", lambda b: re.sub(rb'(hash": ")\w+', rb"\g<1>" + b"0" * 64, b), "another package"),
    ],
)  # fmt: skip
def test_tampered_packages_are_refused(tmp_path: Path, name: str, change: Any, part: str) -> None:
    folder = write_package(tmp_path / "p", all_evidence(("X",)))
    _break(folder, name, change)
    assert any(part in fault for fault in _faults(folder))


def test_evidence_that_the_manifest_does_not_list_is_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "p", all_evidence(("X",)))
    shutil.copy(folder / "evidence/scorecard.fit.card.json", folder / "evidence/scorecard.fit2.card.json")
    (folder / "evidence/scorecard.points.card.json").unlink()
    faults = _faults(folder)
    assert any("does not list" in fault for fault in faults)
    assert any("the package lacks it" in fault for fault in faults)


# ------------------------------------------------------------------------------------------------- clauses
def test_a_superseded_citation_fails_the_build(nasty_package: Path, tmp_path: Path) -> None:
    shutil.copytree(Path(pdf.__file__).parents[1] / "validation_report", tmp_path / "t")
    chapter = tmp_path / "t" / "02_scope.md"
    chapter.write_text(chapter.read_text("utf-8") + "\nSee {{ clause:sr11_7 }} and {{ clause:nowhere }}.\n", "utf-8")
    template = read_template("validation_report", tmp_path / "t")
    with pytest.raises(DocumentError) as caught:
        compose(template, read_package(nasty_package), registry(), MOMENT)
    assert {fault.code for fault in caught.value.faults} == {"clause_superseded", "clause_unknown"}
    assert any("cite sr26_2_vi_3" in str(fault) for fault in caught.value.faults)


def test_the_registry_knows_ends_and_beginnings() -> None:
    known = registry()
    ai_act = known.clauses["ai_14"]
    assert ai_act.standing(MOMENT.date()) == "applies from 2027-12-02"
    assert ai_act.citable(MOMENT.date())
    raw = {"id": "x", "citation": "X", "short": "X", "asks": "a", "status": "in_force", "confidence": "P",
           "valid_to": date(2026, 11, 21), "evidence": ["a.b"]}  # fmt: skip
    framework = {"framework": "f", "title": "F", "jurisdiction": "EU", "as_of": date(2026, 11, 20), "clauses": [raw]}
    ended = parse_registry({"f.yaml": framework})
    assert ended.fault("x", MOMENT.date(), "f", 1) is not None
    assert ended.fault("x", MOMENT.date().replace(day=20), "f", 1) is None
    with pytest.raises(DocumentError) as caught:
        parse_registry(
            {"f.yaml": {**framework, "clauses": [raw, raw, {**raw, "id": "y", "status": "odd"}, {"id": "z"}]}}
        )
    assert len(caught.value.faults) == 3


def test_clauses_are_listed_with_the_sections_that_cite_them(nasty_package: Path) -> None:
    document = compose(read_template("development_dossier"), read_package(nasty_package), registry(), MOMENT)
    (table,) = [
        b
        for b in document.blocks
        if isinstance(b, Table)
        and [c.title for c in b.columns][:1] == ["Clause"]
        and b.columns[2].title == "Addressed in"
    ]
    rows = {row[0]: row for row in table.rows}
    assert rows["Regulation (EU) No 575/2013 (CRR), Art. 178"][2] == "4"
    assert rows["SR 26-2 / OCC 2026-13, V.1.a"][2] == "7, 8.8, 9"
    assert "confirm" in rows["Regulation B, 12 CFR 1002.2(p)"][4]
    assert not any(
        "compliant" in text.lower() for text in page_texts(nasty_package / "documents/development_dossier.pdf")
    )


# ---------------------------------------------------------------------------------------------------- annex
def test_the_annex_keeps_its_schema_and_cites_the_package(nasty_package: Path) -> None:
    folder = nasty_package / "documents"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    schema = json.loads((Path(pdf.__file__).parents[1] / "schemas" / "annex.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(manifest)
    assert manifest["package_hash"] == hashlib.sha256((nasty_package / "manifest.json").read_bytes()).hexdigest()
    assert manifest["created"] == "2026-11-21T08:30:00Z"
    assert {p.name for p in folder.iterdir()} == {"manifest.json", *manifest["files"]}
    for name, entry in manifest["files"].items():
        data = (folder / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        assert pypdf.PdfReader(io.BytesIO(data)).pages


def test_all_characteristics_have_their_section(nasty_package: Path) -> None:
    document = compose(read_template("development_dossier"), read_package(nasty_package), registry(), MOMENT)
    titles = {plain(b.content) for b in document.blocks if hasattr(b, "level") and b.number.startswith("A.")}
    assert titles == set(CHARACTERISTICS)


def test_texts_longer_than_a_page_are_split_not_lost(tmp_path: Path) -> None:
    evidence = all_evidence(("X",))
    words = " ".join(f"word{i}" for i in range(2500))
    evidence["authored.purpose"]["text"] = words
    evidence["authored.limitations"]["text"] = "\n\n".join(f"First limitation {i}." for i in range(200))
    evidence["data.source"]["rows"][0][1] = words
    evidence["selection.waterfall"]["rows"][0][-1] = words.replace(" ", "_")
    kept = {k: v for k, v in evidence["fairness.groups"].items() if k not in ("columns", "rows")}
    evidence["fairness.groups"] = {**kept, "kind": "not_applicable", "reason": words}
    folder = write_package(tmp_path / "p", evidence, name="A model of a long name " * 20)
    make_documents(folder, ["development_dossier"], clock=lambda: MOMENT)
    text = "".join(page_texts(folder / "documents" / "development_dossier.pdf"))
    for i in (0, 1234, 2499):
        assert len(re.findall(rf"word{i}\b", text)) >= 3
    assert "First limitation 199." in text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_font_is_embedded(nasty_package: Path, name: str) -> None:
    reader = pypdf.PdfReader(nasty_package / "documents" / f"{name}.pdf")
    used = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            used[font.get_object()["/BaseFont"]] = font.get_object().get("/FontDescriptor")
    assert used
    assert [font for font, descriptor in used.items() if descriptor is None or "/FontFile2" not in descriptor] == []
