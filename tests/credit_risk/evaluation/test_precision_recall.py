"""Precision, recall and average precision against scikit-learn and numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import at_cut_off, average_precision, precision_recall_curve
from credit_risk.evaluation.precision_recall import precision_recall_table
from tests.credit_risk.evaluation.made_rows import derivative_error, made_weights, tied_rows


@pytest.mark.parametrize("weights", [None, made_weights()], ids=["plain", "weighted"])
def test_scikit_learn(weights: np.ndarray | None) -> None:
    y, risk = tied_rows()
    found = precision_recall_curve(y, risk, weights)
    precision, recall, threshold = metrics.precision_recall_curve(y, risk, sample_weight=weights)
    np.testing.assert_allclose(found.precision[::-1], precision[:-1], atol=1e-12)
    np.testing.assert_allclose(found.recall[::-1], recall[:-1], atol=1e-12)
    np.testing.assert_array_equal(found.threshold[::-1], threshold)
    expected = metrics.average_precision_score(y, risk, sample_weight=weights)
    assert average_precision(y, risk, weights).value == pytest.approx(expected, abs=1e-12)
    rejected, missed, cuts = metrics.det_curve(y, risk, sample_weight=weights)
    for x, height, cut in zip(rejected, missed, cuts, strict=True):
        found_at = at_cut_off(y, -risk, np.nextafter(-cut, np.inf), weights)  # risk >= cut is called bad
        assert found_at.false_positive_rate.value == pytest.approx(x, abs=1e-12)
        assert 1 - found_at.recall.value == pytest.approx(height, abs=1e-12)


def test_error_is_that_of_numerical_derivatives() -> None:
    y, risk = tied_rows()
    w, clusters = made_weights(), np.arange(400) // 4
    for codes, count in ((None, 400), (clusters, 100)):
        found = average_precision(y, risk, w, codes)
        expected = derivative_error(lambda one: average_precision(y, risk, one).value, w, codes)
        assert found.standard_error == pytest.approx(expected * np.sqrt(count / (count - 1)), rel=1e-6)
        assert 0 < found.lower < found.value < found.upper < 1


def test_ends() -> None:
    y, risk = tied_rows()
    assert average_precision(y, np.ones(400)).value == pytest.approx(106 / 400, abs=1e-15)
    assert average_precision(y, y).value == 1.0
    with pytest.raises(CreditRiskError, match="one class"):
        average_precision(np.ones(400), risk)


def test_table_keeps_points_of_the_curve() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(5000) < 0.1).astype(float)
    frame = precision_recall_table({"a": (y, rng.normal(size=5000) + y)}, 100)
    full = precision_recall_curve(y, rng.normal(size=5000))
    assert len(full.recall) == 5000
    assert 90 <= len(frame) <= 102
    assert frame["recall"].iloc[-1] == 1.0
    assert frame.attrs["notes"][0].startswith("a: ")
