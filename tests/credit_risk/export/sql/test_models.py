"""Models as SQL in DuckDB, SQLite and PostgreSQL: same path, same numbers to the last digits, same reasons."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.export.parity.rows import threshold_rows
from credit_risk.export.program import program_of
from credit_risk.package import read_package
from tests.credit_risk.export.sql.parity import ENGINES, HASH, assert_parity
from tests.credit_risk.scoring.strategies import rows as drawn_rows
from tests.credit_risk.scoring.strategies import scorecards
from tests.credit_risk.scoring.test_model import table

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
PACKAGES = sorted(folder.name for folder in CORPUS.iterdir())
SCALING = {"points_to_double_odds": 20.0, "base_score": 600.0, "base_odds": 50.0, "factor": 28.85, "offset": 487.1}
pytestmark = pytest.mark.usefixtures("postgres")


def _rows(name: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """A model of the corpus; its verification rows with the neighbours of every threshold."""
    package = read_package(CORPUS / name)
    cases = package.verification()
    frame = pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in package.model["inputs"]})
    near = threshold_rows(program_of(package.model, HASH), frame)
    return dict(package.model), pd.concat([frame, near], ignore_index=True) if len(near) else frame


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PACKAGES)
def test_corpus(engine: str, name: str) -> None:
    assert_parity(*_rows(name), engine)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_scorecard(engine: str, data: st.DataObject) -> None:
    model = data.draw(scorecards())
    assert_parity(model, table(model, data.draw(drawn_rows(model))), engine)


def _grade(name: str, lower: float | None, upper: float | None) -> dict[str, Any]:
    return {"grade": name, "lower": lower, "upper": upper, "probability": None}


def grown(trees: int, depth: int, features: int, seed: int) -> dict[str, Any]:
    """A model of full random trees, thresholds among few values, with points and grades."""
    rng = np.random.default_rng(seed)
    inner, size = 2**depth - 1, 2 ** (depth + 1) - 1
    made = []
    for _ in range(trees):
        leaf = [node >= inner for node in range(size)]
        made.append(
            {
                "feature": [-1 if end else int(rng.integers(features)) for end in leaf],
                "threshold": [None if end else float(rng.choice([-1.5, -0.1, 0.0, 0.3, 1e-310, 2.0])) for end in leaf],
                "left": [-1 if end else 2 * node + 1 for node, end in enumerate(leaf)],
                "right": [-1 if end else 2 * node + 2 for node, end in enumerate(leaf)],
                "default_left": [bool(rng.integers(2)) for _ in leaf],
                "value": [float(rng.normal(0, 0.1)) if end else 0.0 for end in leaf],
            }
        )
    names = [f"f{k}" for k in range(features)]
    steps: list[dict[str, Any]] = [
        {"id": "trees", "type": "trees", "features": names, "base_margin": -1.2345678901234567, "offset": None}
        | {"trees": made, "output": "margin"},
        {"id": "p", "type": "link", "function": "logit", "input": "margin", "output": "p"},
        {"id": "s", "type": "scale", "form": "linear", "input": "margin", "factor": 28.85, "offset": 487.1}
        | {"rounding": "half_away_from_zero", "output": "points", "scaling": SCALING},
        {"id": "g", "type": "grade", "input": "points", "output": "grade"}
        | {"grades": [_grade("C", None, 500.0), _grade("A'\"", 500.0, None)]},
    ]
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "grown", "name": "Grown", "version": "1", "type": "boosting"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": [{"name": name, "type": "number", "specials": [], "description": ""} for name in names],
        "steps": steps,
        "outputs": {"linear_score": "margin", "probability": "p", "score": "points", "grade": "grade"},
    }


def _boundaries(model: dict[str, Any]) -> pd.DataFrame:
    """Missing, every threshold and its neighbours as doubles and as single-precision numbers, in every mixture."""
    numbers: list[float] = [math.nan]
    for cut in (-1.5, -0.1, 0.0, 0.3, 1e-310, 2.0):
        single = np.float32(cut)
        numbers += [cut, math.nextafter(cut, -math.inf), math.nextafter(cut, math.inf)]
        near = (np.nextafter(single, np.float32(end)) for end in (-9, 9))
        numbers += [float(one) for one in (single, *near)]
    rng = np.random.default_rng(1)
    return pd.DataFrame({item["name"]: rng.choice(numbers, 400) for item in model["inputs"]})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("trees", "depth"), [(120, 3), (3, 11)])
def test_trees_on_their_boundaries(engine: str, trees: int, depth: int) -> None:
    model = grown(trees, depth, 5, 3)
    assert_parity(model, _boundaries(model), engine)


def _with_bins(count: int) -> dict[str, Any]:
    model = copy.deepcopy(dict(read_package(CORPUS / "scorecard").model))
    edges = [None, *(k / 7 for k in range(count - 2)), None]
    bins: list[dict[str, Any]] = [
        {"id": k, "kind": "interval", "lower": edges[k], "upper": edges[k + 1], "label": f"bin {k}", "woe": k / 3}
        for k in range(count - 1)
    ]
    bins.append({"id": count - 1, "kind": "missing", "label": "missing", "woe": 0.125})
    step = {"id": "c", "type": "classing", "input": "x", "kind": "numeric", "bins": bins}
    scale = {"id": "s", "type": "scale", "form": "points", "base_points": 500.0, "rounding": "none"}
    part = {"characteristic": "x", "input": "b", "points": [k % 97 / 10 for k in range(count)], "output": "of x"}
    return {
        **model,
        "inputs": [{"name": "x", "type": "number", "specials": [], "description": ""}],
        "steps": [
            {**step, "output_bin": "b", "output_woe": "w"},
            {"id": "l", "type": "linear", "intercept": 0.1, "offset": None, "output": "z"}
            | {"terms": [{"input": "w", "coefficient": -0.001}]},
            {**scale, "characteristics": [part], "output": "points", "scaling": SCALING},
        ],
        "outputs": {"linear_score": "z", "score": "points"},
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_five_thousand_bins(engine: str) -> None:
    model = _with_bins(5000)
    edges = [k / 7 for k in range(4998)]
    x = [math.nan, -1e300, 1e300, *edges, *(math.nextafter(one, -math.inf) for one in edges)]
    assert_parity(model, pd.DataFrame({"x": x}), engine)


def _probit(scale: float) -> dict[str, Any]:
    model = _with_bins(3)
    double = {"op": "multiply", "args": [{"ref": "x"}, {"const": scale}]}
    derive = {"id": "d", "type": "derive", "output": "d", "value_type": "number", "expression": double}
    return {
        **model,
        "steps": [
            {**derive, "description": ""},
            {"id": "p", "type": "link", "function": "probit", "input": "d", "output": "p"},
        ],
        "outputs": {"linear_score": "d", "probability": "p"},
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_normal_distribution(engine: str) -> None:
    x = [math.nan, 0.0, 1e-300, 5e-324, *np.linspace(-45, 45, 901), 1e300, -1e300]
    assert_parity(_probit(1.0), pd.DataFrame({"x": x}), engine, 1e-14)


@pytest.mark.parametrize("engine", ENGINES)
def test_overflow_is_an_error_and_underflow_is_zero(engine: str) -> None:
    x = [1e308, 1.7976931348623157e308, -1e308, 5e-324, -5e-324, 1e-310, 0.0, 1.0, 8.98846567431158e307]
    for scale in (3.0, 0.25, 2.0, 1e-300, 1e300, -1.0, 0.0):
        assert_parity(_probit(scale), pd.DataFrame({"x": x}), engine)
