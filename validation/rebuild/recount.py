"""Bins counted on any rows: weighted goods and bads, effective sizes, and whether bad rates keep their order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from validation.rebuild.metrics import effective_size

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """One entry a bin (k,): weighted goods and bads, and the sums of their squared weights."""

    good: Floats
    bad: Floats
    good_squared: Floats
    bad_squared: Floats

    def effective(self, number: int) -> float:
        """Return Kish's effective number of rows of one bin."""
        total = float(self.good[number] + self.bad[number])
        return effective_size(total, float(self.good_squared[number] + self.bad_squared[number]))

    @property
    def scaled(self) -> Floats:
        """Weighted rows (k,) scaled to sum to the effective rows of the group."""
        count = self.good + self.bad
        total, squared = float(np.sum(count)), float(np.sum(self.good_squared) + np.sum(self.bad_squared))
        return count * (effective_size(total, squared) / total) if total > 0 else count


def effective_counts(ids: NDArray[np.int64], weight: Floats, bins: int) -> Floats:
    """Return the weight of each bin (k,), scaled to sum to Kish's effective number of rows: ids, weight (n,)."""
    counts = np.zeros(bins)
    np.add.at(counts, ids, weight)
    total = float(np.sum(weight))
    return counts * (effective_size(total, float(np.sum(weight**2))) / total)


def group_of(ids: NDArray[np.int64], outcome: Floats, weight: Floats, bins: int) -> Group:
    """Count rows by bin: ids (n,), outcome (n,) 1 bad and 0 good, weight (n,)."""
    parts = []
    for power in (1, 2):
        for value in (0, 1):
            part = np.zeros(bins)
            np.add.at(part, ids[outcome == value], weight[outcome == value] ** power)
            parts.append(part)
    return Group(*parts)


def information_chance_level(group: Group) -> float:
    """Return the 95 % point of the information value were there no relation: χ²(K − 1)·(1/goods + 1/bads)."""
    held = int(np.count_nonzero(group.good + group.bad > 0))
    goods = effective_size(float(np.sum(group.good)), float(np.sum(group.good_squared)))
    bads = effective_size(float(np.sum(group.bad)), float(np.sum(group.bad_squared)))
    return float(stats.chi2.isf(0.05, held - 1)) * (1.0 / goods + 1.0 / bads) if held > 1 else 0.0


def rank_order(
    reference: Group, group: Group, ordinary: NDArray[np.bool_], least: float
) -> tuple[bool | None, int | None, float | None]:
    """Return whether bad rates keep the order of `reference`, how many neighbours are reversed, and the p-value.

    Neighbours are bins next to each other in the order of reference's bad rate, of equal rates none; bins with fewer
    than `least` effective rows are passed over. The p-value is that of the clearest reversal, two proportions with
    pooled variance, one-sided, times the number of neighbours.
    """
    places = [k for k in range(len(ordinary)) if ordinary[k] and group.effective(k) >= least]
    places = [k for k in places if reference.good[k] + reference.bad[k] > 0]
    before = {k: reference.bad[k] / (reference.good[k] + reference.bad[k]) for k in places}
    ranked = sorted(places, key=lambda k: before[k])
    pairs = [(a, b) for a, b in pairwise(ranked) if before[a] != before[b]]
    if not pairs:
        return None, None, None
    rate = {k: group.bad[k] / (group.good[k] + group.bad[k]) for k in places}
    wrong = [(a, b) for a, b in pairs if rate[b] < rate[a]]
    if not wrong:
        return True, 0, None
    least_p = min(_one_sided(rate[a], group.effective(a), rate[b], group.effective(b)) for a, b in wrong)
    return False, len(wrong), min(1.0, len(pairs) * least_p)


def _one_sided(higher: float, n: float, lower: float, m: float) -> float:
    common = (n * higher + m * lower) / (n + m)
    return float(special.ndtr((lower - higher) / math.sqrt(common * (1.0 - common) * (n + m) / (n * m))))
