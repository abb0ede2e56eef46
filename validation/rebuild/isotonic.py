"""Isotonic recalibration our own way: a stack of blocks, scores taken apart, distances, and draws under calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from validation.rebuild.calibration import quantile_groups

Floats = NDArray[np.float64]
MEASURES = ("ici", "e50", "e90", "e_max", "ece")
GROUPS = 10
CELLS, ENDS = 4_000, 1_000


@dataclass(frozen=True, slots=True)
class Curve:
    """By distinct probability (k,): rows, weight, weight of bads, pooled rate, and block 0, 1, …"""

    probability: Floats
    rows: Floats
    weight: Floats
    bad: Floats
    rate: Floats
    block: NDArray[np.int64]


def curve(y: Floats, p: Floats, weight: Floats) -> Curve:
    """Return the isotonic regression of y on p, (n,), by a stack of blocks that merge while they fall."""
    values, place = np.unique(p, return_inverse=True)
    rows, mass, bad = (_sums(place, part, len(values)) for part in (np.ones(len(p)), weight, weight * y))
    blocks: list[list[float]] = []
    for w, b in zip(mass.tolist(), bad.tolist(), strict=True):
        blocks.append([w, b, 1.0])
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][0] >= blocks[-1][1] * blocks[-2][0]:
            last = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], last, strict=True)]
    sizes = np.array([int(one[2]) for one in blocks])
    rates = np.array([one[1] / one[0] for one in blocks])
    numbers = np.repeat(np.arange(len(blocks)), sizes)
    return Curve(values, rows, mass, bad, rates[numbers], numbers.astype(np.int64))


def mean_score(rule: str, found: Curve, probability: Floats) -> float:
    """Return the mean Brier score or log loss of a probability for each distinct one, (k,)."""
    good = found.weight - found.bad
    if rule == "brier":
        terms = found.bad * (1.0 - probability) ** 2 + good * probability**2
    else:
        terms = -special.xlogy(found.bad, probability) - special.xlogy(good, 1.0 - probability)
    return float(np.sum(terms) / np.sum(found.weight))


def taken_apart(rule: str, found: Curve) -> dict[str, float]:
    """Return score, miscalibration, discrimination and uncertainty."""
    level = np.full(len(found.rate), np.sum(found.bad) / np.sum(found.weight))
    given, best, flat = (mean_score(rule, found, one) for one in (found.probability, found.rate, level))
    parts = {"score": given, "miscalibration": given - best, "discrimination": flat - best, "uncertainty": flat}
    return {name: value if np.isfinite(value) else np.nan for name, value in parts.items()}


def distances(found: Curve) -> dict[str, float]:
    """Return mean, median, 90 % point and greatest distance of curve and prediction, and the error over 10 groups."""
    gap, w = np.abs(found.rate - found.probability), found.weight
    order = np.argsort(gap, kind="stable")
    running = np.cumsum(w[order]) / np.sum(w)
    points = [float(gap[order][np.searchsorted(running, share - 1e-12)]) for share in (0.5, 0.9)]
    group = quantile_groups(found.probability, w, GROUPS)
    ece = float(np.sum(np.abs(np.bincount(group, found.bad - w * found.probability))) / np.sum(w))
    return dict(zip(MEASURES, (float(np.sum(gap * w) / np.sum(w)), *points, float(gap.max()), ece), strict=True))


@dataclass(frozen=True, slots=True)
class Draws:
    """Curves of outcomes drawn as if the probabilities were true; cell (k,) of each distinct probability in them."""

    curves: tuple[Curve, ...]
    cell: NDArray[np.int64]


def drawn(p: Floats, weight: Floats, replicates: int, seed: int) -> Draws:
    """Return curves of outcomes drawn row by row by p, (n,), counted in the cells that the package tells of."""
    cell = _cells(np.unique(p, return_counts=True)[1])
    return Draws(tuple(_each(p, weight, replicates, seed, cell)), cell)


def rates_drawn(p: Floats, weight: Floats, replicates: int, seed: int, places: NDArray[np.int64]) -> Floats:
    """Return the pooled rates (replicates, m) of draws as those of `drawn`, at m distinct probabilities alone."""
    cell = _cells(np.unique(p, return_counts=True)[1])
    return np.array([one.rate[cell[places]] for one in _each(p, weight, replicates, seed, cell)])


def _each(p: Floats, weight: Floats, replicates: int, seed: int, cell: NDArray[np.int64]) -> Iterator[Curve]:
    random = np.random.default_rng(seed)
    values, place = np.unique(p, return_inverse=True)
    size, place = int(cell[-1]) + 1, cell[place]
    mass, rows = (_sums(place, part, size) for part in (weight, np.ones(len(p))))
    mean = values if size == len(values) else _sums(place, weight * p, size) / mass
    block = np.zeros(size, dtype=np.int64)  # nobody asks for the blocks of a draw
    for _ in range(replicates):
        bad = _sums(place, weight * (random.random(len(p)) < p), size)
        rate = np.asarray(optimize.isotonic_regression(bad / mass, weights=mass).x, np.float64)
        yield Curve(mean, rows, mass, bad, rate, block)


def _cells(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cell of each distinct probability, (k,): its own where there are few of them or at the ends."""
    if len(rows) <= CELLS + 2 * ENDS:
        return np.arange(len(rows), dtype=np.int64)
    number, before, between = np.arange(len(rows), dtype=np.int64), 0, int(rows[ENDS:-ENDS].sum())
    last, wanted = ENDS - 1, -1
    for place in range(ENDS, len(rows) - ENDS):
        own = before * CELLS // between
        last, wanted = (last + 1, own) if own != wanted else (last, wanted)
        number[place] = last
        before += int(rows[place])
    number[-ENDS:] = last + 1 + np.arange(ENDS)
    return number


def _sums(place: NDArray[np.int64], values: Floats, count: int) -> Floats:
    return np.bincount(place, values, count).astype(np.float64)
