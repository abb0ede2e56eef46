"""Boundary, p-values and confidence sequence that hold at any time: by their definition and by Monte-Carlo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.strategy import (
    always_valid_boundary,
    always_valid_p_values,
    confidence_sequence,
    crossing,
    spending_boundaries,
)
from credit_risk.strategy.always_valid import tightest_mixture
from credit_risk.strategy.experiment import design

NAIVE = 1.959963984540054


def two_arms(paths: int, looks: int, each: int, rates: tuple[float, float], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """z (paths, looks) of two proportions, looked at after every `each` rows of both arms; and the differences."""
    rng = np.random.default_rng(seed)
    one, two = (np.cumsum(rng.binomial(each, rate, (paths, looks)), axis=1) for rate in rates)
    rows = each * np.arange(1, looks + 1)
    gap, mean = (two - one) / rows, (one + two) / (2 * rows)
    error = np.sqrt(np.maximum(mean * (1 - mean), 1e-12) * 2 / rows)
    return gap / error, gap


def test_the_boundary_is_where_the_mixture_of_likelihood_ratios_reaches_one_over_the_error() -> None:
    m, times = 3.7, np.array([0.05, 0.4, 1.0, 3.0])
    for t, z in zip(times, always_valid_boundary(times, 0.05, m), strict=True):
        score = z * np.sqrt(t)

        def ratio(drift: float, score: float = score, t: float = t) -> float:
            return float(np.exp(drift * score - drift * drift * t / 2) * stats.norm.pdf(drift, scale=np.sqrt(m)))

        assert integrate.quad(ratio, -40, 40, limit=400)[0] == pytest.approx(1 / 0.05, rel=1e-8)


@pytest.mark.parametrize("significance", [0.01, 0.05, 0.2])
def test_the_mixture_is_the_tightest_at_full_information(significance: float) -> None:
    best = tightest_mixture(significance)
    tried = [always_valid_boundary([1.0], significance, best * factor)[0] for factor in (0.5, 0.9, 1.0, 1.1, 2.0)]
    assert np.argmin(tried) == 2
    assert always_valid_boundary([1.0], significance)[0] == tried[2]


def test_size_under_continuous_peeking_of_live_rows() -> None:
    """Two arms of a bad rate of 5 %, looked at 500 times (200 rows of each arm first): never above 5 %."""
    z, _ = two_arms(4000, 500, 40, (0.05, 0.05), 1)
    times = np.arange(1, 501) / 500
    looked = times >= 200 / 20_000
    wrong = (np.abs(z) >= always_valid_boundary(times, 0.05))[:, looked].any(axis=1).mean()
    naive = (np.abs(z) >= NAIVE)[:, looked].any(axis=1).mean()
    assert wrong <= 0.05
    assert naive > 0.3
    # Boundaries of five looks, looked at 500 times, do not keep the error either.
    five = spending_boundaries(np.arange(1, 6) / 5, 0.05, "pocock").z[-1]
    assert (np.abs(z) >= five)[:, looked].any(axis=1).mean() > 0.12


def test_size_far_beyond_the_planned_information_comes_near_to_the_error_and_not_above() -> None:
    """Brownian motion looked at 400 times from a thousandth to ten thousand times the planned information."""
    times = np.geomspace(1e-3, 1e4, 400)
    rng, paths = np.random.default_rng(4), 12_000
    walk = np.cumsum(rng.normal(size=(paths, 400)) * np.sqrt(np.diff(times, prepend=0.0)), axis=1)
    share = (np.abs(walk / np.sqrt(times)) >= always_valid_boundary(times, 0.05)).any(axis=1).mean()
    assert 0.03 < share <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / paths)


def test_p_values_and_bounds_say_the_same_as_the_boundary() -> None:
    z, gap = two_arms(60, 80, 100, (0.05, 0.06), 2)
    times = np.arange(1, 81) / 80
    bound = always_valid_boundary(times, 0.05)
    for path, difference in zip(z, gap, strict=True):
        ended = np.maximum.accumulate(np.abs(path) >= bound)
        p_values = always_valid_p_values(path, times, 0.05)
        assert (np.diff(p_values) <= 0).all()
        np.testing.assert_array_equal(p_values <= 0.05, ended)
        error = np.abs(difference / np.where(path == 0, 1.0, path)) + (path == 0)
        lower, upper = confidence_sequence(difference, error, times, 0.05)
        np.testing.assert_array_equal((lower >= 0) | (upper <= 0), ended)


def test_the_confidence_sequence_holds_at_all_times_at_once() -> None:
    rates = (0.20, 0.23)
    z, gap = two_arms(2000, 200, 50, rates, 3)
    rows, times = 50 * np.arange(1, 201), np.arange(1, 201) / 200
    variance = sum(rate * (1 - rate) for rate in rates)
    looked = rows >= 200
    error = np.sqrt(variance / rows)[looked]
    missed = 0
    for difference in gap:
        lower, upper = confidence_sequence(difference[looked], error, times[looked], 0.1)
        missed += bool(np.any((lower > 0.03) | (upper < 0.03)))
    assert missed / 2000 <= 0.1
    assert z.shape == gap.shape


def test_a_design_that_may_be_looked_at_at_any_time_needs_more_rows() -> None:
    options = {"significance": 0.05, "power": 0.8, "share": 0.5, "rows_per_month": 1000.0, "performance_months": 0.0}
    free = design(10_000.0, looks=6, spending="always_valid", **options)
    fixed = design(10_000.0, looks=6, spending="obrien_fleming", **options)
    assert free.inflation > 1.5 > fixed.inflation
    assert free.looks["stops_with_difference"].sum() == pytest.approx(0.8)
    assert free.looks["spent"].iloc[-1] == pytest.approx(free.looks["stops_without_difference"].sum())
    assert free.looks["spent"].iloc[-1] < 0.05
    np.testing.assert_array_equal(free.looks["z"], free.looks["always_valid_z"])
    np.testing.assert_array_equal(fixed.looks["always_valid_z"], free.looks["z"])
    assert (fixed.looks["always_valid_z"].iloc[2:] > fixed.looks["z"].iloc[2:]).all()
    times = np.arange(1, 7) / 6
    np.testing.assert_allclose(free.looks["stops_without_difference"], crossing(times, free.looks["z"]))


@given(st.floats(0.001, 0.5), st.lists(st.floats(1e-4, 50.0), min_size=1, max_size=8))
def test_the_boundary_is_above_that_of_one_look(significance: float, times: list[float]) -> None:
    found = always_valid_boundary(sorted(times), significance)
    assert (found > stats.norm.isf(significance / 2)).all()


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda: always_valid_boundary([0.0, 1.0]), "times"),
        (lambda: always_valid_boundary([1.0, 0.5]), "times"),
        (lambda: always_valid_boundary([1.0], 0.0), "significance"),
        (lambda: always_valid_boundary([1.0], 0.05, -1.0), "mixture"),
        (lambda: always_valid_p_values([1.0, 2.0], [1.0]), "times"),
        (lambda: always_valid_p_values([np.nan], [1.0]), "z"),
        (lambda: confidence_sequence([0.1], [0.0], [1.0]), "standard_error"),
    ],
)
def test_what_cannot_be_is_told(call: object, path: str) -> None:
    with pytest.raises(CreditRiskError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.faults[0].path == path
