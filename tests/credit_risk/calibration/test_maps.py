"""Maps give what the package scores, and say what they do to the order of the score."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import (
    AnchoredMap,
    BetaMap,
    CalibrationMap,
    IdentityMap,
    InterceptShift,
    LogisticMap,
    PiecewiseLinearMap,
    StepMap,
    require_order,
)
from credit_risk.scoring import compile_model

SCHEMA = json.loads(Path("scorecards/format/model.schema.json").read_text("utf-8"))
PLAIN: dict[str, CalibrationMap] = {
    "none": IdentityMap(),
    "logistic": LogisticMap(0.7, -0.4),
    "intercept_shift": InterceptShift(-0.784),
    "beta": BetaMap(1.2, 0.8, 0.1),
    "piecewise_linear": PiecewiseLinearMap((-4.0, -1.5, 0.0), (0.002, 0.1, 0.3)),
    "piecewise_constant": StepMap((-3.0, -1.0), (0.01, 0.05, 0.4)),
}
MAPS = PLAIN | {f"anchored {name}": AnchoredMap(one, -0.25) for name, one in PLAIN.items()}


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def model_of(calibration: CalibrationMap) -> dict[str, Any]:
    linear = {
        "id": "linear_score",
        "type": "linear",
        "intercept": 0.0,
        "offset": None,
        "terms": [{"input": "s", "coefficient": 1.0}],
        "output": "linear_score",
    }
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "m", "name": "m", "version": "1", "type": "scorecard"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "probability of bad"},
        "inputs": [{"name": "s", "type": "number", "specials": [], "description": ""}],
        "steps": [linear, *calibration.steps("linear_score", "probability")],
        "outputs": {
            "linear_score": "linear_score",
            "probability": "probability",
            "probability_name": "probability of bad",
        },
    }


@pytest.mark.parametrize("name", MAPS)
def test_the_compiled_model_gives_the_same_doubles(name: str) -> None:
    model = model_of(MAPS[name])
    jsonschema.validate(model, SCHEMA)
    knots = [-4.0, -3.0, -1.5, -1.0, 0.0]
    near = [np.nextafter(x, side) for x in knots for side in (-9.0, 9.0)]
    scores = np.concatenate([np.linspace(-9.0, 6.0, 701), knots, near])
    scored = compile_model(model).score(pd.DataFrame({"s": scores}))["probability"].to_numpy()
    assert scored.tolist() == MAPS[name].probability(scores).tolist()


def test_maps_by_their_definitions() -> None:
    s = -1.25
    p = sigmoid(s)
    beta = sigmoid(1.2 * math.log(p) - 0.8 * math.log(1 - p) + 0.1)
    expected = {
        "none": p,
        "logistic": sigmoid(0.7 * s - 0.4),
        "intercept_shift": sigmoid(s - 0.784),
        "beta": beta,
        "piecewise_linear": 0.1 + 0.25 * (0.2 / 1.5),
        "piecewise_constant": 0.05,
    }
    for name, value in expected.items():
        assert PLAIN[name].probability([s])[0] == pytest.approx(value, rel=1e-14)
        assert MAPS[f"anchored {name}"].probability([s])[0] == pytest.approx(sigmoid(logit(value) - 0.25), rel=1e-13)


def test_steps_are_right_open() -> None:
    below = np.nextafter(-1.0, -2.0)
    assert PLAIN["piecewise_constant"].probability([below, -1.0]).tolist() == [0.05, 0.4]


def test_missing_stays_missing() -> None:
    for one in MAPS.values():
        assert np.isnan(one.probability([np.nan, 0.0])).tolist() == [True, False]


def test_beta_refuses_what_the_package_puts_in_error() -> None:
    with pytest.raises(CalibrationError, match=r"0 or 1 as a double.*\n.*1 of 2 rows \(first: 2\)"):
        PLAIN["beta"].probability([0.0, 40.0])
    assert compile_model(model_of(PLAIN["beta"])).rows_in_error(pd.DataFrame({"s": [0.0, 40.0]})).tolist() == [
        False,
        True,
    ]


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.lists(st.floats(-8.0, 8.0), min_size=2, max_size=30, unique=True))
def test_order_kept_is_what_the_values_do(a: float, b: float, scores: list[float]) -> None:
    ordered = np.sort(scores)
    for one in (LogisticMap(a, b), BetaMap(a, b, 0.1)):
        p = one.probability(ordered)
        if one.order_kept() != "broken":
            assert np.all(np.diff(p) >= -1e-15)
        elif isinstance(one, LogisticMap):
            assert np.all(np.diff(p) <= 0.0)
    assert (
        LogisticMap(abs(a) + 0.1, b).order_kept() == BetaMap(abs(a) + 0.1, 0.0, b).order_kept() == "strictly_increasing"
    )


def test_a_beta_map_with_a_negative_parameter_breaks_order_somewhere() -> None:
    one = BetaMap(-0.5, 1.0, 0.0)
    assert one.order_kept() == "broken"
    with pytest.raises(CalibrationError, match=r"would break the order(.|\n)*but [0-9.e-]+ at log-odds"):
        require_order(one, np.linspace(-6.0, 2.0, 50))


def test_what_a_map_merges_is_told() -> None:
    report = require_order(PLAIN["piecewise_constant"], [-5.0, -4.0, -3.0, -3.0, -2.0, 1.0])
    assert (report.order, report.distinct_scores, report.distinct_probabilities, report.merged) == (
        "non_decreasing",
        5,
        3,
        2,
    )
    assert require_order(PLAIN["logistic"], [-5.0, -4.0]).merged == 0
    with pytest.raises(CalibrationError, match=r"same probability(.|\n)*2 distinct scores, all of probability 0.01"):
        require_order(PLAIN["piecewise_constant"], [-5.0, -4.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogisticMap(math.nan, 0.0), "slope: not a finite number"),
        (lambda: InterceptShift(math.inf), "shift: not a finite number"),
        (lambda: StepMap((0.0, 0.0), (0.1, 0.2, 0.3)), "x does not increase strictly"),
        (lambda: StepMap((0.0,), (0.0, 0.2)), "probabilities out of range"),
        (lambda: StepMap((0.0,), (0.1,)), "one probability more than cuts"),
        (lambda: PiecewiseLinearMap((0.0, 1.0), (0.1, 1.0)), "probabilities out of range"),
        (lambda: PiecewiseLinearMap((0.0,), (0.1,)), "same length, 2 at least"),
        (lambda: IdentityMap().probability([math.inf]), "finite log-odds"),
        (lambda: IdentityMap().probability([[0.0]]), "not a vector"),
    ],
)
def test_bad_maps_are_refused(make: Any, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        make()


@given(
    st.lists(st.floats(0.001, 0.999), min_size=3, max_size=3, unique=True), st.floats(-5.0, 5.0), st.floats(0.01, 9.0)
)
def test_rounding_at_a_knot_breaks_no_order(levels: list[float], start: float, width: float) -> None:
    knots = (start, start + width / 3.0, start + width)
    one = PiecewiseLinearMap(knots, tuple(sorted(levels)))
    near = [np.nextafter(x, side) for x in knots for side in (-9.0, 99.0)]
    assert require_order(one, [*knots, *near]).order == "non_decreasing"


def test_a_falling_step_map_is_refused_with_numbers() -> None:
    one = StepMap((0.0, 1.0), (0.1, 0.4, 0.2))
    assert one.order_kept() == "broken"
    with pytest.raises(CalibrationError, match=r"0.4 at log-odds 0.5 but 0.2 at log-odds 2"):
        require_order(one, [-1.0, 0.5, 2.0])
