"""The chosen map: folds by hand, worlds whose right map is known, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import brier_score_loss, log_loss
from xgboost import XGBClassifier

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import METHODS, choose_map, fit_map, stratified_folds
from tests.credit_risk.calibration.samples import sample


def test_folds_are_balanced_and_repeatable() -> None:
    _, y = sample(503, 1)
    place = stratified_folds(y, 5, 7)
    for code in (0.0, 1.0):
        counts = np.bincount(place[y == code], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert (place == stratified_folds(y, 5, 7)).all()
    assert (place != stratified_folds(y, 5, 8)).any()


@pytest.mark.parametrize("criterion", ["log_loss", "brier"])
def test_values_by_fold_are_those_of_scikit_learn(criterion: str) -> None:
    s, y = sample(900, 2)
    w = np.random.default_rng(3).uniform(0.5, 2.0, len(s))
    choice = choose_map(s, y, w, methods=["beta", "logistic"], criterion=criterion, folds=3, seed=4)  # type: ignore[arg-type]
    np.testing.assert_array_equal(choice.map.probability(s), fit_map(choice.method, s, y, w).map.probability(s))
    place = stratified_folds(y, 3, 4)
    measure = log_loss if criterion == "log_loss" else brier_score_loss
    by_hand = {}
    for method in ("logistic", "beta"):
        values = []
        for fold in range(3):
            out = place == fold
            p = fit_map(method, s[~out], y[~out], w[~out]).map.probability(s[out])
            values.append(measure(y[out], p, sample_weight=w[out]))
        by_hand[method] = np.array(values)
        mine = choice.by_fold.loc[choice.by_fold["method"] == method, "value"]
        np.testing.assert_allclose(mine, values, rtol=1e-12)
    share = np.bincount(place, w) / w.sum()
    means = choice.means.set_index("method")
    assert list(means.index) == ["logistic", "beta"]
    best = min(by_hand, key=lambda name: by_hand[name] @ share)
    for name, values in by_hand.items():
        assert means.loc[name, "mean"] == pytest.approx(values @ share)
        assert means.loc[name, "difference"] == pytest.approx((values - by_hand[best]) @ share, abs=1e-15)


def test_equal_shares_have_the_usual_standard_error() -> None:
    s, y = sample(1000, 5)
    y[:] = 0.0
    y[np.random.default_rng(1).permutation(1000)[:300]] = 1.0
    choice = choose_map(s, y, methods=["none"], folds=5)
    values = choice.by_fold["value"]
    assert choice.means["standard_error"][0] == pytest.approx(values.std(ddof=1) / np.sqrt(5))


@pytest.mark.parametrize(
    ("log_odds", "expected"),
    [
        (lambda s: s, "none"),
        (lambda s: 0.5 * s - 1.0, "logistic"),
        (lambda s: 0.2 * -np.logaddexp(0.0, -s) + 1.8 * np.logaddexp(0.0, s) - 1.0, "beta"),
    ],
    ids=["none", "logistic", "beta"],
)
def test_the_simplest_right_map_is_chosen(log_odds: object, expected: str) -> None:
    random = np.random.default_rng(6)
    s = random.normal(-0.5, 1.5, 12_000)
    y = (random.random(len(s)) < expit(log_odds(s))).astype(float)  # type: ignore[operator]
    assert choose_map(s, y, seed=1).method == expected


def test_a_step_in_the_truth_is_found_by_the_isotonic_maps() -> None:
    random = np.random.default_rng(7)
    s = random.normal(-0.5, 1.5, 12_000)
    y = (random.random(len(s)) < np.where(s < -0.5, 0.05, 0.4)).astype(float)
    assert choose_map(s, y).method in ("isotonic", "centred_isotonic", "venn_abers")


def test_without_the_rule_the_best_mean_is_chosen() -> None:
    s, y = sample(1500, 8)
    free = choose_map(s, y, one_standard_error=False)
    simple = choose_map(s, y)
    means = free.means.set_index("method")["mean"]
    assert free.method == means.idxmin()
    order = list(METHODS)
    assert order.index(simple.method) <= order.index(free.method)
    assert free.means["chosen"].sum() == 1


def test_miscalibration_orders_methods_as_brier_does() -> None:
    """Also a map that merges scores, which the recalibration of its own few values would favour."""
    s, y = sample(3000, 9)
    one, other = (
        choose_map(s, y, criterion=criterion, one_standard_error=False).means.set_index("method")["mean"]
        for criterion in ("miscalibration", "brier")
    )
    np.testing.assert_allclose(one - one.min(), other - other.min(), atol=1e-12)
    assert (one > 0.0).all()


def test_a_method_that_fails_in_a_fold_is_told_and_not_chosen() -> None:
    s = np.linspace(-4.0, 2.0, 60)
    y = (s > 0.5).astype(float)
    y[10] = 1.0  # the one bad among the goods: without its fold, the score separates
    choice = choose_map(s, y, methods=["none", "logistic"], folds=2, seed=0)
    means = choice.means.set_index("method")
    assert np.isnan(means.loc["logistic", "mean"])
    assert choice.method == "none"
    told = choice.by_fold["refused"].dropna().tolist()
    assert len(told) == 1
    assert "separates goods and bads" in told[0]
    with pytest.raises(CalibrationError, match=r"logistic: cannot be fitted in every fold(.|\n)*separates"):
        choose_map(s, y, methods=["logistic"], folds=2, seed=0)


def test_bad_choices_are_refused_together() -> None:
    s, y = sample(40, 10, intercept=1.0)
    with pytest.raises(CalibrationError, match=r"3 faults(.|\n)*platt(.|\n)*accuracy(.|\n)*folds"):
        choose_map(s, y, methods=["platt"], criterion="accuracy", folds=1)  # type: ignore[arg-type]
    with pytest.raises(CalibrationError, match="each once"):
        choose_map(s, y, methods=["logistic", "logistic"])


def test_platt_on_probabilities_is_not_platt_on_margins() -> None:
    """Overfit boosting: scikit-learn's sigmoid takes probabilities, as XGBClassifier has no decision_function.

    A straight line in the probability cannot narrow margins that are too wide; one in the margin can.
    """
    random = np.random.default_rng(1)
    x = random.normal(size=(9000, 6))
    y = (random.random(9000) < expit(-2.6 + x @ [0.9, 0.6, 0.4, 0.3, 0.0, 0.0])).astype(int)
    fit, calibrate, test = (slice(start, start + 3000) for start in (0, 3000, 6000))
    boosting = XGBClassifier(n_estimators=150, max_depth=6, learning_rate=0.3, n_jobs=1).fit(x[fit], y[fit])
    theirs = CalibratedClassifierCV(FrozenEstimator(boosting), method="sigmoid", cv=2).fit(x[calibrate], y[calibrate])

    def margin(rows: slice) -> np.ndarray:
        return boosting.predict(x[rows], output_margin=True).astype(float)

    def loss(method: str, before: Any = margin, **settings: bool) -> float:
        calibration = fit_map(method, before(calibrate), y[calibrate], **settings).map
        return log_loss(y[test], calibration.probability(before(test)))

    raw = log_loss(y[test], expit(margin(test)))
    on_probability = loss("logistic", lambda rows: boosting.predict_proba(x[rows])[:, 1].astype(float), smoothing=True)
    assert on_probability == pytest.approx(log_loss(y[test], theirs.predict_proba(x[test])[:, 1]), abs=1e-4)
    on_margin = loss("logistic")
    assert raw > on_probability + 0.1
    assert on_probability > on_margin + 0.005
    assert on_probability > max(loss(name) for name in ("beta", "isotonic", "centred_isotonic", "venn_abers"))
    assert loss("beta") == pytest.approx(on_margin, abs=0.001)
