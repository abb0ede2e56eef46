"""Isotonic recalibration of probabilities by pooling adjacent violators: the CORP estimate of the reliability curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from credit_risk.evaluation._arrays import Arguments, Floats

Rule = Literal["brier", "log_loss"]
RULES: tuple[Rule, ...] = ("brier", "log_loss")


@dataclass(frozen=True, slots=True)
class Recalibration:
    """By distinct probability, ascending, (k,): weight, weight of bads, rate after pooling, and number of its block.

    rows (k,): number of rows.
    """

    probability: Floats
    rows: Floats
    weight: Floats
    bad: Floats
    recalibrated: Floats
    block: NDArray[np.int64]

    @property
    def ends(self) -> NDArray[np.int64]:
        """Places of the first and last distinct probability of each block, ascending, each once."""
        starts = np.flatnonzero(np.diff(self.block, prepend=-1))
        return np.union1d(starts, np.append(starts[1:], len(self.block)) - 1)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Mean score = miscalibration − discrimination + uncertainty; infinite where a certain prediction was wrong."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def recalibrate(y: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> Recalibration:
    """The isotonic regression of outcome on probability, rows of one probability pooled first.

    Dimitriadis, Gneiting and Jordan (2021), PNAS 118(8), e2016191118: optimal in calibration and without a choice of
    bins. y (n,) 0/1, one class allowed; weights (n,) positive. Raises CreditRiskError on other outcomes, probabilities
    outside [0, 1] or weights that are not positive.
    """
    arguments = Arguments()
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    values, place = np.unique(p, return_inverse=True)
    rows = np.bincount(place).astype(np.float64)
    weight = rows if w is None else np.bincount(place, w).astype(np.float64)
    bad = np.bincount(place, y_ if w is None else w * y_).astype(np.float64)
    return recalibrated(values, rows, weight, bad)


def recalibrated(values: Floats, rows: Floats, weight: Floats, bad: Floats) -> Recalibration:
    """`recalibrate` of rows, weights and bads by distinct probability, ascending, (k,)."""
    rate = pooled(bad, weight)
    return Recalibration(values, rows, weight, bad, rate, np.cumsum(np.diff(rate, prepend=rate[0]) > 0))


def pooled(bad: Floats, weight: Floats) -> Floats:
    """Isotonic rates (k,) of bads over weights (k,), each block's from its own sums, so that equal ones are equal."""
    found = optimize.isotonic_regression(bad / weight, weights=weight)
    starts = found.blocks[:-1]
    rates = np.add.reduceat(bad, starts) / np.add.reduceat(weight, starts)
    return np.repeat(np.clip(rates, 0.0, 1.0), np.diff(found.blocks))


def score_decomposition(
    y: ArrayLike, probability: ArrayLike, rule: Rule = "brier", weights: ArrayLike | None = None
) -> Decomposition:
    """MCB = S(p) − S(recalibrated), DSC = S(mean) − S(recalibrated), UNC = S(mean), S the mean Brier score or log loss.

    All three are 0 or more. Raises CreditRiskError as `recalibrate` does, or naming an unknown rule.
    """
    arguments = Arguments()
    arguments.require(rule in RULES, "rule", "no such score", "choice", found=repr(rule), allowed=", ".join(RULES))
    arguments.raise_if_any()
    fit = recalibrate(y, probability, weights)
    return decomposition_of(fit, rule)


def decomposition_of(fit: Recalibration, rule: Rule) -> Decomposition:
    """`score_decomposition` of a recalibration that is already made."""
    whole = math.fsum(fit.weight)
    mean = np.full(len(fit.weight), math.fsum(fit.bad) / whole)
    given, best, flat = (
        math.fsum(summed_score(rule, p, fit.bad, fit.weight)) / whole for p in (fit.probability, fit.recalibrated, mean)
    )
    return Decomposition(given, max(0.0, given - best), max(0.0, flat - best), flat)


def summed_score(rule: Rule, probability: Floats, bad: Floats, weight: Floats) -> Floats:
    """Sum of the score over rows of equal probability, from bads and weight; broadcast. 0·ln 0 is 0."""
    good = weight - bad
    if rule == "brier":
        return np.asarray(bad * (1.0 - probability) ** 2 + good * probability**2, np.float64)
    return np.asarray(-special.xlogy(bad, probability) - special.xlog1py(good, -probability), np.float64)
