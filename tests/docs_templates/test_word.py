"""Documents as DOCX and the way of their texts back into the plan."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from docs_templates.cli import main
from docs_templates.document import Document, Heading, Paragraph, Span, Table, TableColumn, plain
from docs_templates.dossier import compose_all
from docs_templates.errors import DocumentError
from docs_templates.package import read_package
from docs_templates.watch import watch
from docs_templates.word import fields
from docs_templates.word.plan_file import load_plan, with_values
from docs_templates.word.read import read_docx
from docs_templates.word.take_back import take_back
from docs_templates.word.write import WIDE_TABLE, docx_bytes
from tests.docs_templates.builders import all_evidence, write_package
from tests.docs_templates.conftest import MOMENT

NAME = "development_dossier"
PURPOSE = "Rank applicants, 3 < 5 & so on."
RATIONALE = "A logistic regression is explained to a customer.\n\nIt can be rebuilt by hand."
LIMITS = ["One issuer, one month.", "Codes -2 and 0 are not documented."]
PLAN = f"""# The plan of a toy.
model:
  id: toy   # keep me
  purpose: {{text: "{PURPOSE}", author: Ada, date: "2026-11-21"}}
  rationale:
    author: Ada
    date: "2026-11-21"
    text: "{RATIONALE.replace(chr(10), chr(92) + "n")}"
  limitations:
    - author: Ada
      date: "2026-11-21"
      text: >-
        {LIMITS[0]}
      significance: high
    - {{author: Ada, date: "2026-11-21", text: "{LIMITS[1]}"}}
data: {{source: a.csv}}  # and me
"""


def _dated(text: str) -> dict[str, str]:
    return {"text": text, "author": "Ada", "date": "2026-11-21"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    evidence = dict(all_evidence())
    for name, text in (("purpose", PURPOSE), ("rationale", RATIONALE), ("limitations", "\n\n".join(LIMITS))):
        base = {k: v for k, v in evidence[f"authored.{name}"].items() if k not in ("reason", "rows", "columns")}
        evidence[f"authored.{name}"] = {**base, "kind": "statement", **_dated(text)}
    base = {k: v for k, v in evidence["authored.uses"].items() if k not in ("text", "author", "date")}
    evidence["authored.uses"] = {**base, "kind": "not_provided", "reason": "the plan has no model.uses"}
    texts = {"purpose": _dated(PURPOSE), "rationale": _dated(RATIONALE), "uses": None, "owner": "Ada",
             "limitations": [_dated(text) for text in LIMITS]}  # fmt: skip
    return write_package(tmp_path_factory.mktemp("word") / "package", evidence, texts=texts)


@pytest.fixture(scope="module")
def composed(package: Path) -> Document:
    return compose_all([NAME], read_package(package), MOMENT)[0]


@pytest.fixture(scope="module")
def made(package: Path, composed: Document) -> bytes:
    return docx_bytes(composed, read_package(package), MOMENT, pictures=False)


@pytest.fixture
def desk(tmp_path: Path, made: bytes) -> tuple[Path, Path]:
    """The document and the plan, as they lie on an editor's desk."""
    (tmp_path / "d.docx").write_bytes(made)
    (tmp_path / "plan.yaml").write_text(PLAN, "utf-8")
    return tmp_path / "d.docx", tmp_path / "plan.yaml"


def _edit(file: Path, change: Callable[[Any], None]) -> None:
    found = docx.Document(str(file))
    change(found.element.body)
    found.save(str(file))


def _field(body: Any, tag: str) -> Any:
    (control,) = [c for c in body.iter(qn("w:sdt")) if c.find(f"{qn('w:sdtPr')}/{qn('w:tag')}").get(qn("w:val")) == tag]
    return control.find(qn("w:sdtContent"))


def _write(body: Any, tag: str, text: str) -> None:
    content = _field(body, tag)
    first, *rest = content.findall(qn("w:p"))
    for one in rest:
        content.remove(one)
    lines = text.split("\n")
    for line in reversed(lines[1:]):
        another = copy.deepcopy(first)
        _say(another, line)
        first.addnext(another)
    _say(first, lines[0])


def _say(paragraph: Any, text: str) -> None:
    runs = paragraph.findall(qn("w:r"))
    for run in runs:
        paragraph.remove(run)
    run = fields.element("r")
    words = fields.element("t")
    words.text = text
    run.append(words)
    paragraph.append(run)


def _take(package: Path, desk: tuple[Path, Path], **more: Any) -> Any:
    return take_back(desk[0], package, desk[1], **{"author": "Grace", "date": "2026-12-01", **more})


def _faults(package: Path, desk: tuple[Path, Path], **more: Any) -> list[str]:
    before = desk[1].read_bytes()
    with pytest.raises(DocumentError) as caught:
        _take(package, desk, **more)
    assert desk[1].read_bytes() == before
    assert [p.name for p in desk[1].parent.iterdir()] == ["d.docx", "plan.yaml"] or len(
        list(desk[1].parent.iterdir())
    ) == 2
    return [str(fault) for fault in caught.value.faults]


# --------------------------------------------------------------------------------------------- the document
def test_it_holds_all_that_the_composed_document_holds(composed: Document, made: bytes) -> None:
    found = read_docx(made, "d.docx")
    lines = {" ".join(line.text.split()) for line in found.lines}
    for block in composed.blocks:
        if isinstance(block, Table):
            cells = [column.title for column in block.columns] + [cell for row in block.rows for cell in row]
            assert {" ".join(cell.split()) for cell in cells} - {""} <= lines
        elif isinstance(block, Heading):
            assert " ".join(f"{block.number} {plain(block.content)}".split()) in lines
        elif isinstance(block, Paragraph):
            assert " ".join(plain(block.content).split()) in lines
    assert set(found.texts) == {
        "model.purpose", "model.rationale", "model.uses", "model.limitations[0]", "model.limitations[1]"
    }  # fmt: skip
    assert found.texts["model.rationale"] == RATIONALE
    assert found.texts["model.uses"] == "Write the text here."


def test_bytes_depend_on_content_alone_and_the_rest_is_read_only(package: Path, composed: Document) -> None:
    first, second = (docx_bytes(composed, read_package(package), MOMENT) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        settings = archive.read("word/settings.xml").decode()
        assert 'w:edit="readOnly" w:enforcement="1"' in settings
        pictures = [name for name in archive.namelist() if name.startswith("word/media/")]
        body = archive.read("word/document.xml").decode()
    assert pictures
    assert body.count("<w:permStart") == body.count("<w:permEnd") == 5
    assert body.count("<pic:pic") == sum(type(b).__name__ == "Figure" for b in composed.blocks)
    assert body.count("<w:tblHeader") == body.count("<w:tbl>")


def test_headings_stand_on_the_page_of_the_wide_table_that_follows(package: Path, composed: Document) -> None:
    wide = tuple(TableColumn(f"Column {i}") for i in range(WIDE_TABLE))
    rows = (tuple("1" for _ in wide),)
    blocks = (
        Paragraph((Span("Before."),)),
        Heading(1, "1", (Span("Chapter"),)),
        Heading(2, "1.1", (Span("Section"),)),
        Table("1.1", (Span("Wide"),), wide, rows),
        Heading(2, "1.2", (Span("Narrow"),)),
        Paragraph((Span("After."),)),
    )
    data = docx_bytes(replace(composed, cover=(), blocks=blocks), read_package(package), MOMENT)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))[0]
    sections: list[list[str]] = [[]]
    for element in body:
        sections[-1].append("".join(element.itertext()))
        if element.find(f".//{qn('w:sectPr')}") is not None:
            sections.append([])
    assert any("Chapter" in one for one in sections[1]), sections
    assert any("Section" in one for one in sections[1])
    assert any("Column 0" in one for one in sections[1])
    assert any("Narrow" in one for one in sections[2])
    assert any("Before." in one for one in sections[0])


# ------------------------------------------------------------------------------------------------ back again
def test_an_untouched_document_changes_nothing(package: Path, desk: tuple[Path, Path]) -> None:
    assert _take(package, desk, author=None, date=None) == []
    assert desk[1].read_text("utf-8") == PLAN


def test_edited_texts_come_back_with_author_and_date(package: Path, desk: tuple[Path, Path]) -> None:
    long = "Rank holders of a card by what they owe; " * 6 + "“done” – żółć, λόγος."
    edits = {"model.purpose": long, "model.rationale": "One.\n\nTwo: \"three\" # four", "model.uses": "Limits only.",
             "model.limitations[0]": "Shorter."}  # fmt: skip
    _edit(desk[0], lambda body: [_write(body, tag, text) for tag, text in edits.items()])
    taken = _take(package, desk)
    assert {one.tag: one.after for one in taken} == edits
    text = desk[1].read_text("utf-8")
    plan = YAML(typ="safe").load(text)
    model = plan["model"]
    by = {"author": "Grace", "date": "2026-12-01"}
    assert model["purpose"] == {"text": long, **by}
    assert model["rationale"] == {"text": edits["model.rationale"], **by}
    assert model["uses"] == {"text": "Limits only.", **by}
    assert model["limitations"][0] == {"text": "Shorter.", **by, "significance": "high"}
    assert model["limitations"][1] == _dated(LIMITS[1])
    assert (model["id"], plan["data"]) == ("toy", {"source": "a.csv"})
    for kept in ("# The plan of a toy.", "# keep me", "# and me", f'text: "{LIMITS[1]}"'):
        assert kept in text


def test_a_changed_number_is_told_with_its_place_and_nothing_is_written(
    package: Path, desk: tuple[Path, Path], composed: Document
) -> None:
    table = next(b for b in composed.blocks if isinstance(b, Table) and b.evidence == "performance.discrimination")
    row, column = 0, max(range(len(table.columns)), key=lambda c: table.rows[0][c][:2] == "0.")
    old = table.rows[row][column]

    def change(body: Any) -> None:
        _write(body, "model.purpose", "Another purpose.")
        captions = [p for p in body.iter(qn("w:p")) if "".join(t.text or "" for t in p.iter(qn("w:t"))).startswith(
            f"Table {table.number} ")]  # fmt: skip
        grid = next(captions[0].itersiblings(qn("w:tbl")))
        cell = list(list(grid.iter(qn("w:tr")))[row + 1].iter(qn("w:tc")))[column]
        _say(cell.find(qn("w:p")), "0.999")

    _edit(desk[0], change)
    (fault,) = _faults(package, desk)
    assert f"Table {table.number}, row {row + 1}, column {column + 1}" in fault
    assert "found 0.999" in fault
    assert f"allowed: {old}" in fault


def test_sentences_taken_away_or_added_are_told(package: Path, desk: tuple[Path, Path], composed: Document) -> None:
    gone = next(plain(b.content) for b in composed.blocks if isinstance(b, Paragraph) and len(plain(b.content)) > 60)

    def change(body: Any) -> None:
        paragraphs = list(body.findall(qn("w:p")))
        for one in paragraphs:
            if "".join(t.text or "" for t in one.iter(qn("w:t"))) == gone:
                _say(one, "")
        extra = copy.deepcopy(paragraphs[-2])
        _say(extra, "This model is compliant.")
        paragraphs[-2].addnext(extra)

    _edit(desk[0], change)
    told = _faults(package, desk)
    assert len(told) == 2
    assert f"found (nothing); allowed: {gone[:40]}" in told[0]
    assert "found This model is compliant." in told[1]


def test_what_word_does_to_runs_changes_nothing(package: Path, desk: tuple[Path, Path]) -> None:
    def change(body: Any) -> None:
        for paragraph in list(body.iter(qn("w:p"))):
            for run in paragraph.findall(qn("w:r")):
                words = run.find(qn("w:t"))
                if words is None or len(words.text or "") < 4:
                    continue
                second = copy.deepcopy(run)
                second.find(qn("w:t")).text = words.text[2:]
                words.text = words.text[:2]
                words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
                run.addnext(second)
                run.addnext(fields.element("proofErr", type="spellStart"))

    _edit(desk[0], change)
    assert _take(package, desk) == []


def test_what_is_refused(package: Path, desk: tuple[Path, Path], tmp_path: Path) -> None:
    kept = desk[0].read_bytes()

    def after(change: Callable[[Any], None], **more: Any) -> list[str]:
        desk[0].write_bytes(kept)
        _edit(desk[0], change)
        return _faults(package, desk, **more)

    def edit(body: Any) -> None:
        _write(body, "model.purpose", "Another.")

    assert any("give --author" in one for one in after(edit, author=" "))
    assert any("give --date" in one for one in after(edit, date="yesterday"))
    assert any("the text was emptied" in one for one in after(lambda body: _write(body, "model.purpose", " ")))
    tracked = after(lambda body: _field(body, "model.purpose").find(qn("w:p")).append(fields.element("ins", id="7")))
    assert any("accept or reject all changes" in one for one in tracked)
    desk[1].write_text(PLAN.replace(PURPOSE, "The plan has moved on."), "utf-8")
    assert any("the plan says something else" in one for one in after(edit))
    desk[1].write_text(PLAN, "utf-8")
    for data in (b"", b"PK\x03\x04 torn", json.dumps({}).encode()):
        desk[0].write_bytes(data)
        assert any("not a DOCX document" in one for one in _faults(package, desk))


def test_a_document_of_another_package_is_refused(package: Path, desk: tuple[Path, Path], tmp_path: Path) -> None:
    found = docx.Document(str(desk[0]))
    found.core_properties.keywords = "0" * 64
    found.save(str(desk[0]))
    (fault,) = _faults(package, desk)
    assert "made from another package" in fault


# -------------------------------------------------------------------------------------------- the plan file
LAYOUTS = {
    "block": "a: 1\nmodel:\n  id: toy\n  purpose:\n    text: old\n    author: x # who\n# end\n",
    "folded": "model:\n  purpose:\n    text: >-\n      old\n      text\n    author: x\nb: 2\n",
    "literal": "model:\n  purpose:\n    text: |\n      old\n\n      text\n\nb: 2\n",
    "flow": "model: {id: toy, purpose: {text: 'old', author: x}} # end\nb: [1, 2]\n",
    "null": "model:\n  id: toy\n  purpose: null # none yet\nb: 2\n",
    "absent": "model:\n    id: toy\nb: 2\n",
    "absent in flow": "model: {id: toy}\nb: 2\n",
    "last": "b: 2\nmodel:\n  purpose:\n    text: old",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@given(value=st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1))
def test_any_text_is_put_into_any_layout_and_nothing_else_changes(layout: str, value: str) -> None:
    text = LAYOUTS[layout]
    changed = with_values(text, {("model", "purpose", "text"): value}, "plan.yaml")
    before, after = load_plan(text, "plan.yaml"), load_plan(changed, "plan.yaml")
    assert after["model"]["purpose"].pop("text") == value
    if before["model"].get("purpose"):
        before["model"]["purpose"].pop("text")
        assert after == before
    else:
        assert after["model"].pop("purpose") == {}
        before["model"].pop("purpose", None)
        assert after == before
    for comment in ("# who", "# end", "# none yet"):
        assert (comment in changed) >= (comment in text)


def test_a_plan_without_a_place_is_refused() -> None:
    with pytest.raises(DocumentError, match="no place for the text"):
        with_values("model: [1, 2]\n", {("model", "limitations", 0, "text"): "x"}, "plan.yaml")
    with pytest.raises(DocumentError, match="not valid YAML"):
        load_plan("a: [", "plan.yaml")


# ------------------------------------------------------------------------------------------------- commands
def test_the_commands_write_and_take_back(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, plan = tmp_path / "out", tmp_path / "plan.yaml"
    plan.write_text(PLAN, "utf-8")
    assert main(["word", str(package), "--document", NAME, "--out", str(out)]) == 0
    assert [one.name for one in out.iterdir()] == [f"{NAME}.docx"]
    file = out / f"{NAME}.docx"
    back = ["take-back", str(file), "--package", str(package), "--plan", str(plan)]
    assert main(back) == 0
    assert "the plan stays as it is" in capsys.readouterr().out
    _edit(file, lambda body: _write(body, "model.uses", "Limits only."))
    assert main(back) == 2
    assert "give --author" in capsys.readouterr().err
    assert main([*back, "--author", "Grace", "--date", "2026-12-01"]) == 0
    assert capsys.readouterr().out == "model.uses: written, Grace, 2026-12-01\n"


def test_a_change_of_a_file_renders_again(tmp_path: Path) -> None:
    watched, out = tmp_path / "package", tmp_path / "package" / "documents"
    out.mkdir(parents=True)
    (watched / "a.json").write_text("1", "utf-8")
    made: list[int] = []
    changes = {1: ("a.json", "22"), 2: ("a.json", "333"), 5: ("documents/a.pdf", "of ours"), 7: ("b.json", "new")}
    ticks = iter(range(1, 100))

    def sleep(_: float) -> None:
        name, text = changes.get(next(ticks), ("", ""))
        if name:
            (watched / name).write_text(text, "utf-8")

    watch([watched], lambda: made.append(len(list(watched.glob("*.json")))), leave_out=[out], sleep=sleep, rounds=8)
    assert made == [1, 1, 2]
