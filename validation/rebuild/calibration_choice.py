"""The choice among calibration methods made again: folds dealt out by the seed, losses on held-out rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild import metrics
from validation.rebuild.calibration_maps import METHODS, NotFitted, fit_own, pooled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OwnChoice:
    """methods from the simplest; value (methods, folds), NaN where refused; rows, bads (folds,); chosen: its name.

    mean, standard_error, difference, difference_error (methods,): as the table of the choice has them.
    """

    methods: tuple[str, ...]
    value: Floats
    rows: Integers
    bads: Floats
    mean: Floats
    standard_error: Floats
    difference: Floats
    difference_error: Floats
    chosen: str


def dealt_folds(outcome: Floats, cluster: Integers, rows: Integers, folds: int, seed: int) -> Integers:
    """Return the fold of each of `rows` of the snapshot (outcome, cluster (n,)), as SPECIFICATION section 3.5 deals.

    Clusters without a bad, then those with one, each in the order of the draw of their first row, are dealt in turn.
    """
    start = int(hashlib.sha256(f"{seed}/folds".encode()).hexdigest()[:8], 16)
    draws = np.random.PCG64(start).random_raw(len(outcome))
    members: dict[int, list[int]] = {}
    for row in rows.tolist():
        members.setdefault(int(cluster[row]), []).append(row)
    order = sorted(members.values(), key=lambda own: (bool(np.any(outcome[own] == 1.0)), int(draws[own[0]])))
    fold = {row: place % folds for place, own in enumerate(order) for row in own}
    return np.array([fold[row] for row in rows.tolist()], dtype=np.int64)


def own_choice(plan: Mapping[str, Any], score: Floats, y: Floats, weight: Floats, fold: Integers) -> OwnChoice:
    """Return the choice that the plan's criterion makes on rows (n,)."""
    spec = plan.get("calibration") or {}
    measure = _MEASURES[str(spec.get("criterion", "log_loss"))]
    methods = tuple(name for name in METHODS if name in spec["methods"])
    count = int(spec.get("folds", 5))
    value = np.array([[_held(m, k, score, y, weight, fold, measure) for k in range(count)] for m in methods])
    share = np.bincount(fold, weight, count) / np.sum(weight)
    mean = value @ share
    best = int(np.nanargmin(mean))
    gap = value - value[best]
    error, gap_error = _error(value, share), _error(gap, share)
    limit = gap_error if spec.get("one_standard_error", True) else np.zeros(len(mean))
    difference = gap @ share
    usable = [k for k in range(len(methods)) if np.isfinite(mean[k]) and difference[k] <= limit[k]]
    rows, bads = np.bincount(fold, minlength=count), np.bincount(fold, weight * y, count).astype(np.float64)
    return OwnChoice(
        methods, value, rows.astype(np.int64), bads, mean, error, difference, gap_error, methods[usable[0]]
    )


def _error(value: Floats, share: Floats) -> Floats:
    k = len(share)
    spread = (value - (value @ share)[:, None]) ** 2 @ share**2
    return np.asarray(np.sqrt(spread * k / (k - 1.0)), dtype=np.float64)


Measure = Callable[[Floats, Floats, Floats, Floats], float]


def _held(
    method: str, number: int, score: Floats, y: Floats, weight: Floats, fold: Integers, measure: Measure
) -> float:
    rest, held = fold != number, fold == number
    try:
        found = fit_own(method, score[rest], y[rest], weight[rest])
    except NotFitted:
        return np.nan
    return measure(score[held], y[held], found.probability(score[held]), weight[held])


def _log_loss(score: Floats, y: Floats, p: Floats, weight: Floats) -> float:
    return metrics.log_loss(y, p, weight)


def _brier(score: Floats, y: Floats, p: Floats, weight: Floats) -> float:
    return metrics.brier(y, p, weight)


def _miscalibration(score: Floats, y: Floats, p: Floats, weight: Floats) -> float:
    """Brier score less that of the pooled rates of the same rows, along the score."""
    pool = pooled(score, y, weight)
    best = pool.rate[np.searchsorted(pool.first, score, side="right") - 1]
    return metrics.brier(y, p, weight) - metrics.brier(y, best, weight)


_MEASURES: dict[str, Measure] = {"log_loss": _log_loss, "brier": _brier, "miscalibration": _miscalibration}
