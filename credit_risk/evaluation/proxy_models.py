"""How well all inputs together tell the protected groups: a cross-fitted classifier of the group from the bins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval, repeated
from credit_risk.evaluation.fairness import NOT_EVALUABLE, PASS, REVIEW, Jurisdictions
from credit_risk.evaluation.jurisdictions import joined
from credit_risk.evaluation.proxies import FOLDS, RIDGE, SMOOTHING, Ids, ProxySample

CROSS_FITTED, HELD_OUT = "cross-fitted", "fitted on development"
PLACES = 9
"""Decimal places of log-odds that rank: below them two optimisers order rows that the classifier holds to be alike."""
_COLUMNS = [
    *("jurisdiction", "attribute", "group", "sample", "method", "inputs", "rows", "group_rows"),
    *("auc", "auc_lower", "auc_upper", "verdict", "result"),
]


def proxy_model_table(
    samples: Mapping[str, ProxySample],
    groups: Mapping[str, tuple[str, ...]],
    inputs: Sequence[str],
    *,
    jurisdictions: Jurisdictions | None = None,
    reference_sample: str = "development",
    proxy_auc: float = 0.6,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.proxy_models`: AUC with which `inputs` together tell each group from the rest.

    The classifier is logistic on ln((group + ½)/(rest + ½)) of the bins, standardised, with a ridge of RIDGE on the
    coefficients (Hoerl and Kennard 1970). On `reference_sample` it is cross-fitted: clusters (else rows) fall in turn
    into FOLDS folds, and each is predicted by the others; other samples by all of it. Of two groups the first is told.
    Rows rank by log-odds rounded to PLACES decimal places, so that the AUC does not hang on where an optimiser stops.
    For review where the lower bound of the AUC is at least `proxy_auc`.
    """
    rows: list[dict[str, Any]] = []
    base = samples[reference_sample]
    for attribute, names in groups.items():
        for code, group in enumerate(names[:1] if len(names) == 2 else names):
            for name, sample in samples.items():
                own = name == reference_sample
                inside = sample.groups[attribute] >= 0
                y = (sample.groups[attribute][inside] == code).astype(float)
                head = (joined(jurisdictions, attribute), attribute, group, name)
                middle = (CROSS_FITTED if own else HELD_OUT, len(inputs), int(inside.sum()), int(y.sum()))
                few = min(y.sum(), len(y) - y.sum()) < max(min_rows, FOLDS)
                values: tuple[Any, ...] = (math.nan,) * 3
                verdict, result = f"{NOT_EVALUABLE}: fewer than {min_rows} rows in the group or the rest", NOT_EVALUABLE
                if not few and inputs:
                    risk = _cross_fitted(base, attribute, code, inputs) if own else None
                    risk = _held_out(base, sample, attribute, code, inputs) if risk is None else risk
                    values = _area(y, risk, _taken(sample.weights, inside), _taken(sample.clusters, inside), confidence)
                    told = values[1] >= proxy_auc
                    result = REVIEW if told else PASS
                    verdict = "the inputs tell the group" if told else "the inputs do not tell the group"
                rows.append(dict(zip(_COLUMNS, (*head, *middle, *values, verdict, result), strict=True)))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame.attrs["notes"] = (
        f"for review: lower bound of the AUC of {proxy_auc:g} or more",
        f"log-odds of the classifier are rounded to {PLACES} decimal places before rows are ranked",
    )
    return frame


def _taken(values: NDArray[Any] | None, rows: NDArray[np.bool_]) -> NDArray[Any] | None:
    return None if values is None else values[rows]


def _area(
    y: Floats, risk: Floats, weights: Floats | None, clusters: Ids | None, confidence: float
) -> tuple[float, float, float]:
    if clusters is not None:
        dense = np.unique(clusters, return_inverse=True)[1]
        if repeated(dense):
            found = clustered_auc_interval(y, risk, dense, weights, confidence)
            return found.auc, found.lower, found.upper
    area = delong_interval(y, risk, weights, confidence)
    return area.auc, area.lower, area.upper


def folds_in_turn(rows: int, clusters: Ids | None) -> Ids:
    """Fold 0 … FOLDS − 1 of each row: clusters in the order in which they first occur, or rows, in turn."""
    if clusters is None:
        return np.arange(rows) % FOLDS
    _, first, place = np.unique(clusters, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first, kind="stable"), kind="stable")[place] % FOLDS


def _cross_fitted(base: ProxySample, attribute: str, code: int, inputs: Sequence[str]) -> Floats:
    inside = base.groups[attribute] >= 0
    fold = folds_in_turn(int(inside.sum()), _taken(base.clusters, inside))
    bins = np.column_stack([base.bins[name][inside] for name in inputs])
    y = (base.groups[attribute][inside] == code).astype(float)
    w = _taken(base.weights, inside)
    risk = np.zeros(len(y))
    for number in range(FOLDS):
        train, test = fold != number, fold == number
        risk[test] = _fitted(bins[train], y[train], None if w is None else w[train], bins[test])
    return risk


def _held_out(base: ProxySample, sample: ProxySample, attribute: str, code: int, inputs: Sequence[str]) -> Floats:
    inside, other = base.groups[attribute] >= 0, sample.groups[attribute] >= 0
    bins, tested = (np.column_stack([s.bins[n][i] for n in inputs]) for s, i in ((base, inside), (sample, other)))
    y = (base.groups[attribute][inside] == code).astype(float)
    return _fitted(bins, y, _taken(base.weights, inside), tested)


def _fitted(bins: NDArray[np.int64], y: Floats, weights: Floats | None, tested: NDArray[np.int64]) -> Floats:
    """Log-odds of the tested rows, to PLACES decimal places, by the classifier that the other rows fit."""
    w = np.ones(len(y)) if weights is None else weights / weights.mean()
    columns, others = [], []
    for own, other in zip(bins.T, tested.T, strict=True):
        count = 1 + max(int(own.max()), int(other.max()))
        inside, rest = (np.bincount(own, w * side, count) + SMOOTHING for side in (y, 1.0 - y))
        value = np.log(inside / rest)
        mean = float(w @ value[own] / w.sum())
        spread = math.sqrt(float(w @ (value[own] - mean) ** 2 / w.sum()))
        scale = spread if spread > 1e-12 else 1.0
        columns.append((value[own] - mean) / scale)
        others.append((value[other] - mean) / scale)
    beta = ridge_logistic(np.column_stack([np.ones(len(y)), *columns]), y, w)
    linear = np.full(len(tested), beta[0])
    for other, coefficient in zip(others, beta[1:], strict=True):
        linear += coefficient * other  # column by column: rows alike in their bins are alike to the last bit, and tie
    return np.round(linear, PLACES)


def ridge_logistic(x: Floats, y: Floats, w: Floats) -> Floats:
    """Coefficients (k,) of the greatest Σw·log-likelihood − RIDGE/2·Σβ², the first (constant) free, by Newton."""
    penalty = np.full(x.shape[1], RIDGE)
    penalty[0] = 0.0
    beta = np.zeros(x.shape[1])
    beta[0] = special.logit(float(w @ y / w.sum()))
    for _ in range(100):
        p = special.expit(x @ beta)
        score = x.T @ (w * (y - p)) - penalty * beta
        information = x.T @ (x * (w * p * (1.0 - p))[:, None]) + np.diag(penalty)
        step = np.linalg.solve(information, score)
        beta = beta + step
        if float(score @ step) < 1e-20 * len(y):
            break
    return beta
