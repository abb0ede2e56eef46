"""Coarse classing against enumeration of every way to merge the prebins."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.coarse import coarse_cuts, merge_greedily, trend_holds
from credit_risk.binning.limits import Limits
from credit_risk.binning.prebins import Prebins, count_prebins, quantile_cuts
from credit_risk.binning.sorted_column import sorted_column
from credit_risk.binning.woe import weight_of_evidence

TRENDS = ("ascending", "descending", "peak", "valley", "none")


def enumerate_best(prebins: Prebins, trend: str, max_bins: int, min_rows: float) -> float:
    """Greatest information value over all mergers that keep the constraints; −inf where none does."""
    k, best = len(prebins.good), -np.inf
    for size in range(min(k, max_bins)):
        for ends in itertools.combinations(range(1, k), size):
            parts = np.split(np.arange(k), ends)
            good = np.array([prebins.good[p].sum() for p in parts])
            bad = np.array([prebins.bad[p].sum() for p in parts])
            if np.all(good + bad >= min_rows) and trend_holds(bad / (good + bad), trend):
                best = max(best, weight_of_evidence(good, bad).total)
    return best


def information_value(prebins: Prebins, cuts: np.ndarray) -> float:
    group = np.concatenate([[0], np.cumsum(np.isin(prebins.cuts, cuts))])
    return weight_of_evidence(np.bincount(group, prebins.good), np.bincount(group, prebins.bad)).total


def random_prebins(seed: int, k: int = 8) -> Prebins:
    rng = np.random.default_rng(seed)
    bad = rng.integers(1, 60, k).astype(float)
    return Prebins(np.arange(1.0, k), rng.integers(20, 200, k).astype(float), bad)


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize("seed", range(6))
def test_solver_keeps_constraints_and_comes_near_the_optimum(seed: int, trend: str) -> None:
    prebins = random_prebins(seed)
    total = float(np.sum(prebins.good + prebins.bad))
    chosen = coarse_cuts(prebins, trend=trend, limits=Limits(max_bins=4, min_count=0.05 * total))
    best = enumerate_best(prebins, trend, 4, 0.05 * total)
    value = information_value(prebins, chosen.cuts)
    assert value <= best + 1e-9
    # the solver is known to miss the optimum by up to 16 % under size limits (it forbids ends before a rate drop)
    assert value >= 0.8 * best - 1e-9 or chosen.engine != "optbinning"


@given(st.integers(0, 10_000), st.sampled_from(TRENDS), st.integers(2, 6), st.floats(0, 0.4))
@settings(max_examples=60, deadline=None)
def test_fallback_keeps_every_constraint(seed: int, trend: str, max_bins: int, share: float) -> None:
    prebins = random_prebins(seed, k=10)
    total = float(np.sum(prebins.good + prebins.bad))
    cuts = merge_greedily(prebins, trend=trend, max_bins=max_bins, min_rows=share * total)
    group = np.concatenate([[0], np.cumsum(np.isin(prebins.cuts, cuts))])
    good, bad = np.bincount(group, prebins.good), np.bincount(group, prebins.bad)
    assert len(cuts) + 1 <= max_bins
    assert np.all(good + bad >= share * total - 1e-6)
    assert trend_holds(bad / (good + bad), trend)


def test_fallback_is_told_when_the_solver_finds_nothing() -> None:
    prebins = Prebins(np.array([1.0, 2.0]), np.array([10.0, 10.0, 10.0]), np.array([5.0, 4.0, 3.0]))
    chosen = coarse_cuts(prebins, trend="ascending", limits=Limits(max_bins=3, min_count=25.0))
    assert chosen.engine == "greedy merge"
    assert "fallback" in chosen.solver_status
    assert len(chosen.cuts) == 0


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 2)), min_size=5, max_size=300),
    st.integers(2, 20),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=80, deadline=None)
def test_prebins_count_every_row_and_hold_both_classes(values: list[float], maximum: int, seed: int) -> None:
    x = np.array(values)
    y = np.random.default_rng(seed).integers(0, 2, len(x)).astype(float)
    cuts = quantile_cuts(np.sort(x), maximum)
    assert len(cuts) < maximum
    assert np.all(np.diff(cuts) > 0)
    assert np.all(np.isin(cuts, x))
    prebins = count_prebins(sorted_column(x, y), cuts)
    assert prebins.good.sum() + prebins.bad.sum() == len(x)
    if 0 < y.sum() < len(y):
        assert np.all(prebins.good > 0)
        assert np.all(prebins.bad > 0)
    index = np.searchsorted(prebins.cuts, x, side="right")
    np.testing.assert_array_equal(np.bincount(index, y, len(prebins.cuts) + 1), prebins.bad)
