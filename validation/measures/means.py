"""Bins recounted on amounts and fractions, and the value of each from the two sums (SPECIFICATION 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Z = float(special.ndtri(0.975))


@dataclass(frozen=True, slots=True)
class MeanCounts:
    """count, base, outcome, mean with bounds, value, information_value (k,) of the bins; rule (k,) of the value."""

    count: Floats
    base: Floats
    outcome: Floats
    mean: Floats
    mean_lower: Floats
    mean_upper: Floats
    value: Floats
    information_value: Floats
    rule: tuple[str, ...]

    @property
    def total(self) -> float:
        """Return the information value of the characteristic."""
        return float(self.information_value.sum())


def recount_means(
    ids: NDArray[np.int64], y: Floats, weight: Floats, exposure: Floats, bins: int, kind: str, zero_cell: float
) -> MeanCounts:
    """Count bins 0..bins−1 over rows: ids, y, weight, exposure (n,); kind amount or fraction."""
    member = ids[None, :] == np.arange(bins)[:, None]
    base_row = weight * exposure if kind == "amount" else weight
    count, base, outcome = (member @ part for part in (weight, base_row, weight * y))
    rows = member.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = outcome / base
    gap = (weight * y)[None, :] - np.nan_to_num(mean)[:, None] * base_row[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.where(member, gap**2, 0.0).sum(axis=1) * rows / (rows - 1.0)) / base
    error[rows < 2] = np.nan
    lower, upper = interval(mean, error, kind)
    first, second = (base, outcome) if kind == "amount" else (member @ (weight * (1.0 - y)), outcome)
    value, information, rule = values(first, second, float(np.sum(weight)), kind, zero_cell)
    return MeanCounts(count, base, outcome, mean, lower, upper, value, information, rule)


def values(
    first: Floats, second: Floats, whole: float, kind: str, zero_cell: float
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return value, information value and rule of bins, from the two sums (k,) that are set against each other."""
    if kind == "amount":  # in rows of the mean
        first, second = first * (whole / first.sum()), second * (whole / second.sum())
    totals = first.sum(), second.sum()
    empty = (first == 0) & (second == 0)
    pure = ~empty & ((first == 0) | (second == 0))
    shares = [
        np.where(pure, part + zero_cell, part) / total for part, total in zip((first, second), totals, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(empty, 0.0, np.log(shares[1]) - np.log(shares[0]))
    information = np.where(empty, 0.0, (shares[1] - shares[0]) * value)
    rule = tuple(
        "neutral" if e else "zero_cell_adjusted" if p else "empirical" for e, p in zip(empty, pure, strict=True)
    )
    return value, information, rule


def interval(mean: Floats, error: Floats, kind: str, z: float = Z) -> tuple[Floats, Floats]:
    """Return bounds (k,) of means on the scale of ln or of log-odds; NaN at an end of the range or without an error."""
    with np.errstate(all="ignore"):
        if kind == "amount":
            factor = np.exp(z * error / mean)
            bounds, inside = (mean / factor, mean * factor), mean > 0
        else:
            half, centre = z * error / (mean * (1.0 - mean)), np.log(mean / (1.0 - mean))
            bounds = special.expit(centre - half), special.expit(centre + half)
            inside = (mean > 0) & (mean < 1)
        inside &= error > 0
    return np.where(inside, bounds[0], np.nan), np.where(inside, bounds[1], np.nan)
