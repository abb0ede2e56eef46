"""What a second stage adds to the first, and whether the first stage's log-odds deserve their coefficient of 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk._core.errors import ModelError
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.evaluation.calibration import log_loss
from credit_risk.evaluation.discrimination import comparison_table
from credit_risk.models.covariance import INDEPENDENT, Rows, chosen_covariance
from credit_risk.models.logistic import LogisticFit, fit_logistic

Floats = NDArray[np.float64]
HELD, REFITTED = "second stage held", "second stage fitted again"
OFFSET = "offset of the first stage"
SLOPE_COLUMNS = ["sample", "fit", "rows", "slope", "standard_error", "lower", "upper", "covers_one"]
GAIN_COLUMNS = [
    "sample",
    "rows",
    "bads",
    "auc_first",
    "auc",
    "auc_difference",
    "lower",
    "upper",
    "p_value",
    "gini_difference",
    "log_loss_first",
    "log_loss",
    "likelihood_ratio",
    "degrees_of_freedom",
    "likelihood_ratio_p_value",
]


@dataclass(frozen=True, slots=True)
class StagedSample:
    """Rows of a sample: y (n,) 0/1, first and both: log-odds of bad by the first stage and by both (n,).

    clusters (n,): whole numbers, equal where rows belong together; weights (n,), or None where the plan names none.
    """

    y: Floats
    first: Floats
    both: Floats
    clusters: NDArray[np.int64]
    weights: Floats | None = None


def gain_frame(samples: Mapping[str, StagedSample], fit: LogisticFit | None, confidence: float) -> pd.DataFrame:
    """Evidence `two_stage.gain.{model}`, development first.

    The difference in AUC is paired (DeLong et al. 1988; of clusters where they repeat); log losses are of the
    probabilities as they stand. fit: of a second stage that is a regression on development,
    whose likelihood ratio is against the first stage with a constant; None where it is none.
    """
    pairs = {name: {s: (one.y, risk(one)) for s, one in samples.items()} for name, risk in _RISKS.items()}
    clusters = {s: one.clusters for s, one in samples.items()}
    weights = {s: one.weights for s, one in samples.items() if one.weights is not None}
    compared = comparison_table("first", pairs, confidence, clusters, weights or None)
    rows: list[dict[str, Any]] = []
    for row in compared.itertuples():
        one = samples[row.sample]
        areas = [auc(one.y, risk(one), one.weights) for risk in _RISKS.values()]
        losses = [log_loss(one.y, special.expit(risk(one)), one.weights) for risk in _RISKS.values()]
        ratio = _likelihood_ratio(fit) if row.sample == next(iter(samples)) else (None, None, None)
        head = (row.sample, len(one.y), int(np.count_nonzero(one.y)), *areas)
        middle = (row.auc_difference, row.lower, row.upper, row.p_value, 2.0 * row.auc_difference)
        rows.append(dict(zip(GAIN_COLUMNS, (*head, *middle, *losses, *ratio), strict=True)))
    frame = pd.DataFrame(rows, columns=GAIN_COLUMNS)
    frame.attrs["notes"] = compared.attrs["notes"]
    return frame


_RISKS = {"first": lambda one: one.first, "both": lambda one: one.both}


def _likelihood_ratio(fit: LogisticFit | None) -> tuple[float | None, float | None, float | None]:
    """Statistic, degrees of freedom and p-value (Wilks 1938) of the second stage's coefficients."""
    if fit is None:
        return None, None, None
    statistic, freedom = 2.0 * (fit.log_likelihood - fit.null_log_likelihood), float(fit.free.sum() - 1)
    return statistic, freedom, float(special.chdtrc(freedom, statistic))


def slope_frame(
    samples: Mapping[str, StagedSample],
    confidence: float,
    *,
    woe: Floats | None = None,
    names: Sequence[str] = (),
    dependence: Rows = INDEPENDENT,
) -> pd.DataFrame:
    """Evidence `two_stage.offset_check.{model}`: the coefficient of the offset, once it is freed.

    On every sample logit(p) = a + s·first + (both − first), the second stage held as it is (Cox 1958, Biometrika 45,
    562-565, of a part of the log-odds); on development, where the second stage is a regression on woe (n, k) of
    `names`, also with all its coefficients fitted again. s is 1 where the first stage's log-odds are right in size;
    below 1 they are too far apart, as those of a first stage that was fitted too closely to its development rows.
    Standard errors as `dependence` says; those of held second stages of clusters where they repeat.
    """
    rows, notes = [], []
    for place, (sample, one) in enumerate(samples.items()):
        held = one.both - one.first
        rows_of = chosen_covariance("auto", one.clusters)
        found, why = _slope(one, one.first[:, None], [OFFSET], rows_of, confidence, held)
        rows.append((sample, HELD, len(one.y), *found))
        notes += [f"{sample}, {HELD}: {why}"] if why else []
        if place == 0 and woe is not None:
            x = np.column_stack([one.first, woe])
            found, why = _slope(one, x, [OFFSET, *names], dependence, confidence, None)
            rows.append((sample, REFITTED, len(one.y), *found))
            notes += [f"{sample}, {REFITTED}: {why}"] if why else []
    frame = pd.DataFrame(rows, columns=SLOPE_COLUMNS)
    frame.attrs["notes"] = tuple(notes)
    return frame


def _slope(
    one: StagedSample,
    x: Floats,
    names: Sequence[str],
    dependence: Rows,
    confidence: float,
    held: Floats | None,
) -> tuple[tuple[Any, ...], str]:
    """Slope, standard error, bounds, whether they hold 1; and why there is none."""
    try:
        fit = fit_logistic(
            x, one.y, names, weights=one.weights, confidence=confidence, dependence=dependence, offset=held
        )
    except ModelError as error:
        return (None,) * 5, "no slope: " + "; ".join(fault.message for fault in error.faults)
    slope, error_, lower, upper = (float(v[1]) for v in (fit.coef, fit.standard_error, fit.lower, fit.upper))
    return (slope, error_, lower, upper, bool(lower <= 1.0 <= upper)), ""
