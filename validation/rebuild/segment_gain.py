"""What separate models gain over one on rows that neither was fitted on, worked out again from the snapshot.

Each characteristic has at most five bins of its own at equal shares of the development values, made without the
outcome; a penalised logistic regression has a column for each bin and a constant for each segment; rows are drawn by
SHA-256 of the number of their cluster. Dense matrices, our own Newton's method.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from validation.rebuild.clusters import dense

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
BINS, RIDGE, SCREEN, PARTS, MOST_USED = 5, 5.0, 0.01, 5, 15


@dataclass(frozen=True, slots=True)
class Rows:
    """Indicators of the bins by characteristic, each (n, bins); outcome, weight (effective rows) and cluster (n,)."""

    bins: tuple[Floats, ...]
    outcome: Floats
    weight: Floats
    cluster: Integers


@dataclass(frozen=True, slots=True)
class Gain:
    """Log-odds of both (m,) on the tested rows, by their places."""

    tested: Integers
    one: Floats
    separate: Floats


def drawn(cluster: Integers, seed: int, parts: int, purpose: str) -> Integers:
    """Return the part of each row: SHA-256 of purpose, seed and the number of its cluster by first appearance."""
    number: dict[int, int] = {}
    for code in cluster.tolist():
        number.setdefault(code, len(number))
    part = {
        code: int(hashlib.sha256(f"{purpose}:{seed}:{place}".encode()).hexdigest()[:16], 16) % parts
        for code, place in number.items()
    }
    return np.array([part[code] for code in cluster.tolist()], dtype=np.int64)


def number_bins(values: Floats, codes: list[float]) -> Floats:
    """Return indicators of the bins of numbers, the last for missing values and special codes."""
    absent = np.isnan(values) | np.isin(values, codes)
    known = np.sort(values[~absent])
    cuts: list[float] = []
    if len(known):
        found = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf")
        cuts = sorted({float(cut) for cut in found if cut > known[0]})
    inside = np.array([sum(value >= cut for cut in cuts) for value in values.tolist()])
    return _indicators(np.where(absent, len(cuts) + 1, inside), len(cuts) + 2)


def text_bins(values: NDArray[np.object_], codes: list[str]) -> Floats:
    """Return indicators of the most frequent categories, of all others, and of rows without a value."""
    counts: dict[str, int] = {}
    present = [value is not None and value not in codes for value in values]
    for value, there in zip(values, present, strict=True):
        if there:
            counts[value] = counts.get(value, 0) + 1
    frequent = sorted(counts, key=lambda name: (-counts[name], name))[: BINS - 1]
    ids = [
        (frequent.index(value) if value in frequent else BINS - 1) if there else BINS
        for value, there in zip(values, present, strict=True)
    ]
    return _indicators(np.array(ids), BINS + 1)


def _indicators(ids: NDArray[np.int64], count: int) -> Floats:
    return (ids[:, None] == np.arange(count)[None, :]).astype(np.float64)


def crossed(rows: Rows, segment: Integers, part: Integers) -> Gain | None:
    """Return both on every part but -1, by models of all other rows; None where a segment lacks goods or bads."""
    found = []
    for number in range(int(part.max()) + 1):
        gain = _left_out(rows, segment, part == number)
        if gain is None:
            return None
        found.append(gain)
    tested = np.concatenate([gain.tested for gain in found])
    order = np.argsort(tested)
    one, separate = (np.concatenate([getattr(g, key) for g in found])[order] for key in ("one", "separate"))
    return Gain(tested[order], one, separate)


def _left_out(rows: Rows, segment: Integers, test: NDArray[np.bool_]) -> Gain | None:
    count, taught, tested = int(segment.max()) + 1, np.flatnonzero(~test), np.flatnonzero(test)
    groups = [taught[segment[taught] == k] for k in range(count)]
    for group in groups:
        if not 0 < rows.outcome[group].sum() < len(group):
            return None
    if len(set(segment[tested].tolist())) < count:
        return None
    strength = [max(_strength(rows, bins, part) for part in (taught, *groups)) for bins in rows.bins]
    ranked = sorted(range(len(strength)), key=lambda k: -strength[k])
    used = [k for k in ranked[:MOST_USED] if strength[k] > 0]
    constants = _indicators(segment, count)
    one = _linear(rows, constants, used, taught, tested)
    separate = np.empty(len(tested))
    for k, group in enumerate(groups):
        at = segment[tested] == k
        separate[at] = _linear(rows, np.ones((len(segment), 1)), used, group, tested[at])
    return Gain(tested, one, separate)


def _strength(rows: Rows, bins: Floats, at: Integers) -> float:
    """Return Pearson's chi-square of bins by outcome per degree of freedom; 0 where its p-value is above SCREEN."""
    w, y = rows.weight[at], rows.outcome[at]
    total, bad = w @ bins[at], (w * y) @ bins[at]
    kept = total > 0
    rate, degrees = bad.sum() / total.sum(), int(kept.sum()) - 1
    if degrees < 1:
        return 0.0
    cells = np.stack([bad[kept], (total - bad)[kept]])
    expected = np.stack([total[kept] * rate, total[kept] * (1.0 - rate)])
    value = float(np.sum((cells - expected) ** 2 / expected))
    return value / degrees if special.chdtrc(degrees, value) <= SCREEN else 0.0


def _linear(rows: Rows, constants: Floats, used: list[int], taught: Integers, tested: Integers) -> Floats:
    """Return the log-odds on the tested rows of the penalised regression on the taught ones."""
    whole = np.column_stack([constants, *(rows.bins[k] for k in used)])
    free = constants.shape[1]
    penalty = np.where(np.arange(whole.shape[1]) < free, 0.0, RIDGE)
    x, y, w = whole[taught], rows.outcome[taught], rows.weight[taught]
    beta = np.zeros(x.shape[1])
    for _ in range(200):
        p = special.expit(x @ beta)
        score = x.T @ (w * (y - p)) - penalty * beta
        information = x.T @ (x * (w * p * (1.0 - p))[:, None]) + np.diag(penalty)
        step = linalg.solve(information, score, assume_a="sym")
        shrink, value = 1.0, _objective(x, y, w, beta, penalty)
        while _objective(x, y, w, beta + shrink * step, penalty) < value - 1e-9 and shrink > 1e-8:
            shrink /= 2.0
        beta = beta + shrink * step
        if float(np.max(np.abs(step))) < 1e-10:
            break
    patterns, place = np.unique(whole[tested], axis=0, return_inverse=True)
    return np.asarray((patterns @ beta)[place.reshape(-1)])  # rows of the same bins are tied to the last bit


def _objective(x: Floats, y: Floats, w: Floats, beta: Floats, penalty: Floats) -> float:
    eta = x @ beta
    return float(w @ (y * eta - np.logaddexp(0.0, eta)) - 0.5 * penalty @ beta**2)


def paired(difference: Floats, clusters: Integers) -> tuple[float, float]:
    """Return the sum of paired differences and its standard error from sums over clusters (divisor G − 1, times G)."""
    numbers, count = dense(clusters)
    sums = np.zeros(count)
    np.add.at(sums, numbers, difference)
    return float(difference.sum()), float(np.sqrt(count / (count - 1.0) * np.sum((sums - sums.mean()) ** 2)))
