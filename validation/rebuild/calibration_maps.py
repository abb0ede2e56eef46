"""Calibration maps fitted our own way: Newton's method under bounds by cases, our own pooling of violators.

A map is a function from linear scores (n,) to probabilities (n,), with what was estimated.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild.logistic import LogisticFit, fit_logistic

Floats = NDArray[np.float64]
Order = tuple[str, ...]
METHODS: Order = ("none", "intercept_shift", "logistic", "beta", "isotonic", "centred_isotonic", "venn_abers")
"""From the simplest to the most flexible, as the format lists them."""


class NotFitted(ValueError):
    """A map that these rows do not determine, or that would break the order of the score."""


@dataclass(frozen=True, slots=True)
class OwnMap:
    """method; probability: linear scores (n,) to probabilities (n,); estimates: by name of the parameter.

    errors, robust_errors: of the estimates, missing (NaN) at a bound; knots: where a step begins (−inf the first), or
    stands, and its probability. only_at: the scores at which the rows determine the map, None where they all are.
    """

    method: str
    probability: Callable[[Floats], Floats]
    estimates: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    robust_errors: Mapping[str, float] = field(default_factory=dict)
    knots: tuple[tuple[float, float], ...] = ()
    only_at: tuple[float, ...] | None = None


def fit_own(method: str, score: Floats, y: Floats, weight: Floats) -> OwnMap:
    """Fit a map by its name to rows (n,): score in log-odds of bad, outcome 0 or 1, positive weights.

    Raises NotFitted, and KeyError for a method that the format does not know.
    """
    return _FITTERS[method](score, y, weight)


def _none(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    return OwnMap("none", special.expit)


def _shift(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    fits = _fits(np.ones((len(y), 1)), y, weight, score)
    moved = float(fits[0].coefficient[0])
    return OwnMap("intercept_shift", lambda s: special.expit(s + moved), *_told(("shift",), (0,), fits))


def _logistic(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    _refuse_separation(score, y)
    fits = _fits(np.column_stack([score, np.ones(len(y))]), y, weight)
    slope, intercept = (float(value) for value in fits[0].coefficient)
    if slope <= 0:
        raise NotFitted("the slope is not positive")
    names = ("slope", "intercept")
    return OwnMap("logistic", lambda s: special.expit(slope * s + intercept), *_told(names, (0, 1), fits))


def _beta(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    """The best of the fits with a, b, neither or both held at 0 whose other coefficients are not negative."""
    _refuse_separation(score, y)
    if len(np.unique(score)) < 3:
        return _rates_of_two(score, y, weight)
    design = np.column_stack([special.log_expit(score), -special.log_expit(-score), np.ones(len(y))])
    best: tuple[float, tuple[int, ...], tuple[LogisticFit, LogisticFit]] | None = None
    for held in itertools.chain.from_iterable(itertools.combinations((0, 1), k) for k in range(3)):
        free = tuple(k for k in range(3) if k not in held)
        fits = _fits(design[:, free], y, weight)
        found = dict(zip(free, fits[0].coefficient, strict=True))
        feasible = all(found.get(k, 0.0) >= 0.0 for k in (0, 1))
        if feasible and (best is None or fits[0].log_likelihood > best[0]):
            best = (fits[0].log_likelihood, free, fits)
    assert best is not None  # with both held at 0 it is always feasible
    _, free, fits = best
    if free == (2,):
        raise NotFitted("every score would have the same probability")
    names = ("a", "b", "c")
    whole = dict.fromkeys(names, 0.0)
    estimates, errors, robust = _told(tuple(names[k] for k in free), tuple(range(len(free))), fits)
    a, b, c = ((whole | dict(estimates))[name] for name in names)
    absent = dict.fromkeys(names, np.nan)

    def probability(s: Floats) -> Floats:
        return np.asarray(special.expit(a * special.log_expit(s) - b * special.log_expit(-s) + c))

    return OwnMap("beta", probability, whole | dict(estimates), absent | dict(errors), absent | dict(robust))


def _rates_of_two(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    """The beta map of two distinct scores: their bad rates, which more than one set of a, b and c gives."""
    values, place = np.unique(score, return_inverse=True)
    mass, bads = (np.bincount(place, each, len(values)) for each in (weight, weight * y))
    rates = bads / mass
    if len(values) < 2 or not rates[0] < rates[1]:
        raise NotFitted("every score would have the same probability")
    odds = special.logit(rates)
    slope = float((odds[1] - odds[0]) / (values[1] - values[0]))
    known = tuple(values.tolist())
    return OwnMap("beta", lambda s: special.expit(odds[0] + slope * (s - values[0])), only_at=known)


def _fits(x: Floats, y: Floats, weight: Floats, offset: Floats | None = None) -> tuple[LogisticFit, LogisticFit]:
    """The same fit with the covariance of the information, and with the sandwich of squared weights."""
    try:
        found = tuple(fit_logistic(x, y, weight, kind=kind, offset=offset) for kind in ("nonrobust", "hc0"))
    except (np.linalg.LinAlgError, ValueError) as error:
        raise NotFitted(str(error)) from error
    if not found[0].converged:
        raise NotFitted("the likelihood has no maximum that could be reached")
    return found[0], found[1]


def _told(
    names: Order, places: tuple[int, ...], fits: tuple[LogisticFit, LogisticFit]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    plain, robust = fits
    columns = (plain.coefficient, plain.standard_error, robust.standard_error)
    first, second, third = ({n: float(c[k]) for n, k in zip(names, places, strict=True)} for c in columns)
    return first, second, third


def _refuse_separation(score: Floats, y: Floats) -> None:
    good, bad = score[y == 0], score[y == 1]
    if good.max() <= bad.min() or bad.max() <= good.min():
        raise NotFitted("the score separates goods and bads")


@dataclass(frozen=True, slots=True)
class Pool:
    """Blocks (k,) of pooled scores, ascending: first and last score, weight, weight of bads, weight·score."""

    first: Floats
    last: Floats
    weight: Floats
    bads: Floats
    moment: Floats

    @property
    def rate(self) -> Floats:
        """Bad rate of each block."""
        return self.bads / self.weight


def pooled(score: Floats, y: Floats, weight: Floats) -> Pool:
    """Pool adjacent violators: distinct scores in order, a block joins the one before while its rate is no greater."""
    values, place = np.unique(score, return_inverse=True)
    sums = [np.bincount(place, each, len(values)).tolist() for each in (weight, weight * y, weight * score)]
    blocks: list[list[float]] = []
    for value, w, bads, moment in zip(values.tolist(), *sums, strict=True):
        blocks.append([value, value, w, bads, moment])
        while len(blocks) > 1 and not _rises(blocks[-2], blocks[-1]):
            _, last, w1, bads1, moment1 = blocks.pop()
            before = blocks[-1]
            blocks[-1] = [before[0], last, before[2] + w1, before[3] + bads1, before[4] + moment1]
    columns = np.array(blocks).T
    return Pool(*columns)


def _rises(one: list[float], other: list[float]) -> bool:
    return other[3] * one[2] - one[3] * other[2] > 1e-12 * one[2] * other[2]


def _both_outcomes(pool: Pool) -> Pool:
    """Blocks without bads at the low end, and without goods at the high end, joined to the next that has both."""
    low = int(np.count_nonzero(pool.bads <= 0))
    high = int(np.count_nonzero(pool.bads >= pool.weight * (1.0 - 1e-15)))
    groups = np.arange(len(pool.first)) - low
    groups = np.clip(groups, 0, len(pool.first) - low - high - 1)
    if len(pool.first) - low - high < 2:
        raise NotFitted("fewer than two blocks hold both outcomes")
    count = int(groups.max()) + 1
    sums = (np.bincount(groups, each, count).astype(np.float64) for each in (pool.weight, pool.bads, pool.moment))
    weight, bads, moment = sums
    starts = np.searchsorted(groups, np.arange(count))
    ends = np.searchsorted(groups, np.arange(count), side="right") - 1
    return Pool(pool.first[starts], pool.last[ends], weight, bads, moment)


def _isotonic(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    pool = _both_outcomes(pooled(score, y, weight))
    middle = pool.last[:-1] + (pool.first[1:] - pool.last[:-1]) / 2.0
    cuts = np.where(middle > pool.last[:-1], middle, pool.first[1:])
    levels = pool.rate
    knots = tuple(zip([-np.inf, *cuts.tolist()], levels.tolist(), strict=True))

    def probability(s: Floats) -> Floats:
        return np.asarray(levels[np.searchsorted(cuts, s, side="right")])

    return OwnMap("isotonic", probability, knots=knots)


def _centred(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    pool = _both_outcomes(pooled(score, y, weight))
    centres, levels = pool.moment / pool.weight, pool.rate
    knots = tuple(zip(centres.tolist(), levels.tolist(), strict=True))
    return OwnMap("centred_isotonic", lambda s: np.interp(s, centres, levels), knots=knots)


def _venn_abers(score: Floats, y: Floats, weight: Floats) -> OwnMap:
    """p₁/(1 − p₀ + p₁): p₀ and p₁ are of the row itself at a calibration score, of its neighbours between two."""
    values, place = np.unique(score, return_inverse=True)
    mass, bads = (np.bincount(place, each, len(values)).astype(np.float64) for each in (weight, weight * y))
    first = _with_one_bad(mass, bads)
    zeroth = 1.0 - _with_one_bad(mass[::-1], (mass - bads)[::-1])[::-1]
    low = np.concatenate([[0.0], np.repeat(zeroth, 2)])
    high = np.concatenate([np.repeat(first, 2), [1.0]])
    levels = np.maximum.accumulate(high / (1.0 - low + high))
    cuts = np.column_stack([values, np.nextafter(values, np.inf)]).ravel()

    def probability(s: Floats) -> Floats:
        return np.asarray(levels[np.searchsorted(cuts, s, side="right")])

    knots = [(-np.inf, float(levels[0]))]
    for cut, level in zip(cuts.tolist(), levels[1:].tolist(), strict=True):
        if level > knots[-1][1] + 1e-12:
            knots.append((cut, level))
    return OwnMap("venn_abers", probability, knots=tuple(knots))


Node = tuple[float, float, Any]
"""A block, weight and weight of bads, and the node beside it that is farther from the join; None at the end."""


def _with_one_bad(weight: Floats, bads: Floats) -> Floats:
    """The isotonic value (k,) at each score when a bad of weight 1 is put there.

    The blocks of all scores below and of all above are known by themselves; the score with its bad joins them from the
    middle outwards while they violate the order.
    """
    below, above = _chains(weight, bads, higher=False), _chains(weight[::-1], bads[::-1], higher=True)[::-1]
    found = np.empty(len(weight))
    for k, (w, b) in enumerate(zip(weight.tolist(), bads.tolist(), strict=True)):
        mass, bad = w + 1.0, b + 1.0
        left = below[k - 1] if k else None
        right = above[k + 1] if k + 1 < len(weight) else None
        moved = True
        while moved:
            moved = False
            while left is not None and left[1] * mass >= bad * left[0]:
                mass, bad, left, moved = mass + left[0], bad + left[1], left[2], True
            while right is not None and right[1] * mass <= bad * right[0]:
                mass, bad, right, moved = mass + right[0], bad + right[1], right[2], True
        found[k] = bad / mass
    return found


def _chains(weight: Floats, bads: Floats, *, higher: bool) -> list[Node]:
    """By score, the blocks of it and all scores before it, the nearest first; higher: before means above."""
    chains: list[Node] = []
    node: Node | None = None
    for w, b in zip(weight.tolist(), bads.tolist(), strict=True):
        mass, bad = w, b
        while node is not None and _violates(node, mass, bad, higher):
            mass, bad, node = mass + node[0], bad + node[1], node[2]
        node = (mass, bad, node)
        chains.append(node)
    return chains


def _violates(node: Node, mass: float, bad: float, higher: bool) -> bool:
    one, other = node[1] * mass, bad * node[0]
    return one <= other if higher else one >= other


_FITTERS: dict[str, Callable[[Floats, Floats, Floats], OwnMap]] = {
    "none": _none,
    "intercept_shift": _shift,
    "logistic": _logistic,
    "beta": _beta,
    "isotonic": _isotonic,
    "centred_isotonic": _centred,
    "venn_abers": _venn_abers,
}
