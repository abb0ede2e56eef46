"""AUC, DeLong and KS against brute force, other libraries, published numbers, invariants and simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.area_under_curve import CONSTANT, SCORE, TOO_FEW, placements
from credit_risk.evaluation.discrimination import (
    auc,
    comparison_table,
    delong_difference,
    delong_interval,
    discrimination_table,
    hanley_mcneil_standard_error,
    ks,
)
from credit_risk.evaluation.kolmogorov_smirnov import maximum_bias


def tied_sample(seed: int, rows: int = 400, rate: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < rate).astype(float)
    y[:2], y[2:4] = 1.0, 0.0
    return y, np.round(rng.normal(size=rows) + 0.8 * y, 1)


def pairs_auc(y: np.ndarray, risk: np.ndarray, w: np.ndarray | None = None) -> float:
    w = np.ones(len(y)) if w is None else w
    b, g = y == 1, y == 0
    diff = risk[b][:, None] - risk[g][None, :]
    psi = (diff > 0) + 0.5 * (diff == 0)
    return float((w[b][:, None] * w[g][None, :] * psi).sum() / w[b].sum() / w[g].sum())


outcomes_and_risks = st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(-5, 5)), min_size=4, max_size=40).filter(
    lambda rows: len({y for y, _ in rows}) == 2
)


@pytest.mark.parametrize("seed", range(5))
def test_auc_is_the_share_of_ordered_pairs(seed: int) -> None:
    y, risk = tied_sample(seed)
    w = np.random.default_rng(seed + 99).uniform(0.2, 3.0, len(y))
    assert auc(y, risk) == pytest.approx(pairs_auc(y, risk), abs=1e-15)
    assert auc(y, risk) == pytest.approx(roc_auc_score(y, risk), abs=1e-14)
    assert auc(y, risk, w) == pytest.approx(pairs_auc(y, risk, w), abs=1e-14)
    assert auc(y, risk, w) == pytest.approx(roc_auc_score(y, risk, sample_weight=w), abs=1e-13)


@given(outcomes_and_risks)
def test_auc_invariants(rows: list[tuple[int, int]]) -> None:
    y, risk = np.array(rows, dtype=float).T
    area = auc(y, risk)
    assert 0.0 <= area <= 1.0
    assert area + auc(y, -risk) == pytest.approx(1.0, abs=1e-15)
    assert auc(y, np.exp(risk) + 7.0) == area  # any increasing transformation
    assert auc(y[::-1], risk[::-1]) == area  # any order of rows
    assert auc(y, risk, np.full(len(y), 2.0)) == area
    assert delong_interval(y, risk).gini == 2.0 * area - 1.0


@given(outcomes_and_risks)
def test_whole_weights_are_repeated_rows(rows: list[tuple[int, int]]) -> None:
    y, risk = np.array(rows, dtype=float).T
    times = 1 + (np.arange(len(y)) % 3)
    again = np.repeat(y, times), np.repeat(risk, times)
    assert auc(y, risk, times) == pytest.approx(auc(*again), abs=1e-14)
    assert ks(y, risk, times).statistic == pytest.approx(ks(*again).statistic, abs=1e-14)


def structural_covariance(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """DeLong's covariance matrix written out from the definition, by the full matrix of pairs."""
    bad, good = y == 1, y == 0
    v10, v01 = [], []
    for risk in (a, b):
        diff = risk[bad][:, None] - risk[good][None, :]
        psi = (diff > 0) + 0.5 * (diff == 0)
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    return np.cov(v10) / bad.sum() + np.cov(v01) / good.sum()


@pytest.mark.parametrize("seed", range(4))
def test_delong_is_the_covariance_of_structural_components(seed: int) -> None:
    y, a = tied_sample(seed)
    b = a + np.round(np.random.default_rng(seed + 50).normal(size=len(y)), 1)
    cov = structural_covariance(y, a, b)
    assert delong_interval(y, a).standard_error == pytest.approx(math.sqrt(cov[0, 0]), rel=1e-12)
    found = delong_difference(y, a, b)
    error = math.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert found.standard_error == pytest.approx(error, rel=1e-10)
    assert found.difference == pytest.approx(pairs_auc(y, b) - pairs_auc(y, a), abs=1e-14)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.difference) / error), rel=1e-9)
    assert found.upper - found.lower == pytest.approx(2 * 1.959963984540054 * error, rel=1e-9)


def test_delong_agrees_with_a_bootstrap() -> None:
    y, risk = tied_sample(3, rows=1500)
    rng = np.random.default_rng(4)
    bads, goods = risk[y == 1], risk[y == 0]
    label = np.r_[np.ones(len(bads)), np.zeros(len(goods))]
    draws = [auc(label, np.r_[rng.choice(bads, len(bads)), rng.choice(goods, len(goods))]) for _ in range(800)]
    assert delong_interval(y, risk).standard_error == pytest.approx(np.std(draws), rel=0.08)


def test_weighted_delong_reduces_to_delong_and_agrees_with_a_bootstrap() -> None:
    y, risk = tied_sample(5, rows=1500)
    plain, scaled = delong_interval(y, risk), delong_interval(y, risk, np.full(len(y), 3.5))
    assert scaled.standard_error == pytest.approx(plain.standard_error, rel=1e-12)
    rng = np.random.default_rng(6)
    w = rng.exponential(size=len(y)) + 0.05
    draws = []
    for _ in range(600):
        rows = rng.integers(0, len(y), len(y))
        draws.append(auc(y[rows], risk[rows], w[rows]))
    assert delong_interval(y, risk, w).standard_error == pytest.approx(np.std(draws), rel=0.1)


@pytest.mark.parametrize(("shift", "bads", "goods"), [(1.0, 40, 200), (2.2, 30, 100), (0.0, 50, 50)])
def test_auc_interval_covers(shift: float, bads: int, goods: int) -> None:
    rng = np.random.default_rng(8)
    truth = stats.norm.cdf(shift / math.sqrt(2.0))
    y = np.r_[np.ones(bads), np.zeros(goods)]
    hits = 0
    for _ in range(600):
        found = delong_interval(y, np.r_[rng.normal(shift, 1.0, bads), rng.normal(size=goods)])
        hits += found.lower <= truth <= found.upper
        assert 0.0 <= found.lower <= found.auc <= found.upper <= 1.0
    assert 0.92 <= hits / 600 <= 0.98


def test_perfect_constant_and_tiny_samples_are_stated() -> None:
    perfect = delong_interval([0] * 20 + [1] * 10, range(30))
    assert (perfect.auc, perfect.upper, perfect.method, perfect.degenerate) == (1.0, 1.0, SCORE, False)
    # the bound solves Newcombe's equation with Hanley and McNeil's variance
    theta, size = perfect.lower, 30 / 2 - 1
    variance = theta * (1 - theta) * (1 + size * (1 - theta) / (2 - theta) + size * theta / (1 + theta)) / 200
    assert 1 - theta == pytest.approx(1.959963984540054 * math.sqrt(variance), rel=1e-9)
    worst = delong_interval([1] * 10 + [0] * 20, range(30))
    assert (worst.auc, worst.lower) == (0.0, 0.0)
    assert worst.upper == pytest.approx(1.0 - perfect.lower, abs=1e-12)
    constant = delong_interval([0, 1, 0, 1], [3.0] * 4)
    assert (constant.auc, constant.lower, constant.upper) == (0.5, 0.5, 0.5)
    assert constant.method == CONSTANT
    assert constant.degenerate
    single = delong_interval([0, 0, 1, 0], [1, 3, 2, 0])
    assert single.method == TOO_FEW
    assert math.isnan(single.lower)


@given(st.lists(st.floats(0.01, 100.0), min_size=6, max_size=30))
def test_weights_do_not_blur_the_special_cases(weights: list[float]) -> None:
    rows = len(weights)
    y = np.arange(rows) >= rows // 2
    assert delong_interval(y, range(rows), weights).method == SCORE
    assert auc(y, range(rows), weights) == 1.0
    assert auc(~y, range(rows), weights) == 0.0
    constant = delong_interval(y, np.full(rows, 0.1), weights)
    assert (constant.auc, constant.method) == (0.5, CONSTANT)


def test_difference_of_equal_rankings_has_no_p_value() -> None:
    y, risk = tied_sample(1)
    found = delong_difference(y, risk, 2 * risk + 1)
    assert (found.difference, found.lower, found.upper) == (0.0, 0.0, 0.0)
    assert math.isnan(found.p_value)


def test_size_of_the_paired_test() -> None:
    rng = np.random.default_rng(10)
    y = np.r_[np.ones(80), np.zeros(300)]
    rejected = 0
    for _ in range(500):
        common = rng.normal(size=380) + y
        found = delong_difference(y, common + rng.normal(size=380), common + rng.normal(size=380))
        rejected += found.p_value < 0.05
    assert 0.03 <= rejected / 500 <= 0.075


def test_hanley_and_mcneil_published() -> None:
    # Radiology 143 (1982): AUC .893, 51 abnormal and 58 normal, SE printed as .032
    assert hanley_mcneil_standard_error(0.893, 51, 58) == pytest.approx(0.0325, abs=5e-5)


@pytest.mark.parametrize("seed", range(5))
def test_ks_is_scipys(seed: int) -> None:
    y, risk = tied_sample(seed)
    found, theirs = ks(y, risk), stats.ks_2samp(risk[y == 1], risk[y == 0], method="asymp")
    assert found.statistic == pytest.approx(theirs.statistic, abs=1e-15)
    gap = np.mean(risk[y == 0] <= found.threshold) - np.mean(risk[y == 1] <= found.threshold)
    assert abs(gap) == pytest.approx(found.statistic, abs=1e-15)
    assert ks(y, -risk).statistic == pytest.approx(found.statistic, abs=1e-15)
    assert ks(y, risk**3).statistic == found.statistic


def test_ks_p_value_is_kolmogorovs() -> None:
    y, risk = tied_sample(2, rows=60)
    found, m, n = ks(y, risk), (y == 1).sum(), (y == 0).sum()
    assert found.p_value == pytest.approx(stats.kstwobign.sf(found.statistic * math.sqrt(m * n / (m + n))), rel=1e-9)


@pytest.mark.parametrize(
    ("shift", "bads", "goods", "digits"),
    [(1.0, 300, 1000, 9), (1.0, 50, 300, 9), (2.0, 100, 500, 9), (1.0, 300, 1000, 0)],
)
def test_ks_interval_covers(shift: float, bads: int, goods: int, digits: int) -> None:
    rng = np.random.default_rng(12)
    y = np.r_[np.ones(bads), np.zeros(goods)]
    edges = np.arange(-9, 9) + 0.5
    coarse = max(stats.norm.cdf(edges) - stats.norm.cdf(edges - shift))
    truth = coarse if digits == 0 else 2 * stats.norm.cdf(shift / 2) - 1
    hits = 0
    for _ in range(500):
        risk = np.round(np.r_[rng.normal(shift, 1.0, bads), rng.normal(size=goods)], digits)
        found = ks(y, risk)
        hits += found.lower <= truth <= found.upper
        assert 0.0 <= found.lower <= found.statistic <= found.upper <= 1.0
    assert hits / 500 >= 0.93


def test_ks_of_no_difference_reaches_zero() -> None:
    rng = np.random.default_rng(13)
    y = np.r_[np.ones(200), np.zeros(800)]
    misses = sum(ks(y, rng.normal(size=1000)).lower > 0.0 for _ in range(400))
    assert misses / 400 <= 0.07


def test_bias_of_the_maximum_is_what_simulation_finds() -> None:
    rng = np.random.default_rng(14)
    y = np.r_[np.ones(300), np.zeros(1000)]
    truth = 2 * stats.norm.cdf(0.5) - 1
    mean = np.mean([ks(y, np.r_[rng.normal(1.0, 1.0, 300), rng.normal(size=1000)]).statistic for _ in range(600)])
    assert maximum_bias(truth, 300, 1000) == pytest.approx(mean - truth, rel=0.25)
    assert maximum_bias(0.0, 300, 1000) == pytest.approx(0.8687 * math.sqrt(1 / 300 + 1 / 1000), rel=1e-3)


def test_tables_hold_what_the_functions_say() -> None:
    y, risk = tied_sample(7)
    other = risk + np.random.default_rng(1).normal(size=len(y))
    predictions = {"scorecard": {"development": (y, risk)}, "boosting": {"development": (pd.Series(y), other)}}
    frame = discrimination_table(predictions, confidence=0.9)
    row = frame.iloc[1]
    area, distance = delong_interval(y, other, confidence=0.9), ks(y, other, confidence=0.9)
    assert (row["model"], row["rows"], row["bad"]) == ("boosting", len(y), int(y.sum()))
    assert (row["auc"], row["auc_lower"], row["auc_upper"]) == (area.auc, area.lower, area.upper)
    assert row["gini_upper"] == 2 * area.upper - 1
    assert (row["ks"], row["ks_lower"], row["ks_upper"]) == (distance.statistic, distance.lower, distance.upper)
    compared = comparison_table("scorecard", predictions, confidence=0.9)
    assert compared.loc[0, "challenger"] == "boosting"
    assert compared.loc[0, "auc_difference"] == delong_difference(y, risk, other).difference
    assert frame.attrs["notes"]


def test_constant_risk_is_noted_in_the_table() -> None:
    frame = discrimination_table({"m": {"development": ([0, 1, 1, 0], [1.0] * 4)}})
    assert any(CONSTANT in note for note in frame.attrs["notes"])


@pytest.mark.parametrize(
    ("y", "risk", "weights", "codes"),
    [
        ([0, 0, 0], [1, 2, 3], None, {"one_class"}),
        ([0, 1, 2], [1, 2, 3], None, {"outcome_code"}),
        ([0, 1, None], [1, 2, math.nan], None, {"missing"}),
        (["0", "1", "1"], ["a", "b", "c"], None, {"type"}),
        ([0, 1, 1], [1, 2], None, {"length"}),
        ([0, 1], [1, math.inf], [1, 0], {"missing", "weight"}),
        ([0, 1], [1, 2], [1, -1], {"weight"}),
        ([0, 1], [1, 2], [1, math.nan], {"missing"}),
        ([], [], None, {"shape"}),
        ([[0], [1]], [[1], [2]], None, {"shape"}),
        (pd.Series([0, 1, pd.NA], dtype="Int64"), [1, 2, 3], None, {"missing"}),
    ],
)
def test_refusals(y: object, risk: object, weights: object, codes: set[str]) -> None:
    for function in (auc, delong_interval, ks):
        with pytest.raises(CreditRiskError) as caught:
            function(y, risk, weights)
        assert {fault.code for fault in caught.value.faults} == codes


def test_all_faults_of_a_table_are_told_at_once() -> None:
    with pytest.raises(CreditRiskError) as caught:
        discrimination_table({"a": {"development": ([0, 0], [1, 2])}, "b": {"development": ([0, 1], ["x", "y"])}})
    assert [fault.path for fault in caught.value.faults] == ["a.development.y", "b.development.risk"]
    with pytest.raises(CreditRiskError, match="not paired"):
        comparison_table("a", {"a": {"s": ([0, 1], [1, 2])}, "b": {"s": ([1, 0], [1, 2])}})
    with pytest.raises(CreditRiskError, match="no such model"):
        comparison_table("z", {"a": {"s": ([0, 1], [1, 2])}})


@settings(max_examples=30)
@given(st.sampled_from([0.0, 1.0, -0.2, 1.5, math.nan, True, "x"]))
def test_confidence_is_checked(confidence: object) -> None:
    with pytest.raises(CreditRiskError, match="confidence"):
        delong_interval([0, 1, 0, 1], [1, 2, 3, 4], confidence=confidence)  # type: ignore[arg-type]


def test_placements_average_to_the_auc() -> None:
    y, risk = tied_sample(9)
    parts = placements(y == 1, risk)
    assert parts.of_bads.mean() == pytest.approx(parts.auc, abs=1e-14)
    assert parts.of_goods.mean() == pytest.approx(parts.auc, abs=1e-14)
