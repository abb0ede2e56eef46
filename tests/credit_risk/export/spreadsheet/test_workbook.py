"""The workbook itself: what LibreOffice shows, texts that are never formulas, limits of formulas, bytes that repeat."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from credit_risk._core.errors import PackageError
from credit_risk.export import export_package
from credit_risk.export.parity.adapters.libreoffice import LibreOffice, converted
from credit_risk.export.program import program_of
from credit_risk.export.spreadsheet import workbook as book_module
from credit_risk.export.spreadsheet.application import Words
from credit_risk.export.spreadsheet.cell_names import input_names, result_names
from credit_risk.export.spreadsheet.workbook import workbook
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from credit_risk.scoring.verification import verification_rows, verification_table

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
HASH = "0123456789abcdef" * 4
ALL_SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,true,false,false,-1"
MAIN = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\tx",
    "\r=1",
    '="&HYPERLINK("http://x")',
    "*",
    "~?",
    "_x0041_",
]


@pytest.fixture
def _calc() -> None:
    engine = LibreOffice()
    if engine.version() is None:
        pytest.skip(engine.why_not())


def shown(data: bytes, folder: Path) -> dict[str, list[list[str]]]:
    """Sheets by name as LibreOffice shows them after it has calculated them."""
    path = folder / "book.xlsx"
    path.write_bytes(data)
    engine_made = folder / "out"
    engine_made.mkdir()
    (engine_made / "book.csv").touch()
    converted([path], folder, ALL_SHEETS)
    found = {}
    for file in engine_made.glob("book-*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem.removeprefix("book-")] = list(csv.reader(lines))
    return found


def parts(data: bytes) -> dict[str, ElementTree.Element]:
    """XML parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}


def formulas(data: bytes) -> list[str]:
    sheets = [part for name, part in parts(data).items() if name.startswith("xl/worksheets/")]
    return [one.text or "" for sheet in sheets for one in sheet.iterfind(".//m:f", MAIN)]


def depth(formula: str) -> int:
    """Levels of brackets outside texts."""
    level = most = 0
    for mark in re.sub(r'"[^"]*"|\'[^\']*\'', "", formula):
        level += {"(": 1, ")": -1}.get(mark, 0)
        most = max(most, level)
    return most


def card(categories: list[str], name: str, numbers: int = 2) -> dict[str, Any]:
    """A scorecard of one text input with a bin a category and one number with so many bins."""
    bins = [{"id": k, "kind": "categories", "values": [v], "label": v, "woe": k / 7} for k, v in enumerate(categories)]
    size = len(bins)
    bins += [{"id": size, "kind": "unseen", "label": "else", "woe": -0.5}]
    bins += [{"id": size + 1, "kind": "missing", "label": "missing", "woe": -0.25}]
    edges = [None, *(k / 3 for k in range(numbers - 1)), None]
    steps = [{"id": k, "kind": "interval", "lower": edges[k], "upper": edges[k + 1]} for k in range(numbers)]
    steps += [{"id": numbers, "kind": "missing"}]
    steps = [{**one, "label": f"bin {one['id']}", "woe": one["id"] / 997} for one in steps]
    classings = [
        {"id": "c1", "type": "classing", "input": name, "kind": "categorical", "bins": bins},
        {"id": "c2", "type": "classing", "input": "n", "kind": "numeric", "bins": steps},
    ]
    classings = [{**one, "output_bin": f"b{k}", "output_woe": f"w{k}"} for k, one in enumerate(classings)]
    terms = [{"input": f"w{k}", "coefficient": -0.7} for k in range(2)]
    linear = {"id": "l", "type": "linear", "intercept": -1.0, "offset": None, "terms": terms, "output": "lin"}
    link = {"id": "p", "type": "link", "function": "logit", "input": "lin", "output": "p"}
    inputs = [{"name": name, "type": "string"}, {"name": "n", "type": "number"}]
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "nasty", "name": "=1+1", "version": "1", "type": "scorecard"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "probability of bad"},
        "inputs": [{**one, "description": "@x", "specials": []} for one in inputs],
        "steps": [*classings, linear, link],
        "outputs": {"linear_score": "lin", "probability": "p", "probability_name": "probability of bad"},
    }


def book_of(model: dict[str, Any], frame: pd.DataFrame, words: Words | None = None) -> bytes:
    compiled = compile_model(model)
    cases = verification_table(compiled, verification_rows(compiled, frame))
    return workbook(program_of(model, HASH), cases, words or Words())


def differing(sheets: dict[str, list[list[str]]]) -> tuple[str, str]:
    """Rows of the verification, and how many of them differ, as shown."""
    rows = {row[0]: row[1] for row in sheets["Verification"] if len(row) > 1}
    return rows["Rows"], rows["Rows that differ"]


@pytest.mark.usefixtures("_calc")
@pytest.mark.parametrize("name", ["scorecard", "every_step", "boosting"])
def test_what_a_member_of_the_committee_sees(name: str, tmp_path: Path) -> None:
    package = read_package(CORPUS / name)
    (data,) = export_package(package, ["spreadsheet"]).values()
    sheets = shown(data, tmp_path)
    cases = package.verification()
    assert differing(sheets) == (str(len(cases)), "0")
    row = next(k for k, row in enumerate(sheets["Application"]) if "Probability of bad" in row)
    place = sheets["Application"][row].index("Probability of bad")
    assert sheets["Application"][row + 1][place] == f"{cases['probability'].iloc[0]:.3%}"
    every = [cell for rows in sheets.values() for line in rows for cell in line]
    assert not [cell for cell in every if cell.startswith(("#", "Err:"))]


@pytest.mark.usefixtures("_calc")
def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    model = card(HOSTILE, "=HYPERLINK(A1)")
    frame = pd.DataFrame({"=HYPERLINK(A1)": [*HOSTILE, "no", None], "n": [0.1] * (len(HOSTILE) + 2)})
    data = book_of(model, frame, Words(example={"=HYPERLINK(A1)": "=1+1", "n": 1.0}))
    for formula in formulas(data):
        assert not any(text in formula for text in (*HOSTILE[:5], "HYPERLINK", "@x"))
    styles = parts(data)["xl/styles.xml"]
    quoted = {str(k) for k, xf in enumerate(styles.iterfind("m:cellXfs/m:xf", MAIN)) if xf.get("quotePrefix") == "1"}
    strings = [
        "".join(t.text or "" for t in one.iter(f"{{{MAIN['m']}}}t")) for one in parts(data)["xl/sharedStrings.xml"]
    ]
    for name, sheet in parts(data).items():
        if name.startswith("xl/worksheets/"):
            for cell in sheet.iterfind(".//m:c[@t='s']", MAIN):
                text = strings[int(cell.findtext("m:v", "", MAIN))]
                assert text[:1] not in tuple("=+-@\t") or cell.get("s") in quoted, text
    sheets = shown(data, tmp_path)
    assert differing(sheets)[1] == "0"
    assert any("=HYPERLINK(A1)" in row for row in sheets["Application"])


@pytest.mark.usefixtures("_calc")
def test_five_thousand_bins(tmp_path: Path) -> None:
    model = card([f"c{k}" for k in range(500)], "x", numbers=5_000)
    frame = pd.DataFrame({"x": ["c1", "C1", "c499", None], "n": [0.1, 1e9, 1666.0, None]})
    sheets = shown(book_of(model, frame), tmp_path)
    assert int(differing(sheets)[0]) > 100
    assert differing(sheets)[1] == "0"


@pytest.mark.parametrize("name", sorted(folder.name for folder in CORPUS.iterdir()))
def test_limits_of_formulas_locks_and_bytes(name: str) -> None:
    package = read_package(CORPUS / name)
    files = export_package(package, ["spreadsheet"])
    assert files == export_package(package, ["spreadsheet"])
    ((file, data),) = files.items()
    assert file == f"{package.model['model']['id']}.xlsx"
    for formula in formulas(data):
        assert len(formula) <= 8_192
        assert depth(formula) <= 64
    sheets = [part for part_name, part in parts(data).items() if part_name.startswith("xl/worksheets/")]
    assert all(sheet.find("m:sheetProtection", MAIN) is not None for sheet in sheets)
    styles = parts(data)["xl/styles.xml"].findall("m:cellXfs/m:xf", MAIN)
    open_styles = {
        str(k)
        for k, xf in enumerate(styles)
        if (p := xf.find("m:protection", MAIN)) is not None and p.get("locked") == "0"
    }
    unlocked = [cell for sheet in sheets for cell in sheet.iterfind(".//m:c", MAIN) if cell.get("s") in open_styles]
    assert len(unlocked) == len(package.model["inputs"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numbers_keep_all_digits() -> None:
    model = card(["a"], "x")
    model["steps"][0]["bins"][0]["woe"] = 0.1 + 0.2
    data = book_of(model, pd.DataFrame({"x": ["a"], "n": [0.1]}))
    values = {one.text for part in parts(data).values() for one in part.iterfind(".//m:v", MAIN)}
    assert "0.30000000000000004" in values


def test_reasons_of_trees_are_left_out_and_told() -> None:
    package = read_package(CORPUS / "attributed")
    (data,) = export_package(package, ["spreadsheet"]).values()
    told = "".join(parts(data)["xl/sharedStrings.xml"].itertext())
    assert "The reasons of trees are left out" in told
    assert "reason_1" not in told


def test_what_no_workbook_holds_is_refused() -> None:
    model = card(["a" * 40_000, "b\ufffe"], "x")
    with pytest.raises(PackageError) as caught:
        book_of(model, pd.DataFrame({"x": ["b"], "n": [0.1]}))
    assert {fault.code for fault in caught.value.faults} == {"export_unsupported"}
    assert "cannot hold the text" in str(caught.value)


def test_a_model_with_too_many_formulas_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credit_risk.export.spreadsheet.workbook.MOST_FORMULAS", 5)
    with pytest.raises(PackageError, match=r"would need \d+ formulas for one application, more than 5"):
        export_package(read_package(CORPUS / "boosting"), ["spreadsheet"])


def names_of(data: bytes) -> dict[str, str]:
    """Names that the workbook defines, but for those of printing, with what they stand for."""
    found = parts(data)["xl/workbook.xml"].iterfind("m:definedNames/m:definedName", MAIN)
    return {one.get("name", ""): one.text or "" for one in found if not one.get("name", "").startswith("_xlnm.")}


@pytest.mark.parametrize("name", sorted(folder.name for folder in CORPUS.iterdir()))
def test_inputs_and_results_have_names(name: str) -> None:
    package = read_package(CORPUS / name)
    (data,) = export_package(package, ["spreadsheet"]).values()
    found = names_of(data)
    inputs = [one for one in found if one.startswith("input_")]
    assert len(inputs) == len(package.model["inputs"])
    assert {"result_linear_score", "result_in_error"} <= set(found)
    assert all(re.fullmatch(r"(input|result)_[A-Za-z0-9_]{1,93}", one) for one in found)
    assert len({one.casefold() for one in found}) == len(found)
    assert len(set(found.values())) == len(found)


@pytest.mark.usefixtures("_calc")
def test_names_are_those_of_the_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Formulas of others that use the names, on the first verification row and beside an input that is no number."""
    package = read_package(CORPUS / "scorecard")
    cases, writes = package.verification(), book_module._write_about

    def probed(book: Any, calculation: Any, *rest: Any) -> None:
        writes(book, calculation, *rest)
        sheet = book.sheet("Probe")
        for row, name in enumerate((*input_names(calculation).values(), *result_names(calculation).values())):
            book.text(sheet, row, 0, name)
            book.formula(sheet, row, 1, f"={name}")

    monkeypatch.setattr(book_module, "_write_about", probed)
    names = [item["name"] for item in package.model["inputs"]]
    (data,) = export_package(package, ["spreadsheet"]).values()
    told = {row[0]: row[1] for row in shown(data, tmp_path)["Probe"]}
    assert float(told["result_score"]) == pytest.approx(cases["score"].iloc[0], rel=1e-9)
    assert float(told["result_probability"]) == pytest.approx(cases["probability"].iloc[0], rel=1e-9)
    assert told["result_reason_1"] == (cases["reason_1"].iloc[0] or "")
    number = next(item["name"] for item in package.model["inputs"] if item["type"] == "number")
    words = Words(example={**{name: cases[f"in:{name}"].iloc[0] for name in names}, number: "n/a"})
    (tmp_path / "other").mkdir()
    broken = workbook(program_of(package.model, HASH), cases, words)
    told = {row[0]: row[1] for row in shown(broken, tmp_path / "other")["Probe"]}
    assert "n/a" in [told[name] for name in told if name.startswith("input_")]
    assert {told[name] for name in told if name.startswith("result_")} == {""}
