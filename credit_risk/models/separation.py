"""Whether a plane separates goods from bads, by linear programming (Konis 2007, doctoral thesis, University of Oxford).

A direction β with s_i·x_i·β ≥ 0 for every row, above zero for some, is one along which the likelihood never falls: the
estimates are infinite (Albert and Anderson 1984); s = 1 for a bad, −1 for a good, x with its column of ones. Of all
such directions with Σ s_i·x_i·β = n the one of the least Σ|β_j| is told, which names few characteristics; the
separation is complete where s_i·x_i·β ≥ 1 can hold for every row. Rows that agree in x and outcome are one restriction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from credit_risk.binning.table import BinningTable

Floats = NDArray[np.float64]
Labels = Mapping[str, Mapping[float, Sequence[str]]]
TOLERANCE = 1e-7
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Separation:
    """complete: every row lies beside the plane; quasi-complete: `apart` of the `rows` do, the others in it.

    direction: by name, the change of log-odds along which the likelihood never falls; values: by name, the values of
    the rows that lie beside the plane.
    """

    kind: Literal["complete", "quasi-complete"]
    direction: dict[str, float]
    values: dict[str, tuple[float, ...]]
    apart: int
    rows: int


def find_separation(x: Floats, y: Floats, names: Sequence[str]) -> Separation | None:
    """The separation of goods from bads by the columns of x (n, k), y (n,) 0/1, or None where the classes overlap."""
    scale = np.maximum(np.abs(x).max(axis=0, initial=0.0), 1e-300)
    rows, counts = np.unique(np.column_stack([y, x]), axis=0, return_counts=True)
    sign = 2.0 * rows[:, 0] - 1.0
    signed = sign[:, None] * np.column_stack([np.ones(len(rows)), rows[:, 1:] / scale])
    k = signed.shape[1]
    both = np.hstack([signed, -signed])  # β as the difference of two vectors that are not negative
    cost = np.r_[0.0, np.ones(k - 1), 0.0, np.ones(k - 1)]
    mean = counts @ both / len(y)
    rest = {"bounds": (0.0, None), "method": "highs"}
    found = linprog(cost, A_ub=-both, b_ub=np.zeros(len(both)), A_eq=mean[None, :], b_eq=[1.0], **rest)
    if found.status != 0:
        return None
    whole = linprog(cost, A_ub=-both, b_ub=-np.ones(len(both)), **rest)
    apart = whole.status == 0
    best = whole.x if apart else found.x
    beta = best[:k] - best[k:]
    beside = signed @ beta > TOLERANCE
    direction = {n: float(b / s) for n, b, s in zip(names, beta[1:], scale, strict=True) if abs(b) > TOLERANCE}
    values = {n: tuple(np.unique(rows[beside, 1 + i]).tolist()) for i, n in enumerate(names) if n in direction}
    return Separation("complete" if apart else "quasi-complete", direction, values, int(counts[beside].sum()), len(y))


def bin_labels(tables: Mapping[str, BinningTable]) -> dict[str, dict[float, list[str]]]:
    """By characteristic and weight of evidence, the labels of the bins of development that have it."""
    found: dict[str, dict[float, list[str]]] = {}
    for name, table in tables.items():
        own = found[name] = {}
        for b, woe, count in zip(table.bins, table.result.woe, table.count, strict=True):
            if count > 0:
                own.setdefault(float(woe), []).append(b.label)
    return found


def separated_words(values: Sequence[float], labels: Mapping[float, Sequence[str]] | None) -> str:
    """Where the rows lie that are separated, in words: the labels of their bins where there are any, else `values`."""
    if labels is None:
        return f"at values {', '.join(f'{value:.6g}' for value in values[:SHOWN])}{_more(values)}"
    bins = [label for value in values for label in labels.get(value, (f"{value:.6g}",))]
    return f"in the bins {', '.join(repr(label) for label in bins[:SHOWN])}{_more(bins)}"


def _more(items: Sequence[object]) -> str:
    return " ..." if len(items) > SHOWN else ""
