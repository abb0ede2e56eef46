"""The estimate without labels: against brute force, right where it may be, and blind where it must be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc
from credit_risk.monitoring.performance.estimate import (
    ESTIMATE_COLUMNS,
    EarlyArrears,
    estimate_table,
    expected_performance,
)


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 3)), min_size=2, max_size=9))
def test_the_expected_auc_is_that_of_all_pairs(rows: list[tuple[float, int]]) -> None:
    p, x = (np.array(one, float) for one in zip(*rows, strict=True))
    right, pairs = 0.0, 0.0
    for i, j in product(range(len(p)), repeat=2):
        if i != j:
            weight = p[i] * (1 - p[j])
            pairs += weight
            right += weight * (1.0 if x[i] > x[j] else 0.5 if x[i] == x[j] else 0.0)
    assert expected_performance(p, x).auc == pytest.approx(right / pairs, rel=1e-9)


def applicants(seed: int, shift: float = 0.0, rows: int = 60_000) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1.0, rows)
    return x, special.expit(-3.0 + 1.05 * x), rng


def test_it_follows_a_shift_of_the_population() -> None:
    """METHODS section 8: .756 estimated, .755 realised; here within the spread that it tells."""
    for shift, seed in ((0.0, 1), (0.8, 2)):
        x, p, rng = applicants(seed, shift)
        y = (rng.random(len(x)) < p).astype(float)
        found = expected_performance(p, x)
        assert auc(y, x) == pytest.approx(found.auc, abs=3.5 * found.auc_spread)
        assert y.mean() == pytest.approx(found.bad_rate, abs=3.5 * found.bad_rate_spread)
    x, p, _ = applicants(3)
    tight = p < np.quantile(p, 0.6)  # a tighter cut-off
    assert expected_performance(p[tight], x[tight]).auc < expected_performance(p, x).auc - 0.05


def test_it_is_blind_to_decay_and_to_a_doubled_bad_rate_and_early_arrears_are_not() -> None:
    x, p, rng = applicants(4)
    kind = {
        "as it was": p,
        "ranks worse": special.expit(-2.72 + 0.5 * x),
        "twice as bad": np.minimum(2 * p, 1.0),
    }
    told = {}
    for name, law in kind.items():
        y = (rng.random(len(x)) < law).astype(float)
        arrears = (rng.random(len(x)) < 0.3 * law).astype(float)
        arrears[: len(x) // 4] = np.nan
        frame = estimate_table(p, x, early=EarlyArrears(arrears, 0.3 * p, development_auc=auc_of(0.3 * p, x)))
        told[name] = (frame.set_index("measure"), auc(y, x), y.mean())
    first = told["as it was"][0]
    assert first.loc["auc", "estimate"] == pytest.approx(told["as it was"][1], abs=0.012)
    assert first.loc["auc", "early_verdict"] == "as expected"
    for name in ("ranks worse", "twice as bad"):
        assert told[name][0].loc["auc", "estimate"] == first.loc["auc", "estimate"]  # nothing but the inputs go in
        assert told[name][0].loc["bad_rate", "estimate"] == first.loc["bad_rate", "estimate"]
    assert told["ranks worse"][1] < first.loc["auc", "lower"] - 0.05
    assert told["twice as bad"][2] > 1.8 * first.loc["bad_rate", "upper"]
    assert "ranks worse" in told["ranks worse"][0].loc["auc", "early_verdict"]
    assert told["twice as bad"][0].loc["auc", "early_verdict"] == "more arrears"
    assert told["twice as bad"][0].loc["auc", "early_ratio_lower"] > 1.7


def auc_of(p: np.ndarray, x: np.ndarray) -> float:
    return expected_performance(p, x).auc


def test_the_blind_spot_is_said_in_words() -> None:
    x, p, _ = applicants(5, rows=2000)
    frame = estimate_table(p, x, np.where(x < 0, "2025-01", "2025-02").astype(object))
    assert list(frame.columns) == ESTIMATE_COLUMNS
    assert set(frame["period"]) == {"all", "2025-01", "2025-02"}
    assert set(frame["assumes"]) == {"assumes P(bad|x) unchanged"}
    assert "blind to ranking decay and to a doubled bad rate" in frame.attrs["notes"][0]
    assert "no early arrears are given" in frame.attrs["notes"][1]
    assert set(frame["early_verdict"]) == {"no early arrears"}


def test_the_spread_is_what_observed_measures_scatter() -> None:
    x, p, rng = applicants(6, rows=4000)
    found = expected_performance(p, x)
    seen = [(auc(y, x), y.mean()) for y in (rng.random((400, len(x))) < p).astype(float)]
    areas, rates = np.array(seen).T
    assert np.std(areas) == pytest.approx(found.auc_spread, rel=0.15)
    assert np.std(rates) == pytest.approx(found.bad_rate_spread, rel=0.15)


def test_arguments_are_refused_together() -> None:
    with pytest.raises(CreditRiskError, match="2 faults"):
        estimate_table([0.1, 0.2], early=EarlyArrears([2.0, 0.0], [0.1]))
    with pytest.raises(CreditRiskError, match="outside"):
        estimate_table([0.1, 1.2])
