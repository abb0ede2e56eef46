"""Bins recounted from the development rows; weight of evidence and information value from the counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ADJUSTMENT = 0.5


@dataclass(frozen=True, slots=True)
class BinCounts:
    """One entry a bin (k,): rows, weighted goods and bads, WoE, information value, and the rule that gave the WoE.

    `squared` is the sum of squared weights.
    """

    count: Floats
    good: Floats
    bad: Floats
    woe: Floats
    information_value: Floats
    rule: tuple[str, ...]
    squared: Floats

    @property
    def total(self) -> float:
        """Information value of the characteristic."""
        return float(np.sum(self.information_value))


def recount(
    ids: NDArray[np.int64], outcome: Floats, weight: Floats, bins: int, zero_cell: float = ADJUSTMENT
) -> BinCounts:
    """Count the rows of each bin: ids (n,), outcome (n,) 1 bad and 0 good, weight (n,)."""
    count, squared = np.zeros(bins), np.zeros(bins)
    good, bad = np.zeros(bins), np.zeros(bins)
    np.add.at(count, ids, 1.0)
    np.add.at(squared, ids, weight**2)
    np.add.at(good, ids[outcome == 0], weight[outcome == 0])
    np.add.at(bad, ids[outcome == 1], weight[outcome == 1])
    woe, information, rule = weight_of_evidence(good, bad, zero_cell)
    return BinCounts(count, good, bad, woe, information, rule, squared)


def weight_of_evidence(
    good: Floats, bad: Floats, zero_cell: float = ADJUSTMENT
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return WoE = ln(share of goods / share of bads), its information value, and the rule, each (k,).

    A bin without goods or without bads has `zero_cell` (0.5) added to both, the totals unchanged
    (`zero_cell_adjusted`); a bin without rows has WoE 0.0 (`neutral`).
    IV = (share of goods − share of bads)·WoE (Siddiqi 2006, chapter 6).
    """
    goods, bads = float(np.sum(good)), float(np.sum(bad))
    woe, information, rules = np.zeros(len(good)), np.zeros(len(good)), []
    for number, (g, b) in enumerate(zip(good.tolist(), bad.tolist(), strict=True)):
        if g == 0 and b == 0:
            rules.append("neutral")
            continue
        rule = "empirical" if g > 0 and b > 0 else "zero_cell_adjusted"
        added = 0.0 if rule == "empirical" else zero_cell
        share_good, share_bad = (g + added) / goods, (b + added) / bads
        woe[number] = np.log(share_good / share_bad)
        information[number] = (share_good - share_bad) * woe[number]
        rules.append(rule)
    return woe, information, tuple(rules)
