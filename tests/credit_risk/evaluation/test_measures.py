"""Evaluation of amounts and fractions against scikit-learn, scipy, definitions and Monte Carlo."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import (
    d2_tweedie_score,
    mean_absolute_error,
    mean_tweedie_deviance,
    roc_auc_score,
    root_mean_squared_error,
)

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.lorenz import gini, greatest_gini, ordered_lorenz
from credit_risk.evaluation.measure_bands import even_edges, mean_band_table, mean_curve
from credit_risk.evaluation.measure_groups import measure_group_table
from credit_risk.evaluation.measure_level import level_table
from credit_risk.evaluation.measure_ranking import lorenz_table, ranking_table, resample_gini, spearman
from credit_risk.evaluation.measured import MeasuredSample, ratio_error
from credit_risk.models.families import family_of


def sample(seed: int = 1, rows: int = 400, **options: np.ndarray) -> MeasuredSample:
    generator = np.random.default_rng(seed)
    mu = np.exp(generator.normal(1, 0.7, rows))
    y = generator.gamma(0.5, mu / 0.5) * (generator.random(rows) < 0.8)
    return MeasuredSample(y, mu, **options)


def test_level_equals_scikit_learn() -> None:
    weights = np.random.default_rng(2).integers(1, 4, 400).astype(float)
    one = sample(weights=weights)
    frame = level_table({"m": {"development": one}}, family_of("tweedie", variance_power=1.5).deviance)
    row, w = frame.iloc[0], weights
    assert row["mean_absolute_error"] == pytest.approx(mean_absolute_error(one.y, one.expected, sample_weight=w))
    assert row["root_mean_squared_error"] == pytest.approx(
        root_mean_squared_error(one.y, one.expected, sample_weight=w)
    )
    deviance = mean_tweedie_deviance(one.y, one.expected, power=1.5, sample_weight=w)
    assert row["mean_deviance"] == pytest.approx(deviance)
    expected = d2_tweedie_score(one.y, one.expected, power=1.5, sample_weight=w)
    assert row["deviance_explained"] == pytest.approx(expected)
    assert row["ratio"] == pytest.approx(np.average(one.y, weights=w) / np.average(one.expected, weights=w))
    assert np.isnan(row["loss_shortfall"])


def test_loss_shortfall_is_the_share_of_the_loss_not_expected() -> None:
    y, mu, size = np.array([0.5, 0.2]), np.array([0.4, 0.2]), np.array([100.0, 50.0])
    one = {"m": {"development": MeasuredSample(y, mu)}}
    frame = level_table(one, family_of("fractional").deviance, sizes={"development": size})
    assert frame["loss_shortfall"].tolist() == [pytest.approx(1 - 50 / 60)]


def test_interval_of_the_ratio_covers_also_with_clusters() -> None:
    generator = np.random.default_rng(3)
    for clustered in (False, True):
        hits = 0
        for _ in range(300):
            shocks = np.repeat(generator.gamma(4, 0.25, 100), 3) if clustered else np.ones(300)
            mu = np.exp(generator.normal(0, 0.3, 300))
            y = generator.gamma(1.0, mu * shocks)
            clusters = np.repeat(np.arange(100), 3) if clustered else None
            one = {"m": {"development": MeasuredSample(y, mu, clusters=clusters)}}
            row = level_table(one, family_of("gamma").deviance).iloc[0]
            hits += bool(row["ratio_lower"] <= 1 <= row["ratio_upper"])
        assert hits / 300 == pytest.approx(0.95, abs=0.04)


def test_gini_of_a_binary_outcome_is_that_of_the_auc() -> None:
    generator = np.random.default_rng(4)
    p = np.round(generator.random(500), 2)
    y = (generator.random(500) < p).astype(float)
    share = gini(p, y, np.ones(500)) / greatest_gini(y, np.ones(500))
    assert share == pytest.approx(2 * roc_auc_score(y, p) - 1, abs=1e-12)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 9), st.floats(0.1, 4)), min_size=3, max_size=40))
def test_lorenz_curve_and_its_bounds(rows: list[tuple[float, float, float]]) -> None:
    rank, outcome, base = (np.array(part) for part in zip(*rows, strict=True))
    if outcome.sum() <= 1e-6:
        return
    curve = ordered_lorenz(rank, outcome, base)
    assert (np.diff(curve.base) > 0).all()
    assert (np.diff(curve.outcome) >= 0).all()
    assert curve.outcome[-1] == pytest.approx(1)
    most = greatest_gini(outcome, base)
    assert -most - 1e-9 <= curve.gini <= most + 1e-9
    assert gini(-rank, outcome, base) == pytest.approx(-curve.gini, abs=1e-9)
    order = np.random.default_rng(0).permutation(len(rank))
    assert gini(rank[order], outcome[order], base[order]) == pytest.approx(curve.gini, abs=1e-9)


def test_spearman_equals_scipy_and_its_interval_covers() -> None:
    generator = np.random.default_rng(5)
    x, y = generator.normal(size=(2, 200))
    assert spearman(x, y + x, 0.95)[0] == pytest.approx(spearmanr(x, y + x).statistic)
    draws = [generator.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 150).T for _ in range(400)]
    truth = 6 / np.pi * np.arcsin(0.3)  # of the normal distribution
    bounds = [spearman(*draw, 0.95)[1:] for draw in draws]
    assert np.mean([lower <= truth <= upper for lower, upper in bounds]) == pytest.approx(0.95, abs=0.03)
    assert np.isnan(spearman(np.ones(5), np.arange(5.0), 0.95)).all()


def test_ranking_and_its_bootstrap() -> None:
    one = sample(rows=600)
    generator = np.random.default_rng(6)
    frame = ranking_table({"m": {"development": one}}, replicates=200, generator=generator)
    row = frame.iloc[0]
    assert row["gini_lower"] < row["gini"] < row["gini_upper"]
    assert row["normalised_gini"] == pytest.approx(row["gini"] / row["greatest_gini"])
    again = ranking_table({"m": {"development": one}}, replicates=200, generator=np.random.default_rng(6))
    pd.testing.assert_frame_equal(frame, again)
    spread = np.std([sample(seed=s, rows=600) and gini_of(sample(seed=s, rows=600)) for s in range(20, 120)], ddof=1)
    drawn = np.std(resample_gini(one, 300, np.random.default_rng(7)).gini, ddof=1)
    assert drawn == pytest.approx(spread, rel=0.35)


def gini_of(one: MeasuredSample) -> float:
    return ordered_lorenz(one.rate, one.weights * one.y, one.base).gini


def test_clusters_are_drawn_whole() -> None:
    """Rows repeated four times as clusters have the bootstrap of the rows once."""
    one = sample(rows=300)
    times = MeasuredSample(np.repeat(one.y, 4), np.repeat(one.expected, 4), clusters=np.repeat(np.arange(300), 4))
    a = resample_gini(one, 50, np.random.default_rng(8)).gini
    b = resample_gini(times, 50, np.random.default_rng(8)).gini
    np.testing.assert_allclose(a, b)


@given(st.lists(st.integers(0, 12), min_size=20, max_size=200), st.integers(2, 10), st.integers(0, 99))
def test_no_band_is_a_sliver_and_ties_stay_together(values: list[int], bands: int, seed: int) -> None:
    value = np.array(values, dtype=float)
    base = np.random.default_rng(seed).uniform(0.5, 2, len(value))
    edges = even_edges(value, base, bands)
    assert len(edges) < bands
    assert set(edges) <= set(value)
    held = np.bincount(np.searchsorted(edges, value, side="right"), base, minlength=len(edges) + 1)
    assert held.min() >= base.sum() / bands / 2 * (1 - 1e-12) or len(edges) == 0


def test_bands_of_values_that_all_differ_hold_like_shares() -> None:
    value = np.random.default_rng(1).normal(size=1003)
    held = np.bincount(np.searchsorted(even_edges(value, np.ones(1003), 10), value, side="right"))
    assert sorted(set(held)) == [100, 101]
    assert len(held) == 10


def test_bands_add_up_and_order() -> None:
    exposure = np.random.default_rng(9).uniform(0.5, 2, 400)
    one = sample(exposure=exposure)
    edges = even_edges(one.rate, one.base, 10)
    frame = mean_band_table({"development": one, "out_of_sample": one}, edges, "amount")
    part = frame[frame["sample"] == "development"]
    assert part["rows"].sum() == 400
    assert part["cumulative_outcome_share"].iloc[0] == pytest.approx(1)
    assert (np.diff(part["expected_mean"]) > 0).all()
    inside = (one.rate >= edges[3]) & (one.rate < edges[4])
    assert part["observed_mean"].iloc[4] == pytest.approx(one.y[inside].sum() / exposure[inside].sum())
    assert (part["observed_lower"] < part["observed_mean"]).all()
    assert list(mean_curve(frame).columns) == ["sample", "expected_mean", "observed_mean", "lower", "upper"]
    empty = mean_band_table({"development": one}, np.array([1e9]), "amount")
    assert empty["rows"].tolist() == [400, 0]
    assert np.isnan(empty["observed_mean"].iloc[1])


def test_lorenz_figure_begins_and_ends() -> None:
    frame = lorenz_table({"development": sample(), "out_of_sample": sample(2)})
    for _, part in frame.groupby("sample"):
        assert part[["base_share", "outcome_share"]].iloc[0].tolist() == [0, 0]
        assert part[["base_share", "outcome_share"]].iloc[-1].tolist() == [1, pytest.approx(1)]
        assert len(part) <= 200


def test_groups_and_what_is_not_evaluable() -> None:
    one = sample()
    group = np.where(np.arange(400) < 15, "few", np.where(np.arange(400) % 2 == 0, "a", "b"))
    frame = measure_group_table({"development": one}, {"g": {"development": group}}, min_rows=30)
    few = frame.set_index("group").loc["few"]
    assert not few["evaluable"]
    assert np.isnan(few["ratio"])
    a = frame.set_index("group").loc["a"]
    rows = group == "a"
    assert a["ratio"] == pytest.approx(one.y[rows].sum() / one.expected[rows].sum())
    assert a["evaluable"]


def test_linearised_error_of_a_mean_is_that_of_the_mean() -> None:
    y = np.random.default_rng(10).gamma(1, 2, 50)
    mean, error = ratio_error(y, np.ones(50), np.arange(50))
    assert (mean, error) == (pytest.approx(y.mean()), pytest.approx(y.std(ddof=1) / np.sqrt(50)))


def test_samples_refuse_what_cannot_be() -> None:
    with pytest.raises(CreditRiskError) as error:
        MeasuredSample(np.array([-1.0, 1]), np.array([0.0, 1]), exposure=np.array([0.0, 1]))
    assert {fault.path for fault in error.value.faults} == {"y", "expected", "exposure"}
