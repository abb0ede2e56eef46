"""Names of inputs and categories that no one should give, in every export but SQL and PMML, which have tests of theirs.

Quotes, spaces, 200 characters that differ in the last, other alphabets, what ends a comment, a text or a statement of
some language, and words that languages keep for themselves.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk._core.errors import PackageError
from credit_risk.export.code.c import c_source
from credit_risk.export.code.cobol import cobol_source
from credit_risk.export.code.java import java_source
from credit_risk.export.code.sas import sas_source
from credit_risk.export.onnx.model import onnx_model
from credit_risk.export.parity.adapters.libreoffice import LibreOffice
from credit_risk.export.parity.compare import compare, expected_results
from credit_risk.export.parity.run import engines_at_hand
from credit_risk.export.program import Program, program_of
from credit_risk.export.spreadsheet.workbook import Words, workbook
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.export.code import cases
from tests.credit_risk.export.code.test_cobol import assert_sound as assert_sound_cobol
from tests.credit_risk.export.code.test_sas import assert_sound as assert_sound_sas
from tests.credit_risk.export.sql.test_dialects import NAMES, VALUES, nasty
from tests.credit_risk.scoring.test_model import table

KEPT = [
    *("class", "int", "double", "while", "struct", "main", "Result", "Values", "in_error", "v", "x", "goto"),
    *("perform", "SECTION", "data", "end", "end-if", "MOVE", "proc", "_N_", "datalines", "rid", "prob", "strictfp"),
    *(
        "*/ int x; /*",
        "?" + "?/",
        "\\u000a",
        "=1+1",
        "@SUM(A1)",
        "<![CDATA[",
        "&quot;",
        "رصيد",
        "😀",
        "%macro",
        "&mvar",
    ),
]
Source = Callable[[Program, pd.DataFrame], dict[str, bytes]]
SOURCES: dict[str, Source] = {"c": c_source, "java": java_source, "cobol": cobol_source}


def model_of() -> dict[str, Any]:
    """A scorecard on all these names, each with all these categories."""
    return dict(nasty([*NAMES, *KEPT]))


def rows_of(model: dict[str, Any], values: list[str] = VALUES) -> pd.DataFrame:
    """Every category in some column, missing, unseen and almost the same texts."""
    pool, rng = [*values, None, "never seen", "IT'S", "a\u0301"], random.Random(5)
    names = [item["name"] for item in model["inputs"]]
    return table(model, [{name: rng.choice(pool) for name in names} for _ in range(40)])


@pytest.mark.parametrize("name", SOURCES)
def test_printed_code(name: str, tmp_path: Path) -> None:
    (engine,) = engines_at_hand([name])
    if engine.version() is None:
        pytest.skip(engine.why_not())
    model = model_of()
    frame = rows_of(model)
    done = cases.run_engine(engine, engine.export, SOURCES[name], model, frame, tmp_path)
    cases.assert_parity(model, frame, done)


def test_onnx(tmp_path: Path) -> None:
    model = model_of()
    _agrees("onnx", model, rows_of(model), lambda program, _: {"m.onnx": onnx_model(program)}, tmp_path)


@pytest.mark.slow
def test_spreadsheet(tmp_path: Path) -> None:
    if LibreOffice().version() is None:
        pytest.skip(LibreOffice().why_not())
    model = model_of()

    def made(program: Program, verification: pd.DataFrame) -> dict[str, bytes]:
        return {f"{program.model_id}.xlsx": workbook(program, verification, Words())}

    _agrees("libreoffice", model, rows_of(model)[:12], made, tmp_path)


def _agrees(name: str, model: dict[str, Any], frame: pd.DataFrame, source: Source, folder: Path) -> None:
    (engine,) = engines_at_hand([name])
    program = program_of(model, cases.HASH)
    found = engine.run(program, source(program, cases.cases_of(model, frame)), frame, folder)
    parity = compare(expected_results(compile_model(model), program, frame), found)
    assert parity.rows == len(frame)
    assert parity.agrees(1e-12), parity


def test_sources_of_engines_that_are_not_here() -> None:
    """SAS, whose texts end at their last letter that is no blank; COBOL is looked at line by line besides.

    Columns may be named as SAS's words for blocks, but those would be counted as blocks here.
    """
    values = [value for value in VALUES if not value.endswith(" ")]
    model = dict(nasty([name for name in (*NAMES, *KEPT) if name not in ("select", "Select", "end")], values))
    frame = rows_of(model, values)
    program, rows = program_of(model, cases.HASH), cases.cases_of(model, frame)
    (text,) = (data.decode() for data in sas_source(program, rows).values())
    assert_sound_sas(text)
    assert "NOT PROVED" in text[:1500]
    assert_sound_cobol(cobol_source(program, rows))
    other = model_of()
    with pytest.raises(PackageError, match="ends with a blank"):
        sas_source(program_of(other, cases.HASH), cases.cases_of(other, rows_of(other)))


def test_thousands_of_bins_in_sas_and_onnx(tmp_path: Path) -> None:
    model, rows = cases.many_bins(read_package(cases.CORPUS / "scorecard").model, 5_000)
    frame = table(model, rows)
    program = program_of(model, cases.HASH)
    for data in sas_source(program, cases.cases_of(model, frame)).values():
        assert_sound_sas(data.decode())
    _agrees("onnx", model, frame, lambda program, _: {"m.onnx": onnx_model(program)}, tmp_path)
