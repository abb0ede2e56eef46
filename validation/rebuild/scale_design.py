"""The best rating scale by a formulation of our own: paths through grades, from the riskiest back to the safest.

A node is a grade between two bounds of fine bins, an arc joins it to a next grade that it may stand before. So many
grades can keep a limit on the sum of squared shares as have a path of least sum that does; of so many the best path has
the fewest mixed grades (where they are avoided) and the greatest likelihood. Where the limit binds, a price of
concentration gives a path that keeps it and a bound on every other one; all paths within that gap are then walked
through (Carlyle, Royset and Wood 2008, Networks 52, 256-270), so that what is found is the best. Only where these are
more than `MOST_STEPS` is it told as not exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild import grades as own

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SAME, HALVINGS, FARTHEST = 1e-12, 40, 1e12
MOST_STEPS = 2_000_000
"""Grades stepped on in the walk through all paths that may be better."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Constraints of the plan. heterogeneity, herfindahl: None without."""

    least: int
    most: int
    min_share: float
    max_share: float
    min_bads: float
    heterogeneity: float | None
    homogeneity: float
    mixed: str
    fine_bins: int
    herfindahl: float | None


def rules_of(plan: Mapping[str, Any]) -> Rules:
    """Return the rules that `rating_scale` of a plan sets for its design."""
    d = plan.get("design") or {}
    return Rules(
        int(d.get("min_grades", 3)),
        int(d.get("max_grades", 12)),
        float(d.get("min_share", 0.02)),
        float(plan.get("max_share", 0.30)),
        float(d.get("min_bads", 10)),
        d.get("heterogeneity", 0.05),
        float(d.get("homogeneity", 0.05)),
        str(d.get("mixed", "avoid")),
        int(d.get("fine_bins", 100)),
        d.get("herfindahl"),
    )


@dataclass(frozen=True, slots=True)
class Best:
    """The most grades that keep the rules, the fewest mixed of these, and their greatest log-likelihood.

    exact: no other path can be better; else only none that was looked at.
    """

    grades: int
    mixed: int
    log_likelihood: float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _Sums:
    """Prefix sums over distinct probabilities (d + 1,): rows, bads, weight, its square, weight of bads."""

    rows: Floats
    bads: Floats
    weight: Floats
    squares: Floats
    bad_weight: Floats

    def cell(self, low: int, high: int) -> own.Cell:
        """Distinct values from `low` to before `high` as a cell."""
        part = [float(s[high] - s[low]) for s in (self.rows, self.bads, self.weight, self.squares, self.bad_weight)]
        n, bad, weight, squares, bad_weight = part
        rate = 1.0 if bad == n else bad_weight / weight
        return own.Cell(int(n), int(bad), weight, rate, weight**2 / squares, own.NAN)


@dataclass(frozen=True, slots=True)
class _Grades:
    """Candidate grades (g,): first and last bound, mixed or not, log-likelihood, share."""

    low: Integers
    high: Integers
    mixed: Floats
    likelihood: Floats
    share: Floats
    cells: list[own.Cell]


def best_scale(y: Floats, p: Floats, w: Floats, edges: Floats, rules: Rules) -> Best | None:
    """Search the scales on fine bins of p (n,), whose bounds `edges` are candidates too; None where there is none."""
    order = np.argsort(p, kind="stable")
    values = p[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values) > SAME]))
    columns = (np.ones(len(y)), y, w, w**2, w * y)
    sums = _Sums(*(np.concatenate([[0.0], np.cumsum(np.add.reduceat(c[order], starts))]) for c in columns))
    stated = np.searchsorted(values[starts], edges - SAME)
    bounds = np.unique(np.concatenate([[0], _fine(sums, rules.fine_bins), stated, [len(starts)]]))
    grades = _candidates(sums, bounds, rules)
    return None if not len(grades.low) else _solved(grades, len(bounds) - 1, rules)


def _fine(sums: _Sums, count: int) -> Integers:
    """Places of distinct values before which nearest to k/count of the weight lies; of two as near the later."""
    below, total = sums.weight[:-1], float(sums.weight[-1])
    found = []
    for k in range(1, count):
        gap = np.abs(below - total * k / count)
        found.append(int(np.flatnonzero(gap <= float(gap.min()) + 1e-9 * total)[-1]))
    return np.unique(np.array([k for k in found if k > 0], dtype=np.int64))


def _candidates(sums: _Sums, bounds: Integers, rules: Rules) -> _Grades:
    """Every interval of bounds that may be a grade by itself."""
    total = float(sums.weight[-1])
    effective = total**2 / float(sums.squares[-1])
    kept: list[tuple[int, int, float, float, float]] = []
    cells: list[own.Cell] = []
    for a, low in enumerate(bounds[:-1].tolist()):
        for b in range(a + 1, len(bounds)):
            one = sums.cell(low, int(bounds[b]))
            share = one.weight / total
            if share > rules.max_share + SAME:
                break
            if share < rules.min_share - SAME or one.bad < rules.min_bads:
                continue
            mixed = _mixed(sums, low, int(bounds[b]), rules.homogeneity)
            if mixed and rules.mixed == "refuse":
                continue
            entropy = float(special.xlogy(one.rate, one.rate) + special.xlog1py(1.0 - one.rate, -one.rate))
            kept.append((a, b, float(mixed), effective * share * entropy, share))
            cells.append(one)
    table = np.array(kept, dtype=np.float64).reshape(-1, 5)
    ends = table[:, :2].astype(np.int64)
    return _Grades(ends[:, 0], ends[:, 1], table[:, 2], table[:, 3], table[:, 4], cells)


def _mixed(sums: _Sums, low: int, high: int, level: float) -> bool:
    """Say whether the two halves differ, split at the least value below which half of the weight lies."""
    if high - low < 2:
        return False
    goal = sums.weight[low] + (0.5 - 1e-9) * (sums.weight[high] - sums.weight[low])
    split = min(max(int(np.searchsorted(sums.weight, goal)), low + 1), high - 1)
    return own.proportions(sums.cell(low, split), sums.cell(split, high))[1] <= level


def _arcs(grades: _Grades, rules: Rules) -> tuple[Integers, Integers]:
    """Pairs of candidates (a,), the first of which may stand before the second."""
    rate = np.array([one.rate for one in grades.cells])
    size = np.array([one.size for one in grades.cells])
    first, second = [], []
    for bound in np.unique(grades.high):
        one, other = np.flatnonzero(grades.high == bound), np.flatnonzero(grades.low == bound)
        a, b = (side.ravel() for side in np.meshgrid(one, other, indexing="ij"))
        keep = rate[a] < rate[b]
        if rules.heterogeneity is not None:
            common = (size[a] * rate[a] + size[b] * rate[b]) / (size[a] + size[b])
            spread = np.sqrt(common * (1.0 - common) * (1.0 / size[a] + 1.0 / size[b]))
            z = np.divide(rate[b] - rate[a], spread, out=np.zeros(len(a)), where=spread > 0)
            keep &= 2.0 * special.ndtr(-np.abs(z)) <= rules.heterogeneity
        first.append(a[keep])
        second.append(b[keep])
    return np.concatenate(first), np.concatenate(second)


@dataclass(frozen=True, slots=True)
class _Paths:
    """Candidates, arcs sorted by their first grade, and where the arcs of each grade begin (g + 1,)."""

    grades: _Grades
    second: Integers
    starts: Integers
    last: int

    @classmethod
    def of(cls, grades: _Grades, last: int, rules: Rules) -> _Paths:
        first, second = _arcs(grades, rules)
        order = np.argsort(first, kind="stable")
        starts = np.searchsorted(first[order], np.arange(len(grades.low) + 1))
        return cls(grades, second[order], starts, last)

    def backwards(self, worth: Floats, most: int) -> list[Floats]:
        """By number of grades from 1: the greatest worth of so many grades from each one (g,) to the last bound."""
        found = [np.where(self.grades.high == self.last, worth, -np.inf)]
        some = np.flatnonzero(np.diff(self.starts) > 0)
        for _ in range(1, most):
            following = np.full(len(worth), -np.inf)
            if len(some):
                following[some] = worth[some] + np.maximum.reduceat(found[-1][self.second], self.starts[some])
            found.append(following)
        return found

    def path(self, found: list[Floats], count: int) -> Integers | None:
        """The grades of the greatest worth of so many from the first bound on; None where there is none."""
        begins = np.where(self.grades.low == 0, found[count - 1], -np.inf)
        at = int(np.argmax(begins))
        if not np.isfinite(begins[at]):
            return None
        used = [at]
        for left in range(count - 1, 0, -1):
            following = self.second[self.starts[at] : self.starts[at + 1]]
            at = int(following[np.argmax(found[left - 1][following])])
            used.append(at)
        return np.array(used)


def _solved(grades: _Grades, last: int, rules: Rules) -> Best | None:
    """The most grades that keep the rules, then the best of so many that the multipliers of the limit find."""
    paths = _Paths.of(grades, last, rules)
    spread = 2.0 * float(np.ptp(grades.likelihood)) + 1.0
    worth = grades.likelihood - (spread * grades.mixed if rules.mixed == "avoid" else 0.0)
    least = paths.backwards(-np.square(grades.share), rules.most)
    for count in range(rules.most, rules.least - 1, -1):
        narrow = paths.path(least, count)
        if narrow is not None and _keeps(grades, narrow, rules):
            return _measured(grades, *_best_of(paths, worth, narrow, count, rules))
    return None


def _best_of(paths: _Paths, worth: Floats, narrow: Integers, count: int, rules: Rules) -> tuple[Integers, bool]:
    """The path of greatest worth that keeps the limit, and whether it is known to be that."""
    free = paths.path(paths.backwards(worth, count), count)
    assert free is not None  # narrow is one
    if _keeps(paths.grades, free, rules):
        return free, True
    best, squares = narrow, np.square(paths.grades.share)
    low, high = 0.0, 1.0
    while not _keeps(paths.grades, _priced(paths, worth, squares, high, count), rules) and high < FARTHEST:
        low, high = high, 4.0 * high
    for _ in range(HALVINGS):
        price = 0.5 * (low + high)
        path = _priced(paths, worth, squares, price, count)
        if _keeps(paths.grades, path, rules):
            high = price
            best = path if float(np.sum(worth[path])) > float(np.sum(worth[best])) else best
        else:
            low = price
    return _Walk(paths, worth, count, high, float(rules.herfindahl or 0.0)).improved(best)


class _Walk:
    """All paths of `count` grades that keep the limit and may be worth more than one that is known.

    A path is left where its worth less the price of its squares, with the best rest, does not exceed that of the known
    one less the price of the limit, where its worth with the best rest does not, or where the least rest breaks the
    limit.
    """

    def __init__(self, paths: _Paths, worth: Floats, count: int, price: float, limit: float):
        self.paths, self.worth, self.count, self.price, self.limit = paths, worth, count, price, limit
        self.squares = np.square(paths.grades.share)
        self.priced = paths.backwards(worth - price * self.squares, count)
        self.plain = paths.backwards(worth, count)
        self.least = paths.backwards(-self.squares, count)
        self.steps = 0

    def improved(self, best: Integers) -> tuple[Integers, bool]:
        """The best path, and whether all were walked through."""
        value = float(np.sum(self.worth[best]))
        heads = np.flatnonzero(self.paths.grades.low == 0)
        stack: list[tuple[tuple[int, ...], float, float]] = []
        self._push(stack, (), 0.0, 0.0, heads, value)
        while stack:
            path, worth, squares = stack.pop()
            self.steps += 1
            if self.steps > MOST_STEPS:
                return best, False
            if len(path) == self.count:
                if worth > value:
                    best, value = np.array(path), worth
                continue
            at = path[-1]
            following = self.paths.second[self.paths.starts[at] : self.paths.starts[at + 1]]
            self._push(stack, path, worth, squares, following, value)
        return best, True

    def _push(
        self,
        stack: list[tuple[tuple[int, ...], float, float]],
        path: tuple[int, ...],
        worth: float,
        squares: float,
        following: Integers,
        value: float,
    ) -> None:
        """Put on the stack what may be better than `value`, the most promising last."""
        left = self.count - len(path) - 1
        bound = worth - self.price * squares + self.priced[left][following] + self.price * self.limit
        slack = SAME * max(1.0, abs(value), self.price)
        keep = (bound > value - slack) & (worth + self.plain[left][following] > value - slack)
        keep &= squares - self.least[left][following] <= self.limit + SAME
        order = np.argsort(bound[keep], kind="stable")
        for one in following[keep][order].tolist():
            stack.append(((*path, one), worth + float(self.worth[one]), squares + float(self.squares[one])))


def _priced(paths: _Paths, worth: Floats, squares: Floats, price: float, count: int) -> Integers:
    found = paths.path(paths.backwards(worth - price * squares, count), count)
    assert found is not None  # the same paths at any price
    return found


def _keeps(grades: _Grades, path: Integers, rules: Rules) -> bool:
    return rules.herfindahl is None or float(np.sum(np.square(grades.share[path]))) <= rules.herfindahl + SAME


def _measured(grades: _Grades, path: Integers, exact: bool) -> Best:
    return Best(len(path), int(np.sum(grades.mixed[path])), math.fsum(grades.likelihood[path].tolist()), exact)
