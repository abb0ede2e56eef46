"""Dynamic programme for the classing of greatest information value under one trend: exact, no solver, no time limit.

Information value is a sum over bins, and trend, rate difference and p-value concern neighbours only. So the best
classing of prebins 0..j with k bins, the last of which is i..j, needs nothing of the past but its own last bin:
    f_k(i, j) = IV(i, j) + max over h with (h..i−1 may precede i..j) of f_{k−1}(h, i−1).
A peak (valley) has two phases, rising and then falling (falling and then rising).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.limits import Limits, TrendName
from credit_risk.binning.transitions import AnyOrder, Bins, EitherStep, RateStep, Tested, Transition

Floats = NDArray[np.float64]
VALUE_TOLERANCE = 1e-12
"""Information values that differ by less count as equal: then fewer bins, then earlier cuts, are taken."""
COUNT_TOLERANCE = 1e-9
"""Share of the total by which a bin may miss a limit on its weight, for the rounding of weights."""


Way = tuple[int, Transition]
"""A phase from which one may come, and the rule of the step."""
Layer = list[Floats]
"""Greatest value of every last bin [end, start], by phase."""


@dataclass(frozen=True, slots=True)
class Solution:
    """cuts: prebins that open a bin after the first, None where nothing keeps the limits; by_bins: (K+1,) greatest
    value with exactly k bins, −∞ where there is none."""

    cuts: tuple[int, ...] | None
    information_value: float
    by_bins: Floats


def solve(
    good: Floats,
    bad: Floats,
    trends: Sequence[TrendName],
    limits: Limits,
    totals: tuple[float, float],
    weight: Floats | None = None,
) -> dict[TrendName, Solution]:
    """Classing of greatest information value under each trend. good, bad: (n,) counts of the prebins in order.

    totals: goods and bads that shares refer to; weight: (n,) what limits on weight count, where it is not good + bad
    (two sums of an amount, say). Trends share their work: the first phase of a peak (valley) is the
    programme of the ascending (descending) trend.
    """
    return solve_bins(all_bins(good, bad, limits, totals, weight), trends, limits)


def solve_bins(bins: Bins, trends: Sequence[TrendName], limits: Limits) -> dict[TrendName, Solution]:
    """The same from the bins themselves. Of limits, the number of bins and what concerns neighbours is looked at."""
    rules = _Rules(bins, limits)
    most = len(bins.value) if limits.max_bins is None else min(limits.max_bins, len(bins.value))
    found: dict[TrendName, Solution] = {}
    pairs: tuple[tuple[TrendName, TrendName | None], ...] = (
        ("ascending", "peak"),
        ("descending", "valley"),
        ("none", None),
    )
    for head, shape in pairs:
        wanted = [name for name in (head, shape) if name is not None and name in trends]
        if wanted:
            ways = rules.ways(wanted[-1])
            layers = _layers(bins, ways, most)
            for name in wanted:
                found[name] = _read(bins, layers, ways, 1 if name == head else 2, most, limits.min_bins)
    return {name: found[name] for name in trends}


def _read(bins: Bins, layers: list[Layer], ways: list[list[Way]], phases: int, most: int, least: int) -> Solution:
    """The best of the classings with at least `least` bins that use the first phases only."""
    by_bins = np.full(most + 1, -np.inf)
    for k, layer in enumerate(layers, start=1):
        by_bins[k] = max(float(state[-1].max()) for state in layer[:phases])
    wanted = by_bins[least:]
    if not len(wanted) or wanted.max() == -np.inf:
        return Solution(None, float("nan"), by_bins)
    k = least + int(np.argmax(wanted >= wanted.max() - VALUE_TOLERANCE))
    cuts = _trace(bins, [layer[:phases] for layer in layers[:k]], ways)
    return Solution(cuts, float(by_bins[k]), by_bins)


def all_bins(
    good: Floats, bad: Floats, limits: Limits, totals: tuple[float, float], weight: Floats | None = None
) -> Bins:
    """Information value, rate, count and bads of every bin; −∞ as value where a limit on single bins forbids it."""
    n = len(good)
    g, b = _between(good), _between(bad)
    both = g + b
    count = both if weight is None else _between(weight)
    ends_at = np.tri(n, dtype=bool)
    slack = COUNT_TOLERANCE * (totals[0] + totals[1])
    ok = ends_at & (count >= limits.min_count - slack) & (count > 0) & (both > 0)
    ok &= (g >= limits.min_good - COUNT_TOLERANCE * totals[0]) & (b >= limits.min_bad - COUNT_TOLERANCE * totals[1])
    if limits.max_count is not None:
        ok &= count <= limits.max_count + slack
    _forbid(ok, limits)
    pure = (g <= 0) | (b <= 0)
    add = np.where(pure, limits.zero_cell, 0.0) if limits.zero_cell is not None else 0.0
    if limits.zero_cell is None:
        ok &= ~pure
    rate = np.full((n, n), np.inf)
    np.divide(b, both, out=rate, where=ends_at & (both > 0))
    held = np.flatnonzero(ok)
    share_good, share_bad = (g + add).ravel()[held] / totals[0], (b + add).ravel()[held] / totals[1]
    value = np.full((n, n), -np.inf)
    value.ravel()[held] = (share_good - share_bad) * np.log(share_good / share_bad)
    return Bins(value, rate, count, b)


def _between(counts: Floats) -> Floats:
    """(n, n) sum of counts of prebins start..end as [end, start]; 0 where start > end."""
    below = np.concatenate([[0.0], np.cumsum(counts)])
    return np.maximum(below[1:, None] - below[None, :-1], 0.0)


def _forbid(ok: NDArray[np.bool_], limits: Limits) -> None:
    """Strike the bins [end, start] that run over a fixed cut, open at a forbidden one or hold a forbidden pair."""
    for cut in limits.fixed_cuts:
        ok[cut:, :cut] = False
    for cut in limits.forbidden_cuts:
        ok[:, cut] = False
    for pair in limits.forbidden_merges:
        ok[max(pair) :, : min(pair) + 1] = False


class _Rules:
    """Rules of the steps between neighbours, each made once."""

    def __init__(self, bins: Bins, limits: Limits):
        self._bins = bins
        self._limits = limits
        self._made: dict[int, Transition] = {}

    def _rule(self, sign: int) -> Transition:
        """Rising (1), falling (−1) or any (0)."""
        if sign not in self._made:
            difference, most = self._limits.min_rate_difference, self._limits.max_p_value
            rule: Transition
            if sign:
                rule = RateStep(self._bins.rate, sign, difference)
            else:
                rule = EitherStep(self._bins.rate, difference) if difference > 0 else AnyOrder()
            self._made[sign] = rule if most is None else Tested(self._bins, rule, most, self._limits.test_scale)
        return self._made[sign]

    def ways(self, trend: TrendName) -> list[list[Way]]:
        """For each phase of a trend, the ways into it."""
        signs = {"ascending": (1,), "descending": (-1,), "peak": (1, -1), "valley": (-1, 1), "none": (0,)}[trend]
        rules = [self._rule(sign) for sign in signs]
        first: list[list[Way]] = [[(0, rules[0])]]
        return first if len(rules) == 1 else [*first, [(0, rules[1]), (1, rules[1])]]


def _layers(bins: Bins, ways: list[list[Way]], most: int) -> list[Layer]:
    """For 1, 2, … bins the value of every state, by phase; ends where no state can be reached."""
    nothing = np.full(bins.value.shape, -np.inf)
    first = np.where(np.arange(len(bins.value)) == 0, bins.value, -np.inf)
    layers: list[Layer] = [[first] + [nothing] * (len(ways) - 1)]
    for _ in range(1, most):
        before = layers[-1]
        layer = []
        for into in ways:
            pool = before[0] if len(into) == 1 else np.maximum(before[0], before[1])
            layer.append(bins.value + into[0][1].best(pool))
        if all(state.max() == -np.inf for state in layer):
            break
        layers.append(layer)
    return layers


def _trace(bins: Bins, layers: list[Layer], ways: list[list[Way]]) -> tuple[int, ...]:
    """The cuts of the best classing with as many bins as there are layers; ties go to the earliest cut, then phase."""
    end, last = len(bins.value) - 1, layers[-1]
    best = max(float(state[end].max()) for state in last)
    start, phase = _first([state[end] for state in last], best)
    cuts = []
    for k in range(len(layers) - 1, 0, -1):
        cuts.append(start)
        target = float(layers[k][phase][end, start] - bins.value[end, start])
        rows = []
        for source, rule in ways[phase]:
            rows.append(np.where(rule.allowed(start, end), layers[k - 1][source][start - 1, :start], -np.inf))
        end = start - 1
        start, phase = _first(rows, target)
    return tuple(reversed(cuts))


def _first(rows: list[Floats], target: float) -> tuple[int, int]:
    """Earliest start, and then phase, that reaches the target."""
    reached = np.stack(rows) >= target - VALUE_TOLERANCE
    start = int(np.argmax(reached.any(axis=0)))
    return start, int(np.argmax(reached[:, start]))
