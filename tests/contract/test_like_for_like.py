"""Weights of development's rows to production's scores: ours and the validator's, whatever the scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.monitoring.performance.like_for_like import like_weights
from validation.monitoring.ranged import weights_like


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(1, 1500), st.integers(1, 1500), st.integers(0, 3), st.floats(-3, 3),
    st.booleans(),
)  # fmt: skip
def test_both_weigh_alike(seed: int, rows: int, others: int, digits: int, shift: float, weighted: bool) -> None:
    """Tied scores, scores beyond each other's range, few rows, and weights of development."""
    rng = np.random.default_rng(seed)
    risk, own = np.round(rng.normal(size=rows), digits), np.round(rng.normal(shift, 0.7, others), digits)
    weight = rng.uniform(0.5, 2.0, rows) if weighted else np.ones(rows)
    first = like_weights(risk, own, weight)
    second = weights_like(risk, weight, own)
    assert (first > 0).tolist() == (second > 0).tolist()
    if first.sum() > 0:
        assert np.allclose(first / first.sum(), second / second.sum(), rtol=1e-9, atol=1e-15)
