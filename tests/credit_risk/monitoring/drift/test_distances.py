"""KS and Wasserstein from distinct values and counts, against scipy on the rows and against a loop."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.drift.columns import DISTANCE_COLUMNS
from credit_risk.monitoring.drift.distances import ASYMPTOTIC, CONSERVATIVE, TOO_FEW, distance, distance_frame
from credit_risk.monitoring.frames import ALL

Cells = st.lists(st.tuples(st.integers(-6, 6), st.integers(1, 40)), min_size=1, max_size=9)


def tally(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, counts = np.unique(rows, return_counts=True)
    return values.astype(float), counts.astype(float)


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_agrees_with_scipy_on_rows(digits: int) -> None:
    random = np.random.default_rng(1)
    x, y = np.round(random.normal(size=900), digits), np.round(random.normal(0.1, 1.2, 400), digits)
    found = distance(*tally(x), *tally(y))
    exact = stats.ks_2samp(x, y, method="asymp")
    assert found.ks == pytest.approx(exact.statistic, rel=1e-12)
    assert found.ks_p_value == pytest.approx(exact.pvalue, rel=1e-9)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(x, y), rel=1e-12)
    assert found.standardised_wasserstein == pytest.approx(found.wasserstein / x.std(), rel=1e-12)
    assert found.ks_method == (ASYMPTOTIC if digits == 9 else CONSERVATIVE)


@given(Cells, Cells)
@settings(max_examples=60, deadline=None)
def test_weighted_distances_by_a_loop(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    (x, n), (y, m) = (np.array(cells, float).T for cells in (first, second))
    found = distance(x, n, y, m)
    grid = np.arange(-7, 8)
    gaps = [abs(n[x <= t].sum() / n.sum() - m[y <= t].sum() / m.sum()) for t in grid]
    assert found.ks == pytest.approx(max(gaps), abs=1e-12)
    assert found.wasserstein == pytest.approx(sum(gaps), abs=1e-12)  # the grid has unit steps
    back = distance(y, m, x, n)
    assert (back.ks, back.wasserstein) == pytest.approx((found.ks, found.wasserstein), abs=1e-12)
    far = distance(3.0 * x, n, 3.0 * y, m)
    assert (far.ks, far.wasserstein) == pytest.approx((found.ks, 3.0 * found.wasserstein), abs=1e-12)


def test_wasserstein_of_a_moved_sample_is_the_move() -> None:
    x = np.random.default_rng(2).normal(600, 50, 500)
    found = distance(*tally(x), *tally(x - 12.5))
    assert found.wasserstein == pytest.approx(12.5, rel=1e-9)


def test_size_of_ks_is_held_and_conservative_with_ties() -> None:
    """Ten values: rejects in fewer than 5 % of unchanged samples; continuous: in some 5 %."""
    random = np.random.default_rng(3)
    rejected = {"tied": 0, "free": 0}
    for _ in range(300):
        x, y = random.normal(size=300), random.normal(size=200)
        rejected["free"] += distance(*tally(x), *tally(y)).ks_p_value < 0.05
        x, y = np.round(x), np.round(y)
        rejected["tied"] += distance(*tally(x), *tally(y)).ks_p_value < 0.05
    assert 0.02 < rejected["free"] / 300 < 0.09
    assert rejected["tied"] / 300 < 0.04


def test_too_few_rows_are_not_tested() -> None:
    found = distance([1.0, 2.0], [10, 10], [1.0], [10])
    assert math.isnan(found.ks_p_value)
    assert found.ks_method == TOO_FEW
    assert found.ks == pytest.approx(0.5)
    assert math.isnan(distance([1.0], [50], [2.0], [50]).standardised_wasserstein)


def test_frame_by_period_and_segment_with_missing_told() -> None:
    base = pd.DataFrame({"variable": "score", "value": [1.0, 2.0, np.nan], "rows": [40.0, 40.0, 20.0]})
    cells = [("2026-01", ALL, "score", v, r) for v, r in ((1.0, 30.0), (3.0, 60.0), (np.nan, 10.0))]
    cells += [("2026-01", "channel=web", "score", np.nan, 7.0)]
    frame = distance_frame(base, pd.DataFrame(cells, columns=["period", "segment", "variable", "value", "rows"]))
    assert list(frame.columns) == DISTANCE_COLUMNS
    whole, web = frame.iloc[0], frame.iloc[1]
    assert (whole["expected_missing"], whole["actual_missing"]) == pytest.approx((0.2, 0.1))
    assert whole["ks"] == pytest.approx(2 / 3)
    assert whole["wasserstein"] == pytest.approx(stats.wasserstein_distance([1, 2], [1, 3], [1, 1], [1, 2]))
    assert (web["held_against"], web["actual_missing"], web["ks_method"]) == (ALL, 1.0, TOO_FEW)
    with pytest.raises(CreditRiskError, match="development has no values of it"):
        distance_frame(base.assign(variable="other"), pd.DataFrame(cells, columns=frame.columns[[0, 1, 2, 8, 4]])
                       .set_axis(["period", "segment", "variable", "value", "rows"], axis=1))  # fmt: skip


def test_faults() -> None:
    with pytest.raises(CreditRiskError, match="missing or infinite"):
        distance([np.nan], [1], [1.0], [1])
    with pytest.raises(CreditRiskError, match="no rows"):
        distance([1.0], [0], [1.0], [1])
