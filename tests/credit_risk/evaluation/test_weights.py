"""Weights in every table: whole weights are repeated rows for estimates, intervals and tests are of effective rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from sklearn import metrics as sk
from statsmodels.api import GLM, families
from statsmodels.stats.proportion import proportions_ztest

from credit_risk.evaluation.binned import bin_counts
from credit_risk.evaluation.calibration import calibration_curve, calibration_table
from credit_risk.evaluation.calibration_tests import calibration_slope, hosmer_lemeshow, spiegelhalter
from credit_risk.evaluation.clustered import clustered_ks
from credit_risk.evaluation.curves import roc_table
from credit_risk.evaluation.discrimination import comparison_table, delong_interval, discrimination_table, ks
from credit_risk.evaluation.fairness import adverse_impact_ratio, adverse_impact_table, weighted_impact_ratio
from credit_risk.evaluation.measure_ranking import spearman
from credit_risk.evaluation.representativeness import chi_square_of_counts, representativeness_table
from credit_risk.evaluation.samples import ScoredSample
from credit_risk.evaluation.stability import population_stability_index, stability_table

seeds = st.integers(0, 2**32 - 1)
World = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def world(seed: int, n: int = 400) -> World:
    """Outcome, calibrated probability, another risk, whole weights."""
    random = np.random.default_rng(seed)
    linear = random.normal(-1.0, 1.0, n).round(2)
    p = special.expit(linear)
    y = (random.random(n) < p).astype(float)
    y[:4] = [0.0, 1.0, 0.0, 1.0]
    return y, p, linear + random.normal(size=n).round(1), random.integers(1, 5, n).astype(float)


def repeated(parts: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    times = parts[3].astype(int)
    return tuple(np.repeat(part, times) for part in parts[:3])  # type: ignore[return-value]


def tables(y: np.ndarray, p: np.ndarray, other: np.ndarray, w: np.ndarray | None) -> dict[str, pd.DataFrame]:
    weights = None if w is None else {"development": w}
    risks = {"a": {"development": (y, special.logit(p))}, "b": {"development": (y, other)}}
    probabilities = {"a": {"development": (y, p)}}
    return {
        "discrimination": discrimination_table(risks, weights=weights),
        "comparison": comparison_table("a", risks, weights=weights),
        "calibration": calibration_table(probabilities, weights=weights),
        "curve": calibration_curve(probabilities["a"], weights=weights),
        "roc": roc_table(risks["b"], weights=weights),
    }


ESTIMATES = {
    "discrimination": ["auc", "gini", "ks"],
    "comparison": ["auc_difference"],
    "calibration": ["bad_rate", "mean_probability", "brier", "log_loss", "slope", "intercept"],
    "curve": ["mean_probability", "bad_rate"],
    "roc": ["false_positive_rate", "true_positive_rate"],
}
INTERVALS = {
    "discrimination": [("auc_lower", "auc", "auc_upper"), ("gini_lower", "gini", "gini_upper")],
    "comparison": [("lower", "auc_difference", "upper")],
    "calibration": [("slope_lower", "slope", "slope_upper"), ("intercept_lower", "intercept", "intercept_upper")],
    "curve": [("lower", "bad_rate", "upper")],
}


@settings(max_examples=25)
@given(seeds)
def test_whole_weights_are_repeated_rows_for_every_estimate(seed: int) -> None:
    parts = world(seed)
    weighted, longer = tables(*parts), tables(*repeated(parts), None)
    for name, columns in ESTIMATES.items():
        for column in columns:
            pair = (weighted[name][column], longer[name][column])
            np.testing.assert_allclose(*pair, rtol=1e-7, atol=1e-10, err_msg=column)
    for name, triples in INTERVALS.items():
        for lower, _, upper in triples:  # repeating rows pretends to information that weights do not have
            width, other = (frame[name][upper] - frame[name][lower] for frame in (weighted, longer))
            assert (width > other * 0.999).all(), lower


@settings(max_examples=25)
@given(seeds, st.sampled_from([1e-6, 0.37, 1e5]))
def test_the_unit_of_the_weights_does_not_matter(seed: int, unit: float) -> None:
    y, p, other, w = world(seed)
    w = w * np.random.default_rng(seed).uniform(0.5, 1.5, len(w))  # no two sums are equal
    one, another = tables(y, p, other, w), tables(y, p, other, w * unit)
    for name, frame in one.items():
        numbers = frame.select_dtypes("number").columns
        np.testing.assert_allclose(frame[numbers], another[name][numbers], rtol=1e-6, atol=1e-9, err_msg=name)


def test_weights_of_one_are_no_weights() -> None:
    y, p, other, _ = world(3)
    with_ones, without = tables(y, p, other, np.ones(len(y))), tables(y, p, other, None)
    for name, frame in without.items():
        pd.testing.assert_frame_equal(with_ones[name], frame, check_exact=True)


def test_against_other_libraries() -> None:
    y, p, _, w = world(8)
    found = tables(y, p, p, w)
    assert found["discrimination"]["auc"][0] == pytest.approx(sk.roc_auc_score(y, p, sample_weight=w), abs=1e-12)
    row = found["calibration"].iloc[0]
    assert row["brier"] == pytest.approx(sk.brier_score_loss(y, p, sample_weight=w), rel=1e-12)
    assert row["log_loss"] == pytest.approx(sk.log_loss(y, p, sample_weight=w), rel=1e-12)
    design = np.column_stack([np.ones(len(y)), special.logit(p)])
    fit = GLM(y, design, family=families.Binomial(), freq_weights=w).fit(tol=1e-12)
    assert row["slope"] == pytest.approx(fit.params[1], rel=1e-8)
    rate, mean = fit.mu, w / w.mean()
    a = design.T @ (design * (mean * rate * (1 - rate))[:, None])
    b = design.T @ (design * (mean**2 * rate * (1 - rate))[:, None])
    error = np.sqrt((np.linalg.inv(a) @ b @ np.linalg.inv(a))[1, 1])
    assert calibration_slope(y, p, weights=w).standard_error == pytest.approx(error, rel=1e-7)


def test_hosmer_lemeshow_by_hand() -> None:
    y, p, _, w = world(5)
    order = np.argsort(p, kind="stable")
    found = hosmer_lemeshow(y, p, fitted=False, groups=2, weights=w)
    total, statistic = np.cumsum(w[order]), 0.0
    edge = p[order][np.argmin(np.abs(total - w[order] - w.sum() / 2))]  # as near as may be to half of the weight
    for inside in (p < edge, p >= edge):
        n = w[inside].sum() ** 2 / (w[inside] ** 2).sum()
        observed, expected = np.average(y[inside], weights=w[inside]), np.average(p[inside], weights=w[inside])
        statistic += n * (observed - expected) ** 2 / (expected * (1 - expected))
    assert found.statistic == pytest.approx(statistic, rel=1e-10)


def simulated(test: Callable[[np.ndarray, np.ndarray, np.ndarray], bool], runs: int = 600, n: int = 1500) -> float:
    """How often `test` rejects, of calibrated probabilities and weights from 0.2 to 5."""
    random = np.random.default_rng(17)
    rejected = 0
    for _ in range(runs):
        p = special.expit(random.normal(-1.5, 1.0, n))
        rejected += test((random.random(n) < p).astype(float), p, np.exp(random.uniform(-1.6, 1.6, n)))
    return rejected / runs


@pytest.mark.parametrize(
    "test",
    [
        lambda y, p, w: hosmer_lemeshow(y, p, fitted=False, weights=w).p_value < 0.05,
        lambda y, p, w: spiegelhalter(y, p, w).p_value < 0.05,
        lambda y, p, w: not (lambda s: s.lower <= 1.0 <= s.upper)(calibration_slope(y, p, weights=w)),
    ],
    ids=["Hosmer-Lemeshow", "Spiegelhalter", "slope"],
)
def test_tests_of_weighted_rows_keep_their_level(test: Callable[..., bool]) -> None:
    assert simulated(test) == pytest.approx(0.05, abs=0.022)


def test_an_unweighted_test_of_weighted_counts_would_not() -> None:
    """What goes wrong where weights are taken for repeated rows: the level is a multiple of what it says."""

    def wrong(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> bool:
        times = np.maximum(np.round(w * 2).astype(int), 1)
        return spiegelhalter(np.repeat(y, times), np.repeat(p, times)).p_value < 0.05

    assert simulated(wrong, runs=200) > 0.2


def test_interval_of_a_weighted_area_covers() -> None:
    random, truth, covered = np.random.default_rng(2), None, 0
    big = random.normal(size=200_000)
    y = random.random(200_000) < special.expit(big - 1.5)
    truth = delong_interval(y.astype(float), big).auc
    for _ in range(300):
        x = random.normal(size=500)
        y = (random.random(500) < special.expit(x - 1.5)).astype(float)
        found = delong_interval(y, x, np.exp(random.uniform(-1.5, 1.5, 500)))
        covered += found.lower <= truth <= found.upper
    assert covered / 300 == pytest.approx(0.95, abs=0.035)


def test_ks_of_clusters_with_weights_falls_back_to_ks() -> None:
    y, p, _, w = world(6)
    alone, plain = clustered_ks(y, p, np.arange(len(y)), weights=w), ks(y, p, w)
    assert (alone.statistic, alone.lower) == pytest.approx((plain.statistic, plain.lower))
    pairs = [np.repeat(part, 2) for part in (y, p, w)]
    doubled = clustered_ks(pairs[0], pairs[1], np.repeat(np.arange(len(y)), 2), weights=pairs[2])
    assert doubled.statistic == pytest.approx(plain.statistic)
    assert doubled.standard_error == pytest.approx(plain.standard_error, rel=1e-9)  # copies tell nothing more


# --------------------------------------------------------------------------------------- shares of bins
def test_counts_are_scaled_to_effective_rows() -> None:
    ids = {"development": np.array([0, 0, 1, 3]), "test": np.array([1, 1, 2])}
    weights = {"development": np.array([1.0, 3.0, 2.0, 2.0]), "test": np.array([5.0, 5.0, 5.0])}
    found = bin_counts(ids, weights)
    assert found["development"] == pytest.approx(np.array([4.0, 2.0, 0.0, 2.0]) / 8 * (64 / 18))
    assert found["test"] == pytest.approx([0.0, 2.0, 1.0, 0.0])
    table = stability_table({"x": found}, rows={"development": 4, "test": 3})
    assert table.loc[0, ["expected_rows", "actual_rows"]].tolist() == [4, 3]
    assert table.loc[0, "psi"] == population_stability_index(found["development"], found["test"]).psi
    other = representativeness_table({"x": found}, rows={"development": 4, "test": 3})
    assert other.loc[0, "rows"] == 3
    assert other.loc[0, "psi"] == table.loc[0, "psi"]


def test_weighted_shares_of_one_population_are_told_apart_at_the_nominal_rate_only() -> None:
    """χ² and PSI at effective rows keep 5 %; at sums of weights they would not."""
    random = np.random.default_rng(4)
    shares, beyond = np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(3)
    for _ in range(1000):
        ids = {name: random.choice(4, n, p=shares) for name, n in (("development", 2000), ("test", 900))}
        weights = {name: np.exp(random.uniform(-1.5, 1.5, len(one))) for name, one in ids.items()}
        found = bin_counts(ids, weights)
        raw = [np.bincount(ids[name], weights[name], 4) for name in ids]
        psi = population_stability_index(found["development"], found["test"])
        tests = (chi_square_of_counts(*found.values())[2] < 0.05, psi.psi > psi.chance_level)
        beyond += [*tests, chi_square_of_counts(*raw)[2] < 0.05]
    assert beyond[0] / 1000 == pytest.approx(0.05, abs=0.02)
    assert beyond[1] / 1000 == pytest.approx(0.05, abs=0.02)
    assert beyond[2] / 1000 > 0.12


# --------------------------------------------------------------------------------------- approvals and ranks
def test_ratio_of_weighted_approvals_is_that_of_counts_where_weights_are_one() -> None:
    plain = adverse_impact_ratio(40, 100, 150, 250)
    weighted = weighted_impact_ratio(0.4, 100.0, 0.6, 250.0)
    assert weighted[:3] == pytest.approx(plain[:3], rel=1e-12)
    assert weighted[3] == pytest.approx(proportions_ztest([40, 150], [100, 250])[1], rel=1e-10)
    assert np.isnan(weighted_impact_ratio(0.0, 50.0, 0.5, 50.0)[1])
    assert np.isnan(weighted_impact_ratio(0.5, 50.0, 0.0, 50.0)[0])
    assert weighted_impact_ratio(1.0, 50.0, 1.0, 50.0)[3] == 1.0


@settings(max_examples=20)
@given(seeds)
def test_weighted_approvals_are_those_of_repeated_rows(seed: int) -> None:
    y, p, risk, w = world(seed)
    sex = np.where(np.arange(len(y)) % 3 == 0, "f", "m").astype(object)
    times = w.astype(int)
    one = adverse_impact_table({"development": ScoredSample(y, -risk, p, weights=w)}, attributes(sex), 0.5)
    longer = ScoredSample(*(np.repeat(part, times) for part in (y, -risk, p)))
    other = adverse_impact_table({"development": longer}, attributes(np.repeat(sex, times)), 0.5)
    assert one["group"].tolist() == other["group"].tolist()
    for column in ("approval_rate", "adverse_impact_ratio"):
        np.testing.assert_allclose(one[column], other[column], rtol=1e-12)
    assert one["rows"].tolist() == [int(np.sum(sex == group)) for group in one["group"]]
    held = one["lower"].notna()
    assert np.all(one["upper"][held] - one["lower"][held] > (other["upper"] - other["lower"])[held])


def attributes(sex: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    return {"SEX": {"development": sex}}


def test_interval_of_a_weighted_impact_ratio_covers_and_its_test_keeps_its_level() -> None:
    random, covered, rejected = np.random.default_rng(9), 0, 0
    for _ in range(400):
        w = np.exp(random.uniform(-1.2, 1.2, 600))
        sides = []
        for inside, rate in ((slice(0, 200), 0.5), (slice(200, 600), 0.5)):
            approved, mass = random.random(len(w[inside])) < rate, w[inside]
            sides += [mass[approved].sum() / mass.sum(), mass.sum() ** 2 / (mass**2).sum()]
        _, lower, upper, p_value = weighted_impact_ratio(*sides)
        covered += lower <= 1.0 <= upper
        rejected += p_value < 0.05
    assert covered / 400 == pytest.approx(0.95, abs=0.03)
    assert rejected / 400 == pytest.approx(0.05, abs=0.03)


@settings(max_examples=25)
@given(seeds)
def test_weighted_rank_correlation_is_that_of_repeated_rows(seed: int) -> None:
    _, p, risk, w = world(seed, 60)
    times = w.astype(int)
    found = spearman(p, risk, 0.95, w)
    assert found[0] == pytest.approx(stats.spearmanr(np.repeat(p, times), np.repeat(risk, times))[0], rel=1e-10)
    longer = spearman(np.repeat(p, times), np.repeat(risk, times), 0.95)
    assert found[1] < longer[1] < longer[0] < longer[2] < found[2]
    assert spearman(p, risk, 0.95, np.ones(60)) == spearman(p, risk, 0.95)
