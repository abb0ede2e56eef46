"""Weight of evidence and information value from counts, with explicit rules for cells that are empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WoeResult:
    """woe (k,), information_value (k,) per bin, rule (k,): `empirical`, `zero_cell_adjusted` or `neutral`."""

    woe: Floats
    information_value: Floats
    rule: tuple[str, ...]

    @property
    def total(self) -> float:
        """Information value of the characteristic."""
        return float(np.sum(self.information_value))


def weighted_counts(index: NDArray[np.int64], weights: Floats, bins: int) -> Floats:
    """Sum of weights (n,) by bin id (n,), in the order of the rows; shape (bins,)."""
    return np.bincount(index, weights, bins).astype(np.float64)


def weight_of_evidence(good: Floats, bad: Floats, *, zero_cell: float = 0.5) -> WoeResult:
    """WoE = ln(share of goods / share of bads); IV = (share of goods − share of bads)·WoE (Siddiqi 2006, ch. 6).

    good, bad: (k,) weighted counts. Where one of a bin's two cells is zero, `zero_cell` is added to both cells of
    that bin (totals unchanged); a bin without rows has WoE 0 (`neutral`). Raises ValueError without goods or bads.
    """
    good, bad = np.asarray(good, float), np.asarray(bad, float)
    total_good, total_bad = float(np.sum(good)), float(np.sum(bad))
    if total_good <= 0 or total_bad <= 0:
        raise ValueError("weight of evidence needs at least one good and one bad")
    empty = (good == 0) & (bad == 0)
    adjusted = ~empty & ((good == 0) | (bad == 0))
    g = np.where(adjusted, good + zero_cell, good)
    b = np.where(adjusted, bad + zero_cell, bad)
    with np.errstate(divide="ignore", invalid="ignore"):
        share_good, share_bad = g / total_good, b / total_bad
        woe = np.where(empty, 0.0, np.log(share_good / share_bad))
    value = np.where(empty, 0.0, (share_good - share_bad) * woe)
    rule = tuple(
        "neutral" if e else "zero_cell_adjusted" if a else "empirical" for e, a in zip(empty, adjusted, strict=True)
    )
    return WoeResult(woe, value, rule)


def fixed_woe(result: WoeResult, good: Floats, bad: Floats, fixed: Mapping[int, float]) -> WoeResult:
    """`result` with weights of evidence set by hand, by bin; their information value follows the weight that is set."""
    woe, value, rule = result.woe.copy(), result.information_value.copy(), list(result.rule)
    for i, weight in fixed.items():
        woe[i], rule[i] = weight, "fixed"
        value[i] = (good[i] / np.sum(good) - bad[i] / np.sum(bad)) * weight
    return WoeResult(woe, value, tuple(rule))
