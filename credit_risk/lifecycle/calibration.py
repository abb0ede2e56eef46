"""The stage of calibration: a map of the linear score for every candidate, in its model.json, with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration import (
    Anchor,
    AnchoredMap,
    CalibrationMap,
    IdentityMap,
    MapChoice,
    MapFit,
    SegmentFits,
    SwitchedAnchor,
    SwitchedMap,
    anchor_map,
    anchor_switched,
    bayes_odds_shift,
    choose_map,
    fit_map,
    fit_segments,
)
from credit_risk.calibration.quasi_moment import QuasiMomentFit
from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.lifecycle.calibration_labels import Divided, Labels, divided
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.external_rates import BandRows, Matched, band_rows, cuts_of, match_external
from credit_risk.lifecycle.long_run import long_run_default_rate
from credit_risk.lifecycle.quasi_moments import match_moments
from credit_risk.models.calibrated import with_calibration
from credit_risk.plan import Plan
from credit_risk.sampling.clusters import cluster_numbers
from credit_risk.sampling.samples import fold_labels
from credit_risk.scoring import compile_model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CalibrationRows:
    """Rows of the sample that calibrations are fitted on. y, weights, fold, place (n,): place in the frame of all rows.

    weights: None where the plan names none and reject inference gives none; planned: those of the plan, or None; fold:
    of the comparison of methods.
    """

    sample: str
    y: Floats
    weights: Floats | None
    fold: NDArray[np.int64]
    place: NDArray[np.int64]
    planned: Floats | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A shift of the log-odds after the map. kind: in words; means of the sample's probability before and after it.

    odds_shift: by Bayes' rule from the mean before to the target, and the mean that it gives.
    """

    kind: str
    target: float
    shift: float
    mean_before: float
    mean_after: float
    odds_shift: float
    mean_by_odds_shift: float


@dataclass(frozen=True, slots=True)
class Switched:
    """Maps that differ by a column. map: with any level; label (n,): of the rows; fits: None of external rates.

    score (m,): linear scores of all rows of the source, where maps are of segments.
    """

    by: Divided
    map: SwitchedMap
    label: Labels
    fits: SegmentFits | None = None
    score: Floats | None = None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration of one candidate. linear_score (n,): of the rows; fit: of the method, before any anchor.

    choice: None where the plan names one method; level: None without a target; external: None without external rates;
    moments: None without quasi-moments; final: the map that the model holds, of rows without a map of their own where
    maps differ by a column (switched).
    """

    model: str
    linear_score: Floats
    fit: MapFit
    choice: MapChoice | None
    final: CalibrationMap
    level: Level | None = None
    external: Matched | None = None
    moments: QuasiMomentFit | None = None
    switched: Switched | None = None

    @property
    def probability(self) -> Floats:
        """Published probability (n,) of the rows."""
        if self.switched is None:
            return self.final.probability(self.linear_score)
        return self.switched.map.probability(self.linear_score, self.switched.label)


def calibration_rows(plan: Plan, prepared: Prepared) -> CalibrationRows | None:
    """The rows that the plan fits calibrations on; None where it asks for none."""
    spec, sample = plan.calibration, plan.calibration.fitted_on
    if sample is None:
        return None
    labels, outcome = prepared.labels, prepared.intake.outcome
    groups = cluster_numbers(prepared.clusters)
    fold = fold_labels(labels, outcome, spec.folds, plan.samples.seed, groups, sample)
    place = np.flatnonzero(labels == sample)
    planned = None if plan.samples.weight is None else prepared.weights[place]
    weights = planned if prepared.calibration is None else prepared.calibration[place]
    return CalibrationRows(sample, outcome[place], weights, fold[place], place, planned)


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
    frame, bands = prepared.intake.frame, band_rows(plan, prepared)
    target, by = _target(plan, prepared), _divided(plan, prepared, bands)
    made, found, faults = [], [], []
    for candidate in candidates:
        alone = bands is None and by is None
        needed = frame.iloc[rows.place] if alone else frame
        whole = candidate.compiled.score(needed, outputs=["linear_score"])["linear_score"].to_numpy(float)
        try:
            fitted = _calibrated(plan.calibration, candidate.id, whole if alone else whole[rows.place], rows)
            if bands is not None:
                calibrated = _matched(fitted, plan, bands, whole, by, rows)
            else:
                divided_by = fitted if by is None else _by_segment(fitted, plan.calibration, by, rows, whole)
                calibrated = _levelled(divided_by, plan, rows, target)
            made.append(_with_map(candidate, calibrated))
        except CalibrationError as error:
            faults += [_of_model(fault, candidate.id, rows.sample) for fault in error.faults]
            continue
        found.append(calibrated)
    if faults:
        raise CalibrationError(faults)
    return tuple(made), rows, tuple(found)


def _divided(plan: Plan, prepared: Prepared, bands: BandRows | None) -> Divided | None:
    """The column by which maps differ; None where one map is for all. Raises CalibrationError where it does not fit."""
    by, external = plan.calibration.by, plan.calibration.external
    if by is not None:
        return divided(plan, prepared, by.column, by.edges, "calibration.by")
    if external is None or bands is None or external.method != "intercept_by_band":
        return None
    return divided(plan, prepared, external.column, cuts_of(external), "calibration.external.column", most=None)


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


def _target(plan: Plan, prepared: Prepared) -> float | None:
    """The rate that the mean probability shall have. Raises ModelError where there is no long-run average."""
    given = plan.calibration.target
    return long_run_default_rate(plan, prepared) if given == "long_run_average" else given


def _by_segment(
    one: Calibrated, spec: CalibrationSpec, by: Divided, rows: CalibrationRows, whole: Floats
) -> Calibrated:
    """The calibration with a map of each segment; its method stays as it is. whole (m,): linear scores of all rows."""
    assert spec.by is not None
    label = by.label[rows.place]
    least = {"least_bads": spec.by.least_bads, "least_goods": spec.by.least_goods}
    fits = fit_segments(
        one.fit.method, one.linear_score, rows.y, label, rows.weights, missing="pooled", order=by.order, **least
    )
    return replace(one, switched=Switched(by, fits.switched, label, fits, whole))


def _levelled(one: Calibrated, plan: Plan, rows: CalibrationRows, target: float | None) -> Calibrated:
    """The calibration with its shift to the target or by Bayes' rule, or its quasi-moments; as it is without these."""
    spec, w = plan.calibration, np.ones(len(rows.y)) if rows.weights is None else rows.weights
    if spec.quasi_moments is not None:
        moments = match_moments(spec.quasi_moments, one.linear_score, rows.weights)
        return replace(one, final=moments.map, moments=moments)
    if target is not None:
        observed = spec.target == "long_run_average"  # a rate of those whose outcomes were observed
        kind = "anchor to the long-run average" if observed else "anchor to a declared rate"
        weights = rows.planned if observed else rows.weights
        if one.switched is None:
            plain = anchor_map(one.fit.map, one.linear_score, target, weights)
            return replace(one, final=plain.map, level=_level(kind, plain))
        found = anchor_switched(one.switched.map, one.linear_score, one.switched.label, target, weights)
        moved = replace(one.switched, map=found.map)
        return replace(one, final=found.map.default, switched=moved, level=_level(kind, found))
    if spec.resampling is None:
        return one
    population = spec.resampling.population_rate
    shift = bayes_odds_shift(float(w @ rows.y / w.sum()), population)
    moved_all = None if one.switched is None else replace(one.switched, map=one.switched.map.shifted(shift))
    final = AnchoredMap(one.fit.map, shift) if moved_all is None else moved_all.map.default
    shifted = replace(one, final=final, switched=moved_all)
    before, after = (float(w @ each.probability / w.sum()) for each in (one, shifted))
    level = Level("Bayes' rule for a resampled sample", population, shift, before, after, shift, after)
    return replace(shifted, level=level)


def _level(kind: str, found: Anchor | SwitchedAnchor) -> Level:
    means = (found.mean_before, found.mean_after, found.odds_shift, found.mean_by_odds_shift)
    return Level(kind, found.target, found.shift, *means)


def _matched(
    one: Calibrated, plan: Plan, bands: BandRows, whole: Floats, by: Divided | None, rows: CalibrationRows
) -> Calibrated:
    """The calibration, matched to the external rates on all rows; whole (n,): their linear scores."""
    assert plan.calibration.external is not None
    found = match_external(plan.calibration.external, bands, whole, one.fit.map)
    switched = None
    if by is not None and found.switched is not None:
        switched = Switched(by, found.switched, by.label[rows.place])
    return replace(one, final=found.final, external=found, switched=switched)


def _with_map(candidate: Candidate, one: Calibrated) -> Candidate:
    """The candidate whose model.json holds the calibration. Raises CalibrationError where a name is taken."""
    switched = one.switched
    if switched is None or not switched.map.maps:
        if isinstance(one.final, IdentityMap):
            return candidate
        model = with_calibration(candidate.model, one.final.steps)
        return replace(candidate, model=model, compiled=compile_model(model))
    try:
        model = with_calibration(candidate.model, switched.by.make(switched.map), switched.by.reading)
    except ValueError as error:
        remedy = "give the column another name in the source"
        raise CalibrationError(Fault(str(error), "derive_name", found=switched.by.column, remedy=remedy)) from error
    return replace(candidate, model=model, compiled=compile_model(model))


def told(calibrated: Sequence[Calibrated], rows: CalibrationRows | None) -> str:
    """The headline of the stage in words; nothing where there is no calibration."""
    if rows is None:
        return ""
    each = ", ".join(f"{one.model} {one.fit.method}{_segments_told(one)}" for one in calibrated)
    return f"; calibration on {rows.sample}: {each}"


def _segments_told(one: Calibrated) -> str:
    """How many maps differ by the column."""
    if one.switched is None:
        return ""
    kind = "bands" if one.switched.fits is None else "segments"
    return f" by {one.switched.by.column} ({len(one.switched.map.maps)} {kind} with their own)"
