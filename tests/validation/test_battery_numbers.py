"""Tests of the battery against published numbers, other libraries, brute force and Monte-Carlo size."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from validation.battery.calibration_tests import lack_of_fit
from validation.battery.discrimination import initial_test
from validation.battery.grades import inversion, vasicek_quantile
from validation.battery.losses import t_test
from validation.battery.migration import bandwidths, kendall, neighbour_test
from validation.battery.periods import normal_test
from validation.battery.settle import design_effect
from validation.battery.stability import judged_shift, raw_bins, shift_of
from validation.rebuild import common_factor, grades

# MathWorks R2026a: rows, defaults and probabilities of ten grades; reject at 5 %.
ROWS = [56, 79, 68, 54, 45, 40, 40, 34, 37, 47]
BADS = [6, 18, 16, 21, 11, 14, 10, 13, 19, 22]
PDS = [0.027845, 0.07689, 0.12764, 0.17523, 0.2268, 0.27502, 0.327, 0.37635, 0.41964, 0.47274]
FOUND = [0.00209, 0.000013, 0.0069, 0.000096, 0.377, 0.145, 0.851, 0.465, 0.124, 0.524]


def test_jeffreys_of_the_published_grades_and_portfolio() -> None:
    values = [grades.jeffreys(d / n, n, p) for n, d, p in zip(ROWS, BADS, PDS, strict=True)]
    assert "".join(str(int(p < 0.05)) for p in values) == "1111000000"
    assert values == pytest.approx(FOUND, rel=0.04)
    n, d = sum(ROWS), sum(BADS)
    mean = sum(a * p for a, p in zip(ROWS, PDS, strict=True)) / n
    assert grades.jeffreys(d / n, n, mean) == pytest.approx(2.06e-5, rel=0.01)


def test_jeffreys_and_binomial_of_published_single_cases() -> None:
    assert grades.jeffreys(7 / 200, 200, 0.025) == pytest.approx(0.17785270439906, abs=1e-12)
    assert grades.binomial(7 / 200, 200, 0.025) == pytest.approx(0.235945960229294, abs=1e-12)
    assert grades.jeffreys(2 / 6, 6, 0.0367) == pytest.approx(0.0044, abs=5e-5)
    assert grades.binomial(7 / 200, 200, 0.025) == pytest.approx(stats.binom.sf(6, 200, 0.025), abs=1e-14)


def test_weighted_bandwidths_of_the_published_matrix() -> None:
    matrix = [[10, 8, 15, 9, 10], [11, 9, 13, 9, 8], [0, 10, 10, 11, 10], [0, 0, 9, 11, 11], [0, 0, 0, 11, 10]]
    upper, lower = bandwidths(np.array(matrix, dtype=float))
    assert (lower, upper) == pytest.approx((0.3306, 0.6066), abs=5e-5)
    assert all(math.isnan(one) for one in bandwidths(np.diag([3.0, 4.0, 5.0])))


def test_hosmer_lemeshow_of_published_grades() -> None:
    n, d = np.array([47, 95, 68, 53, 37]), np.array([3, 20, 17, 24, 28])
    p = np.array([0.0307, 0.1161, 0.2907, 0.5514, 0.7648])
    y = np.concatenate([np.repeat([1.0, 0.0], [a, b - a]) for a, b in zip(d, n, strict=True)])
    each = np.repeat(p, n)
    cells = grades.cells(np.repeat(np.arange(5), n), y, each, np.ones(len(y)), 5)
    assert grades.lack_of_fit(cells, list(p), fitted=False)[2] == pytest.approx(0.0271, abs=5e-5)


def test_index_of_a_published_case() -> None:
    expected, actual = np.array([0.22, 0.24, 0.07, 0.48]), np.array([0.35, 0.31, 0.05, 0.29])
    assert float(np.sum((actual - expected) * np.log(actual / expected))) == pytest.approx(0.1807, abs=5e-5)
    found = shift_of(expected * 1000, actual * 1000)  # the published shares sum to 1.01 and are brought to 1
    assert found.psi == pytest.approx(0.18, abs=0.005)
    unit = 1 / 1010 + 1 / 1000
    assert found.p_value == pytest.approx(stats.chi2.sf(found.psi / unit, 3), abs=1e-15)


def test_an_empty_bin_stays_in_the_index() -> None:
    full, empty = np.full(10, 100.0), np.array([0.0, *[1000 / 9] * 9])
    assert shift_of(full, empty).empty == 1
    assert shift_of(full, empty).psi > 0.5  # dropped, the other nine bins would say 0
    assert shift_of(full[1:], empty[1:]).psi == pytest.approx(0.0, abs=1e-12)


def test_initial_auc_counts_as_known() -> None:
    assert initial_test(0.8, 0.75, 0.025) == pytest.approx((2.0, stats.norm.sf(2.0)))
    assert all(math.isnan(one) for one in initial_test(0.8, 1.0, 0.0))


@pytest.mark.parametrize(("p", "rho", "q"), [(0.03, 0.04, 0.95), (0.2, 0.15, 0.999)])
def test_vasicek_quantile_by_its_distribution(p: float, rho: float, q: float) -> None:
    factor = -stats.norm.ppf(q)  # the year that is as bad as 1 − q
    assert vasicek_quantile(p, rho, q) == pytest.approx(float(common_factor.given_factor(p, rho, factor)), abs=1e-14)
    assert vasicek_quantile(0.03, 0.04, 0.95) == pytest.approx(0.05663, abs=5e-4)


def test_normal_test_over_periods() -> None:
    rates, pds = np.array([0.04, 0.06, 0.05, 0.09]), np.array([0.05, 0.05, 0.05, 0.05])
    gaps = rates - pds
    z, p_value = normal_test(rates, pds)
    assert z == pytest.approx(gaps.mean() * 2 / gaps.std(ddof=1))
    assert p_value == pytest.approx(stats.norm.sf(z))
    assert math.isnan(normal_test(pds, pds)[0])


def test_neighbours_of_a_matrix_against_the_multinomial_variance() -> None:
    n, far, near = 300, 0.12, 0.2
    covariance = np.array([[near * (1 - near), -near * far], [-near * far, far * (1 - far)]]) / n
    error = math.sqrt(np.array([1.0, -1.0]) @ covariance @ np.array([1.0, -1.0]))
    z, p_value = neighbour_test(far, near, n)
    assert z == pytest.approx((near - far) / error)
    assert p_value == pytest.approx(stats.norm.cdf(z))


@pytest.mark.parametrize("size", [3, 4, 5])
def test_trend_by_all_orders(size: int) -> None:
    orders = list(itertools.permutations(range(size)))
    for order in orders[:: max(1, len(orders) // 12)]:
        mine = sum(a > b for a, b in itertools.combinations(order, 2))
        as_few = sum(sum(a > b for a, b in itertools.combinations(one, 2)) <= mine for one in orders)
        assert kendall(np.array(order, dtype=float)) == pytest.approx(as_few / len(orders))


def test_t_test_against_scipy_and_by_clusters() -> None:
    random = np.random.default_rng(1)
    errors = random.normal(0.1, 1, 80)
    statistic, above, apart, n = t_test(errors)
    reference = stats.ttest_1samp(errors, 0, alternative="greater")
    assert (statistic, above, n) == pytest.approx((reference.statistic, reference.pvalue, 80))
    assert apart == pytest.approx(stats.ttest_1samp(errors, 0).pvalue)
    assert t_test(np.repeat(errors, 5), np.repeat(np.arange(80), 5)) == pytest.approx((statistic, above, apart, n))


def test_inversion_is_fishers_exact_test_for_counts() -> None:
    one = grades.Cell(100, 20, 100.0, 0.2, 100.0, 0.1)
    other = grades.Cell(80, 6, 80.0, 6 / 80, 80.0, 0.2)
    exact = stats.fisher_exact([[6, 74], [20, 80]], alternative="less").pvalue
    assert inversion(one, other, counted=True) == pytest.approx(exact, rel=1e-9)
    assert inversion(one, other, counted=False) == pytest.approx(exact, abs=0.02)


def test_design_effect_of_repeated_rows() -> None:
    residual = np.random.default_rng(2).normal(size=50)
    assert design_effect(residual, np.arange(50)) == 1.0
    assert design_effect(np.repeat(residual, 4), np.repeat(np.arange(50), 4)) == pytest.approx(4.0)


def test_bins_of_raw_columns_keep_missing_and_unseen() -> None:
    numbers = np.concatenate([np.arange(100.0), [np.nan, 1e6, -5.0]])
    bins = raw_bins(numbers, np.arange(100))
    assert np.bincount(bins[:100]).tolist() == [0, *[10] * 10]
    assert bins[100:].tolist() == [0, 10, 1]
    texts = np.array(["a", "b", "a", None, "new"], dtype=object)
    assert raw_bins(texts, np.arange(3)).tolist() == [1, 2, 1, 0, 4]


def test_shift_is_judged_by_both_rules() -> None:
    cuts, chance = (0.1, 0.25), (0.05, 0.001)
    large, few = shift_of(np.full(5, 2000.0), np.full(5, 2000.0)), shift_of(np.full(5, 20.0), np.full(5, 20.0))
    assert judged_shift(large, 1.0, cuts, chance) == "pass"
    assert judged_shift(few, 1.0, cuts, chance) == "not_evaluable"  # chance alone reaches the first cut
    moved = shift_of(np.full(5, 2000.0), np.array([4000.0, 1000, 1000, 1000, 3000]))
    assert judged_shift(moved, moved.p_value, cuts, chance) == "fail"
    assert judged_shift(moved, 0.01, cuts, chance) == "review"
    assert judged_shift(moved, 0.2, cuts, chance) == "pass"


def _sizes(draws: int) -> tuple[float, float]:
    """Share of draws of unchanged populations and calibrated models that the two tests reject at 5 %."""
    random = np.random.default_rng(7)
    moved = fit = 0
    for _ in range(draws):
        expected, actual = random.multinomial(3000, [0.1] * 10), random.multinomial(700, [0.1] * 10)
        moved += shift_of(expected.astype(float), actual.astype(float)).p_value <= 0.05
        p = stats.beta.rvs(2, 8, size=1500, random_state=random)
        y = (random.random(1500) < p).astype(float)
        fit += lack_of_fit(y, p, np.ones(1500), fitted=False).p_value <= 0.05
    return moved / draws, fit / draws


def test_size_under_no_change() -> None:
    moved, fit = _sizes(300)
    assert 0.02 <= moved <= 0.09
    assert 0.02 <= fit <= 0.09


@pytest.mark.slow
def test_size_under_no_change_of_many_draws() -> None:
    moved, fit = _sizes(10_000)
    assert 0.043 <= moved <= 0.058
    assert 0.043 <= fit <= 0.062
