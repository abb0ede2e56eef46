"""What separate models for segments are worth over one model, on rows that neither was fitted on.

The models are scorecards of a few bins a characteristic, whose weights a logistic regression gives together, quick
enough to be fitted for every division that is tried. The one model has a constant for each segment, so that what is
gained is only what differs in the relations, and not a base rate that one model could hold. Both use the same
characteristics: else the smaller models would gain by leaving out what only adds noise.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
BINS = 5
RIDGE = 5.0
SCREEN = 0.01
MOST_CHARACTERISTICS = 15
STEPS = 50
TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class GainRows:
    """Rows on which gains are measured. bins (n, k): bin of each characteristic, sizes (k,): how many bins each has;
    y (n,) 0/1, 1 is bad; weights (n,), which sum to Kish's effective rows; clusters (n,) whole numbers from 0."""

    bins: Integers
    sizes: tuple[int, ...]
    y: Floats
    weights: Floats
    clusters: Integers


@dataclass(frozen=True, slots=True)
class Gain:
    """Separate models against one on test rows. gain: sum of the differences of the rows' log likelihoods (nats),
    positive where separate models are better; standard_error of it by sums over clusters; p_value one-sided;
    log_likelihood_one, log_likelihood_separate: of the test rows; linear_one, linear_separate (m,): their log-odds."""

    gain: float
    standard_error: float
    p_value: float
    log_likelihood_one: float
    log_likelihood_separate: float
    rows: int
    bads: float
    tested: Integers
    linear_one: Floats
    linear_separate: Floats


def gain_rows(
    bins: Integers, sizes: Sequence[int], y: Floats, weights: Floats | None = None, clusters: Integers | None = None
) -> GainRows:
    """Rows ready for gains. weights (n,) are scaled to sum to (sum w)^2 / sum w^2; without clusters each row is one."""
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    own = np.arange(len(y)) if clusters is None else np.unique(clusters, return_inverse=True)[1].astype(np.int64)
    return GainRows(
        np.asarray(bins, np.int64), tuple(sizes), np.asarray(y, np.float64), w * (w.sum() / np.sum(w * w)), own
    )


def quick_bins(values: NDArray[np.float64], without: Mask, most: int = BINS) -> tuple[Integers, int]:
    """Bins (n,) of numbers at quantiles of the rows that have one, the last for rows without; and how many there are.

    Cuts are observed values (inverse of the empirical distribution); made without the outcome.
    """
    ids = np.full(len(values), 0, dtype=np.int64)
    known = values[~without]
    cuts = quantile_cuts(known, most)
    ids[~without] = np.searchsorted(cuts, known, side="right")
    ids[without] = len(cuts) + 1
    return ids, len(cuts) + 2


def quantile_cuts(known: Floats, most: int) -> Floats:
    """Cuts (at most `most` − 1, ascending, above the least value) at equal shares of the values; none of no values."""
    if not len(known):
        return np.zeros(0)
    cuts = np.unique(np.quantile(known, np.arange(1, most) / most, method="inverted_cdf"))
    return cuts[cuts > known.min()]


def quick_categories(values: NDArray[np.object_], without: Mask, most: int = BINS) -> tuple[Integers, int]:
    """Bins (n,) of the most frequent categories, then one of all others, then one of rows without; and how many."""
    names, counts = np.unique(np.asarray(values[~without], dtype=str), return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), str(names[i])))[: most - 1]
    place = {str(names[i]): k for k, i in enumerate(order)}
    ids = np.full(len(values), most, dtype=np.int64)
    ids[~without] = [place.get(str(value), most - 1) for value in values[~without]]
    return ids, most + 1


def fold_of(clusters: Integers, seed: int, parts: int, purpose: str) -> Integers:
    """Part 0 … parts − 1 of each row (n,): of its cluster, numbered as it first appears, by SHA-256 of its number.

    The first eight bytes, as a big-endian number, of SHA-256 of `<purpose>:<seed>:<number>`, modulo `parts`.
    """
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first, kind="stable")] = np.arange(len(first))
    drawn = [
        int.from_bytes(hashlib.sha256(f"{purpose}:{seed}:{k}".encode()).digest()[:8], "big") % parts
        for k in range(len(first))
    ]
    return np.array(drawn, dtype=np.int64)[number[inverse]]


def measure_gain(rows: GainRows, segment: Integers, train: Mask, test: Mask) -> Gain | None:
    """Fit both on `train`, compare on `test`. segment (n,): whole numbers from 0, -1 for rows that take no part.

    None where a segment lacks bads or goods in `train`, or rows in `test`.
    """
    inside = segment >= 0
    taught, tested = np.flatnonzero(train & inside), np.flatnonzero(test & inside)
    count = int(segment.max()) + 1
    if not _teachable(rows, segment, taught, count) or len(np.unique(segment[tested])) < count:
        return None
    of_taught, of_tested = segment[taught], segment[tested]
    chosen = _screened(rows, [taught, *(taught[of_taught == k] for k in range(count))])
    one = _fit(rows, taught, of_taught, count, chosen).linear(rows, tested, of_tested)
    separate = np.empty(len(tested))
    for k in range(count):
        own, at = taught[of_taught == k], of_tested == k
        fit = _fit(rows, own, np.zeros(len(own), np.int64), 1, chosen)
        separate[at] = fit.linear(rows, tested[at], np.zeros(int(at.sum()), np.int64))
    return compared(rows, tested, one, separate)


def crossed_gain(rows: GainRows, segment: Integers, part: Integers) -> Gain | None:
    """Gain over all parts, each tested on models of all other rows; None where one cannot be measured.

    part (n,): whole numbers from 0, -1 for rows that only teach.
    """
    found = []
    for k in range(int(part.max()) + 1):
        gain = measure_gain(rows, segment, part != k, part == k)
        if gain is None:
            return None
        found.append(gain)
    tested = np.concatenate([gain.tested for gain in found])
    order = np.argsort(tested, kind="stable")
    one = np.concatenate([gain.linear_one for gain in found])[order]
    separate = np.concatenate([gain.linear_separate for gain in found])[order]
    return compared(rows, tested[order], one, separate)


def compared(rows: GainRows, tested: Integers, one: Floats, separate: Floats) -> Gain:
    """The gain of two vectors of log-odds (m,) on the rows `tested`."""
    y, w = rows.y[tested], rows.weights[tested]
    first, second = w * row_likelihood(y, one), w * row_likelihood(y, separate)
    total, error, p = paired_test(second - first, rows.clusters[tested])
    return Gain(
        total,
        error,
        p,
        float(first.sum()),
        float(second.sum()),
        len(tested),
        float(w @ y),
        tested,
        one,
        separate,
    )


def row_likelihood(y: Floats, linear: Floats) -> Floats:
    """(n,) log likelihood of each row at its log-odds of bad: y·η − ln(1 + exp η)."""
    return y * linear - np.logaddexp(0.0, linear)


def paired_test(difference: Floats, clusters: Integers) -> tuple[float, float, float]:
    """Sum of paired differences (n,), its standard error from sums over clusters, and the p-value of not above 0.

    Under independence of G clusters with sums s the variance of the total is G/(G − 1)·sum (s − mean s)^2; the p-value
    is that of the normal distribution, upper tail.
    """
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], difference)
    total, count = float(difference.sum()), len(sums)
    if count < 2:
        return total, math.nan, math.nan
    error = math.sqrt(count / (count - 1) * float(np.sum((sums - sums.mean()) ** 2)))
    return total, error, float(special.ndtr(-total / error)) if error > 0 else 1.0


@dataclass(frozen=True, slots=True)
class _Fit:
    """constants (groups,); by chosen characteristic, the weight of each bin in log-odds of bad."""

    constants: Floats
    weights: dict[int, Floats]

    def linear(self, rows: GainRows, at: Integers, group: Integers) -> Floats:
        found = self.constants[group]
        for place, weights in self.weights.items():
            found = found + weights[rows.bins[at, place]]
        return found


def _teachable(rows: GainRows, segment: Integers, taught: Integers, count: int) -> bool:
    bads = np.bincount(segment[taught], rows.weights[taught] * rows.y[taught], count)
    goods = np.bincount(segment[taught], rows.weights[taught] * (1.0 - rows.y[taught]), count)
    return bool(np.all(bads > 0) and np.all(goods > 0))


def _screened(rows: GainRows, parts: Sequence[Integers]) -> list[int]:
    """Characteristics that tell something of the outcome in one of the parts (rows); both sides use the same ones.

    At most MOST_CHARACTERISTICS, those of greatest chi-square per degree of freedom in any part.
    """
    strength = [max(_strength(rows, place, part) for part in parts) for place in range(len(rows.sizes))]
    order = sorted((place for place, value in enumerate(strength) if value > 0), key=lambda k: (-strength[k], k))
    return sorted(order[:MOST_CHARACTERISTICS])


def _strength(rows: GainRows, place: int, at: Integers) -> float:
    """Pearson's chi-square of bins against the outcome per degree of freedom; 0 where it does not reach SCREEN."""
    ids, w, size = rows.bins[at, place], rows.weights[at], rows.sizes[place]
    bad, both = np.bincount(ids, w * rows.y[at], size), np.bincount(ids, w, size)
    held, rate = both > 0, float(bad.sum() / both.sum())
    degrees = int(held.sum()) - 1
    if degrees < 1:
        return 0.0
    statistic = float(np.sum((bad[held] - both[held] * rate) ** 2 / (both[held] * rate * (1.0 - rate))))
    return statistic / degrees if special.chdtrc(degrees, statistic) <= SCREEN else 0.0


def _fit(rows: GainRows, at: Integers, group: Integers, count: int, chosen: Sequence[int]) -> _Fit:
    """Constants by group and weights of the bins of the chosen characteristics on the rows `at`."""
    sizes = [count, *(rows.sizes[place] for place in chosen)]
    codes = [group, *(rows.bins[at, place] for place in chosen)]
    coef = bin_logistic(codes, sizes, rows.y[at], rows.weights[at], [0.0, *(RIDGE for _ in chosen)])
    return _Fit(coef[0], dict(zip(chosen, coef[1:], strict=True)))


def bin_logistic(
    codes: Sequence[Integers], sizes: Sequence[int], y: Floats, weights: Floats, ridge: Sequence[float]
) -> list[Floats]:
    """Weights of the bins of each factor, whose sum over factors is the log-odds of bad.

    codes: by factor (n,), its bins 0 … size − 1. Maximises sum w·l(y, η) − sum ridge·b²/2 by Newton's steps, halved
    until it rises; counts by bin and by pair of bins stand for the design matrix.
    """
    ends = np.cumsum([0, *sizes])
    pairs = [(i, j, codes[i] * sizes[j] + codes[j]) for i in range(len(sizes)) for j in range(i)]
    penalty = np.repeat(np.asarray(ridge, np.float64), sizes)
    coef, step, value = np.zeros(ends[-1]), np.zeros(ends[-1]), -np.inf
    for _ in range(STEPS):
        trial = coef + step
        eta = np.zeros(len(y))
        for k, code in enumerate(codes):
            eta += trial[ends[k] : ends[k + 1]][code]
        reached = float(weights @ row_likelihood(y, eta)) - 0.5 * float(penalty @ trial**2)
        if reached < value - 1e-12 * abs(value):
            step = step / 2.0
            continue
        coef, value = trial, reached
        p = special.expit(eta)
        score = -penalty * coef
        information = np.diag(penalty)
        left, spread = weights * (y - p), weights * p * (1.0 - p)
        for k, code in enumerate(codes):
            at = slice(ends[k], ends[k + 1])
            score[at] += np.bincount(code, left, sizes[k])
            information[at, at] += np.diag(np.bincount(code, spread, sizes[k]))
        for i, j, joint in pairs:
            block = np.bincount(joint, spread, sizes[i] * sizes[j]).reshape(sizes[i], sizes[j])
            information[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = block
            information[ends[j] : ends[j + 1], ends[i] : ends[i + 1]] = block.T
        step = np.linalg.solve(information, score)
        if float(np.max(np.abs(step))) < TOLERANCE:
            coef = coef + step
            break
    return [coef[ends[k] : ends[k + 1]] for k in range(len(sizes))]
