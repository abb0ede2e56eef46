"""Fit a calibration map to linear scores and outcomes of a sample that the model was not fitted on."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import Rows, checked_rows
from credit_risk.calibration.isotonic import (
    Blocks,
    centred_isotonic_map,
    isotonic_blocks,
    isotonic_map,
    refuse_unranked,
)
from credit_risk.calibration.likelihood import LikelihoodFit, maximise
from credit_risk.calibration.maps import (
    BetaMap,
    CalibrationMap,
    IdentityMap,
    InterceptShift,
    LogisticMap,
    OrderReport,
    require_order,
)
from credit_risk.calibration.venn_abers import venn_abers, venn_abers_map
from credit_risk.evaluation.calibration import brier_score, log_loss

Floats = NDArray[np.float64]
PARAMETER_COLUMNS = ("parameter", "estimate", "standard_error", "robust_standard_error", "at_bound")


@dataclass(frozen=True, slots=True)
class MapFit:
    """A fitted map and what it rests on.

    map: the calibration map; settings: those of the method, defaults written out; parameters: frame of
    PARAMETER_COLUMNS (empty for maps without parameters; a standard error at a bound or with smoothed labels is
    missing); rows, weight and bads of the sample; log_loss and brier: weighted means on the same sample,
    before (`none`) and after the map; order: what becomes of the order of the score; notes: what was done to the data,
    in words.
    """

    map: CalibrationMap
    settings: dict[str, Any]
    parameters: pd.DataFrame
    rows: int
    weight: float
    bads: float
    log_loss_before: float
    log_loss: float
    brier_before: float
    brier: float
    order: OrderReport
    notes: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.map.method

    def steps(self, source: str, output: str) -> list[dict[str, Any]]:
        """Steps of model.json, see `CalibrationMap.steps`."""
        return self.map.steps(source, output)


@dataclass(frozen=True, slots=True)
class _Fitted:
    map: CalibrationMap
    parameters: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PARAMETER_COLUMNS)))
    notes: tuple[str, ...] = ()


def fit_map(
    method: str, linear_score: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None, **settings: Any
) -> MapFit:
    """Fit a map of `METHODS` to linear scores (n,) in log-odds of bad and outcomes (n,), bad = 1.

    Settings: `smoothing` (logistic): labels (n₁+1)/(n₁+2) and 1/(n₀+2) in place of 1 and 0 (Platt 1999), without
    standard errors.
    Weights count as repeated rows in estimates and standard errors; robust_standard_error is the sandwich with squared
    weights, for weights that are not counts.
    Raises CalibrationError: bad input, unknown method or setting, separation, a map that breaks the score's order.
    """
    fit = METHODS.get(method)
    if fit is None:
        allowed = ", ".join(METHODS)
        raise CalibrationError(Fault("unknown method", "choice", path="method", found=repr(method), allowed=allowed))
    written = _settings(method, fit, settings)
    rows = checked_rows(linear_score, y, weights)
    fitted = fit(rows, **written)
    order = require_order(fitted.map, rows.score)
    before, after = (each.probability(rows.score) for each in (IdentityMap(), fitted.map))
    return MapFit(
        map=fitted.map,
        settings=written,
        parameters=fitted.parameters,
        rows=len(rows.y),
        weight=rows.total,
        bads=rows.bads,
        log_loss_before=log_loss(rows.y, before, rows.weights),
        log_loss=log_loss(rows.y, after, rows.weights),
        brier_before=brier_score(rows.y, before, rows.weights),
        brier=brier_score(rows.y, after, rows.weights),
        order=order,
        notes=fitted.notes,
    )


def _settings(method: str, fit: Callable[..., _Fitted], given: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: one.default for name, one in inspect.signature(fit).parameters.items() if name != "rows"}
    odd = sorted(set(given) - set(known))
    if odd:
        allowed = ", ".join(known) or "none"
        raise CalibrationError(
            Fault(f"{method} has no such setting", "choice", path=name, found=name, allowed=allowed) for name in odd
        )
    return known | dict(given)


def _none(rows: Rows) -> _Fitted:
    return _Fitted(IdentityMap())


def _intercept_shift(rows: Rows) -> _Fitted:
    """The shift of greatest likelihood; it makes the weighted mean probability the weighted bad rate."""
    design, free = np.ones((len(rows.y), 1)), np.full(1, -np.inf)
    start = _log_odds(rows.rate) - np.average(rows.score, weights=rows.weights)
    found = maximise(design, rows.y, rows.weights, free, np.array([start]), offset=rows.score)
    frame = _parameters(("shift",), found, smoothed=False)
    return _Fitted(InterceptShift(float(found.coefficients[0])), frame)


def _logistic(rows: Rows, smoothing: bool = False) -> _Fitted:
    target = rows.y
    if smoothing:
        good = rows.total - rows.bads
        target = np.where(rows.y == 1.0, (rows.bads + 1.0) / (rows.bads + 2.0), 1.0 / (good + 2.0))
    else:
        _refuse_separation(rows, "logistic")
    design = np.column_stack([rows.score, np.ones(len(rows.y))])
    start = np.array([0.0, _log_odds(rows.rate)])
    found = maximise(design, target, rows.weights, np.full(2, -np.inf), start)
    slope, intercept = (float(value) for value in found.coefficients)
    if slope <= 0.0:
        found_text = f"slope {slope:.6g}, standard error {found.standard_errors[0]:.6g}"
        remedy = "Find out why the score ranks the calibration sample the other way round."
        message = "logistic calibration would break the order of the score: its slope is not positive"
        raise CalibrationError(Fault(message, "calibration_order", path="calibration", found=found_text, remedy=remedy))
    return _Fitted(LogisticMap(slope, intercept), _parameters(("slope", "intercept"), found, smoothing))


def _beta(rows: Rows) -> _Fitted:
    """a, b ≥ 0; where one would be negative it is 0 (Kull et al. 2017)."""
    _refuse_separation(rows, "beta")
    log_p, log_complement = -np.logaddexp(0.0, -rows.score), -np.logaddexp(0.0, rows.score)
    design = np.column_stack([log_p, -log_complement, np.ones(len(rows.y))])
    lower = np.array([0.0, 0.0, -np.inf])
    found = maximise(design, rows.y, rows.weights, lower, np.array([0.0, 0.0, _log_odds(rows.rate)]))
    a, b, c = (float(value) for value in found.coefficients)
    if a == 0.0 and b == 0.0:
        message = "beta calibration would give every score the same probability: it does not rank these rows by risk"
        raise CalibrationError(Fault(message, "calibration_constant", path="calibration", found=f"a 0, b 0, c {c:.6g}"))
    held = [name for name, one in zip("ab", found.at_bound, strict=False) if one]
    notes = (f"{held[0]} is held at 0: freely estimated it is negative, which would break the order",) if held else ()
    return _Fitted(BetaMap(a, b, c), _parameters(("a", "b", "c"), found, smoothed=False), notes)


def _log_odds(rate: float) -> float:
    return math.log(rate / (1.0 - rate))


def _isotonic(rows: Rows) -> _Fitted:
    blocks = isotonic_blocks(rows)
    return _Fitted(isotonic_map(blocks), notes=_block_notes(blocks))


def _centred_isotonic(rows: Rows) -> _Fitted:
    blocks = isotonic_blocks(rows)
    return _Fitted(centred_isotonic_map(blocks), notes=_block_notes(blocks))


def _venn_abers(rows: Rows) -> _Fitted:
    refuse_unranked(rows)
    found = venn_abers_map(venn_abers(rows))
    return _Fitted(found, notes=(f"{len(found.y)} steps", "the test row of Venn-Abers has the weight 1"))


def _block_notes(blocks: Blocks) -> tuple[str, ...]:
    found = [f"{len(blocks.weight)} blocks"]
    if blocks.merged_low:
        found.append(
            f"rows of weight {blocks.merged_low:g} at the low end have no bad and are pooled with the next block"
        )
    if blocks.merged_high:
        found.append(
            f"rows of weight {blocks.merged_high:g} at the high end have no good and are pooled with the block before"
        )
    return tuple(found)


def _refuse_separation(rows: Rows, method: str) -> None:
    """The likelihood has no maximum where a cut of the score separates goods and bads."""
    good, bad = rows.score[rows.y == 0.0], rows.score[rows.y == 1.0]
    if good.max() <= bad.min() or bad.max() <= good.min():
        found = f"goods from {good.min():.6g} to {good.max():.6g}, bads from {bad.min():.6g} to {bad.max():.6g}"
        remedy = "Use more rows; logistic with smoothing has a finite slope."
        message = f"the score separates goods and bads, so {method} calibration has no finite slope"
        raise CalibrationError(Fault(message, "separation", path="calibration", found=found, remedy=remedy))


def _parameters(names: tuple[str, ...], found: LikelihoodFit, smoothed: bool) -> pd.DataFrame:
    missing = np.full(len(names), np.nan)
    return pd.DataFrame(
        {
            "parameter": names,
            "estimate": found.coefficients,
            "standard_error": missing if smoothed else found.standard_errors,
            "robust_standard_error": missing if smoothed else found.robust_standard_errors,
            "at_bound": found.at_bound,
        }
    )


METHODS: dict[str, Callable[..., _Fitted]] = {
    "none": _none,
    "intercept_shift": _intercept_shift,
    "logistic": _logistic,
    "beta": _beta,
    "isotonic": _isotonic,
    "centred_isotonic": _centred_isotonic,
    "venn_abers": _venn_abers,
}
"""Methods from the simplest to the most flexible."""
