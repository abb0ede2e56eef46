"""Whom reasons compare with: the applicants of a reference, rows that stand for them, and typical values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.package import Package

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """What the plan says of the reference of reasons, with the defaults of the format."""

    method: str
    cut_off: float | None
    band_width: float | None
    background_rows: int
    baseline: Mapping[str, Any]
    groups: Mapping[str, list[str]]

    def rows(self, score: Floats, method: str | None = None) -> NDArray[np.bool_]:
        """Whether each development applicant (n,) belongs to the reference, by their published score."""
        method = method or self.method
        if method == "above_cut_off" and self.cut_off is not None and self.band_width is not None:
            return np.asarray((score >= self.cut_off) & (score < self.cut_off + self.band_width))
        if method == "baseline" and self.cut_off is not None:
            return np.asarray(score >= self.cut_off)
        return np.ones(len(score), dtype=bool)


def rule_of(package: Package) -> Rule:
    """Return the plan's rule."""
    said = package.plan.get("reason_codes") or {}
    strategy = package.plan.get("strategy") or {}
    return Rule(
        method=str(said.get("reference", "mean_development")),
        cut_off=strategy.get("cut_off"),
        band_width=said.get("band_width"),
        background_rows=int(said.get("background_rows", 200)),
        baseline=said.get("baseline") or {},
        groups=said.get("groups") or {},
    )


def spaced_rows(order_by: Floats, weight: Floats, size: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the rows that stand for all: those where the weight, cumulated along `order_by`, passes (i − ½)/size."""
    if len(order_by) <= size:
        return np.arange(len(order_by)), weight.astype(np.float64)
    order = sorted(range(len(order_by)), key=lambda row: order_by[row])
    reached = np.cumsum(weight[order])
    counts: dict[int, float] = {}
    for number in range(size):
        target = (number + 0.5) / size * reached[-1]
        place = min(int(np.count_nonzero(reached <= target)), len(order) - 1)
        counts[order[place]] = counts.get(order[place], 0.0) + 1.0
    rows = sorted(counts)
    return np.array(rows, dtype=np.int64), np.array([counts[row] for row in rows])


def typical_number(values: Floats, weight: Floats, codes: list[float]) -> float:
    """Return missing or a special code where it has most of the weight, else the lower weighted median of the rest."""
    half = weight.sum() / 2
    if weight[np.isnan(values)].sum() > half:
        return float("nan")
    for code in codes:
        if weight[values == code].sum() > half:
            return code
    rest = ~np.isnan(values) & ~np.isin(values, codes)
    if not rest.any():
        return float("nan")
    pairs = sorted(zip(values[rest].tolist(), weight[rest].tolist(), strict=True), key=lambda pair: pair[0])
    running, limit = 0.0, sum(w for _, w in pairs) / 2
    for value, each in pairs:
        running += each
        if running >= limit:
            return value
    return pairs[-1][0]


def typical_text(values: NDArray[Any], weight: Floats) -> str | None:
    """Return the text with most weight; of equals, missing first, then by code points."""
    totals: dict[str | None, float] = {}
    for value, each in zip(values.tolist(), weight.tolist(), strict=True):
        totals[value] = totals.get(value, 0.0) + each
    most = max(totals.values())
    equals = [value for value, total in totals.items() if total == most]
    return None if None in equals else min(value for value in equals if value is not None)
