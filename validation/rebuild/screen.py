"""What one characteristic alone tells of the outcome: grouped finely, ranked, and looked through for pure values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.rebuild import metrics
from validation.rebuild.characteristics import quantiles

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
GROUPS = 20
FEWEST_ROWS = 30
RARE_RATE = 0.02
FEWEST_EXPECTED = 30.0


@dataclass(frozen=True, slots=True)
class Screen:
    """One characteristic over rows with known outcomes.

    auc: area under the curve of the groups ranked by their bad rate, at least one half. information_value: of the
    same groups, half an event added to each class (Zeng 2014), so that an empty class is finite. missing_gini:
    |2·AUC − 1| of being missing. pure_bads, pure_goods: share of all bads (goods) that stand in values which hold
    almost only bads (goods).
    """

    rows: int
    auc: float
    information_value: float
    missing_gini: float
    pure_bads: float
    pure_goods: float


def screen(values: pd.Series, outcome: Floats, weight: Floats) -> Screen:
    """Screen values (n,) against outcome (n,) 1 bad, 0 good, with weight (n,) at least 0; both outcomes must occur."""
    codes = fine_groups(values)
    bad, good = class_counts(codes, outcome, weight)
    missing = values.isna().to_numpy(np.float64)
    pure = pure_shares(values, outcome)
    return Screen(
        rows=len(outcome),
        auc=grouped_auc(bad, good),
        information_value=information_value(bad, good),
        missing_gini=abs(2.0 * metrics.auc(outcome, missing, weight).auc - 1.0) if missing.any() else 0.0,
        pure_bads=pure[0],
        pure_goods=pure[1],
    )


def fine_groups(values: pd.Series) -> Integers:
    """Return the group (n,) of each value: up to 20 ranges of equal size of a number, each level of a text.

    Levels of fewer than 30 rows are one group, as are missing values.
    """
    known = values.notna().to_numpy()
    codes = np.zeros(len(values), dtype=np.int64)
    if not known.any():
        return codes
    if values.dtype.kind == "f":
        numbers = values.to_numpy(np.float64)[known]
        edges = np.unique(quantiles(numbers, np.arange(1, GROUPS) / GROUPS))
        codes[known] = 1 + np.searchsorted(edges, numbers, side="right")
        return codes
    places, levels = pd.factorize(values[known], sort=False)
    size = np.bincount(places, minlength=len(levels))
    codes[known] = np.where(size[places] < FEWEST_ROWS, 1, 2 + places)
    return codes


def class_counts(codes: Integers, outcome: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the weight of bads and of goods in each group that has rows."""
    size = int(codes.max()) + 1
    bad: Floats = np.bincount(codes, weight * (outcome == 1), size).astype(np.float64)
    good: Floats = np.bincount(codes, weight * (outcome == 0), size).astype(np.float64)
    kept = (bad + good) > 0
    return bad[kept], good[kept]


def grouped_auc(bad: Floats, good: Floats) -> float:
    """Return the area under the curve of groups ranked by bad rate, from the weight of bads and goods in each."""
    order = np.argsort(bad / (bad + good), kind="stable")
    b, g = bad[order], good[order]
    below = np.cumsum(g) - g
    return float(np.sum(b * (below + g / 2.0)) / (b.sum() * g.sum()))


def information_value(bad: Floats, good: Floats) -> float:
    """Return Σ (share of goods − share of bads)·ln of their ratio, half an event added to each class of each group."""
    b, g = bad + 0.5, good + 0.5
    shares = g / g.sum(), b / b.sum()
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def pure_shares(values: pd.Series, outcome: Floats) -> tuple[float, float]:
    """Return the shares of all bads, and of all goods, in single values or ranges at either end that are almost pure.

    Pure of bads: goods are at most 2 % as frequent as among all rows, where at least 30 would be expected; of goods
    likewise. Missing is a value.
    """
    known = values.notna().to_numpy()
    places, levels = pd.factorize(values[known], sort=values.dtype.kind == "f")
    codes = np.full(len(values), len(levels), dtype=np.int64)
    codes[known] = places
    bad: Floats = np.bincount(codes, outcome == 1, len(levels) + 1).astype(np.float64)
    good: Floats = np.bincount(codes, outcome == 0, len(levels) + 1).astype(np.float64)
    ranges = [(bad, good)]
    if values.dtype.kind == "f":
        b, g = bad[:-1], good[:-1]
        ranges += [(np.cumsum(b), np.cumsum(g)), (np.cumsum(b[::-1]), np.cumsum(g[::-1]))]
    return _share(ranges), _share([(g, b) for b, g in ranges])


def _share(ranges: list[tuple[Floats, Floats]]) -> float:
    """Greatest share of the first class in pure ranges: of single values together, of cumulated ones the longest."""
    total, rate = ranges[0][0].sum(), ranges[0][1].sum() / (ranges[0][0].sum() + ranges[0][1].sum())
    found = [0.0]
    for place, (own, other) in enumerate(ranges):
        expected = rate * (own + other)
        pure = (expected >= FEWEST_EXPECTED) & (other <= RARE_RATE * expected)
        found.append(float(own[pure].sum() if place == 0 else own[pure].max(initial=0.0)))
    return max(found) / float(total)
