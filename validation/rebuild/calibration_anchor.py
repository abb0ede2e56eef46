"""The level of a calibrated probability, solved our own way: bisection, then Newton's method."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild.calibration_maps import OwnMap

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OwnLevel:
    """target; shift of the log-odds; means before and after it; shift by Bayes' rule and the mean that it gives."""

    target: float
    shift: float
    mean_before: float
    mean_after: float
    odds_shift: float
    mean_by_odds_shift: float


def solved_shift(log_odds: Floats, target: float, weight: Floats) -> float:
    """Return δ for which the weighted mean of 1 / (1 + exp(−l − δ)) is the target, l (n,)."""
    share = weight / np.sum(weight)
    aim = np.log(target) - np.log1p(-target)
    low, high = aim - float(np.max(log_odds)) - 1.0, aim - float(np.min(log_odds)) + 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if float(share @ special.expit(log_odds + middle)) < target:
            low = middle
        else:
            high = middle
    found = (low + high) / 2.0
    for _ in range(5):
        p = special.expit(log_odds + found)
        slope = float(share @ (p * (1.0 - p)))
        found -= (float(share @ p) - target) / slope if slope > 0 else 0.0
    return found


def shifted(own: OwnMap, shift: float) -> OwnMap:
    """Return the map whose log-odds are moved by `shift`."""
    return replace(own, probability=lambda s: np.asarray(special.expit(special.logit(own.probability(s)) + shift)))


def own_level(log_odds: Floats, weight: Floats, target: float, rate: float | None) -> OwnLevel:
    """Return the level of maps that give rows log-odds (n,); rate: of bads, for Bayes' rule; None: solve the target."""
    share = weight / np.sum(weight)
    before = float(share @ special.expit(log_odds))
    start = before if rate is None else rate
    odds = float(special.logit(target) - special.logit(start))
    shift = solved_shift(log_odds, target, weight) if rate is None else odds
    after, by_odds = (float(share @ special.expit(log_odds + moved)) for moved in (shift, odds))
    return OwnLevel(target, shift, before, after, odds, by_odds)
