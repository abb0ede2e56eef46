"""Tables of what parts of trees add: the Shapley values of the package for any rows, in every printed language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk.export.code import c_attribution, java_attribution
from credit_risk.export.code.c import c_source
from credit_risk.export.code.java import java_source
from credit_risk.export.parity.adapters.c import Gcc
from credit_risk.export.parity.adapters.java import Java
from credit_risk.export.parity.engines import Engine
from credit_risk.export.program import Attribution, Tree, program_of
from credit_risk.export.program.attribution_cells import Unit, most_constants, splits_of, units
from credit_risk.export.sql import DIALECTS, sql_export
from credit_risk.package import read_package
from credit_risk.scoring.attribution import evaluate_attribution, pack_step
from tests.credit_risk.export.code import cases
from tests.credit_risk.export.sql.parity import ENGINES, HASH, assert_parity
from tests.credit_risk.export.sql.test_models import grown
from tests.credit_risk.export.test_pmml_chain import decided, step_of
from tests.credit_risk.export.tree_models import tree_models
from tests.credit_risk.scoring.strategies import rows
from tests.credit_risk.scoring.test_model import table

EXPLAINED = tree_models().filter(lambda one: "reasons" in one["outputs"])
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
DRAWN = settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=SLOW)
TARGETS = [(Gcc(), c_source, c_attribution), (Java(), java_source, java_attribution)]


def _of(model: dict[str, Any]) -> tuple[Attribution, dict[str, Tree]]:
    statements = program_of(model, HASH).statements
    trees = {one.name: one for one in statements if isinstance(one, Tree)}
    return next(one for one in statements if isinstance(one, Attribution)), trees


def _cells(unit: Unit, matrix: np.ndarray) -> np.ndarray:
    """The cell of each row, by its splits."""
    found = np.zeros(len(matrix), dtype=int)
    for split in splits_of(unit):
        x = matrix[:, split.feature]
        found += np.where(np.isnan(x), split.missing, np.where(x >= split.threshold, split.step, 0))
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(model=EXPLAINED, seed=st.integers(0, 2**32 - 1))
def test_cells_add_up_to_the_shapley_values(model: dict[str, Any], seed: int) -> None:
    """Also for rows with missing values, at every threshold and just below it."""
    one, trees = _of(model)
    step = step_of(model, "trees")
    edges = [t for tree in step["trees"] for t in tree["threshold"] if t is not None] or [0.0]
    pool = np.concatenate([edges, np.nextafter(edges, -np.inf), [-1e300, 1e300, np.nan]])
    matrix = np.random.default_rng(seed).choice(pool, (300, len(step["features"])))
    found = np.zeros((len(matrix), len(one.outputs)))
    size = 0
    for tree in units(one, trees):
        for unit in tree:
            found[:, unit.players] += unit.values[_cells(unit, matrix)]
            size += unit.values.size
    own = evaluate_attribution(pack_step(step_of(model, "attribution"), step), matrix)
    np.testing.assert_allclose(found, own, rtol=0, atol=1e-12)
    assert size <= most_constants(one, trees, 10**9)
    assert most_constants(one, trees, 0) >= min(size, 1)


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("engine", ENGINES)
@DRAWN
@given(data=st.data())
def test_sql_gives_the_reasons_of_the_package(engine: str, data: st.DataObject) -> None:
    model = data.draw(EXPLAINED)
    frame = decided(model, table(model, data.draw(rows(model))))
    if len(frame):
        assert_parity(model, frame.reset_index(drop=True), engine, 1e-12)


def explained() -> tuple[dict[str, Any], pd.DataFrame]:
    """Full trees whose paths ask features repeatedly, with attributions and reasons; rows on their boundaries."""
    model = grown(12, 4, 6, 5)
    names, rng = [item["name"] for item in model["inputs"]], np.random.default_rng(7)
    background = [[None if rng.random() < 0.2 else float(x) for x in rng.normal(0, 1.2, 6)] for _ in range(20)]
    groups = [names[:2], *([name] for name in names[2:])]
    parts = [{"characteristic": f"c{k}", "features": g, "output": f"a{k}"} for k, g in enumerate(groups)]
    step = {"id": "a", "type": "attribution", "trees": "trees", "multiplier": -28.85, "base": 0.0} | {
        "characteristics": parts,
        "background": {"description": "", "rows": background, "weights": rng.choice([1.0, 2.5], 20).tolist()},
    }
    step["base"] = pack_step(step, step_of(model, "trees")).base
    items = [
        {"characteristic": part["characteristic"], "input": part["output"], "reason_code": f"R{k}"}
        | {"reference_points": 0.0, "baseline": -1e-6 * (k + 1)}
        for k, part in enumerate(parts)
    ]
    reasons = {"id": "r", "type": "reasons", "method": "attribution_below_reference", "reference": "the background"}
    model["steps"] += [step, reasons | {"maximum": 4, "rank_step": 1e-6, "characteristics": items, "output": "why"}]
    model["outputs"]["reasons"] = "why"
    pool = [np.nan, *(x for cut in (-1.5, -0.1, 0.0, 0.3, 2.0) for x in (cut, np.nextafter(cut, -np.inf)))]
    frame = pd.DataFrame({name: rng.choice(pool, 200) for name in names})
    return model, decided(model, frame).reset_index(drop=True)


@pytest.mark.parametrize("most", [0, 10**9], ids=["background", "cells"])
@pytest.mark.parametrize("target", TARGETS, ids=["c", "java"])
def test_printed_code_gives_the_reasons_of_the_package(
    target: tuple[Engine, Any, Any], most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its tables, and by the background rows, which stand in sources whose tables would be too large."""
    engine, source, module = target
    if engine.version() is None:
        pytest.skip(engine.why_not())
    monkeypatch.setattr(module, "MOST_CONSTANTS", most)
    model, frame = explained()
    assert len(frame) > 150
    done = cases.run_engine(engine, engine.export, source, model, frame, tmp_path)
    cases.assert_parity(model, frame, done)


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - {"duckdb", "postgres", "spark"}))
def test_dialects_without_lists_look_cells_up_by_halving(dialect: str) -> None:
    """As SQLite does, which is run: no deeper than CASEs may be nested."""
    model = read_package(cases.CORPUS / "attributed").model
    text = sql_export(program_of(model, HASH), dialect).text
    assert "CASE WHEN cell_1 < " in text


@pytest.mark.parametrize("depth", [40, 2])
def test_many_cells_are_cut_to_the_depth_of_cases(depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQL Server takes ten CASEs in one another: beyond, runs of cells stand one after the other."""
    monkeypatch.setitem(DIALECTS, "sqlite", replace(DIALECTS["sqlite"], case_depth=depth))
    model, frame = explained()
    assert sql_export(program_of(model, HASH), "sqlite").text.count("WHEN cell_") > 500
    assert_parity(model, frame, "sqlite", 1e-12)
