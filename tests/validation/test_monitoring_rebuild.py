"""The validator's own arithmetic of monitoring, against brute force, numerical derivatives, SciPy and dates by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from validation.rebuild import censored, metrics
from validation.rebuild.censored import Labels
from validation.rebuild.drift import benjamini_hochberg, distances, index, recent


def labels(n: int, seed: int) -> tuple[Labels, np.ndarray]:
    """Follow-up on a coarse grid, so that times are tied, and a risk that goes with the bad."""
    rng = np.random.default_rng(seed)
    event_at, seen = rng.exponential(9.0, n).round(1) + 0.1, rng.uniform(1.0, 9.0, n).round(1)
    event = event_at <= seen
    risk = np.round(rng.normal(size=n) + event, 1)
    return Labels(np.minimum(event_at, seen), event, np.zeros(n, dtype=bool)), risk


def repeated(one: Labels, risk: np.ndarray, times: np.ndarray) -> tuple[Labels, np.ndarray]:
    place = np.repeat(np.arange(len(times)), times)
    return one.part(place), risk[place]


def product_limit(one: Labels, horizon: float) -> float:
    """Kaplan and Meier's bad rate by the book: bads over rows at risk, time by time."""
    stays = 1.0
    for time in np.unique(one.time[one.event & (one.time <= horizon)]):
        stays *= 1.0 - np.sum(one.event & (one.time == time)) / np.sum(one.time >= time)
    return 1.0 - stays


@pytest.mark.parametrize("seed", range(5))
def test_the_weighted_bad_rate_is_that_of_kaplan_and_meier(seed: int) -> None:
    one, _ = labels(300, seed)
    found = censored.follow(one, 6.0)
    assert censored.rate_parts(found)[0] == pytest.approx(product_limit(one, 6.0), abs=1e-12)
    assert found.weight.sum() == pytest.approx(300, abs=1e-9)


def test_what_a_row_brings_is_the_derivative_in_its_mass() -> None:
    """Every row stands for 400; one row more, and one less, of each moves the estimate by its influence."""
    one, risk = labels(40, 3)
    each, n = 400, 40

    def rate(times: np.ndarray) -> float:
        return censored.rate_parts(censored.follow(repeated(one, risk, times)[0], 6.0))[0]

    def area(times: np.ndarray) -> float:
        many, x = repeated(one, risk, times)
        found = censored.follow(many, 6.0)
        known = found.known
        bads, _ = metrics.components(found.bad[known].astype(float), x[known], found.weight[known])
        return metrics.weighted_mean(bads, found.weight[found.bad])

    whole = np.full(n, each)
    found = censored.follow(one, 6.0)
    value, parts = censored.rate_parts(found)
    y, w = found.bad[found.known].astype(float), found.weight[found.known]
    of_bads, of_goods = metrics.components(y, risk[found.known], w)
    centre = metrics.weighted_mean(of_bads, w[y == 1])
    own = np.zeros(n)
    shares = np.zeros(len(y))
    shares[y == 1] = w[y == 1] * (of_bads - centre) / w[y == 1].sum()
    shares[y == 0] = w[y == 0] * (of_goods - centre) / w[y == 0].sum()
    own[found.known] = shares
    of_area = censored.influence(found, own)
    for row in range(n):
        up, down = whole.copy(), whole.copy()
        up[row], down[row] = each + 1, each - 1
        assert (rate(up) - rate(down)) * each / 2.0 == pytest.approx(parts[row], rel=1e-3, abs=1e-6)
        assert (area(up) - area(down)) * each / 2.0 == pytest.approx(of_area[row], rel=1e-3, abs=1e-6)
    assert rate(whole) == pytest.approx(value, abs=1e-12)


def test_followed_outcomes_are_measured_as_known_ones() -> None:
    one, risk = labels(400, 11)
    full = Labels(np.where(one.event, one.time, 20.0), one.event, one.fault)
    found = censored.follow(full, 12.0)
    y = found.bad.astype(float)
    area, distance = censored.discrimination(found, risk, 0.95)
    known = metrics.auc(y, risk)
    assert area == pytest.approx((known.auc, known.standard_error, known.lower, known.upper), abs=1e-12)
    assert distance[0] == pytest.approx(metrics.kolmogorov_smirnov(y, risk), abs=1e-12)
    assert censored.effective(found) == pytest.approx((y.mean(), 400.0), abs=1e-9)
    assert censored.bad_rate(found, 0.95)[1] == pytest.approx(np.sqrt(y.var(ddof=1) / 400), abs=1e-12)


def test_a_slope_of_separated_classes_is_not_told() -> None:
    one = Labels(np.array([1.0, 2.0, 9.0, 9.0]), np.array([True, True, False, False]), np.zeros(4, dtype=bool))
    found = censored.follow(one, 6.0)
    assert np.isnan(censored.slope(found, np.array([0.5, 0.6, 0.2, 0.3]), 0.95)).all()
    assert np.isfinite(censored.slope(found, np.array([0.5, 0.25, 0.2, 0.3]), 0.95)).all()


def test_months_go_by_anniversary() -> None:
    days = [("2026-01-31", "2026-02-28"), ("2024-01-31", "2024-02-29"), ("2026-01-15", "2026-02-14"),
            ("2026-01-15", "2026-07-15"), ("2026-03-01", "2026-03-01")]  # fmt: skip
    start = pd.to_datetime(pd.Series([one for one, _ in days])).dt.tz_localize("UTC")
    until = pd.to_datetime(pd.Series([other for _, other in days]))
    found = censored.labels_of(start, pd.Series(pd.NaT, index=until.index, dtype=until.dtype), until)
    assert found.time == pytest.approx([1.0, 1.0, 30 / 31, 6.0, 0.0], abs=1e-12)


def test_outcomes_that_cannot_be_are_faults() -> None:
    start = pd.to_datetime(pd.Series(["2026-05-01"] * 5)).dt.tz_localize("UTC")
    bad = pd.to_datetime(pd.Series(["2026-04-01", None, "2026-07-01", "2026-06-01", None]))
    until = pd.to_datetime(pd.Series(["2026-06-01", "2026-04-01", "2026-06-01", None, None]))
    found = censored.labels_of(start, bad, until)
    assert found.fault.tolist() == [True, True, True, True, False]
    assert np.isnan(found.time).all()


def test_the_index_is_that_of_the_formula() -> None:
    first, second = np.array([50.0, 30.0, 20.0, 0.0]), np.array([20.0, 30.0, 50.0, 0.0])
    found = index(first, second, "add_half", 0.05, 0.1)
    assert found.psi == pytest.approx(2 * 0.3 * np.log(2.5), abs=1e-12)
    assert (found.bins, found.empty_cells) == (3, 0)
    assert found.chance_level == pytest.approx(stats.chi2.ppf(0.95, 2) * 0.02, abs=1e-12)
    half = index(first, np.array([20.0, 30.0, 0.0, 50.0]), "half_everywhere", 0.05, 0.1)
    e, a = (np.array([50.5, 30.5, 20.5, 0.5]) / 102.0, np.array([20.5, 30.5, 0.5, 50.5]) / 102.0)
    assert half.psi == pytest.approx(np.sum((a - e) * np.log(a / e)), abs=1e-12)
    assert half.empty_cells == 2


def test_many_tests_persistence_and_distances() -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(size=40) ** 2
    assert benjamini_hochberg(p.tolist()) == pytest.approx(stats.false_discovery_control(p), abs=1e-14)
    assert recent([True, True, False, True], [True, True, False, True], 3) == [(1, 1), (2, 2), (0, 0), (3, 3)]
    first, second = rng.normal(size=300).round(1), rng.normal(0.3, size=200).round(1)
    found = distances(first, np.ones(300), second, 25)
    assert found.ks == pytest.approx(stats.ks_2samp(first, second).statistic, abs=1e-12)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(first, second), abs=1e-12)
    assert np.isnan(distances(first, np.ones(300), second[:20], 25).p_value)
