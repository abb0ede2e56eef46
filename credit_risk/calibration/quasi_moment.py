"""Quasi-moment matching (Tasche 2013, arXiv 1212.3716): a calibration with a given mean and a given implied AUC.

For portfolios with too few defaults to fit a slope: logit q = a + b·s with mean q = target and the AUC that the
probabilities themselves imply = target, each row counting as q of a bad and 1 − q of a good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import checked_rate, refuse
from credit_risk.calibration.anchor import anchor_shift
from credit_risk.calibration.maps import LogisticMap
from credit_risk.evaluation._arrays import Arguments
from credit_risk.evaluation.area_under_curve import auc

Floats = NDArray[np.float64]
STEEPEST = 1e3
CERTAIN = 30.0
MOMENT_COLUMNS = (
    *("rows", "target_rate", "mean_before", "mean_after", "bad_rate"),
    *("target_auc", "auc_before", "auc_after", "observed_auc", "slope", "intercept", "iterations"),
)


@dataclass(frozen=True, slots=True)
class QuasiMomentFit:
    """The map, its targets, and the mean and implied AUC that it reaches; rows of the portfolio.

    mean_before, auc_before: of sigmoid(s), the linear score as it is. iterations: of the solver of the slope.
    """

    map: LogisticMap
    target_rate: float
    target_auc: float
    mean: float
    implied_auc: float
    mean_before: float
    auc_before: float
    rows: int
    iterations: int


def implied_auc(probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """AUC that probabilities of bad (n,) imply of themselves: a bad is riskier than a good, ties one half.

    Σ w(1 − q)·[Σ over riskier rows of w·q + ½ the w·q of rows as risky] / (Σ w(1 − q)·Σ w·q). CalibrationError where
    all probabilities are 0 or all are 1.
    """
    arguments = Arguments()
    q = arguments.probabilities(probability)
    w = arguments.weights(weights)
    if not arguments.faults:
        certain = bool(np.all(q == 0.0) or np.all(q == 1.0))
        arguments.require(not certain, "probability", "all rows are certain", "one_class")
    refuse(arguments)
    values, places = np.unique(q, return_inverse=True)
    weight = np.bincount(places, np.ones(len(q)) if w is None else w, minlength=len(values)).astype(np.float64)
    return _implied(values, weight)


def _implied(q: Floats, weight: Floats) -> float:
    """Of distinct probabilities in ascending order."""
    bad, good = weight * q, weight * (1.0 - q)
    riskier = np.cumsum(bad[::-1])[::-1] - bad
    return float(good @ (riskier + bad / 2.0) / (good.sum() * bad.sum()))


def match_quasi_moments(
    linear_score: ArrayLike, target_rate: float, target_auc: float, weights: ArrayLike | None = None
) -> QuasiMomentFit:
    """The logistic map of linear scores (n,) in log-odds of bad with that mean probability and implied AUC.

    CalibrationError: bad input, a constant score, a rate of 0 or 1, an AUC of ½ or less or beyond what any slope gives
    (with ties, the steepest map still has rows that no probability tells apart), or that only a map gives which leaves
    no doubt of a row: log-odds beyond ±30.
    """
    rate = checked_rate(target_rate, "target_rate")
    aim = checked_rate(target_auc, "target_auc")
    arguments = Arguments()
    s = arguments.numbers("linear_score", linear_score)
    w = arguments.weights(weights)
    if not arguments.faults:
        arguments.require(s.min() < s.max(), "linear_score", "the score is constant", "constant", found=f"{s[0]:g}")
    refuse(arguments)
    values, places = np.unique(s, return_inverse=True)
    weight = np.bincount(places, np.ones(len(s)) if w is None else w, minlength=len(values)).astype(np.float64)
    centre = float(np.average(values, weights=weight))
    spread = math.sqrt(float(np.average(np.square(values - centre), weights=weight)))

    def at(log_slope: float) -> tuple[float, float, float]:
        slope = math.exp(log_slope) / spread
        shift = anchor_shift(slope * (values - centre), rate, weight)
        return slope, shift, _implied(expit(slope * (values - centre) + shift), weight)

    low, high = math.log(1e-6), math.log(STEEPEST)
    least, most = at(low)[2], at(high)[2]
    if not least < aim < most:
        allowed = f"{least:.6g} to {most:.6g} with this score and a mean of {rate:g}"
        raise CalibrationError(
            Fault("not reached by any slope", "range", path="target_auc", found=f"{aim:g}", allowed=allowed)
        )
    solved = brentq(lambda x: at(x)[2] - aim, low, high, xtol=1e-13, rtol=1e-14, maxiter=300, full_output=True)
    slope, shift, reached = at(float(solved[0]))
    given = LogisticMap(slope, shift - slope * centre)
    farthest = float(np.max(np.abs(slope * values + given.intercept)))
    if farthest > CERTAIN:
        message = "reached only by a map that makes rows certain"
        found, allowed = f"log-odds of {farthest:.6g} at an AUC of {aim:g}", f"log-odds within ±{CERTAIN:g}"
        raise CalibrationError(Fault(message, "range", path="target_auc", found=found, allowed=allowed))
    before, after = (float(np.average(p, weights=weight)) for p in (expit(values), given.probability(values)))
    return QuasiMomentFit(
        map=given,
        target_rate=rate,
        target_auc=aim,
        mean=after,
        implied_auc=reached,
        mean_before=before,
        auc_before=_implied(expit(values), weight),
        rows=len(s),
        iterations=int(solved[1].iterations),
    )


def moments_frame(
    fit: QuasiMomentFit, y: ArrayLike, linear_score: ArrayLike, weights: ArrayLike | None = None
) -> pd.DataFrame:
    """One row, `MOMENT_COLUMNS`: targets, what was reached, and what outcomes y (n,) of the same rows show.

    observed_auc is missing where all rows are of one class. CreditRiskError: outcomes that are not 0 or 1.
    """
    arguments = Arguments()
    outcome, w = arguments.outcome(y, both_classes=False), arguments.weights(weights)
    arguments.raise_if_any()
    both = 0.0 < float(outcome.mean()) < 1.0
    values = (
        *(fit.rows, fit.target_rate, fit.mean_before, fit.mean, float(np.average(outcome, weights=w))),
        *(fit.target_auc, fit.auc_before, fit.implied_auc),
        auc(outcome, linear_score, w) if both else math.nan,
        *(fit.map.slope, fit.map.intercept, fit.iterations),
    )
    return pd.DataFrame([values], columns=list(MOMENT_COLUMNS))
