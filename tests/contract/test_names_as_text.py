"""Names that mean something to a spreadsheet, a browser, a terminal or a template come out of a validation as text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pypdf
import pytest

from docs_templates.dossier import make_documents
from tests.contract.altered import altered, cell, reseal
from tests.credit_risk.cli.command import QUICK, done, portfolio
from validation import cli

NAME = "=cmd|' /C calc'!A0<script>alert(1)</script>](javascript:x) **b** {{ evil }}"
LABEL = f"{NAME}\u202egnp"
PURPOSE = f"{NAME}\x1b[31m"  # a column of labels with control characters would be left out
UNSEEN = set("\x1b\u202e")
PLAN = f"""
model: {{id: m, name: {json.dumps(NAME)}, purpose: {{text: {json.dumps(PURPOSE)}, author: a, date: 2026-11-20}}}}
data: {{source: table.csv}}
outcome: {{column: BAD, bad: 1}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of such names, its coefficient and the bad rate of a level altered so that findings name both."""
    folder = tmp_path_factory.mktemp("names")
    table = portfolio(900).replace({"HOUSING": {"rent": LABEL}}).rename(columns={"INCOME": NAME})
    made = done(folder, PLAN + QUICK, table, "--no-validation")
    file = "evidence/classing.figure.HOUSING.json"
    rows = json.loads((made / file).read_text("utf-8"))["rows"]
    row = next(number for number, one in enumerate(rows) if any(LABEL in str(part) for part in one))
    package = altered(made, folder / "package", file, cell(row, "bad_rate", lambda rate: rate + 0.1))
    file = "evidence/scorecard.coefficients.scorecard.json"
    item = json.loads((package / file).read_text("utf-8"))
    row = next(number for number, one in enumerate(item["rows"]) if NAME in one)
    cell(row, "coefficient", lambda value: 2 * value)(item)
    return reseal(package, file, json.dumps(item, ensure_ascii=False).encode())


def test_a_validation_tells_names_as_they_are(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(package), "--no-r"]) == cli.FINDINGS
    terminal = capsys.readouterr()
    assert not UNSEEN & set(terminal.out + terminal.err)
    findings = json.loads((package / "validation" / "findings.json").read_text("utf-8"))
    assert findings["model"]["name"] == NAME
    told = {one["test"]: one for one in findings["findings"]}
    assert NAME in told["scorecard.coefficients.scorecard: coefficient"]["quantity"]
    assert any(LABEL in one["quantity"] + one["statement"] for one in told.values())
    make_documents(package, ["validation_report"])
    _is_plain(pypdf.PdfReader(package / "documents" / "validation_report.pdf"))


def _is_plain(reader: pypdf.PdfReader) -> None:
    """The names are printed letter by letter, and the document does nothing but lead from page to page."""
    text = "".join(page.extract_text() for page in reader.pages)
    assert not UNSEEN & set(text)
    for wanted in (NAME, f"{NAME}[U+202E]gnp", f"{NAME}[U+001B][31m"):
        assert _squeezed(wanted) in _squeezed(text)
    root: Any = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA"} & set(root)
    assert set(root["/Names"]) == {"/EmbeddedFiles"}
    links = [link.get_object() for page in reader.pages for link in page.get("/Annots", [])]
    assert {link["/Subtype"] for link in links} == {"/Link"}
    assert not any("/A" in link for link in links)


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)
