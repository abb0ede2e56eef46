"""The calibration map that predicts best within the calibration sample, by a declared criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import Rows, checked_rows
from credit_risk.calibration.fit import METHODS, MapFit, fit_map
from credit_risk.calibration.maps import CalibrationMap
from credit_risk.evaluation.calibration import brier_score, log_loss

Floats = NDArray[np.float64]
Criterion = Literal["log_loss", "brier", "miscalibration"]
FOLD_COLUMNS = ("method", "fold", "rows", "bads", "value", "refused")
MEAN_COLUMNS = ("method", "mean", "standard_error", "difference", "difference_standard_error", "folds", "chosen")


@dataclass(frozen=True, slots=True)
class MapChoice:
    """The chosen method, its fit on all rows, and what the choice rests on.

    criterion, one_standard_error, folds, seed: as given. by_fold: frame of FOLD_COLUMNS, `refused` the reason in words
    where a method could not be fitted without that fold. means: frame of MEAN_COLUMNS from the simplest method to the
    most flexible, weighted by the rows of the folds; difference is to the best method, with the standard error of the
    paired differences over folds. A method that failed in a fold has no mean and is not chosen.
    """

    method: str
    fit: MapFit
    criterion: Criterion
    one_standard_error: bool
    folds: int
    seed: int
    by_fold: pd.DataFrame
    means: pd.DataFrame

    @property
    def map(self) -> CalibrationMap:
        """The chosen map, fitted on all rows: that of `fit`."""
        return self.fit.map


def choose_map(
    linear_score: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    methods: Sequence[str] = ("none", "logistic", "beta", "isotonic", "centred_isotonic", "venn_abers"),
    criterion: Criterion = "log_loss",
    folds: int = 5,
    seed: int = 0,
    one_standard_error: bool = True,
    place: NDArray[np.int64] | None = None,
) -> MapChoice:
    """Choose among `methods` by cross-validation inside a calibration sample of linear scores (n,) and outcomes (n,).

    Folds are stratified by outcome and drawn with `seed`, or given: `place` (n,), 0 … folds − 1 (where rows of one
    obligor belong in one fold). criterion: weighted log loss or Brier score of the fold left
    out, or its `miscalibration`. With `one_standard_error` the simplest method (in the order of METHODS) within one
    standard error of the paired difference to the best is chosen, else the best; of equal ones the simplest.
    CalibrationError: bad input, fewer goods or bads than folds, or no method that can be fitted in every fold.
    """
    rows = checked_rows(linear_score, y, weights)
    ordered = _checked_methods(methods, criterion, folds, rows)
    place = stratified_folds(rows.y, folds, seed) if place is None else _checked_folds(place, folds, rows)
    by_fold = pd.DataFrame(
        [_one(method, fold, rows, place, criterion) for method in ordered for fold in range(folds)],
        columns=list(FOLD_COLUMNS),
    )
    means = _means(by_fold, rows, place, ordered)
    usable = means[means["mean"].notna()]
    if not len(usable):
        reasons = by_fold.dropna(subset=["refused"]).groupby("method", sort=False)["refused"].first()
        raise CalibrationError(
            Fault("cannot be fitted in every fold", "choice", path=str(method), found=str(reason))
            for method, reason in reasons.items()
        )
    slack = usable["difference_standard_error"] if one_standard_error else 0.0
    method = str(usable.loc[usable["difference"] <= slack, "method"].iloc[0])
    means["chosen"] = means["method"] == method
    fit = fit_map(method, rows.score, rows.y, rows.weights)
    return MapChoice(method, fit, criterion, one_standard_error, folds, seed, by_fold, means)


def stratified_folds(y: Floats, folds: int, seed: int) -> NDArray[np.int64]:
    """Fold 0 … folds − 1 of each row (n,): goods and bads each dealt out in a drawn order, so counts differ by one."""
    random = np.random.default_rng(seed)
    place = np.empty(len(y), dtype=np.int64)
    for code in (0.0, 1.0):
        rows = np.flatnonzero(y == code)
        place[random.permutation(rows)] = np.arange(len(rows)) % folds
    return place


def _checked_folds(place: NDArray[np.int64], folds: int, rows: Rows) -> NDArray[np.int64]:
    """Given folds, each of which must hold goods and bads."""
    counts = [np.bincount(place[rows.y == code], minlength=folds) for code in (0.0, 1.0)]
    empty = [str(fold + 1) for fold in range(folds) if min(count[fold] for count in counts) == 0]
    if len(place) != len(rows.y) or len(counts[0]) > folds or len(counts[1]) > folds or empty:
        found = f"{len(place)} rows" + (f", no goods or no bads in {', '.join(empty)}" if empty else "")
        allowed = f"{len(rows.y)} rows in {folds} folds, each with goods and bads"
        remedy = "Use fewer folds."
        raise CalibrationError(
            Fault("unusable folds", "range", path="folds", found=found, allowed=allowed, remedy=remedy)
        )
    return place


def miscalibration(rows: Rows, probability: Floats) -> float:
    """Brier score less that of the isotonic recalibration of the same rows; 0 or more.

    This is MCB of the CORP decomposition (Dimitriadis, Gneiting and Jordan 2021), but recalibrated along the linear
    score, whose order every map keeps, and not along the probability: a map that merges scores leaves MCB less to
    recalibrate, and would seem the better calibrated the coarser it is. So methods stand in the order of their Brier
    scores, and the value tells how much of these is miscalibration.
    """
    scores, weight, bads = rows.by_score()
    recalibrated = isotonic_regression(bads / weight, weights=weight).x[np.searchsorted(scores, rows.score)]
    best = brier_score(rows.y, np.clip(recalibrated, 0.0, 1.0), rows.weights)
    return brier_score(rows.y, probability, rows.weights) - best


def _one(method: str, fold: int, rows: Rows, place: NDArray[np.int64], criterion: Criterion) -> list[Any]:
    held = rows.take(place == fold)
    rest = rows.take(place != fold)
    told = [method, fold, len(held.y), held.bads]
    try:
        probability = fit_map(method, rest.score, rest.y, rest.weights).map.probability(held.score)
    except CalibrationError as refused:
        return [*told, np.nan, "; ".join(fault.message for fault in refused.faults)]
    if criterion == "miscalibration":
        return [*told, miscalibration(held, probability), None]
    measure = log_loss if criterion == "log_loss" else brier_score
    return [*told, measure(held.y, probability, held.weights), None]


def _means(by_fold: pd.DataFrame, rows: Rows, place: NDArray[np.int64], ordered: list[str]) -> pd.DataFrame:
    share = np.bincount(place, rows.weights) / rows.total
    values = by_fold.pivot(index="method", columns="fold", values="value").loc[ordered].to_numpy(dtype=np.float64)
    mean = values @ share
    best = int(np.nanargmin(mean)) if np.isfinite(mean).any() else 0
    gaps = values - values[best]
    return pd.DataFrame(
        {
            "method": ordered,
            "mean": mean,
            "standard_error": _standard_error(values, share),
            "difference": gaps @ share,
            "difference_standard_error": _standard_error(gaps, share),
            "folds": np.isfinite(values).sum(axis=1),
            "chosen": False,
        }
    )


def _standard_error(values: Floats, share: Floats) -> Floats:
    """Of the mean of k values weighted by share: √(Σ share²·(v − mean)²·k/(k − 1))."""
    k = len(share)
    spread = np.square(values - (values @ share)[:, None]) @ np.square(share)
    error: Floats = np.sqrt(spread * k / (k - 1.0))
    return error


def _checked_methods(methods: Sequence[str], criterion: str, folds: int, rows: Rows) -> list[str]:
    faults = [
        Fault("unknown method", "choice", path="methods", found=repr(name), allowed=", ".join(METHODS))
        for name in methods
        if name not in METHODS
    ]
    if not methods or len(set(methods)) < len(methods):
        faults.append(Fault("methods must be named, each once", "choice", path="methods", found=repr(list(methods))))
    if criterion not in get_args(Criterion):
        allowed = ", ".join(get_args(Criterion))
        faults.append(Fault("unknown criterion", "choice", path="criterion", found=repr(criterion), allowed=allowed))
    least = int(min(rows.y.sum(), len(rows.y) - rows.y.sum()))
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= least:
        allowed = f"2 to {least}, so that every fold has goods and bads"
        faults.append(Fault("unusable number of folds", "range", path="folds", found=repr(folds), allowed=allowed))
    if faults:
        raise CalibrationError(faults)
    return [name for name in METHODS if name in methods]
