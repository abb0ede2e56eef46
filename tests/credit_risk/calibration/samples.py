"""Calibration samples of the tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sample(rows: int, seed: int, slope: float = 0.7, intercept: float = -0.3, digits: int | None = None):  # type: ignore[no-untyped-def]
    """Linear scores and outcomes whose true log-odds are slope·s + intercept; digits rounds the scores (ties)."""
    random = np.random.default_rng(seed)
    s = random.normal(-2.0, 1.3, rows)
    if digits is not None:
        s = np.round(s, digits)
    y = (random.random(rows) < 1.0 / (1.0 + np.exp(-(slope * s + intercept)))).astype(float)
    return s, y
