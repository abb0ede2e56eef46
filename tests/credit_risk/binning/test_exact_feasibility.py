"""What is said where no classing keeps the limits: truly a conflict, none of it superfluous, and the remedy works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from credit_risk.binning.exact import exact_cuts
from credit_risk.binning.feasibility import BOTH_CLASSES, LOOSEST, Conflict, explain
from credit_risk.binning.limits import TREND_NAMES, Limits
from tests.credit_risk.binning.test_exact import random_limits


def feasible(good: np.ndarray, bad: np.ndarray, trend: str, limits: Limits) -> bool:
    return exact_cuts(good, bad, trend=trend, limits=limits).optimal


def only(limits: Limits, trend: str, names: tuple[str, ...]) -> tuple[str, Limits]:
    """The problem with the named constraints alone."""
    loose = {name: value for name, value in LOOSEST.items() if name not in names}
    kept = replace(limits, **loose)
    kept = kept if BOTH_CLASSES in names else replace(kept, zero_cell=0.5)
    return (trend if "trend" in names else "none"), kept


def conflicts() -> list[tuple[np.ndarray, np.ndarray, str, Limits, Conflict]]:
    rng = np.random.default_rng(5)
    found = []
    while len(found) < 60:
        n = int(rng.integers(3, 9))
        good, bad = rng.integers(1, 60, n).astype(float), rng.integers(0, 25, n).astype(float)
        if bad.sum() == 0:
            continue
        trend = TREND_NAMES[int(rng.integers(5))]
        limits = random_limits(rng, n, float(np.sum(good + bad)))
        result = exact_cuts(good, bad, trend=trend, limits=limits)
        if result.conflict is not None:
            found.append((good, bad, trend, limits, result.conflict))
    return found


@pytest.fixture(scope="module")
def found() -> list[tuple[np.ndarray, np.ndarray, str, Limits, Conflict]]:
    return conflicts()


def test_constraints_named_conflict_and_none_is_superfluous(found: list) -> None:
    for good, bad, trend, limits, conflict in found:
        names = conflict.constraints
        assert names
        assert not feasible(good, bad, *only(limits, trend, names))
        for name in names:
            rest = tuple(other for other in names if other != name)
            assert feasible(good, bad, *only(limits, trend, rest)), (names, name)


def test_nearest_values_do_and_nearer_ones_do_not(found: list) -> None:
    checked = 0
    for good, bad, trend, limits, conflict in found:
        for relaxation in conflict.relaxations:
            name, nearest = relaxation.constraint, relaxation.nearest
            if nearest is None or name == "trend":
                continue
            checked += 1
            assert feasible(good, bad, trend, replace(limits, **{name: nearest}))
            if isinstance(nearest, int):
                nearer = nearest + 1 if name == "min_bins" else nearest - 1
            else:
                nearer = nearest + (relaxation.declared - nearest) * 1e-3
            assert not feasible(good, bad, trend, replace(limits, **{name: nearer})), (name, relaxation)
    assert checked >= 40


def test_trend_that_would_do_and_what_must_go(found: list) -> None:
    kinds = set()
    for good, bad, trend, limits, conflict in found:
        for relaxation in conflict.relaxations:
            if relaxation.constraint == "trend" and relaxation.nearest is not None:
                kinds.add("trend")
                assert all(feasible(good, bad, name, limits) for name in relaxation.nearest.split(" or "))
            elif relaxation.remove and relaxation.constraint != BOTH_CLASSES:
                kinds.add("remove")
                loose = {relaxation.constraint: LOOSEST[relaxation.constraint]}
                assert feasible(good, bad, trend, replace(limits, **loose))
            elif relaxation.remove:
                kinds.add("zero cell")
                assert feasible(good, bad, trend, replace(limits, zero_cell=0.5))
    assert kinds == {"trend", "remove", "zero cell"}


def test_message_names_share_bins_and_remedy() -> None:
    good, bad = np.full(12, 380.0), np.full(12, 20.0)
    limits = Limits(min_bins=6, min_count=0.2 * 4800)
    result = exact_cuts(good, bad, limits=limits)
    assert result.status == "INFEASIBLE"
    assert np.isnan(result.information_value)
    assert result.conflict is not None
    assert set(result.conflict.constraints) == {"min_bins", "min_count"}
    assert "min_count 960 (share 0.2)" in result.message
    assert "min_bins 6" in result.message
    assert "min_count 800 (share 0.166667), or min_bins 4" in result.message


def test_nothing_is_explained_where_all_is_well() -> None:
    good, bad = np.array([90.0, 50.0]), np.array([10.0, 20.0])
    assert explain(good, bad, ("ascending",), Limits(), (140.0, 30.0)) is None
    assert exact_cuts(good, bad, trend="ascending").message == "OPTIMAL"


def test_automatic_trend_names_all_it_tried() -> None:
    result = exact_cuts([90, 50, 70], [10, 20, 15], trend="auto_monotonic", limits=Limits(min_bins=3))
    assert not result.optimal
    assert "trend ascending or descending" in result.message
    assert "peak" in result.message
