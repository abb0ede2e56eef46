"""Margins of conservatism: the steps of a model give what the formulas say, and keep the order of probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk import CreditRiskError, ModelError, Plan
from credit_risk.calibration.long_run import Mean, cohort_mean
from credit_risk.calibration.margins import Margin, margin_of_error, margin_step, with_margin, with_margins
from credit_risk.scoring import steps

KINDS = st.sampled_from(["relative", "absolute", "log_odds"])


@settings(max_examples=80, deadline=None)
@given(KINDS, st.floats(0.0, 0.9), st.integers(0, 9999))
def test_steps_give_what_the_formula_says(kind: str, size: float, seed: int) -> None:
    p = np.sort(np.random.default_rng(seed).uniform(1e-6, 1 - 1e-6, 50))
    margin = Margin(kind, size)  # type: ignore[arg-type]
    expected = {
        "relative": np.minimum(p * (1 + size), 1.0),
        "absolute": np.minimum(p + size, 1.0),
        "log_odds": 1.0 / (1.0 + (1.0 - p) / p * np.exp(-size)),
    }[kind]
    np.testing.assert_allclose(with_margin(p, margin), expected, rtol=1e-12)
    np.testing.assert_allclose(steps.calibrate(margin_step(margin, "m", "p", "q"), p), expected, rtol=1e-12)
    assert np.all(with_margin(p, margin) >= p * (1 - 1e-15))
    assert np.all(np.diff(with_margin(p, margin)) >= 0)


def test_the_margin_of_error_reaches_the_upper_bound_of_the_average() -> None:
    rates = [0.02, 0.03, 0.05, 0.04, 0.025]
    mean = cohort_mean(rates, lags=0, confidence=0.8)
    assert mean.value * (1.0 + margin_of_error(mean, 0.9)) == pytest.approx(mean.upper, rel=1e-12)
    exact = stats.t(4, np.mean(rates), stats.sem(rates)).ppf(0.95)
    assert mean.value * (1.0 + margin_of_error(mean, 0.95)) == pytest.approx(exact, rel=1e-12)
    with pytest.raises(ModelError, match="the error of the long-run average is not known"):
        margin_of_error(Mean(0.02, float("nan"), float("nan"), float("nan"), 0, 0), 0.9)


def test_each_margin_is_a_step_and_the_best_estimate_stays() -> None:
    model = {"steps": [{"id": "probability", "output": "probability"}], "outputs": {"probability": "probability"}}
    margins = [("margin_1_A", Margin("relative", 0.1)), ("margin_2_C", Margin("log_odds", 0.2))]
    found = with_margins(model, margins, {"probability", "probability_with_margin"})
    assert [step["id"] for step in found["steps"]] == ["probability", "margin_1_A", "margin_2_C"]
    assert [step["input"] for step in found["steps"][1:]] == ["probability", "margin_1_A"]
    assert found["outputs"] == {"probability": "probability", "probability_with_margin": "probability_with_margin_"}
    assert with_margins(model, [], set()) == model
    with pytest.raises(CreditRiskError):
        with_margin([1.2], Margin("relative", 0.1))


BASE = {"model": {"id": "m"}, "data": {"source": "a.csv"}, "outcome": {"column": "B", "bad": 1}}
ENTRY = {
    "category": "A",
    "deficiency": "d",
    "size": 0.1,
    "quantified": "q",
    "owner": "o",
    "date": "2026-01-01",
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": None}, "needs its size"),
        ({"size": None, "confidence": 0.9}, "only a relative margin of category C"),
        ({"confidence": 0.9}, "not both"),
        ({"kind": "absolute", "size": 1.0}, "below 1"),
        ({"size": -0.1}, "greater than or equal to 0"),
        ({"category": "D"}, "'A', 'B' or 'C'"),
    ],
)
def test_margins_that_say_nothing_sound_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Plan.model_validate({**BASE, "margin_of_conservatism": [{**ENTRY, **change}]})
    Plan.model_validate({**BASE, "margin_of_conservatism": [ENTRY]})


def test_margins_are_of_probabilities() -> None:
    amount = {"column": "B", "type": "amount"}
    with pytest.raises(ValueError, match="margins are of probabilities"):
        Plan.model_validate({**BASE, "outcome": amount, "margin_of_conservatism": [ENTRY]})
