"""Quasi-moments matched our own way: slope by a bracketing solver, the shift of each slope by our own anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from validation.rebuild.calibration_anchor import solved_shift
from validation.rebuild.calibration_maps import NotFitted, OwnMap

Floats = NDArray[np.float64]
REACH = 14.0


@dataclass(frozen=True, slots=True)
class OwnMoments:
    """row: by column of the table; map: with our slope and intercept."""

    row: dict[str, float]
    map: OwnMap


def own_implied_auc(risk: Floats, p: Floats, weight: Floats) -> float:
    """AUC of rows (n,) that count as p of a bad and 1 − p of a good, in order of `risk`; ties one half.

    The midrank of each row among the goods is their weight below plus half of that beside it.
    """
    order = np.argsort(risk, kind="stable")
    bad, good = (weight * p)[order], (weight * (1.0 - p))[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(risk[order]) > 0]))
    bads, goods = np.add.reduceat(bad, starts), np.add.reduceat(good, starts)
    below = np.cumsum(goods) - 0.5 * goods
    return float(np.sum(bads * below) / (np.sum(bads) * np.sum(goods)))


def match_moments(spec: Mapping[str, Any], score: Floats, weight: Floats) -> OwnMoments:
    """Solve the slope whose probabilities have the AUC, at the shift that gives the mean. Raises NotFitted."""
    rate, aim = float(spec["rate"]), float(spec["auc"])
    if not np.ptp(score) > 0:
        raise NotFitted("the score is constant")
    middle, spread = float(np.median(score)), float(np.std(score))

    def excess(power: float) -> float:
        slope = float(np.exp(power)) / spread
        return own_implied_auc(score, _at(slope, score - middle, rate, weight)[1], weight) - aim

    if not excess(-REACH) < 0.0 < excess(REACH / 2.0):
        raise NotFitted(f"no slope gives an AUC of {aim:g}")
    slope = float(np.exp(optimize.bisect(excess, -REACH, REACH / 2.0, xtol=1e-13, rtol=1e-14, maxiter=200))) / spread
    shift, p = _at(slope, score - middle, rate, weight)
    share, before = weight / np.sum(weight), special.expit(score)
    intercept = shift - slope * middle
    row = {
        "rows": float(len(score)),
        "target_rate": rate,
        "mean_before": float(share @ before),
        "mean_after": float(share @ p),
        "target_auc": aim,
        "auc_before": own_implied_auc(score, before, weight),
        "auc_after": own_implied_auc(score, p, weight),
        "slope": slope,
        "intercept": intercept,
    }
    return OwnMoments(row, OwnMap("none", lambda s: np.asarray(special.expit(slope * s + intercept))))


def _at(slope: float, score: Floats, rate: float, weight: Floats) -> tuple[float, Floats]:
    shift = solved_shift(slope * score, rate, weight)
    return shift, np.asarray(special.expit(slope * score + shift))
