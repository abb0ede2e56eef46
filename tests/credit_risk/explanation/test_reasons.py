"""Reason codes against their definition, row by row; no principal reason is left out and none is invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.explanation.reasons import catalogue_frame, frequency_frame, reason_codes
from credit_risk.models.assemble import Identity, InputColumn, document, scorecard_steps
from credit_risk.scaling.points import PointsTable, Scaling, points_table
from credit_risk.scoring import compile_model
from credit_risk.selection.spec import SelectionSpec
from credit_risk.selection.waterfall import Screened, select_characteristics

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def fitted() -> tuple[pd.DataFrame, PointsTable, dict[str, np.ndarray], dict]:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({name: rng.normal(size=4000) for name in NAMES})
    y = (rng.random(4000) < 1 / (1 + np.exp(1.5 - frame["a"] - 0.7 * frame["b"] + 0.5 * frame["c"]))).astype(float)
    tables = class_frame(frame, y.to_numpy(), settings=ClassingSpec())
    woe = {name: tables[name].transform(frame[name].to_numpy()) for name in NAMES}

    candidates = {n: Screened(tables[n].information_value, 0.3, 0.5, 0.0) for n in NAMES}
    fit = select_characteristics(candidates, woe, y.to_numpy(), SelectionSpec(include=NAMES)).fit
    points = points_table(fit.intercept, {n: fit.coefficient(n) for n in fit.terms[1:]}, tables, Scaling(20, 600, 50))
    ids = {name: tables[name].assign(frame[name].to_numpy()) for name in NAMES}
    codes = reason_codes(
        points, ids, weights=np.ones(4000), maximum=2, rank_step=1e-6, texts={n: (n.upper(), "test") for n in NAMES}
    )
    steps = [*scorecard_steps(fit, tables, points, probability_from="unrounded"), codes.step()]
    outputs = {"linear_score": "linear_score", "probability": "probability", "score": "score", "reasons": "reasons"}
    inputs = [InputColumn(name, "number", {}, "") for name in NAMES]
    identity = Identity("m", "m", "1", "probability of bad", "y is bad")
    model = document(identity, "scorecard", inputs, steps, {**outputs, "grade": None})
    return frame, points, ids, {"codes": codes, "model": model}


def test_reasons_are_the_largest_shortfalls_against_the_reference(fitted: tuple) -> None:
    frame, points, ids, made = fitted
    scored = compile_model(made["model"]).score(frame)
    order = list(points.points)
    means = {n: points.points[n][ids[n]].mean() for n in order}
    for row in range(0, 4000, 7):
        shortfall = {n: means[n] - 1e-6 * (k + 1) - points.points[n][ids[n][row]] for k, n in enumerate(order)}
        expected = [n for n in sorted(order, key=lambda n: -shortfall[n]) if shortfall[n] > 0][:2]
        given = [scored.loc[row, f"reason_{k}"] for k in (1, 2)]
        assert [code for code in given if code is not None] == expected


def test_points_add_up_to_the_score_and_follow_the_linear_score(fitted: tuple) -> None:
    frame, points, ids, made = fitted
    scored = compile_model(made["model"]).score(frame)
    total = points.base_points + sum(points.points[n][ids[n]] for n in points.points)
    np.testing.assert_array_equal(scored["score"], total)
    exact = points.scaling.offset - points.scaling.factor * scored["linear_score"]
    assert np.max(np.abs(exact - scored["score"])) <= 0.5 * (len(points.points) + 1)


def test_catalogue_and_frequency_can_be_recounted(fitted: tuple) -> None:
    frame, points, _, made = fitted
    scored = compile_model(made["model"]).score(frame).filter(like="reason_")
    frequency = frequency_frame(made["codes"], {"development": scored}).set_index("reason_code")
    for name in points.points:
        assert frequency.loc[name, "first"] == (scored["reason_1"] == name).sum()
        assert frequency.loc[name, "any"] == sum(name in row for row in scored.to_numpy().tolist())
    catalogue = catalogue_frame(made["codes"], points).set_index("characteristic")
    assert (catalogue["baseline"] < catalogue["reference_points"]).all()
    assert (catalogue["reference_points"] <= catalogue["maximum_points"]).all()


def test_a_characteristic_whose_points_never_vary_is_never_a_reason() -> None:
    points = PointsTable(Scaling(20, 600, 50), 500.0, 500.0, {"flat": np.zeros(2)}, {"flat": np.zeros(2)})
    codes = reason_codes(
        points, {"flat": np.array([0, 1, 1])}, weights=np.ones(3), maximum=4, rank_step=1e-6, texts={"flat": ("f", "t")}
    )
    assert codes.reasons[0].baseline < 0
