"""The calibrator as a scikit-learn classifier: its contract, and that it is the maps of this room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

import credit_risk as cr
from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import anchor_map, choose_map, fit_map
from credit_risk.calibration.estimator import ProbabilityCalibrator
from tests.credit_risk.calibration.samples import sample

NOT_CLAIMED = ("check_array_api_input",)
ONE_COLUMN = "the classes of its data are not told apart by the one column that is the score"
TURNED = "the first column of its data ranks the classes the other way round, which is refused"
EXPECTED_FAILURES: dict[str, dict[str, str]] = {
    "intercept_shift": {"check_classifiers_train": ONE_COLUMN},
    "logistic": {
        "check_classifiers_train": ONE_COLUMN,
        **dict.fromkeys(
            (
                *("check_fit_score_takes_y", "check_estimators_overwrite_params", "check_estimators_fit_returns_self"),
                *("check_readonly_memmap_input", "check_n_features_in_after_fitting", "check_estimators_dtypes"),
                *("check_sample_weights_list", "check_supervised_y_2d", "check_fit_idempotent"),
                *("check_fit_check_is_fitted", "check_n_features_in"),
            ),
            TURNED,
        ),
    },
}


def contract_checks() -> Iterator[Any]:
    for one in (ProbabilityCalibrator("intercept_shift", column=0), ProbabilityCalibrator(column=0, smoothing=True)):
        for number, (estimator, check) in enumerate(estimator_checks_generator(one)):
            name = (check.func if isinstance(check, partial) else check).__name__
            if name not in NOT_CLAIMED:
                reason = EXPECTED_FAILURES[one.method].get(name)
                marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
                yield pytest.param(estimator, check, id=f"{one.method}-{number}-{name}", marks=marks)


@pytest.mark.parametrize(("estimator", "check"), list(contract_checks()))
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("module", ["credit_risk.calibration", "credit_risk.plan"])
def test_plans_are_read_without_scikit_learn(module: str) -> None:
    program = f"import sys; sys.modules['sklearn'] = None; import {module}"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_it_is_public() -> None:
    assert cr.ProbabilityCalibrator is ProbabilityCalibrator


@pytest.mark.parametrize("method", ["none", "logistic", "beta", "isotonic", "centred_isotonic", "venn_abers"])
def test_it_is_the_map_of_fit_map_and_anchor(method: str) -> None:
    s, y = sample(700, 1, digits=1)
    w = np.random.default_rng(2).uniform(0.5, 2.0, len(s))
    labels = np.where(y == 1.0, "bad", "a good")
    plain = ProbabilityCalibrator(method).fit(s[:, None], labels, w)
    fit = fit_map(method, s, y, w)
    assert plain.map_ == fit.map
    assert plain.classes_.tolist() == ["a good", "bad"]
    np.testing.assert_array_equal(plain.predict_proba(s[:, None])[:, 1], fit.map.probability(s))
    np.testing.assert_allclose(1.0 / (1.0 + np.exp(-plain.decision_function(s[:, None]))), fit.map.probability(s))
    assert plain.steps("a", "b") == fit.steps("a", "b")
    anchored = clone(plain).set_params(target=0.03).fit(s[:, None], labels, w)
    assert anchored.map_ == anchor_map(fit.map, s, 0.03, w).map
    assert np.average(anchored.predict_proba(s[:, None])[:, 1], weights=w) == pytest.approx(0.03)


def test_choosing() -> None:
    s, y = sample(1500, 3)
    calibrator = ProbabilityCalibrator("choose", folds=3, seed=1, criterion="brier").fit(s[:, None], y)
    choice = choose_map(s, y, folds=3, seed=1, criterion="brier")
    assert calibrator.fit_.method == choice.method
    pd.testing.assert_frame_equal(calibrator.choice_.means, choice.means)


def test_a_frame_of_several_columns_and_a_pipeline() -> None:
    s, y = sample(400, 4)
    frame = pd.DataFrame({"other": np.zeros(len(s)), "score": s})
    calibrator = ProbabilityCalibrator(column="score").fit(frame, y)
    out = make_pipeline(clone(calibrator).set_output(transform="pandas")).fit(frame, y).transform(frame)
    assert out.columns.tolist() == ["probability"]
    np.testing.assert_array_equal(out["probability"], calibrator.predict_proba(frame)[:, 1])
    with pytest.raises(ValueError, match="must be one column"):
        ProbabilityCalibrator().fit(frame, y)
    with pytest.raises(ValueError, match="no column 'points'; it has other, score"):
        ProbabilityCalibrator(column="points").fit(frame, y)


def test_rows_of_weight_0_are_left_out() -> None:
    s, y = sample(300, 5)
    w = np.ones(len(s))
    w[:50] = 0.0
    one, other = ProbabilityCalibrator().fit(s[:, None], y, w), ProbabilityCalibrator().fit(s[50:, None], y[50:])
    assert one.map_ == other.map_


def test_refusals_are_told_with_their_cause() -> None:
    s, y = sample(800, 6, slope=1.5, intercept=2.0)
    with pytest.raises(ValueError, match="break the order of the score") as refused:
        ProbabilityCalibrator().fit(-s[:, None], y)
    assert isinstance(refused.value.__cause__, CalibrationError)
    with pytest.raises(ValueError, match="target: not a rate"):
        ProbabilityCalibrator(target=1.0).fit(s[:, None], y)
    beta = ProbabilityCalibrator("beta").fit(s[:, None], y)
    with pytest.raises(ValueError, match="0 or 1 as a double"):
        beta.predict_proba([[50.0]])
