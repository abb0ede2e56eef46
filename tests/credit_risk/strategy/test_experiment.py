"""Boundaries against published tables and simulation; sample sizes against statsmodels and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import delong_interval
from credit_risk.strategy.experiment import design, rows_for_mean, rows_for_rates, variance_of_arms
from credit_risk.strategy.spending import (
    Boundaries,
    classical_boundary,
    classical_constant,
    crossing,
    drift_for_power,
    spending_boundaries,
    spent_error,
)

# Jennison and Turnbull (2000), Group Sequential Methods, tables 2.1 and 2.3: two-sided, significance 0.05.
POCOCK = {1: 1.960, 2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 10: 2.555}
OBRIEN_FLEMING = {1: 1.960, 2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087}
# Lan-DeMets boundaries of five looks, two-sided 0.05, in the literature's tables (their last digit is of coarse grids).
LAN_DEMETS = {
    "obrien_fleming": [4.8769, 3.3569, 2.6803, 2.2898, 2.0310],
    "pocock": [2.4380, 2.4268, 2.4101, 2.3966, 2.3859],
}


@pytest.mark.parametrize("looks", sorted(POCOCK))
def test_classical_constants_are_the_published_ones(looks: int) -> None:
    assert classical_constant(looks, 0.05, "pocock") == pytest.approx(POCOCK[looks], abs=6e-4)
    assert classical_constant(looks, 0.05, "obrien_fleming") == pytest.approx(OBRIEN_FLEMING[looks], abs=6e-4)


@pytest.mark.parametrize("spending", sorted(LAN_DEMETS))
def test_spending_boundaries_are_the_published_ones(spending: str) -> None:
    found = spending_boundaries(np.arange(1, 6) / 5, 0.05, spending)
    assert found.z == pytest.approx(LAN_DEMETS[spending], abs=1.5e-4)
    assert crossing(found.times, found.z).cumsum() == pytest.approx(found.spent, abs=1e-10)
    assert found.spent[-1] == pytest.approx(0.05)


def test_boundaries_of_another_program() -> None:
    """SeqBounds.jl, README: bounds([0.25, 0.5, 0.75, 1], 0.05), one-sided; two-sided at twice the error."""
    found = spending_boundaries([0.25, 0.5, 0.75, 1.0], 0.1, "obrien_fleming")
    assert found.z == pytest.approx([3.74955, 2.53993, 2.01604, 1.72014], abs=2e-4)
    assert found.nominal / 2 == pytest.approx([8.85754e-5, 0.00554366, 0.0218979, 0.0427037], rel=1e-3)


@pytest.mark.parametrize(("kind", "published"), [("obrien_fleming", 1.028), ("pocock", 1.228)])
def test_inflation_is_the_published_one(kind: str, published: float) -> None:
    """Jennison and Turnbull (2000), tables 2.2 and 2.4: five looks, significance 0.05, power 0.8."""
    times = np.arange(1, 6) / 5
    bounds = classical_boundary(5, classical_constant(5, 0.05, kind), kind)
    drift = drift_for_power(Boundaries(times, bounds, np.full(5, 0.05)), 0.8)
    assert (drift / (stats.norm.isf(0.025) + stats.norm.isf(0.2))) ** 2 == pytest.approx(published, abs=6e-4)


def test_twelve_monthly_looks_of_the_methods_page() -> None:
    """Naively at 1.96: 21 % false; O'Brien-Fleming with c = 2.10: 4.8 % by simulation, here exactly."""
    times = np.arange(1, 13) / 12
    naive = crossing(times, np.full(12, 1.96)).sum()
    flemming = crossing(times, classical_boundary(12, 2.10, "obrien_fleming")).sum()
    assert naive == pytest.approx(0.21, abs=0.005)
    assert flemming == pytest.approx(0.048, abs=0.002)


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_crossings_are_those_of_simulated_paths(drift: float) -> None:
    times = np.array([0.2, 0.5, 0.7, 1.0])
    bounds = spending_boundaries(times, 0.05, "pocock").z
    rng, steps = np.random.default_rng(3), np.diff(times, prepend=0.0)
    paths = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (200_000, 4)), axis=1) / np.sqrt(times)
    over = np.abs(paths) >= bounds
    first = np.where(over.any(axis=1), over.argmax(axis=1), 4)
    share = np.bincount(first, minlength=5)[:4] / 200_000
    assert share == pytest.approx(crossing(times, bounds, drift), abs=4 * np.sqrt(0.25 / 200_000))


def test_one_look_is_the_ordinary_test_and_spending_rises_to_the_whole() -> None:
    assert spending_boundaries([1.0], 0.05, "pocock").z == pytest.approx([stats.norm.isf(0.025)])
    for kind in LAN_DEMETS:
        spent = spent_error(np.linspace(0.01, 1, 50), 0.03, kind)
        assert (np.diff(spent) > 0).all()
        assert spent[-1] == pytest.approx(0.03)


def test_looks_that_lie_too_close_are_refused() -> None:
    with pytest.raises(CreditRiskError, match=r"looks 2 and 3: 0\.5 and 0\.50000001"):
        spending_boundaries([0.2, 0.5, 0.50000001, 1.0], 0.05, "pocock")
    with pytest.raises(CreditRiskError, match="do not rise"):
        crossing([0.5, 0.5], [2.0, 2.0])


def test_drift_of_one_look_is_the_sum_of_quantiles() -> None:
    drift = drift_for_power(spending_boundaries([1.0], 0.05, "obrien_fleming"), 0.9)
    assert drift == pytest.approx(stats.norm.isf(0.025) + stats.norm.isf(0.1), abs=1e-4)


def test_rows_of_means_are_those_of_statsmodels() -> None:
    rows = rows_for_mean(4.0, 0.2, 0.05, 0.8)  # two equal arms of variance 1
    each = NormalIndPower().solve_power(0.2, alpha=0.05, power=0.8)
    assert rows / 2 == pytest.approx(each, rel=1e-3)


def test_rows_of_rates_have_their_power() -> None:
    rows = int(np.ceil(rows_for_rates(0.06, 0.02, 0.3, 0.05, 0.8)))
    m = round(rows * 0.3)
    rng = np.random.default_rng(1)
    first, second = rng.binomial(rows - m, 0.06, 40_000), rng.binomial(m, 0.08, 40_000)
    p, q, mean = first / (rows - m), second / m, (first + second) / rows
    z = (q - p) / np.sqrt(mean * (1 - mean) * (1 / m + 1 / (rows - m)))
    assert np.mean(np.abs(z) > stats.norm.isf(0.025)) == pytest.approx(0.8, abs=0.015)


def test_rows_of_unpaired_areas_have_their_power() -> None:
    """Two arms, each with its own score and rows; DeLong's variance of a pilot tells how many are needed."""
    rng = np.random.default_rng(5)

    def arm(rows: int, apart: float) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(rows) < 0.2).astype(float)
        return y, rng.normal(apart * y)

    areas = [delong_interval(*arm(60_000, apart)) for apart in (0.9, 1.2)]
    first, second = (one.standard_error**2 * 60_000 for one in areas)
    gap = float(np.diff(stats.norm.cdf(np.array([0.9, 1.2]) / np.sqrt(2)))[0])
    rows = int(np.ceil(rows_for_mean(variance_of_arms(first, second, 0.4), gap, 0.05, 0.8)))
    told = 0
    for _ in range(600):
        one, two = delong_interval(*arm(round(rows * 0.6), 0.9)), delong_interval(*arm(round(rows * 0.4), 1.2))
        told += abs(two.auc - one.auc) > stats.norm.isf(0.025) * np.hypot(one.standard_error, two.standard_error)
    assert told / 600 == pytest.approx(0.8, abs=0.055)  # 3 standard errors are 0.049
    with pytest.raises(CreditRiskError, match="not two variances and a share"):
        variance_of_arms(1.0, 1.0, 1.0)


def test_a_design_keeps_its_errors_and_states_when_it_looks() -> None:
    found = design(
        10_000.0,
        looks=5,
        spending="obrien_fleming",
        significance=0.05,
        power=0.8,
        share=0.5,
        rows_per_month=1_000.0,
        performance_months=12.0,
    )
    assert 1.02 < found.inflation < 1.03
    assert found.rows == found.rows_champion + found.rows_challenger == np.ceil(10_000 * found.inflation)
    assert found.months == found.rows / 1_000 + 12
    assert found.looks["stops_without_difference"].sum() == pytest.approx(0.05)
    assert found.looks["stops_with_difference"].sum() == pytest.approx(0.8)
    assert found.looks["rows"].iloc[-1] == found.rows
    assert found.looks["month"].iloc[-1] == found.months


def test_wrong_designs_are_refused() -> None:
    with pytest.raises(CreditRiskError, match="spending"):
        spending_boundaries([0.5, 1.0], 0.05, "haybittle")
    with pytest.raises(CreditRiskError, match="rise"):
        spending_boundaries([0.5, 0.5], 0.05, "pocock")
    with pytest.raises(CreditRiskError, match="rates"):
        rows_for_rates(0.05, -0.05, 0.5, 0.05, 0.8)
    with pytest.raises(CreditRiskError, match="variance"):
        rows_for_mean(0.0, 0.1, 0.05, 0.8)
