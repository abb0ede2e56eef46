"""How well bins tell a group: chi-square and information of a table, ridge regression on the group's log-odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special, stats

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
FOLDS, RIDGE, HALF, PLACES = 3, 1.0, 0.5, 9


def association(table: Floats, confidence: float) -> dict[str, float]:
    """Return chi-square, degrees, p-value, Cramér's V less its bias with bounds, and information, of counts (k, g)."""
    t = table[np.any(table > 0, axis=1)][:, np.any(table > 0, axis=0)]
    names = ("statistic", "p_value", "cramers_v", "cramers_v_lower", "cramers_v_upper")
    more = ("mutual_information", "mutual_information_lower", "mutual_information_upper")
    if min(t.shape) < 2:
        return dict.fromkeys((*names, *more), np.nan) | {"degrees": 0}
    n = float(np.sum(t))
    rows, columns = t.sum(axis=1), t.sum(axis=0)
    both = np.outer(rows, columns)
    square = float(np.sum((n * t - both) ** 2 / both)) / n
    degrees = (len(rows) - 1) * (len(columns) - 1)
    unit = n * (min(t.shape) - 1)
    entropies = [float(np.sum(special.entr(part / n))) for part in (rows, columns, t.ravel())]
    information = entropies[0] + entropies[1] - entropies[2]
    share, told = t / n, max(0.0, information - degrees / (2.0 * n))
    gain = np.where(t > 0, np.log(np.where(t > 0, share, 1.0)) - np.log(both / n**2), 0.0)
    error = np.sqrt(max(0.0, float(np.sum(share * (gain - information) ** 2))) / n + degrees / (2.0 * n**2))
    reach = float(special.ndtri(0.5 + confidence / 2.0)) * float(error)
    tail = (1.0 - confidence) / 2.0
    bounds = [_noncentral(square, degrees, level) for level in (1.0 - tail, tail)]
    return {
        "statistic": square,
        "degrees": degrees,
        "p_value": float(stats.chi2.sf(square, degrees)),
        "cramers_v": float(np.sqrt(max(square - degrees, 0.0) / unit)),
        "cramers_v_lower": float(np.sqrt(bounds[0] / unit)),
        "cramers_v_upper": min(1.0, float(np.sqrt(bounds[1] / unit))),
        "mutual_information": told,
        "mutual_information_lower": max(0.0, told - reach),
        "mutual_information_upper": told + reach,
    }


def _noncentral(square: float, degrees: int, level: float) -> float:
    """Return the non-centrality at which a chi-square is at most `square` with probability `level`, or 0."""
    if stats.chi2.cdf(square, degrees) <= level:
        return 0.0
    low, high = 0.0, (np.sqrt(square) + 8.0) ** 2
    for _ in range(60):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if special.chndtr(square, degrees, middle) > level:
            low = middle
        else:
            high = middle
    return float(low + high) / 2.0


def turns(clusters: Integers) -> Integers:
    """Return the fold of each row: clusters in the order in which they occur, in turn."""
    known: dict[int, int] = {}
    return np.array([known.setdefault(int(one), len(known)) % FOLDS for one in clusters], dtype=np.int64)


def classifier(bins: Integers, y: Floats, weight: Floats, tested: Integers) -> Floats:
    """Return the log-odds of `tested` (m, k), rounded, by ridge logistic regression on `bins` (n, k) of y (n,).

    Rounded to PLACES decimal places: two optimisers stop at different points, and rows nearly alike must tie for both.
    """
    w = weight * (len(weight) / np.sum(weight))
    parts, others = [np.ones(len(y))], [np.ones(len(tested))]
    for column in range(bins.shape[1]):
        size = int(max(bins[:, column].max(), tested[:, column].max())) + 1
        counts = np.full((size, 2), HALF)
        np.add.at(counts, (bins[:, column], y.astype(np.int64)), w)
        value = np.log(counts[:, 1]) - np.log(counts[:, 0])
        own, other = value[bins[:, column]], value[tested[:, column]]
        mean = float(np.sum(w * own) / np.sum(w))
        spread = float(np.sqrt(np.sum(w * (own - mean) ** 2) / np.sum(w)))
        spread = spread if spread > 1e-12 else 1.0
        parts.append((own - mean) / spread)
        others.append((other - mean) / spread)
    x = np.column_stack(parts)
    beta, hold = np.zeros(x.shape[1]), np.append(0.0, np.full(x.shape[1] - 1, RIDGE))
    for _ in range(200):
        p = special.expit(x @ beta)
        slope = (w * (y - p)) @ x - hold * beta
        curve = x.T @ ((w * p * (1.0 - p))[:, None] * x) + np.diag(hold)
        move = linalg.cho_solve(linalg.cho_factor(curve), slope)
        beta = beta + move
        if float(np.max(np.abs(move))) < 1e-13:
            break
    # column by column, so that rows alike in their bins are alike to the last bit and tie
    linear = np.asarray(sum(one * b for one, b in zip(others, beta.tolist(), strict=True)), np.float64)
    return np.round(linear, PLACES)
