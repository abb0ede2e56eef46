"""What monotone directions and groups of features forbid, kept node by node while a tree grows.

A direction of +1 on a split asks that the left child is worth no more than the right one, else the split has no gain.
After it, the middle between the two is the upper bound of all that follows on the left and the lower bound on the right
(for −1 the other way round). The values of the two children themselves still keep their parent's bounds alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from validation.rebuild.boosting.gain import LARGEST
from validation.rebuild.boosting.settings import Settings, Single


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the values below a node, and the features that stand on the path to it."""

    low: np.float32 = -LARGEST
    high: np.float32 = LARGEST
    path: frozenset[int] = frozenset()


def below(limits: Limits, feature: int, left: np.float32, right: np.float32, settings: Settings) -> tuple[Limits, ...]:
    """Return the limits of the left and the right child of a node that is split; left, right: their values."""
    path = limits.path | {feature}
    direction = 0 if settings.directions is None else settings.directions[feature]
    middle = np.float32((left + right) / np.float32(2))
    low, high = limits.low, limits.high
    if direction > 0:
        return Limits(low, middle, path), Limits(middle, high, path)
    if direction < 0:
        return Limits(middle, high, path), Limits(low, middle, path)
    return Limits(low, high, path), Limits(low, high, path)


def allowed(limits: Limits, features: int, settings: Settings) -> np.ndarray | None:
    """Return which features (k,) may split a node; None: all.

    Those that stand on its path already, and those of every group that holds the whole path. At the root all may.
    """
    if settings.groups is None or not limits.path:
        return None
    found = np.zeros(features, dtype=bool)
    found[list(limits.path)] = True
    for group in settings.groups:
        if limits.path <= set(group):
            found[list(group)] = True
    return found


def in_direction(left: Single, right: Single, direction: np.ndarray) -> np.ndarray:
    """Return whether pairs of child values (n,) keep the directions (n,) of the features that would part them."""
    return np.asarray(((direction <= 0) | (left <= right)) & ((direction >= 0) | (left >= right)))
