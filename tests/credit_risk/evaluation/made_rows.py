"""Made rows with ties, and the standard error of a measure by numerical derivatives in the weight of each row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def tied_rows() -> tuple[Floats, Floats]:
    """400 rows, 106 bads, 37 distinct risks: those of tests/reference/discrimination."""
    k = np.arange(1, 401)
    bad = (k * 7919) % 101 < 27
    return bad.astype(float), np.round(np.sin(k * 0.37) * 1.5 + bad * 0.9 + ((k * 31) % 17) / 10, 1)


def made_weights() -> Floats:
    """Weights between a half and two, of the same rows."""
    return np.random.default_rng(1).uniform(0.5, 2.0, 400)


def derivative_error(
    measure: Callable[[Floats], float], weights: Floats, clusters: NDArray[np.int64] | None = None, step: float = 1e-5
) -> float:
    """Infinitesimal jackknife (Jaeckel 1972): sqrt(Σ w² φ²)/Σw, φ by central differences in each weight."""
    found = []
    for row in range(len(weights)):
        up, down = weights.copy(), weights.copy()
        up[row], down[row] = weights[row] + step, weights[row] - step
        found.append((measure(up) - measure(down)) / (2 * step))
    parts = weights * np.array(found)
    if clusters is not None:
        parts = np.bincount(clusters, parts)
    return float(np.sqrt(parts @ parts))
