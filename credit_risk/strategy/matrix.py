"""Two-score matrix: how applicants turn out by band of one score and band of another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import special

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.intervals import effective_rows
from credit_risk.strategy.applicants import proportion
from credit_risk.strategy.pair import Pair

MATRIX_COLUMNS = [
    *("base", "candidate", "sample", "base_band", "candidate_band", "base_from", "candidate_from", "rows", "share"),
    *("known", "bad", "bad_rate", "lower", "upper"),
]
ORDER_COLUMNS = ["base", "candidate", "sample", "within", "compared", "inversions", "significant", "least_p_value"]
LEVEL = 0.05
BASE, CANDIDATE = "bands of the base", "bands of the candidate"


def bands(score: Floats, edges: Sequence[float] | Floats) -> np.ndarray:
    """Band of each score (n,), 1 for below the second edge; `edges`: where each band begins, ascending."""
    return np.asarray(np.searchsorted(np.asarray(edges, float)[1:], score, side="right") + 1, np.int64)


def two_score_matrix(pair: Pair, base_edges: Floats, candidate_edges: Floats, confidence: float = 0.95) -> pd.DataFrame:
    """One row a pair of bands, columns from `base_band` on of evidence `strategy.matrix`.

    Edges: where the bands of each score begin (`cut_offs_of` on development); the first band takes all below it too.
    share of the weight; bad_rate of known outcomes with the interval of `proportion`, missing in an empty cell.
    """
    one, rows = pair.base, []
    first, second = bands(one.score, base_edges), bands(pair.candidate, candidate_edges)
    total = float(one.weights.sum())
    for i, low in enumerate(base_edges, start=1):
        for j, start in enumerate(candidate_edges, start=1):
            inside = (first == i) & (second == j)
            known = inside & one.known
            rate = proportion(one.y == 1, one.weights * known, one.clusters, confidence)
            counts = (int(inside.sum()), float(one.weights[inside].sum()) / total, int(known.sum()))
            bad = int(np.sum(one.y[known] == 1))
            rows.append((i, j, float(low), float(start), *counts, bad, *rate))
    return pd.DataFrame(rows, columns=MATRIX_COLUMNS[3:])


def matrix_order(pair: Pair, base_edges: Floats, candidate_edges: Floats) -> pd.DataFrame:
    """Whether the bad rate falls along each score within the bands of the other: columns from `within` on.

    compared: neighbouring cells with known outcomes in both; inversions: the safer one has the greater bad rate;
    significant: of those, one-sided p below 0.05 (two proportions, pooled variance, Kish's effective rows; rows are
    taken as independent); least_p_value of all that are compared, missing where none is.
    """
    grid = _grid(pair, base_edges, candidate_edges)
    rows = []
    for within, cells in ((BASE, grid), (CANDIDATE, grid.transpose(1, 0, 2))):
        p_values, inversions = [], 0
        for line in cells:
            for riskier, safer in pairwise(line):
                if riskier[1] > 0 and safer[1] > 0:
                    inversions += bool(safer[0] > riskier[0])
                    p_values.append(one_sided(riskier, safer))
        significant = sum(p < LEVEL for p in p_values)
        rows.append((within, len(p_values), inversions, significant, min(p_values) if p_values else None))
    return pd.DataFrame(rows, columns=ORDER_COLUMNS[3:])


def one_sided(riskier: Sequence[float] | Floats, safer: Sequence[float] | Floats) -> float:
    """P-value of a greater bad rate in the safer cell; each (bad rate, effective rows)."""
    (p, n), (q, m) = riskier, safer
    pooled = (p * n + q * m) / (n + m)
    variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)
    return float(special.ndtr(-(q - p) / np.sqrt(variance))) if variance > 0 else 0.5


def _grid(pair: Pair, base_edges: Floats, candidate_edges: Floats) -> Floats:
    """Bad rate and effective rows of each cell (b, c, 2); 0 rows where nothing is known."""
    one = pair.base
    first, second = bands(one.score, base_edges), bands(pair.candidate, candidate_edges)
    grid = np.zeros((len(base_edges), len(candidate_edges), 2))
    for i in range(len(base_edges)):
        for j in range(len(candidate_edges)):
            inside = (first == i + 1) & (second == j + 1) & one.known
            if inside.any():
                w = one.weights[inside]
                grid[i, j] = float(w @ one.y[inside]) / float(w.sum()), effective_rows(w)
    return grid
