"""The stage of calibration: a map of the linear score for every candidate, in its model.json, with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import CalibrationMap, MapChoice, MapFit, choose_map, fit_map
from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.models.calibrated import with_calibration
from credit_risk.plan import Plan
from credit_risk.sampling.clusters import cluster_numbers
from credit_risk.sampling.samples import fold_labels
from credit_risk.scoring import compile_model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CalibrationRows:
    """Rows of the sample that calibrations are fitted on. y, weights, fold, place (n,): place in the frame of all rows.

    weights: None where the plan names none; fold: of the comparison of methods.
    """

    sample: str
    y: Floats
    weights: Floats | None
    fold: NDArray[np.int64]
    place: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration of one candidate. linear_score (n,): of the rows; fit: of the method, before any anchor.

    choice: None where the plan names one method; final: the map that the model holds.
    """

    model: str
    linear_score: Floats
    fit: MapFit
    choice: MapChoice | None
    final: CalibrationMap


def calibration_rows(plan: Plan, prepared: Prepared) -> CalibrationRows | None:
    """The rows that the plan fits calibrations on; None where it asks for none."""
    spec, sample = plan.calibration, plan.calibration.fitted_on
    if sample is None:
        return None
    labels, outcome = prepared.labels, prepared.intake.outcome
    groups = cluster_numbers(prepared.clusters)
    fold = fold_labels(labels, outcome, spec.folds, plan.samples.seed, groups, sample)
    place = np.flatnonzero(labels == sample)
    weights = None if plan.samples.weight is None else prepared.weights[place]
    return CalibrationRows(sample, outcome[place], weights, fold[place], place)


def calibrate_candidates(
    plan: Plan, prepared: Prepared, candidates: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], CalibrationRows | None, tuple[Calibrated, ...]]:
    """The candidates with calibrated probabilities, the rows that these were fitted on, and what was fitted.

    Where the plan asks for none, the candidates are as they were. Raises CalibrationError with the faults of all
    candidates: one class, a constant score, a map that would break the order of the score.
    """
    rows = calibration_rows(plan, prepared)
    if rows is None:
        return tuple(candidates), None, ()
    frame = prepared.intake.frame.iloc[rows.place]
    made, found, faults = [], [], []
    for candidate in candidates:
        score = candidate.compiled.score(frame, outputs=["linear_score"])["linear_score"].to_numpy(float)
        try:
            calibrated = _calibrated(plan.calibration, candidate.id, score, rows)
        except CalibrationError as error:
            faults += [_of_model(fault, candidate.id, rows.sample) for fault in error.faults]
            continue
        found.append(calibrated)
        made.append(_with_map(candidate, calibrated.final))
    if faults:
        raise CalibrationError(faults)
    return tuple(made), rows, tuple(found)


def _of_model(fault: Any, model: str, sample: str) -> Any:
    return replace(fault, message=f"candidate {model}, sample {sample}: {fault.message}", path="calibration")


def _calibrated(spec: CalibrationSpec, model: str, score: Floats, rows: CalibrationRows) -> Calibrated:
    if len(spec.methods) == 1:
        fit = fit_map(spec.methods[0], score, rows.y, rows.weights)
        return Calibrated(model, score, fit, None, fit.map)
    choice = choose_map(
        score,
        rows.y,
        rows.weights,
        methods=spec.methods,
        criterion=spec.criterion,
        folds=spec.folds,
        one_standard_error=spec.one_standard_error,
        place=rows.fold,
    )
    return Calibrated(model, score, choice.fit, choice, choice.fit.map)


def _with_map(candidate: Candidate, final: CalibrationMap) -> Candidate:
    if final.method == "none" and "anchor_shift" not in final.as_dict():
        return candidate
    model = with_calibration(candidate.model, final.steps)
    return replace(candidate, model=model, compiled=compile_model(model))


def told(calibrated: Sequence[Calibrated], rows: CalibrationRows | None) -> str:
    """The headline of the stage in words; nothing where there is no calibration."""
    if rows is None:
        return ""
    each = ", ".join(f"{one.model} {one.fit.method}" for one in calibrated)
    return f"; calibration on {rows.sample}: {each}"
