"""What a missing value or a special code does to the margin of trees, by putting values in and scoring again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.steps.trees import leaves

Floats = NDArray[np.float64]
MOST_ROWS = 2000
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Effect:
    """Rows looked at and their mean margins in the state and with ordinary values; share of rows made riskier."""

    rows: int
    margin: float
    margin_ordinary: float
    difference: float
    share_higher: float


def state_effect(
    step: Mapping[str, Any],
    matrix: Floats,
    margin: Floats,
    weight: Floats,
    columns: Sequence[int],
    values: Sequence[float],
    in_state: NDArray[np.bool_],
    ordinary: NDArray[np.bool_],
) -> Effect | None:
    """Return the effect of a state of one characteristic; None where no value of it is ordinary.

    matrix (n, features), margin, weight, in_state, ordinary (n,). columns: the characteristic's features, its value
    first; values: what they have in the state. With ordinary values the first runs over those of the ordinary rows and
    the others are 0. Tree by tree, a value in each gap between the tree's own thresholds tells all.
    """
    if not ordinary.any():
        return None
    n = len(matrix)
    chosen = np.flatnonzero(in_state)
    if not len(chosen):
        chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_ROWS)).astype(np.int64))
    rows, w = matrix[chosen], weight[chosen]
    own, state, usual = (np.zeros(len(rows)) for _ in range(3))
    put = rows.copy()
    put[:, columns] = values
    plain = rows.copy()
    plain[:, columns] = 0.0
    known, known_weight = matrix[ordinary, columns[0]], weight[ordinary]
    for tree in step["trees"]:
        if set(columns).isdisjoint(tree["feature"]):
            continue
        value = np.asarray(tree["value"], dtype=np.float64)
        own += value[leaves(tree, rows)]
        state += value[leaves(tree, put)]
        for representative, share in _gaps(tree, columns[0], known, known_weight):
            plain[:, columns[0]] = representative
            usual += share * value[leaves(tree, plain)]
    rest = margin[chosen] - own
    change = state - usual
    return Effect(
        len(chosen),
        float(np.average(rest + state, weights=w)),
        float(np.average(rest + usual, weights=w)),
        float(np.average(change, weights=w)),
        float(np.average(change > TINY, weights=w)),
    )


def _gaps(tree: Mapping[str, Any], column: int, known: Floats, weight: Floats) -> list[tuple[float, float]]:
    """A value in each gap between the tree's thresholds of a feature, with the gap's share of the known values."""
    thresholds = np.unique([t for f, t in zip(tree["feature"], tree["threshold"], strict=True) if f == column])
    places = np.searchsorted(thresholds, known, side="right")
    shares = np.bincount(places, weights=weight, minlength=len(thresholds) + 1) / np.sum(weight)
    lowest = np.nextafter(thresholds[0], -np.inf) if len(thresholds) else 0.0
    return [(float(v), float(s)) for v, s in zip([lowest, *thresholds], shares, strict=True) if s > 0]
