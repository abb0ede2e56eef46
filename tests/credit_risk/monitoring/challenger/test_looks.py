"""Repeated looks: error and power by simulation, bounds against those of strategy, looks in the past."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.challenger.looks import LOOK_COLUMNS, open_looks, outcomes_as_of, planned_looks
from credit_risk.strategy.always_valid import always_valid_boundary
from credit_risk.strategy.spending import classical_boundary, spending_boundaries

LOOKS, EACH = 12, 2000


def paths(runs: int, rates: tuple[float, float], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Differences (runs, 12), champion's bad rate less the challenger's, and their errors; 2,000 an arm a month."""
    rng = np.random.default_rng(seed)
    one, two = (np.cumsum(rng.binomial(EACH, rate, (runs, LOOKS)), axis=1) for rate in rates)
    rows = EACH * np.arange(1, LOOKS + 1)
    mean = (one + two) / (2 * rows)
    return (one - two) / rows, np.sqrt(mean * (1 - mean) * 2 / rows)


def reached(z: np.ndarray, boundary: np.ndarray) -> float:
    return float((np.abs(z) >= boundary).any(axis=1).mean())


def test_false_wins_of_twelve_looks() -> None:
    """METHODS section 8: 21 % at 1.96, 4.8 % with O'Brien-Fleming's c = 2.10, 1.2 % always valid."""
    gap, error = paths(12_000, (0.05, 0.05), 1)
    z, times = gap / error, np.arange(1, LOOKS + 1) / LOOKS
    assert reached(z, np.full(LOOKS, 1.96)) == pytest.approx(0.21, abs=0.015)
    assert reached(z, classical_boundary(LOOKS, 2.10, "obrien_fleming")) == pytest.approx(0.048, abs=0.007)
    assert reached(z, spending_boundaries(times, 0.05, "obrien_fleming").z) == pytest.approx(0.05, abs=0.007)
    assert reached(z, always_valid_boundary(times, 0.05)) == pytest.approx(0.012, abs=0.005)


def test_power_of_open_looks_and_when_they_stop() -> None:
    """METHODS section 8: 5 % to 4 %: power .99, median stop at look 4."""
    gap, error = paths(150, (0.05, 0.04), 2)
    planned = np.sqrt(2 * 0.045 * 0.955 / (EACH * LOOKS))
    stops = []
    for one, spread in zip(gap, error, strict=True):
        frame = open_looks(one, spread, planned)
        stops.append(int(frame["look"][frame["reached"]].min()) if frame["reached"].any() else 99)
        assert set(frame["favours"]) <= {"neither", "challenger"}
    assert np.mean(np.array(stops) < 99) > 0.96
    assert np.median(stops) in (4, 5)


@pytest.mark.parametrize("information", [(0.1, 0.35, 0.4, 0.9, 1.0), (0.5, 0.55, 1.0), (0.2, 0.8)])
def test_planned_looks_keep_the_error_with_the_information_that_came(information: tuple[float, ...]) -> None:
    """Months of unequal size, and a test that ends before all information has come: 5 % all the same."""
    share = np.array(information)
    frame = planned_looks(np.zeros(len(share)), 1 / np.sqrt(share), 1.0, last=True)
    assert frame["spent"].iloc[-1] == pytest.approx(0.05, abs=1e-6)
    steps = np.sqrt(np.diff(np.append(share[:-1], 1.0), prepend=0.0))
    score = np.cumsum(np.random.default_rng(3).normal(size=(20_000, len(share))) * steps, axis=1)
    z = score / np.sqrt(np.append(share[:-1], 1.0))
    assert reached(z, frame["boundary"].to_numpy()) == pytest.approx(0.05, abs=0.006)


def test_frames_of_looks() -> None:
    error = 0.01 / np.sqrt([0.25, 0.5, 0.75])
    frame = planned_looks([0.01, 0.05, 0.01], error, 0.01, at=["2026-01", "2026-02", "2026-03"])
    assert list(frame.columns) == LOOK_COLUMNS
    bounds = spending_boundaries([0.25, 0.5, 0.75], 0.05, "obrien_fleming")
    assert frame["boundary"].tolist() == pytest.approx(bounds.z.tolist())
    assert frame["reached"].tolist() == [False, True, True]
    assert frame["favours"].tolist() == ["neither", "challenger", "challenger"]
    assert (frame["lower"] + frame["upper"]).tolist() == pytest.approx([0.02, 0.1, 0.02])
    open_ = open_looks([-0.05, -0.05, -0.05], error, 0.01)
    assert open_["favours"].iloc[-1] == "champion"
    assert np.all(np.diff(open_["lower"]) >= 0)
    assert np.all(np.diff(open_["p_value"]) <= 0)


def test_looks_that_cannot_be_are_refused() -> None:
    with pytest.raises(CreditRiskError, match="does not grow"):
        planned_looks([0.0, 0.0], [0.02, 0.02], 0.01)
    with pytest.raises(CreditRiskError, match="complete at look 1"):
        planned_looks([0.0, 0.0], [0.01, 0.009], 0.01)
    with pytest.raises(CreditRiskError, match="2 faults"):
        open_looks([0.0], [0.0], -1.0)


def test_a_look_in_the_past_sees_what_it_saw() -> None:
    days = [pd.to_datetime(one, utc=True) for one in ("2025-01-10", "2025-03-01", "2025-06-20")]
    decided = pd.Series(days)
    bad = pd.Series(pd.to_datetime(["2025-08-01", "2025-04-01", None], utc=True))
    until = pd.Series(pd.to_datetime(["2025-12-31"] * 3, utc=True))
    places, start, then_bad, then_until = outcomes_as_of(decided, bad, until, "2025-05-31")
    assert places.tolist() == [0, 1]
    assert start.dt.strftime("%Y-%m-%d").tolist() == ["2025-01-10", "2025-03-01"]
    assert then_bad.isna().tolist() == [True, False]
    assert then_until.dt.strftime("%Y-%m-%d").tolist() == ["2025-05-31"] * 2
