"""Each bad input gives one clear error from every public function of rows: named, with what was found, all at once.

Values that cannot be are refused; samples that say nothing (one class, a constant score, ties everywhere) are refused
where a measure needs more, and are never an error of the interpreter, a warning or a silent infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import credit_risk as cr
from credit_risk import calibration, strategy
from credit_risk import evaluation as ev
from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import GradedSample, ScoredSample
from credit_risk.evaluation.isotonic import recalibrate, score_decomposition

N = 400
RNG = np.random.default_rng(0)
P = np.clip(RNG.beta(2, 8, N), 0.001, 0.999)
Y = (RNG.random(N) < P).astype(float)
RISK = np.round(40 * np.log(P / (1 - P)))
W = RNG.uniform(0.5, 2.0, N)
FIRST = np.arange(N) == 3
GROUPS = {"G": np.where(np.arange(N) % 3 == 0, "a", "b")}
Array = np.ndarray
Call = Callable[[Array, Array, Array | None], Any]


def weighted(name: str, w: Array | None) -> dict[str, Any] | None:
    return None if w is None else {name: w}


OF_PROBABILITIES: dict[str, Call] = {
    "brier_score": lambda y, p, w: ev.brier_score(y, p, w),
    "log_loss": lambda y, p, w: ev.log_loss(y, p, w),
    "recalibrate": lambda y, p, w: recalibrate(y, p, w),
    "score_decomposition": lambda y, p, w: score_decomposition(y, p, "brier", w),
    "calibration_errors": lambda y, p, w: ev.calibration_errors(y, p, w),
    "spiegelhalter": lambda y, p, w: ev.spiegelhalter(y, p, w),
    "hosmer_lemeshow": lambda y, p, w: ev.hosmer_lemeshow(y, p, fitted=False, weights=w),
    "calibration_slope": lambda y, p, w: ev.calibration_slope(y, p, weights=w),
    "calibration_intercept": lambda y, p, w: ev.calibration_intercept(y, p, weights=w),
    "correlated_spiegelhalter": lambda y, p, w: ev.correlated_spiegelhalter(y, p, 0.04, w),
    "correlated_hosmer_lemeshow": lambda y, p, w: ev.correlated_hosmer_lemeshow(y, p, 0.04, weights=w),
    "calibration_in_the_large": lambda y, p, w: ev.calibration_in_the_large(y, p, weights=w),
    "calibration_curve": lambda y, p, w: ev.calibration_curve({"a": (y, p)}, weights=weighted("a", w)),
    "calibration_table": lambda y, p, w: ev.calibration_table({"m": {"a": (y, p)}}, weights=weighted("a", w)),
    "ScoredSample": lambda y, p, w: ScoredSample(y, -p, p, weights=w),
    "GradedSample": lambda y, p, w: GradedSample(y, (np.nan_to_num(p) > 0.2).astype(int), p, w),
    "design_scale": lambda y, p, w: calibration.design_scale(p, y, None, w),
}
OF_RISKS: dict[str, Call] = {
    "auc": lambda y, x, w: ev.auc(y, x, w),
    "delong_interval": lambda y, x, w: ev.delong_interval(y, x, w),
    "delong_difference": lambda y, x, w: ev.delong_difference(y, x, x[::-1].copy(), w),
    "ks": lambda y, x, w: ev.ks(y, x, w),
    "average_precision": lambda y, x, w: ev.average_precision(y, x, w),
    "partial_auc": lambda y, x, w: ev.partial_auc(y, x, 0.0, 0.2, w),
    "h_measure": lambda y, x, w: ev.h_measure(y, x, weights=w),
    "roc_curve": lambda y, x, w: ev.roc_curve(y, x, w),
    "precision_recall_curve": lambda y, x, w: ev.precision_recall_curve(y, x, w),
    "cap_curve": lambda y, x, w: ev.cap_curve(y, x, w),
    "gains_table": lambda y, x, w: ev.gains_table(y, x, weights=w),
    "rank_association": lambda y, x, w: ev.rank_association(y, x, w),
    "auc_bootstrap": lambda y, x, w: ev.auc_bootstrap(
        y, x, weights=w, replicates=20, generator=np.random.default_rng(0)
    ),
    "at_cut_off": lambda y, x, w: ev.at_cut_off(y, -x, 60.0, w),
    "discrimination_table": lambda y, x, w: ev.discrimination_table({"m": {"a": (y, x)}}, weights=weighted("a", w)),
    "fit_map": lambda y, x, w: calibration.fit_map("logistic", x / 40, y, w),
    "choose_map": lambda y, x, w: calibration.choose_map(x / 40, y, w, methods=("logistic", "beta")),
    "applicants": lambda y, x, w: strategy.Applicants(-x, y, w),
    "subpopulation_table": lambda y, x, w: ev.subpopulation_table(
        {"development": ScoredSample(y, -x, np.full(len(x), 0.2), x, w)},
        {"G": {"development": GROUPS["G"][: len(x)]}},
        edges={},
    ),
}
EVERY = {**OF_PROBABILITIES, **OF_RISKS}
UNKNOWN_OUTCOMES = {"applicants"}  # a missing outcome is unknown there


def values_of(name: str) -> Array:
    return P if name in OF_PROBABILITIES else RISK


def refused(name: str, y: Array, x: Array, w: Array | None) -> list[str]:
    """Paths of the faults of one error; nothing else may be raised."""
    with pytest.raises(CreditRiskError) as caught:
        EVERY[name](y, x, w)
    faults = caught.value.faults
    assert all(fault.message and fault.path for fault in faults), name
    return [str(fault.path) for fault in faults]


@pytest.mark.parametrize("wrong", [1.2, -0.1, np.nan, np.inf])
@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_probabilities_outside_0_and_1_are_refused(name: str, wrong: float) -> None:
    assert any("prob" in path or path == "a" for path in refused(name, Y, np.where(FIRST, wrong, P), None))


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("name", EVERY)
def test_weights_that_are_not_positive_are_refused(name: str, wrong: float) -> None:
    assert any("weights" in path for path in refused(name, Y, values_of(name), np.where(FIRST, wrong, W)))


@pytest.mark.parametrize("name", EVERY)
def test_all_faults_are_told_at_once(name: str) -> None:
    paths = refused(name, np.where(FIRST, 2.0, Y), values_of(name), np.where(FIRST, -1.0, W))
    assert len(paths) >= 2, paths
    assert any("weights" in path for path in paths)


@pytest.mark.parametrize("name", sorted(set(EVERY) - UNKNOWN_OUTCOMES))
def test_outcomes_that_are_missing_are_refused(name: str) -> None:
    refused(name, np.where(FIRST, np.nan, Y), values_of(name), None)


@pytest.mark.parametrize("name", EVERY)
def test_no_rows_and_other_lengths_are_refused(name: str) -> None:
    refused(name, np.empty(0), np.empty(0), None)
    refused(name, Y[:-1], values_of(name), None)


@pytest.mark.parametrize("case", ["one class, good", "one class, bad", "constant", "two values"])
@pytest.mark.parametrize("name", EVERY)
def test_samples_that_say_nothing_are_refused_or_told_without_infinities(name: str, case: str) -> None:
    x, y = values_of(name), Y
    if case.startswith("one class"):
        y = np.zeros(N) if case.endswith("good") else np.ones(N)
    else:
        x = np.full(N, x[0]) if case == "constant" else np.where(x > np.median(x), x.max(), x.min())
    try:
        found = EVERY[name](y, x, None)
    except CreditRiskError:
        refused(name, y, x, None)
        return
    if isinstance(found, pd.DataFrame):
        numbers = found.select_dtypes("number").drop(columns="threshold", errors="ignore").to_numpy(float)
        assert not np.isinf(numbers).any()


@pytest.mark.parametrize("name", ["auc", "delong_interval", "ks", "roc_curve", "h_measure", "discrimination_table"])
def test_discrimination_of_one_class_is_refused(name: str) -> None:
    refused(name, np.zeros(N), RISK, None)
    refused(name, np.ones(N), RISK, None)


def test_a_constant_score_fits_no_map_and_has_no_slope() -> None:
    refused("fit_map", Y, np.full(N, RISK[0]), None)
    told = ev.calibration_slope(Y, np.full(N, P[0]))
    assert np.isnan(told.estimate)
    assert not told.converged


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1, 1.5, np.nan])
def test_target_rates_of_0_and_1_are_refused(target: float) -> None:
    with pytest.raises(CreditRiskError):
        cr.anchor_shift(RISK / 40, target)
    with pytest.raises(CreditRiskError):
        cr.match_quasi_moments(RISK / 40, target, 0.7)


def test_a_map_that_would_break_the_order_is_refused() -> None:
    """More bads where the score is safer: the slope would turn, and the order of the score with it."""
    with pytest.raises(CreditRiskError, match="order"):
        calibration.require_order(calibration.LogisticMap(-1.0, 0.0), RISK / 40)


def test_grades_that_cross_are_refused() -> None:
    with pytest.raises(CreditRiskError, match="cross"):
        calibration.given_scale([0.1, 0.3], P, source="given", probabilities=[0.05, 0.5, 0.4])
    with pytest.raises(CreditRiskError, match="not ascending"):
        calibration.given_scale([0.3, 0.1], P)
