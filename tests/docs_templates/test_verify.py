"""`credit-dossier verify`: nothing is told of an unaltered document, and each seeded alteration is told by name."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from docs_templates.clauses import registry
from docs_templates.cli import main
from docs_templates.compose import compose
from docs_templates.document import Document, Figure, Table
from docs_templates.dossier import make_documents
from docs_templates.errors import DocumentError
from docs_templates.made_by import fingerprint
from docs_templates.package import read_package
from docs_templates.templates import read_template
from docs_templates.verify.compare import Expected, Located
from docs_templates.verify.places import Unit, units
from docs_templates.verify.reading import read_pdf
from docs_templates.verify.report import Alteration, Report
from docs_templates.verify.run import expect, verify
from docs_templates.verify.stream import align, read_stream
from tests.docs_templates.builders import all_evidence, canonical, write_package
from tests.docs_templates.pdf_edits import edit_run, operators, page_of, write

MOMENT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
Edit = Callable[[pikepdf.Pdf], None]
NAME = "validation_report"


@dataclass
class Made:
    """A package with its report; what a document should be is rendered and read once."""

    folder: Path
    data: bytes
    expected: dict[str, Expected]
    stack: ExitStack

    @contextmanager
    def expecting(self, document: Document, moment: datetime, wanted: Sequence[Unit]) -> Iterator[Expected]:
        """Render and read, or what was rendered of the same document before."""
        key = hashlib.sha256(repr((document, moment)).encode()).hexdigest()
        if key not in self.expected:
            self.expected[key] = self.stack.enter_context(expect(document, moment, wanted))
        yield self.expected[key]

    def report(self, data: bytes, tmp: Path, package: Path | None = None) -> Report:
        """The verification of bytes as a file."""
        file = tmp / "file.pdf"
        file.write_bytes(data)
        return verify(file, package or self.folder, expecting=self.expecting)

    def edited(self, edit: Edit) -> bytes:
        """The report after an edit."""
        with pikepdf.open(io.BytesIO(self.data)) as pdf:
            edit(pdf)
            return _saved(pdf)


def _saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A small validated package and its report. Read only."""
    folder = write_package(tmp_path_factory.mktemp("verified") / "package", all_evidence(("X",)))
    make_documents(folder, [NAME], clock=lambda: MOMENT)
    with ExitStack() as stack:
        yield Made(folder, (folder / "documents" / f"{NAME}.pdf").read_bytes(), {}, stack)


# -------------------------------------------------------------------------------------------- no false alarm
def test_an_unaltered_document_verifies(made: Made, tmp_path: Path) -> None:
    report = made.report(made.data, tmp_path)
    assert report.alterations == ()
    assert report.intact
    assert report.pages > 15
    assert report.values > 1000


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"linearize": True},
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate, "recompress_flate": True},
        {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.generalized},
        {"normalize_content": True, "qdf": True},
        {"encryption": pikepdf.Encryption(owner="owner", user="")},
    ],
    ids=["saved", "linearised", "object streams", "uncompressed", "normalised", "encrypted"],
)
def test_a_document_saved_again_verifies(made: Made, options: dict[str, Any], tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(made.data)) as pdf:
        data = _saved(pdf, **options)
    assert data != made.data
    assert made.report(data, tmp_path).alterations == ()


def test_every_text_of_the_document_is_found_on_its_pages(made: Made) -> None:
    document = compose(read_template(NAME), read_package(made.folder), registry(), MOMENT)
    with read_pdf(made.data) as reading:
        stream = read_stream(reading.views())
    expected = units(document)
    ranges = align(expected, stream)
    lost = [u.place for u, r in zip(expected, ranges, strict=True) if r is None and u.text and not u.free]
    assert lost == []
    said = [stream.text[slice(*r)] for r in ranges if r is not None]
    assert said == [u.text for u, r in zip(expected, ranges, strict=True) if r is not None]


def test_every_evidence_id_leads_to_its_entry_of_the_index_and_back(made: Made) -> None:
    document = compose(read_template(NAME), read_package(made.folder), registry(), MOMENT)
    printed = {b.evidence if isinstance(b, Table) else b.evidence.id for b in document.blocks if _has_evidence(b)}
    with read_pdf(made.data) as reading:
        located = Located(reading, units(document))
        ids = [k for k, u in enumerate(located.units) if u.part.startswith("evidence id") and not u.free]
        entries = {
            one.values[0].evidence: located.marks_of(k)[0]
            for k, one in enumerate(located.units)
            if "column “Evidence and file”" in one.part
        }
        assert printed <= set(entries)
        assert {"plan.json", "manifest.json", "validation/findings.json"} & set(entries)
        used: dict[int, set[int]] = {}
        for k in ids:
            for identifier in located.units[k].shown.split(" · "):
                page, index = located.marks_of(k)[0]
                targets = _targets(reading.pdf, page, located.views[page].marks[index].box)
                assert entries[identifier][0] in targets, identifier
                used.setdefault(entries[identifier][0], set()).add(page)
        for page, back in used.items():
            everywhere = _targets(reading.pdf, page, (0.0, 0.0, 2000.0, 2000.0))
            assert everywhere & back, page


def _has_evidence(block: Any) -> bool:
    return (isinstance(block, Table) and block.evidence is not None) or isinstance(block, Figure)


def _targets(pdf: pikepdf.Pdf, page: int, box: tuple[float, float, float, float]) -> set[int]:
    """Positions of the pages that links of a page lead to which lie over a box."""
    numbers = {one.obj.objgen: position for position, one in enumerate(pdf.pages)}
    found = set()
    for link in pdf.pages[page].get("/Annots", ()):
        left, bottom, right, top = (float(part) for part in link.Rect)
        if left < box[2] and right > box[0] and bottom < box[3] and top > box[1]:
            target = link.Dest if "/Dest" in link else link.A.D
            found.add(numbers[target[0].objgen])
    return found


# ------------------------------------------------------------------------------------------ alterations of the PDF
def _swap(digits: str) -> Callable[[str], str]:
    """Change the first digit of a text to another that the font of the report has."""
    return lambda text: text.replace(digits, {"1": "2", "2": "1", "4": "1", "0": "1", "5": "2"}[digits], 1)


def _text(old: str, change: Callable[[str], str], after: str = "", beside: str = "") -> Edit:
    return lambda pdf: edit_run(pdf, old, change, after=after, beside=beside) and None


def _operators(said: str, change: Callable[[list[Any]], None]) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[page_of(pdf, said)]
        content = operators(page)
        change(content)
        write(pdf, page, content)

    return edit


def _bend_curve(content: list[Any]) -> None:
    """Move the middle point of the longest line of the page."""
    starts = [i for i, (_, name) in enumerate(content) if name == "m"]
    longest = max(starts, key=lambda i: next(n for n in range(i + 1, len(content)) if content[n][1] != "l") - i)
    operands, name = content[longest + 3]
    assert name == "l"
    content[longest + 3] = ([operands[0], float(operands[1]) + 9.5], "l")


def _recolour(content: list[Any]) -> None:
    """Give the longest line of the page another colour."""
    _bend = [i for i, (_, name) in enumerate(content) if name == "m"]
    longest = max(_bend, key=lambda i: next(n for n in range(i + 1, len(content)) if content[n][1] != "l") - i)
    content.insert(longest, ([0.9, 0.1, 0.1], "RG"))


def _cover_number(content: list[Any]) -> None:
    """A white box over the middle of the page."""
    content += [([], "q"), ([1, 1, 1], "rg"), ([60, 300, 480, 60], "re"), ([], "f"), ([], "Q")]


def _remove_row(content: list[Any]) -> None:
    """The words of the last cells of the page."""
    shows = [i for i, (_, name) in enumerate(content) if name == "Tj"]
    for position in shows[-8:-4]:
        content[position] = ([pikepdf.String("")], "Tj")


def _annotate(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[page_of(pdf, "Table 3.1")]
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[100, 500, 200, 520],
        Contents=pikepdf.String("42"), DA=pikepdf.String("/Helv 9 Tf"),
    )  # fmt: skip
    annotations = page.obj.get("/Annots", pikepdf.Array())
    annotations.append(pdf.make_indirect(note))
    page.Annots = annotations


def _relink(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[page_of(pdf, "Table 3.1")]
    link = next(one for one in page.Annots if str(one.Subtype) == "/Link")
    if "/Dest" in link:
        link.Dest[0] = pdf.pages[0].obj
    else:
        link.A.D[0] = pdf.pages[0].obj


def _swap_pages(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[6]
    del pdf.pages[6]
    pdf.pages.insert(8, page)


def _repeat_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages.insert(9, pdf.pages[8])


def _foreign_page(pdf: pikepdf.Pdf) -> None:
    pdf.add_blank_page(page_size=(595.28, 841.89))


def _remove_page(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[page_of(pdf, "Table 3.1")]


def _keywords(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Keywords"] = "0" * 64


def _swap_glyphs(pdf: pikepdf.Pdf) -> None:
    """Exchange what two digits mean in a font, so that copied text differs from what is drawn."""
    font = next(f for page in pdf.pages for f in page.Resources.Font.values() if "DejaVuSans" in str(f.BaseFont))
    target = font.ToUnicode
    data = target.read_bytes()
    one, two = b"<0031>", b"<0032>"
    if one in data and two in data:
        target.write(data.replace(one, b"<XX>").replace(two, one).replace(b"<XX>", two))
    else:
        target.write(data.replace(b"0061", b"0062", 1))


def _other_program(pdf: pikepdf.Pdf) -> None:
    """Other outlines under the same name: what is drawn changes, the text that is copied does not."""
    fonts = [f for page in pdf.pages for f in page.Resources.Font.values() if str(f.BaseFont).endswith("DejaVuSans")]
    font = fonts[0]
    inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
    program = inner.FontDescriptor.FontFile2
    data = bytearray(program.read_bytes())
    data[len(data) // 2] ^= 0x5A
    program.write(bytes(data))


def _rename_bookmark(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root[0].title = outline.root[0].title.replace("Conclusion", "Approval")


def _open_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _attach(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["other_model.json"] = b"{}"


def _crop(pdf: pikepdf.Pdf) -> None:
    pdf.pages[page_of(pdf, "Table 3.1")].cropbox = [0, 400, 595, 842]


def _white_text(content: list[Any]) -> None:
    """The last text of the page in white."""
    last = max(i for i, (_, name) in enumerate(content) if name == "Tj")
    content.insert(last, ([1, 1, 1], "rg"))


SEEDED: dict[str, tuple[Edit, str, tuple[str, ...]]] = {
    "cell": (_text("13,674", _swap("1")), "value",
             ("Table 3.3", "row 1 (step 0)", "column “Rows in”", "printed: 23,674", "evidence says: 13,674",
              "validation.source")),
    "cell of words": (_text("value 12", lambda t: "value 14", "validation.package"), "value",
                      ("Table 3.1", "row 2 (item 1)", "printed: value14", "evidence says: value 12")),
    "share in a table": (_text("36.1\u202f%", lambda t: t.replace("36", "16"), "samples.summary"), "value",
                         ("Table 3.4", "(Out of sample)", "“Bad rate”", "printed: 16.1", "evidence says: 36.1")),
    "number in prose": (_text("1", lambda t: "0", " critical"), "value",
                        ("section 1 Conclusion", "printed: 0", "evidence says: 1", "findings:counts.high")),
    "verdict": (_text("approve with conditions", lambda t: "approve", "The proposed recommendation is "), "value",
                ("section 1 Conclusion", "printed: approve", "evidence says: approve with conditions")),
    "hash of the control page": (_text("d" * 64, lambda t: "a" + t[1:]), "value",
                                 ("control page", "Source hash", "evidence says: dddd")),
    "owner": (_text("Text of authored.owner Dochód miesięczny – źródło żółć.",
                    lambda t: t.replace("owner", "tier")), "value", ("control page", "“Owner”")),
    "date of rendering": (_text("2026-11-21 08:30:00", lambda t: t.replace("11-21", "11-20")), "metadata",
                          ("CreationDate",)),
    "caption": (_text("Result of the validation", lambda t: "Result of the model", "", "validation.summary"), "text",
                ("Table 1.1, caption", "printed: Result of the model")),
    "heading": (_text(r"(1\.1\s+)?What is missing", lambda t: t.replace("missing", "amiss"), "", "not held by this"),
                "text", ("heading", "amiss")),
    "row removed": (_operators("Table 3.1", _remove_row), "value", ("Table 3", "the value was removed")),
    "white text": (_operators("Table 3.1", _white_text), "drawing", ("looks otherwise",)),
    "box over text": (_operators("Table 3.1", _cover_number), "drawing", ("path added, over what stands there",)),
    "curve": (_operators("Figure 6.1", _bend_curve), "figure", ("Figure 6.1", "performance.calibration_curve")),
    "colour of a line": (_operators("Figure 6.1", _recolour), "figure", ("Figure 6.1", "marks")),
    "running foot": (_text(r"Page 3 of \d+", lambda t: t.replace("3", "4", 1)), "text",
                     ("page 3", "running head or foot")),
    "page removed": (_remove_page, "page", ("is missing", "Table 3.1")),
    "pages swapped": (_swap_pages, "page", ("page 7 of the document stands here, out of order",)),
    "page repeated": (_repeat_page, "page", ("repeats page 9",)),
    "page added": (_foreign_page, "page", ("is not of the document",)),
    "page cropped": (_crop, "page", ("CropBox",)),
    "annotation": (_annotate, "annotation", ("annotation added: FreeText",)),
    "link": (_relink, "annotation", ("link leads elsewhere",)),
    "bookmark": (_rename_bookmark, "bookmark", ("Approval", "Conclusion")),
    "hash in the metadata": (_keywords, "metadata", ("Keywords was altered", "printed: 000000")),
    "meaning of glyphs": (_swap_glyphs, "font", ("DejaVuSans",)),
    "outlines of glyphs": (_other_program, "font", ("glyphs of", "DejaVuSans")),
    "script": (_open_script, "structure", ("OpenAction was added",)),
    "attachment": (_attach, "attachment", ("other_model.json was added",)),
}  # fmt: skip


def _matching(report: Report, kind: str, parts: tuple[str, ...]) -> list[Alteration]:
    return [one for one in report.alterations if one.kind == kind and all(part in str(one) for part in parts)]


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_alteration_of_the_pdf_is_told(made: Made, name: str, tmp_path: Path) -> None:
    edit, kind, parts = SEEDED[name]
    report = made.report(made.edited(edit), tmp_path)
    assert not report.intact
    assert _matching(report, kind, parts), [str(one) for one in report.alterations]
    assert len(report.alterations) < 30, [str(one) for one in report.alterations][:40]


def test_what_is_told_has_its_page(made: Made, tmp_path: Path) -> None:
    pages: list[int] = []
    data = made.edited(lambda pdf: pages.append(edit_run(pdf, "13,674", _swap("1"))[0]))
    (one,) = made.report(data, tmp_path).alterations
    assert one == replace(one, kind="value", page=pages[0], printed="23,674", evidence="13,674")
    assert one.source == "validation.source, row 1, rows_in"


# ------------------------------------------------------------------------------------- alterations of the evidence
def _cell(identifier: str, row: int, column: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(evidence: dict[str, Any]) -> None:
        item = evidence[identifier]
        place = next(i for i, one in enumerate(item["columns"]) if one["name"] == column)
        item["rows"][row][place] = value

    return change


def _words(identifier: str, key: str, value: str) -> Callable[[dict[str, Any]], None]:
    return lambda evidence: evidence[identifier].update({key: value})


ALTERED: dict[str, tuple[Callable[[dict[str, Any]], None], str, tuple[str, ...]]] = {
    "cell": (_cell("validation.source", 0, "rows_in", 99_999), "value",
             ("Table 3.3", "row 1", "printed: 13,674", "evidence says: 99,999", "validation.source, row 1, rows_in")),
    "cell of the developer": (_cell("samples.summary", 1, "bad_rate", 0.5), "value",
                              ("Table 3.4", "printed: 36.1", "evidence says: 50.0")),
    "authored text": (_words("authored.owner", "text", "Somebody else"), "value",
                      ("control page", "printed: Textofauthored.owner", "evidence says: Somebody else")),
    "point of a curve": (_cell("performance.calibration_curve", 3, "bad_rate", 0.9), "figure",
                         ("Figure 6.1", "evidence that was altered")),
    "producer": (_words("validation.source", "producer", "a spreadsheet"), "value",
                 ("column “Producer”", "evidence says: a spreadsheet")),
}  # fmt: skip


def _hash(folder: Path) -> str:
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def _altered(made: Made, tmp: Path, change: Callable[[dict[str, Any]], None], *, sealed: bool) -> Path:
    """The package with other evidence; `sealed`: its manifests are made anew, so that nothing in it disagrees."""
    evidence = all_evidence(("X",))
    change(evidence)
    other = write_package(tmp / "other", evidence)
    if sealed:
        return other
    folder = tmp / "altered"
    shutil.copytree(made.folder, folder)
    for path in other.rglob("*.json"):
        name = path.relative_to(other)
        if name.name != "manifest.json" and "evidence" in name.parts:
            shutil.copy(path, folder / name)
    return folder


@pytest.mark.parametrize("sealed", [False, True], ids=["manifest kept", "manifest made anew"])
@pytest.mark.parametrize("name", ALTERED)
def test_altered_evidence_is_told_with_what_was_printed_of_it(
    made: Made, name: str, sealed: bool, tmp_path: Path
) -> None:
    change, kind, parts = ALTERED[name]
    report = made.report(made.data, tmp_path, _altered(made, tmp_path, change, sealed=sealed))
    if sealed and report.package_hash != _hash(made.folder):
        raise AssertionError("the document is of the first package")
    if not sealed:
        assert _matching(report, "evidence", ("other bytes than the manifest says",))
    assert _matching(report, kind, parts), [str(one) for one in report.alterations]
    assert len(report.alterations) < 30, [str(one) for one in report.alterations]
    assert report.notes


def test_the_package_of_another_model_is_told(made: Made, tmp_path: Path) -> None:
    other = write_package(tmp_path / "other", all_evidence(("X",)), name="Another model")
    (first, *rest) = made.report(made.data, tmp_path, other).alterations
    assert first.kind == "package"
    assert "the document is of package" in str(first)
    assert any("evidence says: Another model" in str(one) for one in rest)


def test_a_finding_made_milder_is_told(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "altered"
    shutil.copytree(made.folder, folder)
    path = folder / "validation" / "findings.json"
    value = json.loads(path.read_text("utf-8"))
    value["counts"]["high"], value["counts"]["low"] = 0, 1
    path.write_bytes(canonical(value))
    report = made.report(made.data, tmp_path, folder)
    assert _matching(report, "evidence", ("validation/findings.json", "other bytes"))
    assert _matching(report, "value", ("printed: 1", "evidence says: 0", "findings:counts.high"))


def test_evidence_that_is_gone_is_told(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "altered"
    shutil.copytree(made.folder, folder)
    (folder / "validation" / "evidence" / "validation.source.json").unlink()
    report = made.report(made.data, tmp_path, folder)
    assert _matching(report, "evidence", ("validation.source.json", "the package lacks it"))


# ---------------------------------------------------------------------------------------- other versions of templates
def _older(pdf: pikepdf.Pdf) -> None:
    """As if other templates had made the file."""
    held = pdf.attachments["evidence_manifest.json"].get_file().read_bytes()
    manifest = json.loads(held)
    assert manifest["made_by"]["templates_sha256"] == fingerprint()
    manifest["made_by"]["templates_sha256"] = "0" * 64
    stream = next(one for one in pdf.Root.AF if str(one.UF) == "evidence_manifest.json").EF.F
    stream.write(json.dumps(manifest).encode())


def test_a_file_of_other_templates_is_told_and_its_values_compared(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = tmp_path / "older.pdf"
    older.write_bytes(made.edited(_older))
    assert main(["verify", str(older), "--package", str(made.folder)]) == 3
    said = capsys.readouterr().out
    assert "Made by another version of the templates (0000000000000000)" in said
    assert "no value was altered, layout not compared" in said

    def both(pdf: pikepdf.Pdf) -> None:
        _older(pdf)
        SEEDED["cell"][0](pdf)

    older.write_bytes(made.edited(both))
    assert main(["verify", str(older), "--package", str(made.folder)]) == 1
    said = capsys.readouterr().out
    assert "printed: 23,674; the evidence says: 13,674 (validation.source, row 1, rows_in)" in said
    assert "another version of the templates" in said


@pytest.mark.parametrize("name", ["executive_summary", "model_card"])
def test_a_document_of_two_pages_of_other_templates_has_no_false_alarm(
    nasty_package: Path, tmp_path: Path, name: str
) -> None:
    with pikepdf.open(nasty_package / "documents" / f"{name}.pdf") as pdf:
        _older(pdf)
        pdf.save(tmp_path / f"{name}.pdf", fix_metadata_version=False)
    report = verify(tmp_path / f"{name}.pdf", nasty_package)
    assert report.other_version
    assert report.alterations == ()
    assert len(report.notes) == 1  # every value of the document was found


# ---------------------------------------------------------------------------------------------------- the command
def test_the_command_tells_and_has_its_status(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(made.folder / "documents" / f"{NAME}.pdf")
    assert main(["verify", good, "--package", str(made.folder)]) == 0
    assert "cited values compared with the evidence: nothing was altered" in capsys.readouterr().out
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(made.edited(SEEDED["cell"][0]))
    told = tmp_path / "report.json"
    assert main(["verify", str(bad), "--package", str(made.folder), "--json", str(told), "--quiet"]) == 1
    said = capsys.readouterr().out
    assert "printed: 23,674; the evidence says: 13,674 (validation.source, row 1, rows_in)" in said
    report = json.loads(told.read_text("utf-8"))
    assert (report["intact"], report["alterations"][0]["kind"]) == (False, "value")


@pytest.mark.parametrize("content", [None, b"", b"%PDF-1.7\nnothing", b"text"], ids=["absent", "empty", "cut", "text"])
def test_what_is_no_document_is_refused(
    made: Made, content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.pdf"
    if content is not None:
        path.write_bytes(content)
    assert main(["verify", str(path), "--package", str(made.folder)]) == 2
    assert str(path) in capsys.readouterr().err


def test_a_pdf_of_something_else_is_refused(made: Made, tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        data = _saved(pdf)
    with pytest.raises(DocumentError, match="does not say which document"):
        made.report(data, tmp_path)
