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
    first; values: what they have in the state. With ordinary values they run together over those of the ordinary rows.
    Tree by tree, one of those rows for each way that the tree's own thresholds part them tells all.
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
    known, known_weight = _distinct(matrix[ordinary][:, columns], weight[ordinary])
    for tree in step["trees"]:
        if set(columns).isdisjoint(tree["feature"]):
            continue
        value = np.asarray(tree["value"], dtype=np.float64)
        own += value[leaves(tree, rows)]
        state += value[leaves(tree, put)]
        for representative, share in _gaps(tree, columns, known, known_weight):
            plain[:, columns] = representative
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


def _distinct(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Distinct rows (m, columns) of values, and the share of the weight of each (m,)."""
    rows, number = np.unique(values, axis=0, return_inverse=True)
    weights = np.bincount(number.ravel(), weights=weight)
    return rows, weights / np.sum(weights)


def _gaps(
    tree: Mapping[str, Any], columns: Sequence[int], known: Floats, shares: Floats
) -> list[tuple[NDArray[np.float64], float]]:
    """For each way that a tree's thresholds part the known rows: one of these (columns,), and the share of all."""
    place = {column: k for k, column in enumerate(columns)}
    pairs = zip(tree["feature"], tree["threshold"], strict=True)
    splits = sorted({(place[f], t) for f, t in pairs if f in place})
    sides = np.zeros(len(known), dtype=np.int64)
    for column, threshold in splits:
        _, sides = np.unique(2 * sides + (known[:, column] >= threshold), return_inverse=True)
    _, first = np.unique(sides, return_index=True)
    held = np.bincount(sides, weights=shares)
    return [(known[row], float(share)) for row, share in zip(first, held, strict=True)]
