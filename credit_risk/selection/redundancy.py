"""What other characteristics already say: correlation, clusters of it, linear combination, variance inflation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from credit_risk.models.collinear import Drop, independent, listed
from credit_risk.models.logistic import correlation_matrix, variance_inflation

__all__ = ["Drop", "clusters", "deflated", "greatest_inflation", "independent", "listed", "uncorrelated"]

Floats = NDArray[np.float64]
EQUAL = 1e-9
INFLATED = "variance inflation above the threshold"


def uncorrelated(
    names: Sequence[str],
    columns: Mapping[str, Floats],
    drop: Drop,
    *,
    threshold: float,
    method: Literal["pairwise", "clusters"],
    kept: Collection[str],
    weights: Floats | None = None,
    rank: str = "which is more informative",
) -> list[str]:
    """Of correlated characteristics the first in `names` stays, and those in `kept` always do.

    columns: (n,) by name, none constant; weights (n,). drop(name, step, value, threshold, reason) records each that
    leaves, with its greatest absolute correlation; `rank` says in words why the other comes first.
    """
    if len(names) < 2:
        return list(names)
    matrix = np.abs(correlation_matrix(np.column_stack([columns[n] for n in names]), weights))
    cluster = clusters(matrix, threshold) if method == "clusters" else None
    left: list[int] = []
    for i, name in enumerate(names):
        rivals = [j for j in left if (matrix[i, j] > threshold if cluster is None else cluster[i] == cluster[j])]
        if rivals and name not in kept:
            j = max(rivals, key=lambda k: matrix[i, k])
            place = "correlated with" if cluster is None else "in one cluster of correlated characteristics with"
            drop(name, "correlation", float(matrix[i, j]), threshold, f"{place} {names[j]}, {rank}")
        else:
            left.append(i)
    return [names[i] for i in left]


def clusters(matrix: Floats, threshold: float) -> NDArray[np.int64]:
    """Single-linkage clusters (k,): the connected components of the pairs whose correlation is above the threshold."""
    _, labels = connected_components(csr_array(matrix > threshold), directed=False)
    return labels.astype(np.int64)


def deflated(
    names: Sequence[str],
    columns: Mapping[str, Floats],
    drop: Drop,
    *,
    threshold: float,
    kept: Collection[str],
    weights: Floats | None = None,
) -> list[str]:
    """Leave out the greatest variance inflation factor, one at a time, until all are within the threshold.

    columns: (n,) by name, linearly independent; of equal factors the last in `names` leaves.
    """
    left = list(names)
    while len(left) > 1:
        factors = variance_inflation(np.column_stack([columns[n] for n in left]), weights)
        found = greatest_inflation(left, factors, threshold, kept)
        if found is None:
            break
        name, factor = found
        drop(name, "variance inflation", factor, threshold, INFLATED)
        left.remove(name)
    return left


def greatest_inflation(
    names: Sequence[str], factors: Floats, threshold: float, kept: Collection[str]
) -> tuple[str, float] | None:
    """The name with the greatest factor above the threshold, and the factor; None where all are within it.

    Of equal factors (to 1e-9: two characteristics alone always have equal ones) the last in `names`.
    """
    inflated = [i for i, name in enumerate(names) if name not in kept and factors[i] > threshold]
    if not inflated:
        return None
    greatest = max(factors[i] for i in inflated)
    i = max(i for i in inflated if factors[i] >= greatest * (1 - EQUAL))
    return names[i], float(factors[i])
