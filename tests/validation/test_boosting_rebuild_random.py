"""Small random tables and settings: whatever is drawn, training in NumPy gives xgboost's trees to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.validation.boosted_tables import both, version
from validation.rebuild.boosting.settings import Settings


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, Settings, np.ndarray | None, np.ndarray | None]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, features = draw(st.integers(30, 400)), draw(st.integers(1, 5))
    x = rng.normal(size=(rows, features)) * 10.0 ** draw(st.integers(-3, 6))
    if draw(st.booleans()):
        x = np.round(x / np.std(x), draw(st.integers(0, 1)))
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(draw(st.sampled_from([0.0, 2.0])) - x[:, 0] / np.std(x)))).astype(float)
    y[:2] = 0.0, 1.0
    x[rng.random(x.shape) < draw(st.sampled_from([0.0, 0.1, 0.5]))] = np.nan
    if draw(st.integers(0, 9)) == 0:
        x[:, -1] = np.nan
    directions = None
    if draw(st.booleans()):
        directions = tuple(draw(st.lists(st.integers(-1, 1), min_size=features, max_size=features)))
    groups = None
    if features > 2 and draw(st.booleans()):
        groups = (tuple(range(2)), tuple(range(1, features)))
    exact = draw(st.integers(0, 3)) == 0
    leaves = draw(st.none() | st.integers(2, 12))
    drawn = Settings(
        rounds=draw(st.integers(1, 5)),
        learning_rate=draw(st.sampled_from([0.05, 0.3, 1.0])),
        depth=draw(st.integers(1, 6)),
        leaves=None if exact else leaves,
        l2=draw(st.sampled_from([0.0, 0.1, 1.0, 30.0])),
        l1=draw(st.sampled_from([0.0, 0.0, 0.7])),
        least_gain=draw(st.sampled_from([0.0, 0.0, 0.3, 4.0])),
        least_hessian=draw(st.sampled_from([0.0, 0.5, 1.0, 8.0])),
        largest_step=draw(st.sampled_from([0.0, 0.0, 0.25])),
        most_values=draw(st.sampled_from([4, 32, 256])),
        directions=directions,
        groups=groups,
        method="exact" if exact else "hist",
        version=version(),
    )
    weight = rng.gamma(2.0, 0.5, rows) + 0.05 if draw(st.booleans()) else None
    offset = rng.normal(-1.0, 1.0, rows) if draw(st.booleans()) else None
    return x, y, drawn, weight, offset


@settings(max_examples=60)
@given(cases())
def test_xgboost_s_trees(case: tuple) -> None:
    found, _, _ = both(*case)
    assert found == []


@pytest.mark.slow
@settings(max_examples=1500)
@given(cases())
def test_xgboost_s_trees_at_length(case: tuple) -> None:
    found, _, _ = both(*case)
    assert found == []
