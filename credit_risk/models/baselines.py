"""Two models that anyone can make from the same data: what the constraints of a candidate are measured against.

`logistic`: scikit-learn's LogisticRegression at its defaults (ridge, C = 1) on raw values: numbers with the median in
place of missing ones and a column that says so, standardised; texts one-hot, missing a level of its own, levels not met
in development zero in every column. `boosting`: xgboost's XGBClassifier at its defaults on raw values, missing ones
left to it, texts as categories, levels not met in development as missing; one thread, so that a run repeats exactly.
Special codes stand as the values that they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.extras import optional_import
from credit_risk.models.boosting_rows import GREATEST

Floats = NDArray[np.float64]
LOGISTIC, BOOSTING = "plain logistic regression", "plain xgboost"
ITERATIONS = 1000


def fit_baselines(
    frame: pd.DataFrame, y: Floats, weights: Floats, rows: pd.DataFrame
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Log-odds of bad (m,) of `rows` (m, columns) by baseline, and what is to be said of the fits.

    frame (n, the same columns), y (n,) 0/1 and weights (n,): development.
    """
    logistic, notes = _logistic(frame, y, weights, rows)
    return {LOGISTIC: logistic, BOOSTING: _boosting(frame, y, weights, rows)}, notes


def _texts(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]


def _logistic(frame: pd.DataFrame, y: Floats, weights: Floats, rows: pd.DataFrame) -> tuple[Floats, tuple[str, ...]]:
    sklearn = optional_import("sklearn.linear_model", "model")
    exceptions = optional_import("sklearn.exceptions", "model")
    scipy_sparse = optional_import("scipy.sparse", "model")
    texts = _texts(frame)
    numbers = [name for name in frame.columns if name not in texts]
    train, apply, dropped = _numbers(frame[numbers], rows[numbers])
    blocks = [(scipy_sparse.csr_array(train), scipy_sparse.csr_array(apply))]
    for name in texts:
        levels = _levels(frame[name])
        blocks.append(tuple(_one_hot(_filled(one[name]), levels, scipy_sparse) for one in (frame, rows)))  # type: ignore[arg-type]
    design, applied = (scipy_sparse.hstack([block[i] for block in blocks]).tocsr() for i in (0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=exceptions.ConvergenceWarning)
        model = sklearn.LogisticRegression(max_iter=ITERATIONS).fit(design, y, sample_weight=weights)
    notes = () if int(model.n_iter_[0]) < ITERATIONS else (f"{LOGISTIC} stopped at {ITERATIONS} iterations",)
    if dropped:
        notes = (*notes, f"{LOGISTIC} is without numbers whose variance a double cannot hold: {dropped}")
    return np.asarray(model.decision_function(applied), float), notes


def _numbers(frame: pd.DataFrame, rows: pd.DataFrame) -> tuple[Floats, Floats, int]:
    """Standardised columns of both frames, and how many were dropped because their variance is no double."""
    train, apply = frame.to_numpy(float, na_value=np.nan), rows.to_numpy(float, na_value=np.nan)
    empty = np.isnan(train).all(axis=0)
    train, apply = train[:, ~empty], apply[:, ~empty]
    absent = np.isnan(train).any(axis=0)
    median = np.nanmedian(train, axis=0) if train.shape[1] else np.zeros(0)
    parts = []
    for values in (train, apply):
        missing = np.isnan(values)
        parts.append(np.hstack([np.where(missing, median, values), missing[:, absent].astype(float)]))
    with np.errstate(over="ignore", invalid="ignore"):
        centre, spread = parts[0].mean(axis=0), parts[0].std(axis=0)
    kept = np.isfinite(centre) & np.isfinite(spread)
    spread[spread == 0] = 1.0
    train, apply = ((part[:, kept] - centre[kept]) / spread[kept] for part in parts)
    return train, apply, int(np.count_nonzero(~kept))


def _filled(values: pd.Series) -> NDArray[np.object_]:
    return np.array([None if missing else str(v) for v, missing in zip(values, values.isna(), strict=True)], object)


def _levels(values: pd.Series) -> list[str | None]:
    filled = _filled(values)
    known: Sequence[str] = sorted({value for value in filled if value is not None})
    return [*known, *([None] if any(value is None for value in filled) else [])]


def _one_hot(values: NDArray[np.object_], levels: Sequence[str | None], sparse: object) -> object:
    place = {level: i for i, level in enumerate(levels)}
    found = np.array([place.get(value, -1) for value in values])
    known = np.flatnonzero(found >= 0)
    shape = (len(values), len(levels))
    return sparse.csr_array((np.ones(len(known)), (known, found[known])), shape=shape)  # type: ignore[attr-defined]


def _boosting(frame: pd.DataFrame, y: Floats, weights: Floats, rows: pd.DataFrame) -> Floats:
    xgboost = optional_import("xgboost", "model")
    texts = _texts(frame)

    def typed(one: pd.DataFrame) -> pd.DataFrame:
        columns = {}
        for i, name in enumerate(frame.columns):
            if name in texts:
                levels = [level for level in _levels(frame[name]) if level is not None]
                place = {level: code for code, level in enumerate(levels)}
                codes = [place.get(value, -1) for value in _filled(one[name])]
                columns[f"f{i}"] = pd.Series(pd.Categorical.from_codes(codes, categories=levels or ["none"]))
            else:
                values = np.clip(one[name].to_numpy(float, na_value=np.nan), -GREATEST, GREATEST)
                with np.errstate(under="ignore"):
                    columns[f"f{i}"] = pd.Series(values.astype(np.float32))
        return pd.DataFrame(columns)

    model = xgboost.XGBClassifier(enable_categorical=True, n_jobs=1)
    model.fit(typed(frame), y.astype(int), sample_weight=weights)
    return np.asarray(model.predict(typed(rows), output_margin=True), float)
