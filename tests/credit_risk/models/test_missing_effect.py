"""Missing values and special codes against ordinary ones: trees averaged exactly, against every value put in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.models.assemble import Identity, InputColumn, document
from credit_risk.models.boosting import fit_boosting
from credit_risk.models.missing_effect import missing_frame, ordinary_of, ordinary_values, sums
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.models.tree_features import tree_features
from credit_risk.scoring import compile_model
from credit_risk.scoring.steps import evaluate_trees

SPEC = MonotoneBoostingSpec(id="b", type="monotone_boosting", trees=15, depth=3, min_child_weight=1.0)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_average_over_ordinary_values_is_that_of_every_value_put_in(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 120
    x = rng.integers(0, 9, (n, 3)).astype(float)
    x[rng.random((n, 3)) < 0.2] = np.nan
    y = (rng.random(n) < 0.3 + 0.05 * np.nan_to_num(x[:, 0])).astype(float)
    y[:2] = 0, 1
    fit = fit_boosting(pd.DataFrame(x), y, [0, 1, 0], SPEC)
    step = {**fit.step(), "base_margin": 0.0}
    present = ~np.isnan(x[:, 1])
    weights = rng.random(n) + 0.1 if weighted else np.ones(n)
    known = ordinary_values(x[present, 1], weights[present], 1)
    found = sums(fit.trees, x, known)
    brute = np.zeros(n)
    for value, weight in zip(x[present, 1], weights[present], strict=True):
        put = x.copy()
        put[:, 1] = value
        brute += weight * evaluate_trees(step, put)
    np.testing.assert_allclose(found, brute / weights[present].sum(), atol=1e-12)
    np.testing.assert_allclose(sums(fit.trees, x), evaluate_trees(step, x), atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_features_of_one_characteristic_are_averaged_over_together(weighted: bool) -> None:
    rng = np.random.default_rng(5)
    n, level = 400, rng.integers(0, 6, 400)
    x = np.column_stack([level // 2, level == 1, level == 4, rng.normal(size=n)]).astype(float)
    y = (rng.random(n) < 0.2 + 0.1 * np.array([0, 5, 1, 2, 6, 3])[level]).astype(float)
    fit = fit_boosting(pd.DataFrame(x), y, [0, 0, 0, 1], SPEC)
    step = {**fit.step(), "base_margin": 0.0}
    weights = rng.random(n) + 0.1 if weighted else np.ones(n)
    known = ordinary_of(x[:, :3], weights, [0, 1, 2])
    brute = np.zeros(n)
    for value, weight in zip(x[:, :3], weights, strict=True):
        put = x.copy()
        put[:, :3] = value
        brute += weight * evaluate_trees(step, put)
    np.testing.assert_allclose(sums(fit.trees, x, known), brute / weights.sum(), atol=1e-12)


@pytest.fixture(scope="module")
def told() -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    n = 2600
    x, z = rng.normal(size=(2, n)).round(2)
    kind = rng.choice(3, n, p=[0.7, 0.15, 0.15])
    risk = x + np.select([kind == 1, kind == 2], [1.5, -2.0], 0.0) - 0.5
    y = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(float)
    home = np.where(rng.random(n) < 0.4 + 0.2 * y, "rent", "own").astype(object)
    home[rng.random(n) < 0.1] = None
    frame = pd.DataFrame({"x": np.select([kind == 1, kind == 2], [np.nan, -9.0], x), "z": z, "home": home})
    weights = rng.integers(1, 3, n).astype(float)
    tables = class_frame(frame, y, settings=ClassingSpec(), weights=weights, specials={"x": [-9.0]})
    steps, features = tree_features(tables, {})
    inputs = [InputColumn(name, "string" if name == "home" else "number", {}, "") for name in frame]
    made = compile_model(document(Identity("m", "m", "1", "", ""), "monotone_boosting", inputs, steps, {}))
    matrix = pd.DataFrame({f.name: np.asarray(made.values(frame)[f.name], float) for f in features})
    fit = fit_boosting(matrix, y, [f.direction for f in features], SPEC, weights=weights)
    table = missing_frame(fit.trees, np.full(n, fit.base_margin), features, matrix, frame, tables, y, weights)
    model = document(Identity("m", "m", "1", "", ""), "monotone_boosting", inputs, [*steps, fit.step("m")], {})

    def margins(given: pd.DataFrame) -> np.ndarray:
        return compile_model(model).values(given)["m"]

    return table.set_index(["characteristic", "state"]), frame, margins, weights


@pytest.mark.parametrize("state", [("x", "missing"), ("x", "special -9"), ("home", "missing")])
def test_rows_in_a_state_against_the_same_rows_with_ordinary_values(told, state: tuple[str, str]) -> None:
    table, frame, margins, weights = told
    row, (name, kind) = table.loc[state], state
    inside = (frame[name] == -9) if kind != "missing" else frame[name].isna()
    ordinary = ~(frame[name].isna() | (frame[name] == -9))
    assert row["rows"] == row["rows_in_state"] == inside.sum()
    w = weights[inside]
    as_is = margins(frame)[inside]
    assert row["margin"] == pytest.approx(np.average(as_is, weights=w), abs=1e-12)
    usual = np.zeros(inside.sum())
    shares = pd.Series(weights[ordinary]).groupby(frame.loc[ordinary, name].to_numpy()).sum()
    for value, share in (shares / shares.sum()).items():
        usual += share * margins(frame[inside].assign(**{name: value}))
    assert row["margin_ordinary"] == pytest.approx(np.average(usual, weights=w), abs=1e-10)
    assert row["difference"] == pytest.approx(np.average(as_is - usual, weights=w), abs=1e-10)
    assert row["share_higher"] == pytest.approx(np.average(as_is > usual + 1e-12, weights=w))
    assert row["verdict"] == ("riskier" if row["difference"] > 0 else "safer")


def test_the_known_effects_are_found(told) -> None:
    table = told[0]
    assert table.loc[("x", "missing"), "difference"] > 0.3
    assert table.loc[("x", "special -9"), "difference"] < -0.3


def test_a_state_that_was_never_seen_is_looked_at_on_rows_that_might_be_in_it(told) -> None:
    table, frame, margins, weights = told
    row = table.loc[("z", "missing")]
    assert (row["rows_in_state"], row["rows"]) == (0, 2000)
    chosen = np.unique(np.linspace(0, len(frame) - 1, 2000).astype(int))
    lacking = margins(frame.assign(z=np.nan))[chosen]
    assert row["margin"] == pytest.approx(np.average(lacking, weights=weights[chosen]), abs=1e-12)
    assert np.isnan(row["bad_rate"])
