"""Dates as text in PMML: both engines against the package, on texts that are dates and texts that nearly are."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.export import model_pmml, pmml_notes
from credit_risk.scoring.dates import parse_date
from tests.credit_risk.export.engine_rows import HASH, assert_alike, write
from tests.credit_risk.export.test_pmml_scorecard import ENGINES as JAVA
from tests.credit_risk.export.test_pmml_scorecard import classed, told_apart
from tests.credit_risk.scoring.test_model import table
from tests.engines import validators_reader

ENGINES = [*JAVA, validators_reader]
DATES = [
    "2026-11-20", "2024-02-29", "2023-02-28", "2024-01-31", "2024-02-28", "1900-03-01", "2000-02-29", "0001-01-01",
    "9999-12-31", "2026-11-20T23:59", "2026-11-20 00:00:59", "2026-11-20T10:20:30.5Z", "2026-11-20 10:20+01:00",
    "2026-12-01T10:20:30.123456789012-11:30", "2025-11-20T09:15Z", None,
]  # fmt: skip
NO_DATES = [
    "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-01-00", "0000-01-01", "2026-1-1",
    "20261120", "2026-11-20 ", " 2026-11-20", "2026-11-20T24:00", "2026-11-20T1:00", "2026-11-20T10:60", "2026-11-20x",
    "2026-11-20T10:20:60", "2026-11-20T10:20:30.", "2026-11-20T10:20:30.Z", "2026-11-20T10", "2026-11-20T10:20+0100",
    "2026-11-20T10:20Zx", "2026-11-20~", "２026-11-20", "2026-11-2😀", "😀", "é", "2026/11/20", "-026-11-20",
    "2026-11-20T10:20:30Z+01:00", "2026-11-20t10:20",
]  # fmt: skip


def dated(op: str) -> dict[str, Any]:
    args = [{"ref": "t1"}, {"ref": "t2"}]
    return {"op": op, "args": args[: 1 if op in ("year", "month") else 2]}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("op", ["days_between", "months_between", "year", "month"])
def test_texts_that_are_dates_and_that_are_none(op: str, engine: Any, tmp_path: Path) -> None:
    assert all(text is None or parse_date(text) for text in DATES)
    assert not any(parse_date(text) for text in NO_DATES)
    first = [*DATES, *NO_DATES] if op in ("year", "month") else [*DATES[:12], "2025-12-31", NO_DATES[0], None]
    second = DATES[:1] if op in ("year", "month") else [*DATES[:8], DATES[-2], NO_DATES[3], None]
    pairs = list(product(first, second))
    rows = [{"n1": 1.0, "n2": 1.0, "t1": a, "t2": b} for a, b in pairs]
    model, frame = told_apart(dated(op), rows)
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(pairs=st.lists(st.tuples(st.dates().map(str), st.dates().map(str)), min_size=30, max_size=60))
def test_whole_months_of_any_dates(engine: Any, pairs: list[tuple[str, str]], tmp_path: Path) -> None:
    model = classed(dated("months_between"))
    model["steps"][1]["bins"][1]["upper"] = model["steps"][1]["bins"][2]["lower"] = 5000.0
    terms = [{"input": "ratio", "coefficient": 1.0}]
    model["steps"][2]["terms"] = terms  # the linear score is the number of months
    frame = table(model, [{"n1": 1.0, "n2": 1.0, "t1": a, "t2": b} for a, b in pairs])
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)


@pytest.mark.parametrize("engine", ENGINES)
def test_dates_against_a_constant(engine: Any, tmp_path: Path) -> None:
    expression = {"op": "days_between", "args": [{"const": "2024-02-28T12:00"}, {"ref": "t1"}]}
    rows = [{"n1": 1.0, "n2": 1.0, "t1": text, "t2": "a"} for text in [*DATES, *NO_DATES]]
    model, frame = told_apart(expression, rows)
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)


def test_the_one_limit_is_told_in_the_document() -> None:
    (note,) = pmml_notes(model_pmml(classed(dated("year")), HASH))
    assert "more than 12 decimals of a second is no date" in note
    assert pmml_notes(model_pmml(classed({"ref": "n1"}), HASH)) == []
