"""The Gini of fine classes against all pairs of rows, and against the modelling code's own classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.classing import class_numeric
from credit_risk.binning.spec import ClassingSpec
from validation.rebuild.fine_gini import fine_gini, fine_opens


def counted(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    _, place = np.unique(x, return_inverse=True)
    return np.bincount(place), np.bincount(place, w * (y == 0)), np.bincount(place, w * (y == 1))


def test_few_values_are_classes_of_their_own() -> None:
    x, y = np.array([1.0, 1, 2, 2, 3, 3]), np.array([0, 0, 1, 0, 1, 1])
    pairs = [np.sign(rate(x, y, b) - rate(x, y, g)) for b in x[y == 1] for g in x[y == 0]]
    assert fine_gini(*counted(x, y, np.ones(6)), 20) == pytest.approx(np.mean(pairs), abs=1e-15)


def rate(x: np.ndarray, y: np.ndarray, value: float) -> float:
    return float(np.mean(y[x == value]))


def test_one_class_knows_nothing() -> None:
    nothing = np.zeros(0)
    assert fine_gini(nothing.astype(int), nothing, nothing, 20) == 0.0
    assert fine_gini(np.array([3]), np.array([3.0]), np.array([0.0]), 20) == 0.0
    assert fine_gini(np.array([3]), np.array([2.0]), np.array([1.0]), 20) == 0.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(20, 400), distinct=st.integers(1, 90), most=st.integers(2, 20))
def test_as_the_modelling_code(seed: int, rows: int, distinct: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, distinct, rows) ** 2 / 7.0
    y = (rng.random(rows) < 0.1 + 0.5 * (x > np.median(x))).astype(float)
    y[:2] = [0.0, 1.0]
    w = rng.integers(1, 5, rows).astype(float)
    theirs = class_numeric("x", x, y, settings=ClassingSpec(max_prebins=most, min_share=0.001), weights=w)
    size, good, bad = counted(x, y, w)
    assert fine_gini(size, good, bad, most) == pytest.approx(theirs.fine_gini, abs=1e-12)
    assert len(fine_opens(size, most)) < most
