"""Score interval of a ratio and mid-p-value: published numbers, statsmodels, the definition, Monte-Carlo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import adverse_impact_ratio, mid_p_value, ratio_score_interval
from credit_risk.evaluation.rate_ratio import _constrained, ratio_score

COUNTS = [(36, 40, 16, 80), (120, 300, 420, 700), (3, 50, 20, 60), (45, 100, 60, 100)]


def test_koopman_published_without_the_factor() -> None:
    """Koopman (1984): 36 of 40 against 16 of 80, 95 %: 2.94 to 7.15, without Miettinen and Nurminen's factor."""
    counts = (36.0, 40.0, 16.0, 80.0)
    for bound, sign in ((2.94, 1.0), (7.15, -1.0)):
        factor = math.sqrt(120.0 / 119.0)
        root = optimize.brentq(lambda r, s=sign, f=factor: ratio_score(counts, r) * f - s * 1.959963984540054, 1, 20)
        assert round(root, 2) == bound


@pytest.mark.parametrize("counts", COUNTS)
def test_bounds_are_those_of_statsmodels(counts: tuple[int, int, int, int]) -> None:
    theirs = confint_proportions_2indep(*counts, method="score", compare="ratio", correction=True)
    assert ratio_score_interval(*counts) == pytest.approx(theirs, rel=1e-10)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.floats(0.05, 20.0))
def test_the_constrained_rates_maximise_the_likelihood(n: int, x: int, m: int, y: int, ratio: float) -> None:
    x, y = min(x, n), min(y, m)
    top = min(1.0, 1.0 / ratio)

    def likelihood(q: float) -> float:
        p = min(ratio * q, 1.0)
        pairs = ((x, p), (n - x, 1 - p), (y, q), (m - y, 1 - q))
        return sum(k * math.log(max(v, 1e-300)) for k, v in pairs if k)

    q = _constrained((x, n, y, m), ratio)
    assert 0.0 <= q <= top
    grid = np.linspace(0.0, top, 401)
    assert likelihood(q) >= max(likelihood(float(one)) for one in grid) - 1e-7


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 300), st.integers(0, 300))
def test_bounds_hold_the_ratio_and_turn_with_it(n: int, x: int, m: int, y: int) -> None:
    x, y = min(x, n), min(y, m)
    lower, upper = ratio_score_interval(x, n, y, m)
    if x == y == 0:
        assert math.isnan(lower)
        assert math.isnan(upper)
        return
    assert 0.0 <= lower <= upper
    if y:
        assert lower <= (x / n) / (y / m) * (1 + 1e-9)
        assert (x / n) / (y / m) <= upper * (1 + 1e-9)
    turned = ratio_score_interval(y, m, x, n)
    assert 1 / turned[1] == pytest.approx(lower, rel=1e-7)
    assert (1 / turned[0] if turned[0] else math.inf) == pytest.approx(upper, rel=1e-7)


def test_bounds_hold_where_katz_has_none() -> None:
    assert math.isnan(adverse_impact_ratio(0, 50, 20, 50)[2])
    lower, upper = ratio_score_interval(0, 50, 20, 50)
    assert lower == 0.0
    assert 0.1 < upper < 0.3
    assert ratio_score_interval(20, 50, 0, 50)[1] == math.inf
    low, high = ratio_score_interval(50, 50, 50, 50)
    assert low < 1 < high  # all are approved: Katz's variance is 0


@pytest.mark.parametrize(("n", "m", "p", "q"), [(30, 200, 0.1, 0.5), (60, 60, 0.95, 0.97), (200, 600, 0.45, 0.6)])
def test_bounds_cover(n: int, m: int, p: float, q: float) -> None:
    """Shares of 20,000 draws of both counts whose interval holds the true ratio."""
    rng = np.random.default_rng(1)
    pairs = list(zip(rng.binomial(n, p, 20_000).tolist(), rng.binomial(m, q, 20_000).tolist(), strict=True))
    scores = {(x, y): ratio_score((float(x), float(n), float(y), float(m)), p / q) for x, y in set(pairs)}
    covered = np.mean([abs(scores[pair]) <= 1.959963984540054 for pair in pairs])
    assert 0.94 <= covered <= 0.975


def test_mid_p_published_and_by_all_tables() -> None:
    """Agresti (2013), Categorical Data Analysis, section 3.5.1, Fisher's tea: one-sided mid-p 0.129, here twice it."""
    assert mid_p_value(3, 4, 1, 4) / 2 == pytest.approx(0.129, abs=5e-4)
    for x, n, y, m in [*COUNTS, (0, 9, 4, 7), (5, 5, 2, 8)]:
        support = range(max(0, x + y - m), min(n, x + y) + 1)
        chances = {k: math.comb(n, k) * math.comb(m, x + y - k) / math.comb(n + m, x + y) for k in support}
        tails = [sum(chances[k] for k in support if k > x), sum(chances[k] for k in support if k < x)]
        assert mid_p_value(x, n, y, m) == pytest.approx(min(1.0, 2 * min(tails) + chances[x]), rel=1e-9)


def test_the_mid_p_value_is_nearer_to_its_level_than_the_exact_one() -> None:
    """Sizes at 5 %, exactly, over equal rates: Fisher's stays well below, the mid-p-value near it."""
    n, m, p = 40, 60, 0.3
    x, y = np.arange(n + 1), np.arange(m + 1)
    chance = np.outer(stats.binom.pmf(x, n, p), stats.binom.pmf(y, m, p))
    kept = [(i, j) for i in x for j in y if chance[i, j] > 1e-7]
    mid = sum(chance[i, j] for i, j in kept if mid_p_value(int(i), n, int(j), m) < 0.05)
    exact = sum(chance[i, j] for i, j in kept if stats.fisher_exact([[i, n - i], [j, m - j]]).pvalue < 0.05)
    assert exact < 0.04
    assert 0.042 < mid < 0.055


def test_counts_that_do_not_fit_are_told_at_once() -> None:
    with pytest.raises(CreditRiskError) as caught:
        ratio_score_interval(5, 4, 1, 0)
    assert {fault.path for fault in caught.value.faults} == {"events", "other_events"}
