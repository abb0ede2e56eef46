"""Partial AUC against pROC, scikit-learn, DeLong and numerical derivatives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import delong_difference, delong_interval, partial_auc, partial_auc_of_accepts
from credit_risk.evaluation.clustered import clustered_auc_interval
from tests.credit_risk.evaluation.made_rows import derivative_error, made_weights, tied_rows

REFERENCE = json.loads((Path(__file__).parents[2] / "reference/discrimination/discrimination.json").read_text("utf-8"))


def test_proc() -> None:
    y, risk = tied_rows()
    assert risk.sum() == pytest.approx(REFERENCE["sum_of_risk"], rel=1e-12)
    assert y.sum() == REFERENCE["bads"]
    whole = delong_interval(y, risk)
    assert whole.auc == pytest.approx(REFERENCE["auc"], abs=1e-14)
    assert whole.standard_error**2 == pytest.approx(REFERENCE["delong_variance"], rel=1e-11)
    k = np.arange(1, 401)
    other = np.round(np.cos(k * 0.11) + y * 0.7 + ((k * 13) % 23) / 10, 1)
    assert delong_difference(y, risk, other).p_value == pytest.approx(REFERENCE["difference_p_value"], rel=1e-10)
    for (least, most), area, index in zip(
        REFERENCE["ranges"], REFERENCE["partial"], REFERENCE["standardised"], strict=True
    ):
        found = partial_auc(y, risk, least, most)
        assert found.area == pytest.approx(area, abs=1e-12)
        assert found.standardised.value == pytest.approx(index, abs=1e-12)


@pytest.mark.parametrize("most", [0.05, 0.2, 0.5, 1.0])
def test_scikit_learn_standardises_alike(most: float) -> None:
    y, risk = tied_rows()
    w = made_weights()
    found = partial_auc(y, risk, 0.0, most).standardised.value
    assert found == pytest.approx(roc_auc_score(y, risk, max_fpr=most), abs=1e-12)
    found = partial_auc(y, risk, 0.0, most, w).standardised.value
    assert found == pytest.approx(roc_auc_score(y, risk, sample_weight=w, max_fpr=most), abs=1e-12)


def test_the_whole_range_is_delong() -> None:
    y, risk = tied_rows()
    clusters = np.arange(400) // 3
    for w in (None, made_weights()):
        whole, found = delong_interval(y, risk, w), partial_auc(y, risk, weights=w)
        assert found.standard_error == pytest.approx(whole.standard_error, rel=1e-12)
        assert found.standardised.lower == pytest.approx(whole.lower, rel=1e-12)
        of_clusters = clustered_auc_interval(y, risk, clusters, w)
        found = partial_auc(y, risk, weights=w, clusters=clusters)
        assert found.standard_error == pytest.approx(of_clusters.standard_error, rel=1e-12)


@pytest.mark.parametrize(("least", "most"), [(0.0, 0.2), (0.13, 0.61), (0.4, 1.0)])
def test_error_is_that_of_numerical_derivatives(least: float, most: float) -> None:
    y, risk = tied_rows()
    w = made_weights()
    found = partial_auc(y, risk, least, most, w)
    expected = derivative_error(lambda one: partial_auc(y, risk, least, most, one).area, w)
    assert found.standard_error == pytest.approx(expected, rel=0.006)  # k/(k − 1) of each class lies between


def test_accepts_are_the_range_above_the_cut_off() -> None:
    y, risk = tied_rows()
    found = partial_auc_of_accepts(y, risk, 1.0)
    assert found.least == pytest.approx(np.mean(risk[y == 0] > 1.0))
    assert found == partial_auc(y, risk, found.least, 1.0)
    with pytest.raises(CreditRiskError, match="no good is accepted"):
        partial_auc_of_accepts(y, risk, -99.0)


def test_bad_input() -> None:
    y, risk = tied_rows()
    for least, most in ((0.5, 0.5), (-0.1, 0.5), (0.2, 1.5), (float("nan"), 1.0)):
        with pytest.raises(CreditRiskError, match="not a range"):
            partial_auc(y, risk, least, most)
    with pytest.raises(CreditRiskError, match="one class"):
        partial_auc(np.zeros(400), risk)
    with pytest.raises(CreditRiskError, match="zero or negative"):
        partial_auc(y, risk, weights=np.zeros(400))
    assert partial_auc(y, np.ones(400), 0.1, 0.4).standardised.value == pytest.approx(0.5, abs=1e-15)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.6), st.floats(0.05, 0.4))
def test_parts_add_up_and_only_the_order_counts(seed: int, least: float, width: float) -> None:
    rng = np.random.default_rng(seed)
    y, risk = np.append([0.0, 1.0], rng.integers(0, 2, 60)), np.round(rng.normal(size=62), 1)
    most = least + width
    parts = [partial_auc(y, risk, a, b).area for a, b in ((0.0, least), (least, most), (most, 1.0)) if b > a]
    assert sum(parts) == pytest.approx(partial_auc(y, risk).area, abs=1e-12)
    assert partial_auc(y, np.exp(risk), least, most).area == partial_auc(y, risk, least, most).area
    times = rng.integers(1, 4, 62)
    repeated = partial_auc(np.repeat(y, times), np.repeat(risk, times), least, most).area
    assert partial_auc(y, risk, least, most, times).area == pytest.approx(repeated, abs=1e-12)


def test_a_corner_at_the_end_of_the_range_is_the_limit_from_beyond() -> None:
    """Bads that tie with no good at the rate where the range ends: their rise counts for the goods before it too."""
    y = np.array([1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1], float)
    risk = np.arange(12, 0, -1.0)
    for most in (2 / 6, 4 / 6):
        at, beyond = partial_auc(y, risk, 0.0, most), partial_auc(y, risk, 0.0, most + 1e-9)
        assert at.standard_error == pytest.approx(beyond.standard_error, rel=1e-7)
    nearly = partial_auc(y, risk, 0.0, 2 / 6 + 1e-16)
    assert nearly.standard_error == partial_auc(y, risk, 0.0, 2 / 6).standard_error


def test_the_whole_range_has_delongs_error_where_the_safest_row_is_a_bad() -> None:
    y = np.array([1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1], float)
    risk = np.arange(12, 0, -1.0)
    bad, good = risk[y == 1], risk[y == 0]
    wins = (bad[:, None] > good[None, :]).astype(float)
    variance = np.var(wins.mean(axis=1), ddof=1) / len(bad) + np.var(wins.mean(axis=0), ddof=1) / len(good)
    assert partial_auc(y, risk).standard_error == pytest.approx(np.sqrt(variance), rel=1e-12)
