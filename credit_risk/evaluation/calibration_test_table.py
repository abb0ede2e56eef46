"""Tests of calibration side by side, as if defaults were independent and given an asset correlation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.calibration_tests import (
    binomial_p_value,
    hosmer_lemeshow,
    jeffreys_p_value,
    spiegelhalter,
)
from credit_risk.evaluation.common_factor import (
    correlated_binomial_p_value,
    correlated_hosmer_lemeshow,
    correlated_jeffreys_p_value,
    correlated_spiegelhalter,
)

TEST_COLUMNS = [
    *("model", "sample", "test", "alternative", "statistic", "p_value"),
    *("asset_correlation", "correlated_p_value", "verdict", "reason"),
]
GROUP_COLUMNS = ["sample", "groups", "made", "statistic", "degrees", "p_value"]
GROUPS = range(5, 21)
REVIEW, FAIL = 0.05, 0.01
BOTH, LOW = "probabilities are wrong", "probabilities are too low"
Predictions = Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]


def calibration_tests_table(
    predictions: Predictions,
    asset_correlation: float | None = None,
    *,
    fitted_samples: tuple[str, ...] = ("development",),
    min_bads: int = 30,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.calibration_tests`, one row a model, sample and test.

    predictions: {model: {sample: (y, probability)}}; weights: {sample: weights (n,)}. Hosmer-Lemeshow and Spiegelhalter
    of rows; binomial and Jeffreys of the portfolio at its mean probability and, where rows have weights, Kish's
    effective size. The verdict is of the correlated p-value where a correlation is declared, else of the other:
    fail below 0.01, review below 0.05, and `not evaluable`, with the reason, on samples in `fitted_samples` and with
    fewer than `min_bads` bads or goods. Hosmer-Lemeshow has no correlated p-value on a fitted sample: the fit
    absorbs the factor. Raises CreditRiskError with the faults of all models and samples.
    """
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for model, samples in predictions.items():
        for sample, (y, probability) in samples.items():
            arguments = Arguments(f"{model}.{sample}")
            y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
            w = arguments.weights((weights or {}).get(sample))
            faults += arguments.faults
            if arguments.faults:
                continue
            fitted, fewest = sample in fitted_samples, min(int(y_.sum()), int(len(y_) - y_.sum()))
            reason = "fitted on this sample" if fitted else ""
            reason = reason or (f"fewer than {min_bads} bads or goods" if fewest < min_bads else "")
            for test, alternative, statistic, alone, shared in _tests(y_, p, w, asset_correlation, fitted):
                judged = alone if asset_correlation is None else shared
                word, why = ("not evaluable", reason) if reason else _verdict(judged, asset_correlation)
                cells = (model, sample, test, alternative, statistic, alone, asset_correlation, shared, word, why)
                rows.append(dict(zip(TEST_COLUMNS, cells, strict=True)))
    if faults:
        raise CreditRiskError(faults)
    frame = pd.DataFrame(rows, columns=TEST_COLUMNS)
    frame["asset_correlation"] = frame["asset_correlation"].astype(float)
    frame.attrs["notes"] = _notes(asset_correlation)
    return frame


def group_dependence_table(
    samples: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    groups: range = GROUPS,
    fitted_samples: tuple[str, ...] = ("development",),
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.hosmer_lemeshow_groups`: the test again for each number of groups.

    samples: {name: (y, probability)}. Its p-value moves with the number of groups, which nothing fixes (Hosmer, Hosmer,
    Le Cessie and Lemeshow 1997, Statistics in Medicine 16, 965-980): read the range, not one of them. `made`: groups
    after ties. Raises CreditRiskError as `hosmer_lemeshow` does.
    """
    rows = []
    for sample, (y, probability) in samples.items():
        w = (weights or {}).get(sample)
        for count in groups:
            found = hosmer_lemeshow(y, probability, fitted=sample in fitted_samples, groups=count, weights=w)
            statistic = found.statistic if math.isfinite(found.statistic) else math.nan
            cells = (sample, count, found.groups, statistic, found.degrees, found.p_value)
            rows.append(dict(zip(GROUP_COLUMNS, cells, strict=True)))
    frame = pd.DataFrame(rows, columns=GROUP_COLUMNS)
    frame.attrs["notes"] = (
        "one sample, one model: only the number of groups changes, and the p-value with it",
        "Hosmer-Lemeshow sees little with few rows and the smallest departure with very many",
    )
    return frame


def _tests(
    y: Floats, p: Floats, w: Floats | None, correlation: float | None, fitted: bool
) -> list[tuple[str, str, float, float, float]]:
    """Test, alternative, statistic, p-value of independent rows and of correlated ones (NaN where there is none)."""
    grouped, normal = hosmer_lemeshow(y, p, fitted=fitted, weights=w), spiegelhalter(y, p, w)
    mass = np.ones(len(y)) if w is None else w
    whole = math.fsum(mass)
    size = whole**2 / math.fsum(mass * mass)
    mean = min(1.0, math.fsum(mass * p) / whole)
    bad = min(math.fsum(mass * y) / whole * size, size)
    shared = [math.nan] * 4
    if correlation is not None:
        shared = [
            math.nan if fitted else correlated_hosmer_lemeshow(y, p, correlation, weights=w).p_value,
            correlated_spiegelhalter(y, p, correlation, w).p_value,
            correlated_binomial_p_value(bad, size, mean, correlation),
            correlated_jeffreys_p_value(bad, size, mean, correlation),
        ]
    statistic = grouped.statistic if math.isfinite(grouped.statistic) else math.nan
    return [
        ("hosmer_lemeshow", BOTH, statistic, grouped.p_value, shared[0]),
        ("spiegelhalter", BOTH, normal.statistic, normal.p_value, shared[1]),
        ("binomial", LOW, math.nan, binomial_p_value(bad, size, mean), shared[2]),
        ("jeffreys", LOW, math.nan, jeffreys_p_value(bad, size, mean), shared[3]),
    ]


def _verdict(p_value: float, correlation: float | None) -> tuple[str, str]:
    if math.isnan(p_value):
        return "not evaluable", "the p-value is not defined"
    named = "p-value as if independent" if correlation is None else "correlated p-value"
    if p_value < FAIL:
        return "fail", f"{named} below {FAIL:g}"
    return ("review", f"{named} below {REVIEW:g}") if p_value < REVIEW else ("pass", f"{named} at least {REVIEW:g}")


def _notes(correlation: float | None) -> tuple[str, ...]:
    cuts = f"cuts: review below {REVIEW:g}, fail below {FAIL:g}; a convention, not a rule of any authority"
    if correlation is None:
        undeclared = (
            "correlated p-values are not evaluable: the plan declares no asset correlation, and none is assumed; "
            "as if independent, defaults of one year that share a common cause reject a correct long-run model far "
            "more often than the level says"
        )
        return (cuts, undeclared)
    shared = f"correlated: all rows of a sample share one factor at asset correlation {correlation:g} (Vasicek)"
    return (cuts, shared, "Hosmer-Lemeshow has no correlated p-value on the fitted sample: the fit absorbs the factor")
