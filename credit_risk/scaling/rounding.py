"""What rounding of points costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation.area_under_curve import auc
from credit_risk.scaling.points import Scaling

Floats = NDArray[np.float64]


def rounding_row(
    scaling: Scaling, y: Floats, linear: Floats, score: Floats, weights: Floats | None = None
) -> dict[str, float]:
    """Gini before and after rounding, and the greatest difference of a score in points.

    y (n,) 0/1, linear score (n,) before rounding, score (n,), weights (n,).
    """
    exact = scaling.offset - scaling.factor * linear
    return {
        "gini_unrounded": 2 * auc(y, linear, weights) - 1,
        "gini_rounded": 2 * auc(y, -score, weights) - 1,
        "maximum_difference": float(np.max(np.abs(exact - score))),
    }
