"""Slope and curvature of the log loss at each row, in single precision as training has them."""

from __future__ import annotations

import numpy as np

from validation.rebuild.boosting.numbers32 import exp32, log32
from validation.rebuild.boosting.settings import Floats, Single

_ONE, _TINY, _LARGEST = np.float32(1), np.float32(1e-16), np.float32(88.7)
LEAST_SHARE = np.float32(1e-6)


def start_margin(share: float) -> np.float32:
    """Return the log-odds that every row starts from, −ln(1/p − 1); p: share of bads, held within 1e-6 of 0 and 1."""
    p = min(max(np.float32(share), LEAST_SHARE), _ONE - LEAST_SHARE)
    return -log32(_ONE / p - _ONE)


def probability(margin: Single) -> Single:
    """Return 1/(exp(−m) + 1 + 1e-16) (n,)."""
    return _ONE / ((exp32(np.maximum(np.minimum(-margin, _LARGEST), -_LARGEST + _ONE)) + _ONE) + _TINY)


def gradients(margin: Single, bad: Single, weight: Single) -> Floats:
    """Return (n, 2): w·(p − y) and w·max(p(1 − p), 1e-16), products of float32, held as float64 to be added up.

    Sums of float32 numbers in float64 are exact while there are fewer rows than 2^29 times the smallest probability, so
    that neither their order nor the number of threads changes a sum.
    """
    p = probability(margin)
    slope, curvature = (p - bad) * weight, np.maximum(p * (_ONE - p), _TINY) * weight
    return np.column_stack([slope, curvature]).astype(np.float64)
