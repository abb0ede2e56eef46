"""Measures at cut-offs counted by hand and by scikit-learn; CAP, gains and lift; the test against an initial AUC."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import (
    ScoredSample,
    accept_rate_cut_off,
    at_cut_off,
    auc,
    cap_curve,
    delong_interval,
    gains_table,
    initial_auc_test,
    wilson_interval,
)
from credit_risk.evaluation.cut_offs import NO_CUT_OFF, cut_off_table
from credit_risk.evaluation.initial_auc import initial_auc_table
from credit_risk.evaluation.lift import cap_table
from credit_risk.evaluation.ranking_measures import measure_table
from tests.credit_risk.evaluation.made_rows import derivative_error, made_weights, tied_rows


@pytest.mark.parametrize("weights", [None, made_weights()], ids=["plain", "weighted"])
def test_scikit_learn(weights: np.ndarray | None) -> None:
    y, risk = tied_rows()
    found = at_cut_off(y, -risk, -1.0, weights)
    called = (risk > 1.0).astype(float)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        y, called, average="binary", sample_weight=weights
    )
    assert found.precision.value == pytest.approx(precision, abs=1e-12)
    assert found.recall.value == pytest.approx(recall, abs=1e-12)
    assert found.f1.value == pytest.approx(f1, abs=1e-12)
    w = np.ones(400) if weights is None else weights
    assert found.accept_rate.value == pytest.approx(np.average(called == 0, weights=w), abs=1e-12)
    assert found.accepted_bad_rate.value == pytest.approx(np.average(y[called == 0], weights=w[called == 0]), abs=1e-12)
    assert found.lift.value == pytest.approx(precision / np.average(y, weights=w), abs=1e-12)


def test_intervals() -> None:
    y, risk = tied_rows()
    found = at_cut_off(y, -risk, -1.0)
    bads, called = int((y * (risk > 1.0)).sum()), int((risk > 1.0).sum())
    lower, upper = wilson_interval([bads], [called])
    assert (found.precision.lower, found.precision.upper) == (lower[0], upper[0])
    w, clusters = made_weights(), np.arange(400) // 4
    z = stats.norm.ppf(0.975)
    for codes, count in ((None, 400), (clusters, 100)):
        found = at_cut_off(y, -risk, -1.0, w, codes)
        error = derivative_error(lambda one: at_cut_off(y, -risk, -1.0, one).f1.value, w, codes)
        reach = z * error * np.sqrt(count / (count - 1)) / (found.f1.value * (1 - found.f1.value))
        logits = np.log([found.f1.lower / (1 - found.f1.lower), found.f1.upper / (1 - found.f1.upper)])
        assert np.diff(logits)[0] / 2 == pytest.approx(reach, rel=1e-6)
        error = derivative_error(lambda one: np.log(at_cut_off(y, -risk, -1.0, one).lift.value), w, codes)
        reach = z * error * np.sqrt(count / (count - 1))
        assert np.log(found.lift.upper / found.lift.value) == pytest.approx(reach, rel=1e-6)


def test_a_cluster_of_copies_counts_once() -> None:
    y, risk = tied_rows()
    alone = at_cut_off(y, -risk, -1.0)
    copies = at_cut_off(np.repeat(y, 3), -np.repeat(risk, 3), -1.0, clusters=np.repeat(np.arange(400), 3))
    for name in ("accept_rate", "precision", "recall", "false_positive_rate", "f1", "lift"):
        one, other = getattr(alone, name), getattr(copies, name)
        assert (one.value, one.lower, one.upper) == pytest.approx((other.value, other.lower, other.upper), rel=1e-9)


def test_ends_and_bad_input() -> None:
    y, risk = tied_rows()
    everybody, nobody = at_cut_off(y, -risk, -99.0), at_cut_off(y, -risk, 99.0)
    assert np.isnan(everybody.precision.value)
    assert everybody.recall.value == 0.0
    assert np.isnan(everybody.lift.value)
    assert np.isnan(nobody.accepted_bad_rate.value)
    assert nobody.lift.value == 1.0
    assert nobody.lift.lower == nobody.lift.upper == 1.0
    with pytest.raises(CreditRiskError, match="not a finite number"):
        at_cut_off(y, -risk, float("nan"))
    with pytest.raises(CreditRiskError, match="one class"):
        at_cut_off(np.ones(400), -risk, 0.0)
    assert accept_rate_cut_off([1.0, 2, 3, 4], 0.5) == 3.0
    assert accept_rate_cut_off([1.0, 2, 3, 4], 0.5, [1.0, 1, 1, 5]) == 4.0
    with pytest.raises(CreditRiskError, match="not a rate"):
        accept_rate_cut_off([1.0, 2.0], 0.0)


def _samples(bads: int = 106) -> dict[str, ScoredSample]:
    y, risk = tied_rows()
    y = np.where(np.cumsum(y) <= bads, y, 0.0)
    return {"development": ScoredSample(y, 600 - 20 * risk, np.full(400, 0.3), risk)}


def test_an_undeclared_cut_off_is_not_evaluable() -> None:
    frame = cut_off_table(_samples(), None)
    plan = frame[frame["basis"] == "plan"].iloc[0]
    assert plan["reading"] == NO_CUT_OFF
    assert (
        frame.loc[frame["basis"] == "plan"]
        .drop(columns=["sample", "basis", "rows", "bad", "reading"])
        .isna()
        .all()
        .all()
    )
    declared = cut_off_table(_samples(), 590.0)
    assert declared.iloc[0]["reading"] == "evaluated"
    share = declared.loc[declared["basis"] == "accept 50%", "accept_rate"].iloc[0]
    assert abs(share - 0.5) < 0.03
    measures = measure_table({"m": _samples()}, generator=np.random.default_rng(0))
    assert NO_CUT_OFF in set(measures["method"])


def test_small_samples_are_not_evaluable() -> None:
    small = _samples(12)
    frame = cut_off_table(small, 590.0)
    assert set(frame["reading"]) == {"not evaluable: fewer than 30 bads or goods"}
    assert frame["precision"].isna().all()
    measures = measure_table({"m": small}, generator=np.random.default_rng(0))
    assert measures["value"].isna().all()
    assert (measures["bad"] == 12).all()
    both = {"m": {**_samples(), "out_of_time": small["development"]}}
    assert initial_auc_table(both)["reading"].iloc[0] == "not evaluable: fewer than 30 bads or goods"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_accuracy_ratio_is_gini(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, risk = np.append([0.0, 1.0], rng.integers(0, 2, 60)), np.round(rng.normal(size=62), 1)
    w = rng.uniform(0.5, 2.0, 62)
    for weights in (None, w):
        curve = cap_curve(y, risk, weights)
        assert curve.accuracy_ratio == pytest.approx(2 * auc(y, risk, weights) - 1, abs=1e-12)
        frame = cap_table({"a": (y, risk)}, 500, None if weights is None else {"a": weights})
        heights = np.interp(frame["row_share"], curve.row_share, curve.bad_share)
        np.testing.assert_allclose(heights, frame["bad_share"], atol=1e-12)


def test_gains_by_hand() -> None:
    rng = np.random.default_rng(6)
    y = (rng.random(2000) < 0.15).astype(float)
    risk = rng.normal(size=2000) + y
    frame = gains_table(y, risk)
    order = np.argsort(-risk)
    parts = np.split(y[order], 10)
    np.testing.assert_allclose(frame["bad_rate"], [part.mean() for part in parts])
    np.testing.assert_allclose(frame["captured"], np.cumsum([part.sum() for part in parts]) / y.sum())
    np.testing.assert_allclose(frame["lift"], np.array([part.mean() for part in parts]) / y.mean())
    np.testing.assert_allclose(frame["cumulative_lift"], frame["captured"] / frame["row_share"])
    assert frame["rows"].tolist() == [200] * 10
    constant = gains_table(y, np.zeros(2000))
    assert (len(constant), constant["captured"].iloc[0], constant["lift"].iloc[0]) == (1, 1.0, 1.0)
    times = rng.integers(1, 4, 2000)
    weighted = gains_table(y, risk, times)
    repeated = gains_table(np.repeat(y, times), np.repeat(risk, times))
    pd.testing.assert_series_equal(weighted["captured"], repeated["captured"])


def test_initial_auc_by_hand() -> None:
    y, risk = tied_rows()
    now = delong_interval(y, risk)
    found = initial_auc_test(0.80, now)
    assert found.statistic == pytest.approx((0.80 - now.auc) / now.standard_error)
    assert found.p_value == pytest.approx(stats.norm.sf(found.statistic))
    assert initial_auc_test(now.auc, now).p_value == 0.5
    assert np.isnan(initial_auc_test(0.8, delong_interval(y, np.ones(400))).p_value)
    with pytest.raises(CreditRiskError, match="not an AUC"):
        initial_auc_test(1.2, now)
