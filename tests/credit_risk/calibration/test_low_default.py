"""Pluto–Tasche bounds: published and measured numbers, numerical integration, monotone grades, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, norm

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import LowDefault, pluto_tasche

OBLIGORS = (100, 400, 300)


@pytest.mark.parametrize(
    ("defaults", "confidence", "correlation", "percent", "digits"),
    [
        ((0, 0, 0), 0.5, 0.0, (0.087, 0.099, 0.231), 3),
        ((0, 0, 0), 0.9, 0.0, (0.287, 0.328, 0.765), 3),
        ((0, 2, 1), 0.5, 0.0, (0.459, 0.524, 0.559), 3),
        ((0, 0, 0), 0.9, 0.12, (0.864, 0.962, 1.891), 3),
        ((0, 0, 0), 0.9, 0.0, (0.29, 0.33, 0.76), 2),  # Pluto and Tasche 2005
        ((0, 0, 0), 0.999, 0.0, (0.86, 0.98, 2.28), 2),
    ],
)
def test_published_bounds(
    defaults: tuple[int, ...], confidence: float, correlation: float, percent: tuple[float, ...], digits: int
) -> None:
    table = pluto_tasche(OBLIGORS, defaults, confidence, correlation).table
    assert (100 * table["upper_bound"]).round(digits).tolist() == list(percent)
    assert table["pooled_obligors"].tolist() == [800, 700, 300]
    assert not table["raised"].any()


@pytest.mark.parametrize(("defaults", "correlation"), [(0, 0.12), (3, 0.05), (7, 0.4)])
def test_the_bound_solves_its_equation_by_another_integration(defaults: int, correlation: float) -> None:
    bound = pluto_tasche([500], [defaults], 0.75, correlation).table["upper_bound"][0]

    def at_most(y: float) -> float:
        p = norm.cdf((norm.ppf(bound) + np.sqrt(correlation) * y) / np.sqrt(1 - correlation))
        return float(binom.cdf(defaults, 500, p) * norm.pdf(y))

    assert quad(at_most, -8.5, 8.5, epsabs=1e-12, limit=400)[0] == pytest.approx(0.25, abs=1e-9)


def test_independent_bounds_are_the_limit_without_correlation() -> None:
    plain = pluto_tasche(OBLIGORS, (0, 2, 1), 0.9).table["upper_bound"]
    nearly = pluto_tasche(OBLIGORS, (0, 2, 1), 0.9, 1e-9).table["upper_bound"]
    np.testing.assert_allclose(nearly, plain, rtol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 400)), min_size=1, max_size=6),
    st.floats(0.05, 0.999),
    st.sampled_from([0.0, 0.12]),
)
def test_bounds_never_fall_with_risk_and_rise_with_confidence(
    grades: list[tuple[int, int]], confidence: float, correlation: float
) -> None:
    n = [size for size, _ in grades]
    d = [min(size, bad) for size, bad in grades]
    table = pluto_tasche(n, d, confidence, correlation).table
    assert (np.diff(table["upper_bound"]) >= 0.0).all()
    assert (table["upper_bound"] >= table["bound"]).all()
    assert (table["raised"] == (table["upper_bound"] > table["bound"])).all()
    surer = pluto_tasche(n, d, (1.0 + confidence) / 2.0, correlation).table
    assert (surer["bound"] >= table["bound"] - 1e-12).all()


def test_a_better_grade_with_the_more_defaults_raises_the_worse() -> None:
    table = pluto_tasche([10, 1000], [5, 0], 0.5, grades=["A", "B"]).table
    assert table["raised"].tolist() == [False, True]
    assert table["upper_bound"].nunique() == 1
    assert table["grade"].tolist() == ["A", "B"]


def test_the_true_probability_is_covered() -> None:
    """Share of worlds whose bound is at least the true probability: the confidence, or more as counts are whole."""
    random = np.random.default_rng(1)
    p, rho, n = 0.03, 0.12, 600
    factor = random.normal(size=800)
    defaults = random.binomial(n, norm.cdf((norm.ppf(p) + np.sqrt(rho) * factor) / np.sqrt(1 - rho)))
    bounds = {k: pluto_tasche([n], [k], 0.9, rho).table["upper_bound"][0] for k in np.unique(defaults)}
    covered = np.mean([bounds[k] >= p for k in defaults])
    assert 0.88 < covered < 0.97
    plain = {k: pluto_tasche([n], [k], 0.9).table["upper_bound"][0] for k in np.unique(defaults)}
    assert np.mean([plain[k] >= p for k in defaults]) < 0.85  # correlation left out: too sure


def test_the_window_has_the_probability_of_all_its_years() -> None:
    one = pluto_tasche([500, 80], [2, 3], 0.9, 0.12).table
    assert one["window_bound"].tolist() == one["upper_bound"].tolist()
    free = pluto_tasche([500, 80], [2, 3], 0.9, years=4).table
    np.testing.assert_allclose(free["window_bound"], 1 - (1 - free["upper_bound"]) ** 4, rtol=1e-12)
    free_of_years = pluto_tasche([500, 80], [2, 3], 0.9).table
    np.testing.assert_allclose(free["window_bound"], free_of_years["upper_bound"], rtol=1e-10)
    settings = LowDefault(0.8, 0.12, 3, 0.3, 2000, 7)
    same = pluto_tasche([500, 80], [2, 3], 0.8, 0.12, years=3, factor_correlation=0.3, draws=2000, seed=7)
    assert settings.bounds([500, 80], [2, 3]).table.equals(same.table)
    whole = LowDefault(0.8, 0.12, 3).bounds([5], [5]).table
    assert whole["window_bound"].tolist() == [1.0]


def test_years_without_correlation_are_obligor_years() -> None:
    one = pluto_tasche([500], [2], 0.9).table["upper_bound"][0]
    five = pluto_tasche([500], [2], 0.9, years=5).table["upper_bound"][0]
    assert 1 - (1 - five) ** 5 == pytest.approx(one, rel=1e-12)


def test_correlated_years_by_simulation_of_defaults() -> None:
    result = pluto_tasche([400], [3], 0.8, 0.12, years=3, factor_correlation=0.3)
    p = result.table["upper_bound"][0]
    assert (result.draws, result.seed) == (20_000, 0)
    random = np.random.default_rng(5)
    factor = random.normal(size=60_000)
    alive, defaults = np.full(60_000, 400), np.zeros(60_000, dtype=int)
    for _ in range(3):
        rate = norm.cdf((norm.ppf(p) + np.sqrt(0.12) * factor) / np.sqrt(0.88))
        gone = random.binomial(alive, rate)
        alive, defaults = alive - gone, defaults + gone
        factor = 0.3 * factor + np.sqrt(1 - 0.09) * random.normal(size=60_000)
    assert np.mean(defaults <= 3) == pytest.approx(0.2, abs=0.01)
    again = pluto_tasche([400], [3], 0.8, 0.12, years=3, factor_correlation=0.3)
    assert again.table.equals(result.table)


def test_all_in_default_has_the_bound_1() -> None:
    for correlation in (0.0, 0.2):
        assert pluto_tasche([3], [3], 0.9, correlation).table["upper_bound"].tolist() == [1.0]


def test_bad_counts_are_refused_together() -> None:
    with pytest.raises(CalibrationError, match=r"2 faults(.|\n)*grade 1: 0(.|\n)*grade 2: 0.5"):
        pluto_tasche([0, 5], [0, 0.5])
    with pytest.raises(CalibrationError, match=r"more defaults than obligors(.|\n)*grade 2: 6 of 5"):
        pluto_tasche([10, 5], [0, 6])
    with pytest.raises(CalibrationError, match=r"2 faults(.|\n)*correlation(.|\n)*years"):
        pluto_tasche([10], [0], correlation=1.0, years=0)
    with pytest.raises(CalibrationError, match="confidence: not a rate"):
        pluto_tasche([10], [0], 1.0)
    with pytest.raises(CalibrationError, match="one number of obligors"):
        pluto_tasche([10, 5], [0])
    with pytest.raises(CalibrationError, match="one name a grade"):
        pluto_tasche([10], [0], grades=["A", "B"])
