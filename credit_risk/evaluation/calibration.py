"""Calibration of probabilities: scores, the table of tests, and predicted against observed by decile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.calibration_tests import (
    calibration_intercept,
    calibration_slope,
    hosmer_lemeshow,
    probability_groups,
    spiegelhalter,
)
from credit_risk.evaluation.intervals import wilson_interval

_COLUMNS = [
    *("model", "sample", "rows", "bad_rate", "mean_probability", "brier", "log_loss"),
    *("slope", "slope_lower", "slope_upper", "intercept", "intercept_lower", "intercept_upper"),
    *("hosmer_lemeshow", "hosmer_lemeshow_p_value", "spiegelhalter_z", "spiegelhalter_p_value"),
]
_CURVE_COLUMNS = ["sample", "mean_probability", "bad_rate", "lower", "upper"]


def brier_score(y: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted mean of (y - p)^2 (Brier 1950). Raises CreditRiskError on probabilities outside [0, 1]."""
    y_, p, w = _checked(y, probability, weights)
    return math.fsum(w * (y_ - p) ** 2) / math.fsum(w)


def log_loss(y: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted mean of -ln p(outcome), nothing clipped: infinite where a certain prediction (0 or 1) was wrong."""
    y_, p, w = _checked(y, probability, weights)
    chance = np.where(y_ == 1.0, p, -p)
    with np.errstate(divide="ignore"):
        loss = np.where(y_ == 1.0, -np.log(np.where(y_ == 1.0, p, 1.0)), -np.log1p(np.minimum(chance, 0.0)))
    return math.inf if np.isinf(loss).any() else math.fsum(w * loss) / math.fsum(w)


def calibration_table(
    predictions: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]],
    confidence: float = 0.95,
    *,
    fitted_samples: tuple[str, ...] = ("development",),
    groups: int = 10,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.calibration`, one row a model and sample, in the order given.

    predictions: {model: {sample: (y, probability)}}; weights: {sample: weights (n,)}, which count in every column but
    `rows`. Hosmer-Lemeshow with `groups` quantile groups has G - 2 degrees of freedom on `fitted_samples`, else G. What
    cannot be estimated is missing, and `frame.attrs["notes"]` says why. Raises CreditRiskError with the faults of all
    models and samples.
    """
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    fitted_text = ", ".join(fitted_samples) or "no sample"
    notes = [
        f"Hosmer-Lemeshow: at most {groups} quantile groups, degrees of freedom G - 2 on {fitted_text}, else G",
        f"slope and intercept: maximum likelihood with Wald intervals at {confidence:g}",
    ]
    for model, samples in predictions.items():
        for sample, (y, probability) in samples.items():
            arguments = Arguments(f"{model}.{sample}")
            check_confidence(arguments, confidence)
            y_, p = arguments.outcome(y), arguments.probabilities(probability)
            w = arguments.weights((weights or {}).get(sample))
            faults += arguments.faults
            if not arguments.faults:
                row, unusual = _row(y_, p, w, confidence, sample in fitted_samples, groups)
                rows.append({"model": model, "sample": sample, **row})
                notes += [f"{model}, {sample}: {text}" for text in unusual]
    if faults:
        raise CreditRiskError(faults)
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame.attrs["notes"] = tuple(notes)
    return frame


def calibration_curve(
    samples: Mapping[str, tuple[ArrayLike, ArrayLike]],
    confidence: float = 0.95,
    groups: int = 10,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.calibration_curve`: mean predicted and observed bad rate by quantile group.

    samples: {name: (y, probability)}; weights: {name: weights (n,)}; groups are those of `hosmer_lemeshow`, ties
    together, of each sample's own probabilities; bounds are Wilson's, at Kish's effective size of the group where there
    are weights. Raises CreditRiskError on probabilities outside [0, 1].
    """
    parts = []
    for name, (y, probability) in samples.items():
        arguments = Arguments(name)
        check_confidence(arguments, confidence)
        y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
        w = arguments.weights((weights or {}).get(name))
        arguments.raise_if_any()
        group, mass = probability_groups(p, groups, w), np.ones(len(p)) if w is None else w
        count = np.bincount(group, mass)
        rate, size = np.bincount(group, mass * y_) / count, count * count / np.bincount(group, mass * mass)
        events = np.bincount(group, y_) if w is None else np.minimum(rate * size, size)
        lower, upper = wilson_interval(events, size, confidence)
        values = (name, np.bincount(group, mass * p) / count, rate, lower, upper)
        parts.append(pd.DataFrame(dict(zip(_CURVE_COLUMNS, values, strict=True))))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_CURVE_COLUMNS)
    frame.attrs["notes"] = (f"Wilson interval at {confidence:g}",)
    return frame


def _row(
    y: Floats, p: Floats, w: Floats | None, confidence: float, fitted: bool, groups: int
) -> tuple[dict[str, Any], list[str]]:
    unusual = []
    loss = log_loss(y, p, w)
    if math.isinf(loss):
        unusual.append("log loss is infinite: a predicted probability of 0 or 1 was wrong")
    slope, intercept = calibration_slope(y, p, confidence, w), calibration_intercept(y, p, confidence, w)
    if not slope.converged:
        reason = "probabilities of 0 or 1, all equal, or goods and bads separated"
        unusual.append(f"the slope cannot be estimated: {reason}")
    if not intercept.converged:
        unusual.append("the intercept cannot be estimated: probabilities of 0 or 1")
    grouped, normal = hosmer_lemeshow(y, p, fitted=fitted, groups=groups, weights=w), spiegelhalter(y, p, w)
    if grouped.groups != groups:
        unusual.append(f"Hosmer-Lemeshow has {grouped.groups} groups, because of ties")
    if math.isinf(grouped.statistic):
        unusual.append("Hosmer-Lemeshow is infinite: a group with certain predictions was wrong")
    values = (
        *(len(y), *_means(y, p, w), brier_score(y, p, w), _finite(loss)),
        *(slope.estimate, slope.lower, slope.upper),
        *(intercept.estimate, intercept.lower, intercept.upper),
        *(_finite(grouped.statistic), grouped.p_value, normal.statistic, normal.p_value),
    )
    return dict(zip(_COLUMNS[2:], values, strict=True)), unusual


def _means(y: Floats, p: Floats, w: Floats | None) -> tuple[float, float]:
    """Bad rate and mean probability, weighted."""
    if w is None:
        return float(y.mean()), math.fsum(p) / len(p)
    return math.fsum(w * y) / math.fsum(w), math.fsum(w * p) / math.fsum(w)


def _checked(y: ArrayLike, probability: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    arguments = Arguments()
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    return y_, p, np.ones(len(y_)) if w is None else w


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
