"""Float32 split points as doubles, so that any language with doubles branches as the trainer did."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

# Magnitudes from here on round to infinity in float32: half a step above the greatest float32 (IEEE 754 section 4.3.1).
_OVERFLOW = 2.0**128 - 2.0**103


def boundary_double(threshold: ArrayLike) -> float | np.ndarray:
    """The smallest double T with float32(x) < t ⇔ x < T for every double x (SPECIFICATION section 3.2, `trees`).

    `threshold` holds float32 values t (scalar or array, finite). T is the rounding boundary below t: the midpoint of t
    and its predecessor if the midpoint rounds to t (ties to even), else the double just above the midpoint.
    Raises ValueError where a threshold is not finite or is not a float32 value.
    """
    given = np.asarray(threshold, dtype=np.float64)
    with np.errstate(over="ignore"):
        single = given.astype(np.float32)
    if not np.isfinite(given).all() or not np.array_equal(single.astype(np.float64), given):
        raise ValueError("thresholds must be finite float32 values")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        below = np.nextafter(single, np.float32(-np.inf)).astype(np.float64)
        middle = np.where(np.isinf(below), -_OVERFLOW, below + (given - below) / 2.0)
        rounds_up = middle.astype(np.float32) == single
    result = np.where(rounds_up, middle, np.nextafter(middle, np.inf))
    return float(result) if result.ndim == 0 else result
