"""Support: how far the rejected lie outside the region that known outcomes cover, where a model extrapolates.

By characteristic: the range of the known outcomes, and bins in which there are few of them. Jointly: two ways of lying
outside that no single characteristic shows,

    distance   d² = (x − m)' S⁻¹ (x − m), m and S mean and covariance of the known outcomes (Mahalanobis 1936)
    leverage   h = x̃' (Σ w p(1 − p) x̃x̃')⁻¹ x̃, x̃ = (1, x): the variance of the log-odds of an applicant under the
               model of known outcomes. A new point beyond the largest h of the rows of the fit is hidden extrapolation
               (Cook 1977 for linear models; Montgomery, Peck and Vining 2012, section 3.8)

and the score itself. Leverage is without the factor p(1 − p) of the point, which would hide extrapolation at the ends.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.reject_inference.overlap import weight_share, weighted_quantile
from credit_risk.reject_inference.rows import Decided
from credit_risk.reject_inference.thresholds import DEFAULTS, Thresholds

COLUMNS = [
    *("characteristic", "kind", "known_least", "known_greatest", "rejected_below", "rejected_above"),
    *("rejected_missing_unseen", "rejected_unseen", "bins", "sparse_bins", "rejected_in_sparse", "rejected_outside"),
    "verdict",
]
JOINT_COLUMNS = [
    *("measure", "known_median", "known_quantile", "known_greatest", "rejected_median", "rejected_beyond_quantile"),
    *("rejected_beyond_greatest", "verdict", "reading"),
]
INSIDE, EDGE = "inside", "extrapolation"
Mask = NDArray[np.bool_]


def support_table(
    decided: Decided,
    values: Mapping[str, ArrayLike],
    bins: Mapping[str, ArrayLike] | None = None,
    *,
    thresholds: Thresholds = DEFAULTS,
) -> pd.DataFrame:
    """Evidence `reject_inference.support`: the rejected outside the known outcomes, by characteristic.

    values: numbers (n,) with NaN for missing, or labels (n,); bins: names of the bins (n,) that the model uses, by
    characteristic. Shares are of the weight of the rejected: below and above the range of the known outcomes, missing
    where no known one is, of labels that no known one has, in bins with fewer than `sparse_bin` known outcomes;
    rejected_outside counts who is in any of these. Columns `COLUMNS`. Raises CreditRiskError on other lengths.
    """
    _check_lengths(decided, {**values, **{f"bins of {name}": one for name, one in (bins or {}).items()}})
    rows = []
    for name, raw in values.items():
        told, outside = _by_value(decided, np.asarray(raw))
        labels = None if bins is None or name not in bins else np.asarray(bins[name])
        counted, sparse = _by_bin(decided, labels, thresholds.sparse_bin)
        share = weight_share(decided, decided.rejected, outside | sparse)
        rows.append((name, *told, *counted, share, EDGE if share > thresholds.outside_support else INSIDE))
    return pd.DataFrame(rows, columns=COLUMNS)


def joint_support_table(
    decided: Decided,
    design: ArrayLike,
    probability: ArrayLike,
    *,
    thresholds: Thresholds = DEFAULTS,
) -> pd.DataFrame:
    """Evidence `reject_inference.joint_support`: the rejected outside the known outcomes, all characteristics at once.

    design (n, k): numbers that the model of known outcomes is linear in (WoE), without constant; probability (n,): of
    bad by that model. Measures: risk (the probability), distance and leverage as in the module docstring; weights
    everywhere. known_quantile: the quantile `support_quantile` of the known outcomes; shares are of the weight of the
    rejected. Columns `JOINT_COLUMNS`. Raises CreditRiskError on other lengths, missing values, a column that is
    constant among the known outcomes or a combination of others.
    """
    x, p = _checked_design(decided, design, probability)
    measures = {"risk": p, "distance": mahalanobis(decided, x), "leverage": leverage(decided, x, p)}
    w, known, rejected = decided.weights, decided.known, decided.rejected
    share, rows = thresholds.support_quantile, []
    for name, one in measures.items():
        at = one[known], w[known]
        edge, greatest = weighted_quantile(*at, share), float(one[known].max())
        beyond = [weight_share(decided, rejected, one > bound * (1.0 + 1e-12)) for bound in (edge, greatest)]
        medians = weighted_quantile(*at, 0.5), weighted_quantile(one[rejected], w[rejected], 0.5)
        verdict = EDGE if beyond[1] > thresholds.outside_support else INSIDE
        rows.append((name, medians[0], edge, greatest, medians[1], *beyond, verdict, READINGS[name]))
    return pd.DataFrame(rows, columns=JOINT_COLUMNS)


READINGS = {
    "risk": "probability of bad by the model of known outcomes: how many of the rejected are riskier than the accepted",
    "distance": "squared Mahalanobis distance: unusual combinations of characteristics, whatever they mean for risk",
    "leverage": "variance of the log-odds: where the model of known outcomes rests on few of them (extrapolation)",
}


def mahalanobis(decided: Decided, x: Floats) -> Floats:
    """Squared distance (n,) of x (n, k) from the weighted mean of the known outcomes, in their covariance."""
    known, w = decided.known, decided.weights[decided.known]
    mean = w @ x[known] / w.sum()
    centred = x[known] - mean
    covariance = (centred * w[:, None]).T @ centred / w.sum()
    return _form(x - mean, covariance)


def leverage(decided: Decided, x: Floats, probability: Floats) -> Floats:
    """Variance (n,) of the log-odds of the model of known outcomes at x (n, k), with its constant."""
    known = decided.known
    design = np.column_stack([np.ones(len(x)), x])
    p = probability[known]
    information = (design[known] * (decided.weights[known] * p * (1.0 - p))[:, None]).T @ design[known]
    return _form(design, information)


def _form(x: Floats, matrix: Floats) -> Floats:
    """x' matrix⁻¹ x of each row, by the Cholesky factor."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise CreditRiskError(_collinear()) from error
    scale = np.sqrt(np.diag(matrix))
    if float(np.min(np.diag(factor) / np.where(scale > 0, scale, 1.0))) < 1e-7:
        raise CreditRiskError(_collinear())
    return np.asarray(np.square(np.linalg.solve(factor, x.T)).sum(axis=0))


def _collinear() -> Fault:
    return Fault(
        "a characteristic is constant among the known outcomes or a combination of others",
        "collinear",
        path="design",
        remedy="leave it out of the design",
    )


def _by_value(decided: Decided, raw: NDArray[np.generic]) -> tuple[tuple[object, ...], Mask]:
    """Kind, range, shares of the rejected outside, and who is outside."""
    known, rejected = decided.known, decided.rejected
    if raw.dtype.kind in "iufb":
        x = raw.astype(np.float64)
        missing = np.isnan(x)
        seen = x[known & ~missing]
        least, greatest = (float(seen.min()), float(seen.max())) if len(seen) else (np.nan, np.nan)
        below, above = ~missing & (x < least), ~missing & (x > greatest)
        unseen = ~missing & (len(seen) == 0)
        kind = "number"
    else:
        place = pd.factorize(raw)[0]  # -1: missing
        missing = place < 0
        unseen = ~missing & ~np.isin(place, np.unique(place[known & ~missing]))
        below = above = np.zeros(len(raw), dtype=bool)
        least = greatest = np.nan
        kind = "category"
    alone = missing & (not bool((missing & known).any()))
    shares = (weight_share(decided, rejected, one) for one in (below, above, alone, unseen))
    return (kind, least, greatest, *shares), below | above | alone | unseen


def _by_bin(decided: Decided, labels: NDArray[np.generic] | None, least: int) -> tuple[tuple[object, ...], Mask]:
    if labels is None:
        return (None, None, np.nan), np.zeros(len(decided), dtype=bool)
    place, names = pd.factorize(labels, use_na_sentinel=False)
    count = np.bincount(place[decided.known], minlength=len(names))
    sparse = (count < least)[place]
    told = (len(names), int(np.count_nonzero(count < least)), weight_share(decided, decided.rejected, sparse))
    return told, sparse


def _check_lengths(decided: Decided, columns: Mapping[str, ArrayLike]) -> None:
    arguments = Arguments()
    for name, one in columns.items():
        shape = np.asarray(one).shape
        arguments.require(
            shape == (len(decided),),
            name,
            "length differs from the applicants",
            "length",
            found=f"shape {shape}",
            allowed=f"({len(decided)},)",
        )
    arguments.raise_if_any()


def _checked_design(decided: Decided, design: ArrayLike, probability: ArrayLike) -> tuple[Floats, Floats]:
    arguments = Arguments()
    arguments.length = len(decided)
    p = arguments.probabilities(probability)
    x = np.asarray(design, dtype=np.float64)
    good = x.ndim == 2 and len(x) == len(decided) and x.shape[1] > 0
    found, allowed = f"shape {x.shape}", f"({len(decided)}, k), k >= 1"
    arguments.require(good, "design", "not a table of the applicants", "shape", found=found, allowed=allowed)
    arguments.require(bool(np.isfinite(x).all()), "design", "missing or infinite values", "missing")
    arguments.raise_if_any()
    return x, p
