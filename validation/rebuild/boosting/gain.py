"""What a leaf is worth: the value that lowers the penalised loss most, and by how much it does.

With G and H the sums of slopes and curvatures of its rows, a leaf of value w changes the loss by
G·w + ½(H + λ)w² + α|w|. The best value is −T/(H + λ), T = sign(G)·max(|G| − α, 0); twice the fall at the best value is
T²/(H + λ). Values are rounded to float32, and gains are taken in the arithmetic of the version that trained.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from validation.rebuild.boosting.settings import Floats, Settings, Single

LARGEST = np.float32(np.finfo(np.float32).max)
_TWO = np.float32(2)


def shrunken(slope: Floats, l1: np.float64) -> Floats:
    """Return T = sign(G)·max(|G| − α, 0) (n,)."""
    if l1 == 0:
        return slope
    return np.where(slope > l1, slope - l1, np.where(slope < -l1, slope + l1, 0.0))


def weights(slope: Floats, curvature: Floats, low: Single, high: Single, settings: Settings) -> Single:
    """Return the best values (n,), cut to the largest step and to the bounds [low, high] of the node, if it has any.

    Up to version 3.3 a node with less than the least hessian has 0, as has one without any hessian.
    """
    l1, l2, step = _doubles(settings.l1, settings.l2, settings.largest_step)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = -shrunken(slope, l1) / (curvature + l2)
    if step != 0:
        value = np.where(np.abs(value) > step, np.copysign(step, value), value)
    empty = curvature <= 0
    if not settings.gains_in_double:
        empty |= curvature < np.float64(np.float32(settings.least_hessian))
    found = np.where(empty, 0.0, value).astype(np.float32)
    if not settings.bounded:
        return found
    return np.where(found < low, low, np.where(found > high, high, found)).astype(np.float32)


def gains(slope: Floats, curvature: Floats, value: Single, settings: Settings) -> Single:
    """Return twice the fall of the penalised loss (n,) at the given values.

    Up to version 3.3: T²/(H + λ) where neither bounds nor a largest step stand between a leaf and its best value, else
    −(2Gw + (H + λ)w²) in single precision, without the L1 term. From version 3.4 on −(2Gw + (H + λ)w² + 2α|w|) in
    double precision, w² alone in single.
    """
    l1, l2, step = _doubles(settings.l1, settings.l2, settings.largest_step)
    gain: Single
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if settings.gains_in_double:
            quadratic = 2.0 * slope * value + (curvature + l2) * (value * value).astype(np.float64)
            linear = (2.0 * l1) * np.abs(value.astype(np.float64))
            gain = (-(quadratic + linear)).astype(np.float32)
        elif step == 0 and not settings.bounded:
            reduced = shrunken(slope, l1)
            gain = np.divide((reduced * reduced).astype(np.float32), (curvature + l2).astype(np.float32))
        else:
            g, h = slope.astype(np.float32), curvature.astype(np.float32)
            gain = -((_TWO * g) * value + (h + np.float32(settings.l2)) * (value * value))
    return np.where(curvature <= 0, np.float32(0), gain)


@cache
def _doubles(*values: float) -> tuple[np.float64, ...]:
    """Settings are held in single precision and used in double."""
    return tuple(np.float64(np.float32(value)) for value in values)
