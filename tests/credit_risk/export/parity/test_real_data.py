"""Champions of public data in every engine here: whole tables, verification rows, neighbours of thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from credit_risk.export.parity.engines import Engine
from credit_risk.export.parity.report import ParityReport
from credit_risk.export.parity.run import APPROXIMATE, MOST_ROWS, TOLERANCES, engines_at_hand, parity_report
from credit_risk.models import boosting
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from credit_risk.scoring.steps import tree_leaves
from tests.credit_risk.export.parity.jpmml import Jpmml
from tests.credit_risk.export.parity.real_packages import METHODS, MOST_OF_TREES, PLANS, build, table_of

ROWS = {"german": 1_000, "heloc": 10_459, "sba": 22_427, "taiwan": 30_000}
PROBABILITY, OF_FLOAT32 = 1e-12, 1e-6
pytestmark = [pytest.mark.slow, pytest.mark.java, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def boosters(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every booster whose trees are read, as xgboost saves it, the last one last."""
    kept: list[bytes] = []
    own = boosting.raw_trees

    def kept_too(booster: Any) -> list[dict[str, Any]]:
        kept.append(bytes(booster.save_raw("ubj")))
        return own(booster)

    monkeypatch.setattr(boosting, "raw_trees", kept_too)
    return kept


@pytest.fixture(scope="module", autouse=True)
def _spark_is_ended() -> Iterator[None]:
    yield
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()


@pytest.fixture(params=list(METHODS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.usefixtures("postgres")
def test_no_row_takes_another_path(
    name: str, test_data: Path, tmp_path: Path, boosters: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also reasons, grades and rows in error; and of trees the probability that xgboost itself gives."""
    package = read_package(build(name, test_data, tmp_path))
    data = name.split("_")[0]
    frame = table_of(package, test_data / PLANS[data][1])
    assert len(frame) == ROWS[data]
    if name.endswith("boosting"):
        for engine, most in MOST_OF_TREES.items():
            monkeypatch.setitem(MOST_ROWS, engine, most)
        assert_xgboost(package.model, boosters[-1], frame)
    engines: list[Engine] = [*engines_at_hand(), Jpmml()]
    report = parity_report(package, engines, {data: frame})
    assert_agreement(report, data, [one.name for one in engines])


def assert_agreement(report: ParityReport, data: str, names: list[str]) -> None:
    """Every engine is here, took the same path on every row that it was given, and gave the same results."""
    asked = [one for one in report.engines if one.target in names]
    assert {one.target: one.verdict for one in asked} == dict.fromkeys(names, "agrees")
    for one in asked:
        for compared in one.compared:
            found = compared.parity
            assert (found.path_differs, found.grades_differ) == (0, 0), (one.target, compared)
            most = MOST_ROWS.get(one.target, compared.of_rows)
            assert found.rows + found.exempt == min(most, compared.of_rows)
            assert not found.exempt or one.target in APPROXIMATE
            assert found.largest["probability"] <= TOLERANCES.get(one.target, PROBABILITY)
            if one.export == "pmml":
                assert found.reasons_differ == 0
        assert [compared.of_rows for compared in one.compared if compared.population == data] == [ROWS[data]]


def assert_xgboost(model: dict[str, Any], saved: bytes, frame: pd.DataFrame) -> None:
    """The same leaves as xgboost on every row, and its single-precision sum calibrated as the model calibrates."""
    compiled = compile_model(model)
    step = next(one for one in model["steps"] if one["type"] == "trees")
    values = compiled.values(frame[~compiled.rows_in_error(frame)].reset_index(drop=True))
    matrix = np.column_stack([values[feature] for feature in step["features"]])
    booster = xgboost.Booster()
    booster.load_model(bytearray(saved))
    rows = xgboost.DMatrix(matrix.astype(np.float32), feature_names=booster.feature_names, nthread=1)
    leaves = booster.predict(rows, pred_leaf=True).astype(np.int64)
    assert np.array_equal(leaves, tree_leaves(step, matrix))
    margin = booster.predict(rows, output_margin=True)
    assert margin.dtype == np.float32
    theirs = probability_of(model, step["output"], margin.astype(np.float64))
    ours = values[model["outputs"]["probability"]]
    assert np.abs(theirs - ours).max() <= OF_FLOAT32


def probability_of(model: dict[str, Any], name: str, scores: np.ndarray) -> np.ndarray:
    """The published probability of values of `name`, by the steps of the model that lead from it."""
    made = {one["output"]: one for one in model["steps"] if "output" in one}
    steps: list[dict[str, Any]] = []
    wanted = model["outputs"]["probability"]
    while wanted != name:
        steps.insert(0, made[wanted])
        wanted = made[wanted]["input"]
    given = {"name": name, "type": "number", "description": "", "specials": []}
    same = {"id": "same", "type": "derive", "output": "score", "value_type": "number", "expression": {"ref": name}}
    outputs = {key: model["outputs"][key] for key in ("probability", "probability_name")} | {"linear_score": "score"}
    tail = {**model, "inputs": [given], "steps": [{**same, "description": ""}, *steps], "outputs": outputs}
    return compile_model(tail).score(pd.DataFrame({name: scores}))["probability"].to_numpy()
