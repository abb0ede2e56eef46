"""Documents in a house style: every key of it is seen in the PDF, DOCX and page; it is recorded, and verified."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pikepdf
import pypdf
import pytest
from PIL import Image
from ruamel.yaml import YAML

from docs_templates import command_lines
from docs_templates.cli import DOCUMENT_NAMES, main
from docs_templates.document import Heading, plain
from docs_templates.dossier import compose_all, make_documents
from docs_templates.errors import DocumentError
from docs_templates.house import NO_HOUSE, House, housed
from docs_templates.house_file import KEYS, house_paths, read_house
from docs_templates.language_files import chosen_language
from docs_templates.package import read_package
from docs_templates.render import styles
from docs_templates.sign_off_cell import cell_of
from docs_templates.verify.reading import read_pdf
from docs_templates.verify.report import Report
from docs_templates.verify.run import verify
from docs_templates.word.take_back import take_back
from docs_templates.word.write import docx_bytes
from scripts import example_logo, page_ink
from tests.docs_templates.archive_rules import RULES, Read
from tests.docs_templates.builders import all_evidence, write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.test_word import PLAN

BANK = "Εθνική Τράπεζα Żółć & <Söhne>"
CLASS = "CONFIDENTIAL – internal"
HEADING, BAND, RULE = "#7A1F1F", "#FBF3E8", "#D0B090"
DOSSIER, CARD, SHEET = "development_dossier", "model_card", "sign_off_sheet"
MADE = (DOSSIER, CARD, SHEET)
APPROVALS = ["Chief risk officer", "Head of internal audit"]
CHAPTER = """---
title: Bridge to impairment
---
The source is told in {{ rows:data.source }} rows; {{ clause:crr_185 }} asks for validation.
See {{ table:data.source }}.

## Where it stands

```table evidence=data.source caption="Source of the bridge"
```
"""
VALUE: dict[str, Any] = {
    "bank": BANK, "classification": CLASS, "logo": "logo.png", "page": "Letter",
    "colours": {"heading": HEADING, "band": BAND, "rule": RULE}, "approvals": APPROVALS,
    "documents": {DOSSIER: {"order": ["02_purpose", "bridge"], "extra": ["own/bridge.md"]}},
}  # fmt: skip


def _logo() -> Image.Image:
    """A wide logo, half of it transparent."""
    picture = Image.new("RGBA", (60, 12), (200, 10, 10, 255))
    picture.paste((0, 0, 0, 0), (30, 0, 60, 12))
    return picture


def write_house(folder: Path, value: Any = None) -> Path:
    """A house style with its files in a folder."""
    (folder / "own").mkdir(parents=True, exist_ok=True)
    _logo().save(folder / "logo.png")
    (folder / "own" / "bridge.md").write_text(CHAPTER, "utf-8")
    with (folder / "acme style.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(VALUE if value is None else value, stream)
    return folder / "acme style.yaml"


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_house(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(tmp_path_factory.mktemp("p") / "package", all_evidence(("X",)))


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def made(package: Path, style: Path, told: list[str]) -> Path:
    """The documents in the house style. Read only."""
    with housed(read_house(style)):
        make_documents(package, MADE, clock=lambda: MOMENT, tell=told.append)
    return package / "documents"


def _pages(path: Path) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


# ---------------------------------------------------------------------------------------------------- keys in the PDF
@pytest.mark.parametrize("name", MADE)
def test_name_and_classification_stand_on_every_page(made: Path, name: str) -> None:
    pages = _pages(made / f"{name}.pdf")
    assert len(pages) > 1
    assert all(text.count(CLASS) == 2 for text in pages)
    assert all(BANK in text for text in pages)
    assert _squeezed(pages[0]).count(_squeezed(BANK)) == 2  # in the running head, and as the head of the document


def test_pages_are_of_the_size_of_the_house_and_turned_ones_are_marked_too(made: Path, told: list[str]) -> None:
    reader = pypdf.PdfReader(made / f"{DOSSIER}.pdf")
    sizes = {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages}
    assert sizes == {(612, 792), (792, 612)}
    assert any("page size letter of the house style" in line for line in told)


@pytest.mark.parametrize("name", MADE)
def test_every_rule_of_the_archive_is_kept(made: Path, name: str) -> None:
    read = Read.of((made / f"{name}.pdf").read_bytes())
    assert {rule: found[:5] for rule, check in RULES.items() if (found := check(read))} == {}


@pytest.mark.poppler
@pytest.mark.parametrize("name", MADE)
def test_no_ink_lies_outside_the_margins(made: Path, name: str) -> None:
    path = made / f"{name}.pdf"
    assert page_ink.check(path, 36, banners=True) == []
    assert page_ink.check(path, 36)  # the banners are seen


def _elements(element: Any) -> Iterator[Any]:
    yield element
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield from _elements(kid)


@pytest.mark.parametrize("name", MADE)
def test_the_logo_is_a_figure_that_says_what_it_is(made: Path, name: str) -> None:
    with pikepdf.open(made / f"{name}.pdf") as pdf:
        figure, bank = [e for e in _elements(pdf.Root.StructTreeRoot.K) if e.S in ("/Figure", "/P")][:2]
        assert (str(figure.S), str(figure.Alt), str(bank.S)) == ("/Figure", f"Logo of {BANK}", "/P")
        left, low, right, high = (float(part) for part in figure.A.BBox)
        assert (right - left) / (high - low) == pytest.approx(5, rel=0.01)
        (image,) = pdf.pages[0].resources.XObject.values()
        assert "/SMask" not in image
        assert image.ColorSpace == "/DeviceRGB"
        pixels = image.read_bytes()
    white = Image.new("RGB", (60, 12), "white")
    white.paste((200, 10, 10), (0, 0, 30, 12))
    assert pixels == white.tobytes()


def _paints(path: Path) -> set[tuple[int, ...]]:
    """Colours (0 to 255) that the pages paint in, figures left out."""
    found = set()
    with pikepdf.open(path) as pdf:
        for page in pdf.pages:
            for one in pikepdf.parse_content_stream(page):
                if str(one.operator) in ("rg", "RG"):
                    operands: Any = one.operands
                    found.add(tuple(round(255 * float(part)) for part in operands))
    return found


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def test_colours_of_the_house_take_the_place_of_ours(made: Path) -> None:
    paints = _paints(made / f"{SHEET}.pdf")
    assert paints >= {_rgb(HEADING), _rgb(BAND), _rgb(RULE)}
    assert not paints & {_rgb(colour) for colour in styles.OURS.values()}
    figures = _paints(made / f"{DOSSIER}.pdf")
    assert _rgb("#143A66") in figures
    assert _rgb(HEADING) in figures


def _bookmarks(path: Path) -> list[str]:
    found = []

    def walk(items: Any) -> None:
        for one in items:
            if isinstance(one, list):
                walk(one)
            else:
                found.append(str(one.title))

    walk(pypdf.PdfReader(path).outline)
    return found


def test_sections_stand_in_the_order_of_the_house_and_own_ones_are_numbered(made: Path) -> None:
    path = made / f"{DOSSIER}.pdf"
    marks = _bookmarks(path)
    chapters = [one for one in marks if re.match(r"\d+ ", one)]
    assert "Purpose" in chapters[0] or "purpose" in chapters[0]
    assert chapters[1].split() == ["2", "Bridge", "to", "impairment"]
    assert any(one.split() == ["2.1", "Where", "it", "stands"] for one in marks)
    pages = _pages(path)
    contents = "\n".join(pages[1:8])
    assert re.search(r"Bridge to impairment", contents)
    assert "Source of the bridge" in contents
    held = next(text for text in pages if "Table 2.1" in text and "Where it stands" in text)
    assert "See Table 2.1" in _squeezed_lines(held)
    with pikepdf.open(path) as pdf:
        manifest = json.loads(pdf.attachments["evidence_manifest.json"].get_file().read_bytes())
    (source,) = [one for one in manifest["evidence"] if one["id"] == "data.source"]
    assert pages.index(held) + 1 in source["pages"]


def _squeezed_lines(text: str) -> str:
    return " ".join(text.split())


def test_required_approvals_are_asked_for_on_the_sheet_and_in_the_gate(made: Path) -> None:
    text = _squeezed_lines("\n".join(_pages(made / f"{SHEET}.pdf")))
    for role in APPROVALS:
        assert f"Approval required: {role} TO BE SIGNED" in text
        assert text.count(role) >= 2
    assert "acme style.yaml" in text


def test_a_required_approval_is_signed_in_its_row(made: Path) -> None:
    with read_pdf((made / f"{SHEET}.pdf").read_bytes()) as reading:
        boxes = {role: cell_of(reading, role) for role in ("Model risk", "Independent validator", *APPROVALS)}
        texts = [(v.number - 1, m.box) for v in reading.views() for m in v.marks if m.kind == "text" and not m.artifact]
    for page, (left, low, right, high) in boxes.values():
        inside = [b for p, b in texts if p == page and b[0] < right and b[2] > left and b[1] < high and b[3] > low]
        assert inside == []
    lows = [box[1] for _, box in boxes.values()]
    assert len(set(lows)) == len(boxes)


# -------------------------------------------------------------------------------------------------------- the record
@pytest.mark.parametrize("name", MADE)
def test_the_house_is_recorded_and_travels(made: Path, style: Path, name: str) -> None:
    digests = {one: hashlib.sha256((style.parent / one).read_bytes()).hexdigest()
               for one in ("acme style.yaml", "logo.png", "own/bridge.md")}  # fmt: skip
    cover = _squeezed(_pages(made / f"{name}.pdf")[0])
    shown = ["acme style.yaml", "logo.png"] + ["own/bridge.md"] * (name == DOSSIER)
    assert all(digests[one] in cover for one in shown)
    assert _squeezed("acme style.yaml") in cover
    with pikepdf.open(made / f"{name}.pdf") as pdf:
        held = [pdf.attachments[key].get_file().read_bytes() for key in pdf.attachments if key.startswith("house_")]
    assert {hashlib.sha256(one).hexdigest() for one in held} == set(digests.values())
    manifest = json.loads((made / "manifest.json").read_text("utf-8"))
    annex = {entry["sha256"] for file, entry in manifest["files"].items() if file.startswith("house/")}
    assert annex == set(digests.values())
    assert (made / "house" / "house_style_acme style.yaml").read_bytes() == style.read_bytes()


def _verified(path: Path, package: Path, house: House = NO_HOUSE) -> Report:
    with housed(house):
        return verify(path, package)


@pytest.mark.parametrize("name", MADE)
def test_a_document_verifies_without_the_house_at_hand(made: Path, package: Path, style: Path, name: str) -> None:
    report = _verified(made / f"{name}.pdf", package)
    assert report.intact, report.alterations
    assert any("as it travels in the document" in note for note in report.notes)
    assert any(", ".join(APPROVALS) in note for note in report.notes) == (name != CARD)
    given = _verified(made / f"{name}.pdf", package, read_house(style))
    assert given.intact
    assert any("the one given" in note for note in given.notes)


def test_another_house_than_the_one_given_is_told(made: Path, package: Path, tmp_path: Path) -> None:
    other = write_house(tmp_path, {**VALUE, "bank": "Another bank"})
    Image.new("RGB", (60, 12), "blue").save(tmp_path / "logo.png")
    report = _verified(made / f"{CARD}.pdf", package, read_house(other))
    found = [one.message for one in report.alterations]
    assert {one.kind for one in report.alterations} == {"house"}
    assert len(found) == 2
    assert "logo logo.png" in found[0]
    assert "style acme style.yaml" in found[1]


def test_a_document_in_no_house_is_not_of_the_house(package: Path, style: Path, tmp_path: Path) -> None:
    make_documents(package, [CARD], out=tmp_path / "plain", clock=lambda: MOMENT)
    path = tmp_path / "plain" / f"{CARD}.pdf"
    assert _verified(path, package).intact
    (found,) = _verified(path, package, read_house(style)).alterations
    assert found.kind == "house"
    assert "made in no house style" in found.message


@pytest.mark.parametrize("what", ["style", "logo", "no picture", "lost"])
def test_a_house_that_was_altered_in_the_document_is_told(made: Path, package: Path, tmp_path: Path, what: str) -> None:
    path = tmp_path / f"{CARD}.pdf"
    with pikepdf.open(made / f"{CARD}.pdf") as pdf:
        name = next(n for n in pdf.attachments if n.endswith(".yaml" if what == "style" else "logo.png"))
        stream = pdf.attachments[name].obj.EF.F
        if what == "style":
            stream.write(stream.read_bytes().replace(CLASS.encode(), b"PUBLIC"))
        elif what == "lost":
            del pdf.attachments[name]
        else:
            out = io.BytesIO()
            Image.new("RGB", (60, 12), "blue").save(out, "PNG")
            stream.write(out.getvalue() if what == "logo" else b"GIF89a")
        pdf.save(path)
    report = _verified(path, package)
    assert not report.intact
    kinds = {one.kind for one in report.alterations}
    said = " ".join(map(str, report.alterations))
    assert {"style": "PUBLIC", "logo": "Logo (SHA-256)", "no picture": "not a picture that can be used",
            "lost": "does not travel in the document"}[what] in said  # fmt: skip
    assert "house" in kinds or what in ("style", "logo")


def test_a_section_with_unknown_evidence_or_clause_is_refused_whole(package: Path, tmp_path: Path) -> None:
    path = write_house(tmp_path)
    text = "---\ntitle: X\n---\n{{ value:no.such.x }} {{ clause:no_such }} {{ value:data.source.value }}\n"
    (tmp_path / "own" / "bridge.md").write_text(text, "utf-8")
    with housed(read_house(path)), pytest.raises(DocumentError) as caught:
        make_documents(package, [DOSSIER], out=tmp_path / "out")
    assert len(caught.value.faults) == 3
    assert all("bridge.md" in str(fault) for fault in caught.value.faults)
    assert not (tmp_path / "out").exists()


# -------------------------------------------------------------------------------------------------------- the command
def test_a_house_with_faults_is_refused_and_nothing_is_written(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_house(tmp_path, {"bank": 3, "logo": "none.png", "colours": {"ink": "#000000"}, "docs": {}})
    arguments = [str(package), "--house", str(path), "--out", str(tmp_path / "out"), "--document", CARD]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "4 faults" in said
    assert "nothing was written" in said
    path.write_text("bank: x\nbank: y\n", "utf-8")
    assert main(arguments) == 2
    assert "duplicate key" in capsys.readouterr().err
    assert main([*arguments[:2], str(tmp_path / "gone.yaml"), *arguments[3:]]) == 2
    assert "gone.yaml" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_page_size_that_is_asked_for_wins_and_the_pack_is_in_the_house(
    package: Path, style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763683200")
    arguments = [str(package), "--house", str(style), "--document", CARD, "--page-size", "a4"]
    assert main([*arguments, "--out", str(tmp_path / "out"), "--pack", str(tmp_path / "pack")]) == 0
    assert "page size a4, as asked for; the house style says letter" in capsys.readouterr().out
    pdf = tmp_path / "out" / f"{CARD}.pdf"
    assert round(float(pypdf.PdfReader(pdf).pages[0].mediabox.height)) == 842
    assert main(["verify", str(pdf), "--package", str(package), "--house", str(style)]) == 0
    (folder,) = [one for one in (tmp_path / "pack").iterdir() if one.is_dir()]
    assert (folder / "documents" / "house" / "house_style_acme style.yaml").read_bytes() == style.read_bytes()
    _is_of_the_house((folder / "index.html").read_text("utf-8"), style)


def _is_of_the_house(page: str, style: Path) -> None:
    assert page.count(f'<p class="banner">{CLASS}</p>') == 2
    assert "Żółć &amp; &lt;Söhne&gt;</span>" in page
    assert "<Söhne>" not in page
    (image,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert base64.b64decode(image) == (style.parent / "logo.png").read_bytes()
    (css,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"--accent:{HEADING};" in css
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert f"'sha256-{digest}'" in policy
    assert "img-src data:" in policy


def test_every_command_that_makes_documents_takes_a_house(style: Path) -> None:
    makes_none = {"signatures"}
    for command, parser in command_lines.PARSERS.items():
        assert ("--house" in parser(DOCUMENT_NAMES).format_help()) == (command not in makes_none), command


def test_a_watch_sees_all_files_of_the_house(style: Path, tmp_path: Path) -> None:
    assert {one.name for one in house_paths(style)} == {"acme style.yaml", "logo.png", "bridge.md"}
    (tmp_path / "broken.yaml").write_text("bank: [", "utf-8")
    assert house_paths(tmp_path / "broken.yaml") == [tmp_path / "broken.yaml"]


def test_documents_kept_of_another_house_are_told(package: Path, style: Path, tmp_path: Path) -> None:
    said: list[str] = []
    make_documents(package, [CARD], out=tmp_path / "out", clock=lambda: MOMENT)
    with housed(read_house(style)):
        make_documents(package, [SHEET], out=tmp_path / "out", clock=lambda: MOMENT, tell=said.append)
    assert "kept model_card.pdf of the earlier annex of the same package, made in another house style" in said
    make_documents(package, [CARD, SHEET], out=tmp_path / "out", clock=lambda: MOMENT)
    assert not (tmp_path / "out" / "house").exists()


def test_the_example_has_every_key_and_makes_documents(package: Path) -> None:
    path = Path(__file__).parents[2] / "docs_templates" / "example_house" / "house.yaml"
    house = read_house(path)
    assert set(YAML(typ="safe").load(path)) == set(KEYS)
    drawn = example_logo.logo()
    paper = Image.new("RGBA", drawn.size, "white")
    paper.alpha_composite(drawn)
    assert house.branding.logo is not None
    assert house.branding.logo.pixels == paper.convert("RGB").tobytes()
    with housed(house):
        (composed,) = compose_all([DOSSIER], read_package(package), MOMENT)
    heads = [plain(one.content) for one in composed.blocks if isinstance(one, Heading) and one.level == 1]
    assert "Use in the bank" in heads
    assert heads.index("Limitations") == 2


# ------------------------------------------------------------------------------------------------------------- in Word
def test_a_docx_is_in_the_house_and_its_texts_come_back(package: Path, style: Path, tmp_path: Path) -> None:
    house, held = read_house(style), read_package(package)
    with housed(house):
        (composed,) = compose_all([DOSSIER], held, MOMENT)
        data = docx_bytes(composed, held, MOMENT, pictures=False)
        (brief,) = compose_all([CARD], held, MOMENT)
        pictured = docx_bytes(brief, held, MOMENT)
    found = docx.Document(io.BytesIO(data))
    assert [p.text for p in found.sections[0].header.paragraphs] == [BANK, CLASS]
    assert [p.text for p in found.sections[0].footer.paragraphs] == [CLASS]
    assert len(found.sections) > 1
    assert all(one.header.is_linked_to_previous for one in list(found.sections)[1:])
    assert str(found.styles["Heading 1"].font.color.rgb) == HEADING[1:]
    heads = [p.text for p in found.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert heads[1] == "2  Bridge to impairment"
    assert BANK in [p.text for p in found.paragraphs][:2]
    cells = {cell.text for table in found.tables[:3] for row in table.rows for cell in row.cells}
    assert {*APPROVALS, house.sha256, "acme style.yaml"} <= cells
    (shape,) = list(docx.Document(io.BytesIO(pictured)).inline_shapes)[:1]
    assert shape.width / shape.height == pytest.approx(5, rel=0.01)
    assert shape._inline.docPr.get("descr") == f"Logo of {BANK}"
    (tmp_path / "d.docx").write_bytes(data)
    (tmp_path / "plan.yaml").write_text(PLAN, "utf-8")
    files = (tmp_path / "d.docx", package, tmp_path / "plan.yaml")
    with pytest.raises(DocumentError, match="made in another house style"):
        take_back(*files, author=None, date=None)
    with housed(house):
        assert take_back(*files, author=None, date=None) == []
    found.sections[0].footer.paragraphs[0].runs[0].text = "PUBLIC"
    found.save(str(tmp_path / "d.docx"))
    with housed(house), pytest.raises(DocumentError, match="running foot"):
        take_back(*files, author=None, date=None)


def test_without_a_house_nothing_is_of_one(package: Path, tmp_path: Path) -> None:
    copied = tmp_path / "package"
    shutil.copytree(package, copied, ignore=shutil.ignore_patterns("documents"))
    make_documents(copied, [CARD], clock=lambda: MOMENT)
    with pikepdf.open(copied / "documents" / f"{CARD}.pdf") as pdf:
        assert not [name for name in pdf.attachments if name.startswith("house_")]
        assert "/XObject" not in pdf.pages[0].resources
    assert "ouse style" not in "".join(_pages(copied / "documents" / f"{CARD}.pdf"))


# ------------------------------------------------------------------------------------------------- in another language
def test_a_german_document_is_in_the_house_and_verifies(package: Path, style: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with housed(read_house(style)):
        make_documents(package, [SHEET], out=out, clock=lambda: MOMENT, language=chosen_language("de", None))
    path = out / f"{SHEET}.de.pdf"
    text = _squeezed_lines("\n".join(_pages(path)))
    assert "Hausstil (SHA-256)" in text or "Hausstil acme style.yaml" in text
    assert "Erforderliche Genehmigung: Chief risk officer" in text
    assert "House style" not in text
    assert text.count(CLASS) == 2 * len(_pages(path))
    report = _verified(path, package)
    assert report.intact, report.alterations
